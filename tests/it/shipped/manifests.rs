//! All of `jobs/` at once, file by file: each object is of a kind that is known here, and every pod is found, whatever starts it.

use std::collections::BTreeMap;
use std::path::Path;

use clap::CommandFactory as _;
use image_mirror::cli::args::Args;
use k8s_openapi::api::apps::v1::Deployment;
use k8s_openapi::api::batch::v1::{CronJob, Job};
use k8s_openapi::api::core::v1::{
    ConfigMap, Container, PersistentVolumeClaim, PodSpec, Service, ServiceAccount,
};
use k8s_openapi::api::rbac::v1::{ClusterRole, ClusterRoleBinding, Role, RoleBinding};
use k8s_openapi::apimachinery::pkg::apis::meta::v1::ObjectMeta;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::jobs::{strict, words};
use super::{files_below, overlays, text};

/// What the Prometheus operator reads; Kubernetes itself has no such kind.
#[derive(Deserialize, Serialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
struct ServiceMonitor {
    api_version: String,
    kind: String,
    metadata: ObjectMeta,
    spec: Monitored,
}

#[derive(Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
struct Monitored {
    selector: Selector,
    endpoints: Vec<Endpoint>,
}

#[derive(Deserialize, Serialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
struct Selector {
    match_labels: BTreeMap<String, String>,
}

#[derive(Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
struct Endpoint {
    port: String,
    path: String,
    interval: String,
}

/// Every file below `jobs/` that is YAML.
pub(super) fn files() -> Vec<String> {
    files_below("jobs", |path| Path::new(path).extension().is_some_and(|end| end == "yaml"))
}

/// The documents of a file.
pub(super) fn documents(path: &str) -> Vec<Value> {
    serde_yaml::from_multiple(&text(path)).unwrap_or_else(|error| panic!("{path}: {error}"))
}

/// The pods that a document starts; none: it is a known object without pods.
pub(super) fn pods_of(path: &str, document: &Value) -> Vec<PodSpec> {
    let jobs = |list: &Value| -> Vec<PodSpec> {
        list.as_array().unwrap().iter().map(|job| strict(path, &job["spec"])).collect()
    };
    if let Some(periodics) = document.get("periodics") {
        return jobs(periodics);
    }
    if let Some(presubmits) = document.get("presubmits") {
        return presubmits.as_object().unwrap().values().flat_map(jobs).collect();
    }
    if document.is_array() || path.starts_with("jobs/prometheus/") {
        return Vec::new(); // patches, which `overlays` applies, and what `rules` gives to promtool
    }
    let pod = match document["kind"].as_str().unwrap_or_default() {
        "CronJob" => {
            let job: CronJob = strict(path, document);
            job.spec.job_template.spec.and_then(|job| job.template.spec)
        }
        "Job" => strict::<Job>(path, document).spec.and_then(|job| job.template.spec),
        "Deployment" => strict::<Deployment>(path, document).spec.template.spec,
        kind => {
            without_pods(path, kind, document);
            return Vec::new();
        }
    };
    vec![pod.expect(path)]
}

fn without_pods(path: &str, kind: &str, document: &Value) {
    match kind {
        "ServiceAccount" => drop(strict::<ServiceAccount>(path, document)),
        "PersistentVolumeClaim" => drop(strict::<PersistentVolumeClaim>(path, document)),
        "ConfigMap" => drop(strict::<ConfigMap>(path, document)),
        "Service" => drop(strict::<Service>(path, document)),
        "Role" => drop(strict::<Role>(path, document)),
        "RoleBinding" => drop(strict::<RoleBinding>(path, document)),
        "ClusterRole" => drop(strict::<ClusterRole>(path, document)),
        "ClusterRoleBinding" => drop(strict::<ClusterRoleBinding>(path, document)),
        "ServiceMonitor" => drop(strict::<ServiceMonitor>(path, document)),
        "Kustomization" => overlays::assert_resolves(path),
        other => panic!("{path}: nobody reads `{other}`"),
    }
}

/// Every pod that is shipped, by its file; that of an overlay as it is once its patches are applied.
pub(super) fn pods() -> Vec<(String, PodSpec)> {
    let of_file = |path: String| {
        let pods: Vec<PodSpec> =
            documents(&path).iter().flat_map(|document| pods_of(&path, document)).collect();
        pods.into_iter().map(move |pod| (path.clone(), pod))
    };
    let of_overlay = |path: &&str| {
        let objects = overlays::rendered(path);
        let pods: Vec<PodSpec> = objects.iter().flat_map(|object| pods_of(path, object)).collect();
        let path = (*path).to_owned();
        pods.into_iter().map(move |pod| (path.clone(), pod))
    };
    files().into_iter().flat_map(of_file).chain(overlays::OVERLAYS.iter().flat_map(of_overlay)).collect()
}

/// Every container of these pods, those that come first included.
pub(super) fn containers() -> Vec<(String, PodSpec, Container)> {
    let of_pod = |(path, pod): (String, PodSpec)| {
        let containers: Vec<Container> =
            pod.init_containers.iter().flatten().chain(&pod.containers).cloned().collect();
        containers.into_iter().map(move |container| (path.clone(), pod.clone(), container))
    };
    pods().into_iter().flat_map(of_pod).collect()
}

/// The words of a page between `head` and the next empty line.
fn paragraph(page: &str, head: &str) -> String {
    page.lines().skip_while(|line| !line.starts_with(head)).take_while(|line| !line.is_empty()).collect()
}

#[test]
fn every_file_below_jobs_is_read_and_is_once_in_the_table() {
    let page = text("jobs/README.md");
    let table: String = page.lines().filter(|line| line.starts_with("| [")).collect();
    let links = regex::Regex::new(r"\]\(([^)]+)\)").unwrap();
    let linked: Vec<String> = links
        .captures_iter(&table)
        .map(|link| link[1].to_owned())
        .filter(|to| !to.starts_with(".."))
        .collect();
    for link in &linked {
        assert!(super::root().join("jobs").join(link).exists(), "{link} is not there");
    }
    let files = files();
    assert!(files.len() > 25, "{files:?}");
    for path in files {
        let name = path.strip_prefix("jobs/").unwrap();
        assert_eq!(linked.iter().filter(|link| *link == name).count(), 1, "{name} in the table");
        let read = documents(&path);
        assert!(!read.is_empty(), "{path}");
        for document in &read {
            pods_of(&path, document); // panics where nobody knows it
        }
    }
}

#[test]
fn every_command_of_the_program_is_in_a_job_or_is_said_to_be_for_people() {
    let started: Vec<String> = containers().iter().filter_map(|(.., it)| words(it).get(1).cloned()).collect();
    let people = paragraph(&text("jobs/README.md"), "For people");
    let (mut in_jobs, mut for_people) = (0, 0);
    for command in Args::command().get_subcommands() {
        let name = command.get_name();
        let is_started = started.iter().any(|word| word == name);
        let is_for_people = people.contains(&format!("`{name}`"));
        assert!(is_started || is_for_people, "no job starts `{name}`");
        assert!(!(is_started && is_for_people), "`{name}` is in a job: the page says it is for people");
        in_jobs += usize::from(is_started);
        for_people += usize::from(is_for_people);
    }
    assert!(in_jobs >= 9 && for_people >= 2, "{in_jobs} {for_people}");
}

#[test]
fn the_metrics_of_the_resident_service_are_found_by_labels_and_by_the_name_of_its_port() {
    let of = |file: &str| documents(&format!("jobs/imagestreams/{file}.yaml")).remove(0);
    let service: Service = strict("service", &of("service"));
    let monitor: ServiceMonitor = strict("servicemonitor", &of("servicemonitor"));
    let deployment: Deployment = strict("deployment", &of("deployment"));
    let spec = service.spec.unwrap();
    let template = deployment.spec.template;
    assert_eq!(spec.selector, template.metadata.unwrap().labels, "the pods of the Deployment");
    assert_eq!(Some(monitor.spec.selector.match_labels), service.metadata.labels);
    assert_eq!(
        (monitor.api_version.as_str(), monitor.kind.as_str()),
        ("monitoring.coreos.com/v1", "ServiceMonitor")
    );
    let namespaces = [monitor.metadata.namespace, service.metadata.namespace];
    assert_eq!(namespaces, [deployment.metadata.namespace.clone(), deployment.metadata.namespace]);

    let [port] = spec.ports.as_deref().unwrap() else { panic!("one port") };
    let container = &template.spec.unwrap().containers[0];
    let [opened] = container.ports.as_deref().unwrap() else { panic!("one port") };
    assert_eq!((port.port, port.name.as_ref()), (opened.container_port, opened.name.as_ref()));
    let [endpoint] = monitor.spec.endpoints.as_slice() else { panic!("one endpoint") };
    assert_eq!(Some(&endpoint.port), port.name.as_ref());
    let pages = text("src/imagestreams/serve/pages.rs");
    assert!(pages.contains(&format!(".route(\"{}\",", endpoint.path)), "{}", endpoint.path);
    assert!(humantime::parse_duration(&endpoint.interval).is_ok());
}

#[test]
fn the_reports_of_the_indexed_job_are_merged_where_its_pods_wrote_them() {
    let of = |file: &str| -> (Job, PodSpec) {
        let job: Job = strict(file, &documents(file)[0]);
        let pod = job.spec.as_ref().unwrap().template.spec.clone().unwrap();
        (job, pod)
    };
    let (indexed, its_pod) = of("jobs/indexed-job.yaml");
    let (_, pod) = of("jobs/report-merge.yaml");
    let claim = |pod: &PodSpec| {
        let claims = pod.volumes.iter().flatten().find_map(|v| v.persistent_volume_claim.clone());
        claims.unwrap().claim_name
    };
    assert_eq!(claim(&pod), claim(&its_pod));
    let container = &pod.containers[0];
    let name = container.env.iter().flatten().find(|it| it.name == "INDEXED_JOB").unwrap();
    let name = name.value.clone().unwrap();
    assert!(name.starts_with(&indexed.metadata.generate_name.unwrap()), "{name}");
    let given: Vec<String> =
        words(container).iter().map(|word| word.replace("$(INDEXED_JOB)", &name)).collect();
    super::assert_command_line("report-merge.yaml", &given);
    let mount = &container.volume_mounts.as_ref().unwrap()[0];
    assert!(mount.read_only.is_none() && mount.sub_path_expr.is_none(), "the whole claim");
    let folder = format!("{}/{name}", mount.mount_path);
    let shards = indexed.spec.unwrap().completions.unwrap();
    let reports = glob::Pattern::new(given.last().unwrap()).unwrap();
    for shard in 0..shards {
        assert!(reports.matches(&format!("{folder}/image-mirror-report-{shard}-of-{shards}.json")));
    }
    assert!(!reports.matches(&format!("{folder}/image-mirror-report.json")), "not what it wrote itself");
    assert!(given.contains(&format!("--artifacts={folder}")), "{given:?}");
}
