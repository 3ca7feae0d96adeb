//! What a look costs, and what it makes of the answers.

use std::sync::Arc;

use futures_util::stream;
use image_mirror::engine::{Engine, Extent, Options, Silent, Stop};
use image_mirror::model::{Batch, Cause, Guard, Host, Outcome};
use image_mirror::registry::{self, TagListing};

use super::{Pair, entry, failure, word};
use crate::support::registry::QuayApi;
use crate::support::{Fault, Image, Kind, Nobody};

#[tokio::test]
async fn a_head_without_a_digest_falls_back_to_one_get() {
    let pair = Pair::start().await;
    let image = Image::example(1);
    let desired = pair.offer(&image);
    pair.source.configure(|config| config.digest_header = false);
    let row = pair.mirror_one(desired).await;

    assert_eq!(word(&row), "copied");
    assert_eq!(row.digest, Some(image.digest));
    assert_eq!(pair.source.count(Kind::HeadManifest), 1);
}

#[tokio::test]
async fn a_passing_error_is_retried_and_the_attempts_are_counted() {
    let pair = Pair::start().await;
    let desired = pair.offer(&Image::example(1));
    pair.source.fault(Fault::on(Kind::HeadManifest).times(2).status(503));
    assert_eq!(word(&pair.mirror_one(desired.clone()).await), "copied");

    pair.source.fault(Fault::on(Kind::HeadManifest).always().status(503));
    let row = pair.mirror_one(desired).await;
    assert_eq!(row.attempts, 5);
    assert!(failure(&row).starts_with("resolve failed after 5 attempts: HEAD "), "{}", failure(&row));
    assert!(failure(&row).contains("503"), "{}", failure(&row));
}

#[tokio::test]
async fn a_host_that_never_answers_makes_its_entries_unfinished_with_one_cause() {
    let pair = Pair::start().await;
    let image = Image::example(1);
    let good = pair.offer(&image);
    let nobody = Nobody::new();
    let free = nobody.host();
    let mut entries: Vec<_> = (0..50)
        .map(|n| entry(&format!("{free}/org/app:v{n}"), &format!("{}/mirror/app:x{n}", pair.target.host())))
        .collect();
    entries.push(good);
    let rows = pair.mirror(entries).await;

    let unreachable = rows.iter().filter(
        |row| matches!(&row.outcome, Outcome::Unfinished(Cause::Unreachable { host, .. }) if **host == *free),
    );
    assert_eq!(unreachable.count(), 50);
    assert_eq!(rows.iter().filter(|row| word(row) == "copied").count(), 1);
}

#[tokio::test]
async fn a_list_with_digests_answers_many_tags_and_a_head_the_rest() {
    let pair = Pair::start().await;
    pair.source.configure(|config| config.quay_api = QuayApi::Open);
    let entries: Vec<_> = (0..20)
        .map(|n| {
            let image = Image::example(n);
            pair.source.put_image("org/app", &format!("v{n}"), &image);
            pair.target.put_image("mirror/app", &format!("v{n}"), &image);
            pair.entry(&format!("org/app:v{n}"), &format!("mirror/app:v{n}"))
        })
        .collect();
    let options = registry::Options {
        tag_listing: vec![(Host::new(pair.source.host()), TagListing::Quay)],
        ..super::impatient()
    };
    let engine = Engine::new(&super::client(options), Options::default(), Arc::new(Silent), Stop::default());
    let rows = engine.run(stream::iter([Batch::admit(entries).batch])).await;

    assert!(rows.iter().all(|row| word(row) == "kept"), "{rows:?}");
    assert_eq!(pair.source.count(Kind::QuayTags), 1);
    assert_eq!(pair.source.count(Kind::HeadManifest), 0);
    assert_eq!(pair.target.count(Kind::HeadManifest), 20, "the target has no such list");
}

#[tokio::test]
async fn a_list_does_not_answer_whether_a_target_moved_since() {
    let pair = Pair::start().await;
    pair.target.configure(|config| config.quay_api = QuayApi::Open);
    let entries: Vec<_> = (0..8)
        .map(|n| {
            pair.source.put_image("org/app", &format!("v{n}"), &Image::example(n));
            pair.target.put_image("mirror/app", &format!("v{n}"), &Image::example(100 + n));
            let mut entry = pair.entry(&format!("org/app:v{n}"), &format!("mirror/app:v{n}"));
            entry.guards.push(Guard::Unmoved);
            entry
        })
        .collect();
    let options = registry::Options {
        tag_listing: vec![(Host::new(pair.target.host()), TagListing::Quay)],
        ..super::impatient()
    };
    let engine = Engine::new(&super::client(options), Options::default(), Arc::new(Silent), Stop::default());
    let gate = pair.source.hold(Kind::GetManifest);
    let somebody_else = async {
        gate.arrived(8).await;
        pair.target.put_image("mirror/app", "v3", &Image::example(200));
        gate.release();
    };
    let (rows, ()) = tokio::join!(engine.run(stream::iter([Batch::admit(entries).batch])), somebody_else);

    assert_eq!(pair.target.count(Kind::QuayTags), 1, "the first look was at the list");
    assert_eq!(rows.iter().filter(|row| word(row) == "copied").count(), 7, "{rows:?}");
    assert_eq!(rows.iter().filter(|row| word(row) == "refused").count(), 1);
    assert_eq!(pair.target.tag_digest("mirror/app", "v3"), Some(Image::example(200).digest));
}

#[tokio::test]
async fn looking_for_sources_leaves_the_targets_alone() {
    let mut pair = Pair::start().await;
    pair.options.extent = Extent::Sources;
    let there = pair.offer(&Image::example(1));
    let gone = pair.entry("org/app:gone", "mirror/app:gone");
    let rows = pair.mirror(vec![there, gone]).await;

    let mut words: Vec<_> = rows.iter().map(word).collect();
    words.sort_unstable();
    assert_eq!(words, ["failed", "planned"]);
    assert_eq!(pair.source.requests().len(), 2);
    assert_eq!(pair.target.requests().len(), 0);
}
