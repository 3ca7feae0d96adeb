//! What is unfinished is gone on with: by the same command, and by `publish resume`.

use serde_json::json;

use super::stage::{Stage, all, writes};
use crate::support::Image;
use crate::support::catalog::Lag;
use crate::support::registry::{Kind, on};

const AT_ONCE: &str = "--precheck=false";
const SOON: [&str; 3] = [AT_ONCE, "--publish-timeout", "200ms"];
const FLOATING: [&str; 2] = ["7.6.1", "7.6.1-rhcc"];
const ADOPT: [&str; 4] = [AT_ONCE, "--adopt", "--rebuild", "1"];

/// A stage on which customers have an image under number 1, and that image.
async fn stage() -> (Stage, Image) {
    let stage = Stage::new().await;
    let old = stage.source("old", 1);
    for tag in ["7.6.1-1", "7.6.1", "7.6.1-rhcc"] {
        stage.world.published(tag, &old);
    }
    (stage, old)
}

/// A stage on which number 2 is certified and not public, because the catalog did not get to it.
async fn late() -> (Stage, Image, Image) {
    let (stage, old) = stage().await;
    let new = stage.source("7.6.1-rel", 2);
    stage.world.lag(Lag::Never);
    stage.publish(&SOON).await.exits(5);
    assert_eq!(writes(&stage), all(&["7.6.1-2"], &new));
    (stage, old, new)
}

// 19.48
#[tokio::test]
async fn what_is_certified_is_only_waited_for() {
    let (stage, _, new) = late().await;
    stage.publish(&SOON).await.exits(5);
    assert_eq!(writes(&stage), []);
    stage.world.lag(Lag::None);
    stage.publish(&[AT_ONCE]).await.exits(0);
    assert_eq!(writes(&stage), all(&FLOATING, &new));
    assert_eq!(stage.preflight.runs().len(), 1);
    assert_eq!(stage.events("7.6.1-2").last().unwrap(), "done");
}

// 19.49
#[tokio::test]
async fn what_the_catalog_has_certified_needs_no_journal_and_no_program() {
    let stage = Stage::new().await;
    let image = stage.source("7.6.1-rel", 1);
    stage.world.lag(Lag::Looks(3));
    stage.world.uploaded("7.6.1-1", &image);
    stage.world.certify(&image.digest);
    stage.publish(&ADOPT).await.exits(0);
    assert_eq!((writes(&stage), stage.preflight.runs().len()), (all(&FLOATING, &image), 0));
}

// 19.50
#[tokio::test]
async fn only_the_platform_that_the_catalog_lacks_is_certified() {
    let stage = Stage::new().await;
    let image = stage.source("7.6.1-rel", 1);
    stage.world.uploaded("7.6.1-1", &image);
    stage.world.certify(&image.children[0].digest);
    stage.publish(&ADOPT).await.exits(0);
    let uploaded = stage.world.uploaded_at("7.6.1-1");
    assert_eq!(
        stage.preflight.arguments(),
        [format!("check container --platform arm64 --submit {uploaded}")]
    );
    assert_eq!(writes(&stage), all(&FLOATING, &image));
}

#[tokio::test]
async fn what_a_journal_says_of_another_image_does_not_certify_this_one() {
    let (stage, _, _) = late().await;
    // Somebody overwrote the tag, and says that it is ours.
    let other = stage.source("7.6.1-rel", 3);
    stage.world.uploaded("7.6.1-2", &other);
    stage.world.lag(Lag::None);
    stage.publish(&[AT_ONCE, "--adopt", "--rebuild", "2"]).await.exits(0);
    assert_eq!(writes(&stage), all(&FLOATING, &other));
    assert_eq!(stage.preflight.runs().len(), 2, "it was certified itself");
}

// 19.51
#[tokio::test]
async fn a_run_that_was_killed_between_two_floating_tags_is_gone_on_with_at_the_second() {
    let (stage, _) = stage().await;
    let new = stage.source("7.6.1-rel", 2);
    let looks = on([Kind::HeadManifest, Kind::GetManifest]).reference("7.6.1-rhcc");
    let gate = stage.world.upload.hold(looks);
    let running = stage.image(&[AT_ONCE]).start();
    assert!(running.kill_when(gate.arrived(1)).await);
    drop(gate);
    assert_eq!(writes(&stage), all(&["7.6.1-2", "7.6.1"], &new));
    stage.publish(&[AT_ONCE]).await.exits(0);
    assert_eq!(writes(&stage), all(&["7.6.1-rhcc"], &new));
    assert_eq!(stage.preflight.runs().len(), 1);
}

// 19.52
#[tokio::test]
async fn a_tag_that_was_moved_is_waited_for_and_not_moved_again() {
    let (stage, old) = stage().await;
    let new = stage.source("7.6.1-rel", 2);
    stage.world.stale("7.6.1", usize::MAX);
    let ran = stage.publish(&[AT_ONCE, "--tag-timeout", "200ms"]).await.exits(5);
    assert_eq!(writes(&stage), all(&["7.6.1-2", "7.6.1"], &new), "{ran}");
    assert_eq!(stage.world.served("7.6.1"), Some(old.digest));
    stage.world.stale("7.6.1", 4);
    stage.publish(&[AT_ONCE]).await.exits(0);
    assert_eq!(writes(&stage), all(&["7.6.1-rhcc"], &new));
    assert_eq!(stage.preflight.runs().len(), 1);
}

// 19.53
#[tokio::test]
async fn what_somebody_has_overtaken_meanwhile_does_not_move_the_tags_back() {
    let (stage, _, _) = late().await;
    let newer = stage.source("newer", 3);
    for tag in ["7.6.1-3", "7.6.1", "7.6.1-rhcc"] {
        stage.world.published(tag, &newer);
    }
    stage.world.lag(Lag::None);
    let ran = stage.publish(&[AT_ONCE]).await.exits(4);
    assert!(ran.stderr.contains("7.6.1-3"), "{ran}");
    assert_eq!(writes(&stage), []);
    assert_eq!(stage.world.served("7.6.1"), Some(newer.digest));
    // It stays so.
    stage.publish(&[AT_ONCE, "--rebuild", "2"]).await.exits(4);
    assert_eq!((writes(&stage), stage.preflight.runs().len()), (vec![], 1));
}

// 19.53b, 19.53c, 19.53d
#[tokio::test]
async fn an_image_that_is_made_unique_keeps_its_number_though_the_journal_is_lost() {
    let (stage, old) = stage().await;
    stage.source("7.6.1-rel", 2);
    let unique = [AT_ONCE, "--make-unique", "--rebuild", "next"];
    stage.publish(&[&unique[..], &["--stop-after", "upload"]].concat()).await.exits(0);
    let first = writes(&stage);
    let [(tag, digest)] = &first[..] else { panic!("{first:?}") };
    assert_eq!(tag, "7.6.1-2");
    std::fs::remove_dir_all(stage.folder("7.6.1-2")).unwrap();

    stage.publish(&unique).await.exits(0);
    let moved: Vec<_> = FLOATING.iter().map(|tag| ((*tag).to_owned(), digest.clone())).collect();
    assert_eq!((writes(&stage), stage.preflight.runs().len()), (moved, 1));

    stage.publish(&unique).await.exits(0);
    std::fs::remove_dir_all(stage.folder("7.6.1-2")).unwrap();
    stage.publish(&unique).await.exits(0);
    assert_eq!((writes(&stage), stage.preflight.runs().len()), (vec![], 1));

    stage.source("7.6.1-rel", 3);
    stage.publish(&unique).await.exits(0);
    let tags: Vec<String> = writes(&stage).into_iter().map(|(tag, _)| tag).collect();
    assert_eq!(tags, ["7.6.1-3", "7.6.1", "7.6.1-rhcc"]);
    assert_eq!(stage.world.tag("7.6.1-1"), Some(old.digest), "unique tags stay");
    assert_eq!(stage.world.tag("7.6.1-2").as_ref(), Some(digest));
}

// 19.54, 19.58
#[tokio::test]
async fn an_image_is_waited_for_while_it_is_absent_and_while_nobody_tells() {
    use crate::support::registry::Fault;
    let (stage, _) = stage().await;
    let new = stage.source("7.6.1-rel", 2);
    stage.world.lag(Lag::Looks(5));
    let looks = || Fault::on([Kind::HeadManifest, Kind::GetManifest]).reference("7.6.1-2").after(2);
    stage.world.public.fault(looks().status(503).times(4));
    stage.world.public.fault(looks().status(429).header("retry-after", "1"));
    stage.publish(&[AT_ONCE]).await.exits(0);
    assert_eq!(writes(&stage), all(&["7.6.1-2", "7.6.1", "7.6.1-rhcc"], &new));
    let seen = on([Kind::HeadManifest, Kind::GetManifest]).reference("7.6.1-2");
    assert!(stage.world.public.count(seen) > 10);
}

#[tokio::test]
async fn resume_publishes_what_was_resolved_then_whatever_the_source_tag_is_now() {
    let (stage, _, new) = late().await;
    stage.source("7.6.1-rel", 9);
    stage.world.lag(Lag::None);
    stage.other(&["resume", "--dry-run"]).run().await.exits(0);
    assert_eq!(writes(&stage), []);
    stage.other(&["resume"]).run().await.exits(0);
    assert_eq!((writes(&stage), stage.preflight.runs().len()), (all(&FLOATING, &new), 1));
    stage.other(&["resume"]).run().await.exits(0);
    assert_eq!(writes(&stage), [], "nothing is left");
}

#[tokio::test]
async fn resume_goes_on_with_an_upload_that_was_cut_off_with_all_that_was_asked_for() {
    let mut stage = Stage::new().await;
    let image = stage.source("7.6.1-rel", 1);
    let gate = stage.world.upload.hold(on(Kind::PutManifest));
    let words = [AT_ONCE, "--make-unique", "--latest=force"];
    assert!(stage.image(&words).start().kill_when(gate.arrived(1)).await);
    writes(&stage);
    drop(gate);
    stage.settings = "precheck: false\n".to_owned();
    stage.other(&["resume"]).run().await.exits(0);
    let written = writes(&stage);
    let tags: Vec<&str> = written.iter().map(|(tag, _)| tag.as_str()).collect();
    assert_eq!(tags.last(), Some(&"latest"));
    assert!(
        written.iter().all(|(_, digest)| *digest == written[0].1 && *digest != image.digest),
        "{written:?}"
    );
}

#[tokio::test]
async fn resume_leaves_alone_what_did_not_pass_and_what_was_overtaken() {
    let (stage, _, _) = late().await;
    // 3 is begun, and does not pass.
    stage.source("7.6.1-rel", 3);
    stage.steer(&json!({ "mode": "fail", "platforms": ["arm64"] }));
    stage.publish(&[AT_ONCE, "--rebuild", "3"]).await.exits(1);
    writes(&stage);
    stage.world.lag(Lag::None);
    stage.steer(&json!({ "mode": "pass" }));
    let runs = stage.preflight.runs().len();
    stage.other(&["resume"]).run().await.exits(0);
    assert_eq!((writes(&stage), stage.preflight.runs().len()), (vec![], runs));
}
