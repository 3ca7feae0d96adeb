//! `--rehearse`: all steps between two registries of one's own, and nobody else hears of it.

use super::stage::{Stage, writes};
use crate::support::catalog::{PUBLIC, UPLOAD};
use crate::support::registry::any;
use crate::support::{CatalogWorld, Image};

/// A stage, and a world of its own to rehearse in, where whatever is uploaded becomes public.
async fn stage() -> (Stage, CatalogWorld, Image) {
    let (mut stage, rehearsal) = (Stage::new().await, CatalogWorld::start().await);
    rehearsal.certify_everything();
    stage.settings = settings(rehearsal.upload.host(), rehearsal.public.host());
    let image = stage.source("7.6.1-rel", 1);
    (stage, rehearsal, image)
}

fn settings(upload: &str, public: &str) -> String {
    format!("rehearsal: {{ upload: '{upload}/{UPLOAD}', public: '{public}/{PUBLIC}' }}\n")
}

/// Nobody of those who are asked in earnest was asked for anything.
fn assert_nobody_heard(stage: &Stage) {
    assert_eq!(stage.world.upload.count(any()), 0);
    assert_eq!(stage.world.public.count(any()), 0);
    assert_eq!(stage.world.pyxis.requests().len(), 0);
}

// 19.82
#[tokio::test]
async fn a_rehearsal_does_not_go_where_images_are_published() {
    let mut stage = Stage::new().await;
    stage.source("7.6.1-rel", 1);
    let own = CatalogWorld::start().await;
    let (upload, public) = (stage.world.upload.host().to_owned(), stage.world.public.host().to_owned());
    for (upload, public) in [(upload.as_str(), own.public.host()), (own.upload.host(), public.as_str())] {
        stage.settings = settings(upload, public);
        let ran = stage.publish(&["--rehearse"]).await.exits(2);
        assert!(ran.stderr.contains("a rehearsal cannot go to"), "{ran}");
    }
    stage.settings = String::new();
    let ran = stage.publish(&["--rehearse"]).await.exits(2);
    assert!(ran.stderr.contains("has no `rehearsal`"), "{ran}");
    assert_nobody_heard(&stage);
    assert_eq!((own.upload.count(any()), stage.preflight.runs().len()), (0, 0));
}

// 19.83
#[tokio::test]
async fn all_steps_are_rehearsed_and_nobody_in_earnest_hears_of_it() {
    let (stage, rehearsal, image) = stage().await;
    let ran = stage.publish(&["--rehearse"]).await.exits(0);
    let expected = ["7.6.1-1", "7.6.1", "7.6.1-rhcc"].map(|tag| (tag.to_owned(), image.digest.clone()));
    assert_eq!(rehearsal.take_tag_writes(), expected, "{ran}");
    let arguments = stage.preflight.arguments();
    let [_, certified] = &arguments[..] else { panic!("the source, then what is uploaded: {arguments:?}") };
    assert_eq!(certified, &format!("check container {}", rehearsal.uploaded_at("7.6.1-1")));
    for run in stage.preflight.runs() {
        let environ = run["environ"].as_object().unwrap();
        assert!(!environ.keys().any(|name| name.contains("TOKEN") || name.contains("_ID")), "{environ:?}");
        assert!(!run["docker_config"].to_string().contains("robot"), "no login of those in earnest");
    }
    assert_nobody_heard(&stage);
    assert_eq!(rehearsal.served("7.6.1-rhcc"), Some(image.digest));

    // The journal is another one: in earnest it is number 1 still.
    assert_eq!(stage.next().await, "1");
    stage.publish(&["--rehearse"]).await.exits(0);
    assert_eq!((rehearsal.take_tag_writes(), writes(&stage)), (vec![], vec![]));
}

#[tokio::test]
async fn a_staging_image_may_be_rehearsed_and_rolled_back() {
    let (stage, rehearsal, _) = stage().await;
    stage.source("7.6.1-staging", 2);
    let image = |tag| ["image", "--product", "server", "--version", "7.6.1", "--source-tag", tag];
    stage.other(&image("7.6.1-staging")).run().await.exits(4);
    for tag in ["7.6.1-staging", "7.6.1-rel"] {
        stage.other(&image(tag)).args(["--rehearse"]).run().await.exits(0);
    }
    rehearsal.take_tag_writes();
    let back = ["rollback", "--product", "server", "--version", "7.6.1", "--to", "1", "--rehearse"];
    stage.other(&back).run().await.exits(0);
    let tags: Vec<String> = rehearsal.take_tag_writes().into_iter().map(|(tag, _)| tag).collect();
    assert_eq!(tags, ["7.6.1", "7.6.1-rhcc"]);
    assert_nobody_heard(&stage);
}
