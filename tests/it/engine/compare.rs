//! Comparing without foreseeing, targets that must be visible, and the gate before writes.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, SystemTime};

use futures_util::stream;
use image_mirror::engine::{Engine, Extent, Options, Silent, Stop};
use image_mirror::error::Class;
use image_mirror::model::{Batch, Cause, Digest, Guard, Outcome, Reason, Row, Which};
use image_mirror::registry::{self, WriteGate};

use super::{Pair, client, failure, impatient, word, writes};
use crate::support::{FakeRegistry, Fault, Image, Kind, any};

#[tokio::test]
async fn a_comparison_costs_a_look_at_each_end_and_says_what_would_move() {
    let mut pair = Pair::start().await;
    pair.options.extent = Extent::Compare;
    let (old, new) = (Image::example(1), Image::example(2));
    let entry = pair.offer(&new);
    for (at_target, expected) in [(None, "planned"), (Some(&old), "planned"), (Some(&new), "kept")] {
        if let Some(image) = at_target {
            pair.target.put_image("mirror/app", "v1", image);
        }
        pair.clear_logs();
        let row = pair.mirror_one(entry.clone()).await;
        assert_eq!(word(&row), expected, "{row:?}");
        assert_eq!(row.previous, at_target.map(|image| image.digest.clone()));
        assert_eq!(pair.requests(), 2, "a HEAD each");
    }
    assert_eq!(writes(&pair.target), vec![]);
}

#[tokio::test]
async fn a_target_that_must_be_visible_fails_where_it_is_not_and_is_never_written() {
    for status in [401, 403] {
        let mut pair = Pair::start().await;
        pair.options.visible_targets = true;
        pair.target.fault(Fault::on(Kind::HeadManifest).always().status(status));
        for guard in [Guard::Unmoved, Guard::Tagged(Which::Outgoing, "{digest}".parse().unwrap())] {
            let mut entry = pair.offer(&Image::example(1));
            entry.guards.push(guard);
            let row = pair.mirror_one(entry).await;
            assert!(failure(&row).contains(&status.to_string()), "{}", failure(&row));
            assert!(matches!(&row.outcome, Outcome::Failed(failure) if failure.class == Class::Denied));
        }
        assert_eq!(writes(&pair.target), vec![]);
    }
}

#[tokio::test]
async fn a_tag_that_a_registry_says_expired_is_absent_whatever_its_words() {
    let mut pair = Pair::start().await;
    pair.options.visible_targets = true;
    let image = Image::example(1);
    let entry = pair.offer(&image);
    pair.target
        .fault(Fault::on(Kind::HeadManifest).times(1).status(404).body("Tag v1 was deleted or has expired"));
    let row = pair.mirror_one(entry).await;
    assert!(matches!(row.outcome, Outcome::Copied(Reason::Absent)), "{row:?}");
    assert!(pair.target.holds("mirror/app", "v1", &image));
}

/// Mirrors one entry whose target has to move, with a gate that shuts when `target` has seen `writes` requests that write.
async fn gated(pair: &Pair, image: &Image, lets_through: usize) -> Row {
    let (entry, open) = (pair.offer(image), Arc::new(AtomicBool::new(true)));
    let (target, shut) = (pair.target.clone(), Arc::clone(&open));
    let gate = WriteGate::new(move || {
        if super::writes(&target).len() >= lets_through {
            shut.store(false, Ordering::SeqCst);
        }
        shut.load(Ordering::SeqCst)
    });
    let client = client(registry::Options { write_gate: Some(gate), ..impatient() });
    let engine = Engine::new(&client, Options::default(), Arc::new(Silent), Stop::default());
    let mut rows = engine.run(stream::iter([Batch::admit(vec![entry]).batch])).await;
    assert_eq!(open.load(Ordering::SeqCst), word(&rows[0]) == "copied");
    rows.remove(0)
}

#[tokio::test]
async fn behind_a_gate_that_shuts_no_further_write_is_sent() {
    let (old, new) = (Image::example(1), Image::example(2));
    let mut lets_through = 0;
    loop {
        let pair = Pair::start().await;
        pair.target.put_image("mirror/app", "v1", &old);
        let row = gated(&pair, &new, lets_through).await;
        if word(&row) == "copied" {
            break;
        }
        assert!(matches!(row.outcome, Outcome::Unfinished(Cause::Withheld)), "{row:?}");
        // Requests to open uploads may have been under way side by side when it shut.
        assert!(writes(&pair.target).len() <= lets_through + 3, "{lets_through}");
        assert_eq!(pair.target.count(Kind::PutManifest), 0, "the tag was not written");
        assert_eq!(pair.target.tag_digest("mirror/app", "v1"), Some(old.digest.clone()));
        lets_through += 1;
    }
    assert!(lets_through > 3, "it was shut {lets_through} times");
}

#[tokio::test]
async fn further_tags_say_when_the_run_began() {
    let mut pair = Pair::start().await;
    pair.options.began = SystemTime::UNIX_EPOCH + Duration::from_secs(1_761_228_162);
    let image = Image::example(1);
    let mut entry = pair.offer(&image);
    entry.guards.push(Guard::Tagged(Which::Incoming, "{date}_sha256_{digest}".parse().unwrap()));
    pair.mirror_one(entry).await;
    assert_eq!(
        pair.target.tags("mirror/app"),
        [format!("20251023_sha256_{}", image.digest.hex()), "v1".to_owned()]
    );
}

#[tokio::test]
async fn when_a_target_was_made_is_read_from_its_config() {
    let pair = Pair::start().await;
    let made = async |registry: &FakeRegistry, digest: &Digest| {
        let engine = Engine::new(&client(impatient()), Options::default(), Arc::new(Silent), Stop::default());
        let target = super::endpoint(&registry.image("mirror/app", "v1"));
        engine.target_made(&target, digest).await
    };
    let created = Image::oci().config(r#"{"created": "2026-01-01T00:00:00Z"}"#).layer(b"x").build();
    let silent = Image::oci().layer(b"y").build();
    pair.target.put_image("mirror/app", "v1", &created);
    pair.target.put_image("mirror/app", "v2", &silent);
    let at = SystemTime::UNIX_EPOCH + Duration::from_hours(490_896);
    assert_eq!(made(&pair.target, &created.digest).await.unwrap(), Some(at));
    assert_eq!(made(&pair.target, &silent.digest).await.unwrap(), None);
    assert!(made(&pair.target, &Image::example(9).digest).await.is_err());
    assert_eq!((pair.source.count(any()), writes(&pair.target)), (0, vec![]));
}
