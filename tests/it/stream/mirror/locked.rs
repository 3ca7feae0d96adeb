//! A destination that another run has.

use std::collections::BTreeMap;
use std::fs;
use std::path::PathBuf;

use serde_json::json;

use crate::stream::world::{FOLDER, QEMU, World, outcomes, row};

/// Another machine's run, last heard of then.
fn hold(world: &World, refreshed: &str) {
    let holder = json!({
        "host": "other-machine", "pid": 4711, "run": "another", "since": refreshed, "refreshed": refreshed,
    });
    let path = world.at(".image-mirror/lock");
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    fs::write(&path, holder.to_string()).unwrap();
}

/// As [`World::footprints`], without folders: to see that a lock is taken one has to try.
fn files(world: &World) -> BTreeMap<PathBuf, (u64, i64, i64)> {
    world.footprints().into_iter().filter(|(path, _)| path.is_file()).collect()
}

// 14.92
#[tokio::test]
async fn a_second_run_names_the_first_and_leaves_everything_alone() {
    let world = World::of_two().await;
    world.mirror(&["--artifact", "qemu"]).run().await.exits(0);
    fs::write(world.at(&format!("{FOLDER}/rhcos-id.txt")), "9.6.20250121-0\n").unwrap();
    hold(&world, "2999-01-01T00:00:00Z");
    let (asked, before) = (world.server.asked().len(), files(&world));
    let ran = world.mirror(&[]).run().await.exits(4);
    assert_eq!(outcomes(&ran), ["failed", "failed"], "{ran}");
    let reason = row(&ran, QEMU)["reason"].to_string();
    assert!(reason.contains("other-machine") && reason.contains("4711"), "{reason}");
    assert_eq!(world.server.asked().len(), asked, "nothing is fetched for nothing");
    assert_eq!(files(&world), before, "no mark was taken away, no lease written, no lock released");
}

// 14.92
#[tokio::test]
async fn the_lock_of_a_run_that_is_gone_is_taken_over_and_given_back() {
    let world = World::of_two().await;
    hold(&world, "2020-01-01T00:00:00Z");
    let lock = fs::File::options().write(true).open(world.at(".image-mirror/lock")).unwrap();
    lock.set_modified(std::time::SystemTime::UNIX_EPOCH).unwrap();
    let ran = world.mirror(&[]).run().await.exits(0);
    assert!(ran.stderr.contains("other-machine"), "{ran}");
    assert_eq!(outcomes(&ran), ["copied", "copied"]);
    assert!(!world.at(".image-mirror/lock").exists());
}

#[tokio::test]
async fn who_has_nothing_to_write_needs_no_lock() {
    let world = World::of_two().await;
    world.mirror(&[]).run().await.exits(0);
    hold(&world, "2999-01-01T00:00:00Z");
    let ran = world.mirror(&[]).run().await.exits(0);
    assert_eq!(outcomes(&ran), ["kept", "kept"], "{ran}");
    assert!(world.read(".image-mirror/lock").contains("other-machine"), "it is theirs");
    world.mirror(&["--layout", "flat", "--dry-run"]).run().await.exits(0);
}
