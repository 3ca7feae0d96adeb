//! Small objects of a bucket.

use image_mirror::error::{Chain, Class, Classify as _};
use image_mirror::model::{Digest, Key};
use image_mirror::objects::{Bucket, BucketSettings, ErrorKind, Expected, Kind, Over, Pointed, Store};

use super::{bring, content, expected, key, open, settings};
use crate::support::{BucketFault, Effect, FakeBucket};

#[tokio::test]
async fn what_was_written_is_listed_below_the_prefix_and_read_and_gone_once_deleted() {
    let bucket = FakeBucket::start().await;
    let settings = BucketSettings { prefix: Some(key("pub/v 4")), ..settings(bucket.options()) };
    let store = Store::Bucket(Bucket::open(&settings).unwrap());
    for name in ["a/b", "a/c+d e", "a/d%2F", "ab", "z"] {
        store.write(&key(name), name.to_owned().into(), Kind::Mutable, &Over::Nothing).await.unwrap();
    }
    let own = Key::of_state("leases/x.json").unwrap();
    store.write(&own, "{}".into(), Kind::Mutable, &Over::Nothing).await.unwrap();
    open(&bucket).write(&key("pub/other"), "x".into(), Kind::Mutable, &Over::Nothing).await.unwrap();
    let names = |objects: Vec<image_mirror::objects::Object>| -> Vec<String> {
        objects.iter().map(|object| object.key.to_string()).collect()
    };
    assert_eq!(names(store.list(None).await.unwrap()), ["a/b", "a/c+d e", "a/d%2F", "ab", "z"]);
    assert_eq!(names(store.list(Some(&key("a"))).await.unwrap()), ["a/b", "a/c+d e", "a/d%2F"]);
    assert_eq!(names(store.list(Some(&own.parent().unwrap())).await.unwrap()), [own.to_string()]);
    let listed = store.list(None).await.unwrap();
    let looked = store.look(&key("a/c+d e")).await.unwrap().unwrap();
    assert_eq!((&looked.key, looked.size, &looked.stamp), (&listed[1].key, 7, &listed[1].stamp));
    assert_eq!(store.read(&key("a/d%2F"), 9).await.unwrap().unwrap().0, "a/d%2F");
    assert!(matches!(store.read(&key("ab"), 1).await.unwrap_err().kind(), ErrorKind::TooLarge(1)));
    store.delete(&key("a/b")).await.unwrap();
    store.delete(&key("a/b")).await.unwrap();
    assert_eq!(store.look(&key("a/b")).await.unwrap(), None);
    assert_eq!(store.read(&key("a/b"), 9).await.unwrap(), None);
    assert!(bucket.object("pub/other").is_some());
    assert_eq!(store.locator(&key("z")).to_string(), "s3://boot-images/pub/v 4/z");
}

#[tokio::test]
async fn objects_say_what_they_are_and_how_long_they_stay_so() {
    let bucket = FakeBucket::start().await;
    let store = open(&bucket);
    let stored = async |name: &str, kind| {
        store.write(&key(name), "x".into(), kind, &Over::Anything).await.unwrap();
        let object = bucket.object(name).unwrap();
        let header = |name: &str| object.header(name).unwrap().to_owned();
        (header("content-type"), header("cache-control"), header("x-amz-meta-sha256"))
    };
    let hex = Digest::of(b"x").hex().to_owned();
    let year = "public, max-age=31536000, immutable".to_owned();
    let minutes = "public, max-age=300".to_owned();
    assert_eq!(
        stored("a.raw.gz", Kind::Immutable).await,
        ("application/octet-stream".to_owned(), year, hex.clone())
    );
    assert_eq!(
        stored("rhcos.json", Kind::Mutable).await,
        ("application/json".to_owned(), minutes.clone(), hex.clone())
    );
    assert_eq!(stored("sha256sum.txt", Kind::Mutable).await, ("text/plain".to_owned(), minutes, hex));
}

#[tokio::test]
async fn a_write_replaces_only_what_it_may() {
    let bucket = FakeBucket::start().await;
    let (store, at) = (open(&bucket), key("a"));
    let write = async |text: &'static str, over| store.write(&at, text.into(), Kind::Mutable, &over).await;
    let first = write("one", Over::Nothing).await.unwrap();
    assert!(matches!(write("two", Over::Nothing).await.unwrap_err().kind(), ErrorKind::Changed));
    write("two", Over::Only(first.clone())).await.unwrap();
    assert!(matches!(
        write("three", Over::Only(first.clone())).await.unwrap_err().kind(),
        ErrorKind::Changed
    ));
    assert_eq!(bucket.object("a").unwrap().content, "two");
    store.delete(&at).await.unwrap();
    assert!(matches!(write("three", Over::Only(first)).await.unwrap_err().kind(), ErrorKind::Changed));
    assert_eq!(bucket.object("a").map(|object| object.content), None);
}

// 14.21, 14.22, 14.23
#[tokio::test]
async fn the_digest_of_an_object_is_what_was_noted_and_costs_one_request() {
    let bucket = FakeBucket::start().await;
    let (store, bytes) = (open(&bucket), content(1_000));
    bring(&store, &key("a"), &bytes, &expected(&bytes)).await.unwrap();
    let (object, before) = (store.look(&key("a")).await.unwrap().unwrap(), bucket.asked().len());
    assert_eq!((object.size, store.sha256(&object).await.unwrap()), (1_000, Some(Digest::of(&bytes))));
    assert_eq!(bucket.asked()[before..], ["HEAD a"], "nothing is read");
    bucket.change("a", |stored| stored.content.truncate(999));
    assert_eq!(store.look(&key("a")).await.unwrap().unwrap().size, 999);
    bucket.change("a", |stored| drop(stored.headers.remove("x-amz-meta-sha256")));
    assert_eq!(store.sha256(&object).await.unwrap(), None, "an ETag says nothing");
    store.delete(&key("a")).await.unwrap();
    assert_eq!(store.sha256(&object).await.unwrap(), None);
}

#[tokio::test]
async fn requests_are_tried_as_often_as_allowed_and_counted_each_time() {
    let bucket = FakeBucket::start().await;
    let store = open(&bucket);
    bucket.fault(BucketFault::on("PUT", "a", Effect::Status(503)).times(2));
    store.write(&key("a"), "12345".into(), Kind::Mutable, &Over::Nothing).await.unwrap();
    let wire = store.wire();
    assert_eq!((wire.requests.put, wire.sent, wire.received), (3, 15, 0));
    let object = store.look(&key("a")).await.unwrap().unwrap();
    bucket.fault(BucketFault::on("HEAD", "a", Effect::Status(500)).times(2));
    assert!(store.sha256(&object).await.unwrap().is_some());
    assert_eq!(store.wire().requests.head, 1 + 3);
    bucket.fault(BucketFault::on("HEAD", "a", Effect::Status(500)).times(3));
    assert_eq!(store.sha256(&object).await.unwrap_err().class(), Class::Transient);
    assert_eq!(store.wire().requests.head, 1 + 3 + 3);
    bucket.fault(BucketFault::on("GET", "a", Effect::Status(400)));
    assert_eq!(store.read(&key("a"), 9).await.unwrap_err().class(), Class::Protocol);
    assert_eq!(store.wire().requests.get, 1, "what is wrong with a request stays wrong");
    let before = store.wire().received;
    store.read(&key("a"), 9).await.unwrap();
    assert_eq!(store.wire().received - before, 5);
}

// 14.55: what each destination does of it
#[tokio::test]
async fn a_bucket_that_fails_fails_alone_and_is_written_to_when_it_is_back() {
    let (first, second) = (FakeBucket::start().await, FakeBucket::start().await);
    let bytes = content(1_000);
    second.fault(BucketFault::on("PUT", "a", Effect::Status(500)).times(3));
    bring(&open(&first), &key("a"), &bytes, &expected(&bytes)).await.unwrap();
    let error = bring(&open(&second), &key("a"), &bytes, &expected(&bytes)).await.unwrap_err();
    assert_eq!(error.class(), Class::Transient);
    assert_eq!((first.keys(), second.keys()), (vec!["a".to_owned()], vec![]));
    bring(&open(&second), &key("a"), &bytes, &expected(&bytes)).await.unwrap();
    assert_eq!(second.object("a").unwrap().content, bytes);
    assert_eq!(first.asked(), ["PUT a"]);
}

#[tokio::test]
async fn an_answer_that_was_lost_is_no_object_of_somebody_else() {
    let bucket = FakeBucket::start().await;
    let (store, bytes) = (open(&bucket), content(1_000));
    bucket.fault(BucketFault::on("PUT", "a", Effect::Lost));
    bring(&store, &key("a"), &bytes, &expected(&bytes)).await.unwrap();
    assert_eq!(bucket.asked(), ["PUT a", "PUT a", "HEAD a"]);
    let other = content(1_001);
    let error = bring(&store, &key("a"), &other, &expected(&other)).await.unwrap_err();
    assert!(matches!(error.kind(), ErrorKind::Changed));
    assert_eq!(bucket.object("a").unwrap().content, bytes);
}

#[tokio::test]
async fn whoever_may_not_write_is_told_so_without_the_login() {
    let bucket = FakeBucket::start().await;
    let mut options = bucket.options();
    options[1].1 = "AKIDOFSOMEBODYELSE".to_owned();
    let store = Store::Bucket(Bucket::open(&settings(options)).unwrap());
    let error = store.write(&key("a"), "x".into(), Kind::Mutable, &Over::Nothing).await.unwrap_err();
    assert_eq!(error.class(), Class::Denied);
    let text = format!("{} {error:?} {store:?}", Chain(&error));
    assert!(text.contains("AccessDenied"), "{text}");
    assert!(!text.contains("AKIDOFSOMEBODYELSE") && !text.contains("a-secret-of-tests"), "{text}");
    assert_eq!(bucket.keys(), Vec::<String>::new());
    assert_eq!(bucket.asked(), ["PUT a"], "it is not tried again");
}

#[tokio::test]
async fn a_copy_stays_in_the_bucket_and_says_anew_what_it_is() {
    let bucket = FakeBucket::start().await;
    let (store, bytes) = (open(&bucket), content(1_000));
    bring(&store, &key("a +/x.raw"), &bytes, &expected(&bytes)).await.unwrap();
    let to = Expected { kind: Kind::Mutable, ..expected(&bytes) };
    let before = store.wire();
    let stamp = store.copy(&key("a +/x.raw"), &key("b/y.txt"), &to).await.unwrap();
    assert_eq!(store.wire().sent, before.sent, "no byte of it goes over the wire");
    let copy = bucket.object("b/y.txt").unwrap();
    assert_eq!(copy.content, bytes);
    assert_eq!(copy.header("content-type"), Some("text/plain"));
    assert_eq!(copy.header("cache-control"), Some(Kind::Mutable.cache_control()));
    assert_eq!(copy.header("x-amz-meta-sha256"), Some(to.sha256.hex()));
    assert_eq!(store.look(&key("b/y.txt")).await.unwrap().unwrap().stamp, stamp);
    let copy =
        async |from: &str, expected: &Expected| store.copy(&key(from), &key("b/y.txt"), expected).await;
    assert!(matches!(copy("a +/x.raw", &to).await.unwrap_err().kind(), ErrorKind::Changed));
    let anything = Expected { over: Over::Anything, ..to };
    copy("a +/x.raw", &anything).await.unwrap();
    let other = Expected { sha256: Digest::of(b"other"), ..anything.clone() };
    assert!(matches!(copy("a +/x.raw", &other).await.unwrap_err().kind(), ErrorKind::Digest { .. }));
    bucket.change("a +/x.raw", |stored| stored.headers.clear());
    assert!(matches!(copy("a +/x.raw", &anything).await.unwrap_err().kind(), ErrorKind::Unknown));
    assert!(matches!(copy("nothing", &anything).await.unwrap_err().kind(), ErrorKind::Unknown));
    assert_eq!(bucket.object("b/y.txt").unwrap().content, bytes);
}

#[tokio::test]
async fn a_bucket_has_neither_links_nor_folders() {
    let bucket = FakeBucket::start().await;
    let store = open(&bucket);
    assert_eq!(store.point(&key("latest"), &key("a")).await.unwrap(), Pointed::NoLinks);
    assert_eq!(store.pointed(&key("latest")).await.unwrap(), None);
    assert!(!store.trash(&key("a"), &Key::of_state("trash/a").unwrap()).await.unwrap());
    assert!(store.is_bucket() && bucket.requests().is_empty());
}
