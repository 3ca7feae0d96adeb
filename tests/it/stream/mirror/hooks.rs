//! Programs that are told what changed.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::PathBuf;

use crate::stream::world::{FOLDER, KERNEL, QEMU, URL, World, with_login};
use crate::support::image::random_bytes;
use crate::support::{BUCKET, FakeBucket};

/// A program that writes down what it is told, by its word.
fn told(folder: &tempfile::TempDir, then: &str) -> PathBuf {
    let path = folder.path().join("hook");
    let script = format!("#!/bin/sh\ncat >> {}/$1\n{then}\n", folder.path().display());
    fs::write(&path, script).unwrap();
    fs::set_permissions(&path, fs::Permissions::from_mode(0o755)).unwrap();
    path
}

fn lines(folder: &tempfile::TempDir, word: &str) -> Vec<String> {
    let text = fs::read_to_string(folder.path().join(word)).unwrap_or_default();
    text.lines().map(str::to_owned).collect()
}

const RELEASE: [&str; 8] =
    ["--layout", "release", "--version", "4.19.1", "--url", URL, "--publish-stream", "rhcos.json"];

// 14.57
#[tokio::test]
async fn a_cdn_is_told_of_what_may_change_and_of_nothing_else() {
    let (mut world, bucket, folder) =
        (World::new().await, FakeBucket::start().await, tempfile::tempdir().unwrap());
    world.list(QEMU, random_bytes(500, 1));
    let program = told(&folder, "").display().to_string();
    let dest = format!("s3://{BUCKET}/pub/openshift-v4");
    let run = || with_login(world.to(&["mirror"], &dest).args(RELEASE), &bucket);
    run().args(["--no-latest"]).run().await.exits(0);
    let run = run().args(["--touch", "--invalidate-command", &program]);
    run.run().await.exits(0);
    let start = "/pub/openshift-v4/x86_64/dependencies/rhcos";
    let mut expected = Vec::new();
    for latest in ["4.19/latest", "latest"] {
        for name in [
            "rhcos-4.19.1-x86_64-qemu.x86_64.qcow2.gz",
            "rhcos-id.txt",
            "rhcos-qemu.x86_64.qcow2.gz",
            "sha256sum.txt",
        ] {
            expected.push(format!("{start}/{latest}/{name}"));
        }
    }
    expected.insert(0, "/pub/openshift-v4/rhcos.json".to_owned());
    assert_eq!(lines(&folder, "invalidate"), expected);
}

// 14.57
#[tokio::test]
async fn of_a_link_a_cdn_is_told_by_the_folder() {
    let (mut world, folder) = (World::new().await, tempfile::tempdir().unwrap());
    world.list(QEMU, random_bytes(500, 1));
    let program = told(&folder, "").display().to_string();
    let words = ["--invalidate-command", &program];
    world.command(&["mirror"], &RELEASE).args(words).run().await.exits(0);
    let start = "/x86_64/dependencies/rhcos";
    let expected = [
        "/rhcos.json".to_owned(),
        format!("{start}/4.19/4.19.1/rhcos-id.txt"),
        format!("{start}/4.19/4.19.1/sha256sum.txt"),
        format!("{start}/4.19/latest/*"),
        format!("{start}/latest/*"),
    ];
    assert_eq!(lines(&folder, "invalidate"), expected);
    world.command(&["mirror"], &RELEASE).args(words).run().await.exits(0);
    assert_eq!(lines(&folder, "invalidate").len(), 5, "nothing changed, nobody was told");
}

#[tokio::test]
async fn who_carries_a_directory_on_is_told_of_data_first_and_of_the_mark_last() {
    let (world, folder) = (World::of_two().await, tempfile::tempdir().unwrap());
    let program = told(&folder, "pwd >> $(dirname $0)/where").display().to_string();
    let words = ["--push-command", &program, "--url", URL, "--publish-stream", "rhcos.json"];
    world.mirror(&words).run().await.exits(0);
    let at = |name: &str| format!("{FOLDER}/{name}");
    let mut data = [at(&world.file(QEMU)), at(&world.file(KERNEL))];
    data.sort();
    assert_eq!(lines(&folder, "data"), data);
    assert_eq!(lines(&folder, "index"), ["rhcos.json".to_owned(), at("sha256sum.txt"), at("rhcos-id.txt")]);
    let dest = fs::canonicalize(world.dest()).unwrap().display().to_string();
    assert_eq!(lines(&folder, "where"), [dest.clone(), dest]);
}

#[tokio::test]
async fn a_program_that_fails_is_a_failure_and_takes_nothing_away() {
    let (world, folder) = (World::of_two().await, tempfile::tempdir().unwrap());
    let program = told(&folder, "exit 3").display().to_string();
    let ran = world.mirror(&["--invalidate-command", &program]).run().await.exits(1);
    let failed = ran.rows_that("failed");
    assert_eq!(failed.len(), 1, "{ran}");
    assert!(failed[0]["reason"].to_string().contains("exit status: 3"), "{ran}");
    assert!(world.at(&format!("{FOLDER}/rhcos-id.txt")).exists());
    assert!(!world.at(".image-mirror/lock").exists(), "{ran}");
}
