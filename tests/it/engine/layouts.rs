//! Layout directories as either end.

use tempfile::TempDir;

use super::{Pair, entry, failure, layout, word};
use crate::support::{Fault, Image, Index, Kind};

#[tokio::test]
async fn an_image_goes_through_a_layout_and_comes_out_the_same() {
    let pair = Pair::start().await;
    let dir = TempDir::new().unwrap();
    let image = Index::oci().child(&Image::example(1)).child(&Image::example(2)).build();
    pair.source.put_image("org/app", "v1", &image);
    let archived = layout(&dir.path().join("archive"), "app-v1");
    let out = entry(&format!("{}/org/app:v1", pair.source.host()), &archived);
    let back = entry(&archived, &format!("{}/mirror/app:v1", pair.target.host()));

    assert_eq!(word(&pair.mirror_one(out.clone()).await), "copied");
    assert_eq!(word(&pair.mirror_one(back).await), "copied");
    assert!(pair.target.holds("mirror/app", "v1", &image));

    pair.clear_logs();
    assert_eq!(word(&pair.mirror_one(out).await), "kept");
    assert_eq!(pair.requests(), 1);
}

#[tokio::test]
async fn layouts_need_no_registry() {
    let pair = Pair::start().await;
    let dir = TempDir::new().unwrap();
    pair.source.put_image("org/app", "v1", &Image::example(1));
    let (first, second) = (layout(&dir.path().join("one"), "v1"), layout(&dir.path().join("two"), "v2"));
    pair.mirror_one(entry(&format!("{}/org/app:v1", pair.source.host()), &first)).await;
    pair.clear_logs();
    let row = pair.mirror_one(entry(&first, &second)).await;

    assert_eq!(word(&row), "copied");
    assert_eq!(row.moved.requests, 0);
    assert_eq!(pair.requests(), 0);
    assert_eq!(word(&pair.mirror_one(entry(&first, &second)).await), "kept");
}

#[tokio::test]
async fn many_tags_written_to_one_layout_at_once_are_all_there() {
    let pair = Pair::start().await;
    let dir = TempDir::new().unwrap();
    let entries: Vec<_> = (0..20)
        .map(|n| {
            pair.source.put_image("org/app", &format!("v{n}"), &Image::example(n));
            entry(&format!("{}/org/app:v{n}", pair.source.host()), &layout(dir.path(), &format!("t{n}")))
        })
        .collect();
    assert!(pair.mirror(entries.clone()).await.iter().all(|row| word(row) == "copied"));
    assert!(pair.mirror(entries).await.iter().all(|row| word(row) == "kept"));
}

#[tokio::test]
async fn a_layout_never_names_an_image_that_is_not_whole() {
    let pair = Pair::start().await;
    let dir = TempDir::new().unwrap();
    pair.source.put_image("org/app", "v1", &Image::example(1));
    pair.source.fault(Fault::on(Kind::GetBlob).always().corrupt());
    let target = layout(dir.path(), "v1");
    let row = pair.mirror_one(entry(&format!("{}/org/app:v1", pair.source.host()), &target)).await;

    assert_eq!(word(&row), "failed");
    assert!(!dir.path().join("index.json").exists());
    let blobs = dir.path().join("blobs/sha256");
    let files = std::fs::read_dir(blobs).map_or(0, Iterator::count);
    assert_eq!(files, 0, "nothing half-written stays");
}

#[tokio::test]
async fn a_layout_that_is_not_there_is_a_missing_source() {
    let pair = Pair::start().await;
    let row = pair
        .mirror_one(entry("oci:/nowhere/at/all:v1", &format!("{}/mirror/app:v1", pair.target.host())))
        .await;
    assert!(failure(&row).contains("oci:/nowhere/at/all:v1 does not exist"), "{}", failure(&row));
}
