//! One source, several registries.

use std::collections::HashSet;

use super::{entry, mirror, word};
use crate::support::{FakeRegistry, Fault, Image, Kind, fleet};
use image_mirror::engine::{Options, Stop};
use image_mirror::model::Desired;

/// Puts a fleet at the source; gives the entries that want it at each target, a target after the other, and how
/// many distinct blobs it has.
fn offer(source: &FakeRegistry, targets: &[FakeRegistry]) -> (Vec<Desired>, usize) {
    let images = fleet::fleet(40, 7);
    let mut blobs = HashSet::new();
    for named in &images {
        source.put_image(&named.repository, &named.tag, &named.image);
        blobs.extend(named.image.tree_blobs().into_iter().map(|blob| blob.digest.clone()));
    }
    let wanted = |target: &FakeRegistry| -> Vec<Desired> {
        let at = |host, named: &fleet::Named| format!("{host}/{}:{}", named.repository, named.tag);
        images.iter().map(|named| entry(&at(source.host(), named), &at(target.host(), named))).collect()
    };
    (targets.iter().flat_map(wanted).collect(), blobs.len())
}

#[tokio::test(flavor = "multi_thread")]
async fn however_many_registries_want_them_blobs_are_read_once() {
    let source = FakeRegistry::start().await;
    let targets = [FakeRegistry::start().await, FakeRegistry::start().await, FakeRegistry::start().await];
    let (entries, blobs) = offer(&source, &targets);
    let rows = mirror(entries, Options::default(), Stop::default()).await;

    assert_eq!(rows.len(), 120);
    assert!(rows.iter().all(|row| word(row) == "copied"), "{rows:?}");
    assert_eq!(source.count(Kind::GetBlob), blobs, "one download a blob for three registries");
    assert!(targets.iter().all(|target| target.count(Kind::PutBlob) == blobs));
    targets.iter().for_each(FakeRegistry::assert_tags_whole);
    let requests: usize = rows.iter().map(|row| row.moved.requests as usize).sum();
    let seen = |registry: &FakeRegistry| registry.requests().len();
    assert_eq!(
        requests,
        seen(&source) + targets.iter().map(seen).sum::<usize>(),
        "every request is in a row"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_registry_that_refuses_to_be_written_to_costs_the_others_nothing() {
    let source = FakeRegistry::start().await;
    let targets = [FakeRegistry::start().await, FakeRegistry::start().await, FakeRegistry::start().await];
    for write in [Kind::PostUpload, Kind::PostMount] {
        targets[1].fault(Fault::on(write).always().status(403));
    }
    let (entries, blobs) = offer(&source, &targets);
    let rows = mirror(entries, Options::default(), Stop::default()).await;

    assert_eq!(rows.iter().filter(|row| word(row) == "copied").count(), 80);
    assert_eq!(rows.iter().filter(|row| word(row) == "failed").count(), 40);
    assert_eq!(source.count(Kind::GetBlob), blobs, "one download a blob for the two registries that take it");
    assert_eq!(targets[1].count(Kind::PutBlob), 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_registry_that_does_not_answer_holds_up_nobody_for_long() {
    let source = FakeRegistry::start().await;
    let targets = [FakeRegistry::start().await, FakeRegistry::start().await];
    let image = Image::example(1);
    source.put_image("org/app", "v1", &image);
    let gate = targets[1].hold(Kind::PostMount);
    let entries = targets.iter().map(|target| {
        entry(&format!("{}/org/app:v1", source.host()), &format!("{}/mirror/app:v1", target.host()))
    });
    let release = async {
        while !targets[0].holds("mirror/app", "v1", &image) {
            tokio::task::yield_now().await;
        }
        assert!(gate.count() > 0, "the other registry was asked and did not answer");
        gate.release();
    };
    let (rows, ()) = tokio::join!(mirror(entries.collect(), Options::default(), Stop::default()), release);

    assert!(rows.iter().all(|row| word(row) == "copied"), "{rows:?}");
    assert!(targets[1].holds("mirror/app", "v1", &image));
}

#[tokio::test]
async fn registries_that_want_a_blob_at_the_same_time_share_one_download() {
    let source = FakeRegistry::start().await;
    let targets = [FakeRegistry::start().await, FakeRegistry::start().await, FakeRegistry::start().await];
    let image = Image::oci().layer_of(200_000, 1).build();
    source.put_image("org/app", "v1", &image);
    let gate = source.hold(Kind::GetBlob);
    let entries = targets.iter().map(|target| {
        entry(&format!("{}/org/app:v1", source.host()), &format!("{}/mirror/app:v1", target.host()))
    });
    let release = async {
        gate.arrived(2).await;
        // The readers wait at the gate; the others have joined them when their uploads begin.
        while targets.iter().map(|target| target.count(Kind::PutBlob)).sum::<usize>() < 4 {
            tokio::task::yield_now().await;
        }
        gate.release();
    };
    let (rows, ()) = tokio::join!(mirror(entries.collect(), Options::default(), Stop::default()), release);

    assert!(rows.iter().all(|row| word(row) == "copied"), "{rows:?}");
    assert!(targets.iter().all(|target| target.holds("mirror/app", "v1", &image)));
    assert_eq!(source.count(Kind::GetBlob), 2, "one download a blob for three registries");
}

#[tokio::test]
async fn a_registry_that_fails_does_not_stop_the_download_for_the_others() {
    let source = FakeRegistry::start().await;
    let targets = [FakeRegistry::start().await, FakeRegistry::start().await];
    let image = Image::oci().layer_of(200_000, 1).build();
    source.put_image("org/app", "v1", &image);
    targets[0].fault(Fault::on(Kind::PutBlob).times(2).upload_reset_after(10_000));
    let entries = targets.iter().map(|target| {
        entry(&format!("{}/org/app:v1", source.host()), &format!("{}/mirror/app:v1", target.host()))
    });
    let rows = mirror(entries.collect(), Options::default(), Stop::default()).await;

    assert!(rows.iter().all(|row| word(row) == "copied"), "{rows:?}");
    assert!(targets.iter().all(|target| target.holds("mirror/app", "v1", &image)));
}
