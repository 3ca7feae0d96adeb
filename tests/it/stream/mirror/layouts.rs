//! The layout `release`, and a flat one with sums.

use std::fs;

use crate::stream::world::{QEMU, World};
use crate::support::image::random_bytes;

const ISO: &str = "x86_64/metal/iso/disk";
const EC: &str = "x86_64/dependencies/rhcos/pre-release/4.19.0-ec.0";

// 14.44
#[tokio::test]
async fn a_release_has_its_version_in_names_and_a_name_without_it() {
    let mut world = World::new().await;
    world.list(QEMU, random_bytes(500, 1));
    world.command(&["mirror"], &["--layout", "release", "--version", "4.19.0-ec.0"]).run().await.exits(0);
    let full = format!("{EC}/rhcos-4.19.0-ec.0-x86_64-qemu.x86_64.qcow2.gz");
    let alias = format!("{EC}/rhcos-qemu.x86_64.qcow2.gz");
    assert_eq!(fs::read(world.at(&full)).unwrap(), random_bytes(500, 1));
    assert_eq!(fs::read(world.at(&alias)).unwrap(), random_bytes(500, 1));
    assert_eq!(world.read(&format!("{EC}/rhcos-id.txt")), "9.6.20250121-0\n");
    assert_eq!(world.server.asked().len(), 1, "the second name is no second download");
}

// 14.45
#[tokio::test]
async fn a_version_with_its_architecture_does_not_have_it_twice() {
    let mut world = World::new().await;
    world.list(QEMU, random_bytes(500, 1));
    let version = ["--layout", "release", "--version", "4.19.0-ec.0-x86_64"];
    world.command(&["mirror"], &version).run().await.exits(0);
    assert!(world.at(&format!("{EC}/rhcos-4.19.0-ec.0-x86_64-qemu.x86_64.qcow2.gz")).exists());
    assert!(!world.keys().iter().any(|key| key.contains("x86_64-x86_64")), "{:?}", world.keys());
}

// 14.46
#[tokio::test]
async fn a_live_image_has_the_name_that_older_installers_ask_for() {
    let mut world = World::new().await;
    world.list(ISO, random_bytes(700, 2));
    world.command(&["mirror"], &["--layout", "release", "--version", "4.19.0-ec.0"]).run().await.exits(0);
    for name in ["rhcos-live-iso.x86_64.iso", "rhcos-installer-iso.x86_64.iso"] {
        assert_eq!(fs::read(world.at(&format!("{EC}/{name}"))).unwrap(), random_bytes(700, 2), "{name}");
    }

    let mut world = World::new().await;
    world.list(ISO, random_bytes(700, 2));
    let path = "/9.6.20250121-0/rhcos-installer-iso.x86_64.iso";
    world.list_at("x86_64/metal/installer.iso/disk", path, random_bytes(800, 3));
    world.command(&["mirror"], &["--layout", "release", "--version", "4.19.0-ec.0"]).run().await.exits(0);
    let real = format!("{EC}/rhcos-installer-iso.x86_64.iso");
    assert_eq!(fs::read(world.at(&real)).unwrap(), random_bytes(800, 3), "the real one has its name");
}

#[tokio::test]
async fn a_further_name_that_is_another_file_is_refused() {
    let mut world = World::new().await;
    world.list(QEMU, random_bytes(500, 1));
    let words = ["--layout", "release", "--version", "4.19.0-ec.0"];
    let alias = world.at(&format!("{EC}/rhcos-qemu.x86_64.qcow2.gz"));
    fs::create_dir_all(alias.parent().unwrap()).unwrap();
    fs::write(&alias, "another").unwrap();
    let ran = world.command(&["mirror"], &words).run().await.exits(4);
    assert!(ran.rows()[0]["note"].to_string().contains("rhcos-qemu.x86_64.qcow2.gz"), "{ran}");
    assert_eq!(fs::read_to_string(&alias).unwrap(), "another");
    assert!(!world.at(&format!("{EC}/rhcos-id.txt")).exists());
    world.command(&["mirror"], &words).args(["--overwrite-differing"]).run().await.exits(0);
    assert_eq!(fs::read(&alias).unwrap(), random_bytes(500, 1));
}

#[tokio::test]
async fn a_flat_mirror_has_sums_only_if_asked() {
    let world = World::of_two().await;
    world.mirror(&["--layout", "flat"]).run().await.exits(0);
    assert_eq!(world.keys().len(), 2, "{:?}", world.keys());
    world.mirror(&["--layout", "flat", "--sums"]).run().await.exits(0);
    let sums = world.read("sha256sum.txt");
    assert_eq!(sums.lines().count(), 2, "{sums}");
    assert_eq!(world.read("rhcos-id.txt"), "9.6.20250121-0\n");
    assert_eq!(world.server.asked().len(), 2, "no file came again");
}
