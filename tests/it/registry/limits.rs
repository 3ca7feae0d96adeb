//! How many requests at a time, and hosts that never answer.

use std::time::Duration;

use futures_util::future::join_all;
use futures_util::stream::FuturesUnordered;
use futures_util::{FutureExt as _, StreamExt as _};
use image_mirror::error::{Class, Classify};
use image_mirror::model::Host;
use image_mirror::registry::counted;

use super::{begin, client, client_with, copy, descriptor, repository, tagged};
use crate::support::image::random_bytes;
use crate::support::{Blob, FakeRegistry, Fault, Image, Kind, any};

async fn with_image() -> FakeRegistry {
    let registry = FakeRegistry::start().await;
    registry.put_image("a/b", "v1", &Image::oci().layer("a").build());
    registry
}

#[tokio::test(start_paused = true)]
async fn a_permit_is_held_until_the_end_of_the_body() {
    let registry = with_image().await;
    let blob = Blob::new(random_bytes(8 << 20, 1));
    registry.put_blob("a/b", &blob);
    let client = client_with(|options| options.max_per_registry = Some(1));
    let image = tagged(&registry, "a/b", "v1");

    let stream = begin(&*client.blob(&repository(&registry, "a/b"), &descriptor(&blob))).await;
    let early = tokio::time::timeout(Duration::from_secs(5), client.head_manifest(&image)).await;
    assert!(early.is_err(), "a second request went out beside the body");
    assert_eq!(registry.count(Kind::HeadManifest), 0);

    drop(stream);
    assert!(client.head_manifest(&image).await.unwrap().is_some());
}

#[tokio::test(start_paused = true)]
async fn copies_running_both_ways_at_a_limit_of_one_do_not_wait_for_each_other() {
    let (a, b) = (FakeRegistry::start().await, FakeRegistry::start().await);
    let blobs: Vec<_> = (0..10).map(|seed| Blob::new(random_bytes(50_000, seed))).collect();
    let client = client_with(|options| options.max_per_registry = Some(1));
    let (there, here) = (repository(&a, "x/y"), repository(&b, "x/y"));
    for (n, blob) in blobs.iter().enumerate() {
        let holder = if n % 2 == 0 { &a } else { &b };
        holder.put_blob("x/y", blob);
    }

    let copies = blobs.iter().enumerate().map(|(n, blob)| {
        let (from, to) = if n % 2 == 0 { (&there, &here) } else { (&here, &there) };
        copy(&client, from, to, blob)
    });
    let done = tokio::time::timeout(Duration::from_mins(10), join_all(copies)).await.expect("a deadlock");

    assert!(done.iter().all(Result::is_ok), "{done:?}");
    assert!(blobs.iter().all(|blob| a.has_blob("x/y", &blob.digest) && b.has_blob("x/y", &blob.digest)));
}

#[tokio::test(start_paused = true)]
async fn a_copy_within_one_host_needs_one_permit() {
    let registry = FakeRegistry::start().await;
    let blob = Blob::new(random_bytes(50_000, 1));
    registry.put_blob("a/b", &blob);
    let client = client_with(|options| options.max_per_registry = Some(1));

    let (from, to) = (repository(&registry, "a/b"), repository(&registry, "c/d"));

    let copied = copy(&client, &from, &to, &blob);
    tokio::time::timeout(Duration::from_mins(10), copied).await.expect("a deadlock").unwrap();

    assert!(registry.has_blob("c/d", &blob.digest));
}

#[tokio::test]
async fn the_first_request_to_a_host_goes_alone_and_the_others_follow_its_answer() {
    let registry = with_image().await;
    let client = client();
    let image = tagged(&registry, "a/b", "v1");
    let gate = registry.hold(any());

    let heads = join_all((0..20).map(|_| client.head_manifest(&image)));
    tokio::pin!(heads);
    tokio::select! {
        _ = &mut heads => panic!("answered through a closed gate"),
        () = gate.arrived(1) => {}
    }
    for _ in 0..50 {
        assert!((&mut heads).now_or_never().is_none());
        tokio::task::yield_now().await;
    }
    assert_eq!(registry.count(any()), 1);

    drop(gate);
    assert!(heads.await.iter().all(Result::is_ok));
    assert_eq!(registry.count(any()), 20);
}

#[tokio::test]
async fn a_host_that_refuses_connections_is_given_up_once_for_all_who_want_it() {
    let host = {
        let taken = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        taken.local_addr().unwrap().to_string()
    };
    let client = client();
    let dead = image_mirror::model::Reference::parse(&format!("{host}/a/b:v1")).unwrap();
    let image = image_mirror::model::ImageRef::new(
        dead.repository,
        image_mirror::model::Version::Tag(dead.tag.unwrap()),
    );

    let (errors, _) = counted(join_all((0..1000).map(|_| client.head_manifest(&image)))).await;
    let sent = client.wire().requests.head;
    assert_eq!(sent, 5, "as many attempts as one request has");
    for error in errors.into_iter().map(Result::unwrap_err) {
        assert_eq!(error.unreached(), Some(host.as_str()));
        assert_eq!(error.class(), Class::Transient);
    }

    let later = client.get_manifest(&image).await.unwrap_err();
    assert_eq!((later.unreached(), later.attempts()), (Some(host.as_str()), 1));
    assert!(later.advice().unwrap().contains(&host));
    assert!(client.permit(&Host::new(&host)).await.is_err());
    assert_eq!(client.wire().requests.get, 0);
}

#[tokio::test]
async fn a_host_that_answered_once_is_never_given_up() {
    let registry = with_image().await;
    let client = client();
    let image = tagged(&registry, "a/b", "v1");
    client.head_manifest(&image).await.unwrap();

    registry.fault(Fault::on(Kind::HeadManifest).reset().times(5));
    let error = client.head_manifest(&image).await.unwrap_err();
    assert_eq!((error.unreached(), error.attempts()), (None, 5));

    assert!(client.head_manifest(&image).await.unwrap().is_some());
}

#[tokio::test]
async fn a_host_that_answers_after_some_silence_is_reached() {
    let registry = with_image().await;
    registry.fault(Fault::on(Kind::HeadManifest).reset().times(4));
    let client = client();
    let image = tagged(&registry, "a/b", "v1");

    let heads = join_all((0..20).map(|_| client.head_manifest(&image))).await;

    assert!(heads.iter().all(|head| head.as_ref().is_ok_and(Option::is_some)), "{heads:?}");
    assert_eq!(registry.count(any()), 24);
}

#[tokio::test]
async fn requests_are_counted_for_the_work_that_made_them() {
    let registry = with_image().await;
    let client = client();
    let image = tagged(&registry, "a/b", "v1");

    let ((_, inner), outer) = counted(async {
        client.head_manifest(&image).await.unwrap();
        counted(client.get_manifest(&image)).await
    })
    .await;
    client.head_manifest(&image).await.unwrap();

    assert_eq!((inner, outer), (1, 2));
    assert_eq!(client.wire().requests.head, 2);
}

#[tokio::test(start_paused = true)]
async fn the_limit_is_halved_when_a_registry_throttles() {
    let registry = with_image().await;
    let client = client_with(|options| options.max_per_registry = Some(8));
    let image = tagged(&registry, "a/b", "v1");
    client.head_manifest(&image).await.unwrap();
    registry.fault(Fault::on(Kind::HeadManifest).status(429).header("retry-after", "1").times(8));
    join_all((0..8).map(|_| client.head_manifest(&image))).await;

    let held = registry.hold(Kind::GetManifest);
    let gets = join_all((0..8).map(|_| client.get_manifest(&image)));
    let seen = tokio::time::timeout(Duration::from_secs(5), gets).await;

    assert!(seen.is_err());
    let beside = registry.count(Kind::GetManifest);
    assert!((4..8).contains(&beside), "{beside} at a time; 8 were too many, and one cut leaves at least 4");
    drop(held);
}

#[tokio::test]
async fn what_is_left_of_a_registrys_budget_bounds_the_requests_under_way() {
    let registry = with_image().await;
    registry.fault(Fault::on(Kind::HeadManifest).header("ratelimit-remaining", "2;w=21600"));
    let client = client();
    let image = tagged(&registry, "a/b", "v1");
    client.head_manifest(&image).await.unwrap();

    let held = registry.hold(Kind::GetManifest);
    let mut gets = (0..8).map(|_| client.get_manifest(&image)).collect::<FuturesUnordered<_>>();
    tokio::select! {
        _ = gets.next() => panic!("answered through a closed gate"),
        () = held.arrived(2) => {}
    }
    for _ in 0..50 {
        assert!(gets.next().now_or_never().is_none());
        tokio::task::yield_now().await;
    }
    assert_eq!(registry.count(Kind::GetManifest), 2);
    drop(held);
    assert_eq!(gets.count().await, 8);
}
