//! The jobs of boot images: what they pin, what they clone, and the one that is for pull requests.

use std::collections::BTreeMap;
use std::time::Duration;

use k8s_openapi::api::core::v1::PodSpec;
use serde::Deserialize;
use serde_json::Value;

use super::assert_command_line;
use super::jobs::{
    Decoration, Refs, assert_modest, container, cron_jobs, deadline, periodics, strict, words, yaml,
};

/// The one job of pull requests.
pub(super) const PRESUBMIT: &str = "jobs/prow/art-mirror-validate.yaml";

/// Jobs of pull requests, by repository.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Presubmits {
    pub(super) presubmits: BTreeMap<String, Vec<Presubmit>>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Presubmit {
    pub(super) agent: String,
    pub(super) always_run: bool,
    pub(super) cluster: String,
    pub(super) context: String,
    pub(super) decorate: bool,
    pub(super) decoration_config: Decoration,
    pub(super) labels: BTreeMap<String, String>,
    pub(super) max_concurrency: u32,
    pub(super) name: String,
    pub(super) rerun_command: String,
    pub(super) run_if_changed: String,
    pub(super) trigger: String,
    pub(super) spec: Value,
}

fn presubmit() -> (Presubmit, PodSpec) {
    let mut read: Presubmits = yaml(PRESUBMIT);
    let mut jobs = read.presubmits.remove("openshift/installer").expect("the repository that pins");
    assert_eq!((read.presubmits.len(), jobs.len()), (0, 1), "one job");
    let job = jobs.remove(0);
    let pod = strict(PRESUBMIT, &job.spec);
    (job, pod)
}

#[test]
fn the_presubmit_is_one_that_prow_understands_and_runs_when_a_stream_file_changes() {
    let (job, pod) = presubmit();
    assert_eq!((job.agent.as_str(), job.decorate, job.always_run), ("kubernetes", true, false));
    assert!(!job.cluster.is_empty() && job.max_concurrency > 0 && !job.decoration_config.skip_cloning);
    let area = &job.labels["ci.openshift.io/area"];
    assert_eq!((job.name, job.context), (format!("pull-image-mirroring-{area}"), format!("ci/prow/{area}")));
    let pattern = |text: &str| regex::Regex::new(text).unwrap();
    assert!(pattern(&job.trigger).is_match(&job.rerun_command) && !pattern(&job.trigger).is_match("/test x"));
    let changed = pattern(&job.run_if_changed);
    let words = words(container(&pod));
    let src = words.iter().find_map(|word| word.strip_prefix("--src=")).unwrap();
    assert!(changed.is_match(src) && !changed.is_match("docs/README.md"));
    assert_modest(PRESUBMIT, &pod);
    assert_command_line(PRESUBMIT, &words);
    assert!(deadline(container(&pod)) < job.decoration_config.timeout);
    assert!(job.decoration_config.grace_period > Duration::from_secs(25), "--grace is 25s");
}

#[test]
fn whoever_collects_has_whole_clones_of_what_pins_and_says_how_many_pins_there_must_be() {
    let (_, periodic, pod) =
        periodics().into_iter().find(|(path, ..)| path.ends_with("stream-prune.yaml")).unwrap();
    let [Refs { org, repo, base_ref, workdir: true }] = periodic.extra_refs.as_slice() else { panic!() };
    assert!(!base_ref.is_empty());
    let clone = format!("--pin-git=/home/prow/go/src/github.com/{org}/{repo}:refs/");
    let [_, (_, _, _, cron_pod), _] = cron_jobs();
    let init = &cron_pod.init_containers.as_ref().unwrap()[0];
    let args = init.args.clone().unwrap();
    assert!(!args.iter().any(|word| word.contains("depth")), "a shallow clone does not know all pins");
    let folder = format!("--pin-git={}:refs/heads/*:", args.last().unwrap());
    for (pod, clone) in [(&pod, clone), (&cron_pod, folder)] {
        let words = words(container(pod));
        assert!(words.iter().any(|word| word.starts_with(&clone)), "{words:?}");
        assert!(words.iter().any(|word| word.starts_with("--min-pins=")), "{words:?}");
    }
}
