//! The certification of an image as a part of its publication: what a verdict does to the tags that customers use, to the number
//! and to the next run.

use serde_json::{Value, json};

use super::stage::{Stage, all, writes};
use crate::support::{Image, Lag, Ran};

/// Without the check of the source: the image is certified first where it was uploaded.
const AT_ONCE: &str = "--precheck=false";

/// A stage whose preflight program is steered so, with customers who have an image already.
async fn stage(mode: &Value) -> (Stage, Image, Image) {
    let stage = Stage::new().await;
    let (old, new) = (stage.source("old", 1), stage.source("7.6.1-rel", 2));
    for tag in ["7.6.1-1", "7.6.1", "7.6.1-rhcc"] {
        stage.world.published(tag, &old);
    }
    stage.steer(mode);
    (stage, old, new)
}

/// It ended so, after the unique tag was written and nothing else was.
async fn ends(stage: &Stage, (old, new): (&Image, &Image), code: i32) -> Ran {
    let ran = stage.publish(&[AT_ONCE]).await.exits(code);
    assert_eq!(writes(stage), all(&["7.6.1-2"], new), "{ran}");
    assert_eq!(stage.world.served("7.6.1"), Some(old.digest.clone()));
    ran
}

/// The next run, whose program passes the image, publishes it.
async fn is_gone_on_with(stage: &Stage, new: &Image) {
    stage.steer(&json!({ "mode": "pass" }));
    stage.publish(&[AT_ONCE]).await.exits(0);
    assert_eq!(writes(stage), all(&["7.6.1", "7.6.1-rhcc"], new));
}

// 19.25
#[tokio::test]
async fn an_image_without_an_index_is_certified_for_its_platform() {
    let stage = Stage::new().await;
    let image = Image::oci().platform("linux/amd64").layer_of(100, 1).build();
    stage.sources.put_image(super::stage::SOURCE, "7.6.1-rel", &image);
    stage.publish(&[AT_ONCE]).await.exits(2);
    assert_eq!((writes(&stage), stage.preflight.runs().len()), (vec![], 0));
    stage.publish(&[AT_ONCE, "--single-arch"]).await.exits(0);
    assert_eq!(writes(&stage), all(&["7.6.1-1", "7.6.1", "7.6.1-rhcc"], &image));
    let uploaded = stage.world.uploaded_at("7.6.1-1");
    assert_eq!(
        stage.preflight.arguments(),
        [format!("check container --platform amd64 --submit {uploaded}")]
    );
}

// 19.36
#[tokio::test]
async fn an_image_that_does_not_pass_for_one_platform_is_not_published_and_its_number_is_used_up() {
    let (stage, old, new) = stage(&json!({ "mode": "fail", "platforms": ["arm64"] })).await;
    let ran = ends(&stage, (&old, &new), 1).await;
    for said in ["arm64: HasLicense", "Mend the image.", "preflight-1"] {
        assert!(ran.stderr.contains(said), "{ran}");
    }
    assert!(!ran.stderr.contains("amd64: HasLicense"), "{ran}");
    assert_eq!(ran.rows_that("failed").len(), 1);
    assert_eq!(stage.next().await, "3");
    // The mended image has the next number.
    stage.steer(&json!({ "mode": "pass" }));
    let mended = stage.source("7.6.1-rel", 3);
    stage.publish(&[AT_ONCE]).await.exits(0);
    assert_eq!(writes(&stage), all(&["7.6.1-3", "7.6.1", "7.6.1-rhcc"], &mended));
}

// 19.37
#[tokio::test]
async fn an_exit_code_of_the_program_does_not_make_a_failure_of_the_image_an_error() {
    let (stage, old, new) = stage(&json!({ "mode": "exit-2", "platforms": ["amd64"] })).await;
    let ran = ends(&stage, (&old, &new), 1).await;
    assert!(ran.stderr.contains("amd64: HasLicense"), "{ran}");
}

// 19.38
#[tokio::test]
async fn an_exit_code_of_the_program_does_not_outweigh_what_passed() {
    let (stage, _, new) = stage(&json!({ "mode": "exit-2-but-passed" })).await;
    let ran = stage.publish(&[AT_ONCE]).await.exits(0);
    assert_eq!(writes(&stage), all(&["7.6.1-2", "7.6.1", "7.6.1-rhcc"], &new));
    assert!(ran.stderr.contains("although all checks passed"), "{ran}");
}

// 19.39
#[tokio::test]
async fn without_a_verdict_the_program_runs_again_the_next_time() {
    let (stage, old, new) = stage(&json!({ "mode": "no-results" })).await;
    let ran = ends(&stage, (&old, &new), 3).await;
    assert!(ran.stderr.contains("no verdict") && ran.stderr.contains("UNAUTHORIZED"), "{ran}");
    is_gone_on_with(&stage, &new).await;
    assert_eq!(stage.preflight.runs().len(), 2);
    assert!(stage.folder("7.6.1-2").join("preflight-1/logs/all/stderr.log").exists(), "evidence is kept");
    assert!(stage.folder("7.6.1-2").join("preflight-2/artifacts/arm64/results.json").exists());
}

// 19.40
#[tokio::test]
async fn results_of_an_earlier_attempt_are_no_verdict() {
    let kept = tempfile::NamedTempFile::new().unwrap();
    let uploaded_before = json!({ "mode": "stale", "results": kept.path() });
    let (stage, old, new) = stage(&uploaded_before).await;
    let image = stage.world.uploaded_at("7.6.1-2");
    std::fs::write(kept.path(), json!({ "image": image, "passed": true, "results": {} }).to_string())
        .unwrap();
    kept.as_file().set_modified(std::time::SystemTime::UNIX_EPOCH).unwrap();
    let ran = ends(&stage, (&old, &new), 3).await;
    assert!(ran.stderr.contains("the results for amd64"), "{ran}");
    assert!(!stage.events("7.6.1-2").contains(&"submitted".to_owned()));
}

// 19.41
#[tokio::test]
async fn results_for_one_platform_are_no_verdict_on_the_other() {
    let (stage, old, new) = stage(&json!({ "mode": "partial", "platforms": ["amd64"] })).await;
    let ran = ends(&stage, (&old, &new), 3).await;
    assert!(
        ran.stderr.contains("the results for arm64") && !ran.stderr.contains("the results for amd64"),
        "{ran}"
    );
    // The catalog has a record of the other one by now.
    is_gone_on_with(&stage, &new).await;
    let uploaded = stage.world.uploaded_at("7.6.1-2");
    assert_eq!(
        stage.preflight.arguments().last().unwrap(),
        &format!("check container --platform arm64 --submit {uploaded}")
    );
}

// 19.42
#[tokio::test]
async fn a_program_that_the_catalog_does_not_accept_any_more_is_to_be_upgraded() {
    let (stage, old, new) = stage(&json!({ "mode": "refused" })).await;
    let ran = ends(&stage, (&old, &new), 2).await;
    assert!(ran.stderr.contains("upgrade preflight"), "{ran}");
    is_gone_on_with(&stage, &new).await;
}

// 19.45
#[tokio::test]
async fn a_program_that_hangs_is_ended_and_the_next_run_starts_it_again() {
    let (mut stage, old, new) = stage(&json!({})).await;
    stage.program = "timeout: 1s";
    let mut pipe = stage.preflight.pipe();
    stage.steer(&json!({ "mode": "hang", "pipe": pipe.path }));
    let ran = ends(&stage, (&old, &new), 3).await;
    assert!(ran.stderr.contains("still running after 1s"), "{ran}");
    pipe.here().await;
    pipe.gone().await;
    stage.program = "timeout: 10m";
    is_gone_on_with(&stage, &new).await;
}

// 19.46
#[tokio::test]
async fn an_image_that_does_not_pass_at_its_source_uses_up_no_number() {
    let (stage, _, _) = stage(&json!({ "mode": "fail", "platforms": ["amd64"] })).await;
    let ran = stage.publish(&[]).await.exits(1);
    assert!(ran.stderr.contains("amd64: HasLicense"), "{ran}");
    assert_eq!(writes(&stage), []);
    assert_eq!(stage.world.upload.count(crate::support::registry::writes()), 0);
    let [run] = &stage.preflight.arguments()[..] else { panic!("one run") };
    assert!(run.starts_with(&format!("check container {}/", stage.sources.host())), "not submitted: {run}");
    assert_eq!(stage.next().await, "2");
    assert!(!stage.folder("7.6.1-2").exists());
    // It is looked at anew each time: what was mended has the same number.
    stage.steer(&json!({ "mode": "pass" }));
    let mended = stage.source("7.6.1-rel", 3);
    stage.publish(&[]).await.exits(0);
    assert_eq!(writes(&stage), all(&["7.6.1-2", "7.6.1", "7.6.1-rhcc"], &mended));
}

// 19.47
#[tokio::test]
async fn what_did_not_pass_is_not_checked_again_unless_somebody_asks_for_it() {
    let (stage, old, new) = stage(&json!({ "mode": "fail", "platforms": ["arm64"] })).await;
    ends(&stage, (&old, &new), 1).await;
    stage.steer(&json!({ "mode": "pass" }));
    let ran = stage.publish(&[AT_ONCE]).await.exits(1);
    assert!(ran.stderr.contains("7.6.1-2 did not pass") && ran.stderr.contains("--retry-preflight"), "{ran}");
    assert_eq!((writes(&stage), stage.preflight.runs().len()), (vec![], 1));
    stage.publish(&[AT_ONCE, "--retry-preflight"]).await.exits(0);
    assert_eq!(writes(&stage), all(&["7.6.1", "7.6.1-rhcc"], &new));
    assert_eq!(stage.preflight.runs().len(), 2);
}

#[tokio::test]
async fn an_exception_of_which_the_catalog_tells_is_remembered_when_it_is_not_asked_any_more() {
    let (mut stage, old, new) = stage(&json!({ "mode": "fail", "platforms": ["arm64"] })).await;
    ends(&stage, (&old, &new), 1).await;
    stage.world.certify(&new.children[1].digest);
    stage.world.lag(Lag::Never);
    stage.publish(&[AT_ONCE, "--publish-timeout", "200ms"]).await.exits(5);
    stage.usage = "off";
    stage.publish(&[AT_ONCE, "--publish-timeout", "200ms"]).await.exits(5);
    assert_eq!(writes(&stage), []);
    stage.world.lag(Lag::None);
    stage.other(&["resume"]).run().await.exits(0);
    assert_eq!((writes(&stage), stage.preflight.runs().len()), (all(&["7.6.1", "7.6.1-rhcc"], &new), 1));
}

#[tokio::test]
async fn a_program_that_is_not_the_one_that_is_wanted_is_found_out_before_a_number_is_used_up() {
    let (mut stage, _, _) = stage(&json!({ "mode": "pass" })).await;
    stage.program = "version: 1.99.0";
    let ran = stage.publish(&[AT_ONCE]).await.exits(2);
    assert!(ran.stderr.contains("1.99.0 is required"), "{ran}");
    assert_eq!((writes(&stage), stage.preflight.runs().len()), (vec![], 0));
    assert_eq!(stage.next().await, "2");
}

#[tokio::test]
async fn nothing_is_uploaded_that_could_not_be_submitted() {
    let (stage, _, _) = stage(&json!({ "mode": "pass" })).await;
    let run = stage.image(&[AT_ONCE]);
    let path = run.folder().join("products.json");
    let mut metadata: Value = serde_json::from_slice(&std::fs::read(&path).unwrap()).unwrap();
    metadata["rhcc"].as_object_mut().unwrap().remove("api_key");
    let ran = run.file("products.json", metadata.to_string()).run().await.exits(2);
    assert!(ran.stderr.contains("`rhcc.api_key`"), "{ran}");
    assert_eq!((writes(&stage), stage.preflight.runs().len()), (vec![], 0));
    assert_eq!(stage.next().await, "2");
}
