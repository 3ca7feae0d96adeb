//! The set that docs/operating.md walks through: 20 files, 500 lines, and the very words of its job.
//!
//! The files are mounted as Kubernetes mounts a ConfigMap, the login as it mounts a secret.

use std::fmt::Write as _;
use std::os::unix::fs::symlink;

use serde_json::Value;

use super::{Guarded, asked, assert_all, outcomes, reason, tiny};
use crate::support::{Kind, Run, docker_config};

const JOB: &str = include_str!("../../../jobs/prow/knative.yaml");
const VERSIONS: [&str; 4] = ["v1.12", "v1.13", "v1.14", "v1.15"];
const AREAS: [&str; 5] = ["client", "eventing", "eventing-kafka", "func", "serving"];
/// Images of an area, which are lines of a file.
const IMAGES: usize = 25;
const LINES: usize = VERSIONS.len() * AREAS.len() * IMAGES;
/// The directory with `..data`, as the kubelet names it.
const DATA: &str = "..2026_10_01_00_00_00.123456789";
/// The image that a test takes away: the eighth line of its file.
const DEAD: (&str, &str) = ("openshift/knative-eventing-6", "knative-v1.13");

fn repository(area: &str, number: usize) -> String {
    format!("openshift/knative-{area}-{number}")
}

/// The 20 files: their names, and their 25 lines each. A target without a tag takes the source's.
fn files(source: &str, target: &str) -> Vec<(String, String)> {
    let mut files = Vec::new();
    for version in VERSIONS {
        for area in AREAS {
            let mut text = String::from("# owner: knative-oncall\n");
            for number in 0..IMAGES {
                let name = repository(area, number);
                writeln!(text, "{source}/{name}:knative-{version} {target}/{name}").unwrap();
            }
            let name = format!("mapping_knative_{version}_{area}").replace(['.', '-'], "_");
            files.push((name, text));
        }
    }
    files
}

/// The job's one container.
fn container() -> Value {
    let job: Value = serde_yaml::from_str(JOB).unwrap();
    job["periodics"][0]["spec"]["containers"][0].clone()
}

/// The job as Prow would start it: its words, with the directories that it mounts moved below that of the run.
fn job(registries: &Guarded) -> Run {
    let container = container();
    assert_eq!(container["command"], serde_json::json!(["image-mirror"]));
    let words = || container["args"].as_array().unwrap().iter().map(|word| word.as_str().unwrap());
    let (source, target) = (registries.source.host(), registries.target.host());
    let config = docker_config(&[(source, "robot", "secret"), (target, "robot", "secret")]);
    let mut run = Run::new::<&str>([]).file("etc/image-mirror-login/config.json", config);
    let below = run.folder();
    for mount in container["volumeMounts"].as_array().unwrap() {
        assert!(below.join(&mount["mountPath"].as_str().unwrap()[1..]).starts_with(below.join("etc")));
    }
    run = run.args(words().map(|word| word.replace("/etc/", &format!("{}/etc/", below.display()))));
    let mounted = "etc/imagemirror";
    for (name, text) in files(source, target) {
        run = run.file(&format!("{mounted}/{DATA}/{name}"), text);
        symlink(format!("..data/{name}"), below.join(mounted).join(name)).unwrap();
    }
    symlink(DATA, below.join(mounted).join("..data")).unwrap();
    run
}

/// The source with every image but those that `without` names.
async fn registries(without: &[(&str, &str)]) -> Guarded {
    let registries = Guarded::start().await;
    let mut made = 0;
    for area in AREAS {
        for number in 0..IMAGES {
            let name = repository(area, number);
            for version in VERSIONS {
                made += 1;
                let tag = format!("knative-{version}");
                if !without.contains(&(name.as_str(), tag.as_str())) {
                    registries.source.put_image(&name, &tag, &tiny(made));
                }
            }
        }
    }
    registries
}

#[tokio::test]
async fn the_job_of_the_walk_through_copies_500_lines_and_then_keeps_them_for_two_requests_a_line() {
    let registries = registries(&[]).await;
    assert_eq!(files("a", "b").len(), 20);
    let ran = job(&registries).run().await.exits(0);
    assert_eq!((LINES, ran.rows().len()), (500, 500), "{ran}");
    assert_all(&ran, LINES, "copied");
    registries.target.assert_tags_were_always_whole();

    registries.clear_logs();
    let again = job(&registries).run().await.exits(0);
    assert_all(&again, LINES, "kept");
    let [reads, writes, tokens] = asked(&again);
    // Each of the two registries answers one request with its challenge.
    assert!(reads <= 2 * LINES + 2 && writes == 0, "{reads} {writes}\n{again}");
    let seen: usize =
        [&registries.source, &registries.target].map(|registry| registry.requests().len()).iter().sum();
    assert_eq!((seen, registries.tokens()), (reads, tokens), "what was seen on the wire is what is reported");
    assert!(tokens <= 2 * (LINES / 20 + 2), "{tokens}");
    for write in [Kind::PostUpload, Kind::PostMount, Kind::PutBlob, Kind::PutManifest] {
        assert_eq!(registries.target.count(write), 0, "{write:?}\n{again}");
    }
}

#[tokio::test]
async fn one_dead_line_of_the_walk_through_is_exit_1_with_its_file_and_line_and_499_copies() {
    let registries = registries(&[DEAD]).await;
    let ran = job(&registries).run().await.exits(1);

    assert_eq!(outcomes(&ran), [("copied".to_owned(), LINES - 1), ("failed".to_owned(), 1)].into(), "{ran}");
    let failed = ran.rows_that("failed");
    let [row] = failed.as_slice() else { panic!("{failed:?}") };
    let file = row["origin"]["file"].as_str().unwrap();
    assert!(file.ends_with("etc/imagemirror/mapping_knative_v1_13_eventing"), "{file}");
    assert_eq!((&row["origin"]["line"], &row["owner"]), (&8.into(), &"knative-oncall".into()), "{row}");
    assert_eq!(row["class"], "missing", "{row}");
    assert!(reason(row).contains(&format!("{}:{}", DEAD.0, DEAD.1)), "{row}");
    let told = ran.stdout.split("\nerror: ").find(|block| block.contains("mapping_knative_v1_13_eventing:8"));
    assert!(told.is_some_and(|block| block.contains("help: ")), "{ran}");
    assert_eq!(registries.target.tag_digest(DEAD.0, DEAD.1), None, "made of nothing");
}
