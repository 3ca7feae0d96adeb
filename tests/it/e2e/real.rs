//! From one real registry to another, judged by skopeo and by a client that shares no transport with ours.

use serde_json::Value;

use super::{asked, assert_all, lines};
use crate::support::image::digest_of;
use crate::support::{Grant, Judge, Named, RealRegistry, Run, TokenServer, docker_config, fleet, skopeo_raw};

const NAME: &str = "pusher";
const PASSWORD: &str = "pass:word";

/// The program with a docker config in a directory of its own, as a Secret is mounted.
fn mirror(mapping: &str, config: &str) -> Run {
    let run = Run::new(["run", "mapping_fleet"]).mapping("mapping_fleet", mapping);
    let mounted = run.folder().join("secret");
    run.file("secret/config.json", config).env("DOCKER_CONFIG", mounted.to_string_lossy())
}

async fn offer(source: &RealRegistry, images: &[Named]) {
    let judge = Judge::anonymous(source.host());
    for Named { repository, tag, image } in images {
        judge.push(repository, tag, image).await;
    }
}

/// Each target is the source's image, byte for byte, with all that is below it.
async fn assert_mirrored(target: &RealRegistry, images: &[Named]) {
    let judge = Judge::login(target.host(), NAME, PASSWORD);
    let login = format!("{NAME}:{PASSWORD}");
    for Named { repository, tag, image } in images {
        let mirrored = format!("mirror/{repository}");
        let raw = skopeo_raw(&target.image(&mirrored, tag), Some(&login)).await;
        assert_eq!(digest_of(&raw), image.digest, "{mirrored}");
        judge.assert_has(&mirrored, tag, image).await;
    }
}

/// Requests that can change something, as a registry's own log has them.
fn writes(registry: &RealRegistry, from: usize) -> Vec<String> {
    let mut requests = registry.requests().split_off(from);
    requests.retain(|line| !line.starts_with("GET") && !line.starts_with("HEAD"));
    requests
}

async fn a_fleet_is_mirrored_and_then_kept(count: usize, source: &RealRegistry, target: &RealRegistry) {
    let images = fleet(count, 7);
    offer(source, &images).await;
    let mapping = lines(&images, source.host(), target.host());
    let config = docker_config(&[(target.host(), NAME, PASSWORD), (source.host(), NAME, PASSWORD)]);

    let cold = mirror(&mapping, &config).run().await.exits(0);
    assert_all(&cold, count, "copied");
    assert_mirrored(target, &images).await;

    let seen = (source.requests().len(), target.requests().len());
    let again = mirror(&mapping, &config).run().await.exits(0);
    assert_all(&again, count, "kept");
    let [reads, writes_reported, tokens] = asked(&again);
    // One more at most: the first request to a registry with logins is answered with its challenge.
    assert!(reads <= 2 * count + 1 && writes_reported == 0, "{again}");
    assert!(tokens <= 2 * count.div_ceil(20), "{tokens} tokens for {count} repositories a side");
    assert_eq!(writes(target, seen.1), Vec::<String>::new());
    for (registry, before) in [(source, seen.0), (target, seen.1)] {
        let answered = registry.requests().split_off(before);
        assert!(answered.len() <= count + 1, "{answered:#?}");
    }
    println_figures(count, &cold.report(), &again.report());
}

#[expect(clippy::print_stderr, reason = "figures for the closing note of a change")]
fn println_figures(count: usize, cold: &Value, again: &Value) {
    eprintln!("{count} images, cold: {}", cold["totals"]);
    eprintln!("{count} images, again: {} in {} s", again["totals"]["requests"], again["elapsed_seconds"]);
}

#[tokio::test]
async fn twenty_images_go_to_a_registry_with_a_login_and_a_second_run_only_looks() {
    let (source, target) = (RealRegistry::open().await, RealRegistry::htpasswd(NAME, PASSWORD).await);
    a_fleet_is_mirrored_and_then_kept(20, &source, &target).await;
}

#[tokio::test]
async fn twenty_images_go_to_a_registry_behind_a_token_server_and_a_second_run_only_looks() {
    let grants = [Grant::push("mirror")];
    let tokens = TokenServer::builder().signing().account(NAME, PASSWORD, grants).start().await;
    let (source, target) = (RealRegistry::open().await, RealRegistry::tokens(&tokens).await);
    a_fleet_is_mirrored_and_then_kept(20, &source, &target).await;
}

#[tokio::test]
#[ignore = "a minute; run by `make test-large`"]
async fn a_large_fleet_of_200_images_is_mirrored_and_a_second_run_only_looks() {
    let (source, target) = (RealRegistry::open().await, RealRegistry::htpasswd(NAME, PASSWORD).await);
    a_fleet_is_mirrored_and_then_kept(200, &source, &target).await;
}
