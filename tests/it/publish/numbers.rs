//! Rebuild numbers: which is the next, and what is made of one that is asked for.

use super::stage::{Stage, all, writes};
use crate::support::catalog::UPLOAD;
use crate::support::{CatalogWorld, FakeRegistry, Fault, Image, Kind, Ran, writes as writing};

/// A stage whose upload registry has `tags`.
async fn having(tags: &[&str]) -> Stage {
    let stage = Stage::new().await;
    for tag in tags {
        stage.world.upload.put_image(UPLOAD, tag, &Image::example(9));
    }
    stage
}

async fn next(stage: &Stage, version: &str, words: &[&str]) -> Ran {
    let usual = ["next-rebuild", "--product", "server", "--version", version];
    let ran = stage.command(&usual).args(words).run().await;
    assert_eq!(stage.world.upload.count(writing()), 0, "{ran}");
    ran
}

// 19.63
#[tokio::test]
async fn the_next_number_is_one_more_than_the_highest_of_the_version_itself() {
    let maintenance = ["7.6.0-MP1-1", "7.6.0-MP1-2", "7.6.0-5"];
    let table: [(&[&str], &str, &str); 8] = [
        (&["7.6.1", "7.6.1-1", "7.6.1-rhcc"], "7.6.1", "2"),
        (&["7.6.10-4", "7.6.1-1"], "7.6.1", "2"),
        (&maintenance, "7.6.0-MP1", "3"),
        (&maintenance, "7.6.0", "6"),
        (&["7.2.0-3-arm64"], "7.2.0", "4"),
        (&["7.2.0-9", "7.2.0-10"], "7.2.0", "11"),
        (&[], "7.6.1", "1"),
        (&["7.6.1-rhcc", "7.6.1-beta-2"], "7.6.1", "1"),
    ];
    for (tags, version, expected) in table {
        let stage = having(tags).await;
        let ran = next(&stage, version, &[]).await.exits(0);
        assert_eq!(ran.stdout, format!("{expected}\n"), "{tags:?} {version}");
    }
}

#[tokio::test]
async fn a_number_that_only_the_public_registry_has_counts_where_it_lists_them() {
    let stage = having(&["7.6.1-1"]).await;
    stage.world.show_instead("7.6.1-5", &Image::example(9), usize::MAX);
    assert_eq!(next(&stage, "7.6.1", &[]).await.exits(0).stdout, "6\n");
    stage.world.public.fault(Fault::on(Kind::Tags).always().status(403));
    assert_eq!(next(&stage, "7.6.1", &[]).await.exits(0).stdout, "2\n");
}

// 19.64
#[tokio::test]
async fn a_list_is_read_to_its_last_page() {
    let upload = FakeRegistry::builder().page_size(100);
    let stage = Stage::of(CatalogWorld::of(upload, FakeRegistry::builder()).await).await;
    let image = Image::example(9);
    for number in 1..250 {
        stage.world.upload.put_image(UPLOAD, &format!("7.6.0-{number}"), &image);
    }
    stage.world.upload.put_image(UPLOAD, "7.6.1-41", &image);
    assert_eq!(next(&stage, "7.6.1", &[]).await.exits(0).stdout, "42\n");
    assert_eq!(stage.world.upload.count(Kind::Tags), 3);
}

// 19.65
#[tokio::test]
async fn a_list_that_is_not_to_be_had_tells_no_number() {
    let stage = having(&["7.6.1-1"]).await;
    stage.world.upload.fault(Fault::on(Kind::Tags).always().status(500));
    let ran = next(&stage, "7.6.1", &["--attempts", "2"]).await.exits(3);
    assert_eq!(ran.stdout, "");
    stage.source("7.6.1-rel", 1);
    stage.publish(&["--attempts", "2", "--rebuild", "2"]).await.exits(3);
    assert_eq!(writes(&stage), []);
    assert!(stage.preflight.runs().is_empty());
}

// 19.66
#[tokio::test]
async fn a_number_that_was_planned_here_is_not_given_again() {
    let stage = having(&["7.6.1-1", "7.6.1-2", "7.6.1-3"]).await;
    let image = stage.source("7.6.1-rel", 1);
    stage.sources.delete_blob(super::stage::SOURCE, &image.children[0].layers()[0].digest);
    stage.publish(&["--precheck=false", "--rebuild", "4"]).await.exits(2);
    assert_eq!(stage.events("7.6.1-4"), ["planned", "push_started"]);
    assert_eq!(writes(&stage), []);
    stage.world.upload.clear_log();
    let folder = stage.state().display().to_string();
    assert_eq!(next(&stage, "7.6.1", &["--state-dir", &folder]).await.exits(0).stdout, "5\n");
    assert_eq!(next(&stage, "7.6.1", &[]).await.exits(0).stdout, "4\n", "who does not know the journal");
}

// 19.67
#[tokio::test]
async fn a_number_that_was_passed_is_refused_and_one_that_leaves_a_gap_is_told_of() {
    let stage = having(&["7.6.1-2"]).await;
    let image = stage.source("7.6.1-rel", 1);
    let ran = stage.publish(&["--rebuild", "1"]).await.exits(4);
    assert!(ran.stderr.contains("7.6.1-1 was passed already: the next one is 7.6.1-3"), "{ran}");
    assert_eq!(stage.world.upload.count(writing()), 0);
    assert!(stage.preflight.runs().is_empty());

    let ran = stage.publish(&["--rebuild", "7"]).await.exits(0);
    assert!(ran.stderr.contains("7.6.1-7 leaves a gap: the next number is 3"), "{ran}");
    assert_eq!(writes(&stage), all(&["7.6.1-7", "7.6.1", "7.6.1-rhcc"], &image));
}

// 19.68
#[tokio::test]
async fn of_two_at_once_the_second_is_told_who_publishes() {
    let stage = Stage::new().await;
    let image = stage.source("7.6.1-rel", 1);
    let other = stage.source("other", 2);
    let gate = stage.world.upload.hold(Kind::PutBlob);
    let first = stage.image(&["--rebuild", "next", "--precheck=false"]).start();
    gate.arrived(1).await;
    let second = stage.release("other", "7.6.1", &["--rebuild", "next"]).run().await.exits(4);
    assert!(second.stderr.contains("another run publishes to"), "{second}");
    assert!(second.stderr.contains(&format!("(process {} on ", first.id())), "{second}");
    assert!(stage.preflight.runs().is_empty(), "the second one does not begin");
    gate.release();
    first.ended().await.exits(0);
    assert_eq!(writes(&stage), all(&["7.6.1-1", "7.6.1", "7.6.1-rhcc"], &image));

    stage.release("other", "7.6.1", &["--rebuild", "next"]).run().await.exits(0);
    assert_eq!(writes(&stage), all(&["7.6.1-2", "7.6.1", "7.6.1-rhcc"], &other));
}
