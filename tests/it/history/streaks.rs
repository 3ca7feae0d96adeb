//! Streaks over several runs, wherever the state is kept.

use serde_json::{Value, json};

use super::shelves::Shelf;
use super::{World, ended, entry};
use crate::support::{Fault, Image, Kind, on};

async fn a_dead_line_is_quarantined_in_the_third_run(shelf: Shelf) {
    let world = World::start().await;
    for (run, found) in [(1, "absent"), (2, "found")] {
        let ran = world.run(&shelf, &["--quarantine-ok"]).run().await.exits(1);
        let state = &ran.report()["state"];
        assert_eq!(state["place"], shelf.place());
        assert_eq!((&state["found"], &state["written"]), (&json!(found), &json!(true)), "{ran}");
        assert_eq!(entry(&shelf.kept(), &world.dead())["failures"], run, "{ran}");
        assert!(!world.explain(&shelf).await.stdout.contains("quarantined"));
    }
    let third = world.run(&shelf, &[]).run().await.exits(1);
    assert_eq!(third.rows_that("failed").len(), 1, "it is still tried, and still a failed row: {third}");
    assert_eq!(third.rows_that("kept").len(), 1);
    assert!(!third.stderr.contains("state at"), "nothing is wrong with the state: {third}");
    assert!(third.stdout.contains("mapping_x (no owner): 1 quarantined\n"), "in a group of its own: {third}");
    let metrics = third.artifact("metrics.prom");
    let dead = format!("file=\"mapping_x\",owner=\"\",target=\"{}\"", world.dead());
    let line = |start: &str| metrics.lines().find(|line| line.starts_with(start)).map(str::to_owned);
    assert!(
        metrics.contains("image_mirror_file_quarantined{file=\"mapping_x\",owner=\"\"} 1\n"),
        "{metrics}"
    );
    assert_eq!(
        line(&format!("image_mirror_target_verified_timestamp_seconds{{{dead}}}")).as_deref(),
        Some(&*format!("image_mirror_target_verified_timestamp_seconds{{{dead}}} 0")),
        "never: {metrics}"
    );
    let age = line(&format!("image_mirror_target_age_seconds{{{dead}}} ")).expect(&metrics);
    let age: u64 = age.rsplit(' ').next().unwrap().parse().unwrap();
    let first_seen = entry(&shelf.kept(), &world.dead())["first_seen"].as_str().unwrap().to_owned();
    let since = humantime::parse_rfc3339(&first_seen).unwrap().elapsed().unwrap().as_secs();
    assert!(age <= since && since - age <= 60, "{age} s of {since} s since it was first seen");
    let explained = world.explain(&shelf).await.exits(1).stdout;
    assert!(
        explained.contains("never yet equal to its source; failed in 3 runs in a row; quarantined"),
        "{explained}"
    );

    let fourth = world.run(&shelf, &["--quarantine-ok"]).run().await.exits(0);
    assert_eq!(ended(&fourth), ended(&third), "the rows say what is, whatever the exit code");

    // Once it is right it is out of quarantine.
    world.source.put_image("org/gone", "v1", &Image::example(2));
    world.run(&shelf, &[]).run().await.exits(0);
    let kept = shelf.kept();
    let revived = entry(&kept, &world.dead());
    assert_eq!(revived["failures"], 0);
    assert!(
        revived["verified"].is_string() && revived["first_seen"].as_str() <= revived["verified"].as_str()
    );
    assert_eq!(kept["entries"].as_array().unwrap().len(), 2, "{kept}");
}

#[tokio::test]
async fn a_dead_line_is_quarantined_in_the_third_run_with_a_state_in_a_registry() {
    a_dead_line_is_quarantined_in_the_third_run(Shelf::registry().await).await;
}

#[tokio::test]
async fn a_dead_line_is_quarantined_in_the_third_run_with_a_state_in_a_layout() {
    a_dead_line_is_quarantined_in_the_third_run(Shelf::layout()).await;
}

#[tokio::test]
async fn a_dead_line_is_quarantined_in_the_third_run_with_a_state_in_a_config_map() {
    a_dead_line_is_quarantined_in_the_third_run(Shelf::config_map().await).await;
}

#[tokio::test]
async fn only_what_is_quarantined_is_pardoned() {
    let (world, shelf) = (World::start().await, Shelf::layout());
    for _ in 0..2 {
        world.run(&shelf, &["--quarantine-after", "2"]).run().await.exits(1);
    }
    world.run(&shelf, &["--quarantine-after", "2", "--quarantine-ok"]).run().await.exits(0);
    // A line that begins to fail is a failure as ever.
    world.source.delete_tag("org/app", "v1");
    let ran = world.run(&shelf, &["--quarantine-after", "2", "--quarantine-ok"]).run().await.exits(1);
    assert_eq!(ran.rows_that("failed").len(), 2, "{ran}");
}

#[tokio::test]
async fn each_shard_keeps_its_own_state() {
    let (world, shelf) = (World::start().await, Shelf::registry().await);
    for shard in ["0/2", "1/2"] {
        let ran = world.run(&shelf, &["--shard", shard]).run().await;
        assert!(matches!(ran.code, Some(0 | 1)), "{ran}");
    }
    let Shelf::Registry(registry) = &shelf else { panic!("a registry was made") };
    assert_eq!(registry.tags(super::shelves::REPOSITORY), ["knative-0-of-2", "knative-1-of-2"]);
}

#[tokio::test]
async fn a_line_that_is_gone_is_forgotten_and_what_a_wildcard_could_not_list_is_not() {
    let (world, shelf) = (World::start().await, Shelf::layout());
    let (source, target) = (world.source.host(), world.target.host());
    let wild = format!("{source}/org/app:* {target}/mirror/wild\n");
    let mapping = |text: String| world.run(&shelf, &[]).mapping("mapping_x", &text);
    let targets = |kept: Value| -> Vec<String> {
        let entries = kept["entries"].as_array().unwrap().clone();
        entries.iter().map(|entry| entry["target"].as_str().unwrap().to_owned()).collect()
    };
    mapping(world.mapping() + &wild).run().await.exits(1);
    assert_eq!(targets(shelf.kept()).len(), 3);

    world.source.fault(Fault::on(Kind::Tags).always().status(403));
    mapping(wild.clone()).run().await.exits(1);
    let wildcard = format!("{target}/mirror/wild");
    assert_eq!(targets(shelf.kept()), [wildcard.clone(), format!("{wildcard}:v1")], "{}", shelf.kept());

    world.source.clear_faults();
    mapping(wild).run().await.exits(0);
    assert_eq!(targets(shelf.kept()), [format!("{wildcard}:v1")], "the wildcard itself has no row any more");
}

#[tokio::test]
async fn what_is_quarantined_is_tried_once_and_as_often_as_any_once_the_state_is_lost() {
    let (world, shelf) = (World::start().await, Shelf::layout());
    world.source.put_image("org/gone", "v1", &Image::example(2));
    world.source.fault(Fault::on(Kind::HeadManifest).repository("org/gone").always().status(503));
    let looks = on(Kind::HeadManifest).repository("org/gone");
    let mut tried = Vec::new();
    let mut run = async || {
        let before = world.source.count(looks.clone());
        let ran = world.run(&shelf, &["--attempts", "3"]).run().await.exits(1);
        let [row] = &ran.rows_that("failed")[..] else { panic!("{ran}") };
        let seen = world.source.count(looks.clone()) - before;
        assert_eq!(row["attempts"], seen, "{ran}");
        tried.push(seen);
        ended(&ran)
    };
    let mut rows = Vec::new();
    for _ in 0..4 {
        rows.push(run().await);
    }
    shelf.lose();
    rows.push(run().await);
    assert!(rows.iter().skip(1).all(|later| *later == rows[1]), "the same rows: {rows:#?}");
    assert_eq!(tried, [3, 3, 3, 1, 3], "looks at the source of each run, the last after the state was lost");
}
