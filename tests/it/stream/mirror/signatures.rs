//! Signatures beside files.

use std::fs;

use serde_json::Value;

use crate::stream::world::{FOLDER, KERNEL, QEMU, URL, World, outcomes, row};
use crate::support::FileFault;
use crate::support::image::random_bytes;

async fn signed() -> World {
    let mut world = World::of_two().await;
    world.sign_all();
    world
}

fn key(world: &World, place: &str) -> String {
    format!("{FOLDER}/{}.sig", world.file(place))
}

fn gone(world: &World, place: &str) {
    world.server.remove(&format!("{}.sig", world.path(place)));
}

#[tokio::test]
async fn signatures_come_with_their_files_and_are_listed() {
    let world = signed().await;
    world.mirror(&["--signatures", "require"]).run().await.exits(0);
    assert_eq!(world.read(&key(&world, QEMU)), format!("signature of {QEMU}"));
    let sums = world.read(&format!("{FOLDER}/sha256sum.txt"));
    assert_eq!(sums.lines().count(), 4, "{sums}");
    let asked = world.server.asked().len();
    world.mirror(&["--signatures", "require"]).run().await.exits(0);
    assert_eq!(world.server.asked().len(), asked, "they are there");
}

// 14.34
#[tokio::test]
async fn without_a_signature_the_stream_file_points_at_none() {
    let world = signed().await;
    gone(&world, QEMU);
    let words = ["--url", URL, "--dest-stream", "out.json"];
    let ran = world.mirror(&words).run().await.exits(0);
    assert_eq!(outcomes(&ran), ["copied", "copied"], "{ran}");
    assert!(ran.stderr.contains("without a signature"), "{ran}");
    let out: Value =
        serde_json::from_str(&fs::read_to_string(ran.folder().join("out.json")).unwrap()).unwrap();
    let artifacts = &out["architectures"]["x86_64"]["artifacts"];
    assert!(artifacts["qemu"]["formats"]["qcow2.gz"]["disk"].get("signature").is_none(), "{out}");
    let kernel = &artifacts["metal"]["formats"]["pxe"]["kernel"]["signature"];
    assert_eq!(*kernel, format!("{URL}/{}", key(&world, KERNEL)));

    let before = world.footprints();
    world.mirror(&words).run().await.exits(0);
    assert_eq!(world.footprints(), before, "nothing is written because one is still not there");
}

// 14.35
#[tokio::test]
async fn where_signatures_must_be_there_one_that_is_not_is_a_failure() {
    let world = signed().await;
    gone(&world, QEMU);
    let words = ["--signatures", "require", "--url", URL, "--publish-stream", "rhcos.json"];
    let ran = world.mirror(&words).run().await.exits(1);
    assert_eq!(outcomes(&ran), ["copied", "failed"], "{ran}");
    assert!(row(&ran, QEMU)["reason"].to_string().contains("signature"), "{ran}");
    for absent in ["rhcos.json", &format!("{FOLDER}/rhcos-id.txt"), &key(&world, QEMU)] {
        assert!(!world.at(absent).exists(), "{absent}\n{ran}");
    }

    let asked = world.server.count(&world.path(QEMU));
    world.server.put(&format!("{}.sig", world.path(QEMU)), "late");
    world.mirror(&words).run().await.exits(0);
    assert_eq!(world.read(&key(&world, QEMU)), "late");
    assert!(world.at("rhcos.json").exists() && world.at(&format!("{FOLDER}/rhcos-id.txt")).exists());
    assert_eq!(world.server.count(&world.path(QEMU)), asked, "the file itself was there");
}

#[tokio::test]
async fn a_page_an_empty_file_and_a_broken_server_are_no_signatures() {
    let world = signed().await;
    let path = format!("{}.sig", world.path(QEMU));
    world.server.put_page(&path);
    let ran = world.mirror(&["--signatures", "require"]).run().await.exits(1);
    assert_eq!(row(&ran, QEMU)["outcome"], "failed", "{ran}");
    world.server.put(&path, "");
    world.mirror(&["--signatures", "require"]).run().await.exits(1);
    world.server.put(&path, "fine").always(&path, FileFault::status(500));
    let ran = world.mirror(&["--attempts", "1"]).run().await.exits(1);
    assert_eq!(row(&ran, QEMU)["outcome"], "failed", "nobody knows that it is missing: {ran}");
    assert!(!world.at(&key(&world, QEMU)).exists());
}

#[tokio::test]
async fn signatures_are_left_alone_where_that_is_asked_for() {
    let world = signed().await;
    let words = ["--signatures", "skip", "--url", URL, "--dest-stream", "out.json"];
    world.mirror(&words).run().await.exits(0);
    assert_eq!(world.server.asked().len(), 2, "{:?}", world.server.asked());
    // Two files, their sums, the mark.
    assert_eq!(world.keys().len(), 4, "{:?}", world.keys());
}

#[tokio::test]
async fn the_signature_of_a_file_that_was_replaced_is_replaced_too() {
    let mut world = signed().await;
    world.mirror(&["--layout", "flat"]).run().await.exits(0);
    world.listed.retain(|listed| listed.place != QEMU);
    world.list(QEMU, random_bytes(61_000, 9)).is_signed = true;
    world.server.put(&format!("{}.sig", world.path(QEMU)), "of the new one");
    let ran = world.mirror(&["--layout", "flat"]).run().await.exits(0);
    assert_eq!(outcomes(&ran), ["kept", "copied"], "{ran}");
    assert_eq!(world.read(&format!("{}.sig", world.file(QEMU))), "of the new one");
    assert_eq!(world.read(&format!("{}.sig", world.file(KERNEL))), format!("signature of {KERNEL}"));
}
