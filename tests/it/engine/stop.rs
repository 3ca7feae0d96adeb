//! Stopping: nothing is lost, everything gets its row.

use image_mirror::engine::Stop;
use image_mirror::model::{Cause, Outcome};

use super::{Pair, mirror, word};
use crate::support::{Image, Kind};

#[tokio::test]
async fn a_gentle_stop_finishes_what_runs_and_starts_nothing_new() {
    let mut pair = Pair::start().await;
    pair.options.jobs = 1;
    let entries: Vec<_> = (0..10)
        .map(|n| {
            pair.source.put_image("org/app", &format!("v{n}"), &Image::example(n));
            pair.entry(&format!("org/app:v{n}"), &format!("mirror/app{n}:v1"))
        })
        .collect();
    let gate = pair.target.hold(Kind::PutManifest);
    let stop = Stop::default();
    let interrupt = async {
        gate.arrived(1).await;
        stop.gently.cancel();
        gate.release();
    };
    let (rows, ()) = tokio::join!(mirror(entries, pair.options.clone(), stop.clone()), interrupt);

    assert_eq!(rows.len(), 10);
    assert_eq!(rows.iter().filter(|row| word(row) == "copied").count(), 1);
    let interrupted =
        |row: &&image_mirror::model::Row| matches!(row.outcome, Outcome::Unfinished(Cause::Interrupted));
    assert_eq!(rows.iter().filter(interrupted).count(), 9);
    assert_eq!(pair.target.count(Kind::PutManifest), 1);
}

#[tokio::test]
async fn stopped_before_it_begins_every_entry_is_a_row() {
    let pair = Pair::start().await;
    let desired = pair.offer(&Image::example(1));
    let stop = Stop::default();
    stop.gently.cancel();
    stop.now.cancel();
    let rows = mirror(vec![desired], pair.options.clone(), stop).await;

    assert_eq!(rows.len(), 1);
    assert!(matches!(rows[0].outcome, Outcome::Unfinished(Cause::Interrupted)));
    assert_eq!(pair.requests(), 0);
}

#[tokio::test]
async fn a_hard_stop_gives_up_what_runs_and_still_reports_it() {
    let pair = Pair::start().await;
    let desired = pair.offer(&Image::example(1));
    let gate = pair.target.hold(Kind::PutManifest);
    let stop = Stop::default();
    stop.deadline.store(true, std::sync::atomic::Ordering::Relaxed);
    let interrupt = async {
        gate.arrived(1).await;
        stop.now.cancel();
    };
    let (rows, ()) = tokio::join!(mirror(vec![desired], pair.options.clone(), stop.clone()), interrupt);

    assert_eq!(rows.len(), 1);
    assert!(matches!(rows[0].outcome, Outcome::Unfinished(Cause::Deadline)));
    assert_eq!(pair.target.tag_digest("mirror/app", "v1"), None);
}
