//! Entries that lead to one another.

use super::{rows, streams, tags, wanted, wish_of};

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
