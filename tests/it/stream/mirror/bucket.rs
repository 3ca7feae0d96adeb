//! Buckets as destinations.

use crate::stream::world::{FOLDER, KERNEL, QEMU, URL, World, outcomes, row, rows, with_login};
use crate::support::image::random_bytes;
use crate::support::{BUCKET, BucketFault, Effect, FakeBucket};

const MIB: usize = 1 << 20;

async fn large() -> (World, FakeBucket, String) {
    let mut world = World::new().await;
    world.list(QEMU, random_bytes(70 * MIB, 1));
    let key = format!("{FOLDER}/{}", world.file(QEMU));
    (world, FakeBucket::start().await, key)
}

// 14.54
#[tokio::test]
async fn a_large_file_goes_in_parts_and_says_what_it_is() {
    let (world, bucket, key) = large().await;
    let ran = world.to_bucket(&bucket, &[]).run().await.exits(0);
    let stored = bucket.object(&key).unwrap();
    assert_eq!(stored.content.len(), 70 * MIB);
    assert_eq!(stored.header("x-amz-meta-sha256"), Some(world.listed[0].sha256.hex()));
    assert!(stored.header("cache-control").unwrap().contains("immutable"), "{:?}", stored.headers);
    let parts = bucket.asked().iter().filter(|asked| asked.ends_with("?partNumber")).count();
    assert!(parts > 1, "{:?}", bucket.asked());
    assert_eq!(row(&ran, QEMU)["bytes"]["copied"], 70 * MIB);
    assert_eq!(bucket.open_uploads(), Vec::<String>::new());
    let before = bucket.requests().len();
    world.to_bucket(&bucket, &[]).run().await.exits(0);
    let later = bucket.requests().split_off(before);
    assert!(later.iter().all(|request| ["GET", "HEAD"].contains(&&*request.method)), "{later:?}");
    assert_eq!(world.server.asked().len(), 1);
}

// 14.54
#[tokio::test]
async fn an_upload_of_wrong_bytes_leaves_nothing() {
    let (mut world, bucket, key) = large().await;
    world.listed[0].sha256 = image_mirror::model::Digest::of(b"something else");
    let ran = world.to_bucket(&bucket, &[]).run().await.exits(1);
    assert_eq!(row(&ran, QEMU)["class"], "corrupt", "{ran}");
    assert!(bucket.object(&key).is_none());
    assert_eq!(bucket.open_uploads(), Vec::<String>::new());
    assert!(!bucket.asked().iter().any(|asked| asked.starts_with("POST") && asked.ends_with("?uploadId")));
}

// 14.54
#[tokio::test]
async fn an_upload_that_failed_is_gone_on_with_and_then_closed() {
    let (world, bucket, key) = large().await;
    bucket.fault(BucketFault::on("PUT", "partNumber", Effect::Status(500)).after(5).times(usize::MAX));
    world.to_bucket(&bucket, &["--attempts", "2"]).run().await.exits(1);
    assert!(bucket.object(&key).is_none());
    bucket.mend();
    world.to_bucket(&bucket, &[]).run().await.exits(0);
    assert_eq!(bucket.object(&key).unwrap().content.len(), 70 * MIB);
    assert_eq!(bucket.open_uploads(), Vec::<String>::new());
    let asked = world.server.asked();
    assert!(asked.last().unwrap().header("range").is_some(), "not from its start: {asked:?}");
}

// 14.54
#[tokio::test]
async fn an_upload_of_what_is_there_already_is_cleared_by_a_run_that_has_nothing_else_to_do() {
    let (world, bucket, key) = large().await;
    world.to_bucket(&bucket, &[]).run().await.exits(0);
    let stored = bucket.object(&key).unwrap();
    // As if the store had completed one upload late, when another was begun.
    bucket.remove(&key);
    bucket.fault(BucketFault::on("PUT", "partNumber", Effect::Status(500)).after(5).times(usize::MAX));
    world.to_bucket(&bucket, &["--attempts", "2"]).run().await.exits(1);
    bucket.mend();
    bucket.restore(&key, stored);
    world.to_bucket(&bucket, &["--artifact", "qemu"]).run().await.exits(0);
    assert_eq!(bucket.open_uploads(), Vec::<String>::new());
    assert!(
        !bucket.keys().iter().any(|key| key.contains("uploads/") || key.ends_with("/lock")),
        "{:?}",
        bucket.keys()
    );
    let (before, asked) = (bucket.requests().len(), world.server.asked().len());
    world.to_bucket(&bucket, &[]).run().await.exits(0);
    let later = bucket.requests().split_off(before);
    assert!(later.iter().all(|request| ["GET", "HEAD"].contains(&&*request.method)), "{later:?}");
    assert_eq!(world.server.asked().len(), asked);
}

// 14.55
#[tokio::test]
async fn one_destination_that_fails_stops_no_other() {
    let (world, bucket) = (World::of_two().await, FakeBucket::start().await);
    let words =
        ["--dest", "s3://boot-images", "--attempts", "1", "--url", URL, "--publish-stream", "rhcos.json"];
    bucket.fault(BucketFault::on("", "", Effect::Status(500)).times(usize::MAX));
    let ran = with_login(world.mirror(&words), &bucket).run().await.exits(1);
    let of_qemu = rows(&ran, QEMU);
    assert_eq!(of_qemu.len(), 2, "one a destination: {ran}");
    let outcome = |start: &str| {
        let row = of_qemu.iter().find(|row| row["target"].as_str().unwrap().starts_with(start));
        row.unwrap()["outcome"].clone()
    };
    assert_eq!((outcome("/"), outcome("s3:")), ("copied".into(), "failed".into()), "{ran}");
    assert!(world.at("rhcos.json").exists() && world.at(&format!("{FOLDER}/rhcos-id.txt")).exists());
    assert_eq!(world.server.count(&world.path(QEMU)), 1, "it is fetched once for all");

    bucket.mend();
    let before = world.footprints();
    let ran = with_login(world.mirror(&words), &bucket).run().await.exits(0);
    assert_eq!(outcomes(&ran), ["kept", "copied", "kept", "copied"], "{ran}");
    assert_eq!(world.footprints(), before, "what was complete was not touched");
    assert_eq!(
        bucket.object(&format!("{FOLDER}/{}", world.file(KERNEL))).unwrap().content,
        random_bytes(20_000, 2)
    );
    assert_eq!(bucket.object("rhcos.json").unwrap().header("content-type"), Some("application/json"));
}

#[tokio::test]
async fn two_destinations_that_lack_a_file_get_it_of_one_download() {
    let (world, bucket) = (World::of_two().await, FakeBucket::start().await);
    let ran = with_login(world.mirror(&["--dest", "s3://boot-images"]), &bucket).run().await.exits(0);
    assert_eq!(outcomes(&ran), ["copied"; 4], "{ran}");
    assert_eq!(world.server.asked().len(), 2);
}

// 14.56
#[tokio::test]
async fn what_has_no_architecture_is_stored_where_the_server_reads_it() {
    let (world, bucket) = (World::of_two().await, FakeBucket::start().await);
    let dest = format!("s3://{BUCKET}/pub/openshift-v4");
    let words = ["--ocp", "4.16", "--key-aliases", "mirror.openshift.com", "--url", URL];
    let run = world.to(&["mirror"], &dest).args(words).args(["--publish-stream", "dependencies/x.json"]);
    with_login(run, &bucket).run().await.exits(0);
    let keys = bucket.keys();
    assert!(keys.iter().any(|key| key == "pub/openshift-v4/x86_64/dependencies/x.json"), "{keys:?}");
    assert!(!keys.iter().any(|key| key.starts_with("pub/openshift-v4/dependencies")), "{keys:?}");
}
