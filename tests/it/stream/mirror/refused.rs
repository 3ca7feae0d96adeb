//! Found before the first request.

use crate::stream::world::{KERNEL, QEMU, World};
use crate::support::Ran;
use crate::support::image::random_bytes;

fn untouched(world: &World, ran: &Ran) {
    assert!(world.server.asked().is_empty(), "{ran}");
    assert!(!world.dest().exists(), "nothing was made: {ran}");
}

// 14.38
#[tokio::test]
async fn two_files_of_one_name_clash_before_anything_is_asked_for() {
    let mut world = World::new().await;
    world.list_at(QEMU, "/a/9.6.20250121-0/disk.gz", random_bytes(100, 1));
    world.list_at("aarch64/qemu/qcow2.gz/disk", "/b/9.6.20250121-0/disk.gz", random_bytes(100, 2));
    let ran = world.mirror(&["--layout", "flat"]).run().await.exits(2);
    assert!(ran.stderr.contains("disk.gz"), "{ran}");
    untouched(&world, &ran);
    // Each has a directory of its own.
    world.mirror(&[]).run().await.exits(0);
}

// 14.41
#[tokio::test]
async fn names_that_lead_elsewhere_are_refused() {
    for name in ["..", "%2e%2e", "a%2Fb", "%00", "%0A"] {
        let mut world = World::of_two().await;
        let listed = world.list("x86_64/metal/iso/disk", random_bytes(100, 3));
        let start = listed.location.rsplit_once('/').unwrap().0.to_owned();
        listed.location = format!("{start}/{name}");
        let ran = world.mirror(&[]).run().await.exits(2);
        assert!(
            ran.stderr.contains("`location`") && ran.stderr.contains(&format!("x86_64/{name}")),
            "{name}: {ran}"
        );
        untouched(&world, &ran);
    }
}

// 14.42
#[tokio::test]
async fn what_is_not_selected_does_not_come() {
    let mut world = World::of_two().await;
    world.list("x86_64/metal/pxe/rootfs", random_bytes(300, 3));
    world.list("aarch64/metal/pxe/kernel", random_bytes(400, 4));
    let words = ["--arch", "amd64", "--artifact", "met*", "--kind", "kernel"];
    let ran = world.mirror(&words).run().await.exits(0);
    assert_eq!(ran.rows().len(), 1, "{ran}");
    assert_eq!(ran.rows()[0]["origin"]["artifact"], KERNEL);
    assert_eq!(world.server.asked().len(), 1, "{:?}", world.server.asked());
}

// 14.43
#[tokio::test]
async fn a_pattern_that_matches_nothing_names_what_there_is() {
    let world = World::of_two().await;
    let ran = world.mirror(&["--artifact", "qmeu"]).run().await.exits(2);
    assert!(ran.stderr.contains("metal") && ran.stderr.contains("qemu"), "{ran}");
    untouched(&world, &ran);
}

#[tokio::test]
async fn a_rule_for_signatures_that_there_is_not_is_bad_usage() {
    let world = World::of_two().await;
    let ran = world.mirror(&["--signatures", "maybe"]).run().await.exits(2);
    assert!(ran.stderr.contains("best-effort"), "{ran}");
    untouched(&world, &ran);
}
