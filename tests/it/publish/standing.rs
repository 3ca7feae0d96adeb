//! `publish status`: where each tag points, and what is wrong with it.

use serde_json::json;

use super::stage::{Stage, writes};
use crate::support::{Image, Ran};

async fn status(stage: &Stage) -> Ran {
    let ran = stage.other(&["status", "--product", "server"]).run().await;
    assert_eq!(writes(stage), [], "it only looks");
    ran
}

/// What it says is wrong, a line each.
fn wrong(ran: &Ran) -> Vec<&str> {
    ran.stdout.lines().filter_map(|line| line.trim().strip_prefix("wrong: ")).collect()
}

/// A stage on which `tags` are public, each as the image with this seed.
async fn stage(tags: &[(&str, u64)]) -> Stage {
    let stage = Stage::new().await;
    for (tag, seed) in tags {
        stage.world.published(tag, &image(*seed));
    }
    stage
}

fn image(seed: u64) -> Image {
    super::site::example(seed)
}

#[tokio::test]
async fn a_version_that_is_as_it_should_be_has_nothing_wrong() {
    let stage =
        stage(&[("7.6.1-1", 1), ("7.6.1-2", 2), ("7.6.1", 2), ("7.6.1-rhcc", 2), ("7.6.0-1", 9)]).await;
    let ran = status(&stage).await.exits(0);
    assert_eq!(wrong(&ran), [""; 0]);
    for tag in ["7.6.1-1", "7.6.1-2", "7.6.1-rhcc"] {
        assert!(ran.stdout.contains(&format!("  {tag} ")), "{ran}");
    }
    assert!(ran.stdout.contains("linux/arm64: published"), "{ran}");
}

// 19.81
#[tokio::test]
async fn two_tags_of_a_version_that_differ_are_shown_with_both_digests() {
    let stage = stage(&[("7.6.1-1", 1), ("7.6.1-2", 2), ("7.6.1", 2), ("7.6.1-rhcc", 1)]).await;
    let ran = status(&stage).await.exits(1);
    let [wrong] = &wrong(&ran)[..] else { panic!("{ran}") };
    assert!(wrong.contains("7.6.1 and 7.6.1-rhcc differ"), "{wrong}");
    for seed in [1, 2] {
        assert!(wrong.contains(image(seed).digest.as_str()), "{wrong}");
    }
}

#[tokio::test]
async fn customers_who_do_not_get_the_last_image_that_is_public_are_told_of() {
    let stage = stage(&[("7.6.1-1", 1), ("7.6.1-2", 2), ("7.6.1", 1), ("7.6.1-rhcc", 1)]).await;
    let ran = status(&stage).await.exits(1);
    let [wrong] = &wrong(&ran)[..] else { panic!("{ran}") };
    assert!(wrong.contains("and not 7.6.1-2") && wrong.contains(image(2).digest.as_str()), "{wrong}");
}

#[tokio::test]
async fn a_tag_that_cannot_be_pulled_where_customers_are_is_told_of() {
    let stage = stage(&[("7.6.1-1", 1), ("7.6.1", 1), ("7.6.1-rhcc", 1)]).await;
    stage.world.uploaded("7.6.1-2", &image(2));
    let ran = status(&stage).await.exits(1);
    let [wrong] = &wrong(&ran)[..] else { panic!("{ran}") };
    assert!(wrong.contains("7.6.1-2 cannot be pulled"), "{wrong}");
    stage.world.uploaded("7.6.1", &image(2));
    let ran = status(&stage).await.exits(1);
    let said = "absent in public";
    assert!(
        ran.stdout.contains(&format!("7.6.1 is {} where it is uploaded, and {said}", image(2).digest)),
        "{ran}"
    );
}

#[tokio::test]
async fn two_numbers_of_one_image_are_told_of() {
    let stage = stage(&[("7.6.1-1", 1), ("7.6.1-2", 1), ("7.6.1", 1), ("7.6.1-rhcc", 1)]).await;
    let ran = status(&stage).await.exits(1);
    let [wrong] = &wrong(&ran)[..] else { panic!("{ran}") };
    assert!(
        wrong.contains("are one image") && wrong.contains("7.6.1-1") && wrong.contains("7.6.1-2"),
        "{wrong}"
    );
}

#[tokio::test]
async fn a_number_that_is_used_up_or_on_its_way_is_a_note_and_no_fault() {
    let stage = Stage::new().await;
    stage.source("7.6.1-rel", 1);
    stage.publish(&["--precheck=false"]).await.exits(0);
    stage.source("7.6.1-rel", 2);
    stage.steer(&json!({ "mode": "fail" }));
    stage.publish(&["--precheck=false"]).await.exits(1);
    stage.source("7.6.1-rel", 3);
    stage.publish(&["--precheck=false", "--stop-after", "upload"]).await.exits(0);
    let written: Vec<String> = writes(&stage).into_iter().map(|(tag, _)| tag).collect();
    assert_eq!(written.last().unwrap(), "7.6.1-3");
    let ran = status(&stage).await.exits(0);
    for note in ["note: 7.6.1-2 did not pass", "note: 7.6.1-3 is not public yet: `publish resume`"] {
        assert!(ran.stdout.contains(note), "{ran}");
    }
}

#[tokio::test]
async fn a_version_that_was_never_published_has_nothing_to_show_and_nothing_wrong() {
    let stage = Stage::new().await;
    let ran = stage.other(&["status", "--product", "server", "--version", "9.9.9"]).run().await.exits(0);
    assert_eq!(wrong(&ran), [""; 0]);
    assert_eq!(writes(&stage), []);
}
