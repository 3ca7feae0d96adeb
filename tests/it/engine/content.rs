//! Content that a target lost: healing, `--verify-content`, `--filter-by-os`.

use image_mirror::engine::Check;
use image_mirror::model::{Outcome, Update};

use super::{Pair, word, writes};
use crate::support::{Fault, Image, Index, Kind};

#[tokio::test]
async fn a_manifest_that_the_target_says_lacks_a_blob_heals() {
    let pair = Pair::start().await;
    let old = Image::oci().layer_of(900, 1).layer_of(900, 2).build();
    let new = Image::oci().layer_of(900, 1).layer_of(900, 3).build();
    pair.target.put_image("mirror/app", "v1", &old);
    // The old image's manifest is there, so its layer counts as present; but the registry lost it.
    let lost = &old.layers()[0];
    pair.target.delete_blob("mirror/app", &lost.digest);
    let row = pair.mirror_one(pair.offer(&new)).await;

    assert_eq!(word(&row), "copied", "{:?}", row.outcome);
    assert!(pair.target.holds("mirror/app", "v1", &new));
    assert_eq!(pair.target.count(Kind::PutManifest), 2, "tried once more, after the blob was sent");
}

#[tokio::test]
async fn a_manifest_that_stays_refused_fails_after_one_healing() {
    let pair = Pair::start().await;
    let body = r#"{"errors":[{"code":"MANIFEST_BLOB_UNKNOWN","message":"blob unknown"}]}"#;
    pair.target.fault(Fault::on(Kind::PutManifest).always().status(404).body(body));
    let row = pair.mirror_one(pair.offer(&Image::example(1))).await;

    assert_eq!(word(&row), "failed");
    assert_eq!(pair.target.count(Kind::PutManifest), 2);
    assert_eq!(pair.target.tag_digest("mirror/app", "v1"), None);
}

#[tokio::test]
async fn verify_content_sends_what_a_kept_target_lost() {
    let mut pair = Pair::start().await;
    let (one, two) = (Image::example(1), Image::docker().platform("linux/arm64").layer_of(99, 3).build());
    let index = Index::oci().child(&one).child(&two).build();
    let entry = pair.offer(&index);
    pair.mirror_one(entry.clone()).await;
    pair.target.delete_blob("mirror/app", &one.layers()[0].digest);
    pair.target.delete_manifest("mirror/app", &two.digest);
    assert_eq!(word(&pair.mirror_one(entry.clone()).await), "kept", "without the flag nothing is seen");

    pair.clear_logs();
    pair.options.check = Check::Content;
    let row = pair.mirror_one(entry.clone()).await;
    assert!(matches!(row.outcome, Outcome::Updated(Update::Repaired)), "{:?}", row.outcome);
    assert!(pair.target.holds("mirror/app", "v1", &index));
    assert_eq!(pair.target.count(Kind::PutBlob), 1);
    assert_eq!(pair.target.count(Kind::PutManifest), 1, "the lost child; the tag was right");

    pair.clear_logs();
    assert_eq!(word(&pair.mirror_one(entry).await), "kept");
    assert_eq!(writes(&pair.target), []);
}

#[tokio::test]
async fn a_filter_makes_a_new_index_of_the_platforms_that_match() {
    let mut pair = Pair::start().await;
    let child = |platform: &str, seed| Image::oci().platform(platform).layer_of(99, seed).build();
    let children = [child("linux/amd64", 1), child("linux/arm64/v8", 2), child("linux/s390x", 3)];
    let index = children.iter().fold(Index::oci(), Index::child).build();
    let entry = pair.offer(&index);
    pair.options.filter_by_os = Some(regex::Regex::new("amd64|arm64").unwrap());
    let row = pair.mirror_one(entry.clone()).await;

    assert_eq!(word(&row), "copied", "{:?}", row.outcome);
    let written = pair.target.tag_digest("mirror/app", "v1").unwrap();
    assert_ne!(written, index.digest, "the digest changes");
    assert_eq!(row.digest, Some(written));
    let manifests = pair.target.manifests("mirror/app");
    assert!(manifests.contains(&children[0].digest) && manifests.contains(&children[1].digest));
    assert!(!manifests.contains(&children[2].digest));

    pair.clear_logs();
    assert_eq!(word(&pair.mirror_one(entry).await), "kept");
    assert_eq!(pair.requests(), 3, "HEAD and GET of the index, HEAD of the target");
}

#[tokio::test]
async fn a_filter_that_leaves_one_platform_copies_that_image_alone() {
    let mut pair = Pair::start().await;
    let arm = Image::oci().platform("linux/arm64").layer_of(99, 2).build();
    let entry = pair.offer(&Index::oci().child(&Image::example(1)).child(&arm).build());
    pair.options.filter_by_os = Some(regex::Regex::new("arm64").unwrap());
    assert_eq!(word(&pair.mirror_one(entry).await), "copied");
    assert!(pair.target.holds("mirror/app", "v1", &arm));
    assert_eq!(pair.target.manifests("mirror/app").len(), 1);
}

#[tokio::test]
async fn a_filter_that_leaves_nothing_skips_and_says_so() {
    let mut pair = Pair::start().await;
    let entry = pair.offer(&Index::oci().child(&Image::example(1)).build());
    pair.options.filter_by_os = Some(regex::Regex::new("windows").unwrap());
    assert_eq!(word(&pair.mirror_one(entry).await), "skipped");
    assert_eq!(writes(&pair.target), []);
}
