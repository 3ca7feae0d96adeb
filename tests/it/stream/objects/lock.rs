//! The lock of a bucket.

use std::time::{Duration, SystemTime};

use image_mirror::model::Key;
use image_mirror::objects::{Kind, Over};
use image_mirror::state::{Lock, LockError};

use super::open;
use crate::support::{BucketFault, Effect, FakeBucket};

const LOCK: &str = ".image-mirror/lock";

// 14.92
#[tokio::test]
async fn a_second_run_is_told_who_writes_to_the_bucket_and_a_stale_lock_is_taken_over() {
    let bucket = FakeBucket::start().await;
    let store = open(&bucket);
    let first = Lock::take(&store, "here", "one").await.unwrap();
    let refused = Lock::take(&open(&bucket), "there", "two").await.unwrap_err();
    assert!(matches!(&refused, LockError::Held(holder) if holder.host == "here" && holder.run == "one"));
    let held = bucket.object(LOCK).unwrap();
    first.release().await.unwrap();
    assert_eq!(bucket.keys(), Vec::<String>::new());
    let then = SystemTime::now() - Duration::from_secs(3700);
    let old = humantime::format_rfc3339_seconds(then).to_string();
    let text = String::from_utf8(held.content.to_vec()).unwrap();
    let mut text: serde_json::Value = serde_json::from_str(&text).unwrap();
    text["refreshed"] = old.into();
    let key = Key::of_state("lock").unwrap();
    store.write(&key, text.to_string().into(), Kind::Mutable, &Over::Nothing).await.unwrap();
    assert!(
        matches!(Lock::take(&store, "there", "two").await, Err(LockError::Held(_))),
        "the store heard of it"
    );
    bucket.change(LOCK, |stored| stored.modified = then);
    let second = Lock::take(&store, "there", "two").await.unwrap();
    assert!(String::from_utf8_lossy(&bucket.object(LOCK).unwrap().content).contains("\"two\""));
    second.release().await.unwrap();
    assert_eq!(bucket.keys(), Vec::<String>::new());
}

#[tokio::test]
async fn a_lock_whose_answer_was_lost_is_ours() {
    let bucket = FakeBucket::start().await;
    bucket.fault(BucketFault::on("PUT", LOCK, Effect::Lost));
    let lock = Lock::take(&open(&bucket), "here", "one").await.unwrap();
    assert_eq!(bucket.keys(), [LOCK]);
    lock.release().await.unwrap();
    assert_eq!(bucket.keys(), Vec::<String>::new());
}

#[tokio::test]
async fn a_store_that_knows_no_conditions_lets_nobody_take_a_lock_that_is_held() {
    let bucket = FakeBucket::start().await;
    bucket.knows_no_conditions();
    let first = Lock::take(&open(&bucket), "here", "one").await.unwrap();
    let second = Lock::take(&open(&bucket), "there", "two").await;
    assert!(matches!(&second, Err(LockError::Held(holder)) if holder.run == "one"), "{second:?}");
    assert!(String::from_utf8_lossy(&bucket.object(LOCK).unwrap().content).contains("\"one\""));
    first.release().await.unwrap();
}

#[tokio::test]
async fn the_holder_on_another_machine_is_another_even_if_its_run_is_called_the_same() {
    let bucket = FakeBucket::start().await;
    let first = Lock::take(&open(&bucket), "here", "2027-01-15T08:00:00Z-1").await.unwrap();
    let second = Lock::take(&open(&bucket), "there", "2027-01-15T08:00:00Z-1").await;
    assert!(matches!(&second, Err(LockError::Held(holder)) if holder.host == "here"), "{second:?}");
    first.release().await.unwrap();
}
