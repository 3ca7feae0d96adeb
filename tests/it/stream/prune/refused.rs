//! When it is not known what is pinned, or too much would go, nothing does.

use image_mirror::error::{Chain, Classify as _};
use image_mirror::model::Key;
use image_mirror::objects::{Kind, Over};
use image_mirror::stream::pins::{PinsError, Place, pins};
use image_mirror::stream::prune::{Refused, Verdict};

use super::history::{Repository, STREAM, globs, stream};
use super::world::{PINNED, URL, World, at, became, days};

const ORPHAN: &str = "410.84.202201251203-0";

/// A world with a directory that is due.
async fn due() -> (World, String) {
    let (world, directory) = (World::new(), at("x86_64", "4.10", ORPHAN));
    world.put(&directory, days(400));
    world.mark(&directory, days(90)).await;
    (world, directory)
}

/// Asserts that a run of `world` is refused with these words, and that nothing was done.
async fn nothing_for(world: &World, directory: &str, words: &str) {
    let refused = world.refused().await;
    let said = Chain(&refused).to_string();
    assert!(said.contains(words), "{said}");
    assert!(refused.advice().is_some_and(|advice| !advice.contains("S3CRET")), "{refused:?}");
    assert!(world.is_there(directory) && world.is_marked(directory), "{words}");
    assert!(!world.path(".image-mirror/pins.json").exists(), "{words}");
}

// 14.79
#[tokio::test]
async fn nothing_goes_when_a_source_cannot_be_fetched() {
    let (mut world, directory) = due().await;
    let list = world.file("keep", "x86_64 9.6.20260102-0\n");
    world.sources.lists.push(Place::File(list.clone()));
    world.served.put(URL, None);
    nothing_for(&world, &directory, "status 500").await;
    world.served.put(URL, Some("<html>".to_owned()));
    nothing_for(&world, &directory, "https://example.com/rhcos.json").await;
    world.served.put(URL, Some(stream(&[("x86_64", PINNED)])));
    std::fs::write(&list, "x86_64\n").unwrap();
    nothing_for(&world, &directory, "keep:1: it has 1 words").await;
    std::fs::remove_file(&list).unwrap();
    nothing_for(&world, &directory, "No such file").await;
    world.sources.lists.clear();
    assert_eq!(became(&world.rows().await, &directory).0, "deleted", "it was due all the time");
}

// 14.80
#[tokio::test]
async fn nothing_goes_when_a_glob_matches_nothing() {
    let repository = Repository::new();
    repository.pin("refs/heads/main", &[("x86_64", PINNED)]);
    let (world, directory) = due().await;
    let mut world = world.with_history(repository.source());
    let git = repository.source();
    let set = |world: &mut World, git| world.sources.histories = vec![git];
    set(&mut world, image_mirror::stream::pins::Git { refs: globs(&["main", "release-*"]), ..git.clone() });
    nothing_for(&world, &directory, "no ref matches `release-*`").await;
    let paths = globs(&["data/coreos/rhcos.json", "data/coreos/coreos-*.json"]);
    set(&mut world, image_mirror::stream::pins::Git { paths, ..git.clone() });
    nothing_for(&world, &directory, "no file matches `data/coreos/coreos-*.json`").await;
    set(&mut world, image_mirror::stream::pins::Git { paths: Vec::new(), ..git.clone() });
    nothing_for(&world, &directory, "it is not said which").await;
    set(&mut world, git);
    let renamed = Some(stream(&[("x86_64", PINNED)]));
    repository
        .commits([("refs/heads/main", STREAM, None), ("refs/heads/main", "data/coreos/new.json", renamed)]);
    nothing_for(&world, &directory, "no file matches `data/coreos/rhcos*.json`").await;
}

#[tokio::test]
async fn nothing_goes_when_a_history_is_damaged_shallow_or_not_there() {
    let repository = Repository::new();
    repository.pin("refs/heads/main", &[("x86_64", ORPHAN)]);
    repository.commits([("refs/heads/main", STREAM, Some("{".to_owned()))]);
    repository.pin("refs/heads/main", &[("x86_64", PINNED)]);
    let (world, directory) = due().await;
    let mut world = world.with_history(repository.source());
    nothing_for(&world, &directory, "rhcos.json of refs/heads/main").await;
    world.sources.histories[0].ignore_unreadable = true;
    let commit = repository.git(&["rev-parse", "refs/heads/main"]);
    std::fs::write(repository.path().join("shallow"), &commit).unwrap();
    nothing_for(&world, &directory, "shallow").await;
    std::fs::remove_file(repository.path().join("shallow")).unwrap();
    let blob = repository.git(&["rev-parse", &format!("refs/heads/main~2:{STREAM}")]);
    let (folder, file) = blob.trim().split_at(2);
    assert_eq!(became(&world.dry().await, &directory).0, "would be unmarked");
    std::fs::remove_file(repository.path().join("objects").join(folder).join(file)).unwrap();
    nothing_for(&world, &directory, "its history cannot be read").await;
    world.sources.histories[0].repository = world.path("nowhere");
    nothing_for(&world, &directory, "its history cannot be read").await;
}

// 14.81
#[tokio::test]
async fn nothing_goes_when_there_are_far_fewer_pins_than_the_last_time() {
    let (mut world, directory) = due().await;
    let list = |count: usize| {
        (0..count).map(|at| format!("x86_64 9.6.20260102-{at}")).collect::<Vec<_>>().join("\n")
    };
    let path = world.file("keep", &list(399));
    world.sources.lists.push(Place::File(path.clone()));
    world.settings.grace = days(1000);
    world.rows().await;
    let count = || std::fs::read_to_string(world.path(".image-mirror/pins.json")).unwrap();
    assert!(count().contains("\"pins\": 400"));
    world.settings.grace = days(14);
    std::fs::write(&path, list(99)).unwrap();
    let refused = world.refused().await;
    assert!(matches!(refused, Refused::Dropped { pins: 100, .. }), "{refused:?}");
    assert!(world.is_there(&directory));
    std::fs::write(&path, list(318)).unwrap();
    assert!(matches!(world.refused().await, Refused::Dropped { pins: 319, .. }));
    world.settings.min_pins = 320;
    assert!(matches!(world.refused().await, Refused::TooFewPins { pins: 319, least: 320 }));
    assert!(
        std::fs::read_to_string(world.path(".image-mirror/pins.json")).unwrap().contains("\"pins\": 400")
    );
    world.settings.min_pins = 1;
    world.settings.accept_pin_drop = true;
    world.settings.delete = false;
    world.rows().await;
    assert!(
        std::fs::read_to_string(world.path(".image-mirror/pins.json")).unwrap().contains("\"pins\": 400")
    );
    world.settings.delete = true;
    assert_eq!(became(&world.rows().await, &directory).0, "deleted");
    assert!(
        std::fs::read_to_string(world.path(".image-mirror/pins.json")).unwrap().contains("\"pins\": 319")
    );
}

#[tokio::test]
async fn nothing_goes_when_nothing_is_pinned_at_all() {
    let (mut world, directory) = due().await;
    world.settings.min_pins = 0;
    let nothing = r#"{"stream":"rhcos-4.10","architectures":{"x86_64":{"artifacts":{}}}}"#;
    world.served.put(URL, Some(nothing.to_owned()));
    nothing_for(&world, &directory, "none of the sources of pins pins anything").await;
    world.sources.streams.clear();
    nothing_for(&world, &directory, "none of the sources of pins pins anything").await;
    assert!(matches!(pins(&world.sources).await, Err(PinsError::Empty)));
}

// 14.87
#[tokio::test]
async fn nothing_goes_when_more_is_due_than_may_go() {
    let mut world = World::new();
    let all: Vec<String> =
        (0..21).map(|at_| at("x86_64", "4.10", &format!("410.84.2022012512{at_:02}-0"))).collect();
    for directory in &all {
        world.put(directory, days(400));
        world.mark(directory, days(90)).await;
    }
    let pruned = world.prune().await;
    let refused = match pruned.verdict {
        Verdict::Refused(refused @ Refused::TooMany { due: 21, directories: 21, .. }) => refused.to_string(),
        other => panic!("{other:?}"),
    };
    assert!(refused.ends_with("more than `--max-delete=20` allows"), "{refused}");
    assert!(all.iter().all(|directory| world.is_there(directory)));
    assert_eq!(became(&pruned.rows, &all[0]).0, "would be deleted", "what is too much is told");
    world.settings.max_delete = 21;
    world.settings.max_fraction = 0.9;
    assert!(matches!(world.refused().await, Refused::TooMany { .. }));
    assert!(all.iter().all(|directory| world.is_there(directory)));
    world.settings.max_fraction = 1.0;
    world.rows().await;
    assert!(!all.iter().any(|directory| world.is_there(directory)));
}

#[tokio::test]
async fn nothing_goes_when_what_is_latest_or_what_was_noted_is_not_known() {
    let (world, directory) = due().await;
    let latest = at("x86_64", "4.10", "latest");
    world.write(&format!("{latest}/a"), "x", days(1));
    nothing_for(&world, &directory, "4.10/latest").await;
    world.put_build(&latest, "9.6.20260102-0", days(1));
    for state in ["tombstones/x.json", "leases/x86_64/1.json", "pins.json"] {
        let key = Key::of_state(state).unwrap();
        world.store.write(&key, "{".into(), Kind::Mutable, &Over::Anything).await.unwrap();
        assert!(matches!(world.prune().await.verdict, Verdict::Unable(_)), "{state}");
        assert!(world.is_there(&directory), "{state}");
        world.store.delete(&key).await.unwrap();
    }
    assert_eq!(became(&world.rows().await, &directory).0, "deleted");
}

#[tokio::test]
async fn what_is_pinned_again_loses_its_mark_also_where_too_much_is_due() {
    let (mut world, directory) = due().await;
    let again = at("x86_64", "4.10", PINNED);
    world.put(&again, days(400));
    world.mark(&again, days(90)).await;
    world.settings.max_fraction = 0.25;
    let dry = world.dry().await;
    assert!(world.is_marked(&again), "a dry run writes nothing");
    assert_eq!(became(&dry, &again).0, "would be unmarked");
    let pruned = world.prune().await;
    assert!(matches!(pruned.verdict, Verdict::Refused(Refused::TooMany { .. })));
    assert_eq!(became(&pruned.rows, &again).0, "unmarked");
    assert!(!world.is_marked(&again), "it was no orphan in this run: its grace begins anew");
    assert!(world.is_there(&directory) && world.is_marked(&directory));
}
