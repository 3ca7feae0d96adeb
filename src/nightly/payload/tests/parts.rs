//! Images, RHCOS and permits.

use super::Schema::{CannotKnow, Knows};
use super::*;
use crate::model::Severity;
use crate::nightly::Code;

/// The minimal example with another pull spec.
fn pullspec(text: &str) -> String {
    let (before, _) = MINIMAL.split_once("pullspec: ").unwrap();
    format!("{before}pullspec: \"{text}\"}}\n")
}

#[test]
fn images_have_unique_names_and_names_of_which_a_tag_follows() {
    let image = |text: &str| {
        MINIMAL.replace("    for_payload: true\n", &format!("    for_payload: true\n    {text}\n"))
    };
    refuses(&[
        (
            Knows,
            MINIMAL
                .replace("images:\n", "images: []\nrpms:\n")
                .split("    image_name")
                .next()
                .unwrap()
                .to_owned(),
            "5:9 `images` is empty: there is no payload without an image",
        ),
        // 18.118
        (
            CannotKnow,
            minimal("  - {name: openshift-enterprise-pod, image_name: b, payload_tag: x}\n"),
            "10:12 `openshift-enterprise-pod` is there twice: line 6 has it too",
        ),
        (Knows, minimal("  - {name: \"a,b\", image_name: b}\n"), "10:12 nothing can be called `a,b`"),
        (Knows, minimal("  - {name: \"*\", image_name: b}\n"), "10:12 nothing can be called `*`"),
        (Knows, minimal("  - {name: a}\n"), "10:5 `image_name` is missing here"),
        (
            CannotKnow,
            minimal("  - {name: a, image_name: \"a b/\"}\n"),
            "10:27 `a b/` makes no tag: it is what follows the last `/`",
        ),
        (Knows, minimal("  - {name: a, image_name: b, payload_tag: .x}\n"), "10:43 `.x` is no tag"),
        (
            Knows,
            image("base_only: true"),
            "6:5 an image that is only a base (`base_only`) cannot be for the payload (`for_payload`)",
        ),
        (CannotKnow, image("arches: [s390x]"), "6:5 this image is for no architecture of the payload"),
        (Knows, image("network_mode: closed"), "9:19 expected one of `open`, `hermetic`"),
        (Knows, image("source: https://github.com"), "9:13 this is no `source`"),
    ]);
}

#[test]
fn a_tag_is_the_last_segment_without_ose_unless_it_is_written() {
    // 18.13
    let more = "  - {name: a, image_name: openshift/ose-etcd}\n  - {name: b, image_name: openshift/cli}\n  \
                - {name: c, image_name: openshift/ose-c, payload_tag: x}\n  - {name: d, image_name: ose-ose-d}\n";
    let payload = holds(&minimal(more));
    let tags = payload.images.iter().map(|image| (image.tag(), image.payload_tag.is_some()));
    let expected = [("pod", false), ("etcd", false), ("cli", false), ("x", true), ("ose-d", false)];
    assert_eq!(tags.collect::<Vec<_>>(), expected);
}

#[test]
fn builds_have_an_nvr_and_a_pull_spec_of_a_registry() {
    refuses(&[
        (
            Knows,
            pullspec("art-images:latest"),
            "9:81 `art-images:latest` is no image of a payload: it names no registry",
        ),
        (
            Knows,
            pullspec("quay.io/a/b"),
            "9:81 `quay.io/a/b` is no image of a payload: it has neither a tag nor a digest",
        ),
        (
            Knows,
            pullspec("quay.io/a/b@sha256:abc"),
            "9:81 `quay.io/a/b@sha256:abc` is no image of a payload: invalid checksum digest length",
        ),
        (
            Knows,
            pullspec(&format!("quay.io/a/b@sha512:{}", "0".repeat(128))),
            &format!(
                "9:81 `quay.io/a/b@sha512:{}` is no image of a payload: its digest is of sha512",
                "0".repeat(128)
            ),
        ),
        (
            Knows,
            MINIMAL.replace("nvr: openshift-enterprise-pod-container-v4.20.0-1.p2.el9", "nvr: pod-1"),
            "9:18 `pod-1` is no NVR",
        ),
        (
            Knows,
            MINIMAL.replace("{nvr: openshift-enterprise-pod-container-v4.20.0-1.p2.el9, ", "{"),
            "9:12 `nvr` is missing here",
        ),
        (Knows, full("def5678d0f6f1a5d0b7f2b3c4d5e6f7a8b9c0d1e", "main"), "54:15 `main` is no commit"),
        (Knows, full("glibc-2.34-125.el9_5.1", "glibc"), "56:11 `glibc` is no NVR"),
        (
            CannotKnow,
            full(
                "        s390x: quay.io/example/art-images",
                "        amd64: quay.io/a/b:c\n        x86_64: quay.io/example/art-images",
            ),
            "52:9 `x86_64` is there twice, once by its name in Go",
        ),
    ]);
    holds(&pullspec("localhost:5000/a/b:c"));
    assert_eq!(violations(&pullspec("localhost:5000/a/b:c")), Vec::<String>::new());
}

#[test]
fn a_login_in_a_pull_spec_is_shown_nowhere() {
    let text = MINIMAL.replace("quay.io/example/art-images@", "user:S3CRET@quay.io/a@");
    let found = read(&text).unwrap_err();
    assert_eq!(found.len(), 1);
    assert!(!format!("{found:?}").contains("S3CRET"), "{found:?}");
}

#[test]
fn rhcos_has_one_primary_container_and_names_no_tag_but_in_stream() {
    let containers = |text: &str| minimal(&format!("rhcos: {{containers: [{text}]}}\n"));
    let by_tag = "{name: rhel-coreos, primary: true, images: {amd64: \"quay.io/a/b:c\"}}";
    refuses(&[
        (Knows, containers("{name: a}, {name: b}"), "10:21 one container is primary, and here 0 are"),
        (
            Knows,
            containers("{name: a, primary: true}, {name: b, primary: true}"),
            "10:21 one container is primary, and here 2 are",
        ),
        (
            CannotKnow,
            containers("{name: a, primary: true}, {name: a}"),
            "10:55 `a` is there twice: line 10 has it too",
        ),
        (Knows, containers("{name: a/b, primary: true}"), "10:29 `a/b` is no tag"),
        (
            Knows,
            containers(by_tag),
            "10:73 RHCOS of an assembly of type standard must be named by its digest, and `quay.io/a/b:c` is a tag",
        ),
        (
            Knows,
            full("- [etcd, null, 3.5.18, 1.el9, x86_64, rhel-coreos]", "- [etcd, 3.5.18, 1.el9]"),
            "84:9 an RPM of RHCOS is a list of six",
        ),
    ]);
    let stream = containers(by_tag).replace("4.20.3", "stream");
    holds(&stream);
    assert_eq!(violations(&stream), Vec::<String>::new());
    assert!(holds(&containers("")).rhcos.containers.is_empty());
    let reference = full("x86_64: quay.io/example/releases@sha256", "x86_64: quay.io/example/releases:v1 # ");
    assert_eq!(
        wrong(&reference),
        ["15:13 a reference release must be named by its digest, and `quay.io/example/releases:v1` is a tag"]
    );
}

#[test]
fn requirements_are_by_image_or_by_stream_and_not_both() {
    let required = |text: &str| minimal(&format!("rhcos: {{require_consistency: {text}}}\n"));
    let of = |text: &str| format!("{:?}", holds(&required(text)).rhcos.require_consistency);
    // 18.95
    assert_eq!(of("{ose-etcd: [a, b]}"), r#"{"rhel-coreos": {"ose-etcd": ["a", "b"]}}"#);
    assert_eq!(of("{rhel-coreos-10: {ose-etcd: [a]}}"), r#"{"rhel-coreos-10": {"ose-etcd": ["a"]}}"#);
    assert_eq!((of("{}"), of("null")), ("{}".to_owned(), "{}".to_owned()));
    for fine in ["{a: [b]}", "{s: {a: [b]}}", "{}", "null"] {
        assert_eq!(violations(&required(fine)), Vec::<String>::new(), "{fine}");
    }
    refuses(&[
        (
            Knows,
            required("{s: {a: [b]}, c: [d]}"),
            "10:44 `require_consistency` is by image or by stream, and not both",
        ),
        (Knows, required("{s: {a: b}}"), "10:38 `a` is a list"),
    ]);
}

#[test]
fn permits_name_a_code_and_a_part_and_some_cannot_be_given() {
    let permit =
        |text: &str| MINIMAL.replace("{name: 4.20.3}", &format!("{{name: 4.20.3, permits: [{text}]}}"));
    refuses(&[
        // 18.50
        (Knows, permit("{code: IMPERMISSIBLE, component: a}"), "3:43 IMPERMISSIBLE cannot be permitted"),
        (Knows, permit("{code: WRONG, component: \"*\"}"), "3:43 unknown code `WRONG`"),
        (
            Knows,
            permit("{code: mismatched_siblings, component: \"*\"}"),
            "3:43 unknown code `mismatched_siblings`",
        ),
        // 18.51
        (
            Knows,
            permit("{code: CONFLICTING_INHERITED_DEPENDENCY, component: rhcos}"),
            "3:88 CONFLICTING_INHERITED_DEPENDENCY cannot be permitted for RHCOS",
        ),
        (Knows, permit("{code: \"*\"}"), "3:36 `component` is missing here"),
        (Knows, permit("{component: a, code: }"), "3:51 `code` says nothing"),
        (Knows, permit("a"), "3:36 this is no permit"),
    ]);
    // 18.51
    for component in ["\"*\"", "openshift-enterprise-pod"] {
        let text = permit(&format!("{{code: CONFLICTING_INHERITED_DEPENDENCY, component: {component}}}"));
        assert_eq!(told(&holds(&text).findings), Vec::<String>::new());
        assert_eq!(violations(&text), Vec::<String>::new());
    }
    // 18.119
    let permits = holds(FULL).assembly.permits;
    assert_eq!(permits[0].why.as_deref(), Some("accepted until the next z-stream"));
    assert_eq!((permits[0].code, &permits[0].component), (Some(Code::OutdatedRpmsInStreamBuild), &None));
    assert_eq!(&*permits[1].place, "payload.yaml:11");
    let all = holds(&permit("{code: \"*\", component: \"*\"}")).assembly.permits;
    assert_eq!((all[0].code, &all[0].component), (None, &None));
}

#[test]
fn a_permit_of_a_part_that_is_nowhere_is_odd_and_no_error() {
    let odd = holds(&full("component: ose-etcd", "component: ose-ectd")).findings;
    assert_eq!(told(&odd), ["12:18 no part of this payload is called `ose-ectd`"]);
    assert_eq!(odd[0].severity, Severity::Warning);
    for known in ["rhcos", "rhel-coreos-extensions", "reference-releases", "openshift", "general"] {
        let payload = holds(&full("component: ose-etcd", &format!("component: {known}")));
        assert_eq!(told(&payload.findings), Vec::<String>::new(), "{known}");
    }
}
