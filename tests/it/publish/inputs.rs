//! What is wrong with the products file is said before anybody is asked for anything.

use serde_json::json;

use super::guards::untouched;
use super::stage::{Stage, all, writes};
use crate::support::Ran;
use crate::support::catalog::PROJECT;

/// `publish image` with this products file.
async fn with(stage: &Stage, products: &str) -> Ran {
    stage.image(&["--precheck=false"]).file("products.json", products).run().await
}

/// A file of one product.
fn file(project: &serde_json::Value, key: &str) -> String {
    let product = json!({"image_basename": "server", "project_id": project, "registry_key": key});
    let rhcc = json!({"api_key": crate::support::catalog::KEY});
    json!({"rhcc": rhcc, "products": {"server": product}}).to_string()
}

// 19.69
#[tokio::test]
async fn what_a_product_lacks_is_named_by_its_path() {
    let stage = Stage::new().await;
    stage.source("7.6.1-rel", 1);
    for (products, path) in [
        (json!({"products": {}}).to_string(), "`products.server`"),
        (file(&json!(null), "key"), "`products.server.project_id`"),
        (file(&json!(PROJECT), ""), "`products.server.registry_key`"),
    ] {
        let ran = with(&stage, &products).await.exits(2);
        assert!(ran.stderr.contains(path), "no {path}\n{ran}");
    }
    untouched(&stage);
}

// 19.70
#[tokio::test]
async fn the_prefix_of_a_project_is_taken_off_and_what_is_no_project_is_refused() {
    let stage = Stage::new().await;
    let image = stage.source("7.6.1-rel", 1);
    let ran = with(&stage, &file(&json!("a-b-c"), "key")).await.exits(2);
    assert!(ran.stderr.contains("`products.server.project_id`"), "{ran}");
    untouched(&stage);

    with(&stage, &file(&json!(format!("ospid-{PROJECT}")), "key")).await.exits(0);
    assert_eq!(writes(&stage), all(&["7.6.1-1", "7.6.1", "7.6.1-rhcc"], &image));
}

// 19.71
#[tokio::test]
async fn a_file_that_is_no_json_is_told_of_by_its_position_and_not_quoted() {
    let stage = Stage::new().await;
    let ran = with(&stage, "{\n  \"rhcc\": { \"api_key\": \"S3CRET-one\" \"S3CRET-two\" }\n}").await.exits(2);
    assert!(ran.stderr.contains("products.json is no JSON: line 2, column 37"), "{ran}");
    assert!(!ran.stderr.contains("S3CRET") && !ran.stdout.contains("S3CRET"), "{ran}");
    untouched(&stage);
}
