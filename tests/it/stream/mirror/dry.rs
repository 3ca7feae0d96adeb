//! Dry runs.

use crate::stream::world::{FOLDER, KERNEL, QEMU, URL, World, outcomes, row};
use crate::support::FakeBucket;
use crate::support::image::random_bytes;

const WORDS: [&str; 6] = ["--url", URL, "--publish-stream", "rhcos.json", "--dest-stream", "out.json"];

#[tokio::test]
async fn a_dry_run_plans_what_the_run_then_does_and_writes_nothing() {
    let mut world = World::of_two().await;
    world.mirror(&["--artifact", "qemu"]).run().await.exits(0);
    world.list("x86_64/metal/iso/disk", random_bytes(500, 3));
    world.sign_all();
    let (asked, before) = (world.server.asked().len(), world.footprints());
    let planned = world.mirror(&WORDS).args(["--dry-run"]).run().await.exits(0);
    assert_eq!(outcomes(&planned), ["planned", "planned", "kept"], "{planned}");
    assert_eq!((world.server.asked().len(), world.footprints()), (asked, before), "{planned}");
    assert!(!planned.folder().join("out.json").exists());

    let done = world.mirror(&WORDS).run().await.exits(0);
    assert_eq!(outcomes(&done), ["copied", "copied", "kept"], "{done}");
    for place in [QEMU, KERNEL] {
        let (planned, done) = (row(&planned, place), row(&done, place));
        assert_eq!((&planned["target"], &planned["reason"]), (&done["target"], &done["reason"]));
    }
}

#[tokio::test]
async fn a_dry_run_makes_no_destination() {
    let world = World::of_two().await;
    world.mirror(&WORDS).args(["--dry-run"]).run().await.exits(0);
    assert!(!world.dest().exists() && world.server.asked().is_empty());
    let bucket = FakeBucket::start().await;
    let ran = world.to_bucket(&bucket, &WORDS).args(["--dry-run"]).run().await.exits(0);
    assert_eq!(outcomes(&ran), ["planned", "planned"]);
    let requests = bucket.requests();
    assert!(requests.iter().all(|request| ["GET", "HEAD"].contains(&&*request.method)), "{requests:?}");
    assert!(bucket.keys().is_empty());
}

#[tokio::test]
async fn a_dry_run_refuses_what_the_run_would_refuse() {
    let world = World::of_two().await;
    world.mirror(&[]).run().await.exits(0);
    std::fs::write(world.at(&format!("{FOLDER}/{}", world.file(QEMU))), "another").unwrap();
    let ran = world.mirror(&["--dry-run"]).run().await.exits(4);
    assert_eq!(outcomes(&ran), ["kept", "refused"], "{ran}");
    let ran = world.mirror(&["--dry-run", "--overwrite-differing"]).run().await.exits(0);
    assert_eq!(outcomes(&ran), ["kept", "planned"], "{ran}");
}
