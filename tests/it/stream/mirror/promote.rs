//! Builds before their release, and their release.

use std::fs;
use std::os::unix::fs::MetadataExt as _;
use std::time::Duration;

use serde_json::Value;

use crate::stream::world::{FOLDER, KERNEL, QEMU, RELEASE, URL, World, outcomes, with_login};
use crate::support::image::random_bytes;
use crate::support::{FakeBucket, FileFault, Ran};

const PUBLISHED: &str = "x86_64/dependencies/rhcos/pre-release/rhcos-4.16-prerelease.json";
const BEFORE: &str = "x86_64/dependencies/rhcos/pre-release/4.16";

async fn publish(world: &World, words: &[&str]) -> Ran {
    let words = [&["--ocp", "4.16", "--url", URL], words].concat();
    world.command(&["prerelease", "publish"], &words).run().await
}

/// A newer build than that of [`World::of_two`].
fn newer(world: &mut World) {
    world.next_build("9.6.20250301-0");
    world.modified = "2026-02-01T00:00:00Z".to_owned();
    world.list(QEMU, random_bytes(61_000, 11));
    world.list(KERNEL, random_bytes(21_000, 12));
}

fn published(world: &World) -> Value {
    serde_json::from_str(&world.read(PUBLISHED)).unwrap()
}

fn location(stream: &Value) -> String {
    let disk = &stream["architectures"]["x86_64"]["artifacts"]["qemu"]["formats"]["qcow2.gz"]["disk"];
    disk["location"].as_str().unwrap().to_owned()
}

// 14.72
#[tokio::test]
async fn what_is_published_already_is_not_written_again() {
    let world = World::of_two().await;
    publish(&world, &[]).await.exits(0);
    let file = format!("{BEFORE}/9.6.20250121-0/{}", world.file(QEMU));
    assert_eq!(location(&published(&world)), format!("{URL}/{file}"));
    assert!(world.at(&file).exists());
    let (asked, before) = (world.server.asked().len(), world.footprints());
    let ran = publish(&world, &["--touch"]).await.exits(0);
    assert_eq!(ran.rows_that("kept").len(), 1, "{ran}");
    assert_eq!((world.server.asked().len(), world.footprints()), (asked, before), "{ran}");
}

// 14.73
#[tokio::test]
async fn what_was_published_stays_if_one_file_fails() {
    let mut world = World::of_two().await;
    publish(&world, &[]).await.exits(0);
    let old = world.read(PUBLISHED);
    newer(&mut world);
    world.server.remove(&world.path(KERNEL));
    let ran = publish(&world, &[]).await.exits(1);
    assert_eq!(outcomes(&ran), ["failed", "copied"], "{ran}");
    assert_eq!(world.read(PUBLISHED), old);
    world.server.put(&world.path(KERNEL), random_bytes(21_000, 12));
    publish(&world, &[]).await.exits(0);
    assert!(location(&published(&world)).contains("9.6.20250301-0"));
}

// 14.74
#[tokio::test]
async fn something_older_does_not_take_the_place_of_something_newer() {
    let mut world = World::of_two().await;
    let old = world.listed.clone();
    newer(&mut world);
    publish(&world, &[]).await.exits(0);
    let (text, asked) = (world.read(PUBLISHED), world.server.asked().len());
    (world.listed, world.modified) = (old, "2026-01-01T00:00:00Z".to_owned());
    let ran = publish(&world, &[]).await.exits(4);
    assert_eq!(ran.rows_that("refused").len(), 1, "{ran}");
    assert_eq!((world.read(PUBLISHED), world.server.asked().len()), (text, asked));
    publish(&world, &["--force"]).await.exits(0);
    assert!(location(&published(&world)).contains("9.6.20250121-0"));
}

#[tokio::test]
async fn what_somebody_publishes_meanwhile_stays_if_it_is_newer() {
    let mut world = World::of_two().await;
    let old = (world.listed.clone(), world.modified.clone());
    newer(&mut world);
    let theirs = world.json();
    (world.listed, world.modified) = old;
    world.release = RELEASE.to_owned();
    let later = FileFault::Status(503, vec![("retry-after", "1".to_owned())]);
    world.server.fault(&world.path(QEMU), later);
    let words = ["--ocp", "4.16", "--url", URL];
    let running = world.command(&["prerelease", "publish"], &words).start();
    let asked = async {
        while world.server.count(&world.path(QEMU)) == 0 {
            tokio::time::sleep(Duration::from_millis(2)).await;
        }
    };
    tokio::time::timeout(Duration::from_mins(1), asked).await.expect("it begins");
    fs::create_dir_all(world.at(PUBLISHED).parent().unwrap()).unwrap();
    fs::write(world.at(PUBLISHED), &theirs).unwrap();
    let ran = running.ended().await.exits(4);
    assert_eq!(outcomes(&ran), ["copied", "copied"], "{ran}");
    assert_eq!(ran.rows_that("refused").len(), 1, "{ran}");
    assert_eq!(world.read(PUBLISHED), theirs);
}

#[tokio::test]
async fn what_was_published_of_a_part_is_not_all_of_it() {
    let world = World::of_two().await;
    publish(&world, &["--artifact", "metal"]).await.exits(0);
    assert!(!location(&published(&world)).starts_with(URL));
    publish(&world, &[]).await.exits(0);
    assert!(
        location(&published(&world)).starts_with(URL),
        "it lists the same files, and not where they are now"
    );
    assert_eq!(world.server.count(&world.path(KERNEL)), 1);
}

// 14.75
#[tokio::test]
async fn a_release_takes_its_files_from_where_they_were_before() {
    let world = World::of_two().await;
    publish(&world, &[]).await.exits(0);
    let asked = world.server.asked().len();
    let words = ["--ocp", "4.16", "--url", URL, "--dest-stream", "out.json"];
    let ran = world.command(&["promote"], &words).run().await.exits(0);
    assert_eq!(outcomes(&ran), ["copied", "copied"], "{ran}");
    assert_eq!(world.server.asked().len(), asked, "nothing was asked of the source");
    let inode = |path: String| fs::metadata(world.at(&path)).unwrap().ino();
    let file = world.file(QEMU);
    assert_eq!(inode(format!("{FOLDER}/{file}")), inode(format!("{BEFORE}/9.6.20250121-0/{file}")));
    assert_eq!(world.read(&format!("{FOLDER}/rhcos-id.txt")), "9.6.20250121-0\n");
    let released: Value = serde_json::from_str(&world.read("x86_64/dependencies/rhcos-4.16.json")).unwrap();
    assert_eq!(location(&released), format!("{URL}/{FOLDER}/{file}"));
    assert!(ran.rows()[0]["note"].to_string().contains("copied from"), "{ran}");
}

// 14.75
#[tokio::test]
async fn a_bucket_copies_for_a_release_by_itself() {
    let (world, bucket) = (World::of_two().await, FakeBucket::start().await);
    let words = ["--ocp", "4.16", "--url", URL];
    let run = |command: &[&str]| with_login(world.to(command, "s3://boot-images").args(words), &bucket);
    run(&["prerelease", "publish"]).run().await.exits(0);
    let (asked, before) = (world.server.asked().len(), bucket.requests().len());
    run(&["promote"]).run().await.exits(0);
    assert_eq!(world.server.asked().len(), asked);
    let key = format!("{FOLDER}/{}", world.file(QEMU));
    let later = bucket.requests().split_off(before);
    let puts: Vec<_> = later.iter().filter(|request| request.method == "PUT" && request.key == key).collect();
    assert_eq!(puts.len(), 1);
    assert!(puts[0].headers.contains_key("x-amz-copy-source") && puts[0].length == 0, "{puts:?}");
    assert_eq!(bucket.object(&key).unwrap().content, random_bytes(60_000, 1));
}

#[tokio::test]
async fn what_was_not_there_before_its_release_is_fetched() {
    let world = World::of_two().await;
    publish(&world, &[]).await.exits(0);
    fs::remove_file(world.at(&format!("{BEFORE}/9.6.20250121-0/{}", world.file(QEMU)))).unwrap();
    world.command(&["promote"], &["--ocp", "4.16", "--url", URL]).run().await.exits(0);
    assert_eq!((world.server.count(&world.path(QEMU)), world.server.count(&world.path(KERNEL))), (2, 1));
}
