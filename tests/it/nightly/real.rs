//! Between real registries, judged by skopeo and a YAML reader in a script that shares nothing with the program.

use std::path::Path;
use std::process::{Command, Stdio};
use std::time::Duration;

use serde_json::Value;

use super::world::payload;
use crate::support::run::REPORT;
use crate::support::{Judge, RealRegistry, Run};

/// What the registry was asked for that can change something, since it had answered `from` requests.
fn writes(registry: &RealRegistry, from: usize) -> Vec<String> {
    let mut requests = registry.requests().split_off(from);
    requests.retain(|line| !line.starts_with("GET") && !line.starts_with("HEAD"));
    requests
}

/// Runs the script; what it looked at.
fn judged(payload: &Path, streams: &Path, artifacts: &Path) -> String {
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/it/nightly/judge.py");
    let mut python = Command::new("/usr/bin/python3");
    python
        .arg(script)
        .args([payload, streams, artifacts])
        .env_clear()
        .env("PATH", "/usr/bin:/bin")
        .stdin(Stdio::null());
    let ran = python.output().expect("python3 is installed: `make test` does it");
    let (said, told) = (String::from_utf8_lossy(&ran.stdout), String::from_utf8_lossy(&ran.stderr));
    assert!(ran.status.success(), "{said}{told}");
    said.trim().to_owned()
}

/// What a run says that it cost.
fn cost(artifacts: &Path) -> String {
    let report: Value = serde_json::from_slice(&std::fs::read(artifacts.join(REPORT)).unwrap()).unwrap();
    format!("{} in {} s", report["totals"]["requests"], report["elapsed_seconds"])
}

#[expect(clippy::print_stderr, reason = "figures for the closing note of a change")]
async fn a_payload_of(count: u32) {
    let payload = payload(count);
    let (builds, target) = (RealRegistry::open().await, RealRegistry::open().await);
    let judge = Judge::anonymous(builds.host());
    for (repository, tag, image) in payload.images() {
        judge.push(repository, &tag, image).await;
    }
    let folder = tempfile::tempdir().unwrap();
    let (file, streams) = (folder.path().join("payload.yaml"), folder.path().join("streams"));
    std::fs::write(&file, payload.file(builds.host(), target.host())).unwrap();
    let run = |artifacts: &str| {
        let artifacts = folder.path().join(artifacts);
        let words = [
            "nightly",
            "--data-path",
            file.to_str().unwrap(),
            "--imagestream-dir",
            streams.to_str().unwrap(),
        ];
        Run::new(words).args(["--artifacts", artifacts.to_str().unwrap()]).within(Duration::from_mins(10))
    };

    run("cold").run().await.exits(0);
    let said = judged(&file, &streams, &folder.path().join("cold"));
    // An image of each architecture and the index that they are in, public and private.
    let images = payload.members.iter().map(|member| member.build.as_ref().unwrap().images.len() + 1);
    let expected = 2 * images.sum::<usize>();
    assert_eq!(said, format!("{expected} images and 8 ImageStreams are right"));

    let before = target.requests().len();
    run("again").run().await.exits(0);
    assert_eq!(writes(&target, before), Vec::<String>::new());
    let asked = target.requests().len() - before;
    // One look each, and the first request to the registry, which asks whether it wants a login.
    assert!(asked <= expected + 1, "{asked} requests for {expected} images");
    eprintln!("{count} images on 4 arches: {said}; cold: {}", cost(&folder.path().join("cold")));
    eprintln!("again: {asked} requests to the target, 0 writes; {}", cost(&folder.path().join("again")));
}

#[tokio::test]
async fn twenty_images_on_four_architectures_are_right_and_a_second_run_writes_nothing() {
    a_payload_of(20).await;
}

// Done when 2
#[tokio::test]
#[ignore = "minutes; run by `make test-large`"]
async fn a_large_payload_of_200_images_on_four_architectures_is_right_and_a_second_run_writes_nothing() {
    a_payload_of(200).await;
}
