//! What is tried again, how often, and what is not.

use std::time::Duration;

use futures_util::future::join_all;
use image_mirror::error::{Class, Classify};
use tokio::time::Instant;

use super::{client, client_with, tagged};
use crate::support::{FakeRegistry, Fault, Image, Kind, any};

async fn with_image() -> (FakeRegistry, Image) {
    let registry = FakeRegistry::start().await;
    let image = Image::oci().layer("a").build();
    registry.put_image("a/b", "v1", &image);
    (registry, image)
}

#[tokio::test]
async fn what_may_pass_is_tried_again_until_it_does() {
    let (registry, image) = with_image().await;
    registry.fault(Fault::on(Kind::HeadManifest).status(503).times(2));
    registry.fault(Fault::on(Kind::HeadManifest).reset());
    let client = client();

    let found = client.head_manifest(&tagged(&registry, "a/b", "v1")).await.unwrap().unwrap();

    assert_eq!(found.digest, image.digest);
    assert_eq!(client.wire().requests.head, 4);
    registry.assert_faults_used();
}

#[tokio::test]
async fn after_the_last_attempt_the_error_says_how_many_there_were() {
    let (registry, _) = with_image().await;
    registry.fault(Fault::on(Kind::HeadManifest).status(500).always());

    let error = client_with(|options| options.attempts = 3)
        .head_manifest(&tagged(&registry, "a/b", "v1"))
        .await
        .unwrap_err();

    assert_eq!((error.class(), error.attempts(), error.status()), (Class::Transient, 3, Some(500)));
    assert_eq!(registry.count(any()), 3);
}

#[tokio::test]
async fn refusals_are_not_tried_again() {
    let (registry, _) = with_image().await;
    for (status, class) in [(400, Class::Protocol), (401, Class::Denied), (403, Class::Denied)] {
        registry.clear_log();
        registry.fault(Fault::on(Kind::GetManifest).status(status));
        let error = client().get_manifest(&tagged(&registry, "a/b", "v1")).await.unwrap_err();
        assert_eq!((error.class(), error.attempts()), (class, 1), "{status}");
        assert_eq!(registry.count(any()), 1, "{status}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_pause_that_the_registry_asks_for_is_kept_and_uses_no_attempt() {
    let (registry, image) = with_image().await;
    registry.fault(Fault::on(Kind::HeadManifest).status(429).header("retry-after", "7").times(3));
    registry.fault(Fault::on(Kind::HeadManifest).status(503).header("retry-after", "7"));
    let start = Instant::now();

    let found = client_with(|options| options.attempts = 1)
        .head_manifest(&tagged(&registry, "a/b", "v1"))
        .await
        .unwrap()
        .unwrap();

    assert_eq!(found.digest, image.digest);
    assert!(start.elapsed() >= Duration::from_secs(28), "{:?}", start.elapsed());
    let requests = registry.requests();
    assert!(requests.windows(2).all(|two| two[1].at - two[0].at >= Duration::from_secs(7)));
}

#[tokio::test(start_paused = true)]
async fn a_pause_holds_all_requests_to_the_host() {
    let (registry, _) = with_image().await;
    let client = client();
    let image = tagged(&registry, "a/b", "v1");
    client.head_manifest(&image).await.unwrap();
    registry.fault(Fault::on(Kind::HeadManifest).status(429).header("retry-after", "7"));
    client.head_manifest(&image).await.unwrap();
    registry.fault(Fault::on(Kind::HeadManifest).status(429).header("retry-after", "7"));

    let asked = tokio::time::timeout(Duration::from_secs(1), client.head_manifest(&image)).await;
    assert!(asked.is_err(), "the pause was not kept");
    let seen = registry.count(any());
    let start = Instant::now();
    client.get_manifest(&image).await.unwrap();

    assert!(start.elapsed() >= Duration::from_secs(5));
    assert_eq!(registry.count(any()), seen + 1);
}

#[tokio::test(start_paused = true)]
async fn a_pause_longer_than_we_may_wait_fails_all_that_need_the_host_at_once() {
    let (registry, _) = with_image().await;
    registry.fault(Fault::on(Kind::HeadManifest).status(429).header("retry-after", "3600"));
    let client = client();
    let start = Instant::now();

    for _ in 0..3 {
        let error = client.head_manifest(&tagged(&registry, "a/b", "v1")).await.unwrap_err();
        assert_eq!(error.class(), Class::Throttled);
        assert!(error.advice().is_some());
    }

    assert_eq!(registry.count(any()), 1);
    assert!(start.elapsed() < Duration::from_secs(1));
}

#[tokio::test(start_paused = true)]
async fn all_who_wait_for_a_permit_learn_of_a_pause_that_is_too_long() {
    let (registry, _) = with_image().await;
    let client = client_with(|options| options.max_per_registry = Some(2));
    let image = tagged(&registry, "a/b", "v1");
    client.head_manifest(&image).await.unwrap();
    registry.fault(Fault::on(Kind::HeadManifest).status(429).header("retry-after", "3600").always());

    let all = join_all((0..50).map(|_| client.head_manifest(&image)));
    let all = tokio::time::timeout(Duration::from_mins(30), all).await.expect("some wait for ever");

    assert!(all.into_iter().all(|one| one.unwrap_err().class() == Class::Throttled));
    assert!(registry.count(any()) <= 3);
}

#[tokio::test(start_paused = true)]
async fn a_pause_that_would_end_after_the_deadline_fails_at_once() {
    let (registry, _) = with_image().await;
    registry.fault(Fault::on(Kind::HeadManifest).status(429).header("retry-after", "60"));
    let client = client_with(|options| options.deadline = Some(Instant::now() + Duration::from_secs(30)));

    let error = client.head_manifest(&tagged(&registry, "a/b", "v1")).await.unwrap_err();

    assert_eq!(error.class(), Class::Throttled);
    assert_eq!(registry.count(any()), 1);
}

#[tokio::test(start_paused = true)]
async fn a_registry_that_never_stops_throttling_is_given_up() {
    let (registry, _) = with_image().await;
    registry.fault(Fault::on(Kind::HeadManifest).status(429).always());
    let client = client_with(|options| options.max_retry_after = Duration::from_secs(20));
    let start = Instant::now();

    let error = client.head_manifest(&tagged(&registry, "a/b", "v1")).await.unwrap_err();

    assert_eq!(error.class(), Class::Throttled);
    assert!(start.elapsed() < Duration::from_mins(1), "{:?}", start.elapsed());
}

#[tokio::test(start_paused = true)]
async fn an_answer_that_never_comes_is_given_up_after_the_stall_timeout() {
    let (registry, image) = with_image().await;
    registry.fault(Fault::on(Kind::GetManifest).stall());
    registry.fault(Fault::on(Kind::GetManifest).stall_after(10));
    let start = Instant::now();

    let manifest = client().get_manifest(&tagged(&registry, "a/b", "v1")).await.unwrap();

    assert_eq!(manifest.digest, image.digest);
    assert!(start.elapsed() >= Duration::from_mins(2), "{:?}", start.elapsed());
    assert_eq!(registry.count(any()), 3);
}
