//! An image is published: what is written, in which order, and what customers get.

use super::stage::{SOURCE, Stage, all, writes};
use crate::support::{Image, Index};

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

// 19.2
#[tokio::test]
async fn a_rebuild_moves_the_tags_that_customers_use_and_leaves_the_number_before() {
    let stage = Stage::new().await;
    let old = stage.source("7.6.1-rel", 9);
    stage.publish(&[]).await.exits(0);
    writes(&stage);
    let new = stage.source("7.6.1-rel", 1);
    let ran = stage.publish(&[]).await.exits(0);
    assert_eq!(writes(&stage), all(&["7.6.1-2", "7.6.1", "7.6.1-rhcc"], &new));
    for tag in ["7.6.1-2", "7.6.1", "7.6.1-rhcc"] {
        assert_eq!(stage.world.served(tag).as_ref(), Some(&new.digest), "{tag}");
    }
    assert_eq!(stage.world.served("7.6.1-1").as_ref(), Some(&old.digest));
    let previous: Vec<_> = ran.rows().iter().map(|row| row["previous"].clone()).collect();
    let moved = previous.iter().filter(|digest| **digest == old.digest.as_str()).count();
    assert_eq!(moved, 2, "the report says what they were: {ran}");
}

// 19.3
#[tokio::test]
async fn latest_is_moved_last_and_only_where_it_is_asked_for() {
    let stage = Stage::new().await;
    stage.world.published("7.5.9", &stage.source("theirs", 9));
    let image = stage.source("7.6.1-rel", 1);
    stage.publish(&["--latest"]).await.exits(0);
    assert_eq!(writes(&stage), all(&["7.6.1-1", "7.6.1", "7.6.1-rhcc", "latest"], &image));

    let next = stage.source("7.6.1-rel", 2);
    stage.publish(&[]).await.exits(0);
    assert_eq!(writes(&stage), all(&["7.6.1-2", "7.6.1", "7.6.1-rhcc"], &next));
    assert_eq!(stage.world.served("latest"), Some(image.digest));
}

#[tokio::test]
async fn a_run_ends_after_the_step_that_it_is_told_and_the_next_one_goes_on_there() {
    let mut stage = Stage::new().await;
    stage.settings = "precheck: false\n".to_owned();
    let image = stage.source("7.6.1-rel", 1);
    let ran = stage.publish(&["--stop-after", "3"]).await.exits(0);
    assert_eq!(writes(&stage), all(&["7.6.1-1"], &image));
    assert!(stage.preflight.runs().is_empty());
    assert_eq!(stage.events("7.6.1-1"), ["planned", "push_started", "pushed"]);
    assert_eq!(ran.rows().len(), 1, "{ran}");

    stage.world.public.clear_log();
    stage.publish(&["--stop-after", "4"]).await.exits(0);
    assert_eq!(stage.preflight.runs().len(), 1);
    assert_eq!(stage.events("7.6.1-1").last().unwrap(), "submitted");

    stage.publish(&["--stop-after", "5"]).await.exits(0);
    assert_eq!(writes(&stage), [], "the tags that customers use are not touched");
    assert_eq!(stage.world.served("7.6.1-1").as_ref(), Some(&image.digest));

    stage.publish(&[]).await.exits(0);
    assert_eq!(writes(&stage), all(&["7.6.1", "7.6.1-rhcc"], &image));
    assert_eq!(stage.preflight.runs().len(), 1);
    assert_eq!(stage.events("7.6.1-1").last().unwrap(), "done");
}

#[tokio::test]
async fn content_that_customers_have_is_published_again_only_by_force() {
    let stage = Stage::new().await;
    stage.source("7.6.1-rel", 1);
    stage.publish(&[]).await.exits(0);
    writes(&stage);
    let runs = stage.preflight.runs().len();
    let rebuilt = |platform: &str| {
        Image::oci().platform(platform).layer_of(100, 1).annotation("org.example.built", "again").build()
    };
    let again = Index::oci().child(&rebuilt("linux/amd64")).child(&rebuilt("linux/arm64")).build();
    stage.sources.put_image(SOURCE, "7.6.1-rel", &again);
    let ran = stage.publish(&[]).await.exits(0);
    assert_eq!(ran.rows_that("skipped").len(), 3, "{ran}");
    assert_eq!(writes(&stage), []);
    assert_eq!(stage.preflight.runs().len(), runs);

    stage.publish(&["--force-publish"]).await.exits(0);
    assert_eq!(writes(&stage), all(&["7.6.1-2", "7.6.1", "7.6.1-rhcc"], &again));
}
