//! What earlier runs set apart: tried last, and once.

use std::num::NonZeroU32;
use std::sync::Arc;
use std::time::SystemTime;

use futures_util::{StreamExt as _, stream};
use image_mirror::engine::{Engine, Options, Silent, Stop};
use image_mirror::model::{Batch, Desired, Past, Row, Standing};

use super::{Pair, client, failure, impatient, word};
use crate::support::{Fault, Image, Kind, on};

fn failing_for_long(entries: &[&Desired]) -> Options {
    let mut past = Past::new(NonZeroU32::new(3).unwrap());
    for entry in entries {
        let standing = Standing {
            first_seen: SystemTime::UNIX_EPOCH,
            verified: None,
            failures: 3,
            unfinished: false,
            quarantined: false,
        };
        past.note(entry.source.to_string(), entry.target.to_string(), standing);
    }
    Options { past: Some(Arc::new(past)), ..Options::default() }
}

/// The row of the entry to `target`.
fn row_of<'a>(rows: &'a [Row], target: &Desired) -> &'a Row {
    rows.iter().find(|row| row.target.to_string() == target.target.to_string()).unwrap()
}

#[tokio::test]
async fn a_source_that_fails_is_asked_once_for_what_is_set_apart_and_five_times_for_the_line_beside_it() {
    let pair = Pair::start().await;
    let apart = pair.entry("org/apart:v1", "mirror/apart:v1");
    let beside = pair.entry("org/beside:v1", "mirror/beside:v1");
    pair.source.fault(Fault::on(Kind::HeadManifest).status(500).always());
    let pair = Pair { options: failing_for_long(&[&apart]), ..pair };
    let rows = pair.mirror(vec![apart.clone(), beside.clone()]).await;

    assert_eq!(pair.source.count(on(Kind::HeadManifest).repository("org/apart")), 1);
    assert_eq!(pair.source.count(on(Kind::HeadManifest).repository("org/beside")), 5);
    assert_eq!([row_of(&rows, &apart).attempts, row_of(&rows, &beside).attempts], [1, 5]);
    assert!(failure(row_of(&rows, &apart)).contains("500"));
    assert_eq!(rows[0].target.to_string(), beside.target.to_string(), "what is set apart does not come last");
}

#[tokio::test]
async fn what_is_set_apart_writes_once_too_and_is_copied_when_it_works_again() {
    let pair = Pair::start().await;
    pair.source.put_image("org/app", "v1", &Image::example(1));
    let apart = pair.entry("org/app:v1", "mirror/apart:v1");
    pair.target.fault(Fault::on(Kind::PutManifest).status(500).times(2));
    let pair = Pair { options: failing_for_long(&[&apart]), ..pair };
    let row = pair.mirror_one(apart.clone()).await;
    assert_eq!((word(&row), row.attempts), ("failed", 1));
    assert_eq!(pair.target.count(Kind::PutManifest), 1);

    pair.target.clear_faults();
    assert_eq!(word(&pair.mirror_one(apart).await), "copied");
}

#[tokio::test]
async fn a_pause_that_a_registry_asks_for_is_no_attempt() {
    let pair = Pair::start().await;
    let apart = pair.offer(&Image::example(1));
    pair.source.fault(Fault::on(Kind::HeadManifest).status(429).header("retry-after", "0"));
    let pair = Pair { options: failing_for_long(&[&apart]), ..pair };
    assert_eq!(word(&pair.mirror_one(apart).await), "copied");
    assert_eq!(pair.source.count(Kind::HeadManifest), 2);
}

#[tokio::test]
async fn a_healthy_line_of_the_same_source_has_its_five_attempts_whichever_comes_first() {
    for healthy_first in [true, false] {
        let pair = Pair::start().await;
        let apart = pair.entry("org/app:v1", "mirror/apart:v1");
        let healthy = pair.entry("org/app:v1", "mirror/healthy:v1");
        pair.source.fault(Fault::on(Kind::HeadManifest).status(500).always());
        let options = failing_for_long(&[&apart]);
        let (first, second) = if healthy_first { (&healthy, &apart) } else { (&apart, &healthy) };
        let batch = |entry: &Desired| Batch::admit(vec![entry.clone()]).batch;
        let source = pair.source.clone();
        let (early, late) = (batch(first), batch(second));
        // The second comes when the source was asked for the first.
        let asked = async move {
            while source.count(Kind::HeadManifest) == 0 {
                tokio::task::yield_now().await;
            }
            late
        };
        let batches = stream::iter([early]).chain(stream::once(asked));
        let client = client(impatient());
        let engine = Engine::new(&client, options, Arc::new(Silent), Stop::default());
        let rows = engine.run(Box::pin(batches)).await;

        assert_eq!(row_of(&rows, &healthy).attempts, 5, "healthy first: {healthy_first}");
        let asked = if healthy_first { 5 } else { 6 };
        assert_eq!(pair.source.count(Kind::HeadManifest), asked, "healthy first: {healthy_first}");
        assert_eq!(pair.target.count(Kind::PutManifest), 0);
    }
}
