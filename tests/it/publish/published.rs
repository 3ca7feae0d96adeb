//! An image is published: what is written, in which order, and what customers get.

use super::stage::{Stage, all, writes};

// 19.1
#[tokio::test]
async fn the_first_image_of_a_project_gets_its_three_tags_in_order_after_one_certification() {
    let stage = Stage::new().await;
    let image = stage.source("7.6.1-rel", 1);
    let ran = stage.publish(&["--precheck=false"]).await.exits(0);
    assert_eq!(writes(&stage), all(&["7.6.1-1", "7.6.1", "7.6.1-rhcc"], &image));
    assert_eq!(
        stage.preflight.arguments(),
        [format!("check container --submit {}", stage.world.uploaded_at("7.6.1-1"))]
    );
    assert_eq!(stage.world.served("7.6.1-rhcc"), Some(image.digest.clone()));
    assert_eq!(ran.rows_that("copied").len(), 3);
    assert_eq!(stage.events("7.6.1-1").last().unwrap(), "done");
}

// 19.5
#[tokio::test]
async fn the_same_again_writes_nothing_and_certifies_nothing() {
    let stage = Stage::new().await;
    stage.source("7.6.1-rel", 1);
    stage.publish(&[]).await.exits(0);
    let (_, runs) = (writes(&stage), stage.preflight.runs().len());
    stage.publish(&["--rebuild", "1"]).await.exits(0);
    stage.publish(&[]).await.exits(0);
    assert_eq!(writes(&stage), []);
    assert_eq!(stage.preflight.runs().len(), runs);
}
