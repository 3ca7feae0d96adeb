//! The tags that customers use, moved by the whole program: one after the other, and never against somebody else.

use super::stage::{Stage, all, writes};
use crate::support::Image;
use crate::support::registry::{Fault, Kind, Which, on};

const AT_ONCE: &str = "--precheck=false";

fn looks(tag: &str) -> Which {
    on([Kind::HeadManifest, Kind::GetManifest]).reference(tag)
}

/// A stage on which customers have an image, and the next one is at its source.
async fn stage() -> (Stage, Image, Image) {
    let stage = Stage::new().await;
    let (old, new) = (stage.source("old", 1), stage.source("7.6.1-rel", 2));
    for tag in ["7.6.1-1", "7.6.1", "7.6.1-rhcc"] {
        stage.world.published(tag, &old);
    }
    (stage, old, new)
}

// 19.55
#[tokio::test]
async fn the_image_before_under_a_tag_is_waited_out() {
    let (stage, _, new) = stage().await;
    let customer = stage.world.customer("7.6.1");
    stage.world.stale("7.6.1", 5);
    stage.world.stale("7.6.1-rhcc", 5);
    stage.publish(&[AT_ONCE]).await.exits(0);
    assert_eq!(writes(&stage), all(&["7.6.1-2", "7.6.1", "7.6.1-rhcc"], &new));
    customer.assert_could_always_pull();
}

#[tokio::test]
async fn a_later_number_that_comes_while_a_tag_is_waited_for_ends_it_before_the_next_tag() {
    let (stage, old, new) = stage().await;
    let gate = stage.world.upload.hold(looks("7.6.1-rhcc"));
    let running = stage.image(&[AT_ONCE]).start();
    gate.arrived(1).await;
    stage.world.published("7.6.1-3", &stage.source("newer", 3));
    gate.release();
    let ran = running.ended().await.exits(4);
    assert!(ran.stderr.contains("7.6.1-3"), "{ran}");
    assert_eq!(writes(&stage), all(&["7.6.1-2", "7.6.1"], &new));
    assert_eq!(stage.world.served("7.6.1-rhcc"), Some(old.digest));
}

#[tokio::test]
async fn a_tag_that_somebody_else_moved_since_is_left_alone() {
    let (stage, old, new) = stage().await;
    stage.world.stale("7.6.1", usize::MAX);
    stage.publish(&[AT_ONCE, "--tag-timeout", "200ms"]).await.exits(5);
    assert_eq!(writes(&stage), all(&["7.6.1-2", "7.6.1"], &new));
    stage.world.published("7.6.1", &old);
    let ran = stage.publish(&[AT_ONCE]).await.exits(4);
    assert!(ran.stderr.contains("somebody else") && ran.stderr.contains(old.digest.as_str()), "{ran}");
    assert_eq!(writes(&stage), []);
}

#[tokio::test]
async fn a_tag_that_customers_cannot_pull_any_more_is_told_with_the_way_back() {
    let (stage, old, new) = stage().await;
    let gate = stage.world.upload.hold(on(Kind::PutManifest).reference("7.6.1"));
    let running = stage.image(&[AT_ONCE, "--tag-timeout", "200ms"]).start();
    gate.arrived(1).await;
    stage.world.public.fault(Fault::on(looks("7.6.1")).status(404).always());
    gate.release();
    let ran = running.ended().await.exits(5);
    for said in
        ["customers cannot pull 7.6.1 now", old.digest.as_str(), "publish rollback --version 7.6.1 --to"]
    {
        assert!(ran.stderr.contains(said), "{ran}");
    }
    assert_eq!(writes(&stage), all(&["7.6.1-2", "7.6.1"], &new));
    stage.world.public.clear_faults();
    stage.publish(&[AT_ONCE]).await.exits(0);
    assert_eq!(writes(&stage), all(&["7.6.1-rhcc"], &new));
}

// 19.57
#[tokio::test]
async fn no_tag_that_customers_use_moves_while_a_child_cannot_be_pulled() {
    let (stage, old, new) = stage().await;
    let child = looks(new.children[1].digest.as_str());
    stage.world.public.fault(Fault::on(child.clone()).status(404).always());
    stage.publish(&[AT_ONCE, "--publish-timeout", "200ms"]).await.exits(5);
    assert_eq!(writes(&stage), all(&["7.6.1-2"], &new));
    assert_eq!(stage.world.served("7.6.1"), Some(old.digest));
    assert!(stage.world.public.count(child) > 0);
    stage.world.public.clear_faults();
    stage.publish(&[AT_ONCE]).await.exits(0);
    assert_eq!(writes(&stage), all(&["7.6.1", "7.6.1-rhcc"], &new));
}
