//! The configuration file: what is read, what is refused, and what is said.

use image_mirror::imagestreams::{Config, ConfigError};
use image_mirror::mapping::render;

use super::{codes, config, names, read};

/// What is wrong in `text`, a finding a line: `line:column message`.
fn wrong(text: &str) -> Vec<String> {
    let findings = read(text).map(|config| format!("{config:?}")).expect_err(text);
    let errors = findings.iter().filter(|finding| finding.is_error());
    let line = |finding: &image_mirror::model::Finding| {
        let span = finding.span.as_ref().expect("a place");
        format!("{}:{} {}", span.line, span.column, finding.message)
    };
    errors.map(line).collect()
}

fn to_cluster(source: &str) -> String {
    format!("qciToAppCIImages:\n  ci/foo:latest: {source}\n")
}

#[test]
fn an_image_of_the_proxy_comes_from_its_key_or_from_what_is_written() {
    let proxy = "quay-proxy.ci.openshift.org/openshift/ci";
    for (row, source, image) in [
        ("1", "{}".to_owned(), format!("{proxy}:ci_foo_latest")),
        ("2", format!("{{image: '{proxy}:ci_foo_custom'}}"), format!("{proxy}:ci_foo_custom")),
        ("5", "null".to_owned(), format!("{proxy}:ci_foo_latest")),
        (
            "6",
            "{image: 'quay.io/openshift/ci@sha256:x'}".to_owned(),
            "quay.io/openshift/ci@sha256:x".to_owned(),
        ),
    ] {
        let config = config(&to_cluster(&source));
        let [entry] = &config.to_cluster[..] else { panic!("{row}") };
        assert_eq!(
            (entry.image.as_str(), entry.target.to_string().as_str()),
            (&*image, "ci/foo:latest"),
            "{row}"
        );
        assert!(config.supplemental.is_empty(), "{row}");
        let odd = if row == "6" { vec!["2:26 warning no-image"] } else { vec![] };
        assert_eq!(codes(&config.findings), odd, "{row}");
    }
}

#[test]
fn an_image_of_elsewhere_is_no_source_for_the_cluster() {
    for (row, image) in [
        ("3", "registry.redhat.io/ubi9/ubi:latest"),
        ("7", "quay.io/openshift/ci-private:x"),
        ("7", "quay.io/openshift/ci"),
        ("7", "docker://quay.io/openshift/ci:x"),
    ] {
        let found = wrong(&to_cluster(&format!("{{image: '{image}'}}")));
        let expected = "2:26 `image` of `ci/foo:latest` is no image of `quay.io/openshift/ci` or `quay-proxy.ci.openshift.org/openshift/ci`";
        assert_eq!(found, [expected], "row {row}");
    }
    // Row 4.
    let found = wrong(&to_cluster("{namespace: a, name: b, tag: c, as: d}"));
    assert_eq!(found.len(), 4, "{found:?}");
    assert!(found.iter().all(|line| line.contains("` cannot be set for `ci/foo:latest`")), "{found:?}");
}

#[test]
fn text_that_reads_as_a_number_is_an_error_where_a_source_takes_text() {
    let text = |tag: &str| {
        format!("supplementalCIImages:\n  a/b:c:\n    namespace: ns\n    name: m\n    tag: {tag}\n")
    };
    // Row 8, and its kind.
    for tag in ["9", "10.10", "yes", "on", "0x1", "-1", "010"] {
        assert_eq!(wrong(&text(tag)), [format!("5:10 `tag` takes text, and `{tag}` is none")]);
    }
    // Row 9.
    let read = config(&text("\"10.10\""));
    assert_eq!(read.supplemental[0].source.tag, "10.10");
    assert!(read.findings.is_empty());
}

#[test]
fn a_supplemental_source_is_an_image_or_a_whole_tag_of_an_imagestream() {
    let of = |source: &str| wrong(&format!("supplementalCIImages:\n  a/b:c: {source}\n"));
    let missing = |part| vec![format!("2:3 {part} for the source of `a/b:c` must be set")];
    // Row 10.
    let found = of("{as: x, image: 'q.io/a/b:c'}");
    assert_eq!(found, ["2:11 `as` cannot be set for the source of `a/b:c`"]);
    // Row 11, and a null source.
    assert_eq!(of("{}"), missing("namespace"));
    assert_eq!(of("null"), missing("namespace"));
    assert_eq!(of("{image: ''}"), missing("namespace"));
    // Only the first that is missing.
    assert_eq!(of("{namespace: ns}"), missing("name"));
    assert_eq!(of("{namespace: ns, name: m}"), missing("tag"));
}

#[test]
fn what_is_no_key_here_is_refused_by_name() {
    // Row 12.
    let twice = "supplementalCIImages:\n  a/b:c: {image: 'q.io/a/b:c'}\n  a/b:c: {image: 'q.io/a/b:d'}\n";
    assert_eq!(wrong(twice), ["3:3 the key `a/b:c` is there twice"]);
    // Row 13.
    assert_eq!(
        wrong("supplementalCIImages:\n  a/b:c: {image: 'q.io/a/b:c', imge: x}\nartImage: []\n"),
        ["2:32 unknown key `imge`", "3:1 unknown key `artImage`"]
    );
    assert_eq!(
        wrong("supplementalCIImages: []\nartImages: {}\nqciToAppCIImages: x\nignoredSources: 1\n").len(),
        4
    );
    assert_eq!(wrong("- a\n"), ["1:1 expected a mapping"]);
    assert_eq!(wrong("artImages:\n- a\n- [b]\n").len(), 2);
    assert_eq!(
        wrong("artImages: []\nArtImages: []\n"),
        ["2:1 `ArtImages` does not count beside `artImages`"]
    );
}

#[test]
fn names_of_fields_match_whatever_their_case_and_the_lower_case_counts() {
    // Row 14.
    for text in [
        "artImages:\n- {namespace: ocp, Name: ^builder$, Tag: ^a}\n",
        "artImages:\n- {namespace: ocp, name: ^builder$, tag: ^a}\n",
        "ARTIMAGES:\n- {Namespace: ocp, NAME: ^builder$, tAG: ^a}\n",
    ] {
        let config = config(text);
        let [rule] = &config.art[..] else { panic!("{text}") };
        assert_eq!((rule.name.as_str(), rule.tag.as_ref().unwrap().as_str()), ("^builder$", "^a"), "{text}");
        assert!(config.findings.is_empty());
    }
    for order in ["name: ^low$, Name: ^up$", "Name: ^up$, name: ^low$"] {
        let config = config(&format!("artImages:\n- {{namespace: ocp, {order}}}\n"));
        assert_eq!(config.art[0].name.as_str(), "^low$");
        assert_eq!(config.findings.len(), 1);
        assert_eq!(config.findings[0].message, "`Name` does not count beside `name`");
    }
}

#[test]
fn a_number_is_text_where_images_and_rules_are_written() {
    // Row 15.
    let read = config("artImages:\n- {namespace: 5, name: 4.20, tag: yes}\n");
    let rule = &read.art[0];
    assert_eq!((&*rule.namespace, rule.name.as_str()), ("5", "4.2"));
    assert_eq!(rule.tag.as_ref().unwrap().as_str(), "true");
    let unquoted = read.findings.iter().filter(|finding| finding.code == "unquoted");
    let hints: Vec<_> = unquoted.map(|finding| finding.hint.clone().unwrap()).collect();
    assert_eq!(hints[1], "write `\"4.20\"` if that is meant, else `\"4.2\"`");
    let image = config("ignoredSources:\n- {image: 1000000.0, reason: 7}\n");
    assert_eq!(image.ignored[0].source.image, "1e+06");
    assert_eq!(image.ignored[0].reason.as_deref(), Some("7"));
}

#[test]
fn a_rule_has_a_namespace_and_expressions_that_can_be_compiled() {
    for (row, rule, found) in [
        ("16", "{name: ^a$}", vec!["2:3 `artImages[0]`: `namespace` must be set"]),
        ("16", "{namespace: a}", vec!["2:3 `artImages[0]`: `name` must be set"]),
        (
            "17",
            "{namespace: a, name: '(', tag: '['}",
            vec![
                "2:24 `artImages[0]`: `name` is no regular expression: unclosed group",
                "2:34 `artImages[0]`: `tag` is no regular expression: unclosed character class",
            ],
        ),
        (
            "18",
            "{namespace: a, name: '^(?!a)'}",
            vec![
                "2:24 `artImages[0]`: `name` is no regular expression: look-around, including look-ahead and look-behind, is not supported",
            ],
        ),
    ] {
        assert_eq!(wrong(&format!("artImages:\n- {rule}\n")), found, "row {row}");
    }
}

#[test]
fn an_ignored_source_names_one_and_should_say_why() {
    // Row 19.
    let read = config("ignoredSources:\n- image: x\n- {image: a, reason: ' '}\n- {image: z, reason: r}\n");
    assert_eq!(codes(&read.findings), ["2:3 warning no-reason", "3:3 warning no-reason"]);
    assert_eq!(read.ignored.len(), 3);
    // Row 20.
    let found = wrong("ignoredSources:\n- reason: x\n");
    assert_eq!(found, ["2:3 `ignoredSources[0]`: namespace for the source must be set"]);
}

#[test]
fn a_file_that_says_nothing_is_an_empty_configuration() {
    // Row 21, and its kind.
    for text in [
        "",
        "# nothing\n",
        "---\n",
        "...\n",
        "null\n",
        "artImages:\nignoredSources: null\nsupplementalCIImages: ~\n",
        "---\n---\n# nothing\n...\n",
    ] {
        let config = config(text);
        assert!(
            config.supplemental.is_empty() && config.art.is_empty() && config.findings.is_empty(),
            "{text}"
        );
    }
}

#[test]
fn only_the_first_document_is_read() {
    let first = "# c\n--- # d\nignoredSources:\n- image: |\n    x\n  reason: r\n";
    for second in ["---\nnonsense: [\n", "...\nnonsense: [\n", "--- {a: 1}\n"] {
        let config = config(&format!("{first}{second}"));
        assert_eq!(config.ignored.len(), 1, "{second}");
        assert_eq!(codes(&config.findings), ["7:1 warning more-documents"], "{second}");
        assert_eq!(
            config.findings[0].message,
            "only the first document is read: what begins here does not count"
        );
    }
    for nothing in ["---\n", "...\n# no more\n", "---\n...\n"] {
        assert!(config(&format!("{first}{nothing}")).findings.is_empty(), "{nothing}");
    }
    assert!(read("ignoredSources:\n- image: x\n  reason: ---not a marker\n").is_ok());
}

#[test]
fn a_target_is_a_namespace_a_name_and_a_tag() {
    let of = |key: &str| wrong(&format!("supplementalCIImages:\n  '{key}': {{image: 'q.io/a/b:c'}}\n"));
    // Row 22.
    for key in ["a/b/c:d", "a:b", "/b:c", "a/:c", "a/b:", "a/b", "a/b:c:d"] {
        assert_eq!(of(key), [format!("2:3 invalid target `{key}`")]);
    }
    // Row 23: upstream takes these, and no registry would.
    for key in ["a/b@sha256:abc", "reg.io:5000/b:c", "a/b:c d", " a/b:c", "-a/b:c"] {
        let expected =
            format!("2:3 invalid target `{key}`: it becomes a tag, and no tag has all these characters");
        assert_eq!(of(key), [expected]);
    }
    // Row 23b.
    for key in ["A_x/b:c", "rh_ee_ves/aro-hcp-e2e-base:v1.0"] {
        let read = config(&format!("supplementalCIImages:\n  {key}: {{image: 'q.io/a/b:c'}}\n"));
        assert_eq!(read.supplemental[0].target.to_string(), key);
    }
}

#[test]
fn what_is_mostly_a_mistake_is_warned_of() {
    let text = "\
supplementalCIImages:
  a/hub1:v: {image: 'docker.io/library/busybox:1'}
  a/hub2:v: {image: 'busybox:1'}
  a/hub3:v: {image: 'library/busybox:1'}
  a/hub4:v: {image: 'registry-1.docker.io/a/b:1'}
  a/hub5:v: {image: 'INDEX.docker.io/a/b:1'}
  a/good:v: {image: 'quay.io/docker.io/b:1'}
  a/untagged:v: {image: 'quay.io/a/b'}
  a/broken:v: {image: 'quay.io/a/B:v'}
artImages:
- {namespace: ocp, name: builder, tag: rhel}
- {namespace: ocp, name: ^builder$, tag: '.*'}
";
    let read = config(text);
    assert_eq!(
        codes(&read.findings),
        [
            "2:21 warning docker-hub",
            "3:21 warning docker-hub",
            "4:21 warning docker-hub",
            "5:21 warning docker-hub",
            "6:21 warning docker-hub",
            "8:25 warning untagged",
            "9:23 warning no-image",
            "11:26 warning unanchored",
            "11:40 warning unanchored",
        ]
    );
}

#[test]
fn a_file_of_the_shape_that_is_in_use_is_read_as_a_whole() {
    let read = config(include_str!("../../data/imagestreams/_config.yaml"));
    let counts = (read.supplemental.len(), read.art.len(), read.to_cluster.len(), read.ignored.len());
    assert_eq!(counts, (9, 6, 3, 4));
    insta::assert_snapshot!(render(&read.findings));
}

#[test]
fn each_thing_that_is_wrong_is_shown_where_it_stands() {
    let text = "\
supplementalCIImages:
  ci/nowhere: {image: 'quay.io/a/b:c'}
  ci/number:v1:
    namespace: ci
    name: stream
    tag: 9
  ci/half:v1: {namespace: ci}
qciToAppCIImages:
  ci/foreign:v1: {image: 'quay.io/openshift/ci-private:x'}
artImages:
- {namespace: ocp, name: '^(?!a)'}
ignoredSources:
- {resaon: typo, image: x}
";
    insta::assert_snapshot!(render(&read(text).unwrap_err()));
}

#[test]
fn a_file_that_is_not_there_or_is_no_text_is_told_apart_from_one_that_is_wrong() {
    let folder = tempfile::tempdir().unwrap();
    let load = |name: &str, bytes: Option<&[u8]>| {
        let path = folder.path().join(name);
        if let Some(bytes) = bytes {
            std::fs::write(&path, bytes).unwrap();
        }
        Config::load(&path, &names())
    };
    assert!(matches!(load("absent", None), Err(ConfigError::Unreadable { .. })));
    let Err(ConfigError::Wrong(packed)) = load("packed", Some(&[0x1f, 0x8b, 8, 0])) else { panic!() };
    assert_eq!(packed[0].hint.as_deref(), Some("unpack it first if it is compressed"));
    assert!(matches!(load("wrong", Some(b"a: 1\n")), Err(ConfigError::Wrong(_))));
    let read = load("good", Some(b"ignoredSources:\n- image: x\n")).unwrap();
    assert!(read.file.ends_with("good") && read.findings[0].file.ends_with("good"));
}

#[test]
fn a_login_in_a_source_is_never_shown() {
    let login = "user:S3CRET@quay.io";
    let image = config(&format!("supplementalCIImages:\n  a/b:c: {{image: '{login}/a/b:c'}}\n"));
    let wish = super::wish_of(
        &format!("supplementalCIImages:\n  a/b:c: {{image: '{login}/a/b:c'}}\n"),
        &super::streams(&[]),
    );
    let key =
        read(&format!("supplementalCIImages:\n  {login}/a:b: {{as: x}}\n  {login}/a:b: {{}}\n{login}: x\n"));
    let keys = read(&format!("supplementalCIImages:\n  {login}/a:b: {{as: x}}\n{login}: x\n"));
    let told = [image.findings, key.unwrap_err(), keys.unwrap_err()].concat();
    let shown = format!("{}{told:?}{:?}", render(&told), super::rows(&wish));
    assert!(told.len() >= 5 && shown.contains("*@quay.io/a/b:c"), "{shown}");
    assert!(!shown.contains("S3CRET"), "{shown}");
}
