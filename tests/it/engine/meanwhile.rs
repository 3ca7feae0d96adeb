//! Others write the same target meanwhile: another run of the same line, or a person.

use std::sync::Arc;
use std::time::Duration;

use futures_util::stream;
use image_mirror::engine::{Engine, Options, Silent, Stop};
use image_mirror::error::Class;
use image_mirror::model::{Batch, Desired, Guard, Outcome, Reason, Row, Skip};
use image_mirror::registry;

use super::{Pair, client, failure, word, writes};
use crate::support::{Fault, Image, Kind};

/// As long as a look at a target is taken to hold, and a bit.
const LATE: Duration = Duration::from_secs(61);

/// Mirrors `desired`; while its first blob is held on its way, so much time goes by and `happens` happens.
async fn mirror_while(pair: &Pair, desired: Desired, time: Duration, happens: impl FnOnce()) -> Row {
    let patient = registry::Options { stall_timeout: LATE * 2, ..super::impatient() };
    let engine = Engine::new(&client(patient), Options::default(), Arc::new(Silent), Stop::default());
    let gate = pair.target.hold(Kind::PutBlob);
    let meanwhile = async {
        gate.arrived(1).await;
        tokio::time::pause();
        tokio::time::advance(time).await;
        tokio::time::resume();
        happens();
        gate.release();
    };
    let batches = stream::iter([Batch::admit(vec![desired]).batch]);
    let (mut rows, ()) = tokio::join!(engine.run(batches), meanwhile);
    rows.remove(0)
}

fn looks(pair: &Pair) -> [usize; 2] {
    [pair.source.count(Kind::HeadManifest), pair.target.count(Kind::HeadManifest)]
}

#[tokio::test]
async fn a_tag_is_written_without_another_look_when_it_was_looked_at_lately() {
    let pair = Pair::start().await;
    let image = Image::example(1);
    pair.target.put_image("mirror/app", "v1", &Image::example(8));
    let foreign = || pair.target.put_image("mirror/app", "v1", &Image::example(9));
    let row = mirror_while(&pair, pair.offer(&image), LATE / 2, foreign).await;

    assert!(matches!(row.outcome, Outcome::Copied(Reason::Differs)), "{:?}", row.outcome);
    assert_eq!(looks(&pair), [1, 1]);
    assert!(pair.target.holds("mirror/app", "v1", &image));
}

#[tokio::test]
async fn a_tag_that_someone_moved_since_a_look_long_ago_is_written_and_the_row_says_over_what() {
    let pair = Pair::start().await;
    let (image, foreign) = (Image::example(1), Image::example(9));
    pair.target.put_image("mirror/app", "v1", &Image::example(8));
    let moved = || pair.target.put_image("mirror/app", "v1", &foreign);
    let row = mirror_while(&pair, pair.offer(&image), LATE, moved).await;

    assert!(matches!(row.outcome, Outcome::Copied(Reason::Differs)), "{:?}", row.outcome);
    assert_eq!(row.previous, Some(foreign.digest));
    assert_eq!(looks(&pair), [2, 2]);
    assert!(pair.target.holds("mirror/app", "v1", &image));
}

#[tokio::test]
async fn a_run_that_is_behind_does_not_write_over_what_a_newer_one_brought() {
    let pair = Pair::start().await;
    let newer = Image::example(2);
    let desired = pair.offer(&Image::example(1));
    let another_run = || {
        pair.source.put_image("org/app", "v1", &newer);
        pair.target.put_image("mirror/app", "v1", &newer);
    };
    let row = mirror_while(&pair, desired, LATE, another_run).await;

    assert!(matches!(row.outcome, Outcome::Skipped(Skip::Overtaken)), "{:?}", row.outcome);
    assert_eq!(row.digest.as_ref(), Some(&newer.digest), "what the source is now");
    assert!(pair.target.holds("mirror/app", "v1", &newer));
    assert_eq!(pair.target.count(Kind::PutManifest), 0);
}

#[tokio::test]
async fn a_guarded_tag_that_became_right_meanwhile_is_no_refusal() {
    let pair = Pair::start().await;
    let image = Image::example(1);
    let mut desired = pair.offer(&image);
    desired.guards.push(Guard::Unmoved);
    let another_run = || pair.target.put_image("mirror/app", "v1", &image);
    let row = mirror_while(&pair, desired, Duration::ZERO, another_run).await;

    assert!(matches!(row.outcome, Outcome::Copied(Reason::Absent)), "{:?}", row.outcome);
    assert_eq!(row.previous, row.digest, "what it was before our write");
    assert_eq!(looks(&pair), [1, 2]);
    assert!(pair.target.holds("mirror/app", "v1", &image));
}

#[tokio::test]
async fn a_guarded_tag_that_a_newer_run_moved_on_is_no_refusal_either() {
    let pair = Pair::start().await;
    let newer = Image::example(2);
    pair.target.put_image("mirror/app", "v1", &Image::example(8));
    let mut desired = pair.offer(&Image::example(1));
    desired.guards.push(Guard::Unmoved);
    let another_run = || {
        pair.source.put_image("org/app", "v1", &newer);
        pair.target.put_image("mirror/app", "v1", &newer);
    };
    let row = mirror_while(&pair, desired, Duration::ZERO, another_run).await;

    assert!(matches!(row.outcome, Outcome::Skipped(Skip::Overtaken)), "{:?}", row.outcome);
    assert_eq!(looks(&pair), [2, 2]);
    assert_eq!(pair.target.count(Kind::PutManifest), 0);
}

/// Mirrors to a registry that does not say what it stored; between the write and the look at it `happens` happens.
async fn mirror_unsaid(pair: &Pair, desired: Desired, happens: impl FnOnce()) -> Row {
    let unsaid = Fault::on(Kind::PutManifest).carried_out().status(201);
    pair.target.fault(unsaid.without_header("docker-content-digest"));
    let gate = pair.target.hold(Kind::HeadManifest);
    gate.let_through(1);
    let meanwhile = async {
        gate.arrived(2).await;
        happens();
        gate.release();
    };
    let (row, ()) = tokio::join!(pair.mirror_one(desired), meanwhile);
    row
}

#[tokio::test]
async fn a_tag_that_names_something_else_right_after_it_was_written_names_both_digests() {
    let pair = Pair::start().await;
    let (image, foreign) = (Image::example(1), Image::example(9));
    let moved = || pair.target.put_image("mirror/app", "v1", &foreign);
    let row = mirror_unsaid(&pair, pair.offer(&image), moved).await;

    let said = failure(&row);
    assert!(said.contains(image.digest.as_str()) && said.contains(foreign.digest.as_str()), "{said}");
    assert!(said.contains("someone else"), "{said}");
    assert!(matches!(&row.outcome, Outcome::Failed(failure) if failure.class == Class::Transient));
    assert_eq!(pair.target.count(Kind::PutManifest), 1, "it is not fought over");
    assert!(pair.target.holds("mirror/app", "v1", &foreign));
}

#[tokio::test]
async fn a_tag_that_was_moved_on_right_after_it_was_written_is_fine_if_the_source_was_too() {
    let pair = Pair::start().await;
    let newer = Image::example(2);
    let desired = pair.offer(&Image::example(1));
    let another_run = || {
        pair.source.put_image("org/app", "v1", &newer);
        pair.target.put_image("mirror/app", "v1", &newer);
    };
    let row = mirror_unsaid(&pair, desired, another_run).await;

    assert!(matches!(row.outcome, Outcome::Skipped(Skip::Overtaken)), "{:?}", row.outcome);
    assert_eq!(row.digest.as_ref(), Some(&newer.digest));
    assert!(pair.target.holds("mirror/app", "v1", &newer));
}

#[tokio::test]
async fn a_registry_that_stores_another_manifest_than_was_sent_is_not_taken_for_someone_else() {
    let pair = Pair::start().await;
    let (image, converted) = (Image::example(1), Image::example(9));
    let desired = pair.offer(&image);
    let convert = || {
        pair.target.put_image("mirror/app", "v1", &converted);
        pair.target.delete_manifest("mirror/app", &image.digest);
    };
    let row = mirror_unsaid(&pair, desired, convert).await;

    assert!(matches!(&row.outcome, Outcome::Failed(failure) if failure.class == Class::Corrupt));
    assert!(failure(&row).contains(converted.digest.as_str()), "{}", failure(&row));
}

#[tokio::test]
async fn two_runs_that_planned_the_same_both_copy_it_and_send_each_blob_whole() {
    let pair = Pair::start().await;
    let image = Image::example(1);
    let desired = pair.offer(&image);
    let gate = pair.target.hold(Kind::PostMount);
    let both_planned = async {
        gate.arrived(2).await;
        gate.release();
    };
    let (one, other, ()) =
        tokio::join!(pair.mirror_one(desired.clone()), pair.mirror_one(desired), both_planned);

    assert_eq!([word(&one), word(&other)], ["copied", "copied"]);
    assert!(pair.target.holds("mirror/app", "v1", &image));
    assert_eq!(pair.target.count(Kind::PutManifest), 2);
    assert_eq!(writes(&pair.source), []);
    pair.target.assert_tags_were_always_whole();
}
