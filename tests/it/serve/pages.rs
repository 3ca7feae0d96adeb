//! What the pages answer.

use serde_json::json;

use super::{CI, Resident, World};
use crate::support::{Image, Kind, any};

#[tokio::test]
async fn an_empty_queue_is_an_empty_list_and_what_is_not_understood_is_a_bad_request() {
    let mut world = World::start().await;
    let image = Image::example(1);
    world.offer("ci/tool:v1", &image);
    world.target.put_image(CI, "ci_tool_v1", &image);
    let resident = Resident::start(&world, &["--all-namespaces"]).await;
    resident.until_queued(0).await;

    // Row 79.
    assert_eq!(resident.queue(10).await, json!({"mirrors": [], "total": 0}));
    for path in ["/api/v1/mirrors", "/api/v1/mirrors?action=summarize", "/api/v1/mirrors?limit=5"] {
        assert_eq!(resident.json(path).await, json!({"total": 0}), "{path}");
    }
    // Row 80.
    let bad = ["limit=abc", "limit=-1", "limit=99999999999999999999999", "action=foo", "action=Show"];
    for query in bad {
        let page = resident.ask("GET", &format!("/api/v1/mirrors?{query}")).await;
        assert_eq!(page.status, 400, "{query}: {page:?}");
        assert!(page.body.contains(query.split_once('=').unwrap().0), "it says which: {page:?}");
    }
    assert_eq!(resident.ask("GET", "/api/v1/mirrors/").await.status, 404);
    assert_eq!(resident.ask("DELETE", "/api/v1/mirrors").await.status, 405);
    resident.stopped().await.exits(0);
}

#[tokio::test]
async fn health_is_told_to_whoever_asks_however_they_ask() {
    let world = World::start().await;
    let resident = Resident::start(&world, &["--all-namespaces"]).await;
    // Row 81.
    for method in ["GET", "POST", "DELETE"] {
        let page = resident.ask(method, "/api/health").await;
        assert_eq!((page.status, page.body.as_str()), (200, "{\"ok\":true}"), "{method}");
        assert!(page.head.contains("application/json"), "{page:?}");
    }
    assert_eq!(resident.ask("GET", "/healthz").await.body, "ok\n");
    resident.until_queued(0).await;
    let metrics = resident.ask("GET", "/metrics").await;
    assert!(metrics.head.contains("text/plain"), "{metrics:?}");
    for name in
        ["queue_targets 0", "queue_oldest_seconds 0", "leader 1", "passes_total{result=\"complete\"} 1"]
    {
        assert!(metrics.body.contains(&format!("image_mirror_serve_{name}")), "{name}: {}", metrics.body);
    }
    resident.stopped().await.exits(0);
}

#[tokio::test]
async fn a_queue_that_is_being_worked_is_shown_oldest_first_in_the_form_of_the_program_before() {
    let mut world = World::start().await;
    let old = Image::oci().config(r#"{"created": "2020-01-01T00:00:00Z"}"#).layer(b"old").build();
    world.target.put_image(CI, "ci_tool_v1", &old);
    let (one, two) = (Image::example(1), Image::example(2));
    world.offer("ci/tool:v1", &one);
    world.offer("ci/tool:v2", &two);
    let gate = world.target.hold(Kind::PutBlob);
    let resident = Resident::start(&world, &["--namespace", "ci", "--jobs", "1"]).await;
    gate.arrived(1).await;
    resident.until_queued(2).await;

    let shown = resident.queue(10).await;
    assert_eq!(shown["total"], 2);
    let mirrors = shown["mirrors"].as_array().unwrap();
    assert_eq!(mirrors.len(), 2);
    let mut keys: Vec<&String> = mirrors[0].as_object().unwrap().keys().collect();
    keys.sort();
    let expected =
        ["created_at", "current_quay_digest", "destination", "owner", "source", "source_tag_ref", "stale"];
    assert_eq!(keys, expected);
    let times: Vec<_> = mirrors.iter().map(|mirror| mirror["created_at"].as_str().unwrap()).collect();
    assert!(
        times.is_sorted() && times.iter().all(|time| humantime::parse_rfc3339(time).is_ok()),
        "{times:?}"
    );

    let of = |tag: &str| mirrors.iter().find(|mirror| mirror["source_tag_ref"]["tag"] == tag).unwrap();
    let (moves, comes) = (of("v1"), of("v2"));
    assert_eq!(moves["source_tag_ref"], json!({"namespace": "ci", "name": "tool", "tag": "v1"}));
    assert_eq!(moves["source"], format!("{}/ci/tool@{}", world.source.host(), one.digest));
    assert_eq!(moves["destination"], format!("{}/{CI}:ci_tool_v1", world.target.host()));
    assert_eq!((&moves["current_quay_digest"], &moves["stale"]), (&old.digest.as_str().into(), &true.into()));
    assert_eq!((&comes["current_quay_digest"], &comes["stale"]), (&"".into(), &false.into()));
    assert_eq!(moves["owner"], "selection");

    assert_eq!(resident.queue(1).await["mirrors"].as_array().unwrap().len(), 1);
    assert_eq!(resident.queue(0).await["mirrors"], json!([]));
    let default = resident.json("/api/v1/mirrors?action=show").await;
    assert_eq!(default["mirrors"], json!([mirrors[0]]), "one is shown unless more are asked for: the oldest");

    gate.release();
    resident.until_queued(0).await;
    assert!(world.target.holds(CI, "ci_tool_v1", &one) && world.target.holds(CI, "ci_tool_v2", &two));
    let metrics = resident.ask("GET", "/metrics").await.body;
    assert!(metrics.contains("image_mirror_serve_mirrored_total{outcome=\"copied\"} 2"), "{metrics}");
    resident.stopped().await.exits(0);
}

#[tokio::test]
async fn what_a_policy_forbids_is_said_and_does_not_queue() {
    let mut world = World::start().await;
    world.offer("ci/tool:v1", &Image::example(1));
    let resident =
        Resident::start(&world, &["--all-namespaces", "--allow-target", "quay.io/openshift/ci"]).await;
    resident.until_queued(0).await;
    assert_eq!(world.target.requests().len(), 0);
    let ran = resident.stopped().await.exits(0);
    assert!(ran.stderr.contains("`--allow-target`") && ran.stderr.contains("ci_tool_v1"), "{ran}");
}

#[tokio::test]
async fn what_cannot_be_served_does_not_start() {
    let world = World::start().await;
    let taken = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = taken.local_addr().unwrap().to_string();
    let base = ["serve", "--from-file", "streams.json", "--target-repository", "q.io/o/ci"];
    let run = |words: &[&str]| {
        crate::support::Run::new(base).args(words).file("streams.json", world.streams.json())
    };
    let ran = run(&["--all-namespaces", "--listen", &address]).run().await.exits(2);
    assert!(ran.stderr.contains(&address), "{ran}");
    let ran = run(&["--config", "gone.yaml"]).run().await.exits(2);
    assert!(ran.stderr.contains("gone.yaml"), "{ran}");
    run(&[]).run().await.exits(2);
    run(&["--all-namespaces", "--lease", "ci/x"]).run().await.exits(2);
    run(&["--all-namespaces", "--lease-duration", "5s"]).run().await.exits(2);
}

#[tokio::test]
async fn told_to_write_nothing_it_does_not_start() {
    let mut world = World::start().await;
    world.offer("ci/tool:v1", &Image::example(1));
    let to = format!("{}/{CI}", world.target.host());
    let base = ["serve", "--from-file", "streams.json", "--target-repository", &to, "--all-namespaces"];
    let run = || crate::support::Run::new(base).file("streams.json", world.streams.json());
    for dry in [run().args(["--dry-run"]), run().env("DRY_RUN", "1")] {
        let ran = dry.run().await.exits(2);
        assert!(ran.stderr.contains("`imagestreams --dry-run` shows what it would write"), "{ran}");
    }
    assert_eq!((world.source.count(any()), world.target.count(any())), (0, 0));
}
