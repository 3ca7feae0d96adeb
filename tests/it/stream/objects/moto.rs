//! The same against a server that others wrote.

use image_mirror::model::Digest;
use image_mirror::objects::{Bucket, BucketSettings, ErrorKind, Expected, Kind, Over, Store};
use image_mirror::state::{Lock, LockError};

use super::{MIB, bring, content, expected, feed, key, settings};
use crate::support::{BUCKET, Moto};

fn open(moto: &Moto) -> Store {
    let options = vec![
        ("AWS_ENDPOINT_URL", moto.endpoint()),
        ("AWS_ACCESS_KEY_ID", "AKIDFORTESTS".to_owned()),
        ("AWS_SECRET_ACCESS_KEY", "a-secret-of-tests".to_owned()),
    ];
    let settings = BucketSettings { prefix: Some(key("pub")), ..settings(options) };
    Store::Bucket(Bucket::open(&settings).unwrap())
}

/// What a client that knows nothing of us is answered. It has a login, which is not looked at.
async fn asked(moto: &Moto, path: &str) -> reqwest::Response {
    let login = "AWS4-HMAC-SHA256 Credential=AKID/20260101/us-east-1/s3/aws4_request, SignedHeaders=host, Signature=0";
    reqwest::Client::new().get(moto.url(path)).header("authorization", login).send().await.unwrap()
}

async fn open_uploads(moto: &Moto) -> usize {
    let text = asked(moto, &format!("{BUCKET}?uploads")).await.text().await.unwrap();
    text.matches("<UploadId>").count()
}

// 14.54
#[tokio::test]
async fn moto_has_a_large_object_whole_with_what_it_is_and_no_upload_is_left() {
    let moto = Moto::start(BUCKET).await;
    let (store, bytes, at) = (open(&moto), content(70 * MIB), key("4.16/disk.raw.gz"));
    let mut first = store.receive(&at, &expected(&bytes)).await.unwrap();
    first.write(bytes.slice(..20 * MIB)).await.unwrap();
    first.suspend().await.unwrap();
    assert_eq!(open_uploads(&moto).await, 1);
    assert_eq!(asked(&moto, &format!("{BUCKET}/pub/4.16/disk.raw.gz")).await.status(), 404);
    let mut second = store.receive(&at, &expected(&bytes)).await.unwrap();
    assert_eq!(second.offset(), 20 * MIB as u64);
    feed(&mut second, &bytes).await.unwrap();
    second.commit().await.unwrap();
    let answer = asked(&moto, &format!("{BUCKET}/pub/4.16/disk.raw.gz")).await;
    let header = |name: &str| answer.headers()[name].to_str().unwrap().to_owned();
    assert_eq!(header("x-amz-meta-sha256"), Digest::of(&bytes).hex());
    assert_eq!(header("cache-control"), Kind::Immutable.cache_control());
    assert_eq!(answer.bytes().await.unwrap(), bytes);
    assert_eq!(open_uploads(&moto).await, 0);
    let object = store.look(&at).await.unwrap().unwrap();
    assert_eq!(store.sha256(&object).await.unwrap(), Some(Digest::of(&bytes)));
    let own = image_mirror::model::Key::of_state("uploads").unwrap();
    assert_eq!(store.list(Some(&own)).await.unwrap(), []);
}

#[tokio::test]
async fn moto_lets_a_write_replace_only_what_it_may() {
    let moto = Moto::start(BUCKET).await;
    let (store, at) = (open(&moto), key("a.json"));
    let write = async |text: &'static str, over| store.write(&at, text.into(), Kind::Mutable, &over).await;
    let first = write("one", Over::Nothing).await.unwrap();
    assert!(matches!(write("two", Over::Nothing).await.unwrap_err().kind(), ErrorKind::Changed));
    write("two", Over::Only(first.clone())).await.unwrap();
    assert!(matches!(write("three", Over::Only(first)).await.unwrap_err().kind(), ErrorKind::Changed));
    assert_eq!(store.read(&at, 9).await.unwrap().unwrap().0, "two");
    assert_eq!(
        asked(&moto, &format!("{BUCKET}/pub/a.json")).await.headers()["content-type"],
        "application/json"
    );
    let listed = store.list(None).await.unwrap();
    assert_eq!(listed.iter().map(|object| object.key.as_str()).collect::<Vec<_>>(), ["a.json"]);
    store.delete(&at).await.unwrap();
    assert_eq!(store.list(None).await.unwrap(), []);
}

#[tokio::test]
async fn moto_copies_an_object_with_what_it_is_now() {
    let moto = Moto::start(BUCKET).await;
    let (store, bytes) = (open(&moto), content(1_000));
    bring(&store, &key("a b/x.raw"), &bytes, &expected(&bytes)).await.unwrap();
    let to = Expected { kind: Kind::Mutable, ..expected(&bytes) };
    store.copy(&key("a b/x.raw"), &key("y.txt"), &to).await.unwrap();
    let answer = asked(&moto, &format!("{BUCKET}/pub/y.txt")).await;
    assert!(answer.headers()["content-type"].to_str().unwrap().starts_with("text/plain"));
    assert_eq!(answer.headers()["cache-control"], Kind::Mutable.cache_control());
    assert_eq!(answer.headers()["x-amz-meta-sha256"], to.sha256.hex());
    assert_eq!(answer.bytes().await.unwrap(), bytes);
}

// 14.92
#[tokio::test]
async fn moto_holds_a_lock_for_one_run() {
    let moto = Moto::start(BUCKET).await;
    let store = open(&moto);
    let lock = Lock::take(&store, "here", "one").await.unwrap();
    assert!(matches!(Lock::take(&store, "there", "two").await, Err(LockError::Held(_))));
    lock.release().await.unwrap();
    Lock::take(&store, "there", "two").await.unwrap().release().await.unwrap();
    assert_eq!(
        store.list(Some(&image_mirror::model::Key::of_state("x").unwrap().parent().unwrap())).await.unwrap(),
        []
    );
}
