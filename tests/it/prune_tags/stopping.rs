//! Asked to stop, or out of time: what runs ends, nothing new begins, and the next run does the rest.

use super::{all_but, assert_untouched, expired, filled, left, prune};
use crate::support::Kind;

const TAGS: usize = 12;

#[tokio::test]
async fn a_signal_midway_ends_what_runs_and_the_next_run_deletes_exactly_the_rest() {
    let registry = filled(TAGS).await;
    let gate = registry.hold(Kind::DeleteManifest);
    gate.let_through(3);
    let mut running = prune(&registry, &["--delete", "--jobs", "1"]).start();
    gate.arrived(4).await;
    running.terminate();
    running.says("asked to stop").await;
    gate.release();
    let ran = running.ended().await.exits(3);

    assert_eq!((ran.rows_that("deleted").len(), ran.rows_that("unfinished").len()), (4, TAGS - 4), "{ran}");
    assert_eq!(registry.count(Kind::DeleteManifest), 4, "no new deletion began");
    assert_eq!(ran.report()["exit_code"], 3);
    let done: Vec<String> = expired(TAGS).into_iter().filter(|tag| !left(&registry).contains(tag)).collect();
    assert_eq!(done.len(), 4);

    registry.clear_log();
    let ran = prune(&registry, &["--delete"]).run().await.exits(0);
    assert_eq!(ran.rows_that("deleted").len(), TAGS - 4, "{ran}");
    assert_eq!(registry.count(Kind::DeleteManifest), TAGS - 4);
    assert_eq!(left(&registry), all_but(TAGS, &expired(TAGS)));
}

#[tokio::test]
async fn a_deletion_that_does_not_end_within_the_grace_is_given_up() {
    let registry = filled(TAGS).await;
    let gate = registry.hold(Kind::DeleteManifest);
    let running = prune(&registry, &["--delete", "--grace", "100ms"]).start();
    gate.arrived(1).await;
    running.terminate();
    let ran = running.ended().await.exits(3);
    assert_eq!(ran.rows_that("unfinished").len(), TAGS, "{ran}");
    assert_eq!(left(&registry), all_but(TAGS, &[]));
}

#[tokio::test]
async fn a_deadline_while_tags_are_listed_deletes_nothing() {
    let registry = filled(TAGS).await;
    let gate = registry.hold(Kind::Tags);
    let ran = prune(&registry, &["--delete", "--deadline", "300ms"]).run().await.exits(3);
    drop(gate);
    assert_untouched(&registry, TAGS);
    let rows = ran.rows();
    assert_eq!((rows.len(), &rows[0]["outcome"]), (1, &"unfinished".into()), "{ran}");
    assert!(rows[0]["reason"].as_str().unwrap().contains("deadline"), "{ran}");
}
