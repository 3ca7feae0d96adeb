//! Against an API server that pages, expires, denies and sends nonsense: the rest is mirrored, and rows say what happened.

use serde_json::json;

use super::{CI, World};
use crate::support::{FakeCluster, Image, Kind, Run, on};

/// The API server of the world's cluster.
async fn api_of(world: &World) -> FakeCluster {
    let api = FakeCluster::start().await;
    for (namespace, name, object) in world.streams.objects() {
        api.put(namespace, name, object);
    }
    api
}

fn run(world: &World, api: &FakeCluster, words: &[&str]) -> Run {
    let to = format!("{}/{CI}", world.target.host());
    Run::new(["imagestreams", "--kubeconfig", "kubeconfig", "--target-repository", &to])
        .args(words)
        .file("kubeconfig", api.kubeconfig())
}

/// Six ImageStreams in three namespaces.
async fn six() -> World {
    let mut world = World::start().await;
    for (number, namespace) in (1..).zip(["a", "a", "b", "b", "c", "c"]) {
        world.offer(&format!("{namespace}/s{number}:v1"), &Image::example(number));
    }
    world
}

#[tokio::test]
async fn pages_that_expire_and_an_object_that_is_none_cost_nothing_but_their_own_row() {
    let world = six().await;
    let api = api_of(&world).await;
    api.page_size(2);
    api.expire_page(3);
    api.put_raw(
        "b",
        "broken",
        json!({"metadata": {"namespace": "b", "name": "broken"}, "status": {"tags": "many"}}),
    );
    let ran = run(&world, &api, &["--all-namespaces"]).run().await.exits(1);

    assert_eq!((ran.rows_that("copied").len(), ran.rows_that("failed").len()), (6, 1), "{ran}");
    let failed = &ran.rows_that("failed")[0];
    assert_eq!(failed["origin"], json!({"stream": "b/broken"}), "{ran}");
    assert_eq!(world.target.tags(CI).iter().filter(|tag| !tag.contains("_sha256_")).count(), 6);
    for list in api.lists() {
        assert_eq!(list.query.get("limit").map(String::as_str), Some("500"));
        assert!(
            !list.query.contains_key("resourceVersion"),
            "an old list must decide nothing: {:?}",
            list.query
        );
    }
    assert!(!ran.stderr.contains(FakeCluster::token()) && !ran.stdout.contains(FakeCluster::token()));
}

#[tokio::test]
async fn a_namespace_that_may_not_be_read_is_a_row_that_says_which_right_is_missing() {
    let world = six().await;
    let api = api_of(&world).await;
    api.deny(Some("b"));
    let ran = run(&world, &api, &["--namespace", "a,b,c", "--tag", "b/s3:v1"]).run().await.exits(1);
    assert_eq!((ran.rows_that("copied").len(), ran.rows_that("failed").len()), (4, 2), "{ran}");
    for row in ran.rows_that("failed") {
        assert_eq!(row["class"], "denied", "{ran}");
        assert!(row["help"].as_str().unwrap().contains("imagestreams"), "{ran}");
    }
    assert!(world.tag("b_s3_v1").is_none());
}

#[tokio::test]
async fn single_image_streams_are_asked_for_singly() {
    let world = six().await;
    let api = api_of(&world).await;
    let ran = run(&world, &api, &["--stream", "a/s1", "--tag", "b/s3:v1,b/gone:v1"]).run().await.exits(1);
    assert_eq!((ran.rows_that("copied").len(), ran.rows_that("failed").len()), (2, 1), "{ran}");
    assert_eq!((api.lists().len(), api.requests().len()), (0, 3));
}

#[tokio::test]
async fn a_cluster_that_never_answers_is_no_failure_of_anything() {
    let world = six().await;
    let api = api_of(&world).await;
    let kubeconfig = api.kubeconfig();
    drop(api);
    let to = format!("{}/{CI}", world.target.host());
    let run = Run::new(["imagestreams", "--all-namespaces", "--target-repository", &to]);
    let ran = run.env("KUBECONFIG", "kubeconfig").file("kubeconfig", kubeconfig).run().await.exits(3);
    assert_eq!(ran.rows_that("unfinished").len(), 1, "{ran}");
    let reason = &ran.rows_that("unfinished")[0]["reason"];
    let said = "never answered: the API server of the cluster (context `tests`): ";
    assert!(reason.as_str().unwrap().contains(said), "{ran}");
    assert_eq!(world.target.requests().len(), 0);
}

#[tokio::test]
async fn a_list_that_grew_old_moves_no_tag_back() {
    let mut world = six().await;
    let api = api_of(&world).await;
    let newer = Image::example(9);
    world.target.put_image(CI, "a_s1_v1", &Image::example(8));
    let gate = world.target.hold(on(Kind::HeadManifest).reference("a_s1_v1"));
    let running = run(&world, &api, &["--namespace", "a"]).start();
    gate.arrived(1).await;
    // A promotion writes the tag and the ImageStream after that was listed.
    world.target.put_image(CI, "a_s1_v1", &newer);
    world.offer("a/s1:v1", &newer);
    for (namespace, name, object) in world.streams.objects() {
        api.put(namespace, name, object);
    }
    gate.release();
    let ran = running.ended().await.exits(0);
    assert_eq!((ran.rows_that("kept").len(), ran.rows_that("copied").len()), (1, 1), "{ran}");
    assert_eq!(world.target.count(on(Kind::PutManifest).reference("a_s1_v1")), 0, "{ran}");
}

#[tokio::test]
async fn without_a_kubeconfig_it_is_said_once_what_was_looked_for_and_what_to_do() {
    let words = ["imagestreams", "--all-namespaces", "--target-repository", "quay.example/ci"];
    let at_home = Run::new(words).run().await.exits(2);
    assert!(
        at_home.stderr.contains("there is no kubeconfig at `/")
            && at_home.stderr.contains("home/.kube/config`")
    );

    let ran = Run::new(words).env("KUBECONFIG", ":/nowhere/a:/nowhere/b").run().await.exits(2);
    let said = "there is no kubeconfig at `/nowhere/a`, `/nowhere/b`, and this is no pod; name a kubeconfig with \
                `--kubeconfig` or in KUBECONFIG, or use files in place of a cluster (`--from-file` of `imagestreams` and `serve`, \
                `--imagestream-dir` of `nightly`)\n";
    assert_eq!(ran.stderr, format!("error: cannot reach the cluster: finding the cluster: {said}"));

    let named = Run::new(words).args(["--kubeconfig", "/nowhere/c"]).run().await.exits(2);
    assert!(named.stderr.contains("reading the kubeconfig `/nowhere/c`: No such file"), "{named}");
}

#[tokio::test]
async fn a_configuration_of_images_of_registries_needs_no_cluster() {
    let world = World::start().await;
    world.source.put_image("org/tool", "v1", &Image::example(1));
    let (from, to) = (world.source.host(), format!("{}/{CI}", world.target.host()));
    let config = format!("supplementalCIImages:\n  ci/tool:v1: {{image: '{from}/org/tool:v1'}}\n");
    let words = ["imagestreams", "--config", "_config.yaml", "--target-repository", &to];
    let ran = Run::new(words).file("_config.yaml", config).run().await.exits(0);
    assert_eq!(ran.rows_that("copied").len(), 1, "{ran}");
}
