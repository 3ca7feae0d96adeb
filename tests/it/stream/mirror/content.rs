//! What files decompress to.

use std::io::Write as _;

use image_mirror::model::Digest;

use crate::stream::world::{FOLDER, QEMU, World, row};
use crate::support::image::random_bytes;

const GCP: &str = "x86_64/gcp/tar.gz/disk";

fn member(bytes: &[u8]) -> Vec<u8> {
    let mut gzip = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    gzip.write_all(bytes).unwrap();
    gzip.finish().unwrap()
}

async fn world_of(place: &str, uncompressed: Option<Digest>) -> World {
    let mut world = World::new().await;
    let (first, second) = (random_bytes(40_000, 1), random_bytes(30_000, 2));
    let content = [member(&first), member(&second)].concat();
    world.list(place, content).uncompressed = uncompressed;
    world
}

fn right() -> Digest {
    Digest::of(&[random_bytes(40_000, 1), random_bytes(30_000, 2)].concat())
}

// 14.36
#[tokio::test]
async fn a_file_of_two_members_is_compared_by_both() {
    let world = world_of(QEMU, Some(right())).await;
    let ran = world.mirror(&["--verify-uncompressed"]).run().await.exits(0);
    assert_eq!(row(&ran, QEMU)["outcome"], "copied");
    let first_alone = Digest::of(&random_bytes(40_000, 1));
    let world = world_of(QEMU, Some(first_alone)).await;
    let ran = world.mirror(&["--verify-uncompressed"]).run().await.exits(1);
    assert!(row(&ran, QEMU)["reason"].to_string().contains("decompresses"), "{ran}");
    assert!(!world.at(&format!("{FOLDER}/{}", world.file(QEMU))).exists());
    assert!(world.partials().is_empty());
}

// 14.37
#[tokio::test]
async fn what_a_disk_for_gcp_decompresses_to_is_a_matter_of_opinion() {
    let world = world_of(GCP, None).await;
    let ran = world.mirror(&["--verify-uncompressed"]).run().await.exits(0);
    assert!(row(&ran, GCP)["note"].is_null(), "nothing was said, nothing compared: {ran}");
    let world = world_of(GCP, Some(Digest::of(b"other"))).await;
    let ran = world.mirror(&["--verify-uncompressed"]).run().await.exits(0);
    let row = row(&ran, GCP);
    assert_eq!(row["outcome"], "copied");
    assert!(row["note"].to_string().contains("decompresses"), "{row}");
}

// 14.37
#[tokio::test]
async fn for_all_others_it_is_a_failure_if_anybody_asks() {
    let world = world_of(QEMU, Some(Digest::of(b"other"))).await;
    world.mirror(&["--verify-uncompressed"]).run().await.exits(1);
    assert_eq!(world.keys(), Vec::<String>::new());
    let ran = world.mirror(&[]).run().await.exits(0);
    assert_eq!(row(&ran, QEMU)["outcome"], "copied", "nobody asked");
}
