//! Uploads that are cut, through the whole command: what the next run sends, and what it does not.

use super::registries::release;
use super::stage::{SOURCE, Stage, all, writes};
use crate::support::catalog::UPLOAD;
use crate::support::{Fault, Image, Kind, on, writes as writing};

const TAGS: [&str; 3] = ["7.6.1-1", "7.6.1", "7.6.1-rhcc"];

/// A stage with an image of six blobs.
async fn stage() -> (Stage, Image) {
    let stage = Stage::new().await;
    let image = release(1);
    stage.sources.put_image(SOURCE, "7.6.1-rel", &image);
    (stage, image)
}

/// What was taken in, by which name, sorted.
fn taken_in(stage: &Stage, kind: Kind, name: impl Fn(&crate::support::Request) -> String) -> Vec<String> {
    let requests = stage.world.upload.requests_on(kind).into_iter();
    let mut names: Vec<_> =
        requests.filter(|request| request.status == Some(201)).map(|request| name(&request)).collect();
    names.sort();
    names
}

/// Each blob was taken in once, each tag was written once, and nothing is there but the image.
fn assert_nothing_was_sent_twice(stage: &Stage, image: &Image) {
    let mut sent = taken_in(stage, Kind::PutBlob, |request| request.query["digest"].clone());
    assert_eq!(sent.len(), 6, "{sent:?}");
    sent.dedup();
    assert_eq!(sent.len(), 6, "{sent:?}");
    let mut manifests = taken_in(stage, Kind::PutManifest, |request| request.reference.clone().unwrap());
    // A child is small, and writing it once more takes no longer than asking for it.
    manifests.retain(|name| !image.children.iter().any(|child| child.digest.as_str() == name));
    assert_eq!(manifests, ["7.6.1", "7.6.1-1", "7.6.1-rhcc"]);
    assert_eq!(stage.world.upload.manifests(UPLOAD).len(), 3);
    stage.world.upload.assert_tags_were_always_whole();
}

// 19.31
#[tokio::test]
async fn an_upload_that_was_cut_during_a_blob_goes_on_with_that_blob() {
    let (stage, image) = stage().await;
    let last = &image.children[1].layers()[1].digest;
    let cut = Fault::on(Kind::PutBlob).reference(last.as_str()).always().upload_reset_after(100);
    stage.world.upload.fault(cut);
    stage.publish(&["--precheck=false", "--attempts", "2"]).await.exits(3);
    assert!(stage.world.upload.tags(UPLOAD).is_empty());
    assert_eq!(stage.events("7.6.1-1"), ["planned", "push_started"]);
    assert!(stage.preflight.runs().is_empty());

    stage.world.upload.clear_faults();
    stage.publish(&["--precheck=false"]).await.exits(0);
    assert_eq!(writes(&stage), all(&TAGS, &image));
    assert_nothing_was_sent_twice(&stage, &image);
}

// 19.32
#[tokio::test]
async fn a_run_that_was_killed_before_its_tag_leaves_the_tag_to_the_next() {
    let (stage, image) = stage().await;
    let tag = || on(Kind::PutManifest).reference("7.6.1-1");
    let gate = stage.world.upload.hold(tag());
    // Whoever is killed there has not written it.
    stage.world.upload.fault(Fault::on(tag()).reset());
    assert!(stage.image(&["--precheck=false"]).start().kill_when(gate.arrived(1)).await);
    gate.release();
    assert!(stage.world.upload.tags(UPLOAD).is_empty());
    assert_eq!(stage.world.upload.manifests(UPLOAD).len(), 2, "the children are there");

    stage.world.upload.clear_faults();
    stage.publish(&["--precheck=false"]).await.exits(0);
    assert_eq!(writes(&stage), all(&TAGS, &image), "under the same number");
    assert_nothing_was_sent_twice(&stage, &image);
}

// 19.33
#[tokio::test]
async fn a_tag_that_was_written_and_not_answered_is_gone_on_with() {
    let (stage, image) = stage().await;
    let lost = Fault::on(on(Kind::PutManifest).reference("7.6.1-1")).carried_out().reset();
    stage.world.upload.fault(lost);
    stage.publish(&["--precheck=false", "--attempts", "1"]).await.exits(3);
    assert_eq!(writes(&stage), all(&["7.6.1-1"], &image));
    assert_eq!(stage.events("7.6.1-1"), ["planned", "push_started"]);
    assert!(stage.preflight.runs().is_empty());

    stage.world.upload.clear_log();
    stage.publish(&["--precheck=false"]).await.exits(0);
    assert_eq!(writes(&stage), all(&["7.6.1", "7.6.1-rhcc"], &image));
    assert_eq!(stage.world.upload.count(writing()), 2, "nothing but the tags that customers use");
    assert_eq!(stage.preflight.runs().len(), 1);
}

// 19.34
#[tokio::test]
async fn a_registry_that_gives_another_image_afterwards_ends_it() {
    let (stage, image) = stage().await;
    let theirs = release(9);
    let gate = stage.world.upload.hold(on(Kind::PutManifest).reference("7.6.1-1"));
    let running = stage.image(&["--precheck=false"]).start();
    gate.arrived(1).await;
    let other = Fault::on([Kind::GetManifest, Kind::HeadManifest]).reference("7.6.1-1").always();
    let other = other.body(theirs.bytes.clone()).header("docker-content-digest", theirs.digest.as_str());
    stage.world.upload.fault(other);
    gate.release();
    let ran = running.ended().await.exits(4);
    assert!(ran.stderr.contains("7.6.1-1 was written by somebody else meanwhile"), "{ran}");
    assert!(ran.stderr.contains(theirs.digest.as_str()), "{ran}");
    assert_eq!(writes(&stage), all(&["7.6.1-1"], &image));
    assert!(stage.preflight.runs().is_empty());
}
