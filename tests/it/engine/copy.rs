//! What a copy sends, in which order, and what it keeps as it is.

use std::sync::Arc;

use futures_util::{StreamExt as _, stream};
use image_mirror::engine::{Check, Engine, Extent, Silent, Stop};
use image_mirror::error::Class;
use image_mirror::model::{Batch, Guard, Outcome, Reason, Refusal};

use super::{Pair, failure, word, writes};
use crate::support::{Fault, Image, Index, Kind};

#[tokio::test]
async fn a_cold_copy_fetches_each_manifest_and_blob_once_and_sends_two_requests_a_blob() {
    let pair = Pair::start().await;
    let image = Image::oci().layer_of(3000, 1).layer_of(5000, 2).build();
    let row = pair.mirror_one(pair.offer(&image)).await;

    assert_eq!(word(&row), "copied");
    assert_eq!(row.digest.as_ref(), Some(&image.digest));
    assert_eq!(row.previous, None);
    assert!(pair.target.holds("mirror/app", "v1", &image));
    let (source, target) = (&pair.source, &pair.target);
    assert_eq!([source.count(Kind::HeadManifest), source.count(Kind::GetManifest)], [1, 1]);
    assert_eq!(source.count(Kind::GetBlob), 3);
    let blob_bytes: u64 = source.requests_on(Kind::GetBlob).iter().map(|request| request.sent).sum();
    assert_eq!(blob_bytes, image.tree_blob_bytes());
    // A POST and a PUT a blob, and one POST more to learn what the registry answers for its own blobs.
    assert_eq!(target.count([Kind::PostUpload, Kind::PostMount]), 4);
    assert_eq!([target.count(Kind::PutBlob), target.count(Kind::PutManifest)], [3, 1]);
    assert_eq!(target.count([Kind::HeadBlob, Kind::PatchUpload, Kind::Ping]), 0);
    assert_eq!(row.moved.bytes.copied, image.tree_blob_bytes() + image.bytes.len() as u64);
    assert_eq!(row.moved.requests as usize, pair.requests());
}

#[tokio::test]
async fn a_second_run_sends_two_heads_and_writes_nothing() {
    let pair = Pair::start().await;
    let entry = pair.offer(&Image::example(1));
    pair.mirror_one(entry.clone()).await;
    pair.clear_logs();
    let row = pair.mirror_one(entry).await;

    assert_eq!(word(&row), "kept");
    assert_eq!(row.digest, row.previous);
    assert_eq!([pair.source.count(Kind::HeadManifest), pair.target.count(Kind::HeadManifest)], [1, 1]);
    assert_eq!(pair.requests(), 2);
}

#[tokio::test]
async fn a_source_pinned_by_digest_costs_no_request_when_nothing_changed() {
    let pair = Pair::start().await;
    let image = Image::example(1);
    pair.offer(&image);
    let entry = pair.entry(&format!("org/app@{}", image.digest), "mirror/app:v1");
    assert_eq!(word(&pair.mirror_one(entry.clone()).await), "copied");
    pair.clear_logs();

    assert_eq!(word(&pair.mirror_one(entry).await), "kept");
    assert_eq!(pair.source.requests().len(), 0);
    assert_eq!(pair.target.requests().len(), 1);
}

#[tokio::test]
async fn blobs_go_before_children_and_children_before_the_tag() {
    let pair = Pair::start().await;
    let (one, two) = (Image::example(1), Image::docker().platform("linux/arm64").layer_of(99, 3).build());
    let inner = Index::oci().child(&one).child(&two).build();
    let outer = Index::docker().child(&inner).attestation(&one).build();
    let row = pair.mirror_one(pair.offer(&outer)).await;

    assert_eq!(word(&row), "copied");
    assert!(pair.target.holds("mirror/app", "v1", &outer));
    pair.target.assert_tags_were_always_whole();
    let puts = pair.target.requests_on(Kind::PutManifest);
    let last = puts.last().and_then(|put| put.reference.clone());
    assert_eq!(last.as_deref(), Some("v1"), "the tag comes last");
    assert_eq!(puts.len(), outer.tree().len(), "one PUT a manifest");
    assert_eq!(pair.source.count(Kind::GetManifest), outer.tree().len());
}

#[tokio::test]
async fn bytes_in_are_bytes_out_whatever_the_manifest_is() {
    let images = [
        Image::oci().pretty().annotation("unknown.example/field", "kept").layer_of(10, 1).build(),
        Image::docker().layer_of(10, 2).build(),
        Image::artifact("application/vnd.example.thing").layer_typed("application/x-thing", "thing").build(),
        Image::old_artifact("application/vnd.example.old", "old"),
        Image::oci().without_media_type().layer_of(10, 3).build(),
        Image::oci().layer_sha512("sha512 layers too").build(),
        Index::oci().artifact_type("application/vnd.example.index").child(&Image::example(4)).build(),
    ];
    for image in images {
        let pair = Pair::start().await;
        let row = pair.mirror_one(pair.offer(&image)).await;
        assert_eq!(word(&row), "copied", "{} {:?}", image.media_type, row.outcome);
        assert!(pair.target.holds("mirror/app", "v1", &image), "{}", image.media_type);
    }
}

#[tokio::test]
async fn schema_1_is_refused_with_its_reason_before_anything_is_sent() {
    let pair = Pair::start().await;
    let row = pair.mirror_one(pair.offer(&Image::schema1("org/app", "v1"))).await;

    assert!(failure(&row).contains("schema 1"), "{}", failure(&row));
    assert!(matches!(&row.outcome, Outcome::Failed(failure) if failure.class == Class::Protocol));
    assert_eq!(writes(&pair.target), []);
}

#[tokio::test]
async fn a_foreign_layer_stays_where_it_is() {
    let pair = Pair::start().await;
    let image = Image::docker().foreign_layer("https://example.com/base", 77, 1).layer_of(10, 2).build();
    let row = pair.mirror_one(pair.offer(&image)).await;

    assert_eq!(word(&row), "copied");
    assert!(pair.target.holds("mirror/app", "v1", &image));
    assert_eq!(pair.source.count(Kind::GetBlob), image.tree_blobs().len());
}

#[tokio::test]
async fn a_sparse_index_is_copied_as_it_is_where_the_target_takes_it() {
    let pair = Pair {
        source: crate::support::FakeRegistry::builder().sparse_indexes().start().await,
        target: crate::support::FakeRegistry::builder().sparse_indexes().start().await,
        options: image_mirror::engine::Options::default(),
    };
    let index = Index::oci().child(&Image::example(1)).absent_child(&Image::example(2)).build();
    let row = pair.mirror_one(pair.offer(&index)).await;

    assert_eq!(word(&row), "copied", "{:?}", row.outcome);
    assert_eq!(pair.target.tag_digest("mirror/app", "v1"), Some(index.digest));
}

#[tokio::test]
async fn a_child_that_is_said_once_not_to_be_there_is_copied_all_the_same() {
    let pair = Pair {
        source: crate::support::FakeRegistry::start().await,
        target: crate::support::FakeRegistry::builder().trusting().start().await,
        options: image_mirror::engine::Options::default(),
    };
    let child = Image::example(1);
    let index = Index::oci().child(&child).child(&Image::example(2)).build();
    let mistake = Fault::on(Kind::GetManifest).reference(child.digest.as_str()).status(404);
    pair.source.fault(mistake);
    let row = pair.mirror_one(pair.offer(&index)).await;

    assert_eq!(word(&row), "copied", "{:?}", row.outcome);
    assert!(pair.target.holds("mirror/app", "v1", &index));
    assert_eq!(pair.source.count(Kind::GetManifest), 4, "one more than there are manifests");
    pair.target.assert_tags_were_always_whole();
}

#[tokio::test]
async fn a_sparse_index_that_the_target_refuses_says_which_child_is_missing() {
    let absent = Image::example(2);
    let pair = Pair {
        source: crate::support::FakeRegistry::builder().sparse_indexes().start().await,
        target: crate::support::FakeRegistry::start().await,
        options: image_mirror::engine::Options::default(),
    };
    let index = Index::oci().child(&Image::example(1)).absent_child(&absent).build();
    let row = pair.mirror_one(pair.offer(&index)).await;

    assert!(failure(&row).contains(absent.digest.as_str()), "{}", failure(&row));
    assert_eq!(pair.target.tag_digest("mirror/app", "v1"), None);
}

#[tokio::test]
async fn several_tags_of_one_repository_cost_one_put_each_and_no_blob_twice() {
    let pair = Pair::start().await;
    let image = Image::example(1);
    pair.offer(&image);
    let entries = ["a", "b", "c"].map(|tag| pair.entry("org/app:v1", &format!("mirror/app:{tag}")));
    let rows = pair.mirror(entries.to_vec()).await;

    assert!(rows.iter().all(|row| word(row) == "copied"));
    assert_eq!(pair.source.count(Kind::HeadManifest), 1, "one look for all");
    assert_eq!(pair.source.count(Kind::GetManifest), 1);
    assert_eq!(pair.source.count(Kind::GetBlob), 3);
    assert_eq!([pair.target.count(Kind::PutBlob), pair.target.count(Kind::PutManifest)], [3, 3]);
}

#[tokio::test]
async fn a_retag_within_a_repository_moves_nothing_but_the_name() {
    let pair = Pair::start().await;
    let image = Index::oci().child(&Image::example(1)).build();
    pair.target.put_image("mirror/app", "old", &image);
    let host = pair.target.host();
    let entry = super::entry(&format!("{host}/mirror/app:old"), &format!("{host}/mirror/app:new"));
    let row = pair.mirror_one(entry).await;

    assert_eq!(word(&row), "copied");
    assert_eq!(pair.target.tag_digest("mirror/app", "new"), Some(image.digest));
    assert_eq!(writes(&pair.target), [Kind::PutManifest]);
}

#[tokio::test]
async fn a_moved_tag_sends_only_what_its_old_image_lacks() {
    let pair = Pair::start().await;
    let old = Image::oci().layer_of(900, 1).layer_of(900, 2).build();
    let new = Image::oci().layer_of(900, 1).layer_of(900, 3).build();
    pair.target.put_image("mirror/app", "v1", &old);
    let row = pair.mirror_one(pair.offer(&new)).await;

    assert!(matches!(row.outcome, Outcome::Copied(Reason::Differs)));
    assert_eq!(row.previous.as_ref(), Some(&old.digest));
    assert!(pair.target.holds("mirror/app", "v1", &new));
    let shared = new.tree_blobs().iter().filter(|blob| old.tree_blobs().contains(blob)).count();
    assert_eq!(pair.source.count(Kind::GetBlob), new.tree_blobs().len() - shared);
    assert!(row.moved.bytes.present >= 900);
    pair.target.assert_tags_were_always_whole();
}

#[tokio::test]
async fn a_dry_run_looks_and_says_what_would_move() {
    let mut pair = Pair::start().await;
    pair.options.extent = Extent::Plan;
    let image = Index::oci().child(&Image::example(1)).child(&Image::example(2)).build();
    let row = pair.mirror_one(pair.offer(&image)).await;

    assert!(matches!(row.outcome, Outcome::Planned(Reason::Absent)));
    assert!(row.moved.bytes.copied >= image.tree_blob_bytes());
    assert_eq!(writes(&pair.target), []);
    assert_eq!(pair.source.count(Kind::GetBlob), 0);
}

#[tokio::test]
async fn a_guard_refuses_to_write_over_what_is_there() {
    let pair = Pair::start().await;
    let there = Image::example(9);
    pair.target.put_image("mirror/app", "v1", &there);
    let mut entry = pair.offer(&Image::example(1));
    entry.guards.push(Guard::Absent);
    let row = pair.mirror_one(entry).await;

    assert!(matches!(row.outcome, Outcome::Refused(Refusal::Exists)));
    assert_eq!(writes(&pair.target), []);
    assert_eq!(pair.target.tag_digest("mirror/app", "v1"), Some(there.digest));
}

#[tokio::test]
async fn a_tag_that_somebody_moves_meanwhile_is_left_alone_when_guarded() {
    let pair = Pair::start().await;
    let (old, foreign) = (Image::example(8), Image::example(9));
    pair.target.put_image("mirror/app", "v1", &old);
    let mut entry = pair.offer(&Image::example(1));
    entry.guards.push(Guard::Unmoved);
    let gate = pair.target.hold(Kind::PutBlob);
    let race = async {
        gate.arrived(1).await;
        pair.target.put_image("mirror/app", "v1", &foreign);
        gate.release();
    };
    let (row, ()) = tokio::join!(pair.mirror_one(entry), race);

    assert!(matches!(row.outcome, Outcome::Refused(Refusal::Moved { .. })), "{:?}", row.outcome);
    assert_eq!(pair.target.tag_digest("mirror/app", "v1"), Some(foreign.digest));
    assert_eq!(pair.target.count(Kind::PutManifest), 0);
}

#[tokio::test]
async fn a_registry_that_answers_another_digest_is_found_out() {
    let pair = Pair::start().await;
    let other = Image::example(5).digest;
    pair.target.fault(
        Fault::on(Kind::PutManifest)
            .carried_out()
            .status(201)
            .header("docker-content-digest", other.as_str()),
    );
    let row = pair.mirror_one(pair.offer(&Image::example(1))).await;

    assert!(
        matches!(&row.outcome, Outcome::Failed(failure) if failure.class == Class::Corrupt),
        "{:?}",
        row.outcome
    );
    assert!(failure(&row).contains(other.as_str()));
}

#[tokio::test]
async fn a_registry_that_does_not_say_the_digest_is_asked_once() {
    let pair = Pair::start().await;
    pair.target.fault(
        Fault::on(Kind::PutManifest).carried_out().status(201).without_header("docker-content-digest"),
    );
    let row = pair.mirror_one(pair.offer(&Image::example(1))).await;

    assert_eq!(word(&row), "copied");
    assert_eq!(pair.target.count(Kind::HeadManifest), 2);
}

#[tokio::test]
async fn one_bad_entry_never_hurts_another() {
    let pair = Pair::start().await;
    let image = Image::example(1);
    pair.offer(&image);
    pair.target.fault(
        Fault::on([Kind::PostUpload, Kind::PostMount]).repository("mirror/denied").always().status(403),
    );
    let rows = pair
        .mirror(vec![
            pair.entry("org/app:v1", "mirror/denied:v1"),
            pair.entry("org/app:gone", "mirror/gone:v1"),
            pair.entry("org/app:v1", "mirror/good:v1"),
        ])
        .await;

    let of = |name: &str| rows.iter().find(|row| row.target.to_string().contains(name)).unwrap();
    assert_eq!(word(of("good")), "copied");
    let class = |name: &str| match &of(name).outcome {
        Outcome::Failed(failure) => failure.class,
        other => panic!("{other:?}"),
    };
    assert_eq!([class("denied"), class("gone")], [Class::Denied, Class::Missing]);
    assert!(pair.target.holds("mirror/good", "v1", &image));
    assert_eq!(pair.target.repositories(), ["mirror/good"]);
}

#[tokio::test]
async fn a_missing_source_is_skipped_when_asked_for() {
    let mut pair = Pair::start().await;
    pair.options.skip_missing = true;
    let gone = Image::example(7).digest;
    let rows = pair
        .mirror(vec![
            pair.entry("org/app:gone", "mirror/a:v1"),
            pair.entry(&format!("org/app@{gone}"), "mirror/b:v1"),
        ])
        .await;

    assert_eq!(rows.iter().map(word).collect::<Vec<_>>(), ["skipped", "skipped"]);
    assert_eq!(writes(&pair.target), []);
}

#[tokio::test]
async fn a_target_that_a_pull_token_may_not_see_is_written_all_the_same() {
    let pair = Pair::start().await;
    pair.target.fault(Fault::on(Kind::HeadManifest).always().status(403));
    let image = Image::example(1);
    let row = pair.mirror_one(pair.offer(&image)).await;

    assert!(matches!(row.outcome, Outcome::Copied(Reason::Unknown)), "{:?}", row.outcome);
    assert!(pair.target.holds("mirror/app", "v1", &image));
}

#[tokio::test]
async fn force_writes_every_manifest_again_and_sends_no_blob_that_is_there() {
    let mut pair = Pair::start().await;
    let image = Index::oci().child(&Image::example(1)).build();
    let entry = pair.offer(&image);
    pair.mirror_one(entry.clone()).await;
    pair.clear_logs();
    pair.options.check = Check::Rewrite;
    let row = pair.mirror_one(entry).await;

    assert!(matches!(row.outcome, Outcome::Copied(Reason::Forced)));
    assert_eq!(writes(&pair.target), [Kind::PutManifest, Kind::PutManifest]);
    assert_eq!(pair.source.count(Kind::GetBlob), 0);
}

#[tokio::test]
async fn an_index_that_lies_about_the_size_of_a_child_is_not_passed_on() {
    let pair = Pair::start().await;
    let child = Image::example(1);
    let honest = Index::oci().child(&child).build();
    let size = format!("\"size\":{}", child.bytes.len());
    let text = String::from_utf8(honest.bytes.to_vec()).unwrap();
    assert!(text.contains(&size), "{text}");
    let mut index = Image::raw(&honest.media_type, text.replace(&size, "\"size\":7"));
    index.children = vec![child];
    let row = pair.mirror_one(pair.offer(&index)).await;

    assert!(failure(&row).contains("7 bytes"), "{}", failure(&row));
    assert_eq!(writes(&pair.target), []);
}

#[tokio::test]
async fn a_moved_index_sends_only_what_its_old_children_lack() {
    let pair = Pair::start().await;
    let amd = |seed| Image::oci().layer_of(900, 1).layer_of(800, seed).build();
    let arm = Image::oci().platform("linux/arm64").layer_of(700, 9).build();
    let (old, new) = (amd(2), amd(3));
    pair.target.put_image("mirror/app", "v1", &Index::oci().child(&old).child(&arm).build());
    let index = Index::oci().child(&new).child(&arm).build();
    let row = pair.mirror_one(pair.offer(&index)).await;

    assert_eq!(word(&row), "copied", "{:?}", row.outcome);
    assert!(pair.target.holds("mirror/app", "v1", &index));
    let fresh: Vec<_> = new.blobs.iter().filter(|blob| !old.blobs.contains(blob)).collect();
    assert_eq!(pair.source.count(Kind::GetBlob), fresh.len());
    assert_eq!(pair.target.count(Kind::PutManifest), 2, "the new child and the index");
    // Each fresh blob, and one to learn the registry's ways; none for what the old child had.
    assert_eq!(pair.target.count([Kind::PostUpload, Kind::PostMount]), fresh.len() + 1);
    pair.target.assert_tags_were_always_whole();
}

#[tokio::test]
async fn a_child_that_one_source_lacks_is_still_brought_from_another() {
    let source = crate::support::FakeRegistry::builder().sparse_indexes().start().await;
    let target = crate::support::FakeRegistry::builder().sparse_indexes().start().await;
    let pair = Pair { source, target, options: image_mirror::engine::Options::default() };
    let (one, two) = (Image::example(1), Image::example(2));
    let sparse = Index::oci().child(&one).absent_child(&two).build();
    let whole = Index::oci().child(&two).child(&one).build();
    pair.source.put_image("org/sparse", "v1", &sparse);
    pair.source.put_image("org/whole", "v1", &whole);
    let batch = |from: &str, to: &str| Batch::admit(vec![pair.entry(from, to)]).batch;
    let second = async {
        while pair.target.tag_digest("mirror/app", "sparse").is_none() {
            tokio::task::yield_now().await;
        }
        batch("org/whole:v1", "mirror/app:whole")
    };
    let batches = stream::iter([batch("org/sparse:v1", "mirror/app:sparse")]).chain(stream::once(second));
    let client = super::client(super::impatient());
    let engine = Engine::new(&client, pair.options.clone(), Arc::new(Silent), Stop::default());
    let rows = engine.run(batches).await;

    assert!(rows.iter().all(|row| word(row) == "copied"), "{rows:?}");
    assert!(pair.target.holds("mirror/app", "whole", &whole));
}
