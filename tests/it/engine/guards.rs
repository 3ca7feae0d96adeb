//! Guards that rules ask for: what is refused, when, and what it costs.

use std::sync::Arc;

use image_mirror::engine::Extent;
use image_mirror::error::Class;
use image_mirror::model::{Desired, Guard, Outcome, Reason, Refusal, Row, Rule};

use super::{Pair, word, writes};
use crate::support::{Fault, Image, Kind};

/// `guard`, asked for by a rule.
fn ruled(guard: Guard) -> Guard {
    let rule = Rule { name: Some("releases".into()), place: "mirror-policy.yaml:12".into() };
    Guard::ByRule(Arc::new(rule), Box::new(guard))
}

fn guarded(mut entry: Desired, guard: Guard) -> Desired {
    entry.guards.push(ruled(guard));
    entry
}

fn refusal(row: &Row) -> String {
    match &row.outcome {
        Outcome::Refused(refusal) => refusal.to_string(),
        other => panic!("expected a refusal, got {other:?}"),
    }
}

/// Mirrors `entry`; when the first blob is on its way to the target, somebody else puts `theirs` there.
async fn race(pair: &Pair, entry: Desired, theirs: &Image) -> Row {
    let gate = pair.target.hold(Kind::PutBlob);
    let somebody_else = async {
        gate.arrived(1).await;
        pair.target.put_image("mirror/app", "v1", theirs);
        gate.release();
    };
    tokio::join!(pair.mirror_one(entry), somebody_else).0
}

#[tokio::test]
async fn a_forbidden_target_is_refused_without_a_request() {
    let pair = Pair::start().await;
    let row = pair.mirror_one(guarded(pair.offer(&Image::example(1)), Guard::Forbidden)).await;

    assert_eq!(
        refusal(&row),
        "by rule `releases` (mirror-policy.yaml:12): the target is in no place that is allowed"
    );
    assert_eq!((pair.requests(), row.moved.requests), (0, 0));
    assert_eq!((row.digest, row.previous), (None, None));
}

#[tokio::test]
async fn a_tag_that_is_never_moved_is_created_kept_and_refused_after_a_look() {
    let pair = Pair::start().await;
    let (one, two) = (Image::example(1), Image::example(2));
    let entry = guarded(pair.offer(&one), Guard::Absent);
    assert_eq!(word(&pair.mirror_one(entry.clone()).await), "copied");
    pair.clear_logs();
    assert_eq!(word(&pair.mirror_one(entry.clone()).await), "kept");
    assert_eq!(pair.requests(), 2, "a guard costs nothing where nothing is to be done");

    pair.source.put_image("org/app", "v1", &two);
    pair.clear_logs();
    let row = pair.mirror_one(entry).await;
    assert_eq!(refusal(&row), "by rule `releases` (mirror-policy.yaml:12): the target exists");
    assert_eq!((row.digest, row.previous), (Some(two.digest), Some(one.digest.clone())));
    assert_eq!(pair.requests(), 2);
    assert_eq!(pair.target.tag_digest("mirror/app", "v1"), Some(one.digest));
}

#[tokio::test]
async fn a_tag_that_is_never_moved_may_be_written_again_as_it_is() {
    let mut pair = Pair::start().await;
    pair.options.check = image_mirror::engine::Check::Rewrite;
    let image = Image::example(1);
    let entry = guarded(pair.offer(&image), Guard::Absent);
    pair.target.put_image("mirror/app", "v1", &image);
    let row = pair.mirror_one(entry).await;

    assert!(matches!(row.outcome, Outcome::Copied(Reason::Forced)), "{:?}", row.outcome);
    assert_eq!(pair.target.tag_digest("mirror/app", "v1"), Some(image.digest));
}

#[tokio::test]
async fn what_somebody_creates_during_the_run_is_left_alone() {
    for guard in [Guard::Absent, Guard::Unmoved] {
        let pair = Pair::start().await;
        let theirs = Image::example(9);
        let row = race(&pair, guarded(pair.offer(&Image::example(1)), guard), &theirs).await;

        assert!(refusal(&row).starts_with("by rule `releases`"), "{row:?}");
        assert_eq!(pair.target.tag_digest("mirror/app", "v1"), Some(theirs.digest));
        assert_eq!(pair.target.count(Kind::PutManifest), 0);
    }
}

#[tokio::test]
async fn what_somebody_makes_the_same_during_the_run_is_no_trouble() {
    let pair = Pair::start().await;
    let image = Image::example(1);
    let row = race(&pair, guarded(pair.offer(&image), Guard::Unmoved), &image).await;
    assert_eq!(word(&row), "copied", "{row:?}");
    assert_eq!(pair.target.tag_digest("mirror/app", "v1"), Some(image.digest));
}

#[tokio::test]
async fn a_guarded_copy_costs_one_look_more() {
    let costs = async |guards: &[Guard]| {
        let pair = Pair::start().await;
        pair.target.put_image("mirror/app", "v1", &Image::example(2));
        let mut entry = pair.offer(&Image::example(1));
        entry.guards.extend(guards.iter().cloned().map(ruled));
        assert_eq!(word(&pair.mirror_one(entry).await), "copied");
        (pair.target.count(Kind::HeadManifest), pair.requests())
    };
    let (heads, requests) = costs(&[]).await;
    assert_eq!(heads, 1);
    assert_eq!(costs(&[Guard::Unmoved]).await, (2, requests + 1));
    assert_eq!(costs(&[Guard::Unmoved, Guard::Is(Image::example(2).digest)]).await, (2, requests + 1));
}

#[tokio::test]
async fn a_target_that_the_right_to_read_does_not_show_is_looked_at_by_the_right_to_write_before_anything_is_sent()
 {
    let pair = Pair::start().await;
    let there = Image::example(9);
    pair.target.put_image("mirror/app", "v1", &there);
    pair.target.fault(Fault::on(Kind::HeadManifest).status(403));
    let row = pair.mirror_one(guarded(pair.offer(&Image::example(1)), Guard::Absent)).await;
    assert!(refusal(&row).ends_with("the target exists"), "{row:?}");
    assert_eq!(row.previous, Some(there.digest.clone()));
    assert_eq!((pair.target.count(Kind::HeadManifest), writes(&pair.target)), (2, vec![]));
    assert_eq!(pair.source.count(Kind::GetManifest), 0, "nothing was fetched for it");

    pair.target.delete_tag("mirror/app", "v1");
    pair.target.fault(Fault::on(Kind::HeadManifest).status(403));
    let row = pair.mirror_one(guarded(pair.offer(&Image::example(1)), Guard::Absent)).await;
    assert!(matches!(row.outcome, Outcome::Copied(Reason::Absent)), "{row:?}");

    pair.target.fault(Fault::on(Kind::HeadManifest).status(403));
    let row = pair.mirror_one(guarded(pair.offer(&Image::example(1)), Guard::Absent)).await;
    assert_eq!(word(&row), "kept", "it was right all along: {row:?}");
}

#[tokio::test]
async fn a_guarded_target_that_nobody_may_see_is_not_written() {
    let pair = Pair::start().await;
    pair.target.fault(Fault::on(Kind::HeadManifest).always().status(403));
    for guard in [Guard::Absent, Guard::Unmoved] {
        let row = pair.mirror_one(guarded(pair.offer(&Image::example(1)), guard)).await;
        let denied =
            |row: &Row| matches!(&row.outcome, Outcome::Failed(failure) if failure.class == Class::Denied);
        assert!(denied(&row), "{row:?}");
    }
    assert_eq!(writes(&pair.target), []);
}

#[tokio::test]
async fn a_plan_says_what_guards_will_say() {
    let mut pair = Pair::start().await;
    pair.options.extent = Extent::Plan;
    pair.target.put_image("mirror/app", "v1", &Image::example(2));
    let entry = pair.offer(&Image::example(1));
    let row = pair.mirror_one(guarded(entry.clone(), Guard::Absent)).await;
    assert!(matches!(&row.outcome, Outcome::Refused(Refusal::ByRule(..))), "{row:?}");
    assert_eq!(word(&pair.mirror_one(guarded(entry, Guard::Unmoved)).await), "planned");
    assert_eq!(writes(&pair.target), []);
}

#[tokio::test]
async fn a_target_that_turns_out_to_be_right_still_gets_what_refers_to_it() {
    let mut pair = Pair::start().await;
    pair.options.referrers = true;
    let image = Image::example(1);
    let signature =
        Image::artifact("application/vnd.example.signature").layer("signed").subject(&image).build();
    pair.source.put_untagged("org/app", &signature);
    pair.target.put_image("mirror/app", "v1", &image);
    pair.target.fault(Fault::on(Kind::HeadManifest).status(403));
    let row = pair.mirror_one(guarded(pair.offer(&image), Guard::Absent)).await;

    assert_eq!(word(&row), "updated", "{row:?}");
    assert!(pair.target.manifests("mirror/app").contains(&signature.digest), "{row:?}");
    assert_eq!(pair.target.tag_digest("mirror/app", "v1"), Some(image.digest));
}
