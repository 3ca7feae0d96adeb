//! Runs that are asked to stop, or killed.

use std::fs;
use std::path::Path;
use std::time::Duration;

use crate::stream::world::{FOLDER, QEMU, URL, World, row};
use crate::support::image::random_bytes;
use crate::support::{FileFault, Running};

const SIZE: usize = 8 << 20;
const CAME: usize = SIZE * 6 / 10;
/// It is written in blocks: so much of it is, once all has come.
const WRITTEN: u64 = 2 << 20;

/// A run that has got 60 % of a file and waits for more.
async fn waiting(words: &[&str]) -> (World, Running) {
    let mut world = World::new().await;
    world.list(QEMU, random_bytes(SIZE, 1));
    world.server.fault(&world.path(QEMU), FileFault::Stall(CAME));
    let running = world.mirror(&["--url", URL, "--publish-stream", "rhcos.json"]).args(words).start();
    arrived(&world.partial(QEMU), WRITTEN).await;
    (world, running)
}

async fn arrived(partial: &Path, bytes: u64) {
    let coming = async {
        while fs::metadata(partial).map_or(0, |metadata| metadata.len()) < bytes {
            tokio::time::sleep(Duration::from_millis(2)).await;
        }
    };
    tokio::time::timeout(Duration::from_mins(1), coming).await.expect("bytes arrive");
}

async fn goes_on(world: &World) -> u64 {
    let ran = world.mirror(&[]).run().await.exits(0);
    let present = row(&ran, QEMU)["bytes"]["present"].as_u64().unwrap();
    let asked = world.server.asked();
    assert_eq!(asked[1].header("range"), Some(&*format!("bytes={present}-")), "{ran}");
    let stored = fs::read(world.at(&format!("{FOLDER}/{}", world.file(QEMU)))).unwrap();
    assert!(stored == random_bytes(SIZE, 1), "{ran}");
    present
}

#[tokio::test]
async fn asked_to_stop_it_keeps_what_has_come_and_the_next_run_goes_on() {
    let (world, running) = waiting(&["--grace", "50ms"]).await;
    running.terminate();
    let ran = running.ended().await.exits(3);
    assert_eq!(row(&ran, QEMU)["outcome"], "unfinished", "{ran}");
    let kept = fs::metadata(world.partial(QEMU)).unwrap().len();
    assert!(!world.at(".image-mirror/lock").exists(), "nobody has to wait");
    assert_eq!(world.keys(), Vec::<String>::new());
    assert_eq!(goes_on(&world).await, kept, "all of it was used");
}

// 14.26
#[tokio::test]
async fn killed_it_leaves_what_was_written_and_the_next_run_goes_on() {
    let (world, running) = waiting(&[]).await;
    running.kill().await;
    assert_eq!(world.keys(), Vec::<String>::new());
    // Whoever was killed has the lock for an hour.
    let lock = world.at(".image-mirror/lock");
    assert!(lock.exists());
    fs::remove_file(&lock).unwrap();
    let present = goes_on(&world).await;
    assert!((WRITTEN..=CAME as u64).contains(&present), "{present}");
}

#[tokio::test]
async fn asked_to_stop_it_begins_nothing_new() {
    let mut world = World::new().await;
    world.list(QEMU, random_bytes(SIZE, 1));
    world.list("x86_64/metal/iso/disk", random_bytes(500, 2));
    for place in [QEMU, "x86_64/metal/iso/disk"] {
        world.server.always(&world.path(place), FileFault::Stall(100));
    }
    let mut running = world.mirror(&["--jobs", "1", "--grace", "50ms"]).start();
    let asked = async {
        while world.server.asked().is_empty() {
            tokio::time::sleep(Duration::from_millis(2)).await;
        }
    };
    tokio::time::timeout(Duration::from_mins(1), asked).await.expect("it begins");
    running.terminate();
    running.says("asked to stop").await;
    let ran = running.ended().await.exits(3);
    assert_eq!(ran.rows_that("unfinished").len(), 2, "{ran}");
    assert_eq!(world.server.asked().len(), 1, "the second was not asked for");
}
