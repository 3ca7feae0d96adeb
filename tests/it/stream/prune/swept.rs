//! What is marked, and what goes.

use std::fs;
use std::sync::{Arc, Mutex};

use image_mirror::engine::Stop;
use image_mirror::model::{Cause, Outcome};
use image_mirror::stream::prune::{Refused, Verdict, prune};

use super::history::{Repository, stream};
use super::world::{PINNED, URL, World, at, became, days, now, row};

const ORPHAN: &str = "410.84.202201251203-0";

/// A world with these directories due.
async fn due(releases: &[&str]) -> (World, Vec<String>) {
    let world = World::new();
    let directories: Vec<String> = releases.iter().map(|release| at("x86_64", "4.10", release)).collect();
    for directory in &directories {
        world.put(directory, days(400));
        world.mark(directory, days(15)).await;
    }
    (world, directories)
}

// 14.82
#[tokio::test]
async fn what_nothing_pins_since_now_is_only_marked() {
    let (mut world, directory) = (World::new(), at("x86_64", "4.10", ORPHAN));
    world.put(&directory, days(400));
    assert_eq!(became(&world.dry().await, &directory).0, "would be marked");
    assert!(!world.is_marked(&directory), "a dry run writes nothing");
    assert_eq!(became(&world.rows().await, &directory).0, "marked");
    assert!(world.is_there(&directory) && world.is_marked(&directory));
    world.now = now() + days(13);
    let (fate, note) = became(&world.rows().await, &directory);
    assert_eq!(fate, "kept");
    assert_eq!(note, "nothing pins it; 30 B, 413d old; marked on 2027-01-15T08:00:00Z");
    assert!(world.is_there(&directory));
}

// 14.83
#[tokio::test]
async fn what_nothing_pinned_for_long_enough_goes_and_is_put_aside_for_a_while() {
    let (mut world, directories) = due(&[ORPHAN]).await;
    let beside = at("x86_64", "4.10", "410.84.202201251203-01");
    world.put(&beside, days(9));
    assert_eq!(became(&world.dry().await, &directories[0]).0, "would be deleted");
    assert!(world.is_there(&directories[0]), "a dry run deletes nothing");
    let (fate, note) = became(&world.rows().await, &directories[0]);
    assert_eq!(fate, "deleted");
    assert_eq!(note, "nothing pins it; 30 B, 400d old; marked on 2026-12-31T08:00:00Z");
    assert!(!world.path(&directories[0]).exists() && !world.is_marked(&directories[0]));
    assert!(world.is_there(&beside));
    let aside = world.path(&format!(".image-mirror/trash/2027-01-15T08:00:00Z/{}", directories[0]));
    let mut names: Vec<_> = fs::read_dir(&aside).unwrap().map(|entry| entry.unwrap().file_name()).collect();
    names.sort();
    assert_eq!(names, ["rhcos-qemu.qcow2.gz", "sha256sum.txt"], "the mark went first, and for good");
    world.now = now() + days(6);
    world.rows().await;
    assert!(aside.exists());
    world.now = now() + days(7);
    world.rows().await;
    assert!(!aside.exists());
}

// 14.84
#[tokio::test]
async fn what_is_pinned_again_by_a_revert_is_kept_and_loses_its_mark() {
    let repository = Repository::new();
    repository.pin("refs/heads/main", &[("x86_64", PINNED)]);
    let (world, directories) = due(&[ORPHAN]).await;
    let mut world = world.with_history(repository.source());
    repository.pin("refs/heads/main", &[("x86_64", ORPHAN)]);
    assert_eq!(became(&world.rows().await, &directories[0]).0, "unmarked");
    assert!(world.is_there(&directories[0]) && !world.is_marked(&directories[0]));
    world.sources.histories.clear();
    world.settings.accept_pin_drop = true;
    assert_eq!(became(&world.rows().await, &directories[0]).0, "marked", "it waits anew");
}

// 14.89
#[tokio::test]
async fn what_was_half_deleted_goes_and_is_never_taken_for_mirrored() {
    let (mut world, directories) = due(&[ORPHAN, "410.84.202201251204-0"]).await;
    for directory in &directories {
        fs::remove_file(world.path(directory).join("rhcos-id.txt")).unwrap();
    }
    world.settings.check = true;
    world.served.put(URL, Some(stream(&[("x86_64", ORPHAN)])));
    let rows = world.rows().await;
    assert_eq!((became(&rows, &directories[0]).0, became(&rows, &directories[1]).0), ("unmarked", "deleted"));
    let hole = row(&rows, &format!("x86_64/{ORPHAN}"));
    assert!(matches!(hole.outcome, Outcome::Failed(_)));
    assert!(
        hole.note
            .as_deref()
            .is_some_and(|note| note.ends_with(&format!("; {} is not complete", directories[0])))
    );
    assert!(world.path(&directories[0]).exists() && !world.path(&directories[1]).exists());
}

#[tokio::test]
async fn a_pin_that_appears_before_a_directory_goes_keeps_it_and_one_that_comes_later_is_a_hole() {
    let (world, directories) = due(&["410.84.202201250001-0", "410.84.202201250002-0"]).await;
    let both = stream(&[("x86_64", "410.84.202201250001-0"), ("x86_64", "410.84.202201250002-0")]);
    // The sources are read at first, before the first directory, and before the second.
    *world.served.hook.lock().unwrap() = Some(Box::new(move |served, count| {
        if count == 3 {
            served.put(URL, Some(both.clone()));
        }
    }));
    let rows = world.rows().await;
    assert_eq!(became(&rows, &directories[0]).0, "deleted");
    let kept = became(&rows, &directories[1]);
    assert_eq!(kept, ("kept", "pinned meanwhile by https://example.com/rhcos.json".to_owned()));
    assert!(world.is_there(&directories[1]) && !world.is_marked(&directories[1]));
    let hole = row(&rows, "x86_64/410.84.202201250001-0").note.as_deref().unwrap();
    assert!(hole.ends_with(&format!("; {} was deleted by this run", directories[0])), "{hole}");
}

#[tokio::test]
async fn a_source_that_cannot_be_read_any_more_ends_the_sweep() {
    let (world, directories) =
        due(&["410.84.202201250001-0", "410.84.202201250002-0", "410.84.202201250003-0"]).await;
    *world.served.hook.lock().unwrap() = Some(Box::new(|served, count| {
        if count == 3 {
            served.put(URL, None);
        }
    }));
    let pruned = world.prune().await;
    assert!(matches!(pruned.verdict, Verdict::Refused(Refused::Meanwhile(_))), "{:?}", pruned.verdict);
    let words = directories.iter().map(|directory| became(&pruned.rows, directory).0);
    assert_eq!(words.collect::<Vec<_>>(), ["deleted", "unfinished", "unfinished"]);
    assert!(world.is_there(&directories[1]) && world.is_there(&directories[2]));
    assert!(!world.path(".image-mirror/pins.json").exists());
}

#[tokio::test]
async fn what_somebody_writes_to_meanwhile_is_kept() {
    let (world, directories) = due(&["410.84.202201250001-0", "410.84.202201250002-0"]).await;
    let new = world.path(&directories[1]).join("new.iso");
    *world.served.hook.lock().unwrap() = Some(Box::new(move |_, count| {
        if count == 2 {
            fs::write(&new, "x").unwrap();
            fs::File::options().write(true).open(&new).unwrap().set_modified(now() - days(1)).unwrap();
        }
    }));
    let rows = world.rows().await;
    assert_eq!((became(&rows, &directories[0]).0, became(&rows, &directories[1]).0), ("deleted", "kept"));
    assert!(world.is_there(&directories[1]) && !world.is_marked(&directories[1]));
}

#[tokio::test]
async fn a_run_that_is_asked_to_stop_deletes_nothing_more() {
    let (world, directories) = due(&["410.84.202201250001-0", "410.84.202201250002-0"]).await;
    let stop = Stop::default();
    let asked = stop.clone();
    *world.served.hook.lock().unwrap() = Some(Box::new(move |_, count| {
        if count == 2 {
            asked.gently.cancel();
        }
    }));
    let pruned = prune(&world.store, &world.settings, &world.sources, world.now, &stop).await;
    assert_eq!(became(&pruned.rows, &directories[0]).0, "deleted", "what began is finished");
    assert!(matches!(row(&pruned.rows, &directories[1]).outcome, Outcome::Unfinished(Cause::Interrupted)));
    assert!(world.is_there(&directories[1]));
}

#[tokio::test]
async fn a_commit_that_is_pushed_meanwhile_pins_what_is_due() {
    let repository = Arc::new(Repository::new());
    repository.pin("refs/heads/main", &[("x86_64", PINNED)]);
    let (world, directories) = due(&["410.84.202201250001-0", "410.84.202201250002-0"]).await;
    let world = world.with_history(repository.source());
    let seen = Arc::new(Mutex::new(false));
    let (pushed, to) = (Arc::clone(&seen), Arc::clone(&repository));
    *world.served.hook.lock().unwrap() = Some(Box::new(move |_, count| {
        if count == 3 {
            to.pin("refs/heads/release-4.10", &[("x86_64", "410.84.202201250002-0")]);
            *pushed.lock().unwrap() = true;
        }
    }));
    let rows = world.rows().await;
    assert!(*seen.lock().unwrap());
    assert_eq!(became(&rows, &directories[0]).0, "deleted");
    let (fate, note) = became(&rows, &directories[1]);
    assert_eq!(fate, "kept");
    assert!(note.starts_with("pinned meanwhile by refs/heads/release-4.10 of "), "{note}");
    assert!(world.is_there(&directories[1]));
}
