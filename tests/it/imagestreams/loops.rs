//! Entries that lead to one another.

use image_mirror::imagestreams::{ImageStream, Part, Streams};
use serde_json::json;

use super::{failure, object, rows, streams, tags, wanted, wish_of};

#[test]
fn images_that_go_both_ways_are_left_alone_and_the_rest_goes_on() {
    let text = "\
artImages:
- {namespace: openshift, name: ^release$}
qciToAppCIImages:
  openshift/release:golang: {}
  openshift/other:v1: {}
";
    let wish = wish_of(text, &streams(&[("openshift/release", &[("golang", 'a'), ("nodejs", 'b')])]));
    let proxy = "quay-proxy.ci.openshift.org/openshift/ci";
    assert_eq!(
        wanted(&wish),
        [
            "registry.ci.openshift.org/openshift/release@b -> quay.io/openshift/ci:openshift_release_nodejs by _config.yaml:2".to_owned(),
            format!("{proxy}:openshift_other_v1 -> registry.ci.openshift.org/openshift/other:v1 by _config.yaml:5"),
        ]
    );
    let digest = super::digest('a');
    assert_eq!(
        rows(&wish),
        [
            format!(
                "_config.yaml:2 (artImages) failed invalid: its target comes back to its source through `{proxy}:openshift_release_golang` -> `registry.ci.openshift.org/openshift/release:golang` by _config.yaml:4"
            ),
            format!(
                "_config.yaml:4 (qciToAppCIImages) failed invalid: its target comes back to its source through `registry.ci.openshift.org/openshift/release@{digest}` -> `quay.io/openshift/ci:openshift_release_golang` by _config.yaml:2"
            ),
        ]
    );
}

#[test]
fn an_image_that_is_its_own_source_is_a_ring_of_one_by_any_of_its_names() {
    for image in ["quay.io/openshift/ci:ci_x_y", "quay-proxy.ci.openshift.org/openshift/ci:ci_x_y"] {
        let wish =
            wish_of(&format!("supplementalCIImages:\n  ci/x:y: {{image: '{image}'}}\n"), &streams(&[]));
        assert!(wish.wanted.is_empty());
        assert_eq!(
            rows(&wish),
            ["_config.yaml:2 (supplementalCIImages) failed invalid: its target comes back to its source"]
        );
    }
}

#[test]
fn a_ring_through_a_pull_spec_of_the_cluster_is_found_by_any_of_its_hosts() {
    for host in ["registry.ci.openshift.org", "image-registry.openshift-image-registry.svc:5000"] {
        let text = format!(
            "supplementalCIImages:\n  ci/x:y: {{image: '{host}/team/z:v'}}\nqciToAppCIImages:\n  team/z:v: {{image: 'quay.io/openshift/ci:ci_x_y'}}\n"
        );
        let wish = wish_of(&text, &streams(&[("any/stream", &[])]));
        assert!(wish.wanted.is_empty(), "{:?}", wanted(&wish));
        assert_eq!(wish.rows.len(), 2);
    }
}

#[test]
fn what_is_pinned_by_its_digest_leads_nowhere() {
    let digest = super::digest('c');
    let text = format!(
        "supplementalCIImages:\n  ci/x:y: {{image: 'registry.ci.openshift.org/team/z:v'}}\nqciToAppCIImages:\n  team/z:v: {{image: 'quay.io/openshift/ci@{digest}'}}\n"
    );
    let wish = wish_of(&text, &streams(&[]));
    assert!(rows(&wish).is_empty());
    let levels: Vec<usize> = wish.wanted.iter().map(|one| one.level).collect();
    assert_eq!(levels, [1, 0], "the image of the cluster comes first");
}

#[test]
fn a_chain_is_in_order() {
    let text = "\
supplementalCIImages:
  d/d:d: {image: 'quay.io/openshift/ci:c_c_c'}
  c/c:c: {namespace: b, name: b, tag: b}
  a/a:a: {image: 'quay.io/far/away:v1'}
qciToAppCIImages:
  b/b:b: {image: 'quay-proxy.ci.openshift.org/openshift/ci:a_a_a'}
";
    let wish = wish_of(text, &streams(&[("b/b", &[("b", 'b')])]));
    assert!(rows(&wish).is_empty());
    let levels: Vec<(String, usize)> =
        tags(&wish).into_iter().zip(wish.wanted.iter().map(|one| one.level)).collect();
    let expected =
        [("d_d_d", 3), ("c_c_c", 2), ("a_a_a", 0), ("b", 1)].map(|(tag, level)| (tag.to_owned(), level));
    assert_eq!(levels, expected);
}

const BOTH_WAYS: &str = "\
artImages:
- {namespace: openshift, name: ^release$}
qciToAppCIImages:
  openshift/release:golang: {}
  openshift/other:v1: {}
";

/// `known`, and a namespace that could not be read.
fn without(namespace: &str, mut known: Streams) -> Streams {
    known.unread(Part::Namespace(namespace.into()), failure());
    known
}

#[test]
fn a_ring_stays_one_while_its_namespace_cannot_be_read() {
    let wish = wish_of(BOTH_WAYS, &without("openshift", streams(&[])));
    assert_eq!(tags(&wish), ["v1"], "no rule asks for the other one");
    assert_eq!(
        rows(&wish),
        [
            "openshift (-) failed transient: status 503",
            "_config.yaml:2 (artImages) failed transient: not all that the rule may match is known: status 503",
            "_config.yaml:4 (qciToAppCIImages) failed transient: _config.yaml:2 may ask for openshift/release:golang as well, and its ImageStream is not known: status 503",
        ]
    );
}

#[test]
fn a_ring_of_many_stays_one_while_its_namespace_cannot_be_read() {
    let text = "\
artImages:
- {namespace: openshift, name: ^release$, tag: ^golang$}
supplementalCIImages:
  team/z:v: {image: 'quay-proxy.ci.openshift.org/openshift/ci:openshift_release_golang'}
qciToAppCIImages:
  openshift/release:golang: {image: 'quay.io/openshift/ci:team_z_v'}
";
    for known in [
        streams(&[("openshift/release", &[("golang", 'a')])]),
        streams(&[("openshift/release", &[("golang", '-')])]),
        without("openshift", streams(&[])),
    ] {
        let wish = wish_of(text, &known);
        assert!(wish.wanted.is_empty(), "{:?}", wanted(&wish));
    }
    // What was read since goes before what could not be.
    let read = without("openshift", streams(&[("openshift/release", &[("other", 'a')])]));
    assert_eq!(tags(&wish_of(text, &read)), ["team_z_v", "golang"]);
}

#[test]
fn a_ring_stays_one_while_its_tag_has_no_image() {
    let wish = wish_of(BOTH_WAYS, &streams(&[("openshift/release", &[("golang", '-')])]));
    assert_eq!(tags(&wish), ["v1"]);
    assert_eq!(
        rows(&wish),
        [
            "_config.yaml:2 (artImages) failed invalid: its target comes back to its source through `quay-proxy.ci.openshift.org/openshift/ci:openshift_release_golang` -> `registry.ci.openshift.org/openshift/release:golang` by _config.yaml:4",
            "_config.yaml:4 (qciToAppCIImages) failed invalid: its target comes back to its source through `openshift/release:golang` -> `quay.io/openshift/ci:openshift_release_golang` by _config.yaml:2",
        ]
    );
}

#[test]
fn a_target_that_two_claim_moves_for_neither_while_one_cannot_be_had() {
    let text = "supplementalCIImages:\n  ocp/builder:x: {namespace: team, name: s, tag: t}\nartImages:\n- {namespace: ocp, name: ^builder$}\n";
    let (builder, source) = (("ocp/builder", &[("x", 'a')][..]), ("team/s", &[("t", 'b')][..]));
    let (empty, gone) = (("ocp/builder", &[("x", '-')][..]), ("team/s", &[("t", '-')][..]));
    for known in [
        streams(&[builder, source]),
        streams(&[builder, gone]),
        streams(&[empty, source]),
        streams(&[builder]),
        without("team", streams(&[builder])),
        without("ocp", streams(&[source])),
    ] {
        let wish = wish_of(text, &known);
        assert!(wish.wanted.is_empty(), "{:?}", wanted(&wish));
        assert!(rows(&wish).iter().all(|row| row.contains("failed")), "{:?}", rows(&wish));
    }
    let both = "supplementalCIImages:\n  ocp/builder:x: {namespace: ocp, name: builder, tag: x}\nartImages:\n- {namespace: ocp, name: ^builder$}\n";
    assert_eq!(tags(&wish_of(both, &streams(&[builder]))), ["ocp_builder_x"], "they want the same");
}

#[test]
fn an_image_goes_to_the_same_cluster_whatever_can_be_read() {
    let text =
        "artImages:\n- {namespace: ocp, name: ^4.12$, tag: ^base$}\nqciToAppCIImages:\n  ocp/4.12:cli: {}\n";
    let mut value = object("ocp/4.12", &[("other", 'a')]);
    value["status"]["publicDockerImageRepository"] = json!("registry.build01.example/ocp/4.12");
    let mut known = Streams::default();
    known.insert(ImageStream::read(&value.to_string()).unwrap());
    let one = wanted(&wish_of(text, &known));
    let other = wanted(&wish_of(text, &without("ocp", streams(&[]))));
    assert_eq!(one, other);
    assert!(one[0].contains(" -> registry.ci.openshift.org/ocp/4.12:cli "), "{one:?}");
}

#[test]
fn a_given_registry_is_the_cluster_as_much_as_the_one_that_it_has_by_default() {
    let text = "supplementalCIImages:\n  ci/x:y: {image: 'registry.ci.openshift.org/team/z:v'}\nqciToAppCIImages:\n  team/z:v: {image: 'quay.io/openshift/ci:ci_x_y'}\n";
    let asked = super::asked(Some(super::config(text)), image_mirror::imagestreams::Selection::default());
    let names = image_mirror::imagestreams::Names {
        cluster_registry: Some(image_mirror::model::Host::new("registry.build01.example")),
        ..super::names()
    };
    let asked = image_mirror::imagestreams::Asked { names, ..asked };
    let wish = image_mirror::imagestreams::wish(&asked, &streams(&[]));
    assert!(wish.wanted.is_empty(), "{:?}", wanted(&wish));
}
