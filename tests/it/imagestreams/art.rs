//! The rules of `artImages` over the ImageStreams of a cluster.

use super::{codes, rows, streams, tags, wanted, wish_of};

const RULES: &str = r"
artImages:
- {namespace: openshift, name: ^release$}
- {namespace: ocp, name: ^builder$}
- {namespace: origin, name: ^scos.*}
- {namespace: ocp, name: '^4.\d+$', tag: ^rhel-coreos.*}
ignoredSources:
- {namespace: openshift, name: release, tag: ignore, reason: r}
";

#[test]
fn the_rules_pick_tags_of_the_streams_that_they_match() {
    let coreos: &[(&str, char)] = &[("a", '1'), ("rhel-coreos", '2'), ("rhel-coreos-extensions", '3')];
    for (row, stream, with, picked) in [
        (29, "openshift/release", &[("a", '1'), ("ignore", '2')][..], &["openshift_release_a"][..]),
        (30, "some/release", &[("a", '1')], &[]),
        (31, "openshift/some", &[("a", '1')], &[]),
        (32, "ocp/builder", &[("a", '1'), ("b", '2')], &["ocp_builder_a", "ocp_builder_b"]),
        (33, "ocp/4.18", coreos, &["ocp_4.18_rhel-coreos", "ocp_4.18_rhel-coreos-extensions"]),
        (34, "ocp/some-4.18", coreos, &[]),
        (35, "ocp/3.18", coreos, &[]),
        (36, "origin/4.18", coreos, &[]),
        (37, "origin/scos-4.16", &[("a", '1'), ("b", '2')], &["origin_scos-4.16_a", "origin_scos-4.16_b"]),
        (38, "origin/4.16-okd-scos-2024-05-06-185114", &[("a", '1')], &[]),
        (39, "ocp/4x9", coreos, &["ocp_4x9_rhel-coreos", "ocp_4x9_rhel-coreos-extensions"]),
    ] {
        let wish = wish_of(RULES, &streams(&[(stream, with)]));
        assert_eq!(tags(&wish), picked, "row {row}");
        let left = if row == 29 { vec!["_config.yaml:3 (artImages) skipped: ignored: r"] } else { vec![] };
        assert_eq!(rows(&wish), left, "row {row}");
    }
}

#[test]
fn a_tag_that_two_rules_match_is_one_entry_of_the_first_and_one_without_an_image_is_skipped() {
    let text = "artImages:\n- {namespace: ocp, name: ^b}\n- {namespace: ocp, name: r$}\n- {namespace: x, name: ^y$}\n";
    let wish = wish_of(text, &streams(&[("ocp/builder", &[("a", '1'), ("failed", '-')])]));
    let source = "registry.ci.openshift.org/ocp/builder@1";
    assert_eq!(wanted(&wish), [format!("{source} -> quay.io/openshift/ci:ocp_builder_a by _config.yaml:2")]);
    assert_eq!(rows(&wish), ["_config.yaml:2 (artImages) skipped: the tag has no image yet"]);
    assert_eq!(codes(&wish.findings), ["4:3 warning matches-nothing"]);
}
