//! What images are called, and by which further tags they are kept.

use std::time::{Duration, SystemTime};

use image_mirror::imagestreams::{IsTag, KeepTag, Names, Selection, wish};
use image_mirror::model::{Digest, Guard, Tag, Which};

use super::{asked, codes, digest, names, rows, streams};

fn istag(text: &str) -> IsTag {
    text.parse().unwrap()
}

/// The further tags of what moves to and away from `tag`, and whether somebody else may move it meanwhile.
fn kept(keep: KeepTag, tag: &str, at: u64) -> Vec<String> {
    let name = IsTag { namespace: "ci".into(), name: tag.into(), tag: "latest".into() };
    let selection = Selection { tags: vec![name.clone()], ..Selection::default() };
    let asked =
        image_mirror::imagestreams::Asked { names: Names { keep, ..names() }, ..asked(None, selection) };
    let known = streams(&[(&format!("ci/{tag}"), &[("latest", 'd')])]);
    let wish = wish(&asked, &known);
    let [wanted] = &wish.wanted[..] else { panic!("{:?}", rows(&wish)) };
    let moving = wanted.desired.target.tag().unwrap();
    let at = SystemTime::UNIX_EPOCH + Duration::from_secs(at);
    let name = |guard: &Guard| match guard {
        Guard::Unmoved => "unmoved".to_owned(),
        Guard::Tagged(which, template) => {
            let which = if *which == Which::Incoming { "in" } else { "out" };
            format!("{which} {}", template.render(at, moving, &Digest::parse(&digest('d')).unwrap()).unwrap())
        }
        other => panic!("{other}"),
    };
    wanted.desired.guards.iter().map(name).collect()
}

#[test]
fn an_image_is_called_by_its_namespace_its_name_and_its_tag() {
    // Row 40.
    let pulled = names().pull_spec(&istag("ocp/4.5:base"));
    assert_eq!(pulled, "quay-proxy.ci.openshift.org/openshift/ci:ocp_4.5_base");
    for (name, tag) in [
        // The other half of row 49.
        ("ci/ci-operator:latest", "ci_ci-operator_latest"),
        ("ci/boskos:latest", "ci_boskos_latest"),
        ("openshift/boilerplate:image-v8.0.0", "openshift_boilerplate_image-v8.0.0"),
        ("ci/minio:RELEASE.2025-09-07T16-13-09Z", "ci_minio_RELEASE.2025-09-07T16-13-09Z"),
        ("rh_ee_ves/aro-hcp-e2e-base:v1.0", "rh_ee_ves_aro-hcp-e2e-base_v1.0"),
    ] {
        let image = names().image_of(&istag(name)).unwrap();
        assert_eq!(image.to_string(), format!("quay.io/openshift/ci:{tag}"));
    }
}

#[test]
fn an_image_is_kept_by_a_dated_tag_of_its_digest_or_by_one_of_the_tag_that_it_lost() {
    // Row 49: 2023-06-05.
    let dated = format!("20230605_sha256_{}", "d".repeat(64));
    let expected = ["unmoved".to_owned(), format!("in {dated}"), format!("out {dated}")];
    assert_eq!(kept(KeepTag::Dated, "ci-operator", 1_685_923_200), expected);
    // Row 52: 2025-10-23 14:02:42, UTC.
    assert_eq!(
        kept(KeepTag::Backup, "boskos", 1_761_228_162),
        ["unmoved", "out 20251023140242_prune___ci_images_mirror__ci_boskos_latest"]
    );
    assert_eq!(kept(KeepTag::None, "boskos", 0), ["unmoved"]);
}

#[test]
fn a_further_tag_that_would_be_too_long_is_shortened_and_that_is_said() {
    // Row 54: 88 characters, of which the prefix leaves room for 87.
    let name = "x".repeat(88 - "ci__latest".len());
    let tags = kept(KeepTag::Backup, &name, 1_761_228_162);
    let tag = tags[1].strip_prefix("out ").unwrap();
    assert!(Tag::parse(tag).is_ok() && tag.len() == 128, "{tag}");
    assert!(tag.starts_with("20251023140242_prune___ci_images_mirror__ci_xxx"), "{tag}");

    let text = format!("supplementalCIImages:\n  ci/{name}:latest: {{image: 'q.io/a/b:c'}}\n");
    let selection = Selection { streams: vec!["ns/long".parse().unwrap()], ..Selection::default() };
    let long = "y".repeat(120);
    let known = streams(&[("ns/long", &[(&long, 'a'), ("short", 'b')])]);
    let with = |keep| {
        let asked = asked(Some(super::config(&text)), selection.clone());
        wish(&image_mirror::imagestreams::Asked { names: Names { keep, ..names() }, ..asked }, &known)
    };
    let backup = with(KeepTag::Backup);
    assert_eq!(codes(&backup.findings), ["2:3 warning shortened-tag", "0:0 warning shortened-tag"]);
    assert_eq!((&*backup.findings[0].file, &*backup.findings[1].file), ("_config.yaml", "ns/long"));
    assert!(with(KeepTag::Dated).findings.is_empty() && with(KeepTag::None).findings.is_empty());
}

#[test]
fn the_tag_itself_is_never_shortened() {
    let long = "z".repeat(130);
    let text = format!(
        "supplementalCIImages:\n  ci/{long}:latest: {{image: 'q.io/a/b:c'}}\n  ci/ok:v1: {{image: 'q.io/a/b:c'}}\n"
    );
    let wish = super::wish_of(&text, &streams(&[]));
    assert_eq!(super::tags(&wish), ["ci_ok_v1"], "the other goes on");
    let expected = format!(
        "_config.yaml:2 (supplementalCIImages) failed invalid: it would be called `ci_{long}_latest`, which is no tag"
    );
    assert_eq!(rows(&wish), [expected]);
    assert_eq!(wish.rows[0].target.to_string(), format!("quay.io/openshift/ci:ci_{long}_latest"));
}

#[test]
fn two_names_that_become_one_tag_are_both_left_alone() {
    // Row 53.
    let text = "supplementalCIImages:\n  a/b_c:d: {image: 'q.io/a/b:1'}\n  a/b:c_d: {image: 'q.io/a/b:2'}\n  a/e:f: {image: 'q.io/a/b:3'}\n";
    let wish = super::wish_of(text, &streams(&[]));
    assert_eq!(super::tags(&wish), ["a_e_f"]);
    assert_eq!(
        rows(&wish),
        [
            "_config.yaml:2 (supplementalCIImages) failed invalid: `quay.io/openshift/ci:a_b_c_d` is also wanted from `q.io/a/b:2` by _config.yaml:3",
            "_config.yaml:3 (supplementalCIImages) failed invalid: `quay.io/openshift/ci:a_b_c_d` is also wanted from `q.io/a/b:1` by _config.yaml:2",
        ]
    );
}

#[test]
fn names_on_the_command_line_have_their_shapes() {
    use image_mirror::imagestreams::{Exclusion, Namespace, StreamName};
    for bad in ["", "a/b", "a:b", "a b"] {
        assert!(bad.parse::<Namespace>().is_err(), "{bad}");
    }
    for bad in ["", "a", "a/", "/b", "a/b/c", "a/b:c"] {
        assert!(bad.parse::<StreamName>().is_err(), "{bad}");
    }
    for bad in ["", "a/b", "a/b:", "/b:c", "a:c", "a/b:c:d", "a/b@sha256:c"] {
        assert!(bad.parse::<IsTag>().is_err(), "{bad}");
    }
    for good in ["a", "a/b", "a/b:c"] {
        assert_eq!(good.parse::<Exclusion>().unwrap().to_string(), good);
    }
    assert!("a/b/c".parse::<Exclusion>().is_err());
}
