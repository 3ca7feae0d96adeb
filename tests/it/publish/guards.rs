//! What keeps an image from being published: nothing is uploaded then, and nothing is certified.

use super::stage::{Stage, all, writes};
use crate::support::catalog::UPLOAD;
use crate::support::{Fault, Image, Kind, Ran, any, writes as writing};

/// Looks at the unique tag in either registry.
const LOOKS: [Kind; 2] = [Kind::GetManifest, Kind::HeadManifest];

/// `words` come to nothing: nobody is written to, and no preflight is run.
async fn nothing_done(stage: &Stage, words: &[&str], code: i32) -> Ran {
    let runs = stage.preflight.runs().len();
    stage.world.upload.clear_log();
    let ran = stage.publish(words).await.exits(code);
    assert_eq!(stage.world.upload.count(writing()), 0, "{ran}");
    assert_eq!(writes(stage), []);
    assert_eq!(stage.preflight.runs().len(), runs, "{ran}");
    ran
}

/// A guard refuses, and says so.
async fn refused(stage: &Stage, words: &[&str], said: &str) {
    let ran = nothing_done(stage, words, 4).await;
    assert!(ran.stderr.contains(said), "no `{said}`\n{ran}");
    assert_eq!(ran.rows_that("refused").len(), 1, "{ran}");
    assert!(ran.rows_that("copied").is_empty(), "{ran}");
}

// 19.4
#[tokio::test]
async fn latest_is_not_moved_below_a_higher_version_that_is_public() {
    let stage = Stage::new().await;
    stage.world.published("7.6.2", &stage.source("7.6.2-rel", 9));
    let image = stage.source("7.6.1-rel", 1);
    refused(&stage, &["--latest"], "`latest` is not moved to 7.6.1: 7.6.2 is public").await;
    stage.publish(&["--latest=force"]).await.exits(0);
    assert_eq!(writes(&stage), all(&["7.6.1-1", "7.6.1", "7.6.1-rhcc", "latest"], &image));
}

// 19.7
#[tokio::test]
async fn a_number_that_is_another_image_is_refused_and_the_next_one_is_named() {
    let stage = Stage::new().await;
    let theirs = stage.source("theirs", 9);
    stage.world.uploaded("7.6.1-2", &theirs);
    stage.source("7.6.1-rel", 1);
    refused(
        &stage,
        &["--rebuild", "2"],
        &format!("7.6.1-2 is another image at {}", stage.world.upload.host()),
    )
    .await;
    refused(&stage, &["--rebuild", "2", "--adopt"], "the next one is 7.6.1-3: publish with `--rebuild next`")
        .await;
    assert_eq!(stage.world.tag("7.6.1-2"), Some(theirs.digest));
}

// 19.8, 19.9
#[tokio::test]
async fn an_image_that_nobody_says_is_ours_is_refused_until_it_is_adopted() {
    let stage = Stage::new().await;
    let image = stage.source("7.6.1-rel", 1);
    stage.world.uploaded("7.6.1-2", &image);
    refused(&stage, &["--rebuild", "2"], "go on with `--adopt`").await;

    stage.publish(&["--rebuild", "2", "--adopt"]).await.exits(0);
    assert_eq!(writes(&stage), all(&["7.6.1", "7.6.1-rhcc"], &image));
    let certified = format!("check container --submit {}", stage.world.uploaded_at("7.6.1-2"));
    assert_eq!(
        stage.preflight.arguments(),
        [certified],
        "what is uploaded already is not checked at its source"
    );
}

// 19.8
#[tokio::test]
async fn a_tag_that_is_there_is_never_gone_on_with_where_that_is_forbidden() {
    let stage = Stage::new().await;
    stage.source("7.6.1-rel", 1);
    stage.publish(&["--make-unique", "--rebuild", "2", "--stop-after", "3"]).await.exits(0);
    let made = stage.world.tag("7.6.1-2");
    std::fs::remove_dir_all(stage.folder("7.6.1-2")).unwrap();
    assert_eq!(writes(&stage).len(), 1);
    refused(&stage, &["--make-unique", "--rebuild", "2", "--no-resume"], "nothing is to be resumed").await;
    assert_eq!(stage.world.tag("7.6.1-2"), made);
}

// 19.10
#[tokio::test]
async fn an_image_that_is_known_under_another_tag_is_refused() {
    let stage = Stage::new().await;
    let image = stage.source("7.6.1-rel", 1);
    stage.world.uploaded("7.6.0-4", &image);
    refused(&stage, &[], &format!("the image {} is known already", image.digest)).await;
}

// 19.11
#[tokio::test]
async fn one_child_that_is_known_is_enough_and_is_named() {
    let stage = Stage::new().await;
    let image = stage.source("7.6.1-rel", 1);
    let arm64 = &image.children[1];
    let said = format!("the image for linux/arm64 {} is known already", arm64.digest);
    stage.world.fail(&arm64.digest, "arm64");
    refused(&stage, &[], &format!("{said} at the catalog")).await;

    let stage = Stage::new().await;
    stage.source("7.6.1-rel", 1);
    stage.world.upload.put_untagged(UPLOAD, arm64);
    refused(&stage, &[], &format!("{said} at {}", stage.world.upload.host())).await;
}

// 19.13
#[tokio::test]
async fn a_registry_that_does_not_tell_at_first_is_asked_again() {
    let stage = Stage::new().await;
    let image = stage.source("7.6.1-rel", 1);
    stage.world.upload.fault(Fault::on(LOOKS).reference("7.6.1-1").times(2).status(500));
    stage.publish(&["--precheck=false"]).await.exits(0);
    stage.world.upload.assert_faults_used();
    assert_eq!(writes(&stage), all(&["7.6.1-1", "7.6.1", "7.6.1-rhcc"], &image));
}

// 19.14, 19.15
#[tokio::test]
async fn what_a_registry_does_not_tell_is_not_taken_for_absent() {
    for status in [401, 403, 429, 503] {
        let stage = Stage::new().await;
        stage.source("7.6.1-rel", 1);
        stage.world.upload.fault(Fault::on(LOOKS).reference("7.6.1-1").always().status(status));
        let ran =
            nothing_done(&stage, &["--rebuild", "1", "--attempts", "2", "--max-retry-after", "1s"], 3).await;
        let is_told = ran.stderr.contains(&format!("status {status}"));
        // How long it asks to wait says more than the status, once it is known.
        assert!(is_told || (status == 429 && ran.stderr.contains("asks to wait")), "{ran}");
        assert!(stage.events("7.6.1-1").is_empty());
    }
}

#[tokio::test]
async fn what_the_public_registry_does_not_tell_is_not_taken_for_absent() {
    for (tag, status) in [("7.6.1-1", 503), ("7.6.1", 403)] {
        let stage = Stage::new().await;
        stage.source("7.6.1-rel", 1);
        stage.world.public.fault(Fault::on(LOOKS).reference(tag).always().status(status));
        nothing_done(&stage, &["--attempts", "2"], 3).await;
    }
}

// 19.16
#[tokio::test]
async fn a_number_that_only_the_public_registry_has_is_in_use() {
    let stage = Stage::new().await;
    let theirs = stage.source("theirs", 9);
    stage.source("7.6.1-rel", 1);
    stage.world.show_instead("7.6.1-1", &theirs, usize::MAX);
    refused(&stage, &["--rebuild", "1"], &format!("7.6.1-1 is in use at {}", stage.world.public.host()))
        .await;
}

// 19.17
#[tokio::test]
async fn a_tag_that_appears_during_the_upload_is_not_overwritten() {
    let stage = Stage::new().await;
    stage.source("7.6.1-rel", 1);
    let theirs = stage.source("theirs", 9);
    let gate = stage.world.upload.hold(Kind::PutBlob);
    let running = stage.image(&["--precheck=false"]).start();
    gate.arrived(1).await;
    stage.world.uploaded("7.6.1-1", &theirs);
    gate.release();
    let ran = running.ended().await.exits(4);
    assert!(ran.stderr.contains("7.6.1-1 is another image"), "{ran}");
    assert_eq!(writes(&stage), []);
    assert_eq!(stage.world.tag("7.6.1-1"), Some(theirs.digest));
    assert!(stage.preflight.runs().is_empty());
}

/// Nobody was asked for anything, and nothing is in the state directory.
pub(super) fn untouched(stage: &Stage) {
    for registry in [&stage.sources, &stage.world.upload, &stage.world.public] {
        assert_eq!(registry.count(any()), 0);
    }
    assert!(stage.world.pyxis.requests().is_empty());
    assert!(stage.preflight.runs().is_empty());
    assert_eq!(std::fs::read_dir(stage.state()).unwrap().count(), 0);
}

// 19.18, 19.19
#[tokio::test]
async fn a_version_that_would_be_the_tag_of_another_is_refused_before_anything_is_asked() {
    let stage = Stage::new().await;
    let long = "1".repeat(130);
    for version in ["7.6.1-2", "latest", "7.6.1-rhcc", "7.6.1-arm64", "", &long, "a b"] {
        let ran = stage.release("7.6.1-rel", version, &[]).run().await.exits(2);
        assert!(ran.stderr.contains("--version"), "{ran}");
        let next = ["next-rebuild", "--product", "server", "--version", version];
        assert_eq!(stage.command(&next).run().await.exits(2).stdout, "");
    }
    untouched(&stage);
}

// 19.20
#[tokio::test]
async fn a_version_may_have_a_hyphen() {
    let stage = Stage::new().await;
    stage.world.published("7.6.0-5", &stage.source("theirs", 9));
    let image = stage.source("7.6.0-MP1-rel", 1);
    stage.release("7.6.0-MP1-rel", "7.6.0-MP1", &[]).run().await.exits(0);
    assert_eq!(writes(&stage), all(&["7.6.0-MP1-1", "7.6.0-MP1", "7.6.0-MP1-rhcc"], &image));
    assert_eq!(stage.world.served("7.6.0"), None);
}

// 19.26
#[tokio::test]
async fn a_staging_image_is_refused_before_anything_is_asked_unless_it_is_allowed() {
    let stage = Stage::new().await;
    let image: Image = stage.source("7.6.1-staging", 1);
    let ran = stage.release("7.6.1-staging", "7.6.1", &[]).run().await.exits(4);
    assert!(ran.stderr.contains("is a staging image"), "{ran}");
    untouched(&stage);
    stage.release("7.6.1-staging", "7.6.1", &["--allow-staging-source"]).run().await.exits(0);
    assert_eq!(writes(&stage), all(&["7.6.1-1", "7.6.1", "7.6.1-rhcc"], &image));
}
