//! The jobs of pull requests that change mapping files: what is wrong in them, and what they would move.

use std::collections::BTreeMap;
use std::time::Duration;

use k8s_openapi::api::core::v1::PodSpec;

use super::assert_command_line;
use super::jobs::{assert_modest, container, deadline, strict, words, yaml};
use super::streams::{Presubmit, Presubmits};

/// Both of them.
pub(super) const PRESUBMITS: &str = "jobs/prow/mapping-presubmit.yaml";
/// What Prow's decoration sets in the environment of a presubmit's container, as far as it is used here.
const SET_BY_PROW: [&str; 1] = ["PULL_BASE_SHA"];

fn presubmits() -> Vec<(Presubmit, PodSpec)> {
    let read: Presubmits = yaml(PRESUBMITS);
    let jobs = read.presubmits.into_values().flatten();
    jobs.map(|job| (strict(PRESUBMITS, &job.spec), job)).map(|(pod, job)| (job, pod)).collect()
}

/// A word as Kubernetes hands it over: `$(NAME)` becomes what the environment says, and stays where that says nothing.
fn expanded(word: &str, environment: &BTreeMap<&str, &str>) -> String {
    environment.iter().fold(word.to_owned(), |word, (name, value)| word.replace(&format!("$({name})"), value))
}

#[test]
fn the_presubmits_of_mapping_files_are_ones_that_prow_understands_and_run_when_one_changes() {
    let jobs = presubmits();
    assert_eq!(jobs.len(), 2, "lint and plan");
    for (job, pod) in &jobs {
        assert_eq!((job.agent.as_str(), job.decorate, job.always_run), ("kubernetes", true, false));
        assert!(!job.cluster.is_empty() && job.max_concurrency > 0 && !job.decoration_config.skip_cloning);
        let area = &job.labels["ci.openshift.io/area"];
        let names = (format!("pull-image-mirroring-{area}"), format!("ci/prow/{area}"));
        assert_eq!((&job.name, &job.context), (&names.0, &names.1));
        let pattern = |text: &str| regex::Regex::new(text).unwrap();
        let trigger = pattern(&job.trigger);
        assert!(trigger.is_match(&job.rerun_command) && !trigger.is_match("/test mappings"), "{area}");
        let changed = pattern(&job.run_if_changed);
        assert!(
            changed.is_match("mappings/knative/mapping_knative_v1_14")
                && !changed.is_match("docs/mappings/x")
        );
        assert!(job.decoration_config.grace_period > Duration::from_secs(25), "--grace is 25s");
        assert_modest(PRESUBMITS, pod);
    }
    let (job, pod) = &jobs[1];
    assert!(deadline(container(pod)) < job.decoration_config.timeout);
}

#[test]
fn their_command_lines_are_taken_once_kubernetes_put_in_what_prow_sets() {
    let base = "0123456789abcdef0123456789abcdef01234567";
    let environment: BTreeMap<&str, &str> = SET_BY_PROW.iter().map(|name| (*name, base)).collect();
    let lines: Vec<Vec<String>> = presubmits()
        .iter()
        .map(|(_, pod)| words(container(pod)).iter().map(|word| expanded(word, &environment)).collect())
        .collect();
    for line in &lines {
        assert!(!line.iter().any(|word| word.contains("$(")), "nobody sets it: {line:?}");
        assert_command_line(PRESUBMITS, line);
        assert_eq!(line.last().map(String::as_str), Some("mappings/"), "what the clone has");
    }
    assert_eq!(lines[0][1..3], ["lint", "--strict"]);
    assert_eq!(lines[1][1], "plan");
    assert!(
        lines[1].contains(&format!("--since={base}")) && lines[1].contains(&"--output=markdown".to_owned())
    );
}
