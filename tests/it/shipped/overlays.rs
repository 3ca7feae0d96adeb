//! The Kustomize overlays, put together here as Kustomize does, and held against what Kustomize made of them.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use k8s_openapi::api::batch::v1::CronJob;
use k8s_openapi::api::core::v1::{ConfigMap, ServiceAccount};
use k8s_openapi::api::rbac::v1::{Role, RoleBinding};
use serde::Deserialize;
use serde_json::{Value, json};

use super::jobs::{assert_modest, container, strict, words};
use super::manifests::{documents, pods_of};
use super::{assert_command_line, root, text};

/// Every overlay: the directory that `kubectl apply -k` is given.
pub(super) const OVERLAYS: [&str; 1] = ["jobs/overlays/state"];

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
struct Kustomization {
    api_version: String,
    kind: String,
    namespace: Option<String>,
    resources: Vec<String>,
    config_map_generator: Vec<Generator>,
    #[serde(default)]
    patches: Vec<Patch>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Generator {
    name: String,
    behavior: Option<String>,
    files: Vec<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Patch {
    path: String,
    target: Target,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Target {
    group: String,
    version: String,
    kind: String,
    name: String,
}

impl Target {
    fn is(&self, object: &Value) -> bool {
        let version = format!("{}/{}", self.group, self.version);
        (object["apiVersion"] == version.as_str(), &object["kind"], &object["metadata"]["name"])
            == (true, &json!(self.kind), &json!(self.name))
    }
}

/// A path below the root without `..` in it.
fn plain(path: &Path) -> String {
    let mut parts = PathBuf::new();
    for part in path.components() {
        match part {
            std::path::Component::ParentDir => assert!(parts.pop(), "{} leaves the package", path.display()),
            part => parts.push(part),
        }
    }
    parts.to_str().unwrap().to_owned()
}

fn kustomization(folder: &str) -> Kustomization {
    let path = format!("{folder}/kustomization.yaml");
    let read: Kustomization = super::jobs::yaml(&path);
    assert_eq!(
        (read.api_version.as_str(), read.kind.as_str()),
        ("kustomize.config.k8s.io/v1beta1", "Kustomization")
    );
    read
}

/// Everything that the file names is there, in places that Kustomize reads.
pub(super) fn assert_resolves(path: &str) {
    let folder = path.strip_suffix("/kustomization.yaml").unwrap_or_else(|| panic!("{path}: its name"));
    let read = kustomization(folder);
    for resource in &read.resources {
        let to = plain(&Path::new(folder).join(resource));
        assert!(!Path::new(folder).starts_with(&to), "{path}: Kustomize takes {resource} for a circle");
        let is_base = root().join(&to).is_dir();
        assert_eq!(is_base, resource.contains(".."), "{path}: {resource}");
        let file = if is_base { format!("{to}/kustomization.yaml") } else { to };
        assert!(root().join(&file).is_file(), "{path}: {file}");
    }
    let files = read.config_map_generator.iter().flat_map(|it| &it.files);
    for file in files.chain(read.patches.iter().map(|patch| &patch.path)) {
        assert!(!file.contains(".."), "{path}: Kustomize reads no files outside of its directory: {file}");
        assert!(root().join(folder).join(file).is_file(), "{path}: {file}");
    }
}

/// The objects of a base or an overlay, as they are applied. What is generated keeps the name that it is mounted by: the
/// hash of their content, which Kustomize puts behind it, is left out.
pub(super) fn rendered(folder: &str) -> Vec<Value> {
    let read = kustomization(folder);
    let mut objects = Vec::new();
    for resource in &read.resources {
        let to = plain(&Path::new(folder).join(resource));
        objects.extend(if root().join(&to).is_dir() { rendered(&to) } else { documents(&to) });
    }
    for generator in &read.config_map_generator {
        generate(folder, generator, &mut objects);
    }
    for patch in &read.patches {
        let operations: json_patch::Patch = super::jobs::yaml(&format!("{folder}/{}", patch.path));
        assert!(!operations.is_empty(), "{}", patch.path);
        let mut patched = 0;
        for object in objects.iter_mut().filter(|object| patch.target.is(object)) {
            json_patch::patch(object, &operations).unwrap_or_else(|error| panic!("{}: {error}", patch.path));
            patched += 1;
        }
        assert_eq!(patched, 1, "{}: what it is for", patch.path);
    }
    for object in &mut objects {
        let Some(namespace) = &read.namespace else { break };
        object["metadata"]["namespace"] = json!(namespace);
        let subjects = object.get_mut("subjects").and_then(Value::as_array_mut);
        for subject in subjects.into_iter().flatten() {
            subject["namespace"] = json!(namespace);
        }
    }
    objects
}

fn generate(folder: &str, generator: &Generator, objects: &mut Vec<Value>) {
    let files = generator.files.iter().map(|file| {
        let key = file.rsplit('/').next().unwrap().to_owned();
        (key, json!(text(&format!("{folder}/{file}"))))
    });
    let generated = json!({
        "apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": generator.name},
        "data": Value::Object(files.collect()),
    });
    let there =
        objects.iter().position(|it| it["kind"] == "ConfigMap" && it["metadata"]["name"] == generator.name);
    match (generator.behavior.as_deref(), there) {
        (None, None) => objects.push(generated),
        (Some("replace"), Some(at)) => objects[at] = generated,
        (behavior, there) => panic!("{}: {behavior:?} of {there:?}", generator.name),
    }
}

/// What Kustomize printed, without the hash behind generated names.
fn printed(file: &str) -> Vec<Value> {
    let hash = regex::Regex::new("(name: image-mirror-mappings)-[a-z0-9]{10}\n").unwrap();
    let (of_file, without) = (text(file), |text: &str| hash.replace_all(text, "$1\n").into_owned());
    assert_eq!(hash.find_iter(&of_file).count(), 2, "{file}: the ConfigMap, and where it is mounted");
    serde_yaml::from_multiple(&without(&of_file)).unwrap()
}

fn by_name(objects: Vec<Value>) -> Vec<(String, Value)> {
    let name = |object: &Value| format!("{} {}", object["kind"], object["metadata"]["name"]);
    let mut named: Vec<_> = objects.into_iter().map(|object| (name(&object), object)).collect();
    named.sort_by(|one, other| one.0.cmp(&other.0));
    named
}

#[test]
fn kustomize_makes_the_same_of_the_base_and_its_overlay_as_the_tests() {
    for (folder, file) in [("jobs/kustomize", "base"), (OVERLAYS[0], "state")] {
        let file = format!("tests/data/kustomize/{file}.yaml");
        let (ours, theirs) = (by_name(rendered(folder)), by_name(printed(&file)));
        let names = |all: &[(String, Value)]| all.iter().map(|(name, _)| name.clone()).collect::<Vec<_>>();
        let unique: BTreeSet<String> = names(&ours).into_iter().collect();
        assert_eq!(unique.len(), ours.len(), "{:?}", names(&ours));
        let again = format!("make it anew: kubectl kustomize {folder} > {file}");
        assert_eq!(names(&ours), names(&theirs), "{again}");
        for ((name, ours), (_, theirs)) in ours.iter().zip(&theirs) {
            assert_eq!(ours, theirs, "{name}: {again}");
        }
    }
}

/// The one object of a kind, with no field that the kind does not have.
fn one<T: serde::de::DeserializeOwned + serde::Serialize>(kind: &str, name: &str) -> T {
    let is = |object: &Value| object["kind"] == kind && object["metadata"]["name"] == name;
    let found: Vec<Value> = rendered(OVERLAYS[0]).into_iter().filter(is).collect();
    assert_eq!(found.len(), 1, "{kind} {name}");
    strict(OVERLAYS[0], &found[0])
}

#[test]
fn the_base_makes_the_config_map_that_its_cron_job_mounts() {
    let base = rendered("jobs/kustomize");
    let [job, map] = base.as_slice() else { panic!("a CronJob and a ConfigMap: {base:?}") };
    let map: ConfigMap = strict("base", map);
    let volumes = pods_of("base", job).remove(0).volumes.unwrap();
    let mounted = volumes.iter().find_map(|volume| volume.config_map.as_ref()).unwrap();
    assert_eq!(Some(&mounted.name), map.metadata.name.as_ref());
    assert!(map.data.unwrap().into_keys().all(|file| file.starts_with("mapping_")));
}

#[test]
fn the_overlay_changes_what_an_overlay_is_for_and_its_job_is_as_modest_as_that_of_the_base() {
    let job: CronJob = one("CronJob", "image-mirror");
    let (base, state) = (rendered("jobs/kustomize"), rendered(OVERLAYS[0]));
    let base = base.iter().find(|object| object["kind"] == "CronJob").unwrap();
    let base_pod = pods_of("base", base).remove(0);
    let pod = job.spec.job_template.spec.clone().unwrap().template.spec.unwrap();
    assert_modest("overlay", &pod);
    assert!(state.iter().all(|it| it["metadata"]["namespace"] == "team-mirror"), "{state:?}");
    assert_ne!(base["spec"]["schedule"], job.spec.schedule.as_str());
    assert_ne!(container(&base_pod).resources, container(&pod).resources);
    let mappings: ConfigMap = one("ConfigMap", "image-mirror-mappings");
    assert_eq!(mappings.data.unwrap().into_keys().collect::<Vec<_>>(), ["mapping_team"]);
    // All else is the base's.
    assert_eq!(container(&base_pod).security_context, container(&pod).security_context);
    assert_eq!((&base_pod.volumes, &container(&base_pod).image), (&pod.volumes, &container(&pod).image));
    let (base_words, own_words) = (words(container(&base_pod)), words(container(&pod)));
    let more: Vec<&String> = own_words.iter().filter(|word| !base_words.contains(word)).collect();
    assert_eq!(more, ["--state=configmap:image-mirror-state"]);
}

#[test]
fn the_overlay_keeps_state_in_the_one_config_map_that_its_account_may_read_and_replace() {
    let job: CronJob = one("CronJob", "image-mirror");
    let pod = job.spec.job_template.spec.unwrap().template.spec.unwrap();
    let words = words(container(&pod));
    let state = words.iter().find_map(|word| word.strip_prefix("--state=configmap:")).expect("a state");
    let there: ConfigMap = one("ConfigMap", state);
    assert_eq!((there.data, there.binary_data, there.immutable), (None, None, None), "the job fills it");

    let account: ServiceAccount = one("ServiceAccount", &pod.service_account_name.clone().unwrap());
    assert_eq!(pod.automount_service_account_token, Some(true));
    assert_eq!(account.automount_service_account_token, Some(false), "no other pod gets its token");
    let role: Role = one("Role", "image-mirror-state");
    let [allowed] = role.rules.as_deref().unwrap() else { panic!("one rule") };
    let expected = json!({
        "apiGroups": [""], "resources": ["configmaps"], "resourceNames": [state], "verbs": ["get", "update"],
    });
    assert_eq!(serde_json::to_value(allowed).unwrap(), expected);
    let bound: RoleBinding = one("RoleBinding", "image-mirror-state");
    assert_eq!(
        (bound.role_ref.kind.as_str(), Some(&bound.role_ref.name)),
        ("Role", role.metadata.name.as_ref())
    );
    let [subject] = bound.subjects.as_deref().unwrap() else { panic!("one subject") };
    assert_eq!(
        (Some(&subject.name), &subject.namespace),
        (account.metadata.name.as_ref(), &account.metadata.namespace)
    );
    let others = rendered(OVERLAYS[0]).into_iter().filter(|it| it["kind"].as_str().unwrap().contains("Role"));
    assert_eq!(others.count(), 2, "nothing else is allowed");
}

#[test]
fn the_command_line_of_the_overlay_is_one_that_the_program_takes() {
    let job: CronJob = one("CronJob", "image-mirror");
    let pod = job.spec.job_template.spec.unwrap().template.spec.unwrap();
    assert_command_line(OVERLAYS[0], &words(container(&pod)));
}
