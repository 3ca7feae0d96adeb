//! How fast requests follow each other: registries with a limit in virtual time, and one on the wire.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use futures_util::future::join_all;
use image_mirror::model::{Host, ImageRef, Repository, Tag, Version};
use tokio::io::copy_bidirectional;
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinSet;

use super::{client, client_with, tagged};
use crate::support::capacity::{Case, Rule, Seen, cases, simulate};
use crate::support::{FakeRegistry, Fault, Image, Kind, any};

fn with_image(registry: FakeRegistry) -> FakeRegistry {
    registry.put_image("a/b", "v1", &Image::oci().layer("a").build());
    registry
}

/// What must hold of every registry with a limit: found once, held, and used.
fn check(name: &str, case: Case, seen: &Seen) {
    let says = format!("{name}, Retry-After {}: {seen:?}", case.retry_after);
    assert!(seen.used >= 0.9, "too little of the capacity is used: {says}");
    assert!(seen.times_ideal <= 1.2, "it takes too long: {says}");
    let by_the_minute = matches!(case.rule, Rule::Window { seconds } if seconds > 1.0);
    assert!(by_the_minute || seen.found <= 3.0, "the limit is not found: {says}");
    // The first wave goes out at once; no other does.
    assert!(seen.refused_first <= 2 * 256, "more than one wave is refused: {says}");
    match case.rule {
        // The end of the minute is only known to who is told.
        Rule::Window { .. } if by_the_minute => {
            let most = if case.retry_after { 0.02 } else { 0.1 };
            assert!(seen.refused_share <= most, "the limit is not held: {says}");
        }
        Rule::Window { .. } => {
            assert!(seen.refused_share <= 0.01 && seen.above <= 0.02, "the limit is not held: {says}");
        }
        // What the registry saves up while we pause may be used up afterwards.
        Rule::Bucket { burst } => {
            let small = burst < case.rate;
            assert!(seen.refused_share <= 0.01, "the limit is not held: {says}");
            assert!(seen.most <= if small { 1.11 } else { 1.5 }, "a burst: {says}");
            assert!(!small || seen.above <= 0.02, "the limit is not held: {says}");
        }
        Rule::Open => {}
    }
}

#[tokio::test(start_paused = true)]
async fn the_limit_of_a_registry_is_found_and_held_and_its_capacity_used() {
    for (name, case) in cases() {
        let seen = simulate(case).await;
        check(&name, case, &seen);
    }
}

#[tokio::test(start_paused = true)]
async fn a_registry_without_a_limit_gets_everything_at_once_after_its_first_answer() {
    let open = Case { rate: f64::INFINITY, rule: Rule::Open, retry_after: false, requests: 2_000 };
    let seen = simulate(open).await;
    assert_eq!((seen.at_a_time, seen.full_after), (256, Duration::ZERO), "{seen:?}");
    assert!(seen.seconds < 0.3, "{seen:?}");
}

/// Passes on what comes, and counts the connections.
struct Relay {
    host: Host,
    connections: Arc<AtomicUsize>,
    _passing: JoinSet<()>,
}

impl Relay {
    async fn to(address: String) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let host = Host::new(&listener.local_addr().unwrap().to_string());
        let connections = Arc::new(AtomicUsize::new(0));
        let count = Arc::clone(&connections);
        let mut passing = JoinSet::new();
        passing.spawn(async move {
            let mut pairs = JoinSet::new();
            while let Ok((mut near, _)) = listener.accept().await {
                count.fetch_add(1, Ordering::Relaxed);
                let mut far = TcpStream::connect(&address).await.unwrap();
                pairs.spawn(async move { drop(copy_bidirectional(&mut near, &mut far).await) });
            }
        });
        Self { host, connections, _passing: passing }
    }
}

#[tokio::test]
async fn over_http2_all_who_wait_follow_the_first_answer_on_few_connections() {
    let registry = with_image(FakeRegistry::builder().tls().start().await);
    let relay = Relay::to(registry.host().to_owned()).await;
    let dir = tempfile::tempdir().unwrap();
    let ca = dir.path().join("ca.pem");
    std::fs::write(&ca, registry.authority()).unwrap();
    let client =
        client_with(|options| (options.tls, options.ca_files) = (vec![relay.host.clone()], vec![ca]));
    let repository = Repository { host: relay.host.clone(), name: "a/b".into() };
    let image = ImageRef::new(repository, Version::Tag(Tag::parse("v1").unwrap()));
    let gate = registry.hold(Kind::HeadManifest);

    let heads = join_all((0..257).map(|_| client.head_manifest(&image)));
    let all_but_the_first_at_once = async {
        gate.arrived(1).await;
        gate.let_through(1);
        // More than go over one connection; a further one is in use once its first request is answered.
        gate.arrived(150).await;
        gate.release();
    };
    let (heads, ()) = tokio::join!(heads, all_but_the_first_at_once);

    assert!(heads.iter().all(|head| head.as_ref().is_ok_and(Option::is_some)), "{heads:?}");
    assert_eq!(registry.count(any()), 257);
    let connections = relay.connections.load(Ordering::Relaxed);
    assert!(connections <= 4, "{connections} connections");
}

#[tokio::test(start_paused = true)]
async fn after_a_refusal_requests_come_one_by_one_and_not_all_at_the_end_of_the_pause() {
    let registry = with_image(FakeRegistry::start().await);
    let client = client();
    let image = tagged(&registry, "a/b", "v1");
    client.head_manifest(&image).await.unwrap();
    registry.fault(Fault::on(Kind::HeadManifest).status(429).header("retry-after", "1").times(60));

    let heads = join_all((0..60).map(|_| client.head_manifest(&image))).await;

    assert!(heads.iter().all(|head| head.as_ref().is_ok_and(Option::is_some)), "{heads:?}");
    let requests = registry.requests();
    let after = &requests[61..];
    assert_eq!(after.len(), 60);
    let within =
        |from: usize, span| after[from..].iter().take_while(|r| r.at - after[from].at < span).count();
    let most = (0..after.len()).map(|from| within(from, Duration::from_millis(100))).max().unwrap();
    assert!(most <= 10, "{most} within a tenth of a second");
}
