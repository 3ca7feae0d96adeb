//! Files that come, files that are there, files that are something else.

use std::fs;

use crate::stream::world::{FOLDER, KERNEL, QEMU, URL, World, mode, outcomes, row};
use crate::support::Run;
use crate::support::image::random_bytes;

// 14.20
#[tokio::test]
async fn two_files_come_into_an_empty_destination() {
    let world = World::of_two().await;
    let ran = world.mirror(&[]).run().await.exits(0);
    for (place, seed, size) in [(QEMU, 1, 60_000), (KERNEL, 2, 20_000)] {
        let path = world.at(&format!("{FOLDER}/{}", world.file(place)));
        assert_eq!(fs::read(&path).unwrap(), random_bytes(size, seed));
        assert_eq!(mode(&path), 0o644);
        let row = row(&ran, place);
        assert_eq!((&row["outcome"], &row["attempts"]), (&"copied".into(), &1.into()), "{row}");
        assert_eq!(row["bytes"]["copied"], size, "{row}");
        assert_eq!(world.server.count(&world.path(place)), 1);
    }
    assert_eq!(world.read(&format!("{FOLDER}/rhcos-id.txt")), "9.6.20250121-0\n");
    assert!(world.partials().is_empty(), "{:?}", world.partials());
    assert!(!world.at(".image-mirror/lock").exists(), "{ran}");
    assert!(
        fs::read_dir(world.at(".image-mirror/leases/x86_64")).unwrap().next().is_none(),
        "the build is there"
    );
}

// 14.21
#[tokio::test]
async fn a_rerun_asks_for_nothing_and_touches_nothing() {
    let world = World::of_two().await;
    world.mirror(&["--url", URL, "--publish-stream", "rhcos.json"]).run().await.exits(0);
    let (asked, before) = (world.server.asked().len(), world.footprints());
    let ran = world.mirror(&["--url", URL, "--publish-stream", "rhcos.json"]).run().await.exits(0);
    assert_eq!(outcomes(&ran), ["kept", "kept"], "{ran}");
    assert_eq!(world.server.asked().len(), asked, "nothing was asked of the source");
    assert_eq!(world.footprints(), before, "nothing was touched");
}

async fn spoiled(layout: &str, spoil: impl Fn(&mut Vec<u8>)) -> (World, String) {
    let world = World::of_two().await;
    world.mirror(&["--layout", layout]).run().await.exits(0);
    let folder = if layout == "flat" { String::new() } else { format!("{FOLDER}/") };
    let key = format!("{folder}{}", world.file(QEMU));
    let mut content = fs::read(world.at(&key)).unwrap();
    spoil(&mut content);
    fs::write(world.at(&key), content).unwrap();
    (world, key)
}

// 14.22
#[tokio::test]
async fn a_file_that_was_truncated_is_fetched_again_where_files_may_change() {
    let (world, key) = spoiled("flat", |content| content.truncate(59_999)).await;
    let ran = world.mirror(&["--layout", "flat"]).run().await.exits(0);
    assert_eq!(outcomes(&ran), ["kept", "copied"], "{ran}");
    assert_eq!(fs::read(world.at(&key)).unwrap(), random_bytes(60_000, 1));
    assert_eq!(world.server.count(&world.path(KERNEL)), 1, "what is right is not fetched");
}

// 14.22
#[tokio::test]
async fn where_files_never_change_one_that_differs_is_refused_unless_it_may_be_replaced() {
    let (world, key) = spoiled("build", |content| content.truncate(59_999)).await;
    let asked = world.server.asked().len();
    let ran = world.mirror(&[]).run().await.exits(4);
    let refused = row(&ran, QEMU);
    assert_eq!(refused["outcome"], "refused", "{refused}");
    assert_eq!(fs::metadata(world.at(&key)).unwrap().len(), 59_999, "it was left alone");
    assert_eq!(world.server.asked().len(), asked, "nothing was fetched for it");

    let ran = world.mirror(&["--overwrite-differing"]).run().await.exits(0);
    assert_eq!(row(&ran, QEMU)["outcome"], "copied");
    assert_eq!(fs::read(world.at(&key)).unwrap(), random_bytes(60_000, 1));
}

// 14.23
#[tokio::test]
async fn a_byte_that_flipped_behind_our_back_is_found_when_everything_is_hashed() {
    for (layout, code) in [("flat", 0), ("build", 4)] {
        let (world, key) = spoiled(layout, |content| content[7] ^= 1).await;
        let ran = world.mirror(&["--layout", layout, "--verify", "full"]).run().await.exits(code);
        let expected = if code == 0 { "copied" } else { "refused" };
        assert_eq!(row(&ran, QEMU)["outcome"], expected, "{ran}");
        let is_right = fs::read(world.at(&key)).unwrap() == random_bytes(60_000, 1);
        assert_eq!(is_right, code == 0);
        assert_eq!(row(&ran, KERNEL)["outcome"], "kept");
    }
}

// 14.33
#[tokio::test]
async fn one_that_is_missing_keeps_the_stream_file_back_and_nothing_else() {
    let mut world = World::of_two().await;
    world.list("x86_64/metal/iso/disk", random_bytes(5000, 3));
    world.server.remove(&world.path(QEMU));
    let words = ["--url", URL, "--publish-stream", "rhcos.json", "--dest-stream", "out.json"];
    let ran = world.mirror(&words).run().await.exits(1);
    assert_eq!(outcomes(&ran), ["copied", "copied", "failed"], "{ran}");
    assert_eq!(row(&ran, QEMU)["class"], "missing", "{ran}");
    let sums = world.read(&format!("{FOLDER}/sha256sum.txt"));
    assert_eq!(sums.lines().count(), 2, "{sums}");
    for absent in [format!("{FOLDER}/rhcos-id.txt"), "rhcos.json".to_owned()] {
        assert!(!world.at(&absent).exists(), "{absent}\n{ran}");
    }
    assert!(!ran.folder().join("out.json").exists(), "{ran}");
}

// 14.40
#[tokio::test]
async fn a_file_that_is_listed_twice_comes_once_and_both_are_rewritten() {
    let mut world = World::new().await;
    let path = world.path(QEMU);
    for place in [QEMU, "x86_64/openstack/qcow2.gz/disk"] {
        world.list_at(place, &path, random_bytes(9000, 4));
    }
    let ran = world.mirror(&["--url", URL, "--dest-stream", "out.json"]).run().await.exits(0);
    assert_eq!(outcomes(&ran), ["copied", "copied"], "{ran}");
    let bytes: Vec<u64> = ran.rows().iter().map(|row| row["bytes"]["copied"].as_u64().unwrap()).collect();
    assert_eq!(bytes.iter().sum::<u64>(), 9000, "its bytes count once");
    assert_eq!(world.server.count(&path), 1);
    let out = fs::read_to_string(ran.folder().join("out.json")).unwrap();
    assert_eq!(out.matches(&format!("{URL}/{FOLDER}/{}", world.file(QEMU))).count(), 2, "{out}");
    assert!(!out.contains(world.server.host()), "{out}");
}

#[tokio::test]
async fn what_was_rewritten_is_fetched_from_where_it_was_before() {
    let world = World::of_two().await;
    let rewrite = ["--url", URL, "--dest-stream", "out.json", "--origins", "origins.json"];
    let ran = world.mirror(&rewrite).run().await.exits(0);
    let file = |name: &str| fs::read_to_string(ran.folder().join(name)).unwrap();
    fs::remove_dir_all(world.dest()).unwrap();
    let run = world.mirror(&["--from-origins", "origins.json"]);
    let run = run.file("stream.json", file("out.json")).file("origins.json", file("origins.json"));
    let again = run.run().await.exits(0);
    assert_eq!(outcomes(&again), ["copied", "copied"], "{again}");
    assert_eq!(world.server.count(&world.path(QEMU)), 2);
    assert!(!again.stderr.contains("mirror.example.com"), "the mirror was not asked: {again}");
}

#[tokio::test]
async fn a_map_of_origins_leads_to_no_file_of_this_machine_unless_that_was_allowed() {
    let mut world = World::of_two().await;
    world.sign_all();
    let rewrite = ["--url", URL, "--dest-stream", "out.json", "--origins", "origins.json"];
    let ran = world.mirror(&rewrite).run().await.exits(0);
    let file = |name: &str| fs::read_to_string(ran.folder().join(name)).unwrap();
    fs::remove_dir_all(world.dest()).unwrap();
    let secret = world.dest().with_file_name("secret");
    fs::write(&secret, "S3CRET").unwrap();
    let planted = format!("file://{}", secret.display());
    let mut origins: serde_json::Value = serde_json::from_str(&file("origins.json")).unwrap();
    for origin in origins.as_object_mut().unwrap().values_mut() {
        origin["signature"] = planted.as_str().into();
    }
    let run = |words: &[&str]| {
        let run = world.mirror(&[&["--from-origins", "origins.json"], words].concat());
        run.file("stream.json", file("out.json")).file("origins.json", origins.to_string())
    };
    let refused = run(&[]).run().await.exits(2);
    assert!(refused.stderr.contains("--allow-file"), "{refused}");
    assert!(!world.dest().exists(), "{refused}");
    run(&["--allow-file"]).run().await.exits(0);
    assert_eq!(world.read(&format!("{FOLDER}/{}.sig", world.file(QEMU))), "S3CRET");
}

#[tokio::test]
async fn who_asks_for_nothing_is_told_so() {
    let mut world = World::new().await;
    world.list(KERNEL, "kernel");
    let nothing = "nothing of the stream is selected";
    for command in ["validate", "mirror"] {
        let words: &[&str] = &["--artifact", "qemu", "--allow-unmatched"];
        let run = match command {
            "mirror" => world.mirror(words),
            _ => Run::new(["stream", command])
                .file("stream.json", world.json())
                .args(["--src", "stream.json"])
                .args(words),
        };
        let ran = run.run().await.exits(2);
        assert!(ran.stderr.contains(nothing), "{ran}");
        assert!(!world.dest().exists());
    }
    assert!(world.server.asked().is_empty());
}

#[tokio::test]
async fn a_stream_file_that_would_go_nowhere_new_is_bad_usage() {
    let world = World::of_two().await;
    for flag in ["--publish-stream", "--dest-stream", "--origins"] {
        let ran = world.mirror(&[flag, "x.json"]).run().await.exits(2);
        assert!(ran.stderr.contains(flag) && ran.stderr.contains("--url"), "{ran}");
    }
    assert!(world.server.asked().is_empty() && !world.dest().exists());
}

#[tokio::test]
async fn a_stream_file_is_read_from_a_server_and_published_as_it_was_but_for_its_addresses() {
    let world = World::of_two().await;
    world.server.put("/rhcos.json", world.json());
    let src = world.server.url("/rhcos.json").to_string();
    let dest = world.dest().display().to_string();
    let words = ["stream", "mirror", "--src", &src, "--dest", &dest, "--ocp", "4.16", "--url", URL];
    Run::new(words).args(["--publish-stream", "rhcos.json"]).run().await.exits(0);
    let (before, after) = (world.json(), world.read("rhcos.json"));
    let differing = before.lines().zip(after.lines()).filter(|(before, after)| before != after);
    let differing: Vec<_> = differing.map(|(_, after)| after.trim()).collect();
    assert_eq!((before.lines().count(), differing.len()), (after.lines().count(), 2), "{after}");
    assert!(differing.iter().all(|line| line.starts_with("\"location\"")), "{differing:?}");
    assert_eq!(world.server.count("/rhcos.json"), 1);
}

#[tokio::test]
async fn a_server_that_sends_a_page_is_told_about() {
    let world = World::of_two().await;
    world.server.put_page(&world.path(QEMU));
    let ran = world.mirror(&[]).run().await.exits(1);
    assert!(row(&ran, QEMU)["reason"].to_string().contains("HTML"), "{ran}");
    assert!(!world.at(&format!("{FOLDER}/{}", world.file(QEMU))).exists());
}
