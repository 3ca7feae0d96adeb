//! What the catalog's API is asked by the whole program, and how little depends on its answers.

use super::stage::{Stage, all, writes};
use crate::support::registry::Kind;
use crate::support::{FakeRegistry, Image, Lag, PyxisFault};

const AT_ONCE: &str = "--precheck=false";
const ASKING: [&str; 4] = [AT_ONCE, "--publish-timeout", "300ms", "--request-publish"];
const ALL: [&str; 3] = ["7.6.1-1", "7.6.1", "7.6.1-rhcc"];

/// A stage with an image at its source; the catalog may be asked so much.
async fn stage(usage: &'static str) -> (Stage, Image) {
    let mut stage = Stage::new().await;
    stage.usage = usage;
    let image = stage.source("7.6.1-rel", 1);
    (stage, image)
}

// 19.74
#[tokio::test]
async fn a_login_is_not_sent_to_where_a_registry_redirects() {
    let (mut stage, _) = stage("read").await;
    let password = "s0urce&password";
    stage.sources = FakeRegistry::builder().basic("reader", password).redirect_blobs().start().await;
    let image = stage.source("7.6.1-rel", 1);
    let run = stage.image(&[AT_ONCE]).logins(&[(stage.sources.host(), "reader", password)]);
    run.run().await.exits(0);
    assert_eq!(writes(&stage), all(&ALL, &image));
    let redirected = stage.sources.requests_on(Kind::Elsewhere);
    assert!(
        !redirected.is_empty() && redirected.iter().all(|request| request.header("authorization").is_none())
    );
    assert!(
        stage
            .sources
            .requests_on(Kind::GetManifest)
            .iter()
            .any(|request| request.header("authorization").is_some())
    );
}

// 19.75
#[tokio::test]
async fn the_catalog_is_asked_to_publish_once_waiting_was_in_vain() {
    let (stage, image) = stage("write").await;
    stage.world.lag(Lag::Never);
    stage.publish(&[AT_ONCE, "--publish-timeout", "300ms"]).await.exits(5);
    assert_eq!(stage.world.pyxis.writes().len(), 0, "not without the option");
    assert_eq!(writes(&stage), all(&ALL[..1], &image));
    stage.publish(&ASKING).await.exits(0);
    let [asked] = &stage.world.pyxis.writes()[..] else { panic!("it is asked once") };
    assert_eq!(asked["operation"], "publish-manifest-list");
    assert_eq!(asked["manifest_list_digest"], image.digest.as_str());
    assert_eq!((writes(&stage), stage.preflight.runs().len()), (all(&ALL[1..], &image), 1));
}

// 19.75
#[tokio::test]
async fn the_catalog_is_not_asked_to_publish_where_it_may_only_be_read() {
    let (stage, image) = stage("read").await;
    stage.world.lag(Lag::Never);
    let ran = stage.publish(&ASKING).await.exits(5);
    assert!(ran.stderr.contains("`pyxis.use` is not `write`"), "{ran}");
    assert_eq!(stage.world.pyxis.writes().len(), 0);
    assert_eq!(writes(&stage), all(&ALL[..1], &image));
}

// 19.76
#[tokio::test]
async fn a_request_that_the_catalog_gives_up_ends_the_wait_with_what_it_says() {
    let (stage, image) = stage("write").await;
    stage.world.lag(Lag::Never);
    stage.world.pyxis.requests_end("failed", "the project is locked");
    let ran = stage.publish(&ASKING).await.exits(5);
    assert!(ran.stderr.contains("the project is locked"), "{ran}");
    assert_eq!(stage.world.pyxis.writes().len(), 1);
    assert_eq!(writes(&stage), all(&ALL[..1], &image));
}

// 19.77
#[tokio::test]
async fn a_catalog_that_lists_nothing_is_no_obstacle_and_status_says_so() {
    let (stage, image) = stage("read").await;
    let nothing = r#"{"data": [], "page": 0, "page_size": 100, "total": 0}"#;
    stage.world.pyxis.fault(PyxisFault::on("/images", 200).body(nothing).times(usize::MAX));
    stage.publish(&[AT_ONCE]).await.exits(0);
    assert_eq!(writes(&stage), all(&ALL, &image));
    let ran = stage.other(&["status", "--product", "server"]).run().await.exits(0);
    assert!(ran.stdout.contains("linux/arm64: does not know it"), "{ran}");
}

// 19.78
#[tokio::test]
async fn an_image_is_published_while_the_api_of_the_catalog_is_down() {
    let (stage, image) = stage("read").await;
    stage.world.pyxis.fault(PyxisFault::on("GET ", 503).times(usize::MAX));
    let ran = stage.publish(&[AT_ONCE]).await.exits(0);
    assert_eq!(writes(&stage), all(&ALL, &image));
    assert!(ran.stderr.contains("warning: the catalog's records are not known, and not needed"), "{ran}");
    assert_eq!(stage.world.pyxis.writes().len(), 0);
}

#[tokio::test]
async fn the_catalog_is_asked_to_take_over_the_tags_at_the_end_and_need_not() {
    let (stage, image) = stage("write").await;
    stage.world.pyxis.fault(PyxisFault::on("POST /v1", 500).times(usize::MAX));
    let ran = stage.publish(&[AT_ONCE, "--sync-tags"]).await.exits(0);
    assert!(ran.stderr.contains("not asked to take over"), "{ran}");
    assert_eq!(writes(&stage), all(&ALL, &image));
    let asked = stage.world.pyxis.writes();
    assert!(!asked.is_empty() && asked.iter().all(|asked| asked["operation"] == "sync-tags"), "{asked:?}");
}

#[tokio::test]
async fn the_catalog_takes_over_the_tags_of_each_platform() {
    let (stage, image) = stage("write").await;
    stage.publish(&[AT_ONCE, "--sync-tags"]).await.exits(0);
    assert_eq!((writes(&stage), stage.world.pyxis.writes().len()), (all(&ALL, &image), 2));
    for child in &image.children {
        let tags = stage.world.record(&child.digest)["repositories"][0]["tags"].to_string();
        assert!(tags.contains("\"7.6.1-rhcc\""), "{tags}");
    }
}

#[tokio::test]
async fn each_platform_is_asked_for_where_the_catalog_does_not_know_the_index() {
    let (stage, image) = stage("write").await;
    stage.world.lag(Lag::Never);
    stage.publish(&[AT_ONCE, "--publish-timeout", "300ms"]).await.exits(5);
    stage.world.pyxis.fault(PyxisFault::on("POST /v1/", 404).times(1));
    stage.publish(&ASKING).await.exits(0);
    let asked: Vec<_> = stage.world.pyxis.writes().iter().map(|asked| asked["operation"].clone()).collect();
    assert_eq!(asked[asked.len() - 2..], ["publish", "publish"], "{asked:?}");
    assert_eq!(writes(&stage), all(&ALL, &image));
}

#[tokio::test]
async fn a_token_that_the_catalog_does_not_take_is_found_before_anything_is_uploaded() {
    let (stage, _) = stage("read").await;
    stage.world.pyxis.fault(PyxisFault::on("/v1/projects/certification/id/", 401).times(usize::MAX));
    let ran = stage.publish(&[AT_ONCE]).await.exits(2);
    assert!(ran.stderr.contains("`rhcc.api_key` of the metadata"), "{ran}");
    assert_eq!((writes(&stage), stage.preflight.runs().len()), (vec![], 0));
    assert!(!stage.folder("7.6.1-1").exists(), "no number is used up");
}
