//! Entries and rows: what is wanted of the ImageStreams that are known, and what of those that are not.

use image_mirror::imagestreams::{
    Asked, ImageStream, Names, Needed, Part, Selection, StreamName, Streams, wish,
};
use image_mirror::model::{Guard, Host};
use serde_json::json;

use super::{asked, codes, config, failure, names, object, rows, stream, streams, tags, wanted, wish_of};

fn selection(namespaces: &[&str], streams: &[&str], tags: &[&str], exclude: &[&str]) -> Selection {
    Selection {
        all_namespaces: false,
        namespaces: namespaces.iter().map(|text| text.parse().unwrap()).collect(),
        streams: streams.iter().map(|text| text.parse().unwrap()).collect(),
        tags: tags.iter().map(|text| text.parse().unwrap()).collect(),
        exclude: exclude.iter().map(|text| text.parse().unwrap()).collect(),
    }
}

#[test]
fn what_must_be_read_is_what_was_asked_for_and_no_more() {
    let text = "\
supplementalCIImages:
  a/by-tag:v: {namespace: other, name: s, tag: t}
  a/known:v: {namespace: ocp, name: base, tag: t}
  a/image:v: {image: 'quay.io/a/b:c', namespace: unused, name: s, tag: t}
artImages:
- {namespace: ocp, name: ^builder$}
qciToAppCIImages:
  back/again:v: {}
";
    let asked = asked(Some(config(text)), selection(&["ci"], &["ci/x", "team/x"], &["team/y:t"], &[]));
    let Needed::Only { namespaces, streams } = asked.needed() else { panic!("not all") };
    assert_eq!(namespaces.iter().map(|name| &**name).collect::<Vec<_>>(), ["ci", "ocp"]);
    let streams: Vec<_> = streams.iter().map(ToString::to_string).collect();
    assert_eq!(streams, ["other/s", "team/x", "team/y"]);
    let all = Asked { selection: Selection { all_namespaces: true, ..Selection::default() }, ..asked };
    assert_eq!(all.needed(), Needed::All);
}

#[test]
fn a_tag_is_copied_by_its_digest_from_where_the_cluster_shows_it() {
    let pick = selection(&[], &[], &["ns/s:v"], &[]);
    let source = |change: &dyn Fn(&mut serde_json::Value), names: Names| {
        let mut value = object("ns/s", &[("v", 'a')]);
        change(&mut value);
        let mut streams = Streams::default();
        streams.insert(ImageStream::read(&value.to_string()).unwrap());
        let wish = wish(&Asked { names, ..asked(None, pick.clone()) }, &streams);
        let row = rows(&wish).pop();
        wanted(&wish).pop().or(row).unwrap()
    };
    let to = "-> quay.io/openshift/ci:ns_s_v by ns/s:v";
    let hidden = |value: &mut serde_json::Value| value["status"]["publicDockerImageRepository"] = json!("");
    let unknown = |value: &mut serde_json::Value| value["status"]["dockerImageRepository"] = json!(null);
    let neither = |value: &mut serde_json::Value| {
        hidden(value);
        unknown(value);
    };
    let given = || Names { cluster_registry: Some(Host::new("registry.example.org")), ..names() };
    let reference = || Names { use_image_reference: true, ..names() };
    assert_eq!(source(&|_| {}, names()), format!("registry.ci.openshift.org/ns/s@a {to}"));
    assert_eq!(
        source(&hidden, names()),
        format!("image-registry.openshift-image-registry.svc:5000/ns/s@a {to}")
    );
    assert_eq!(source(&neither, given()), format!("registry.example.org/ns/s@a {to}"));
    assert_eq!(source(&|_| {}, given()), format!("registry.example.org/ns/s@a {to}"));
    assert_eq!(source(&neither, reference()), format!("quay.io/origin/s@a {to}"));
    assert_eq!(
        source(&neither, names()),
        "ns/s:v (selection) failed invalid: the ImageStream ns/s does not say at which registry it is"
    );
    let none = |value: &mut serde_json::Value| {
        value["status"]["tags"][0]["items"][0]["dockerImageReference"] = json!("");
    };
    assert_eq!(
        source(&none, reference()),
        "ns/s:v (selection) failed invalid: the tag ns/s:v does not say where its image came from"
    );
}

#[test]
fn a_missing_registry_is_advised_to_be_passed() {
    let mut value = object("ns/s", &[("v", 'a')]);
    value["status"]["publicDockerImageRepository"] = json!(null);
    value["status"]["dockerImageRepository"] = json!(null);
    let mut streams = Streams::default();
    streams.insert(ImageStream::read(&value.to_string()).unwrap());
    let wish = wish(&asked(None, selection(&["ns"], &[], &[], &[])), &streams);
    let image_mirror::model::Outcome::Failed(failure) = &wish.rows[0].outcome else { panic!() };
    assert_eq!(failure.advice.as_deref(), Some("pass `--source-registry`"));
}

#[test]
fn an_entry_knows_its_tag_and_when_that_moved() {
    let text =
        "supplementalCIImages:\n  a/b:c: {namespace: ns, name: s, tag: v}\n  a/d:e: {image: 'q.io/a/b:c'}\n";
    let wish = wish_of(text, &streams(&[("ns/s", &[("v", 'a')])]));
    let [tag, image] = &wish.wanted[..] else { panic!("{:?}", rows(&wish)) };
    assert_eq!(tag.istag.as_ref().unwrap().to_string(), "ns/s:v");
    assert_eq!(humantime::format_rfc3339(tag.created.unwrap()).to_string(), "2025-10-23T14:02:42Z");
    assert_eq!((&image.istag, image.created), (&None, None));
    assert_eq!(tag.desired.owner.as_deref(), Some("supplementalCIImages"));
    assert_eq!(tag.desired.guards.len(), 3);
}

#[test]
fn an_image_for_the_cluster_is_kept_by_no_further_tag() {
    let wish = wish_of("qciToAppCIImages: {'ocp/4.11:tools': {}}\n", &streams(&[]));
    assert_eq!(
        wanted(&wish),
        [
            "quay-proxy.ci.openshift.org/openshift/ci:ocp_4.11_tools -> registry.ci.openshift.org/ocp/4.11:tools by _config.yaml:1"
        ]
    );
    assert_eq!(wish.wanted[0].desired.guards, [Guard::Unmoved]);
}

#[test]
fn a_source_that_cannot_be_used_fails_its_own_entry() {
    let text = "\
supplementalCIImages:
  a/untagged:v: {image: 'quay.io/a/b'}
  a/broken:v: {image: 'quay.io/A/b:c'}
  a/gone:v: {namespace: ns, name: gone, tag: t}
  a/tagless:v: {namespace: ns, name: s, tag: gone}
  a/empty:v: {namespace: ns, name: s, tag: empty}
  a/bad:v: {namespace: ns, name: s, tag: bad}
  a/good:v: {namespace: ns, name: s, tag: good}
qciToAppCIImages:
  a/digest:v: {image: 'quay.io/openshift/ci@sha256:abc'}
  A_x/upper:v: {}
";
    let mut value = object("ns/s", &[("empty", '-'), ("bad", 'a'), ("good", 'b')]);
    value["status"]["tags"][0]["conditions"] =
        json!([{"type": "ImportSuccess", "status": "False", "message": "no such image"}]);
    value["status"]["tags"][1]["items"][0]["image"] = json!("latest");
    let mut known = Streams::default();
    known.insert(ImageStream::read(&value.to_string()).unwrap());
    let wish = wish_of(text, &known);
    assert_eq!(tags(&wish), ["a_good_v"]);
    insta::assert_snapshot!(rows(&wish).join("\n"));
    // What has a row is not said again.
    assert!(wish.findings.is_empty());
}

#[test]
fn a_tag_without_an_image_is_skipped_where_it_was_picked_among_others() {
    let known = streams(&[("ns/s", &[("new", '-'), ("old", 'a')])]);
    let skipped = ["ns/s:new (selection) skipped: the tag has no image yet"];
    for pick in [
        selection(&["ns"], &[], &[], &[]),
        selection(&[], &["ns/s"], &[], &[]),
        Selection { all_namespaces: true, ..Selection::default() },
        // Picked three times.
        Selection { all_namespaces: true, ..selection(&["ns"], &["ns/s"], &[], &[]) },
    ] {
        let wish = wish(&asked(None, pick), &known);
        assert_eq!(
            (tags(&wish), rows(&wish)),
            (vec!["ns_s_old".to_owned()], skipped.map(str::to_owned).to_vec())
        );
    }
    let named = wish(&asked(None, selection(&[], &[], &["ns/s:new"], &[])), &known);
    assert_eq!(rows(&named), ["ns/s:new (selection) failed missing: the tag ns/s:new has no image"]);
}

#[test]
fn a_tag_whose_import_failed_says_so_whether_it_fails_or_is_skipped() {
    let mut value = object("ns/s", &[("new", '-')]);
    let message = format!("https://me:S3CRET@quay.io/v2/\n\tunauthorized {}", "x".repeat(1_000));
    value["status"]["tags"][0]["conditions"] =
        json!([{"type": "ImportSuccess", "status": "False", "message": message}]);
    let mut known = Streams::default();
    known.insert(ImageStream::read(&value.to_string()).unwrap());
    let said = |pick| rows(&wish(&asked(None, pick), &known)).pop().unwrap();
    let skipped = said(selection(&["ns"], &[], &[], &[]));
    let begin = "ns/s:new (selection) skipped: the tag has no image: its import failed: https://";
    assert!(skipped.starts_with(begin) && skipped.contains("quay.io/v2/ unauthorized xxx"), "{skipped}");
    let failed = said(selection(&[], &[], &["ns/s:new"], &[]));
    assert!(failed.contains("the tag ns/s:new has no image: its import failed: https://"), "{failed}");
    for row in [skipped, failed] {
        assert!(!row.contains("S3CRET") && row.lines().count() == 1 && row.len() < 600, "{row}");
    }
}

#[test]
fn an_exclusion_that_excludes_nothing_is_odd_where_everything_is_known() {
    let known = streams(&[("a/x", &[("1", 'a'), ("2", 'b')]), ("b/y", &[("1", 'a')])]);
    let pick = selection(&["a"], &["a/x"], &[], &["a/x:1", "a/x:3", "b", "a/y"]);
    let one = wish(&asked(None, pick.clone()), &known);
    let said = |wish: &image_mirror::imagestreams::Wish| -> Vec<String> {
        wish.findings.iter().map(|finding| format!("{} {}", finding.file, finding.code)).collect()
    };
    assert_eq!(said(&one), ["a/x:3", "b", "a/y"].map(|file| format!("{file} excludes-nothing")));
    assert_eq!(tags(&one), ["a_x_2"]);
    let mut part = known.clone();
    part.unread(Part::Stream("a/y".parse().unwrap()), failure());
    assert!(wish(&asked(None, pick), &part).findings.is_empty());
    // What the configuration wants is not for the flags to pick, excluded or not.
    let text = "supplementalCIImages: {'a/x:1': {image: 'q.io/a/b:c'}}\n";
    let both = wish(&asked(Some(config(text)), selection(&["a"], &[], &[], &["a/x:1"])), &known);
    assert!(both.findings.is_empty(), "{:?}", both.findings);
}

#[test]
fn what_was_named_and_does_not_exist_fails_and_an_empty_namespace_is_odd() {
    let (tags, gone) = (["ns/gone:v", "ns/s:gone", "ns/gone:v"], ["ns/gone", "ns/gone"]);
    let pick = selection(&["empty", "empty"], &gone, &tags, &[]);
    let wish = wish(&asked(None, pick), &streams(&[("ns/s", &[("v", 'a')])]));
    assert_eq!(
        rows(&wish),
        [
            "ns/gone:v (selection) failed missing: the ImageStream ns/gone does not exist",
            "ns/s:gone (selection) failed missing: the ImageStream ns/s has no tag `gone`",
            "ns/gone (selection) failed missing: the ImageStream ns/gone does not exist",
        ]
    );
    assert_eq!(codes(&wish.findings), ["0:0 warning matches-nothing"]);
    assert!(wish.wanted.is_empty());
}

#[test]
fn an_exclusion_beats_every_pick_of_the_flags_and_none_of_the_configuration() {
    let known =
        streams(&[("a/x", &[("1", 'a'), ("2", 'b')]), ("a/y", &[("1", 'c')]), ("b/z", &[("1", 'd')])]);
    let all = |exclude: &[&str]| {
        let pick = Selection { all_namespaces: true, ..selection(&["a"], &["a/x"], &["a/x:1"], exclude) };
        tags(&wish(&asked(None, pick), &known))
    };
    assert_eq!(all(&[]), ["a_x_1", "a_x_2", "a_y_1", "b_z_1"]);
    assert_eq!(all(&["a"]), ["b_z_1"]);
    assert_eq!(all(&["a/x"]), ["a_y_1", "b_z_1"]);
    assert_eq!(all(&["a/x:1", "b"]), ["a_x_2", "a_y_1"]);
    let text = "artImages:\n- {namespace: a, name: ^x$}\n";
    let wish = wish(&asked(Some(config(text)), selection(&["a"], &[], &[], &["a"])), &known);
    assert_eq!(tags(&wish), ["a_x_1", "a_x_2"]);
}

#[test]
fn the_configuration_goes_before_the_flags() {
    let text = "\
supplementalCIImages:
  ns/s:v: {image: 'quay.io/a/b:c'}
qciToAppCIImages:
  ns/s:back: {}
artImages:
- {namespace: ns, name: ^s$, tag: ^art$}
";
    let known = streams(&[("ns/s", &[("v", 'a'), ("back", 'b'), ("art", 'c'), ("own", 'd')])]);
    let pick = selection(&["ns"], &[], &["ns/s:v", "ns/s:back", "ns/s:own", "ns/s:art"], &[]);
    let wish = wish(&asked(Some(config(text)), pick), &known);
    let owners: Vec<_> = wish
        .wanted
        .iter()
        .map(|one| format!("{} {}", one.desired.owner.as_deref().unwrap(), one.desired.target.tag().unwrap()))
        .collect();
    assert_eq!(
        owners,
        ["supplementalCIImages ns_s_v", "artImages ns_s_art", "qciToAppCIImages back", "selection ns_s_own"]
    );
    assert!(rows(&wish).is_empty(), "{:?}", rows(&wish));
}

#[test]
fn two_sources_for_one_target_fail_both_and_the_same_source_twice_is_one_entry() {
    let text = "\
supplementalCIImages:
  ns/s:same: {namespace: ns, name: s, tag: same}
  ns/s:other: {image: 'quay.io/a/b:c'}
artImages:
- {namespace: ns, name: ^s$}
";
    let wish = wish_of(text, &streams(&[("ns/s", &[("same", 'a'), ("other", 'b'), ("third", 'c')])]));
    assert_eq!(
        wanted(&wish),
        [
            "registry.ci.openshift.org/ns/s@a -> quay.io/openshift/ci:ns_s_same by _config.yaml:2",
            "registry.ci.openshift.org/ns/s@c -> quay.io/openshift/ci:ns_s_third by _config.yaml:5",
        ]
    );
    let digest = super::digest('b');
    assert_eq!(
        rows(&wish),
        [
            format!("_config.yaml:3 (supplementalCIImages) failed invalid: `quay.io/openshift/ci:ns_s_other` is also wanted from `registry.ci.openshift.org/ns/s@{digest}` by _config.yaml:5"),
            "_config.yaml:5 (artImages) failed invalid: `quay.io/openshift/ci:ns_s_other` is also wanted from `quay.io/a/b:c` by _config.yaml:3".to_owned(),
        ]
    );
}

#[test]
fn what_could_not_be_read_fails_once_and_once_more_for_each_that_needed_it() {
    let text = "\
supplementalCIImages:
  a/b:c: {namespace: down, name: s, tag: t}
artImages:
- {namespace: down, name: ^x$}
- {namespace: up, name: ^s$}
ignoredSources:
- {image: 'x', reason: r}
";
    let mut known = streams(&[("up/s", &[("v", 'a')])]);
    known.unread(Part::Namespace("down".into()), failure());
    known.unread(Part::Namespace("down".into()), failure());
    let pick = selection(&["down"], &["down/one"], &["down/two:t"], &[]);
    let wish = wish(&asked(Some(config(text)), pick), &known);
    assert_eq!(
        rows(&wish),
        [
            "down (-) failed transient: status 503",
            "_config.yaml:2 (supplementalCIImages) failed transient: its ImageStream down/s is not known: status 503",
            "_config.yaml:4 (artImages) failed transient: not all that the rule may match is known: status 503",
            "down/two:t (selection) failed transient: its ImageStream down/two is not known: status 503",
            "down/one (selection) failed transient: the ImageStream is not known: status 503",
        ]
    );
    let sources: Vec<_> = wish.rows.iter().map(|row| row.source.to_string()).collect();
    assert_eq!(sources[0], "the ImageStreams of down");
    assert_eq!(sources[2], "the ImageStreams of down");
    assert_eq!(tags(&wish), ["up_s_v"], "the rest goes on");
    assert!(wish.findings.is_empty(), "nobody knows what would have been ignored: {:?}", wish.findings);
}

#[test]
fn what_is_not_read_is_said_in_words() {
    let part = |part: Part| {
        let mut known = Streams::default();
        known.unread(part, failure());
        let wish = wish(&asked(None, selection(&[], &[], &[], &[])), &known);
        (wish.rows[0].source.to_string(), wish.rows[0].origin.to_string())
    };
    let stream = Part::Stream("ocp/4.18".parse().unwrap());
    for (unread, source, origin) in [
        (Part::All, "every ImageStream", "*"),
        (Part::Namespace("ocp".into()), "the ImageStreams of ocp", "ocp"),
        (stream, "ocp/4.18", "ocp/4.18"),
        (Part::Unnamed(None), "an object without a name", "?"),
        (Part::Unnamed(Some("a.json, object 3".into())), "a.json, object 3", "a.json, object 3"),
    ] {
        assert_eq!(part(unread), (source.to_owned(), origin.to_owned()));
    }
}

#[test]
fn a_stream_that_was_asked_for_and_could_not_be_read_has_one_row() {
    let name: StreamName = "ns/bad".parse().unwrap();
    let mut known = Streams::default();
    let mut bad = object("ns/bad", &[]);
    bad["status"]["tags"] = json!(1);
    known.malformed(ImageStream::read(&bad.to_string()).unwrap_err());
    known.insert(stream("ns/good", &[("v", 'a')]));
    let one = wish(&asked(None, Selection { streams: vec![name], ..Selection::default() }), &known);
    assert_eq!(one.rows.len(), 1, "{:?}", rows(&one));
    assert!(
        rows(&one)[0]
            .starts_with("ns/bad (-) failed protocol: the ImageStream ns/bad cannot be understood: ")
    );
    let all = wish(&asked(None, selection(&["ns"], &[], &[], &[])), &known);
    assert_eq!((tags(&all), all.rows.len()), (vec!["ns_good_v".to_owned()], 1));
}
