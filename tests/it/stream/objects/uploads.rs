//! Objects that are uploaded in parts.

use std::time::{Duration, SystemTime};

use image_mirror::error::{Class, Classify as _};
use image_mirror::model::Digest;
use image_mirror::objects::{ErrorKind, Expected, Kind, Over};
use tokio::task::JoinSet;

use super::{MIB, bring, content, expected, feed, key, open};
use crate::support::{BucketFault, Effect, FakeBucket};

const WEEK: Duration = Duration::from_hours(7 * 24);

// 14.54
#[tokio::test]
async fn a_large_object_comes_in_parts_and_says_what_it_is() {
    let bucket = FakeBucket::start().await;
    let (store, bytes, at) = (open(&bucket), content(70 * MIB), key("disk.raw.gz"));
    bring(&store, &at, &bytes, &expected(&bytes)).await.unwrap();
    let stored = bucket.object("disk.raw.gz").unwrap();
    assert_eq!(stored.content, bytes);
    assert_eq!(stored.header("x-amz-meta-sha256"), Some(Digest::of(&bytes).hex()));
    assert_eq!(stored.header("content-type"), Some("application/octet-stream"));
    let parts = vec!["PUT disk.raw.gz?partNumber"; 14];
    let mut asked = vec!["POST disk.raw.gz?uploads"];
    asked.extend(parts);
    asked.extend(["HEAD disk.raw.gz", "POST disk.raw.gz?uploadId", "GET ?uploads"]);
    assert_eq!(bucket.asked(), asked);
    assert_eq!((bucket.keys(), bucket.open_uploads()), (vec!["disk.raw.gz".to_owned()], vec![]));
}

// 14.54
#[tokio::test]
async fn an_upload_that_a_killed_run_had_asked_for_and_that_was_begun_late_is_aborted() {
    let bucket = FakeBucket::start().await;
    let (store, bytes, at) = (open(&bucket), content(70 * MIB), key("a"));
    let mut receiving = store.receive(&at, &expected(&bytes)).await.unwrap();
    feed(&mut receiving, &bytes).await.unwrap();
    bucket.begin_upload("a");
    bucket.begin_upload("b");
    receiving.commit().await.unwrap();
    assert_eq!(bucket.open_uploads(), ["b"], "that of others is left alone");
    assert_eq!(bucket.keys(), ["a"]);
}

/// What is left where a run was killed while the store completed its upload, and the next one had begun another by then.
#[tokio::test]
async fn an_upload_of_what_is_there_already_is_a_leftover() {
    let bucket = FakeBucket::start().await;
    let (store, bytes, at) = (open(&bucket), content(70 * MIB), key("a"));
    let mut first = store.receive(&at, &expected(&bytes)).await.unwrap();
    first.write(bytes.slice(..20 * MIB)).await.unwrap();
    first.suspend().await.unwrap();
    assert!(store.has_leftovers().await.unwrap());
    let now = SystemTime::now();
    assert_eq!(store.clear_leftovers(now - WEEK).await.unwrap(), 0, "somebody will go on with it");
    store.write(&at, bytes.clone(), Kind::Immutable, &Over::Nothing).await.unwrap();
    assert_eq!(store.clear_leftovers(now - WEEK).await.unwrap(), 1);
    assert_eq!((bucket.keys(), bucket.open_uploads()), (vec!["a".to_owned()], vec![]));
    assert!(!store.has_leftovers().await.unwrap());
}

#[tokio::test]
async fn who_is_late_finds_that_the_same_is_there_and_leaves_nothing() {
    let bucket = FakeBucket::start().await;
    let (store, bytes, at) = (open(&bucket), content(70 * MIB), key("a"));
    let mut late = store.receive(&at, &expected(&bytes)).await.unwrap();
    feed(&mut late, &bytes).await.unwrap();
    let stamp = store.write(&at, bytes, Kind::Immutable, &Over::Nothing).await.unwrap();
    assert_eq!(late.commit().await.unwrap(), stamp);
    assert_eq!(bucket.open_uploads(), Vec::<String>::new());
    // Something else is still nobody's to replace.
    let other = content(66 * MIB);
    let refused = bring(&store, &at, &other, &expected(&other)).await.unwrap_err();
    assert!(matches!(refused.kind(), ErrorKind::Changed), "{refused:?}");
    assert_eq!(bucket.open_uploads(), Vec::<String>::new());
}

// 14.54
#[tokio::test]
async fn an_upload_that_fails_leaves_no_object_and_once_given_up_no_upload() {
    let bucket = FakeBucket::start().await;
    let (store, bytes, at) = (open(&bucket), content(70 * MIB), key("a"));
    bucket.fault(BucketFault::on("PUT", "partNumber", Effect::Status(500)).after(3).times(3));
    let mut receiving = store.receive(&at, &expected(&bytes)).await.unwrap();
    assert_eq!(feed(&mut receiving, &bytes).await.unwrap_err().class(), Class::Transient);
    assert_eq!((bucket.object("a").is_some(), bucket.open_uploads().len()), (false, 1));
    receiving.discard().await.unwrap();
    assert_eq!((bucket.keys(), bucket.open_uploads()), (vec![], vec![]));
}

#[tokio::test]
async fn of_an_upload_that_was_suspended_the_parts_are_gone_on_with() {
    let bucket = FakeBucket::start().await;
    let (store, bytes, at) = (open(&bucket), content(70 * MIB), key("a"));
    let mut first = store.receive(&at, &expected(&bytes)).await.unwrap();
    first.restart(Some("\"v1\"")).await.unwrap();
    first.write(bytes.slice(..20 * MIB)).await.unwrap();
    first.suspend().await.unwrap();
    assert_eq!(bucket.keys(), [format!(".image-mirror/uploads/{}.json", Digest::of(&bytes).hex())]);
    let mut second = store.receive(&at, &expected(&bytes)).await.unwrap();
    assert_eq!((second.offset(), second.validator()), (20 * MIB as u64, Some("\"v1\"")));
    feed(&mut second, &bytes).await.unwrap();
    second.commit().await.unwrap();
    assert_eq!(bucket.object("a").unwrap().content, bytes);
    assert_eq!((bucket.keys(), bucket.open_uploads()), (vec!["a".to_owned()], vec![]));
    let begun = bucket.asked().iter().filter(|asked| *asked == "POST a?uploads").count();
    assert_eq!(begun, 1, "it is the same upload");
}

#[tokio::test]
async fn an_upload_that_is_gone_or_of_another_key_is_begun_anew() {
    for is_gone in [true, false] {
        let bucket = FakeBucket::start().await;
        let (store, bytes) = (open(&bucket), content(70 * MIB));
        let mut first = store.receive(&key("a"), &expected(&bytes)).await.unwrap();
        first.write(bytes.slice(..20 * MIB)).await.unwrap();
        first.suspend().await.unwrap();
        let at = if is_gone {
            bucket.forget_uploads();
            key("a")
        } else {
            key("b")
        };
        let mut second = store.receive(&at, &expected(&bytes)).await.unwrap();
        assert_eq!((second.offset(), second.validator()), (0, None));
        feed(&mut second, &bytes).await.unwrap();
        second.commit().await.unwrap();
        assert_eq!((bucket.keys(), bucket.open_uploads()), (vec![at.to_string()], vec![]));
    }
}

#[tokio::test]
async fn wrong_bytes_never_become_an_object_and_their_upload_is_aborted() {
    let bucket = FakeBucket::start().await;
    let (store, bytes, at) = (open(&bucket), content(70 * MIB), key("a"));
    let mut receiving = store.receive(&at, &expected(&bytes)).await.unwrap();
    receiving.write(bytes.slice(1..)).await.unwrap();
    let error = receiving.commit().await.unwrap_err();
    assert!(matches!(error.kind(), ErrorKind::Digest { .. }));
    assert_eq!((bucket.keys(), bucket.open_uploads()), (vec![], vec![]));
    assert!(!bucket.asked().contains(&"POST a?uploadId".to_owned()));
}

#[tokio::test]
async fn a_large_object_replaces_only_what_it_may() {
    let bucket = FakeBucket::start().await;
    let (store, bytes, at) = (open(&bucket), content(70 * MIB), key("a"));
    let other = content(10);
    let stamp = bring(&store, &at, &other, &expected(&other)).await.unwrap();
    let error = bring(&store, &at, &bytes, &expected(&bytes)).await.unwrap_err();
    assert!(matches!(error.kind(), ErrorKind::Changed));
    assert_eq!((bucket.object("a").unwrap().content, bucket.open_uploads()), (other, vec![]));
    let over = Expected { over: Over::Only(stamp), ..expected(&bytes) };
    bring(&store, &at, &bytes, &over).await.unwrap();
    assert_eq!(bucket.object("a").unwrap().content, bytes);
}

#[tokio::test]
async fn a_completion_whose_answer_was_lost_is_one() {
    let bucket = FakeBucket::start().await;
    let (store, bytes, at) = (open(&bucket), content(70 * MIB), key("a"));
    bucket.fault(BucketFault::on("POST", "uploadId", Effect::Lost));
    bring(&store, &at, &bytes, &expected(&bytes)).await.unwrap();
    assert_eq!(bucket.object("a").unwrap().content, bytes);
    assert_eq!((bucket.keys(), bucket.open_uploads()), (vec!["a".to_owned()], vec![]));
}

#[tokio::test]
async fn an_object_of_unknown_size_that_turns_out_small_is_no_upload() {
    let bucket = FakeBucket::start().await;
    let (store, bytes) = (open(&bucket), content(3 * MIB));
    let unknown = Expected { size: None, ..expected(&bytes) };
    bring(&store, &key("a"), &bytes, &unknown).await.unwrap();
    assert_eq!((bucket.asked(), bucket.keys()), (vec!["PUT a".to_owned()], vec!["a".to_owned()]));
    let nothing = content(0);
    let unknown = Expected { size: None, ..expected(&nothing) };
    bring(&store, &key("b"), &nothing, &unknown).await.unwrap();
    assert_eq!(bucket.object("b").unwrap().content, nothing);
}

#[tokio::test]
async fn leftovers_are_uploads_that_we_noted_and_those_of_others_are_left_alone() {
    let bucket = FakeBucket::start().await;
    let (store, bytes) = (open(&bucket), content(70 * MIB));
    let mut receiving = store.receive(&key("a"), &expected(&bytes)).await.unwrap();
    receiving.write(bytes.slice(..20 * MIB)).await.unwrap();
    receiving.suspend().await.unwrap();
    // Begun by a run that was killed before it could note the number.
    bucket.begin_upload("a");
    bucket.begin_upload("a");
    bucket.begin_upload("a/of-others");
    let now = SystemTime::now();
    assert_eq!(store.clear_leftovers(now - WEEK).await.unwrap(), 2);
    assert_eq!(bucket.open_uploads(), ["a", "a/of-others"]);
    assert_eq!(store.receive(&key("a"), &expected(&bytes)).await.unwrap().offset(), 20 * MIB as u64);
    assert_eq!(store.clear_leftovers(now + WEEK).await.unwrap(), 1);
    assert_eq!((bucket.open_uploads(), bucket.keys()), (vec!["a/of-others".to_owned()], vec![]));
}

#[tokio::test]
async fn many_receivers_share_one_budget_and_all_of_them_come_to_an_end() {
    let bucket = FakeBucket::start().await;
    let store = open(&bucket);
    let mut receivers = JoinSet::new();
    for number in 0..12 {
        let store = store.clone();
        receivers.spawn(async move {
            // Some take most of the budget at once, others a part after the other.
            let size = if number % 3 == 0 { 66 * MIB } else { 40 * MIB } + number;
            let bytes = content(size);
            bring(&store, &key(&format!("{number}")), &bytes, &expected(&bytes)).await.unwrap();
        });
    }
    while let Some(ended) = receivers.join_next().await {
        ended.unwrap();
    }
    assert_eq!((bucket.keys().len(), bucket.open_uploads()), (12, vec![]));
}

#[tokio::test]
async fn two_files_for_two_buckets_never_wait_for_each_other() {
    let [one, other] = [FakeBucket::start().await, FakeBucket::start().await];
    let [one, other] = [open(&one), open(&other)];
    let (large, small) = (content(70 * MIB), content(64 * MIB));
    let mut large_one = one.receive(&key("large"), &expected(&large)).await.unwrap();
    let mut large_other = other.receive(&key("large"), &expected(&large)).await.unwrap();
    // A part is full in the one bucket, and has room in the other.
    large_one.write(large.slice(..5 * MIB)).await.unwrap();
    large_other.write(large.slice(..4 * MIB)).await.unwrap();
    let mut small_one = one.receive(&key("small"), &expected(&small)).await.unwrap();
    let mut small_other = other.receive(&key("small"), &expected(&small)).await.unwrap();
    small_one.write(small.slice(..MIB)).await.unwrap();
    tokio::time::pause();
    let small = async {
        small_other.write(small.slice(..MIB)).await.unwrap();
        drop((small_one, small_other));
    };
    let large = async {
        large_one.write(large.slice(5 * MIB..6 * MIB)).await.unwrap();
        drop((large_one, large_other));
    };
    let both = futures_util::future::join(small, large);
    tokio::time::timeout(Duration::from_mins(5), both).await.expect("neither waits for ever");
}
