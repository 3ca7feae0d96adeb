//! The least age of a source: what is too young waits, and what does not say when it was made is refused.

use std::sync::Arc;
use std::time::{Duration, SystemTime};

use image_mirror::engine::{Check, Extent};
use image_mirror::model::{Desired, Guard, Outcome, Refusal, Row, Rule, Skip};

use super::{Pair, word, writes};
use crate::support::{Image, Index, Kind};

const DAY: Duration = Duration::from_hours(24);

/// An image whose config says that it was made so many hours ago.
fn made(hours: u64, seed: u64) -> Image {
    let created = SystemTime::now() - Duration::from_hours(hours);
    let config =
        serde_json::json!({"created": humantime::format_rfc3339_nanos(created).to_string(), "os": "linux"});
    Image::oci().config(config.to_string()).layer_of(1024, seed).build()
}

fn aged(mut entry: Desired, unknown: bool) -> Desired {
    let rule = Rule { name: Some("cool-down".into()), place: "mirror-policy.yaml:3".into() };
    let guard = Guard::SourceAge { least: DAY, unknown };
    entry.guards.push(Guard::ByRule(Arc::new(rule), Box::new(guard)));
    entry
}

fn is_too_young(row: &Row) -> bool {
    matches!(&row.outcome, Outcome::Skipped(Skip::TooYoung { least: DAY, rule: Some(_) }))
}

#[tokio::test]
async fn a_source_that_is_too_young_waits_and_an_old_one_is_copied() {
    for extent in [Extent::Plan, Extent::Mirror] {
        let mut pair = Pair::start().await;
        pair.options.extent = extent;
        let young = aged(pair.offer(&made(23, 1)), false);
        let row = pair.mirror_one(young).await;
        assert!(is_too_young(&row), "{row:?}");
        assert_eq!((pair.source.count(Kind::GetManifest), pair.source.count(Kind::GetBlob)), (1, 1));
        assert_eq!(
            (pair.requests(), writes(&pair.target)),
            (4, vec![]),
            "two looks, the manifest, its config"
        );

        pair.clear_logs();
        let row = pair.mirror_one(aged(pair.offer(&made(25, 2)), false)).await;
        assert_eq!(word(&row), if extent == Extent::Plan { "planned" } else { "copied" }, "{row:?}");
        assert_eq!(pair.source.count(Kind::GetManifest), 1, "the copy needs it too");
    }
}

#[tokio::test]
async fn what_is_in_place_is_not_asked_for_its_age() {
    let mut pair = Pair::start().await;
    let image = made(1, 1);
    pair.target.put_image("mirror/app", "v1", &image);
    let row = pair.mirror_one(aged(pair.offer(&image), false)).await;
    assert_eq!((word(&row), pair.requests()), ("kept", 2));

    pair.options.check = Check::Content;
    pair.target.delete_blob("mirror/app", &image.tree_blobs()[1].digest);
    let row = pair.mirror_one(aged(pair.offer(&image), false)).await;
    assert_eq!(word(&row), "updated", "what is in place is mended, however young it is: {row:?}");
}

#[tokio::test]
async fn of_an_index_the_newest_image_decides_and_attestations_do_not() {
    let pair = Pair::start().await;
    let (old, young) = (made(48, 1), made(2, 2));
    let mixed = Index::oci().child(&old).child(&young).build();
    assert!(is_too_young(&pair.mirror_one(aged(pair.offer(&mixed), false)).await));
    let attested = Index::oci().child(&old).attestation(&old).build();
    assert_eq!(word(&pair.mirror_one(aged(pair.offer(&attested), false)).await), "copied");
}

#[tokio::test]
async fn a_source_that_does_not_say_when_it_was_made_is_refused_unless_that_is_allowed() {
    let created =
        |text: &str| Image::oci().config(format!("{{\"created\":\"{text}\"}}")).layer_of(64, 1).build();
    for image in [Image::example(1), created("1970-01-01T00:00:00Z"), created("2999-01-01T00:00:00Z")] {
        let pair = Pair::start().await;
        let row = pair.mirror_one(aged(pair.offer(&image), false)).await;
        let unknown =
            |row: &Row| matches!(&row.outcome, Outcome::Refused(why) if *why.reason() == Refusal::AgeUnknown);
        assert!(unknown(&row), "{row:?}");
        assert_eq!(writes(&pair.target), []);
        assert_eq!(word(&pair.mirror_one(aged(pair.offer(&image), true)).await), "copied");
    }
}

#[tokio::test]
async fn entries_that_share_an_image_read_its_config_once() {
    let pair = Pair::start().await;
    pair.offer(&made(1, 1));
    let entries =
        ["a", "b", "c"].map(|tag| aged(pair.entry("org/app:v1", &format!("mirror/app:{tag}")), false));
    let rows = pair.mirror(entries.to_vec()).await;
    assert!(rows.iter().all(is_too_young), "{rows:?}");
    assert_eq!((pair.source.count(Kind::GetManifest), pair.source.count(Kind::GetBlob)), (1, 1));
}
