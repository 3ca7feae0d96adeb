//! `publish rollback`: the tags that customers use, back to an image that is public.

use super::stage::{Stage, all, writes};
use crate::support::{Image, Ran};

const FLOATING: [&str; 2] = ["7.6.1", "7.6.1-rhcc"];

/// A stage on which 7.6.1-1 and 7.6.1-2 are public, and customers have the second one.
async fn stage() -> (Stage, Image, Image) {
    let stage = Stage::new().await;
    let (first, second) = (stage.source("old", 1), stage.source("7.6.1-rel", 2));
    stage.world.published("7.6.1-1", &first);
    for tag in ["7.6.1-2", "7.6.1", "7.6.1-rhcc", "latest"] {
        stage.world.published(tag, &second);
    }
    (stage, first, second)
}

async fn rollback(stage: &Stage, to: &str, words: &[&str]) -> Ran {
    let usual = ["rollback", "--product", "server", "--version", "7.6.1", "--to", to];
    stage.other(&[&usual, words].concat()).run().await
}

// 19.79
#[tokio::test]
async fn both_tags_of_the_version_are_moved_back_and_nothing_else() {
    let (stage, first, second) = stage().await;
    let ran = rollback(&stage, "1", &[]).await.exits(0);
    assert_eq!(writes(&stage), all(&FLOATING, &first));
    assert_eq!(ran.rows_that("copied").len(), 2);
    for (tag, image) in [("7.6.1", &first), ("7.6.1-rhcc", &first), ("latest", &second), ("7.6.1-2", &second)]
    {
        assert_eq!(stage.world.served(tag).as_ref(), Some(&image.digest), "{tag}");
    }
    rollback(&stage, "1", &[]).await.exits(0);
    assert_eq!(writes(&stage), [], "they are there");
    assert_eq!(stage.preflight.runs().len(), 0);
}

#[tokio::test]
async fn latest_is_moved_last_and_only_where_it_is_asked_for() {
    let (stage, first, _) = stage().await;
    rollback(&stage, "1", &["--latest"]).await.exits(0);
    assert_eq!(writes(&stage), all(&["7.6.1", "7.6.1-rhcc", "latest"], &first));
}

#[tokio::test]
async fn a_dry_run_says_what_would_be_moved_and_moves_nothing() {
    let (stage, first, second) = stage().await;
    let ran = rollback(&stage, "1", &["--dry-run"]).await.exits(0);
    assert!(ran.stderr.contains(&format!("point 7.6.1 at {}", first.digest)), "{ran}");
    assert_eq!((writes(&stage), stage.events("7.6.1-1").len()), (vec![], 0));
    assert_eq!(stage.world.served("7.6.1"), Some(second.digest));
}

// 19.80
#[tokio::test]
async fn tags_are_not_moved_to_an_image_that_customers_cannot_pull() {
    let (stage, _, second) = stage().await;
    let third = stage.source("third", 3);
    stage.world.uploaded("7.6.1-3", &third);
    let ran = rollback(&stage, "3", &[]).await.exits(4);
    assert!(ran.stderr.contains("serves nothing as 7.6.1-3"), "{ran}");
    let ran = rollback(&stage, "9", &[]).await.exits(4);
    assert!(ran.stderr.contains("there is no 7.6.1-9"), "{ran}");
    rollback(&stage, "3", &["--dry-run"]).await.exits(4);
    assert_eq!(writes(&stage), []);
    assert_eq!(stage.world.served("7.6.1"), Some(second.digest));
}

#[tokio::test]
async fn the_run_that_was_rolled_back_does_not_undo_it_when_it_is_run_again() {
    let stage = Stage::new().await;
    let first = stage.source("7.6.1-rel", 1);
    stage.publish(&["--precheck=false"]).await.exits(0);
    let second = stage.source("7.6.1-rel", 2);
    stage.publish(&["--precheck=false"]).await.exits(0);
    writes(&stage);
    rollback(&stage, "1", &[]).await.exits(0);
    assert_eq!(writes(&stage), all(&FLOATING, &first));
    stage.publish(&["--precheck=false", "--rebuild", "2"]).await.exits(4);
    stage.other(&["resume"]).run().await;
    assert_eq!(writes(&stage), []);
    // Only the same command moves them forward again.
    rollback(&stage, "2", &[]).await.exits(0);
    assert_eq!(writes(&stage), all(&FLOATING, &second));
}

#[tokio::test]
async fn a_rollback_whose_public_registry_lags_is_gone_on_with() {
    let (stage, first, _) = stage().await;
    stage.world.stale("7.6.1", usize::MAX);
    rollback(&stage, "1", &["--tag-timeout", "200ms"]).await.exits(5);
    assert_eq!(writes(&stage), all(&["7.6.1"], &first));
    stage.world.stale("7.6.1", 0);
    rollback(&stage, "1", &[]).await.exits(0);
    assert_eq!(writes(&stage), all(&["7.6.1-rhcc"], &first));
}
