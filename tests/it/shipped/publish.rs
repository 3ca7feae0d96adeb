//! The jobs that publish: what outlives them, who may read their secrets, and the settings that docs/publish.md shows.

use std::sync::Arc;

use image_mirror::publish::config::Config;
use k8s_openapi::api::core::v1::{Container, PodSpec};

use super::jobs::{container, cron_jobs, periodics, words};
use super::{assert_command_line, text};

/// The job for Prow and the one without it.
fn pods() -> [(String, PodSpec); 2] {
    let (path, _, prow) = periodics().into_iter().find(|(path, ..)| path.ends_with("/publish.yaml")).unwrap();
    let [.., (cron_path, _, _, cron)] = cron_jobs();
    [(path, prow), (cron_path.to_owned(), cron)]
}

/// What is behind a flag of a container.
fn flag(container: &Container, name: &str) -> String {
    let words = words(container);
    let value = words.iter().find_map(|word| word.strip_prefix(&format!("--{name}=")));
    value.unwrap_or_else(|| panic!("no --{name} in {words:?}")).to_owned()
}

/// The volume in which a path of a container is, as JSON.
fn volume_of(pod: &PodSpec, container: &Container, path: &str) -> serde_json::Value {
    let mounts = container.volume_mounts.iter().flatten();
    let mount = mounts.filter(|mount| path.starts_with(&mount.mount_path)).max_by_key(|m| m.mount_path.len());
    let name = &mount.unwrap_or_else(|| panic!("{path} is in no volume")).name;
    let volume = pod.volumes.iter().flatten().find(|volume| volume.name == *name).unwrap();
    serde_json::to_value(volume).unwrap()
}

#[test]
fn the_state_of_a_job_outlives_it_and_its_secrets_are_for_nobody_else() {
    for (path, pod) in pods() {
        let container = container(&pod);
        let state = volume_of(&pod, container, &flag(container, "state-dir"));
        assert!(state["persistentVolumeClaim"]["claimName"].is_string(), "{path}: {state}");
        let metadata = volume_of(&pod, container, &flag(container, "metadata"));
        assert_eq!(metadata["secret"]["defaultMode"], 0o400, "{path}: {metadata}");
        let settings = volume_of(&pod, container, &flag(container, "config"));
        assert!(settings["configMap"]["name"].is_string(), "{path}: {settings}");
        // Its root is read-only, and each run makes a folder there that is for itself alone.
        assert!(volume_of(&pod, container, "/tmp/x")["emptyDir"].is_object(), "{path}");
        assert_eq!(words(container)[1..3], ["publish", "run"], "{path}");
    }
}

#[test]
fn the_program_that_certifies_is_installed_by_its_digest_where_the_job_finds_it() {
    for (path, pod) in pods() {
        let [init] = pod.init_containers.as_deref().unwrap() else { panic!("{path}: one init container") };
        assert_command_line(&path, &words(init));
        let rights = init.security_context.as_ref().unwrap();
        assert_eq!(rights.read_only_root_filesystem, Some(true), "{path}");
        assert_eq!(rights.allow_privilege_escalation, Some(false), "{path}");
        let program = flag(init, "to");
        let (there, here) = (volume_of(&pod, init, &program), volume_of(&pod, container(&pod), &program));
        assert_eq!(there, here, "{path}: it is where both see it");
        assert!(there["persistentVolumeClaim"].is_object(), "{path}: it is not downloaded each time");
        let said = format!("preflight: {{ command: {program}, version: {} }}", flag(init, "version"));
        assert!(text(&path).contains(&said), "{path}: the settings name it: {said}");
    }
}

/// The blocks of docs/publish.md of one language.
fn blocks(language: &str) -> Vec<String> {
    let page = text("docs/publish.md");
    let fence = format!("```{language}\n");
    let blocks = page.split(&fence).skip(1).filter_map(|rest| rest.split_once("```"));
    blocks.map(|(block, _)| block.to_owned()).collect()
}

#[test]
fn the_settings_in_the_docs_are_such_that_the_program_takes_them() {
    let blocks = blocks("yaml");
    assert!(blocks.len() >= 2, "the settings and a rehearsal: {blocks:?}");
    for block in blocks {
        let read = Config::of_text(&Arc::from("docs/publish.md"), &block);
        assert!(read.is_ok(), "{block}: {:?}", read.err());
    }
}

#[test]
fn every_key_of_the_settings_and_every_event_of_a_journal_is_in_the_docs() {
    let page = text("docs/publish.md");
    let quoted = |source: &str, start: &str| {
        let (_, rest) = source.split_once(start).unwrap();
        let (list, _) = rest.split_once("];").unwrap();
        list.split('"').skip(1).step_by(2).map(ToOwned::to_owned).collect::<Vec<_>>()
    };
    let top = quoted(&text("src/publish/config/read.rs"), "const KEYS: [&str; 16] = [");
    let product = quoted(&text("src/publish/config/products.rs"), "const KEYS: [&str; 4] = [");
    assert_eq!((top.len(), product.len()), (16, 4));
    for key in top.iter().chain(&product) {
        assert!(page.contains(&format!("`{key}`")) || page.contains(&format!("`{key}.")), "{key}");
    }
    let source = text("src/publish/journal/event.rs");
    let (_, events) = source.split_once("pub enum Event {").unwrap();
    let is_name =
        |line: &&str| line.starts_with("    ") && line[4..].starts_with(|c: char| c.is_ascii_uppercase());
    let names: Vec<String> = events.lines().filter(is_name).map(snake).collect();
    assert_eq!(names.len(), 11, "{names:?}");
    for name in names {
        assert!(page.contains(&format!("| `{name}`")), "{name}");
    }
}

/// `PushStarted,` as it is in a journal.
fn snake(line: &str) -> String {
    let letters = line.trim().chars().take_while(char::is_ascii_alphabetic);
    let mut name = String::new();
    for letter in letters {
        if letter.is_ascii_uppercase() && !name.is_empty() {
            name.push('_');
        }
        name.push(letter.to_ascii_lowercase());
    }
    name
}
