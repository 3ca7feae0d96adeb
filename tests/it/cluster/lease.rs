//! The lease: who may write, and when no longer. The clock is paused; API server and campaigns share it.

use std::sync::Arc;
use std::time::Duration;

use image_mirror::cluster::{Campaign, LeaseSettings, Standing, lease};
use image_mirror::error::{Class, Classify as _};
use serde_json::json;
use tokio::task::JoinSet;
use tokio::time::{Instant, advance, sleep, timeout};
use tokio_util::sync::CancellationToken;

use super::{connected, told};
use crate::support::{ApiRequest, FakeCluster, Outage};

const DURATION: Duration = Duration::from_secs(30);
/// Its holder writes for so long after a renewal, and stops five seconds before another may take it.
const PROMISE: Duration = Duration::from_secs(25);

/// A replica that campaigns until it is stopped, and then gives the lease up.
struct Replica {
    standing: Standing,
    stop: CancellationToken,
    running: JoinSet<()>,
}

async fn campaign(api: &FakeCluster, identity: &str) -> (Standing, Campaign) {
    let identity = identity.to_owned();
    let settings =
        LeaseSettings { namespace: "ci".into(), name: "mirror".into(), identity, duration: DURATION };
    lease(&connected(api).await, settings)
}

async fn replica(api: &FakeCluster, identity: &str) -> Replica {
    let (standing, mut campaign) = campaign(api, identity).await;
    let (stop, mut running) = (CancellationToken::new(), JoinSet::new());
    let stopped = stop.clone();
    running.spawn(async move {
        tokio::select! {
            never = campaign.run() => match never {},
            () = stopped.cancelled() => campaign.release().await.unwrap(),
        }
    });
    Replica { standing, stop, running }
}

fn holds(api: &FakeCluster, identity: &str) -> bool {
    api.holder("ci", "mirror").is_some_and(|holder| holder.starts_with(&format!("{identity}_")))
}

/// A lease that somebody else holds, as another program would write it.
fn held_by_another(api: &FakeCluster, renewed: &str) {
    let spec = json!({"holderIdentity": "other", "leaseDurationSeconds": 40, "renewTime": renewed});
    api.put_lease("ci", "mirror", &spec);
}

fn writes(api: &FakeCluster) -> Vec<ApiRequest> {
    let mut requests = api.requests();
    requests.retain(ApiRequest::is_write);
    requests
}

#[tokio::test(start_paused = true)]
async fn a_lease_that_nobody_holds_is_ours_at_once_and_renewed_every_third_of_its_duration() {
    let api = FakeCluster::start().await;
    let began = Instant::now();
    let replica = replica(&api, "pod-a").await;
    assert!(!replica.standing.may_write());

    replica.standing.held().await;
    assert!(began.elapsed() < Duration::from_secs(1));
    assert!(holds(&api, "pod-a"));
    let acquired = api.lease("ci", "mirror").unwrap();
    sleep(10 * DURATION).await;

    assert!(replica.standing.may_write());
    let writes = writes(&api);
    let apart = writes.windows(2).map(|two| (two[1].at - two[0].at).as_secs());
    assert!(apart.clone().all(|seconds| seconds == 10), "{:?}", apart.collect::<Vec<_>>());
    assert_eq!(
        writes.iter().map(|write| write.method.as_str()).filter(|method| *method == "POST").count(),
        1
    );
    let renewed = api.lease("ci", "mirror").unwrap();
    assert_eq!(renewed["spec"]["leaseDurationSeconds"], 30);
    assert_eq!(renewed["spec"]["acquireTime"], acquired["spec"]["acquireTime"]);
    assert_eq!(renewed["spec"]["leaseTransitions"], 0);
}

#[tokio::test(start_paused = true)]
async fn a_lease_that_is_renewed_is_not_taken_whatever_its_clock_says() {
    let api = FakeCluster::start().await;
    let replica = replica(&api, "pod-a").await;
    for _ in 0..20 {
        // By the clock of this machine it would have ended long ago.
        held_by_another(&api, "2001-01-01T00:00:00.000000Z");
        sleep(Duration::from_secs(39)).await;
        assert!(!replica.standing.may_write());
    }
    assert!(writes(&api).is_empty(), "who waits only looks");
}

#[tokio::test(start_paused = true)]
async fn a_lease_that_is_not_renewed_is_taken_after_its_duration_by_our_clock() {
    let api = FakeCluster::start().await;
    // By the clock of this machine it would not end for years.
    held_by_another(&api, "2100-01-01T00:00:00.000000Z");
    let began = Instant::now();
    let replica = replica(&api, "pod-a").await;

    replica.standing.held().await;

    let waited = began.elapsed().as_secs();
    assert!((40..=42).contains(&waited), "its duration, and until the next look: {waited}");
    assert!(holds(&api, "pod-a"));
    assert_eq!(api.lease("ci", "mirror").unwrap()["spec"]["leaseTransitions"], 0, "there were none before");
}

#[tokio::test(start_paused = true)]
async fn of_two_replicas_one_writes_and_the_other_follows_when_it_is_gone() {
    let api = FakeCluster::start().await;
    // Both go by one name: they are told apart all the same.
    let mut first = replica(&api, "pod").await;
    first.standing.held().await;
    let second = replica(&api, "pod").await;
    for _ in 0..600 {
        sleep(Duration::from_secs(1)).await;
        assert!(first.standing.may_write() && !second.standing.may_write());
    }

    first.running.shutdown().await; // killed
    let killed = Instant::now();
    let mut both = 0;
    while !second.standing.may_write() {
        sleep(Duration::from_millis(100)).await;
        both += usize::from(first.standing.may_write() && second.standing.may_write());
    }

    assert_eq!(both, 0);
    let waited = killed.elapsed();
    assert!((Duration::from_secs(20)..Duration::from_secs(33)).contains(&waited), "{waited:?}");
    first.standing.lost().await;
}

#[tokio::test(start_paused = true)]
async fn two_replicas_that_want_it_at_the_same_moment_do_not_both_get_it() {
    for round in 0..20 {
        let api = FakeCluster::start().await;
        if round % 2 == 0 {
            api.put_lease("ci", "mirror", &json!({"leaseDurationSeconds": 30, "leaseTransitions": 3}));
        }
        let (one, other) = tokio::join!(replica(&api, "one"), replica(&api, "other"));
        tokio::select! {
            () = one.standing.held() => {}
            () = other.standing.held() => {}
        }
        for _ in 0..100 {
            sleep(Duration::from_secs(1)).await;
            assert_ne!(one.standing.may_write(), other.standing.may_write());
        }
    }
}

#[tokio::test(start_paused = true)]
async fn a_replica_that_cannot_renew_stops_writing_before_another_may_take_over() {
    for outage in [Outage::Unavailable, Outage::Silent] {
        let api = FakeCluster::start().await;
        let replica = replica(&api, "pod-a").await;
        replica.standing.held().await;
        sleep(Duration::from_secs(55)).await;
        let renewed = writes(&api).last().unwrap().at;

        api.lease_outage(Some(outage));
        replica.standing.lost().await;

        let until = renewed + PROMISE;
        assert!(Instant::now() >= until && Instant::now() < until + Duration::from_millis(10), "{outage:?}");
        assert!(!replica.standing.may_write());
        sleep(Duration::from_secs(500)).await;
        assert!(!replica.standing.may_write());

        api.lease_outage(None);
        let back = Instant::now();
        replica.standing.held().await;
        assert!(back.elapsed() <= Duration::from_secs(12), "{outage:?}: {:?}", back.elapsed());
        assert!(replica.standing.may_write() && holds(&api, "pod-a"));
    }
}

#[tokio::test(start_paused = true)]
async fn a_short_outage_is_outlived() {
    let api = FakeCluster::start().await;
    let replica = replica(&api, "pod-a").await;
    replica.standing.held().await;
    sleep(Duration::from_secs(9)).await;

    api.lease_outage(Some(Outage::Unavailable));
    let lost = timeout(Duration::from_secs(14), replica.standing.lost()).await;
    api.lease_outage(None);

    assert!(lost.is_err(), "14 of 25 seconds are gone");
    assert!(timeout(Duration::from_mins(1), replica.standing.lost()).await.is_err());
}

#[tokio::test(start_paused = true)]
async fn a_promise_ends_by_the_clock_even_if_nobody_looks_after_it() {
    let api = FakeCluster::start().await;
    let (standing, mut campaign) = campaign(&api, "pod-a").await;
    tokio::select! {
        never = campaign.run() => match never {},
        () = standing.held() => {}
    }
    assert!(standing.may_write());

    // Nobody renews, as in a process that is stopped and goes on later.
    advance(PROMISE).await;

    assert!(!standing.may_write());
    assert!(timeout(Duration::from_secs(1), standing.lost()).await.is_ok());
}

#[tokio::test(start_paused = true)]
async fn a_lease_that_is_given_up_is_the_others_at_its_next_look() {
    let api = FakeCluster::start().await;
    let mut first = replica(&api, "pod-a").await;
    first.standing.held().await;
    let second = replica(&api, "pod-b").await;
    sleep(Duration::from_secs(100)).await;

    first.stop.cancel();
    first.running.join_next().await.unwrap().unwrap();
    assert!(!first.standing.may_write());
    assert_eq!(api.holder("ci", "mirror"), None);
    let released = Instant::now();
    second.standing.held().await;

    assert!(released.elapsed() <= Duration::from_secs(2), "{:?}", released.elapsed());
    assert!(holds(&api, "pod-b"));
    assert_eq!(api.lease("ci", "mirror").unwrap()["spec"]["leaseTransitions"], 1);
}

#[tokio::test(start_paused = true)]
async fn who_does_not_hold_the_lease_does_not_give_it_up() {
    let api = FakeCluster::start().await;
    held_by_another(&api, "2026-01-01T00:00:00.000000Z");
    let mut replica = replica(&api, "pod-a").await;
    sleep(Duration::from_secs(5)).await;

    replica.stop.cancel();
    replica.running.join_next().await.unwrap().unwrap();

    assert_eq!(api.holder("ci", "mirror").as_deref(), Some("other"));
    assert!(writes(&api).is_empty());
}

#[tokio::test(start_paused = true)]
async fn a_lease_that_somebody_deletes_is_not_taken_while_its_holder_may_still_write() {
    let api = FakeCluster::start().await;
    let first = replica(&api, "pod-a").await;
    first.standing.held().await;
    let second = replica(&api, "pod-b").await;
    sleep(Duration::from_secs(35)).await;

    api.remove_lease("ci", "mirror");

    for _ in 0..600 {
        sleep(Duration::from_millis(100)).await;
        assert!(!(first.standing.may_write() && second.standing.may_write()));
    }
    assert_ne!(first.standing.may_write(), second.standing.may_write(), "one has it again");
}

#[tokio::test(start_paused = true)]
async fn a_lease_that_somebody_gives_to_another_is_lost_at_the_next_look() {
    let api = FakeCluster::start().await;
    let replica = replica(&api, "pod-a").await;
    replica.standing.held().await;

    held_by_another(&api, "2026-01-01T00:00:00.000000Z");

    assert!(timeout(Duration::from_secs(11), replica.standing.lost()).await.is_ok());
    assert_eq!(api.holder("ci", "mirror").as_deref(), Some("other"));
}

#[tokio::test(start_paused = true)]
async fn a_lease_that_we_may_not_give_up_says_which_rights_it_takes() {
    let api = FakeCluster::start().await;
    let (standing, mut campaign) = campaign(&api, "pod-a").await;
    tokio::select! {
        never = campaign.run() => match never {},
        () = standing.held() => {}
    }
    api.deny(Some("ci"));

    let error = campaign.release().await.unwrap_err();

    assert_eq!(error.class(), Class::Denied);
    let told = told(&error);
    assert!(
        told.starts_with("holding the lease `ci/mirror`: the API server answers 403 Forbidden"),
        "{told}"
    );
    let rights = "get, create and update `leases.coordination.k8s.io` in the namespace `ci`";
    assert!(told.ends_with(&format!("let this account {rights}")), "{told}");
    assert!(!standing.may_write(), "it is over all the same");
}

/// What is logged on this thread from now on, as far as it begins so.
fn log() -> (impl Fn() -> Vec<String>, (tracing::Dispatch, tracing::subscriber::DefaultGuard)) {
    // With one subscriber only, what another thread logs first would be taken for something that nobody wants.
    let second = tracing::Dispatch::new(tracing_subscriber::registry());
    let page = tempfile::NamedTempFile::new().unwrap();
    let writer = Arc::new(page.reopen().unwrap());
    let log = tracing_subscriber::fmt().without_time().with_target(false).with_ansi(false);
    let guard = tracing::subscriber::set_default(log.with_writer(writer).finish());
    let lines = move || {
        let text = std::fs::read_to_string(page.path()).unwrap();
        let lines = text.lines().filter(|line| line.contains("the lease ci/mirror"));
        lines.map(|line| line.trim_start().to_owned()).collect()
    };
    (lines, (second, guard))
}

#[tokio::test(start_paused = true)]
async fn a_replica_says_once_for_whom_it_waits_and_when_the_lease_becomes_its_own_and_is_lost() {
    let (lines, _guard) = log();
    let api = FakeCluster::start().await;
    held_by_another(&api, "2026-01-01T00:00:00.000000Z");
    let replica = replica(&api, "pod-a").await;
    let mut told = vec!["INFO the lease ci/mirror is held by other: waiting for it"];
    sleep(Duration::from_secs(35)).await;
    assert_eq!(lines(), told);

    api.put_lease("ci", "mirror", &json!({"holderIdentity": "third", "leaseDurationSeconds": 40}));
    told.push("INFO the lease ci/mirror is held by third: waiting for it");
    sleep(Duration::from_secs(35)).await;
    assert_eq!(lines(), told);

    replica.standing.held().await;
    told.push("INFO the lease ci/mirror is ours");
    sleep(Duration::from_secs(100)).await;
    assert_eq!(lines(), told, "a renewal is no news");

    api.lease_outage(Some(Outage::Silent));
    replica.standing.lost().await;
    sleep(Duration::from_millis(1)).await;
    told.push("WARN the lease ci/mirror is lost: nothing is written any more");
    assert_eq!(lines(), told, "at the moment it is");

    api.lease_outage(None);
    replica.standing.held().await;
    sleep(Duration::from_secs(1)).await;
    held_by_another(&api, "2026-01-01T00:00:00.000000Z");
    sleep(Duration::from_secs(20)).await;
    told.extend([told[2], told[3], told[0]]);
    assert_eq!(lines(), told);
}

#[tokio::test(start_paused = true)]
async fn whose_the_lease_is_is_known_for_as_long_as_it_is_answered() {
    let api = FakeCluster::start().await;
    held_by_another(&api, "2026-01-01T00:00:00.000000Z");
    for outage in [Outage::Unavailable, Outage::Silent] {
        let replica = replica(&api, "pod-a").await;
        assert!(!replica.standing.is_known(), "nobody was asked yet");
        sleep(Duration::from_secs(3)).await;
        assert!(replica.standing.is_known() && !replica.standing.may_write());

        api.lease_outage(Some(outage));
        sleep(Duration::from_secs(27)).await;
        assert!(replica.standing.is_known(), "{outage:?}: it was answered not long ago");
        sleep(Duration::from_secs(3)).await;
        assert!(!replica.standing.is_known(), "{outage:?}");

        api.lease_outage(None);
        sleep(Duration::from_secs(13)).await;
        assert!(replica.standing.is_known(), "{outage:?}");
    }

    api.put_lease("ci", "mirror", &json!({"leaseDurationSeconds": 30}));
    let replica = replica(&api, "pod-a").await;
    replica.standing.held().await;
    for _ in 0..100 {
        sleep(Duration::from_secs(1)).await;
        assert!(replica.standing.is_known() && replica.standing.may_write());
    }
}

#[tokio::test(start_paused = true)]
async fn who_may_not_read_or_write_the_lease_never_knows_whose_it_is() {
    for reads in [true, false] {
        let api = FakeCluster::start().await;
        if reads {
            api.lease_outage(Some(Outage::ReadOnly));
        } else {
            api.deny(Some("ci"));
        }
        let replica = replica(&api, "pod-a").await;
        for _ in 0..100 {
            sleep(Duration::from_secs(1)).await;
            assert!(!replica.standing.is_known() && !replica.standing.may_write(), "reads: {reads}");
        }
        assert!(api.lease("ci", "mirror").is_none());
    }
}
