//! One source, several registries.

use super::{entry, mirror, word};
use crate::support::{FakeRegistry, Fault, Image, Kind};
use image_mirror::engine::{Options, Stop};

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
