//! Further tags: what a tag was is kept by another one before it moves.

use std::sync::Arc;

use image_mirror::error::Class;
use image_mirror::model::{Desired, Guard, Outcome, Refusal, Row, Rule, TagTemplate, Which};

use super::{Pair, layout, word, writes};
use crate::support::{Fault, Image, Index, Kind, on};

fn tagged(mut entry: Desired, which: Which, template: &str) -> Desired {
    let template: TagTemplate = template.parse().unwrap();
    let rule = Rule { name: None, place: "mirror-policy.yaml:3".into() };
    entry.guards.push(Guard::ByRule(Arc::new(rule), Box::new(Guard::Tagged(which, template))));
    entry
}

fn kept(entry: Desired, template: &str) -> Desired {
    tagged(entry, Which::Outgoing, template)
}

const PRUNE: &str = "{timestamp}_prune_{tag}";

/// A target whose tag `v1` has to move, and the entry that moves it, keeping what it was.
async fn to_move(old: &Image, new: &Image) -> (Pair, Desired) {
    let pair = Pair::start().await;
    pair.target.put_image("mirror/app", "v1", old);
    let entry = pair.offer(new);
    (pair, entry)
}

fn refused(row: &Row) -> &Refusal {
    match &row.outcome {
        Outcome::Refused(refusal) => refusal.reason(),
        other => panic!("expected a refusal, got {other:?}"),
    }
}

#[tokio::test]
async fn what_a_tag_was_is_kept_by_a_dated_tag_before_it_moves() {
    let index = Index::oci().child(&Image::example(1)).child(&Image::example(2)).build();
    for (old, new) in [(Image::example(1), Image::example(2)), (index, Image::example(3))] {
        let (pair, entry) = to_move(&old, &new).await;
        let row = pair.mirror_one(kept(entry, PRUNE)).await;

        assert_eq!(word(&row), "copied", "{row:?}");
        let [backup]: [String; 1] =
            row.backups.iter().map(ToString::to_string).collect::<Vec<_>>().try_into().unwrap();
        let (time, rest) = backup.split_at("YYYYMMDDhhmmss".len());
        assert!(time.bytes().all(|b| b.is_ascii_digit()) && rest == "_prune_v1", "{backup}");
        assert!(
            pair.target.holds("mirror/app", &backup, &old) && pair.target.holds("mirror/app", "v1", &new)
        );
        let puts = pair.target.requests_on(Kind::PutManifest);
        let last: Vec<_> = puts.iter().rev().take(2).filter_map(|put| put.reference.as_deref()).collect();
        assert_eq!(last, ["v1", &backup], "the tag that moves comes last");
        pair.target.assert_tags_were_always_whole();
    }
}

#[tokio::test]
async fn a_backup_costs_three_requests_and_only_when_a_tag_moves() {
    let (old, new) = (Image::example(1), Image::example(2));
    let (pair, entry) = to_move(&old, &new).await;
    pair.mirror_one(entry).await;
    let plain = pair.requests();

    let (pair, entry) = to_move(&old, &new).await;
    let entry = kept(entry, PRUNE);
    pair.mirror_one(entry.clone()).await;
    assert_eq!(pair.requests(), plain + 3, "a look at its tag, the tag, and a look at the one that moves");
    assert_eq!(pair.target.count(Kind::GetManifest), 1, "the old manifest is read anyway");
    pair.clear_logs();
    let row = pair.mirror_one(entry).await;
    assert_eq!((word(&row), pair.requests(), row.backups.len()), ("kept", 2, 0));

    pair.target.delete_tag("mirror/app", "v1");
    let row = pair.mirror_one(kept(pair.offer(&new), PRUNE)).await;
    assert_eq!((word(&row), row.backups.len()), ("copied", 0), "nothing was there to keep");
    assert_eq!(pair.target.tags("mirror/app").len(), 2);
}

#[tokio::test]
async fn where_it_cannot_be_kept_the_tag_stays() {
    let (old, new) = (Image::example(1), Image::example(2));
    let other = Image::example(5).digest;
    let denied = Fault::on(Kind::PutManifest).status(403);
    let wrong = Fault::on(Kind::PutManifest)
        .carried_out()
        .status(201)
        .header("docker-content-digest", other.as_str());
    for (fault, class) in [(denied, Class::Denied), (wrong, Class::Corrupt)] {
        let (pair, entry) = to_move(&old, &new).await;
        pair.target.fault(fault);
        let row = pair.mirror_one(kept(entry, PRUNE)).await;
        assert!(matches!(&row.outcome, Outcome::Failed(failure) if failure.class == class), "{row:?}");
        assert_eq!(pair.target.tag_digest("mirror/app", "v1"), Some(old.digest.clone()));
        assert_eq!(pair.target.count(on(Kind::PutManifest).reference("v1")), 0);
    }
}

#[tokio::test]
async fn a_backup_is_never_written_over_and_never_made_twice() {
    let (old, new, foreign) = (Image::example(1), Image::example(2), Image::example(9));
    let (pair, entry) = to_move(&old, &new).await;
    pair.target.put_image("mirror/app", old.digest.hex(), &foreign);
    let row = pair.mirror_one(kept(entry, "{digest}")).await;
    assert!(matches!(refused(&row), Refusal::Taken { found, .. } if *found == foreign.digest), "{row:?}");
    assert_eq!(pair.target.tag_digest("mirror/app", old.digest.hex()), Some(foreign.digest));
    assert_eq!(pair.target.tag_digest("mirror/app", "v1"), Some(old.digest.clone()));
    assert_eq!(pair.target.count(Kind::PutManifest), 0);

    // As an earlier run left it that was killed before the tag moved.
    let (pair, entry) = to_move(&old, &new).await;
    pair.target.put_image("mirror/app", old.digest.hex(), &old);
    let row = pair.mirror_one(kept(entry, "{digest}")).await;
    assert_eq!((word(&row), row.backups.len()), ("copied", 1));
    assert_eq!(pair.target.count(Kind::PutManifest), 1);
}

#[tokio::test]
async fn what_was_not_kept_is_not_written_over() {
    let (old, new, theirs) = (Image::example(1), Image::example(2), Image::example(9));
    for start in [Some(&old), None] {
        let pair = Pair::start().await;
        if let Some(old) = start {
            pair.target.put_image("mirror/app", "v1", old);
        }
        let entry = kept(pair.offer(&new), PRUNE);
        let gate = pair.target.hold(Kind::PutBlob);
        let somebody_else = async {
            gate.arrived(1).await;
            pair.target.put_image("mirror/app", "v1", &theirs);
            gate.release();
        };
        let (row, ()) = tokio::join!(pair.mirror_one(entry), somebody_else);
        assert!(matches!(refused(&row), Refusal::Moved { .. }), "{row:?}");
        assert_eq!(pair.target.tag_digest("mirror/app", "v1"), Some(theirs.digest.clone()));
    }
}

#[tokio::test]
async fn a_tag_that_would_be_too_long_is_refused_before_anything_is_sent() {
    let pair = Pair::start().await;
    let long = "x".repeat(115);
    pair.source.put_image("org/app", "v1", &Image::example(1));
    pair.target.put_image("mirror/app", &long, &Image::example(2));
    let row = pair.mirror_one(kept(pair.entry("org/app:v1", &format!("mirror/app:{long}")), PRUNE)).await;
    assert!(
        matches!(refused(&row), Refusal::NoTag(text) if text.ends_with(&format!("_prune_{long}"))),
        "{row:?}"
    );
    assert_eq!((pair.requests(), writes(&pair.target)), (2, vec![]));
}

#[tokio::test]
async fn stopped_at_any_request_what_the_tag_was_is_still_named_by_a_tag() {
    let (old, new) = (Image::example(1), Image::example(2));
    for template in [PRUNE, "{date}_sha256_{digest}"] {
        let mut stopped = 0;
        loop {
            let (pair, entry) = to_move(&old, &new).await;
            let entry = kept(tagged(entry, Which::Incoming, "{date}_sha256_{digest}"), template);
            let stop = pair.target.stop_after(stopped);
            pair.mirror_one(entry).await;
            let names = |image: &Image| {
                let tags = pair.target.tags("mirror/app");
                tags.iter().any(|tag| pair.target.holds("mirror/app", tag, image))
            };
            assert!(names(&old), "after {stopped} requests nothing named it");
            pair.target.assert_tags_were_always_whole();
            if !stop.was_reached() {
                assert!(pair.target.holds("mirror/app", "v1", &new));
                break;
            }
            stopped += 1;
        }
        assert!(stopped > 10, "the run was stopped {stopped} times");
    }
}

#[tokio::test]
async fn what_a_tag_becomes_can_have_a_further_tag_too() {
    let (old, new) = (Image::example(1), Index::oci().child(&Image::example(2)).build());
    let (pair, entry) = to_move(&old, &new).await;
    let row = pair.mirror_one(tagged(entry, Which::Incoming, "{date}_sha256_{digest}")).await;
    assert_eq!((word(&row), row.backups.len()), ("copied", 0));
    let tags = pair.target.tags("mirror/app");
    let dated = tags.iter().find(|tag| tag.ends_with(&format!("_sha256_{}", new.digest.hex()))).unwrap();
    assert!(pair.target.holds("mirror/app", dated, &new));
    assert_eq!(row.tags.iter().map(ToString::to_string).collect::<Vec<_>>(), [dated.as_str()]);
    let puts = pair.target.requests_on(Kind::PutManifest);
    assert_eq!(puts.last().and_then(|put| put.reference.as_deref()), Some("v1"));
    pair.target.assert_tags_were_always_whole();
}

#[tokio::test]
async fn a_directory_keeps_what_its_name_was_too() {
    let pair = Pair::start().await;
    let directory = tempfile::tempdir().unwrap();
    let (old, new) = (Image::example(1), Image::example(2));
    let entry = |image: &Image| {
        pair.source.put_image("org/app", "v1", image);
        super::entry(&format!("{}/org/app:v1", pair.source.host()), &layout(directory.path(), "v1"))
    };
    pair.mirror_one(entry(&old)).await;
    let row = pair.mirror_one(kept(entry(&new), "{digest}")).await;
    assert_eq!((word(&row), row.backups.len()), ("copied", 1));
    let index = std::fs::read_to_string(directory.path().join("index.json")).unwrap();
    assert!(index.contains(old.digest.hex()) && index.contains(new.digest.as_str()), "{index}");
}
