//! Sources, through the whole command: what is published of them, and which are refused.

use serde_json::Value;

use super::registries::{arch, both, release};
use super::stage::{SOURCE, Stage, all, writes};
use crate::support::catalog::UPLOAD;
use crate::support::{Fault, Image, Index, Kind, writes as writing};

const TAGS: [&str; 3] = ["7.6.1-1", "7.6.1", "7.6.1-rhcc"];

/// The source cannot be used: nothing is written, nothing is certified.
async fn unusable(stage: &Stage, words: &[&str], said: &str) {
    let ran = stage.publish(words).await.exits(2);
    assert!(ran.stderr.contains(said), "no `{said}`\n{ran}");
    assert_eq!(stage.world.upload.count(writing()), 0);
    assert!(stage.preflight.runs().is_empty());
    assert!(stage.events("7.6.1-1").is_empty());
}

// 19.21
#[tokio::test]
async fn a_source_tag_that_moves_meanwhile_changes_nothing() {
    let stage = Stage::new().await;
    let (image, later) = (stage.source("7.6.1-rel", 1), release(2));
    let gate = stage.world.upload.hold(Kind::PutBlob);
    let running = stage.image(&[]).start();
    gate.arrived(1).await;
    stage.sources.put_image(SOURCE, "7.6.1-rel", &later);
    gate.release();
    running.ended().await.exits(0);
    assert_eq!(writes(&stage), all(&TAGS, &image));
    assert!(!stage.world.upload.manifests(UPLOAD).contains(&later.digest));
}

// 19.22
#[tokio::test]
async fn an_index_that_lacks_a_platform_is_refused() {
    let stage = Stage::new().await;
    let [amd64, _] = both(1);
    stage.sources.put_image(SOURCE, "7.6.1-rel", &Index::oci().child(&amd64).build());
    unusable(&stage, &[], "has no image for linux/arm64").await;
}

// 19.23
#[tokio::test]
async fn attestations_are_refused_or_left_out() {
    let stage = Stage::new().await;
    let [amd64, arm64] = both(1);
    let index = Index::oci().child(&amd64).attestation(&amd64).child(&arm64).attestation(&arm64).build();
    stage.sources.put_image(SOURCE, "7.6.1-rel", &index);
    unusable(&stage, &[], "has attestations").await;

    stage.publish(&["--strip-attestations"]).await.exits(0);
    let written = writes(&stage);
    assert_eq!(written.iter().map(|(tag, _)| tag.as_str()).collect::<Vec<_>>(), TAGS);
    assert!(written.iter().all(|(_, digest)| *digest == written[0].1 && *digest != index.digest));
    let bytes = stage.world.upload.manifest(UPLOAD, "7.6.1-rhcc").unwrap();
    let bytes: Value = serde_json::from_slice(&bytes).unwrap();
    let children = bytes["manifests"].as_array().unwrap();
    let children: Vec<_> = children.iter().map(|child| child["digest"].as_str().unwrap()).collect();
    assert_eq!(children, [amd64.digest.as_str(), arm64.digest.as_str()]);
    assert_eq!(stage.world.upload.manifests(UPLOAD).len(), 3, "and no attestation");
}

// 19.24
#[tokio::test]
async fn a_list_of_docker_is_published_byte_by_byte() {
    let stage = Stage::new().await;
    let [amd64, arm64] =
        [arch(Image::docker(), "linux/amd64", 1), arch(Image::docker().pretty(), "linux/arm64", 2)];
    let list = Index::docker().pretty().child(&amd64).child(&arm64).build();
    stage.sources.put_image(SOURCE, "7.6.1-rel", &list);
    stage.publish(&[]).await.exits(0);
    assert_eq!(writes(&stage), all(&TAGS, &list));
    for tag in TAGS {
        assert!(stage.world.upload.holds(UPLOAD, tag, &list), "{tag}");
    }
    let puts = stage.world.upload.requests_on(Kind::PutManifest);
    let types: Vec<_> = puts.iter().map(|put| put.header("content-type").unwrap().to_owned()).collect();
    assert!(types.iter().all(|media_type| media_type.contains("docker")), "{types:?}");
}

// 19.25
#[tokio::test]
async fn an_image_without_an_index_is_refused_unless_it_may_be_one() {
    let stage = Stage::new().await;
    let [amd64, _] = both(1);
    stage.sources.put_image(SOURCE, "7.6.1-rel", &amd64);
    unusable(&stage, &[], "is an image of one platform, without an index").await;

    stage.publish(&["--single-arch", "--precheck=false"]).await.exits(0);
    assert_eq!(writes(&stage), all(&TAGS, &amd64));
    let certified =
        format!("check container --platform amd64 --submit {}", stage.world.uploaded_at("7.6.1-1"));
    assert_eq!(stage.preflight.arguments(), [certified]);
    assert_eq!(stage.world.served("7.6.1"), Some(amd64.digest));
}

// 19.27
#[tokio::test]
async fn a_source_that_is_not_there_is_another_matter_than_one_that_is_not_told_of() {
    let stage = Stage::new().await;
    unusable(&stage, &[], "7.6.1-rel does not exist").await;

    stage.source("7.6.1-rel", 1);
    stage.sources.fault(Fault::on([Kind::GetManifest, Kind::HeadManifest]).always().status(503));
    stage.publish(&["--attempts", "2"]).await.exits(3);
    assert_eq!(stage.world.upload.count(writing()), 0);
    assert!(stage.preflight.runs().is_empty());
}

// 19.35
#[tokio::test]
async fn a_layer_that_the_source_lost_leaves_no_tag() {
    let stage = Stage::new().await;
    let image = stage.source("7.6.1-rel", 1);
    let lost = &image.children[0].layers()[0].digest;
    stage.sources.delete_blob(SOURCE, lost);
    let ran = stage.publish(&["--precheck=false"]).await.exits(2);
    assert!(ran.stderr.contains(&format!("does not have the layer {lost}")), "{ran}");
    assert_eq!(writes(&stage), []);
    assert!(stage.world.upload.tags(UPLOAD).is_empty());
    assert!(stage.preflight.runs().is_empty());

    stage.source("7.6.1-rel", 1);
    stage.publish(&["--precheck=false"]).await.exits(0);
    assert_eq!(writes(&stage), all(&TAGS, &image), "the same number, once the layer is there again");
}
