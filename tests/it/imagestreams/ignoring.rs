//! Sources that are left alone.

use image_mirror::imagestreams::{Needed, Selection};

use super::{asked, codes, config, rows, streams, tags, wanted, wish_of};

const BUILDER: &str = "registry.ci.openshift.org/ocp/builder:rhel-7-golang-1.13";
const TRIPLE: &str = "namespace: ocp, name: builder, tag: rhel-7-golang-1.13";

#[test]
fn an_entry_names_a_source_by_its_image_or_its_tag_and_by_nothing_else() {
    let known = streams(&[("ocp/builder", &[("rhel-7-golang-1.13", 'a')]), ("ns/m", &[("t", 'b')])]);
    for (row, source, ignore, ignored) in [
        ("24", TRIPLE.to_owned(), format!("image: '{BUILDER}'"), true),
        ("25", format!("image: '{BUILDER}'"), TRIPLE.to_owned(), true),
        ("26", "image: 'x.io/y:z'".to_owned(), "image: 'x.io/y:z'".to_owned(), true),
        ("27", "image: 'x.io/y'".to_owned(), "image: 'x.io/y:latest'".to_owned(), false),
        (
            "28b",
            "namespace: ns, name: m, tag: t".to_owned(),
            "image: 'x.io/y', namespace: ns, name: m, tag: t".to_owned(),
            true,
        ),
        // As in 28b, the other way round.
        (
            "28b",
            "image: 'x.io/y:z', namespace: ns, name: m, tag: t".to_owned(),
            "namespace: ns, name: m, tag: t".to_owned(),
            true,
        ),
        ("24", "namespace: ns, name: m, tag: t".to_owned(), format!("image: '{BUILDER}'"), false),
    ] {
        let text = format!(
            "supplementalCIImages:\n  a/b:c: {{{source}}}\nignoredSources:\n- {{{ignore}, reason: r}}\n"
        );
        let wish = wish_of(&text, &known);
        assert_eq!(wish.wanted.len() + wish.rows.len(), usize::from(!ignored), "row {row}: {text}");
        let unused = if ignored { vec![] } else { vec!["4:3 warning ignores-nothing"] };
        assert_eq!(codes(&wish.findings), unused, "row {row}");
    }
}

#[test]
fn an_image_of_the_proxy_is_not_the_image_of_the_repository_behind_it() {
    let text = |image: &str| {
        format!("qciToAppCIImages: {{'a/b:c': {{}}}}\nignoredSources:\n- {{image: '{image}', reason: r}}\n")
    };
    // Row 28.
    let wish = wish_of(&text("quay.io/openshift/ci:a_b_c"), &streams(&[]));
    assert_eq!((wish.wanted.len(), wish.findings.len()), (1, 1));
    let wish = wish_of(&text("quay-proxy.ci.openshift.org/openshift/ci:a_b_c"), &streams(&[]));
    assert_eq!((wish.wanted.len(), wish.findings.len(), wish.rows.len()), (0, 0, 0));
}

#[test]
fn what_is_ignored_is_neither_asked_for_nor_picked() {
    let text = "\
supplementalCIImages:
  x/y:z: {namespace: gone, name: s, tag: t}
artImages:
- {namespace: ocp, name: ^builder$}
ignoredSources:
- {namespace: gone, name: s, tag: t, reason: r}
- {namespace: ocp, name: builder, tag: bad, reason: r}
- {image: 'registry.ci.openshift.org/ci/tool:old', reason: r}
";
    let selection = Selection { namespaces: vec!["ci".parse().unwrap()], ..Selection::default() };
    let asked = asked(Some(config(text)), selection);
    let Needed::Only { namespaces, streams: single } = asked.needed() else { panic!("not all") };
    assert_eq!(namespaces.iter().map(|name| &**name).collect::<Vec<_>>(), ["ci", "ocp"]);
    assert!(single.is_empty(), "{single:?}");
    let known = streams(&[
        ("ocp/builder", &[("bad", 'a'), ("good", 'b')]),
        ("ci/tool", &[("old", 'c'), ("new", 'd')]),
    ]);
    let wish = image_mirror::imagestreams::wish(&asked, &known);
    assert_eq!(tags(&wish), ["ocp_builder_good", "ci_tool_new"], "{:?}", wanted(&wish));
    assert!(rows(&wish).is_empty() && wish.findings.is_empty());
}
