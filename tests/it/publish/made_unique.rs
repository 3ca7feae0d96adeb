//! Images that are made unique, through the whole command.

use serde_json::Value;

use super::registries::release;
use super::stage::{SOURCE, Stage, writes};
use crate::support::catalog::UPLOAD;
use crate::support::{Image, Kind};

const TAGS: [&str; 3] = ["7.6.1-1", "7.6.1", "7.6.1-rhcc"];

fn json(stage: &Stage, reference: &str) -> Value {
    serde_json::from_slice(&stage.world.upload.manifest(UPLOAD, reference).unwrap()).unwrap()
}

/// The children of a tag.
fn children(stage: &Stage, tag: &str) -> Vec<Value> {
    let index = json(stage, tag);
    let digests =
        index["manifests"].as_array().unwrap().iter().map(|child| child["digest"].as_str().unwrap());
    digests.map(|digest| json(stage, digest)).collect()
}

fn config(stage: &Stage, child: &Value) -> Value {
    let digest = image_mirror::model::Digest::parse(child["config"]["digest"].as_str().unwrap()).unwrap();
    serde_json::from_slice(&stage.world.upload.blob(UPLOAD, &digest).unwrap()).unwrap()
}

/// Publishes the source, made unique; it became something else under all three tags.
async fn publish(stage: &Stage, source: &Image) {
    stage.publish(&["--make-unique"]).await.exits(0);
    let written = writes(stage);
    assert_eq!(written.iter().map(|(tag, _)| tag.as_str()).collect::<Vec<_>>(), TAGS);
    assert!(written.iter().all(|(_, digest)| *digest == written[0].1 && *digest != source.digest));
    assert_eq!(stage.world.served("7.6.1-rhcc").as_ref(), Some(&written[0].1));
}

// 19.12
#[tokio::test]
async fn an_image_that_is_known_is_published_as_another_one() {
    let stage = Stage::new().await;
    let image = stage.source("7.6.1-rel", 1);
    stage.world.uploaded("7.6.0-4", &image);
    publish(&stage, &image).await;
    assert_eq!(stage.world.tag("7.6.0-4").as_ref(), Some(&image.digest));

    let stage = Stage::new().await;
    let image = stage.source("7.6.1-rel", 1);
    stage.world.upload.put_untagged(UPLOAD, &image.children[1]);
    stage.world.fail(&image.children[1].digest, "arm64");
    publish(&stage, &image).await;
}

// 19.28
#[tokio::test]
async fn the_same_source_version_and_number_make_the_same_image() {
    let mut made = Vec::new();
    for _ in 0..2 {
        let stage = Stage::new().await;
        let image = stage.source("7.6.1-rel", 1);
        publish(&stage, &image).await;
        made.push(stage.world.tag("7.6.1-1"));
        std::fs::remove_dir_all(stage.folder("7.6.1-1")).unwrap();
        stage.world.upload.clear_log();
        stage.publish(&["--make-unique"]).await.exits(0);
        stage.publish(&["--make-unique", "--rebuild", "1"]).await.exits(0);
        assert_eq!(writes(&stage), [], "it is known again without its journal");
        assert_eq!(stage.world.upload.count(Kind::PutBlob), 0);
    }
    assert_eq!(made[0], made[1]);
}

// 19.29
#[tokio::test]
async fn another_number_makes_another_image_of_the_same_layers() {
    let stage = Stage::new().await;
    let image = stage.source("7.6.1-rel", 1);
    publish(&stage, &image).await;
    let ran = stage.publish(&["--make-unique", "--rebuild", "2"]).await.exits(0);
    assert_eq!((ran.rows_that("skipped").len(), writes(&stage).len()), (3, 0), "customers have it: {ran}");
    stage.publish(&["--make-unique", "--rebuild", "2", "--force-publish"]).await.exits(0);
    let written = writes(&stage);
    assert_eq!(
        written.iter().map(|(tag, _)| tag.as_str()).collect::<Vec<_>>(),
        ["7.6.1-2", "7.6.1", "7.6.1-rhcc"]
    );
    assert_ne!(stage.world.tag("7.6.1-2"), stage.world.tag("7.6.1-1"));
    for (one, two) in children(&stage, "7.6.1-1").iter().zip(&children(&stage, "7.6.1-2")) {
        assert_ne!(one["config"]["digest"], two["config"]["digest"]);
        assert_eq!(one["layers"], two["layers"]);
    }
}

// 19.30
#[tokio::test]
async fn a_config_gets_one_line_more_and_is_else_what_it_was() {
    let stage = Stage::new().await;
    let image = release(1);
    stage.sources.put_image(SOURCE, "7.6.1-rel", &image);
    publish(&stage, &image).await;
    for (child, source) in children(&stage, "7.6.1-1").iter().zip(&image.children) {
        let layers: Vec<_> =
            child["layers"].as_array().unwrap().iter().map(|layer| &layer["digest"]).collect();
        assert_eq!(layers, source.layers().iter().map(|layer| layer.digest.as_str()).collect::<Vec<_>>());
        let mut made = config(&stage, child);
        let line = made["history"].as_array_mut().unwrap().pop().unwrap();
        assert_eq!(line, serde_json::json!({"created_by": "rhcc rebuild 7.6.1-1", "empty_layer": true}));
        assert_eq!(made, serde_json::from_slice::<Value>(&source.config().bytes).unwrap());
        assert!(
            !stage.world.upload.has_blob(UPLOAD, &source.config().digest),
            "the old config is not uploaded"
        );
    }
}
