//! What payload files may say, and what is wrong with the others: by the reader and by the schema of `docs/`.

mod parts;

use std::sync::Arc;
use std::time::Duration;

use super::*;
use crate::nightly::Arch;

pub(crate) const FULL: &str = include_str!("../../../../tests/data/nightly/payload.yaml");
pub(crate) const MINIMAL: &str = include_str!("../../../../tests/data/nightly/minimal.yaml");

pub(crate) fn read(text: &str) -> Result<Payload, Vec<Finding>> {
    Payload::read(&Arc::from("payload.yaml"), text)
}

fn holds(text: &str) -> Payload {
    read(text).unwrap_or_else(|findings| panic!("{:?}\n{text}", told(&findings)))
}

/// A finding a line: `line:column message`.
fn told(findings: &[Finding]) -> Vec<String> {
    let line = |finding: &Finding| match &finding.span {
        Some(span) => format!("{}:{} {finding}", span.line, span.column),
        None => format!("0:0 {finding}"),
    };
    findings.iter().map(line).collect()
}

fn wrong(text: &str) -> Vec<String> {
    told(&read(text).map(|payload| format!("{payload:?}")).expect_err(text))
}

/// What the schema has against a file.
fn violations(text: &str) -> Vec<String> {
    let schema = serde_json::from_str(include_str!("../../../../docs/payload.schema.json")).unwrap();
    let validator = jsonschema::validator_for(&schema).unwrap();
    let document: serde_json::Value = serde_yaml::from_str(text).unwrap_or_else(|error| panic!("{error}"));
    validator.iter_errors(&document).map(|error| format!("{}: {error}", error.instance_path())).collect()
}

/// The full example with one place of it changed.
fn full(from: &str, to: &str) -> String {
    assert_eq!(FULL.matches(from).count(), 1, "{from}");
    FULL.replace(from, to)
}

/// The minimal example with more at its end.
fn minimal(more: &str) -> String {
    format!("{MINIMAL}{more}")
}

#[test]
fn the_full_example_is_read_to_its_last_key() {
    let payload = holds(FULL);
    assert_eq!(violations(FULL), Vec::<String>::new());
    assert_eq!(told(&payload.findings), Vec::<String>::new());
    assert_eq!(payload.version.to_string(), "4.19");
    assert_eq!(payload.assembly.kind, AssemblyType::Stream);
    assert_eq!(payload.assembly.basis_event.as_deref(), Some("61234567"));
    assert_eq!(payload.arches, [Arch::X86_64, Arch::S390x, Arch::Ppc64le, Arch::Aarch64]);
    let [pod, etcd, metallb, base] = &payload.images[..] else { panic!("{:?}", payload.images) };
    assert_eq!([pod.tag(), etcd.tag(), metallb.tag(), base.tag()], ["pod", "etcd", "metallb", "base-rhel9"]);
    assert!(pod.is_hermetic && !etcd.is_hermetic);
    assert_eq!(metallb.arches, Some(vec![Arch::X86_64, Arch::Aarch64]), "by either name");
    assert!(metallb.build.is_none() && !base.is_for_payload && !base.is_for_release);
    let build = etcd.build.as_ref().unwrap();
    assert_eq!((build.packages.as_ref().unwrap().len(), build.is_embargoed), (2, None));
    assert_eq!(build.arch_pullspecs.keys().collect::<Vec<_>>(), [&Arch::S390x]);
    assert!(FULL.lines().nth(build.line as usize - 1).unwrap().contains("nvr: ose-etcd-container"));
    assert!(FULL.lines().nth(etcd.line as usize - 1).unwrap().contains("- name: ose-etcd"));
    assert!(etcd.public_build.is_some());
    let epochs: Vec<_> = payload.rhcos.rpms[&Arch::X86_64].iter().map(|rpm| &*rpm.epoch).collect();
    assert_eq!(epochs, ["0", ""]);
    let releases: Vec<_> = payload.rpms[0].builds.iter().map(|build| &*build.release).collect();
    let stream = "202501010000.p2.gabc1234.assembly.stream";
    assert_eq!(releases, [format!("{stream}.el9"), format!("{stream}.el8")]);
}

#[test]
fn the_minimal_example_gets_its_defaults() {
    let payload = holds(MINIMAL);
    assert_eq!(violations(MINIMAL), Vec::<String>::new());
    assert_eq!(payload.assembly.kind, AssemblyType::Standard);
    assert_eq!(payload.assembly.phase, Phase::Release);
    assert_eq!(payload.build_system, BuildSystem::Konflux);
    assert!(payload.has_embargoes, "that anything can be embargoed is the safe side");
    assert!(payload.rhcos.containers.is_empty() && payload.rpms.is_empty());
    let multi = MultiArch {
        is_enabled: false,
        min_interval: Duration::from_hours(6),
        keep_recent: 5,
        keep_accepted: 2,
    };
    assert_eq!(payload.multi_arch, multi);
    assert_eq!((&*payload.imagestream.namespace, &payload.imagestream.name), ("ocp", &None));
    assert_eq!(&*payload.substitute_tag, "pod");
    let Destination { registry, organization, release_repository, publish_registry, .. } =
        payload.destination;
    assert_eq!(registry.as_str(), "quay.io");
    assert_eq!((&*organization, &*release_repository), ("openshift-release-dev", "ocp-release-nightly"));
    assert_eq!(publish_registry.as_str(), "registry.ci.openshift.org");
}

#[test]
fn repositories_follow_of_the_major_version_from_4_on() {
    // 18.12
    for (version, public) in [("4.20", "ocp-v4.0-art-dev"), ("5.0", "ocp-v5.0-art-dev")] {
        let destination = holds(&MINIMAL.replace("4.20\"", &format!("{version}\""))).destination;
        assert_eq!(&*destination.repository, public);
        assert_eq!(&*destination.private_repository, format!("{public}-priv"));
    }
    let old = MINIMAL.replace("4.20\"", "3.11\"");
    assert_eq!(wrong(&old), ["1:1 no repository is usual for a version before 4"]);
    assert_ne!(violations(&old).len(), 0);
    let named = format!("{old}destination: {{repository: three, private_repository: three-priv}}\n");
    assert_eq!(&*holds(&named).destination.repository, "three");
    assert_eq!(violations(&named), Vec::<String>::new());
}

#[test]
fn what_yaml_reads_as_a_number_is_to_be_quoted() {
    for (written, read_as) in
        [("4.10", "a number"), ("4", "a number"), ("0x10", "a number"), ("yes", "`true` or `false`")]
    {
        let text = MINIMAL.replace("\"4.20\"", written);
        let found = read(&text).unwrap_err();
        let expected = format!("2:10 `version` takes text, and YAML reads `{written}` as {read_as}");
        assert_eq!(told(&found), [expected]);
        assert_eq!(found[0].hint.as_deref(), Some(&*format!("put it between quotes: `\"{written}\"`")));
        assert_ne!(violations(&text).len(), 0, "{written}");
    }
    let text = full("\"61234567\"", "61234567");
    assert_eq!(wrong(&text), ["8:16 `basis_event` takes text, and YAML reads `61234567` as a number"]);
    let text = full("\"5.14.0\"", "5.14");
    assert_eq!(wrong(&text), ["83:26 `version` takes text, and YAML reads `5.14` as a number"]);
}

/// Whether the schema can know it too.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Schema {
    Knows,
    CannotKnow,
}
use Schema::{CannotKnow, Knows};

fn refuses(cases: &[(Schema, String, &str)]) {
    let mut differs = Vec::new();
    for (schema, text, expected) in cases {
        let (found, violations) = (wrong(text), violations(text));
        if found != [*expected] || violations.is_empty() != (*schema == CannotKnow) {
            differs.push(format!("{expected}\n  read: {found:?}\n  schema: {violations:?}"));
        }
    }
    assert!(differs.is_empty(), "\n{}", differs.join("\n"));
}

#[test]
fn a_file_that_is_none_is_refused_as_a_whole() {
    refuses(&[
        (Knows, "nothing".into(), "1:1 this is no payload file"),
        (Knows, "[]".into(), "1:1 this is no payload file"),
        (Knows, FULL.replace("payload/v1\n", "payload/v2\n"), "2:9 this program reads payload/v1"),
        (Knows, MINIMAL.replace("schema: payload/v1\n", ""), "1:1 `schema` is missing here"),
        (Knows, minimal("Rpms: []\n"), "10:1 unknown key `Rpms`"),
    ]);
    assert_eq!(wrong(""), ["1:1 this is no payload file"]);
    assert_eq!(wrong("schema: [").len(), 1);
    assert_eq!(read(&minimal("Rpms: []\n")).unwrap_err()[0].hint.as_deref(), Some("write `rpms`"));
    let twice = wrong(&minimal("schema: payload/v1\n"));
    assert_eq!(twice, ["10:1 the key `schema` is there twice"]);
}

#[test]
fn a_file_of_too_many_parts_is_told_in_words() {
    let [told] = &wrong(&format!("[{}]", "a,".repeat(260_000)))[..] else { panic!("one finding") };
    assert!(told.ends_with("the file has more parts, or deeper ones, than are read"), "{told}");
}

#[test]
fn the_version_the_assembly_and_the_architectures_are_what_they_must_be() {
    let arches = |list: &str| MINIMAL.replace("[amd64]", list);
    let assembly = |text: &str| MINIMAL.replace("{name: 4.20.3}", text);
    let mut cases = vec![
        (Knows, arches("[amd64, riscv64]"), "4:17 unknown architecture `riscv64`"),
        (CannotKnow, arches("[amd64, x86_64]"), "4:17 `x86_64` is there twice"),
        (Knows, arches("[]"), "4:9 `arches` is empty"),
        (Knows, arches("null"), "1:1 `arches` is missing here"),
        (Knows, arches("amd64"), "4:9 `arches` is a list"),
        (Knows, assembly("{}"), "3:11 `name` is missing here"),
        (Knows, assembly("{name: ../up}"), "3:18 no assembly is called `../up`"),
        (Knows, assembly("{name: a.}"), "3:18 no assembly is called `a.`"),
        (
            Knows,
            assembly("{name: a, type: release}"),
            "3:27 expected one of `stream`, `standard`, `candidate`, `custom`, `preview`",
        ),
        (
            Knows,
            assembly("{name: a, phase: Release}"),
            "3:28 expected one of `pre-release`, `signing`, `release`, `eol`",
        ),
        (Knows, minimal("build_system: jenkins\n"), "10:15 expected one of `konflux`, `brew`"),
        (Knows, minimal("embargo: {enabled: maybe}\n"), "10:20 `enabled` is `true` or `false`"),
        (Knows, minimal("embargo: true\n"), "10:10 this is no `embargo`"),
    ];
    // 18.8
    for version in ["4", "v4.19", "4.19.1", "4.019"] {
        let text = MINIMAL.replace("4.20\"", &format!("{version}\""));
        cases.push((Knows, text, "2:10 expected a version `X.Y` of two numbers, such as `4.19`"));
    }
    refuses(&cases);
    // 18.6
    assert_eq!(holds(&assembly("{name: test}")).assembly.kind, AssemblyType::Stream);
    assert_eq!(holds(&assembly("{name: rc.1, type: candidate}")).assembly.kind, AssemblyType::Candidate);
}

#[test]
fn a_payload_in_which_nothing_is_embargoed_has_no_build_that_says_it_is() {
    let none = FULL.replace("embargo: {enabled: true}", "embargo: {enabled: false}");
    let told = told(&holds(&none).findings);
    assert_eq!(told.len(), 1, "{told:#?}");
    assert!(
        told[0].contains("`ose-etcd` on line 48 has a release that says it is: it becomes public"),
        "{told:#?}"
    );
    let secret = none.replace("embargoed: null", "embargoed: true");
    assert_ne!(secret, none);
    refuses(&[(
        CannotKnow,
        secret.clone(),
        "18:10 this says that nothing is embargoed, and the build of `ose-etcd` on line 48 says `embargoed: true`",
    )]);
    holds(&secret.replace("embargo: {enabled: false}", "embargo: {enabled: true}"));
}

#[test]
fn the_latest_is_that_of_stream_alone_and_names_are_such_as_a_cluster_takes() {
    // 18.75
    let named = |name: &str| minimal(&format!("imagestream: {{name: {name}}}\n"));
    refuses(&[
        (
            Knows,
            named("4.20-art-latest"),
            "10:21 the assembly `4.20.3` must not become `art-latest`, which is that of `stream`",
        ),
        (Knows, named("Not_latest"), "10:21 `Not_latest` is no name in a cluster"),
        (Knows, minimal("imagestream: {namespace: o.cp}\n"), "10:26 `o.cp` is no name in a cluster"),
    ]);
    assert_eq!(holds(&named("4.20-not-latest")).imagestream.name.as_deref(), Some("4.20-not-latest"));
    assert_eq!(violations(&named("4.20-not-latest")), Vec::<String>::new());
    holds(&full("name: null}", "name: 4.19-art-latest}"));
}

#[test]
fn destinations_are_hosts_and_paths_and_two_audiences_need_two_repositories() {
    let at = |text: &str| minimal(&format!("destination: {{{text}}}\n"));
    refuses(&[
        (
            Knows,
            at("registry: https://quay.io"),
            "10:25 expected a registry's host without scheme or path, such as `quay.io`",
        ),
        (
            Knows,
            at("publish_registry: quay"),
            "10:33 expected a registry's host without scheme or path, such as `quay.io`",
        ),
        (Knows, at("organization: Team"), "10:29 this is no part of a repository's name"),
        (Knows, at("repository: a:b"), "10:27 this is no part of a repository's name"),
        (
            CannotKnow,
            at("repository: a, private_repository: a"),
            "10:50 `private_repository` is the repository that anyone may see",
        ),
        (
            CannotKnow,
            at("repository: ocp-v4.0-art-dev-priv"),
            "10:27 `private_repository` is the repository that anyone may see",
        ),
        (
            Knows,
            minimal("multi_arch: {min_interval: 6}\n"),
            "10:28 `min_interval` takes text, and YAML reads `6` as a number",
        ),
        (
            Knows,
            minimal("multi_arch: {min_interval: soon}\n"),
            "10:28 expected a length of time with its unit, such as `6h` or `90m`",
        ),
        (
            Knows,
            minimal("multi_arch: {keep_recent: -1}\n"),
            "10:27 `keep_recent` is a whole number from 0, without quotes",
        ),
        (Knows, minimal("substitute_tag: a/b\n"), "10:17 `a/b` is no tag"),
    ]);
}

#[test]
fn everything_that_is_wrong_is_told_at_once_and_in_order() {
    let text = "schema: payload/v1\nversion: 4.19\nassembly: {name: a, permits: [{code: X, component: p}]}\n\
                arches: [mips]\nrhcos: {containers: [{name: a}]}\nimages:\n- {name: x, image_name: p, build: {}}\nextra: 1\n";
    let expected = [
        "2:10 `version` takes text, and YAML reads `4.19` as a number",
        "3:38 unknown code `X`",
        "4:10 unknown architecture `mips`",
        "5:21 one container is primary, and here 0 are",
        "7:35 `nvr` is missing here",
        "7:35 `pullspec` is missing here",
        "8:1 unknown key `extra`",
    ];
    assert_eq!(wrong(text), expected);
    assert!(!violations(text).is_empty());
}

#[test]
fn a_file_that_cannot_be_read_says_which_and_why() {
    let absent = Payload::load(std::path::Path::new("/no/such/payload.yaml")).unwrap_err();
    assert_eq!(absent.to_string(), "the payload file `/no/such/payload.yaml` cannot be read");
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("payload.yaml");
    std::fs::write(&path, [0x1f, 0x8b, 0xff]).unwrap();
    let PayloadError::Wrong { findings, .. } = Payload::load(&path).unwrap_err() else { panic!("not read") };
    assert_eq!(told(&findings), ["0:0 this is not UTF-8 text"]);
    std::fs::write(&path, MINIMAL).unwrap();
    assert_eq!(&*Payload::load(&path).unwrap().file, path.to_str().unwrap());
}
