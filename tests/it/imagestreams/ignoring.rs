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
        assert_eq!(wish.wanted.len() + wish.rows.len(), 1, "row {row}: {text}");
        let is_told = rows(&wish) == ["_config.yaml:2 (supplementalCIImages) skipped: ignored: r"];
        assert_eq!(is_told, ignored, "row {row}: {text}");
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
    assert_eq!((wish.wanted.len(), wish.findings.len()), (0, 0));
    assert_eq!(rows(&wish), ["_config.yaml:1 (qciToAppCIImages) skipped: ignored: r"]);
    let row = &wish.rows[0];
    let ends = (row.source.to_string(), row.target.to_string());
    assert_eq!(
        (ends.0.as_str(), ends.1.as_str()),
        ("quay-proxy.ci.openshift.org/openshift/ci:a_b_c", "registry.ci.openshift.org/a/b:c")
    );
}

#[test]
fn what_is_ignored_is_neither_asked_for_nor_picked_and_has_one_row_that_says_why() {
    let text = "\
supplementalCIImages:
  x/y:z: {namespace: gone, name: s, tag: t}
artImages:
- {namespace: ocp, name: ^builder$}
ignoredSources:
- {namespace: gone, name: s, tag: t, reason: r}
- {namespace: ocp, name: builder, tag: bad, reason: r}
- {image: 'registry.ci.openshift.org/ci/tool:old'}
";
    let selection = Selection {
        namespaces: vec!["ci".parse().unwrap(), "ocp".parse().unwrap()],
        streams: vec!["ci/tool".parse().unwrap()],
        exclude: vec!["ci/tool:out".parse().unwrap()],
        ..Selection::default()
    };
    let asked = asked(Some(config(text)), selection);
    let Needed::Only { namespaces, streams: single } = asked.needed() else { panic!("not all") };
    assert_eq!(namespaces.iter().map(|name| &**name).collect::<Vec<_>>(), ["ci", "ocp"]);
    assert!(single.is_empty(), "{single:?}");
    let known = streams(&[
        ("ocp/builder", &[("bad", 'a'), ("good", 'b')]),
        ("ci/tool", &[("old", 'c'), ("new", 'd'), ("out", 'e')]),
    ]);
    let wish = image_mirror::imagestreams::wish(&asked, &known);
    assert_eq!(tags(&wish), ["ocp_builder_good", "ci_tool_new"], "{:?}", wanted(&wish));
    assert_eq!(
        rows(&wish),
        [
            "_config.yaml:2 (supplementalCIImages) skipped: ignored: r",
            "_config.yaml:4 (artImages) skipped: ignored: r",
            "ci/tool:old (selection) skipped: ignored",
        ],
        "what is excluded has no row"
    );
    assert_eq!(wish.rows[1].target.to_string(), "quay.io/openshift/ci:ocp_builder_bad");
    assert!(wish.findings.is_empty(), "{:?}", wish.findings);
}

#[test]
fn a_reason_is_one_line_that_shows_no_login_and_has_an_end() {
    let long = "x".repeat(1_000);
    let text = format!(
        "supplementalCIImages:\n  a/b:c: {{image: 'x.io/y:z'}}\nignoredSources:\n- image: 'x.io/y:z'\n  reason: |\n    see https://me:S3CRET@x.io/\n\n    \u{1b}[31m{long}\n"
    );
    let wish = wish_of(&text.replace('\u{1b}', "\t"), &streams(&[]));
    let row = &rows(&wish)[0];
    assert!(row.starts_with("_config.yaml:2 (supplementalCIImages) skipped: ignored: see https://"), "{row}");
    assert!(!row.contains("S3CRET") && row.lines().count() == 1 && row.len() < 600, "{row}");
}
