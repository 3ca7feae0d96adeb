//! Lists of sums, marks, and the order in which a bucket sees them.

use std::fs;
use std::process::Command;
use std::sync::Arc;

use tokio::sync::Notify;

use crate::stream::world::{FOLDER, KERNEL, QEMU, URL, World, outcomes};
use crate::support::image::random_bytes;
use crate::support::{BucketFault, Effect, FakeBucket};

fn at(name: &str) -> String {
    format!("{FOLDER}/{name}")
}

// 14.47
#[tokio::test]
async fn the_list_of_sums_is_one_that_sha256sum_takes() {
    let mut world = World::of_two().await;
    world.list("x86_64/metal/iso/disk", random_bytes(700, 3));
    let words = ["--layout", "release", "--version", "4.19.1"];
    world.command(&["mirror"], &words).run().await.exits(0);
    let folder = "x86_64/dependencies/rhcos/4.19/4.19.1";
    let sums = world.read(&format!("{folder}/sha256sum.txt"));
    let names: Vec<&str> = sums.lines().map(|line| &line[66..]).collect();
    assert!(names.is_sorted() && sums.lines().all(|line| &line[64..66] == "  "), "{sums}");
    // Three files, as many names without the version, two for older installers.
    assert_eq!(names.len(), 3 + 3 + 2, "{sums}");
    assert!(!sums.contains("rhcos-id.txt") && !sums.contains("sha256sum.txt"), "{sums}");
    let sum =
        |name: &str| sums.lines().find(|line| line.ends_with(&format!("  {name}"))).map(|line| &line[..64]);
    assert!(sum("rhcos-qemu.x86_64.qcow2.gz").is_some(), "{sums}");
    assert_eq!(sum("rhcos-qemu.x86_64.qcow2.gz"), sum("rhcos-4.19.1-x86_64-qemu.x86_64.qcow2.gz"), "{sums}");
    let mut check = Command::new("sha256sum");
    let check = check.args(["-c", "sha256sum.txt"]).current_dir(world.at(folder)).output().unwrap();
    assert!(check.status.success(), "{}", String::from_utf8_lossy(&check.stdout));
}

// 14.48
#[tokio::test]
async fn a_second_run_adds_to_the_list() {
    let world = World::of_two().await;
    world.mirror(&["--artifact", "qemu"]).run().await.exits(0);
    let first = world.read(&at("sha256sum.txt"));
    world.mirror(&["--artifact", "metal"]).run().await.exits(0);
    let both = world.read(&at("sha256sum.txt"));
    assert_eq!((first.lines().count(), both.lines().count()), (1, 2), "{both}");
    assert!(both.contains(first.trim_end()), "the old line was kept: {both}");
}

// 14.49b
#[tokio::test]
async fn a_run_for_a_part_leaves_the_directory_unmarked() {
    let world = World::of_two().await;
    world.mirror(&["--artifact", "qemu"]).run().await.exits(0);
    assert!(!world.at(&at("rhcos-id.txt")).exists());
    let ran = world.mirror(&[]).run().await.exits(0);
    assert_eq!(outcomes(&ran), ["copied", "kept"], "{ran}");
    assert_eq!(world.read(&at("rhcos-id.txt")), "9.6.20250121-0\n");
    assert_eq!(world.server.count(&world.path(QEMU)), 1, "what was there did not come again");
}

// 14.49
#[tokio::test]
async fn killed_before_the_mark_the_next_run_completes_it() {
    let (world, bucket) = (World::of_two().await, FakeBucket::start().await);
    let arrived = Arc::new(Notify::new());
    bucket.fault(BucketFault::on("PUT", "rhcos-id.txt", Effect::Silence(Arc::clone(&arrived))));
    let running = world.to_bucket(&bucket, &[]).start();
    assert!(running.kill_when(arrived.notified()).await);
    assert!(bucket.object(&at("rhcos-id.txt")).is_none(), "nobody takes it for complete");
    assert!(bucket.object(&at("sha256sum.txt")).is_some());
    bucket.mend();
    // Whoever was killed has the lock for an hour.
    bucket.change(".image-mirror/lock", |stored| {
        let old = String::from_utf8(stored.content.to_vec()).unwrap();
        let mut holder: serde_json::Value = serde_json::from_str(&old).unwrap();
        holder["refreshed"] = "2020-01-01T00:00:00Z".into();
        stored.content = holder.to_string().into();
        stored.modified = std::time::SystemTime::UNIX_EPOCH;
    });
    let asked = world.server.asked().len();
    let ran = world.to_bucket(&bucket, &[]).run().await.exits(0);
    assert_eq!(outcomes(&ran), ["kept", "kept"], "{ran}");
    assert_eq!(bucket.object(&at("rhcos-id.txt")).unwrap().content, "9.6.20250121-0\n");
    assert_eq!(world.server.asked().len(), asked, "no file came again");
}

fn writes(bucket: &FakeBucket) -> Vec<String> {
    let asked = bucket.asked().into_iter();
    asked.filter(|asked| !asked.starts_with("GET") && !asked.starts_with("HEAD")).collect()
}

fn place(writes: &[String], what: &str) -> usize {
    writes.iter().position(|write| write.contains(what)).unwrap_or_else(|| panic!("no {what} in {writes:?}"))
}

#[tokio::test]
async fn readers_see_data_then_signatures_sums_the_mark_latest_and_the_stream_file() {
    let (mut world, bucket) = (World::of_two().await, FakeBucket::start().await);
    world.sign_all();
    let words =
        ["--layout", "release", "--version", "4.19.1", "--url", URL, "--publish-stream", "rhcos.json"];
    world.to_bucket(&bucket, &words).args(["--jobs", "1"]).run().await.exits(0);
    let writes = writes(&bucket);
    let version = "PUT x86_64/dependencies/rhcos/4.19/4.19.1";
    let order = [
        format!("{version}/rhcos-4.19.1-x86_64-live-kernel.x86_64"),
        format!("{version}/rhcos-4.19.1-x86_64-live-kernel.x86_64.sig"),
        format!("{version}/sha256sum.txt"),
        format!("{version}/rhcos-id.txt"),
        "PUT x86_64/dependencies/rhcos/4.19/latest/rhcos-4.19.1-x86_64-live-kernel.x86_64".to_owned(),
        "PUT x86_64/dependencies/rhcos/4.19/latest/sha256sum.txt".to_owned(),
        "PUT x86_64/dependencies/rhcos/4.19/latest/rhcos-id.txt".to_owned(),
        "PUT rhcos.json".to_owned(),
    ];
    let places: Vec<usize> = order.iter().map(|what| place(&writes, what)).collect();
    assert!(places.is_sorted(), "{places:?} of {writes:#?}");
    assert_eq!(places[7], writes.len() - 1, "the stream file is the last: {writes:#?}");
    let data = writes.iter().rposition(|write| write.starts_with(version) && write.contains("qemu"));
    assert!(data.unwrap() < places[2], "all data before the sums: {writes:#?}");
}

#[tokio::test]
async fn a_mark_goes_before_its_directory_changes() {
    let (world, bucket) = (World::of_two().await, FakeBucket::start().await);
    world.to_bucket(&bucket, &[]).run().await.exits(0);
    let qemu = at(&world.file(QEMU));
    bucket.change(&qemu, |stored| {
        stored.headers.insert("x-amz-meta-sha256", "0".repeat(64).parse().unwrap());
        stored.etag = "\"another\"".to_owned();
    });
    let before = writes(&bucket).len();
    world.to_bucket(&bucket, &["--overwrite-differing"]).run().await.exits(0);
    let writes = writes(&bucket).split_off(before);
    let gone = place(&writes, &format!("DELETE {}", at("rhcos-id.txt")));
    let back = place(&writes, &format!("PUT {}", at("rhcos-id.txt")));
    assert!(gone < place(&writes, &format!("PUT {qemu}")), "{writes:?}");
    assert_eq!(back, writes.len() - 1, "{writes:?}");
    assert!(!writes.iter().any(|write| write.contains(&world.file(KERNEL))), "{writes:?}");
}

#[tokio::test]
async fn a_signature_that_was_stored_before_the_sums_were_is_listed_by_the_next_run() {
    let mut world = World::of_two().await;
    world.sign_all();
    world.mirror(&[]).run().await.exits(0);
    let whole = world.read(&at("sha256sum.txt"));
    fs::remove_file(world.at(&at("sha256sum.txt"))).unwrap();
    let asked = world.server.asked().len();
    world.mirror(&[]).run().await.exits(0);
    assert_eq!(world.read(&at("sha256sum.txt")), whole);
    assert_eq!(world.server.asked().len(), asked, "they are read where they lie");
}
