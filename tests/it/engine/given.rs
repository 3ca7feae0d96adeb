//! What is in memory before a run begins.

use std::sync::Arc;

use bytes::Bytes;
use futures_util::stream;
use image_mirror::engine::{Engine, Given, Options, Silent, Stop};
use image_mirror::model::{Batch, Desired, Manifest, Row};
use tempfile::TempDir;

use super::{Pair, client, entry, failure, impatient, layout, word};
use crate::support::{Blob, Image, Kind};

/// Mirrors `entry` with the manifest and the config of `image` in memory.
async fn mirror_given(entry: Desired, image: &Image, config: &Bytes) -> Row {
    let manifest = Manifest::new(Some(&image.media_type), image.bytes.clone());
    let blobs = [(image.config().digest.clone(), config.clone())].into();
    let engine = Engine::new(&client(impatient()), Options::default(), Arc::new(Silent), Stop::default());
    let engine = engine.giving(Given { manifests: vec![manifest], blobs }).unwrap();
    let mut rows = engine.run(stream::iter([Batch::admit(vec![entry]).batch])).await;
    rows.remove(0)
}

/// A source that has the layers of the image and nothing else of it, and the entry that wants it by its digest.
async fn layers_alone(image: &Image, target: &str) -> (Pair, Desired) {
    let pair = Pair::start().await;
    image.layers().iter().for_each(|layer: &Blob| pair.source.put_blob("org/app", layer));
    let source = format!("{}/org/app@{}", pair.source.host(), image.digest);
    let target = if target.is_empty() { pair.target.image("mirror/app", "v1") } else { target.to_owned() };
    (pair, entry(&source, &target))
}

#[tokio::test]
async fn what_is_given_need_not_be_at_the_source() {
    let image = Image::example(1);
    let (pair, entry) = layers_alone(&image, "").await;
    let row = mirror_given(entry, &image, &image.config().bytes).await;
    assert_eq!(word(&row), "copied", "{row:?}");
    assert!(pair.target.holds("mirror/app", "v1", &image));
    assert_eq!((pair.source.count(Kind::GetBlob), pair.source.requests().len()), (2, 2), "the layers alone");
}

#[tokio::test]
async fn what_is_given_goes_to_a_layout_too() {
    let image = Image::example(1);
    let dir = TempDir::new().unwrap();
    let archive = layout(&dir.path().join("archive"), "v1");
    let (pair, wanted) = layers_alone(&image, &archive).await;
    assert_eq!(word(&mirror_given(wanted, &image, &image.config().bytes).await), "copied");
    assert_eq!(pair.source.requests().len(), 2);
    let back = entry(&archive, &pair.target.image("mirror/app", "v1"));
    assert_eq!(word(&pair.mirror_one(back).await), "copied");
    assert!(pair.target.holds("mirror/app", "v1", &image));
}

#[tokio::test]
async fn bytes_that_are_not_what_they_were_given_as_are_not_sent() {
    let image = Image::example(1);
    let (pair, entry) = layers_alone(&image, "").await;
    let other = Bytes::from(vec![b'x'; image.config().bytes.len()]);
    let said = failure(&mirror_given(entry, &image, &other).await);
    assert!(said.contains("the bytes have the digest"), "{said}");
    assert!(!pair.target.has_blob("mirror/app", &image.config().digest));
    assert_eq!(pair.target.count(Kind::PutManifest), 0);
}
