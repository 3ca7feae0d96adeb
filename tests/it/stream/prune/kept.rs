//! What is kept, and why.

use image_mirror::model::Outcome;
use image_mirror::objects::{Bucket, BucketSettings, Store};
use image_mirror::stream::pins::{Depth, Place, pins};
use image_mirror::stream::prune::{Refused, Verdict};
use image_mirror::stream::state::Lease;

use super::history::{Repository, STREAM, globs, stream};
use super::world::{PINNED, URL, World, at, became, days, now, row};
use crate::support::{BUCKET, BucketFault, Effect, FakeBucket};

const OLD: &str = "410.84.202201251203-0";

fn bucket_store(bucket: &FakeBucket) -> Store {
    let options = bucket.options().into_iter().map(|(name, value)| (name.to_owned(), value.into())).collect();
    let settings = BucketSettings { options, ..BucketSettings::new(BUCKET.to_owned(), None) };
    Store::Bucket(Bucket::open(&settings).unwrap())
}

// 14.76
#[tokio::test]
async fn a_build_that_only_an_old_commit_pins_is_kept_and_the_commit_is_named() {
    let repository = Repository::new();
    repository.pin("refs/heads/main", &[("x86_64", OLD)]);
    let commit = repository.git(&["rev-parse", "refs/heads/main"]);
    repository.pin("refs/heads/main", &[("x86_64", "9.6.20260202-0")]);
    let directory = at("x86_64", "4.10", OLD);
    let mut world = World::new().with_history(repository.source());
    world.put(&directory, days(400));
    world.mark(&directory, days(90)).await;
    let (fate, note) = became(&world.rows().await, &directory);
    assert_eq!(fate, "unmarked");
    let path = repository.path().display();
    let by = format!("pinned by refs/heads/main of {path} at {}: {STREAM}; ", &commit[..12]);
    assert!(note.starts_with(&by), "{note}");
    world.sources.histories[0].depth = Depth::Tip;
    world.settings.accept_pin_drop = true;
    assert_eq!(became(&world.rows().await, &directory).0, "marked", "no tip pins it");
    assert!(world.is_there(&directory));
}

// 14.77
#[tokio::test]
async fn a_build_is_pinned_wherever_the_stream_says_that_it_is() {
    let world = World::new();
    let page = stream(&[("x86_64", OLD)])
        .replace("https://example.com/builds", "https://rhcos.example.net/art/storage/releases/rhcos-4.10");
    world.served.put(URL, Some(page));
    let (pinned, other) = (at("x86_64", "4.10", OLD), at("x86_64", "4.10", PINNED));
    world.put(&pinned, days(400));
    world.put(&other, days(400));
    let rows = world.rows().await;
    let (fate, note) = became(&rows, &pinned);
    assert_eq!(fate, "kept");
    assert!(note.starts_with("pinned by https://example.com/rhcos.json; "), "without the query: {note}");
    assert_eq!(became(&rows, &other).0, "marked");
}

// 14.78
#[tokio::test]
async fn a_pin_is_for_its_architecture_alone() {
    let world = World::new();
    world.served.put(URL, Some(stream(&[("s390x", OLD)])));
    let [s390x, x86_64] = ["s390x", "x86_64"].map(|arch| at(arch, "4.10", OLD));
    world.put(&s390x, days(400));
    world.put(&x86_64, days(400));
    let rows = world.rows().await;
    assert_eq!((became(&rows, &s390x).0, became(&rows, &x86_64).0), ("kept", "marked"));
}

// 14.85
#[tokio::test]
async fn the_newest_that_nothing_pins_are_kept_in_each_tree() {
    let mut world = World::new();
    world.settings.release.keep_latest = 3;
    world.settings.pre_release.keep_latest = 1;
    let dates = ["20240103-0", "20240103-2", "20240103-10", "20240201-0"];
    let release = dates.map(|date| at("x86_64", "4.19", &format!("9.6.{date}")));
    let early = dates.map(|date| at("x86_64", "pre-release/4.19", &format!("9.6.{date}")));
    let undated = at("x86_64", "4.19", "4.19-1");
    for directory in release.iter().chain(&early).chain([&undated]) {
        world.put(directory, days(300));
    }
    let rows = world.rows().await;
    let words = |of: &[String; 4]| of.each_ref().map(|directory| became(&rows, directory).0);
    assert_eq!(words(&release), ["marked", "kept", "kept", "kept"]);
    assert_eq!(words(&early), ["marked", "marked", "marked", "kept"]);
    assert_eq!(became(&rows, &release[1]).1, "among the 3 newest; 23 B, 300d old");
    assert_eq!(became(&rows, &undated).0, "kept", "nobody knows how new it is");
}

// 14.86
#[tokio::test]
async fn what_a_latest_directory_or_link_holds_is_kept() {
    let world = World::new();
    let linked = at("x86_64", "4.10", OLD);
    let copied = at("x86_64", "4.11", "411.85.202203090210-0");
    let early = at("x86_64", "pre-release/4.12", "412.85.202203090210-0");
    let other = at("x86_64", "4.11", "411.85.202203090211-0");
    for directory in [&linked, &copied, &early, &other] {
        world.put(directory, days(400));
    }
    std::os::unix::fs::symlink(OLD, world.path(&at("x86_64", "4.10", "latest"))).unwrap();
    let early_link = world.path(&at("x86_64", "pre-release", "latest-4.12"));
    std::os::unix::fs::symlink("4.12/412.85.202203090210-0", early_link).unwrap();
    world.put_build(&at("x86_64", "4.11", "latest"), "411.85.202203090210-0", days(400));
    let rows = world.rows().await;
    let said = [&linked, &copied, &early, &other].map(|directory| became(&rows, directory).0);
    assert_eq!(said, ["kept", "kept", "kept", "marked"]);
    let (_, note) = became(&rows, &copied);
    assert!(note.contains("pinned by x86_64/dependencies/rhcos/4.11/latest of the destination"), "{note}");
    assert!(!world.is_marked(&at("x86_64", "4.11", "latest")), "what is latest is never a candidate itself");
}

// 14.88
#[tokio::test]
async fn what_is_no_release_directory_is_told_and_left_alone() {
    let world = World::new();
    let unknown = at("x86_64", "4.8", "backup");
    world.put(&unknown, days(900));
    world.write("x86_64/dependencies/rhcos/rhcos-4.8.json", "{}", days(900));
    world.mark(&unknown, days(90)).await;
    let rows = world.rows().await;
    let row = row(&rows, &unknown);
    assert_eq!(row.outcome.word(), "updated", "its mark goes: {row:?}");
    let rows = world.rows().await;
    assert_eq!(became(&rows, &unknown).0, "skipped");
    assert!(world.is_there(&unknown) && !world.is_marked(&unknown));
    assert_eq!(rows.len(), 2, "streams lie where they belong; the other row is the pin that is not mirrored");
}

#[tokio::test]
async fn what_is_young_or_being_brought_is_kept() {
    let world = World::new();
    let (young, brought) = (at("x86_64", "4.10", OLD), at("s390x", "4.10", OLD));
    let ended = at("ppc64le", "4.10", OLD);
    world.put(&young, days(9));
    world.write(&format!("{brought}/a"), "x", days(90));
    world.put(&ended, days(90));
    for (arch, until) in [("s390x", now() + days(1)), ("ppc64le", now() - days(1))] {
        let lease = Lease { arch: arch.to_owned(), release: OLD.to_owned(), until };
        lease.write(&world.store).await.unwrap();
    }
    let rows = world.rows().await;
    assert_eq!(became(&rows, &young), ("kept", "younger than 30d; 30 B, 9d old".to_owned()));
    let (fate, note) = became(&rows, &brought);
    assert_eq!(fate, "kept");
    assert!(note.starts_with("somebody is bringing it: a lease until 2027-01-16T08:00:00Z"), "{note}");
    assert_eq!(became(&rows, &ended).0, "marked", "that lease ended");
}

#[tokio::test]
async fn a_directory_of_a_version_goes_by_its_build_or_by_its_version() {
    let mut world = World::new();
    let list = world.file("keep", "* 4.20.0-ec.1 # still used\n");
    world.sources.lists.push(Place::File(list));
    let by_build = at("x86_64", "pre-release", "4.20.0-ec.0");
    let by_version = at("x86_64", "pre-release", "4.20.0-ec.1");
    let orphan = at("x86_64", "pre-release", "4.20.0-ec.2");
    let unmarked = at("x86_64", "pre-release", "4.20.0-ec.3");
    let released = at("x86_64", "4.19", "4.19.3");
    world.put_build(&by_build, PINNED, days(90));
    for directory in [&by_version, &orphan, &released] {
        world.put_build(directory, OLD, days(90));
    }
    world.write(&format!("{unmarked}/a"), "x", days(90));
    let rows = world.rows().await;
    let fate = |directory: &str| became(&rows, directory).0;
    assert_eq!([&by_build, &by_version, &orphan].map(|of| fate(of)), ["kept", "kept", "marked"]);
    assert_eq!(fate(&unmarked), "skipped", "nobody knows what is in it");
    assert_eq!(fate(&released), "kept");
    world.settings.include_ga = true;
    assert_eq!(became(&world.rows().await, &released).0, "marked", "only who says so has releases go");
}

// 14.91
#[tokio::test]
async fn a_build_that_is_pinned_and_not_there_is_told_and_fails_a_check() {
    let mut world = World::new();
    let list = world.file("keep", "* 9.6.20260102-0\nriscv64 9.6.20260103-0\n");
    world.sources.lists.push(Place::File(list));
    world.put(&at("s390x", "4.19", "9.6.20260102-0"), days(90));
    let rows = world.rows().await;
    let hole = row(&rows, &format!("x86_64/{PINNED}"));
    assert_eq!(hole.outcome.word(), "skipped");
    assert_eq!(rows.len(), 2, "one is there, and one is of an architecture that is not looked at");
    world.settings.check = true;
    world.settings.delete = false;
    let rows = world.rows().await;
    let hole = row(&rows, &format!("x86_64/{PINNED}"));
    assert!(matches!(hole.outcome, Outcome::Failed(_)));
    assert_eq!(hole.note.as_deref(), Some("pinned by https://example.com/rhcos.json"));
    world.put(&at("x86_64", "4.19", PINNED), days(90));
    assert_eq!(world.rows().await.iter().filter(|row| matches!(row.outcome, Outcome::Failed(_))).count(), 0);
}

/// A branch, an architecture and a build that one of its commits pins.
type Pinned = (usize, &'static str, String);

/// 16 branches of eight commits and fewer, which pin 469 builds, 64 of them at their tips.
fn long_history() -> (Repository, Vec<Pinned>) {
    let repository = Repository::new();
    let arches = ["aarch64", "ppc64le", "s390x", "x86_64"];
    let release = |branch: usize, at: usize| format!("4{branch:02}.8.20{:02}0101{at:04}-0", 20 + at % 5);
    let mut pairs: Vec<Pinned> = Vec::new();
    let mut commits = Vec::new();
    let names: Vec<String> = (0..16).map(|branch| format!("refs/heads/release-4.{branch}")).collect();
    for at in 0..8 {
        for (branch, name) in names.iter().enumerate() {
            // 469 in all: in the first round a few branches pin fewer architectures.
            let own = match (at, branch) {
                (0, 0..=9) => &arches[..0],
                (0, 10) => &arches[..1],
                _ => &arches[..],
            };
            let pins: Vec<(&str, String)> = own.iter().map(|arch| (*arch, release(branch, at))).collect();
            let said: Vec<(&str, &str)> = pins.iter().map(|(arch, release)| (*arch, &**release)).collect();
            if !said.is_empty() {
                commits.push((&**name, STREAM, Some(stream(&said))));
            }
            pairs.extend(pins.into_iter().map(|(arch, release)| (branch, arch, release)));
        }
    }
    repository.commits(commits);
    repository.git(&["repack", "-adq"]);
    repository.git(&["pack-refs", "--all"]);
    (repository, pairs)
}

// 14.90
#[tokio::test]
async fn of_a_long_history_exactly_what_nobody_ever_pinned_is_an_orphan() {
    let (repository, pairs) = long_history();
    let mut world = World::new().with_history(repository.source());
    world.sources.streams.clear();
    world.settings.release.keep_latest = 3;
    let count = |sources: image_mirror::stream::pins::Sources| async move {
        pins(&sources).await.unwrap().pairs().len()
    };
    assert_eq!((pairs.len(), count(world.sources.clone()).await), (469, 469));
    let mut tips = world.sources.clone();
    tips.histories[0].depth = Depth::Tip;
    assert_eq!(count(tips).await, 64);
    for (branch, arch, release) in &pairs {
        world.put(&at(arch, &format!("4.{branch}"), release), days(400));
    }
    let invented = |at: usize| format!("409.9.20230{}010101-0", at + 1);
    let mut expected = Vec::new();
    for index in 0..6 {
        let directory = at("x86_64", "4.9", &invented(index));
        world.put(&directory, days(if index == 1 { 3 } else { 400 }));
        if [0, 2].contains(&index) {
            expected.push(directory);
        }
    }
    for index in 0..4 {
        let directory = at("s390x", "4.3", &invented(index));
        world.put(&directory, days(400));
        if index == 0 {
            expected.insert(0, directory);
        }
    }
    let rows = world.rows().await;
    let mut marked: Vec<String> = rows
        .iter()
        .filter(|row| matches!(row.outcome, Outcome::Updated(_)))
        .map(|row| row.origin.to_string())
        .collect();
    marked.sort();
    assert_eq!(marked, expected);
    assert_eq!(rows.len(), 479, "all else is kept, and nothing is missing");
}

#[tokio::test]
async fn requests_to_merge_pin_too_and_what_others_push_may_be_passed_over() {
    let repository = Repository::new();
    repository.pin("refs/heads/main", &[("x86_64", PINNED)]);
    repository.pin("refs/pull/7/head", &[("x86_64", OLD)]);
    let mut git = repository.source();
    git.extra_refs = globs(&["refs/pull/*/head"]);
    let directory = at("x86_64", "4.10", OLD);
    let mut world = World::new().with_history(git);
    world.put(&directory, days(400));
    assert_eq!(became(&world.rows().await, &directory).0, "kept");
    repository.commits([("refs/pull/8/head", STREAM, Some("<<<<<<< ours".to_owned()))]);
    world.refused().await;
    world.sources.histories[0].ignore_unreadable = true;
    let pruned = world.prune().await;
    assert_eq!((became(&pruned.rows, &directory).0, pruned.ignored), ("kept", 1));
    repository.commits([("refs/heads/main", STREAM, Some("<<<<<<< ours".to_owned()))]);
    world.refused().await;
    assert!(world.is_there(&directory));
}

#[tokio::test]
async fn a_stream_that_a_link_of_a_commit_leads_to_pins_too() {
    let repository = Repository::new();
    repository.pin("refs/heads/main", &[("x86_64", PINNED)]);
    let content = Some(stream(&[("x86_64", OLD)]));
    repository.commits([("refs/heads/main", "data/coreos/coreos-rhel-9.json", content)]);
    repository.link("refs/heads/main", STREAM, "coreos-rhel-9.json");
    let directory = at("x86_64", "4.10", OLD);
    let world = World::new().with_history(repository.source());
    world.put(&directory, days(400));
    assert_eq!(became(&world.rows().await, &directory).0, "kept");
    repository.link("refs/heads/main", STREAM, "../coreos/coreos-rhel-9.json");
    let refused = world.refused().await;
    assert!(
        refused.to_string().contains("not known"),
        "a link that leads further is not followed: {refused}"
    );
    assert!(world.is_there(&directory));
}

#[tokio::test]
async fn a_marker_of_a_folder_in_a_bucket_hides_nothing_of_what_is_in_it() {
    let (mut world, bucket) = (World::new(), FakeBucket::start().await);
    world.store = bucket_store(&bucket);
    let [linked, other] = [OLD, "410.84.202201251204-0"].map(|release| at("x86_64", "4.10", release));
    let latest = at("x86_64", "4.10", "latest");
    for (directory, build) in [(&latest, OLD), (&linked, OLD), (&other, "410.84.202201251204-0")] {
        // What a file browser leaves where a folder was made.
        for (name, content) in
            [("", String::new()), ("disk", "disk".to_owned()), ("rhcos-id.txt", format!("{build}\n"))]
        {
            let key = format!("{directory}/{name}");
            bucket.place(&key, content);
            bucket.change(&key, |stored| stored.modified = now() - days(400));
        }
    }
    world.mark(&linked, days(90)).await;
    world.mark(&other, days(90)).await;
    let rows = world.rows().await;
    let (fate, note) = became(&rows, &linked);
    assert_eq!(fate, "unmarked", "{note}");
    assert!(note.starts_with(&format!("pinned by {latest} of the destination; ")), "{note}");
    assert!(bucket.object(&format!("{linked}/disk")).is_some());
    assert_eq!(became(&rows, &other).0, "deleted");
    assert!(bucket.object(&format!("{other}/disk")).is_none());
}

#[tokio::test]
async fn a_latest_link_that_leads_on_over_another_link_keeps_the_build() {
    let world = World::new();
    let [linked, other] = [OLD, "410.84.202201251204-0"].map(|release| at("x86_64", "4.10", release));
    for directory in [&linked, &other] {
        world.put(directory, days(400));
        world.mark(directory, days(90)).await;
    }
    std::os::unix::fs::symlink(OLD, world.path(&at("x86_64", "4.10", "stable"))).unwrap();
    std::os::unix::fs::symlink("stable", world.path(&at("x86_64", "4.10", "latest"))).unwrap();
    let rows = world.rows().await;
    assert_eq!((became(&rows, &linked).0, became(&rows, &other).0), ("unmarked", "deleted"));
    assert!(world.is_there(&linked) && !world.is_there(&other));
}

#[tokio::test]
async fn an_architecture_that_is_a_link_to_another_is_not_taken_for_one_of_its_own() {
    let world = World::new();
    let [real, other] = ["x86_64", "s390x"].map(|arch| at(arch, "4.10", PINNED));
    world.put(&real, days(400));
    std::os::unix::fs::symlink("x86_64", world.path("s390x")).unwrap();
    world.mark(&other, days(90)).await;
    let pruned = world.prune().await;
    assert!(world.is_there(&real), "pinned for x86_64: {pruned:?}");
    assert!(matches!(pruned.verdict, Verdict::Refused(Refused::Linked { .. })), "{:?}", pruned.verdict);
}

#[tokio::test]
async fn a_directory_whose_mark_names_another_build_that_is_pinned_is_kept() {
    let world = World::new();
    let [wrong, due] = [OLD, "410.84.202201251204-0"].map(|release| at("x86_64", "4.10", release));
    world.put_build(&wrong, PINNED, days(400));
    world.put(&due, days(400));
    for directory in [&wrong, &due] {
        world.mark(directory, days(90)).await;
    }
    let rows = world.rows().await;
    assert_eq!(became(&rows, &due).0, "deleted");
    let (fate, note) = became(&rows, &wrong);
    assert_eq!(fate, "kept", "{note}");
    assert!(world.is_there(&wrong));
}

// 14.89
#[tokio::test]
async fn of_a_version_too_a_deletion_that_failed_half_way_is_finished() {
    let (mut world, bucket) = (World::new(), FakeBucket::start().await);
    world.store = bucket_store(&bucket);
    let directory = at("x86_64", "pre-release", "4.10.0-ec.1");
    for (name, content) in [("disk", "disk".to_owned()), ("rhcos-id.txt", format!("{OLD}\n"))] {
        let key = format!("{directory}/{name}");
        bucket.place(&key, content);
        bucket.change(&key, |stored| stored.modified = now() - days(400));
    }
    world.mark(&directory, days(90)).await;
    bucket.fault(BucketFault::on("DELETE", "disk", Effect::Status(403)).times(usize::MAX));
    assert_eq!(became(&world.rows().await, &directory).0, "failed");
    assert!(bucket.object(&format!("{directory}/rhcos-id.txt")).is_none(), "it looks complete no more");
    bucket.mend();
    // Pinned meanwhile it is kept, whatever is left of it.
    world.served.put(URL, Some(stream(&[("x86_64", OLD)])));
    assert_eq!(became(&world.dry().await, &directory).0, "would be unmarked");
    world.served.put(URL, Some(stream(&[("x86_64", PINNED)])));
    let rows = world.rows().await;
    assert_eq!(became(&rows, &directory).0, "deleted");
    assert!(!bucket.keys().iter().any(|key| key.contains("4.10.0-ec.1")), "{:?}", bucket.keys());
}
