//! Uploads that are killed at any moment, and the run after that.

use std::sync::Arc;
use std::time::{Duration, SystemTime};

use bytes::Bytes;
use image_mirror::model::Digest;
use image_mirror::objects::{Expected, Store};
use tokio::sync::Notify;

use super::{MIB, bring, content, expected, feed, key, open};
use crate::support::{BucketFault, Effect, FakeBucket};

/// More than is noted at once, and then some.
const SIZE: usize = 74 * MIB;
/// Three parts and a rest, where nobody says how large it is.
const PARTS: usize = 17 * MIB;

/// A run as the program does it: leftovers first, then what is missing.
async fn run(store: &Store, bytes: &Bytes) {
    let (at, wanted) = (key("a"), Expected { size: None, ..expected(bytes) });
    store.clear_leftovers(SystemTime::now() - Duration::from_mins(10)).await.unwrap();
    if let Some(object) = store.look(&at).await.unwrap()
        && store.sha256(&object).await.unwrap().as_ref() == Some(&wanted.sha256)
    {
        return;
    }
    bring(store, &at, bytes, &wanted).await.unwrap();
}

/// Kills a run at its `number`th request, and runs again. False: it had fewer.
async fn killed_at(number: usize, is_done: bool, bytes: &Bytes) -> bool {
    let (bucket, arrived) = (FakeBucket::start().await, Arc::new(Notify::new()));
    let seen = Arc::clone(&arrived);
    let effect = if is_done { Effect::SilenceAfter(seen) } else { Effect::Silence(seen) };
    bucket.fault(BucketFault::on("", "", effect).after(number));
    let was_killed = {
        let store = open(&bucket);
        tokio::select! {
            () = run(&store, bytes) => false,
            () = arrived.notified() => true,
        }
    };
    bucket.mend();
    run(&open(&bucket), bytes).await;
    let stored = bucket.object("a").unwrap();
    assert_eq!(stored.content, *bytes, "killed at {number}");
    assert_eq!(stored.header("x-amz-meta-sha256"), Some(Digest::of(bytes).hex()), "killed at {number}");
    assert_eq!(bucket.open_uploads(), Vec::<String>::new(), "killed at {number}");
    assert_eq!(bucket.keys(), ["a"], "killed at {number}: nothing is noted any more");
    was_killed
}

#[tokio::test]
async fn killed_before_any_request_is_done_the_next_run_makes_it_right() {
    let bytes = content(PARTS);
    let mut number = 0;
    while killed_at(number, false, &bytes).await {
        number += 1;
    }
    assert!(number > 9, "only {number} requests to be killed at");
}

#[tokio::test]
async fn killed_before_any_answer_comes_the_next_run_makes_it_right() {
    let bytes = content(PARTS);
    let mut number = 0;
    while killed_at(number, true, &bytes).await {
        number += 1;
    }
    assert!(number > 9, "only {number} requests to be killed at");
}

#[tokio::test]
async fn killed_late_the_next_run_goes_on_at_the_last_part_that_was_noted() {
    let (bucket, arrived, bytes) = (FakeBucket::start().await, Arc::new(Notify::new()), content(SIZE));
    let effect = Effect::Silence(Arc::clone(&arrived));
    bucket.fault(BucketFault::on("PUT", "partNumber", effect).after(13));
    let store = open(&bucket);
    let wanted = expected(&bytes);
    let mut killed = store.receive(&key("a"), &wanted).await.unwrap();
    killed.restart(Some("\"v1\"")).await.unwrap();
    tokio::select! {
        fed = async { feed(&mut killed, &bytes).await.unwrap(); killed.commit().await } => panic!("{fed:?}"),
        () = arrived.notified() => {}
    }
    let next = open(&bucket).receive(&key("a"), &wanted).await.unwrap();
    assert_eq!((next.offset(), next.validator()), (65 * MIB as u64, Some("\"v1\"")));
    next.discard().await.unwrap();
    assert_eq!((bucket.keys(), bucket.open_uploads()), (vec![], vec![]));
}
