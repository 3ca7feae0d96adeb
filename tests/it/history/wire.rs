//! What goes over the wire for the state, and what does not.

use serde_json::{Value, json};

use super::shelves::{ARTIFACT, LAYER, REPOSITORY, Shelf, TAG, artifact};
use super::{World, entry, packed};
use crate::support::{
    FakeCluster, FakeRegistry, Fault, Grant, Image, Kind, RealRegistry, Run, TokenServer, any, docker_config,
    skopeo_raw, writes,
};

/// All that the report has in its sums.
fn summed(ran: &crate::support::Ran) -> u64 {
    ran.report()["totals"]["requests"]
        .as_object()
        .unwrap()
        .values()
        .map(|count| count.as_u64().unwrap())
        .sum()
}

#[tokio::test]
async fn a_run_with_nothing_to_do_writes_its_state_and_nothing_else() {
    let tokens = |grant: Grant| TokenServer::builder().account("robot", "secret", [grant]).start();
    let (target_tokens, state_tokens) = (tokens(Grant::push("")).await, tokens(Grant::push("")).await);
    let source = FakeRegistry::start().await;
    let target = FakeRegistry::builder().bearer(&target_tokens).start().await;
    let shelf = FakeRegistry::builder().bearer(&state_tokens).start().await;
    let image = Image::example(1);
    source.put_image("org/app", "v1", &image);
    target.put_image("mirror/app", "v1", &image);
    let mapping = format!("{} {}\n", source.image("org/app", "v1"), target.image("mirror/app", "v1"));
    let run = || {
        let logins = [(target.host(), "robot", "secret"), (shelf.host(), "robot", "secret")];
        let words = ["run", "mapping_x", "--state", &shelf.image(REPOSITORY, TAG)];
        Run::new(words).logins(&logins).mapping("mapping_x", &mapping).run()
    };
    // Of another day: a run in the same second would have the same to write.
    let earlier = packed(r#"{"version":1,"written":"2026-01-01T00:00:00Z","entries":[]}"#);
    shelf.put_image(REPOSITORY, TAG, &artifact(&earlier));
    for registry in [&source, &target, &shelf] {
        registry.clear_log();
    }
    target_tokens.clear_log();
    state_tokens.clear_log();

    let ran = run().await.exits(0);
    assert_eq!(ran.rows_that("kept").len(), 1, "{ran}");
    assert!(!target_tokens.was_asked_for("push"), "the right to write was asked for at the target");
    assert_eq!(source.count(writes()) + target.count(writes()), 0);
    assert_eq!(shelf.repositories(), [REPOSITORY]);
    assert_eq!(shelf.tags(REPOSITORY), [TAG]);
    assert_eq!(shelf.count(Kind::PutManifest), 1, "one write a run");
    assert_eq!(shelf.count(Kind::PutBlob), 1, "the config is there already: {:#?}", shelf.requests());
    let of_state = shelf.requests().len() + state_tokens.count();
    assert_eq!(ran.report()["state"]["requests"], of_state, "{:#?}", shelf.requests());
    let of_entries = source.requests().len() + target.requests().len() + target_tokens.count();
    assert_eq!(summed(&ran), of_entries as u64, "the requests of the state are counted apart");
}

#[tokio::test]
async fn requests_are_counted_wherever_the_state_is() {
    for shelf in Shelf::all().await {
        let world = World::start().await;
        for _ in 0..2 {
            let before = shelf.requests();
            let ran = world.run(&shelf, &[]).run().await.exits(1);
            assert_eq!(
                ran.report()["state"]["requests"],
                shelf.requests() - before,
                "{}: {ran}",
                shelf.place()
            );
        }
    }
}

#[tokio::test]
async fn a_dry_run_and_who_only_looks_read_the_state_and_do_not_write_it() {
    for shelf in Shelf::all().await {
        let world = World::start().await;
        world.run(&shelf, &[]).run().await.exits(1);
        let kept = shelf.bytes();
        for (command, words) in [("run", &["--dry-run"][..]), ("plan", &[])] {
            let ran = world.run_as(command, &shelf, words).run().await.exits(1);
            let state = &ran.report()["state"];
            assert_eq!((&state["found"], &state["written"]), (&json!("found"), &json!(false)), "{ran}");
        }
        assert!(world.explain(&shelf).await.stdout.contains("failed in the last run"));
        assert_eq!(shelf.bytes(), kept, "{}", shelf.place());
    }
}

#[tokio::test]
async fn without_a_state_nothing_is_said_of_one() {
    let world = World::start().await;
    let ran = Run::new(["run", "mapping_x"]).mapping("mapping_x", &world.mapping()).run().await.exits(1);
    assert_eq!(ran.report().get("state"), None, "{ran}");
    assert!(!ran.stderr.contains("state at"), "{ran}");
}

#[tokio::test]
async fn what_is_somebody_elses_is_left_as_it_is() {
    for shelf in [Shelf::registry().await, Shelf::layout()] {
        let (world, image) = (World::start().await, Image::oci().build());
        shelf.put_image(&image);
        let ran = world.run(&shelf, &[]).run().await.exits(1);
        assert!(ran.stderr.contains("is no state of image-mirror"), "{ran}");
        assert_eq!(ran.report()["state"]["written"], false, "{ran}");
        if let Shelf::Registry(registry) = &shelf {
            assert!(registry.holds(REPOSITORY, TAG, &image), "an image was overwritten by a state");
            assert_eq!(registry.count(writes()), 0);
        }
    }
}

#[tokio::test]
async fn a_state_that_cannot_be_asked_for_just_now_is_not_overwritten() {
    let (world, shelf) = (World::start().await, Shelf::registry().await);
    world.run(&shelf, &[]).run().await.exits(1);
    let kept = shelf.bytes();
    let Shelf::Registry(registry) = &shelf else { panic!("a registry was made") };
    registry.fault(Fault::on(any()).always().status(503));
    let ran = world.run(&shelf, &["--attempts", "2"]).run().await.exits(1);
    assert!(ran.stderr.contains("does not write it") && ran.stderr.contains("503"), "{ran}");
    assert_eq!(ran.report()["state"]["written"], false);
    registry.clear_faults();
    assert_eq!(shelf.bytes(), kept);
    assert_eq!((ran.rows_that("kept").len(), ran.rows_that("failed").len()), (1, 1), "{ran}");
}

#[tokio::test]
async fn a_state_that_cannot_be_written_is_told_and_changes_nothing() {
    let (world, shelf) = (World::start().await, Shelf::registry().await);
    let Shelf::Registry(registry) = &shelf else { panic!("a registry was made") };
    registry.fault(Fault::on(Kind::PutManifest).always().status(403));
    let ran = world.run(&shelf, &[]).run().await.exits(1);
    assert!(ran.stderr.contains("cannot be written") && ran.stderr.contains("403"), "{ran}");
    assert_eq!((ran.rows_that("copied").len(), ran.rows_that("failed").len()), (1, 1), "{ran}");
    assert_eq!(ran.report()["state"]["written"], false);
    assert_eq!(registry.tags(REPOSITORY), Vec::<String>::new());
}

#[tokio::test]
async fn a_real_registry_takes_the_artifact_and_skopeo_reads_it() {
    let (world, registry) = (World::start().await, RealRegistry::htpasswd("robot", "pass:word").await);
    let place = registry.image(REPOSITORY, TAG);
    let run = || {
        let config = docker_config(&[(registry.host(), "robot", "pass:word")]);
        let run = Run::new(["run", "mapping_x", "--state", &place]).mapping("mapping_x", &world.mapping());
        let mounted = run.folder().join("secret");
        run.file("secret/config.json", config).env("DOCKER_CONFIG", mounted.to_string_lossy()).run()
    };
    for found in ["absent", "found", "found"] {
        let ran = run().await.exits(1);
        let state = &ran.report()["state"];
        assert_eq!((&state["found"], &state["written"]), (&json!(found), &json!(true)), "{ran}");
    }
    let raw = skopeo_raw(&place, Some("robot:pass:word")).await;
    let manifest: Value = serde_json::from_slice(&raw).unwrap();
    assert_eq!(manifest["artifactType"], ARTIFACT);
    assert_eq!(manifest["layers"][0]["mediaType"], LAYER);
    assert_eq!(manifest["layers"].as_array().unwrap().len(), 1, "{manifest}");
    let strange: Vec<_> = registry.requests().into_iter().filter(|line| !line.contains(REPOSITORY)).collect();
    assert!(strange.iter().all(|line| line.starts_with("GET /v2/ ")), "{strange:?}");
}

fn api_of(shelf: &Shelf) -> &FakeCluster {
    let Shelf::ConfigMap(api) = shelf else { panic!("a ConfigMap was made") };
    api
}

#[tokio::test]
async fn a_config_map_that_another_run_wrote_meanwhile_stays_as_it_is() {
    let (world, shelf) = (World::start().await, Shelf::config_map().await);
    world.run(&shelf, &[]).run().await.exits(1);
    let gate = world.source.hold(Kind::HeadManifest);
    let running = world.run(&shelf, &[]).start();
    gate.arrived(1).await;
    let other = packed(r#"{"version":1,"written":"2026-01-01T00:00:00Z","entries":[]}"#);
    shelf.put(&other);
    gate.release();
    let ran = running.ended().await.exits(1);
    assert!(ran.stderr.contains("another run wrote it meanwhile"), "{ran}");
    assert_eq!(ran.report()["state"]["written"], false);
    assert_eq!(shelf.bytes(), Some(other));
    assert_eq!(api_of(&shelf).requests().iter().filter(|request| request.method == "PUT").count(), 2 - 1);
}

#[tokio::test]
async fn a_config_map_keeps_what_else_is_in_it_and_takes_one_read_and_one_write() {
    let (world, shelf) = (World::start().await, Shelf::config_map().await);
    let metadata = json!({"name": "state", "namespace": "ci", "labels": {"app": "image-mirror"}});
    let object = json!({"metadata": metadata, "data": {"who": "platform"}});
    api_of(&shelf).put_config_map("ci", "state", Some(&object));
    world.run(&shelf, &[]).run().await.exits(1);
    let stored = api_of(&shelf).config_map("ci", "state").unwrap();
    assert_eq!(
        (&stored["data"], &stored["metadata"]["labels"]),
        (&object["data"], &object["metadata"]["labels"])
    );
    assert_eq!(entry(&shelf.kept(), &world.dead())["failures"], 1);
    let asked: Vec<_> =
        api_of(&shelf).requests().iter().map(|one| format!("{} {}", one.method, one.path)).collect();
    assert_eq!(
        asked,
        ["GET /api/v1/namespaces/ci/configmaps/state", "PUT /api/v1/namespaces/ci/configmaps/state"]
    );
}

#[tokio::test]
async fn a_state_that_no_config_map_takes_names_the_place_that_does() {
    let (world, shelf) = (World::start().await, Shelf::config_map().await);
    let (source, target) = (world.source.host(), world.target.host());
    let at = "2026-01-01T00:00:00Z";
    let names = (0..40_000_u32).map(|number| crate::support::image::digest_of(&number.to_le_bytes()));
    let entries: Vec<_> = names
        .map(|digest| {
            json!({"source": "a", "target": format!("{target}/mirror/wild:{}", digest.hex()), "first_seen": at,
                "verified": at, "failures": 0, "unfinished": false})
        })
        .collect();
    shelf.put(&packed(&json!({"version": 1, "written": at, "entries": entries}).to_string()));
    let mapping = format!("{source}/org/none:* {target}/mirror/wild\n");
    let ran = world.run(&shelf, &[]).mapping("mapping_x", &mapping).run().await.exits(1);
    assert!(ran.stderr.contains("a ConfigMap takes 1 MiB in all; keep it as an artifact"), "{ran}");
    assert!(api_of(&shelf).requests().iter().all(|request| request.method == "GET"));
}

#[tokio::test]
async fn who_may_not_read_the_config_map_is_told_which_right_it_takes() {
    let (world, shelf) = (World::start().await, Shelf::config_map().await);
    api_of(&shelf).deny(Some("ci"));
    let ran = world.run(&shelf, &[]).run().await.exits(1);
    assert!(ran.stderr.contains("get `configmaps` in the namespace `ci`"), "{ran}");
    assert_eq!(ran.stderr.lines().filter(|line| line.contains("state at")).count(), 1, "{ran}");
    assert_eq!(ran.rows_that("copied").len(), 1);
}
