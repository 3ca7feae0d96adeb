//! `jobs/`: read with Kubernetes' types, no unknown field allowed, and every command line with our own parser.

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::path::Path;
use std::time::Duration;

use image_mirror::cli::args::Args;
use image_mirror::cli::settings::{Action, Environment, Settings};
use k8s_openapi::api::apps::v1::{Deployment, DeploymentSpec};
use k8s_openapi::api::batch::v1::{CronJob, Job, JobSpec};
use k8s_openapi::api::core::v1::{Container, PodSpec, ServiceAccount};
use k8s_openapi::api::rbac::v1::{ClusterRole, ClusterRoleBinding, PolicyRule, Role, RoleBinding};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::manifests::containers;
use super::overlays::OVERLAYS;
use super::{assert_command_line, files_below, text};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Prow {
    periodics: Vec<Periodic>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Periodic {
    agent: String,
    cluster: String,
    cron: String,
    decorate: bool,
    decoration_config: Decoration,
    #[serde(default)]
    pub(super) extra_refs: Vec<Refs>,
    labels: BTreeMap<String, String>,
    max_concurrency: u32,
    name: String,
    reporter_config: Option<Reporter>,
    spec: Value,
}

/// A repository that Prow clones.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Refs {
    pub(super) org: String,
    pub(super) repo: String,
    pub(super) base_ref: String,
    pub(super) workdir: bool,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Decoration {
    #[serde(with = "humantime_text")]
    pub(super) timeout: Duration,
    #[serde(with = "humantime_text")]
    pub(super) grace_period: Duration,
    pub(super) skip_cloning: bool,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Reporter {
    slack: Slack,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Slack {
    channel: String,
    job_states_to_report: Vec<String>,
}

mod humantime_text {
    use super::{Deserialize, Duration};

    pub(super) fn deserialize<'de, D: serde::Deserializer<'de>>(input: D) -> Result<Duration, D::Error> {
        humantime::parse_duration(&String::deserialize(input)?).map_err(serde::de::Error::custom)
    }
}

/// Reads a value as `T` and requires that `T` knows every field of it.
pub(super) fn strict<T: DeserializeOwned + Serialize>(place: &str, value: &Value) -> T {
    let typed: T = T::deserialize(value).unwrap_or_else(|error| panic!("{place}: {error}"));
    assert_known(place, value, &serde_json::to_value(&typed).unwrap());
    typed
}

fn assert_known(place: &str, written: &Value, read: &Value) {
    match (written, read) {
        (Value::Object(written), Value::Object(read)) => {
            for (key, value) in written {
                let place = format!("{place}.{key}");
                assert_known(
                    &place,
                    value,
                    read.get(key).unwrap_or_else(|| panic!("{place}: unknown field")),
                );
            }
        }
        (Value::Array(written), Value::Array(read)) => {
            assert_eq!(written.len(), read.len(), "{place}");
            for (at, (written, read)) in written.iter().zip(read).enumerate() {
                assert_known(&format!("{place}[{at}]"), written, read);
            }
        }
        _ => assert_eq!(written, read, "{place}"),
    }
}

pub(super) fn yaml<T: DeserializeOwned>(path: &str) -> T {
    serde_yaml::from_str(&text(path)).unwrap_or_else(|error| panic!("{path}: {error}"))
}

pub(super) fn periodics() -> Vec<(String, Periodic, PodSpec)> {
    let files = files_below("jobs/prow", |path| text(path).contains("\nperiodics:\n"));
    assert_eq!(files.len(), 13, "a template and twelve examples: {files:?}");
    let read = |path: String| {
        let mut prow: Prow = yaml(&path);
        assert_eq!(prow.periodics.len(), 1, "{path}");
        let periodic = prow.periodics.remove(0);
        let pod = strict(&path, &periodic.spec);
        (path, periodic, pod)
    };
    files.into_iter().map(read).collect()
}

const CRON_JOBS: [&str; 3] =
    ["jobs/kustomize/cronjob.yaml", "jobs/kustomize/stream-prune.yaml", "jobs/kustomize/publish.yaml"];

pub(super) fn cron_jobs() -> [(&'static str, CronJob, JobSpec, PodSpec); 3] {
    CRON_JOBS.map(|path| {
        let job: CronJob = strict(path, &yaml(path));
        let spec = job.spec.job_template.spec.clone().unwrap();
        let pod = spec.template.spec.clone().unwrap();
        (path, job, spec, pod)
    })
}

fn indexed_job() -> (JobSpec, PodSpec) {
    let job: Job = strict("jobs/indexed-job.yaml", &yaml("jobs/indexed-job.yaml"));
    let spec = job.spec.unwrap();
    let pod = spec.template.spec.clone().unwrap();
    (spec, pod)
}

/// The one container of a pod.
pub(super) fn container(pod: &PodSpec) -> &Container {
    assert_eq!(pod.containers.len(), 1);
    &pod.containers[0]
}

/// The words that the container runs; without a command, the image's entry point comes first.
pub(super) fn words(container: &Container) -> Vec<String> {
    let entry_point = || vec!["image-mirror".to_owned()];
    let mut words = container.command.clone().unwrap_or_else(entry_point);
    words.extend(container.args.clone().unwrap_or_default());
    words
}

pub(super) fn deadline(container: &Container) -> Duration {
    let words = words(container);
    let deadline = words.iter().find_map(|word| word.strip_prefix("--deadline="));
    humantime::parse_duration(deadline.expect("a deadline")).unwrap()
}

/// What every shipped pod keeps: no rights it does not need, its memory asked for, each mount backed by a volume.
pub(super) fn assert_modest(place: &str, pod: &PodSpec) {
    let container = container(pod);
    let rights = container.security_context.as_ref().expect(place);
    let pod_rights = pod.security_context.clone().unwrap_or_default();
    assert_eq!(rights.read_only_root_filesystem, Some(true), "{place}");
    assert_eq!(rights.allow_privilege_escalation, Some(false), "{place}");
    assert_eq!(rights.run_as_non_root.or(pod_rights.run_as_non_root), Some(true), "{place}");
    assert_eq!(rights.run_as_user.or(pod_rights.run_as_user), None, "{place}: OpenShift chooses the uid");
    let requests =
        container.resources.as_ref().and_then(|resources| resources.requests.as_ref()).expect(place);
    assert_eq!(requests.keys().collect::<Vec<_>>(), ["cpu", "memory"], "{place}");
    let volumes: Vec<_> = pod.volumes.iter().flatten().map(|volume| &volume.name).collect();
    for mount in container.volume_mounts.iter().flatten() {
        assert!(volumes.contains(&&mount.name), "{place}: no volume {}", mount.name);
    }
}

fn deployment() -> (DeploymentSpec, PodSpec) {
    let path = "jobs/imagestreams/deployment.yaml";
    let deployment: Deployment = strict(path, &yaml(path));
    let spec = deployment.spec;
    let pod = spec.template.spec.clone().unwrap();
    (spec, pod)
}

#[test]
fn every_prow_periodic_is_one_that_prow_and_kubernetes_understand() {
    for (path, periodic, pod) in periodics() {
        assert_eq!((periodic.agent.as_str(), periodic.decorate), ("kubernetes", true), "{path}");
        let cron = match path.rsplit('/').next() {
            Some(
                "auth-check.yaml" | "prune-tags.yaml" | "publish.yaml" | "stream-mirror.yaml"
                | "stream-prune.yaml",
            ) => "@daily",
            Some("nightly.yaml") => "15 */3 * * *",
            _ => "@hourly",
        };
        assert_eq!((periodic.cron.as_str(), periodic.max_concurrency), (cron, 1), "{path}");
        assert!(!periodic.cluster.is_empty(), "{path}");
        assert_eq!(periodic.decoration_config.skip_cloning, periodic.extra_refs.is_empty(), "{path}");
        let area = &periodic.labels["ci.openshift.io/area"];
        assert!(periodic.labels.contains_key("ci.openshift.io/role"), "{path}");
        assert_eq!(periodic.name, format!("periodic-image-mirroring-{area}"), "{path}");
        if let Some(reporter) = periodic.reporter_config {
            assert!(reporter.slack.channel.starts_with('#'), "{path}");
            assert_eq!(reporter.slack.job_states_to_report, ["failure", "error"], "{path}");
        }
        assert_modest(&path, &pod);
    }
}

#[test]
fn every_job_ends_by_itself_before_its_environment_ends_it() {
    for (path, periodic, pod) in periodics() {
        let container = container(&pod);
        // `auth check` has no deadline: it asks each repository once.
        assert!(
            words(container)[1] == "auth" || deadline(container) < periodic.decoration_config.timeout,
            "{path}"
        );
        assert!(periodic.decoration_config.grace_period > Duration::from_secs(25), "{path}: --grace is 25s");
    }
    for (path, _, job, pod) in cron_jobs() {
        let active = job.active_deadline_seconds.unwrap().unsigned_abs();
        assert!(deadline(container(&pod)).as_secs() < active, "{path}");
        assert!(pod.termination_grace_period_seconds.unwrap() > 25, "{path}");
    }
    let (job, pod) = indexed_job();
    assert!(deadline(container(&pod)).as_secs() < job.active_deadline_seconds.unwrap().unsigned_abs());
    assert!(pod.termination_grace_period_seconds.unwrap() > 25);
}

#[test]
fn every_command_line_in_a_job_is_one_that_the_program_takes() {
    let ours = containers().into_iter().filter(|(path, ..)| !OVERLAYS.contains(&path.as_str()));
    let lines: Vec<_> = ours.map(|(path, _, container)| (path, words(&container))).collect();
    let (mut taken, mut others) = (0, Vec::new());
    for (path, words) in &lines {
        if words[0] == "image-mirror" {
            assert_command_line(path, words);
            taken += 1;
        } else {
            others.push(words[0].as_str());
        }
    }
    assert!(taken > 20, "{lines:?}");
    assert_eq!(others, ["git"], "the program clones nothing itself");
}

#[test]
fn the_pods_of_the_indexed_job_know_their_shard_and_share_a_directory_for_their_reports() {
    let (job, pod) = indexed_job();
    assert_eq!(job.completion_mode.as_deref(), Some("Indexed"));
    assert_eq!(
        (job.backoff_limit_per_index, job.backoff_limit),
        (Some(0), None),
        "one must not end the others"
    );
    assert_eq!(pod.automount_service_account_token, Some(false), "no token where none is used");
    assert_modest("indexed-job.yaml", &pod);
    let container = container(&pod);
    let variables = container.env.iter().flatten();
    let valued = variables.filter_map(|variable| Some((&variable.name, variable.value.as_ref()?)));
    let mut variables: BTreeMap<OsString, OsString> =
        valued.map(|(name, value)| (name.into(), value.into())).collect();
    let last = job.completions.unwrap() - 1;
    variables.insert("JOB_COMPLETION_INDEX".into(), last.to_string().into()); // Kubernetes does
    let args = Args::read(words(container).into_iter().map(OsString::from)).unwrap();
    let Action::Run(run) = Settings::new(args, &Environment::read(variables)).unwrap().action else {
        panic!("not a run")
    };
    assert_eq!(run.shard.unwrap().to_string(), format!("{last}/{}", last + 1));
    let mounts = container.volume_mounts.as_ref().unwrap();
    let artifacts =
        mounts.iter().find(|mount| Some(Path::new(&mount.mount_path)) == run.pace.artifacts.as_deref());
    assert_eq!(artifacts.unwrap().sub_path_expr.as_deref(), Some("$(JOB_NAME)"));
}

#[test]
fn only_the_template_has_something_to_fill_in_and_the_examples_select_shipped_mapping_files() {
    let shipped = files_below("mappings", |path| path.contains("/mapping_"));
    for (path, _, pod) in periodics() {
        let is_template = path.ends_with("template.yaml");
        assert_eq!(text(&path).contains("FIXME"), is_template, "{path}");
        if is_template {
            continue;
        }
        let words = words(container(&pod));
        if words[1] != "run" {
            continue;
        }
        let pattern =
            words.last().and_then(|word| word.strip_prefix("/etc/imagemirror/")).expect("a pattern");
        let pattern = glob::Pattern::new(pattern).unwrap();
        let name = |path: &String| path.rsplit('/').next().unwrap().to_owned();
        assert!(shipped.iter().any(|path| pattern.matches(&name(path))), "{path}: {pattern} selects no file");
    }
}

#[test]
fn the_cron_jobs_are_such_that_kubernetes_understands() {
    let names = ["image-mirror", "image-mirror-stream-prune", "image-mirror-publish"];
    for ((path, job, _, pod), name) in cron_jobs().into_iter().zip(names) {
        assert_eq!(job.metadata.name.as_deref(), Some(name));
        assert_eq!(job.spec.concurrency_policy.as_deref(), Some("Forbid"), "{path}");
        assert_eq!(pod.automount_service_account_token, Some(false), "no token where none is used");
        assert_modest(path, &pod);
    }
}

#[test]
fn the_resident_service_is_one_that_kubernetes_understands_and_ends_before_it_is_ended() {
    let (spec, pod) = deployment();
    assert!(spec.replicas.unwrap() > 1, "the lease is there for several");
    assert_modest("deployment.yaml", &pod);
    let container = container(&pod);
    assert!(words(container).contains(&"--listen=0.0.0.0:8090".to_owned()), "the probes come from outside");
    let ports: Vec<i32> = container.ports.iter().flatten().map(|port| port.container_port).collect();
    assert_eq!(ports, [8090]);
    let path = |probe: &k8s_openapi::api::core::v1::Probe| probe.http_get.clone().unwrap().path.unwrap();
    let probes = (container.liveness_probe.as_ref().map(path), container.readiness_probe.as_ref().map(path));
    assert_eq!(probes, (Some("/healthz".to_owned()), Some("/readyz".to_owned())));
    assert!(
        pod.termination_grace_period_seconds.unwrap() > 25 + 10,
        "--grace is 25s, and the lease is given up"
    );
    let selected = spec.selector.match_labels.unwrap();
    assert_eq!(Some(&selected), spec.template.metadata.unwrap().labels.as_ref());
}

#[test]
fn the_rights_of_the_service_account_are_those_that_it_uses_and_no_more() {
    let path = "jobs/imagestreams/rights.yaml";
    let objects: Vec<Value> =
        text(path).split("---\n").map(|part| serde_yaml::from_str(part).unwrap()).collect();
    let [account, all, all_bound, lease, lease_bound] = objects.as_slice() else { panic!("five objects") };
    let account: ServiceAccount = strict(path, account);
    let (all, lease): (ClusterRole, Role) = (strict(path, all), strict(path, lease));
    let verbs = |rules: &[PolicyRule]| {
        let of = |rule: &PolicyRule| (rule.resources.clone().unwrap(), rule.verbs.clone());
        rules.iter().map(of).collect::<Vec<_>>()
    };
    let words = |words: &[&str]| words.iter().map(|&word| word.to_owned()).collect::<Vec<_>>();
    assert_eq!(verbs(&all.rules.unwrap()), [(words(&["imagestreams"]), words(&["get", "list", "watch"]))]);
    assert_eq!(verbs(&lease.rules.unwrap()), [(words(&["leases"]), words(&["get", "create", "update"]))]);

    let (_, pod) = deployment();
    assert_eq!(pod.service_account_name, account.metadata.name);
    let (all_bound, lease_bound): (ClusterRoleBinding, RoleBinding) =
        (strict(path, all_bound), strict(path, lease_bound));
    let bound = [(all_bound.role_ref, all_bound.subjects), (lease_bound.role_ref, lease_bound.subjects)];
    for ((role, subjects), name) in bound.into_iter().zip([all.metadata.name, lease.metadata.name]) {
        assert_eq!(Some(role.name), name);
        assert_eq!(subjects.unwrap()[0].name, account.metadata.name.clone().unwrap());
    }
}
