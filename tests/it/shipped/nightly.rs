//! What is shipped for `nightly`: its page, against what the program knows; its job, and the rights of that.

use std::collections::BTreeSet;
use std::path::Path;

use image_mirror::cli::args::Args;
use image_mirror::cli::settings::{Action, BackendSettings, Environment, Nightly, Settings};
use image_mirror::nightly::names::{multi_stream_name, stream_name};
use image_mirror::nightly::retrigger::streams;
use image_mirror::nightly::{Arch, Code, Payload, Privacy};
use k8s_openapi::api::core::v1::{PersistentVolumeClaim, PodSpec, ServiceAccount};
use k8s_openapi::api::rbac::v1::{ClusterRole, PolicyRule, RoleBinding};
use serde::Deserialize as _;
use serde_json::Value;

use super::jobs::{container, periodics, strict, words};
use super::{root, text};

const RIGHTS: &str = "jobs/nightly/rights.yaml";

fn page() -> String {
    text("docs/nightly.md")
}

/// The first cells of the table whose head begins with `head`.
fn first_cells(page: &str, head: &str) -> Vec<String> {
    let table = page.lines().skip_while(|line| !line.starts_with(head)).skip(2);
    let rows = table.take_while(|line| line.starts_with('|'));
    rows.filter_map(|row| row.split('|').nth(1)).map(|cell| cell.trim().replace('`', "")).collect()
}

/// What the program takes of `words` and no variables.
fn settled(words: &[String]) -> Nightly {
    let args = Args::read(words.iter().map(std::ffi::OsString::from)).unwrap();
    match Settings::new(args, &Environment::read([])).unwrap().action {
        Action::Nightly(nightly) => *nightly,
        other => panic!("not nightly: {other:?}"),
    }
}

fn example() -> Payload {
    Payload::load(&root().join("tests/data/nightly/payload.yaml")).unwrap()
}

#[test]
fn each_check_is_explained_once_and_has_an_example_or_is_said_never_to_be_made() {
    let page = page();
    let known: BTreeSet<String> = Code::ALL.iter().map(ToString::to_string).collect();
    let explained = first_cells(&page, "| code | found when |");
    assert_eq!(explained.iter().cloned().collect::<BTreeSet<_>>(), known);
    assert_eq!(explained.len(), known.len(), "each once");

    let shown: BTreeSet<String> = first_cells(&page, "| code | message |").into_iter().collect();
    let never = page.lines().filter(|line| line.starts_with("| `") && line.ends_with("| never |"));
    let never: BTreeSet<String> =
        never.filter_map(|line| line.split('`').nth(1)).map(str::to_owned).collect();
    assert!(shown.is_disjoint(&never), "{shown:?} {never:?}");
    assert_eq!(shown.union(&never).cloned().collect::<BTreeSet<_>>(), known);
}

#[test]
fn each_parameter_is_explained_with_its_variable() {
    let words = ["image-mirror", "nightly"].map(str::to_owned);
    let known: BTreeSet<String> =
        settled(&words).table.iter().map(|parameter| parameter.name.to_owned()).collect();
    let explained = first_cells(&page(), "| variable | flag |");
    let explained: BTreeSet<String> = explained.into_iter().filter(|name| !name.is_empty()).collect();
    assert_eq!(explained, known);
}

#[test]
fn each_flag_of_its_own_is_explained() {
    let page = page();
    let flags = |command: &[&str]| -> BTreeSet<String> {
        let words = ["image-mirror"].iter().chain(command).chain(&["--help"]);
        let help = Args::read(words.map(std::ffi::OsString::from)).unwrap_err().to_string();
        let flags = help.lines().filter_map(|line| line.trim_start().strip_prefix("--"));
        flags.map(|flag| flag.split(['[', ' ']).next().unwrap().to_owned()).collect()
    };
    let own = &flags(&["nightly"]) - &flags(&["run"]);
    assert!(own.len() > 20, "{own:?}");
    for flag in own {
        assert!(page.contains(&format!("`--{flag}")), "--{flag} is not explained");
    }
}

#[test]
fn each_payload_in_the_page_is_one_that_the_program_reads() {
    let folder = tempfile::tempdir().unwrap();
    let page = page();
    let blocks = page.split("```yaml\n").skip(1).filter_map(|rest| rest.split("```").next());
    let payloads: Vec<_> = blocks.filter(|block| block.trim_start().starts_with("schema:")).collect();
    assert_eq!(payloads.len(), 2, "the example, and the smallest");
    for block in payloads {
        let indent = block.len() - block.trim_start().len();
        let lines: Vec<_> = block.lines().map(|line| line.get(indent..).unwrap_or_default()).collect();
        let file = folder.path().join("payload.yaml");
        std::fs::write(&file, lines.join("\n")).unwrap();
        let payload = Payload::load(&file).unwrap_or_else(|error| panic!("{error:?}\n{block}"));
        assert!(payload.findings.is_empty(), "{:?}", payload.findings);
    }
}

fn periodic() -> PodSpec {
    let mut periodics = periodics().into_iter();
    let (_, _, pod) = periodics.find(|(path, ..)| path.ends_with("/nightly.yaml")).unwrap();
    pod
}

#[test]
fn the_periodic_writes_to_a_cluster_as_its_own_account_and_keeps_its_state_on_a_volume() {
    let pod = periodic();
    let container = container(&pod);
    let nightly = settled(&words(container));
    assert!(matches!(nightly.backend, BackendSettings::Cluster(_)));
    assert!(nightly.wait_import.is_some() && !nightly.dry_run && !nightly.mock);
    assert_eq!(pod.automount_service_account_token, Some(true));

    let mounts = container.volume_mounts.as_ref().unwrap();
    let mount_of = |file: &Path| mounts.iter().find(|mount| file.starts_with(&mount.mount_path)).unwrap();
    let volume_of = |file: &Path| {
        let name = &mount_of(file).name;
        pod.volumes.iter().flatten().find(|volume| volume.name == *name).unwrap()
    };
    let state = nightly.state_file.as_deref().unwrap();
    assert_ne!(mount_of(state).read_only, Some(true));
    let claim = volume_of(state).persistent_volume_claim.as_ref().unwrap();
    let (_, claimed, _) = rights();
    assert_eq!(Some(&claim.claim_name), claimed.metadata.name.as_ref());
    let payload = Path::new(nightly.parameters.data_path.as_deref().unwrap());
    assert!(volume_of(payload).config_map.is_some() && mount_of(payload).read_only == Some(true));
}

/// The account, the claim, and the rest.
fn rights() -> (ServiceAccount, PersistentVolumeClaim, Vec<Value>) {
    let documents = serde_yaml::from_multiple::<Value>(&text(RIGHTS)).unwrap();
    let [account, claim, rest @ ..] = documents.as_slice() else { panic!("{documents:?}") };
    (strict(RIGHTS, account), strict(RIGHTS, claim), rest.to_vec())
}

#[test]
fn the_account_of_the_periodic_may_do_what_it_does_in_the_namespaces_of_nightlies_and_no_more() {
    let (account, _, others) = rights();
    let of_kind = |kind: &'static str| others.iter().filter(move |object| object["kind"] == kind);
    let roles: Vec<ClusterRole> = of_kind("ClusterRole").map(|role| strict(RIGHTS, role)).collect();
    let bound: Vec<RoleBinding> =
        of_kind("RoleBinding").map(|binding| RoleBinding::deserialize(binding).unwrap()).collect();
    assert_eq!(roles.len() + bound.len(), others.len(), "nothing is bound in the whole cluster");
    assert_eq!(periodic().service_account_name, account.metadata.name);

    let verbs = |rule: &PolicyRule| format!("{:?} {:?}", rule.resources.as_ref().unwrap(), rule.verbs);
    let allowed: Vec<Vec<String>> =
        roles.iter().map(|role| role.rules.iter().flatten().map(verbs).collect()).collect();
    let update = [r#"["imagestreams"] ["get", "create", "update"]"#, r#"["imagestreamtags"] ["delete"]"#];
    assert_eq!(allowed, [update.to_vec(), vec![r#"["imagestreamtags"] ["create", "update"]"#]]);

    let namespaces = |role: &ClusterRole| -> BTreeSet<String> {
        let its = |binding: &&RoleBinding| Some(&binding.role_ref.name) == role.metadata.name.as_ref();
        bound.iter().filter(its).map(|binding| binding.metadata.namespace.clone().unwrap()).collect()
    };
    let payload = example();
    let arches = [Arch::X86_64, Arch::S390x, Arch::Ppc64le, Arch::Aarch64];
    let named =
        arches.iter().flat_map(|arch| Privacy::BOTH.map(|privacy| stream_name(&payload, *arch, privacy)));
    let all = named.chain([multi_stream_name(&payload)]).map(|stream| stream.namespace.to_string());
    assert_eq!(namespaces(&roles[0]), all.collect());
    let retriggered = streams((payload.version, payload.build_system), "stream", &[]).unwrap();
    let retriggered = retriggered.iter().map(|stream| stream.namespace.to_string());
    assert_eq!(namespaces(&roles[1]), retriggered.collect());
    for binding in bound {
        let subjects = binding.subjects.unwrap();
        assert_eq!(subjects.len(), 1);
        assert_eq!(Some(&subjects[0].name), account.metadata.name.as_ref());
        assert_eq!(subjects[0].namespace, account.metadata.namespace);
    }
}
