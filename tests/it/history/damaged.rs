//! A state that is lost or damaged: the same rows and exit code, a warning, and streaks that start again.

use super::shelves::{Shelf, artifact, raw};
use super::{World, ended, entry, packed};
use crate::support::Blob;

/// Two runs; then `damage`; then a third run, which does as the second did, and a fourth.
async fn is_survived(shelf: &Shelf, what: &str, damage: impl AsyncFnOnce(&Shelf)) {
    let world = World::start().await;
    world.run(shelf, &[]).run().await.exits(1);
    let second = world.run(shelf, &[]).run().await.exits(1);
    damage(shelf).await;
    let third = world.run(shelf, &["--quarantine-after", "2"]).run().await.exits(1);
    assert_eq!(ended(&third), ended(&second), "{what}: {third}");
    assert!(third.stderr.contains(&format!("state at {}", shelf.place())), "{what}: {third}");
    assert!(third.stderr.contains("start again"), "{what}: what it costs is not said: {third}");
    assert_eq!(third.stderr.lines().filter(|line| line.contains("state at")).count(), 1, "{what}: {third}");
    let state = &third.report()["state"];
    assert_ne!(state["found"], "found", "{what}: {third}");
    assert_eq!(state["written"], true, "{what}: {third}");
    assert_eq!(entry(&shelf.kept(), &world.dead())["failures"], 1, "{what}: the streak starts again");
    let fourth = world.run(shelf, &["--quarantine-ok", "--quarantine-after", "2"]).run().await.exits(0);
    assert_eq!(fourth.report()["state"]["found"], "found", "{what}: {fourth}");
}

/// Documents that are none, by what is wrong with them.
fn documents() -> Vec<(&'static str, Vec<u8>)> {
    let whole = packed(r#"{"version":1,"written":"2026-01-01T00:00:00Z","entries":[]}"#);
    let at = "2026-01-01T00:00:00Z";
    let odd = format!(
        r#"{{"version":1,"written":"{at}","entries":[{{"source":"a","target":"b","first_seen":"soon","verified":null,"failures":0,"unfinished":false}}]}}"#
    );
    vec![
        ("no gzip", b"what is this?".to_vec()),
        ("gzip whose end is missing", whole[..whole.len() - 9].to_vec()),
        ("no JSON", packed("entries: none")),
        ("another version", packed(r#"{"version":2,"entries":{}}"#)),
        ("a time that is none", packed(&odd)),
        ("too large", packed(&" ".repeat((64 << 20) + 1))),
    ]
}

#[tokio::test]
async fn a_state_that_is_lost_changes_no_row_and_no_exit_code() {
    for shelf in Shelf::all().await {
        is_survived(&shelf, "lost", async |shelf| shelf.lose()).await;
    }
}

#[tokio::test]
async fn a_damaged_document_in_a_registry_changes_no_row_and_no_exit_code() {
    for (what, bytes) in documents() {
        is_survived(&Shelf::registry().await, what, async |shelf| shelf.put(&bytes)).await;
    }
}

#[tokio::test]
async fn a_damaged_document_in_a_layout_changes_no_row_and_no_exit_code() {
    for (what, bytes) in documents() {
        is_survived(&Shelf::layout(), what, async |shelf| shelf.put(&bytes)).await;
    }
}

#[tokio::test]
async fn a_damaged_document_in_a_config_map_changes_no_row_and_no_exit_code() {
    for (what, bytes) in documents() {
        is_survived(&Shelf::config_map().await, what, async |shelf| shelf.put(&bytes)).await;
    }
}

#[tokio::test]
async fn a_damaged_artifact_changes_no_row_and_no_exit_code() {
    let whole = artifact(b"x");
    let declared = |from: &str, to: &str| {
        let text = String::from_utf8(whole.bytes.to_vec()).unwrap();
        assert!(text.contains(from), "{text}");
        raw(text.replace(from, to).into_bytes(), whole.blobs.clone())
    };
    let unnamed =
        r#"{"schemaVersion":2,"artifactType":"application/vnd.image-mirror.state.v1+json","layers":[]}"#;
    let images = [
        ("a manifest that is no JSON", raw(b"not json".to_vec(), Vec::new())),
        ("a manifest without a layer", raw(unnamed.as_bytes().to_vec(), Vec::new())),
        ("a layer that says it is huge", declared(r#""size":1}"#, r#""size":99999999999}"#)),
        ("a layer of another size", declared(r#""size":1}"#, r#""size":7}"#)),
        ("a layer that is not there", raw(whole.bytes.to_vec(), vec![Blob::new(b"{}".to_vec())])),
    ];
    for (what, image) in images {
        for shelf in [Shelf::registry().await, Shelf::layout()] {
            is_survived(&shelf, what, async |shelf| {
                // What is gone is gone, whoever put it there before.
                shelf.lose();
                shelf.put_image(&image);
            })
            .await;
        }
    }
}
