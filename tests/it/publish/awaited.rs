//! The wait for the public registry, as the whole command sees it: no tag that customers use is written before its end.

use super::stage::{Stage, all, writes};
use crate::support::catalog::PUBLIC;
use crate::support::{Fault, Image, Kind, Lag, Ran, on};

const LOOKS: [Kind; 2] = [Kind::GetManifest, Kind::HeadManifest];

/// A project of which customers have 7.6.1-1, and the image that is to be 7.6.1-2.
async fn second() -> (Stage, Image, Image) {
    let stage = Stage::new().await;
    let old = stage.source("7.6.1-old", 9);
    for tag in ["7.6.1-1", "7.6.1", "7.6.1-rhcc"] {
        stage.world.published(tag, &old);
    }
    let new = stage.source("7.6.1-rel", 1);
    (stage, old, new)
}

/// Publishes, and lets `change` happen when all was looked at, and the unique tag is about to be written.
async fn meanwhile(stage: &Stage, words: &[&str], change: impl FnOnce()) -> Ran {
    let gate = stage.world.upload.hold(on(Kind::PutManifest).reference("7.6.1-2"));
    let running = stage.image(&["--precheck=false"]).args(words).start();
    gate.arrived(1).await;
    change();
    gate.release();
    running.ended().await
}

fn assert_customers_have(stage: &Stage, old: &Image) {
    for tag in ["7.6.1-1", "7.6.1", "7.6.1-rhcc"] {
        assert_eq!(stage.world.served(tag).as_ref(), Some(&old.digest), "{tag}");
    }
}

// 19.6
#[tokio::test]
async fn what_never_becomes_public_moves_no_tag_that_customers_use() {
    let (stage, old, new) = second().await;
    stage.world.lag(Lag::Never);
    let customer = stage.world.customer("7.6.1");
    let ran = stage.publish(&["--publish-timeout", "1s"]).await.exits(5);
    assert!(ran.stderr.contains("7.6.1-2 to be public, which is absent"), "{ran}");
    assert_eq!(writes(&stage), all(&["7.6.1-2"], &new));
    assert_eq!((ran.rows_that("unfinished").len(), ran.rows_that("copied").len()), (3, 0), "{ran}");
    assert_customers_have(&stage, &old);
    customer.assert_could_always_pull();
}

// 19.56
#[tokio::test]
async fn another_image_under_the_unique_tag_ends_it() {
    let (stage, old, new) = second().await;
    let theirs = stage.source("theirs", 5);
    let ran =
        meanwhile(&stage, &[], || stage.world.show_instead("7.6.1-2", &theirs, usize::MAX)).await.exits(4);
    assert!(ran.stderr.contains(&format!("serves {} as 7.6.1-2", theirs.digest)), "{ran}");
    assert_eq!(writes(&stage), all(&["7.6.1-2"], &new));
    assert_customers_have(&stage, &old);
}

// 19.59
#[tokio::test]
async fn a_tag_that_may_not_be_read_is_not_public_yet() {
    let (stage, old, new) = second().await;
    let denied = Fault::on(LOOKS).repository(PUBLIC).reference("7.6.1-2").always().status(403);
    let ran =
        meanwhile(&stage, &["--publish-timeout", "1s"], || stage.world.public.fault(denied)).await.exits(5);
    assert!(ran.stderr.contains("7.6.1-2 to be public, which may not be read"), "{ran}");
    assert!(ran.stderr.contains("403"), "the last status is told: {ran}");
    assert_eq!(writes(&stage), all(&["7.6.1-2"], &new));
    assert_customers_have(&stage, &old);
}

// 19.60
#[tokio::test]
async fn nothing_is_waited_for_where_nothing_can_be_read() {
    let (stage, old, new) = second().await;
    stage.world.public.fault(Fault::on(LOOKS).reference("7.6.1-1").always().status(403));
    let ran = stage.publish(&["--publish-timeout", "1h"]).await.exits(3);
    assert!(ran.stderr.contains("cannot read the public registry"), "{ran}");
    assert_eq!(writes(&stage), all(&["7.6.1-2"], &new));
    assert_eq!(stage.world.public.count(on(LOOKS).reference("7.6.1-2")), 1, "for the guard alone");
    assert_customers_have(&stage, &old);

    stage.world.public.clear_faults();
    let runs = stage.preflight.runs().len();
    stage.publish(&[]).await.exits(0);
    assert_eq!(writes(&stage), all(&["7.6.1", "7.6.1-rhcc"], &new));
    assert_eq!(stage.preflight.runs().len(), runs);
}
