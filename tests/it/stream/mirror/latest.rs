//! The folders `latest`: links in a directory, copies in a bucket.

use std::fs;
use std::path::PathBuf;
use std::sync::Arc;

use tokio::sync::Notify;

use crate::stream::world::{QEMU, World};
use crate::support::image::random_bytes;
use crate::support::{BucketFault, Effect, FakeBucket};

const RHCOS: &str = "x86_64/dependencies/rhcos";

/// A release of its own build, of which the numbers are the seed.
async fn release(world: &mut World, version: &str) {
    list(world, version);
    world.command(&["mirror"], &["--layout", "release", "--version", version]).run().await.exits(0);
}

fn list(world: &mut World, version: &str) {
    let seed = version.bytes().map(u64::from).sum();
    world.next_build(&format!("9.6.2025{seed:04}-0"));
    world.list(QEMU, random_bytes(500, seed));
}

fn link(world: &World, name: &str) -> Option<PathBuf> {
    fs::read_link(world.at(&format!("{RHCOS}/{name}"))).ok()
}

fn leads(world: &World, name: &str, to: &str) {
    assert_eq!(link(world, name), Some(to.into()), "{name}");
}

// 14.50
#[tokio::test]
async fn an_older_release_does_not_move_latest_back() {
    let mut world = World::new().await;
    release(&mut world, "4.19.5").await;
    leads(&world, "4.19/latest", "4.19.5");
    let before = fs::symlink_metadata(world.at(&format!("{RHCOS}/4.19/latest"))).unwrap().modified().unwrap();
    release(&mut world, "4.19.3").await;
    leads(&world, "4.19/latest", "4.19.5");
    leads(&world, "latest", "4.19/4.19.5");
    let after = fs::symlink_metadata(world.at(&format!("{RHCOS}/4.19/latest"))).unwrap().modified().unwrap();
    assert_eq!(before, after, "it was not even written");
}

// 14.51
#[tokio::test]
async fn a_gap_between_versions_makes_no_difference() {
    let mut world = World::new().await;
    for version in ["4.22.1", "5.0.0", "4.22.2"] {
        release(&mut world, version).await;
    }
    leads(&world, "4.22/latest", "4.22.2");
    leads(&world, "latest", "5.0/5.0.0");
    assert_eq!(link(&world, "5.0/latest"), Some("5.0.0".into()));
}

// 14.52
#[tokio::test]
async fn a_release_does_not_count_among_those_before_it() {
    let mut world = World::new().await;
    for version in ["4.19.0-ec.0", "4.19.0-rc.1", "4.19.0"] {
        release(&mut world, version).await;
    }
    leads(&world, "pre-release/latest-4.19", "4.19.0-rc.1");
    leads(&world, "pre-release/latest", "4.19.0-rc.1");
    leads(&world, "4.19/latest", "4.19.0");
}

// 14.53
#[tokio::test]
async fn what_is_no_version_is_never_the_latest() {
    let mut world = World::new().await;
    release(&mut world, "dev-4.20").await;
    assert!(world.at(&format!("{RHCOS}/pre-release/dev-4.20/rhcos-id.txt")).exists());
    for name in ["pre-release/latest", "pre-release/latest-4.20", "latest"] {
        assert_eq!(link(&world, name), None, "{name}");
    }
}

#[tokio::test]
async fn latest_is_left_alone_where_that_is_asked_for_and_where_something_failed() {
    let mut world = World::new().await;
    list(&mut world, "4.19.1");
    let words = ["--layout", "release", "--version", "4.19.1"];
    world.command(&["mirror"], &words).args(["--no-latest"]).run().await.exits(0);
    assert_eq!(link(&world, "4.19/latest"), None);
    world.list("x86_64/metal/iso/disk", random_bytes(100, 1));
    world.server.remove(&world.path("x86_64/metal/iso/disk"));
    world.command(&["mirror"], &words).run().await.exits(1);
    assert_eq!(link(&world, "4.19/latest"), None);
}

async fn to_bucket(world: &mut World, bucket: &FakeBucket, version: &str) {
    list(world, version);
    world.to_bucket(bucket, &["--layout", "release", "--version", version]).run().await.exits(0);
}

fn below(bucket: &FakeBucket, folder: &str) -> Vec<String> {
    let start = format!("{RHCOS}/{folder}/");
    bucket.keys().iter().filter_map(|key| key.strip_prefix(&start)).map(str::to_owned).collect()
}

// 14.50, 14.53
#[tokio::test]
async fn in_a_bucket_latest_is_a_copy_without_anything_of_the_version_before() {
    let (mut world, bucket) = (World::new().await, FakeBucket::start().await);
    to_bucket(&mut world, &bucket, "4.19.1").await;
    to_bucket(&mut world, &bucket, "4.19.5").await;
    assert_eq!(below(&bucket, "4.19/latest"), below(&bucket, "4.19/4.19.5"));
    let data = "rhcos-4.19.5-x86_64-qemu.x86_64.qcow2.gz";
    let latest = bucket.object(&format!("{RHCOS}/4.19/latest/{data}")).unwrap();
    assert_eq!(latest.content, bucket.object(&format!("{RHCOS}/4.19/4.19.5/{data}")).unwrap().content);
    assert!(!latest.header("cache-control").unwrap().contains("immutable"), "{latest:?}");
    let requests = bucket.requests().len();
    to_bucket(&mut world, &bucket, "4.19.3").await;
    to_bucket(&mut world, &bucket, "dev-4.19").await;
    let later = bucket.requests().split_off(requests);
    let touched = later.iter().find(|request| request.method != "GET" && request.key.contains("/latest/"));
    assert!(touched.is_none(), "{touched:?}");
}

#[tokio::test]
async fn a_copy_that_was_interrupted_is_not_taken_for_right() {
    for (method, about) in [("PUT", "4.19/latest/rhcos-id.txt"), ("DELETE", "4.19/latest/rhcos-4.19.1")] {
        let (mut world, bucket) = (World::new().await, FakeBucket::start().await);
        to_bucket(&mut world, &bucket, "4.19.1").await;
        list(&mut world, "4.19.5");
        let words = ["--layout", "release", "--version", "4.19.5", "--attempts", "1"];
        bucket.fault(BucketFault::on(method, about, Effect::Status(400)).times(9));
        world.to_bucket(&bucket, &words).run().await.exits(1);
        let mark = bucket.object(&format!("{RHCOS}/4.19/latest/rhcos-id.txt"));
        assert!(method == "DELETE" || mark.is_none(), "half of it is not marked");
        bucket.mend();
        world.to_bucket(&bucket, &words).run().await.exits(0);
        assert_eq!(below(&bucket, "4.19/latest"), below(&bucket, "4.19/4.19.5"), "{about}");
    }
}

#[tokio::test]
async fn killed_in_the_middle_of_a_copy_its_mark_is_gone() {
    let (mut world, bucket) = (World::new().await, FakeBucket::start().await);
    to_bucket(&mut world, &bucket, "4.19.1").await;
    list(&mut world, "4.19.5");
    let arrived = Arc::new(Notify::new());
    bucket.fault(BucketFault::on("PUT", "4.19/latest/", Effect::Silence(Arc::clone(&arrived))));
    let running = world.to_bucket(&bucket, &["--layout", "release", "--version", "4.19.5"]).start();
    assert!(running.kill_when(arrived.notified()).await);
    assert!(bucket.object(&format!("{RHCOS}/4.19/latest/rhcos-id.txt")).is_none());
    assert!(bucket.object(&format!("{RHCOS}/4.19/4.19.5/rhcos-id.txt")).is_some(), "that one is whole");
}
