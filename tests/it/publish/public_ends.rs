//! How a wait for the public registry ends without what was waited for, and where its requests go.

use std::time::Duration;

use image_mirror::error::{Chain, Class, Classify as _};
use image_mirror::model::Cause;
use image_mirror::publish::Fault;
use image_mirror::publish::public::{await_unique, control};
use tokio::time::Instant;

use super::public::{Waiter, certified, looks};
use super::site::{client, example, held, site, site_with, tag};
use crate::support::catalog::{CatalogWorld, Lag, PUBLIC};
use crate::support::{FakeRegistry, Fault as Spoilt, Grant, Image, Kind, TokenServer, on, writes};

const UNIQUE: &str = "7.6.1-2";

#[track_caller]
fn timed_out(ended: Result<(), Fault>) -> (Duration, String) {
    match ended {
        Err(Fault::TimedOut { after, awaited, advice: Some(_) }) => (after, awaited.to_string()),
        other => panic!("{other:?}"),
    }
}

// 19.59
#[tokio::test(start_paused = true)]
async fn an_image_that_may_not_be_read_is_waited_for_until_the_time_is_over_and_the_refusal_is_told() {
    let image = example(1);
    let world = certified(&image).await;
    world.published("7.6.1-1", &example(3));
    world.public.fault(Spoilt::on(on(Kind::GetManifest).reference(UNIQUE)).status(403).always());
    let waiter = Waiter::of(&world).within(Duration::from_mins(2));

    control(&waiter.site, &tag("7.6.1-1")).await.unwrap();
    let (after, awaited) = timed_out(waiter.unique(&image).await);

    assert_eq!(after, Duration::from_mins(2));
    assert!(awaited.contains(UNIQUE) && awaited.contains("status 403"), "{awaited}");
    assert!(looks(&world, UNIQUE) >= 10, "a refusal does not slow the looks down");
    assert_eq!(world.upload.count(writes()), 0);
}

// 19.60
#[tokio::test]
async fn a_public_tag_that_cannot_be_read_is_told_before_any_wait() {
    let world = CatalogWorld::start().await;
    world.published("7.6.1-1", &example(3));
    let site = site(&world);
    control(&site, &tag("7.6.1-1")).await.unwrap();
    for (status, class) in [(401, Class::Denied), (403, Class::Denied), (503, Class::Transient)] {
        world.public.clear_faults();
        world.public.fault(Spoilt::on(Kind::GetManifest).status(status).always());
        let fault = control(&site, &tag("7.6.1-1")).await.unwrap_err();
        let Fault::Untold(failure) = &fault else { panic!("{fault:?}") };
        assert_eq!(failure.class, class);
        let said = Chain(&fault).to_string();
        assert!(
            said.contains("cannot read the public registry") && said.contains(&status.to_string()),
            "{said}"
        );
        assert!(fault.advice().is_some());
    }
    world.public.clear_faults();
    let fault = control(&site, &tag("7.6.1-9")).await.unwrap_err();
    assert!(Chain(&fault).to_string().contains("not to be had there"), "{fault:?}");
}

// 19.61
#[tokio::test(start_paused = true)]
async fn a_wait_ends_when_its_time_is_over() {
    let image = example(1);
    let world = certified(&image).await;
    world.lag(Lag::Never);
    let waiter = Waiter::of(&world).within(Duration::from_secs(30));
    let start = Instant::now();

    let (after, awaited) = timed_out(waiter.unique(&image).await);

    let passed = start.elapsed();
    assert!(passed >= Duration::from_secs(30) && passed <= Duration::from_secs(40), "{passed:?}");
    assert_eq!(
        (after, awaited),
        (Duration::from_secs(30), format!("{} to be public, which is absent", world.public_at(UNIQUE)))
    );
    assert!((3..=4).contains(&looks(&world, UNIQUE)));
}

#[tokio::test(start_paused = true)]
async fn a_wait_ends_when_its_time_is_over_also_in_the_middle_of_a_look() {
    let image = example(1);
    let world = certified(&image).await;
    world.public.fault(Spoilt::on(Kind::GetManifest).stall().always());
    let waiter = Waiter::of(&world).within(Duration::from_secs(30));
    let start = Instant::now();

    let (_, awaited) = timed_out(waiter.unique(&image).await);

    assert!(start.elapsed() <= Duration::from_secs(32), "{:?}", start.elapsed());
    assert!(awaited.contains("no look came to an end"), "{awaited}");
}

#[tokio::test(start_paused = true)]
async fn a_signal_ends_a_wait_at_once_between_looks_and_in_the_middle_of_one() {
    let image = example(1);
    for stalls in [false, true] {
        let world = certified(&image).await;
        world.lag(Lag::Never);
        if stalls {
            world.public.fault(Spoilt::on(Kind::GetManifest).stall().always());
        }
        let waiter = Waiter::of(&world);
        let start = Instant::now();
        let signal = async {
            tokio::time::sleep(Duration::from_secs(25)).await;
            if stalls { &waiter.stop.now } else { &waiter.stop.gently }.cancel();
        };
        let (ended, ()) = tokio::join!(waiter.unique(&image), signal);
        let fault = ended.unwrap_err();
        assert!(matches!(fault, Fault::Stopped(Cause::Interrupted)), "{fault:?}");
        assert!(start.elapsed() <= Duration::from_secs(27), "{:?}", start.elapsed());
    }
}

#[tokio::test(start_paused = true)]
async fn whoever_listens_is_told_when_a_wait_begins_and_then_once_a_minute() {
    let image = example(1);
    let world = certified(&image).await;
    world.lag(Lag::Time(Duration::from_mins(10)));
    let waiter = Waiter::of(&world);

    waiter.unique(&image).await.unwrap();

    let heard = waiter.ear.0.lock().unwrap();
    assert!((9..=11).contains(&heard.len()), "{heard:?}");
    assert!(heard[0].since < Duration::from_secs(5) && &*heard[0].seen == "is absent", "{heard:?}");
    assert!(heard.windows(2).all(|two| two[1].since >= two[0].since + Duration::from_mins(1)));
}

#[tokio::test(start_paused = true)]
async fn whoever_knows_that_a_wait_is_in_vain_is_asked_after_each_look_and_ends_it() {
    let image = example(1);
    let world = certified(&image).await;
    world.lag(Lag::Never);
    let waiter = Waiter::of(&world);
    let asked = std::sync::atomic::AtomicU32::new(0);
    let early = || -> futures_util::future::BoxFuture<'_, Result<(), Fault>> {
        let times = asked.fetch_add(1, std::sync::atomic::Ordering::SeqCst);
        let ended = if times < 3 { Ok(()) } else { Err(Fault::unsuitable("in vain", "nothing")) };
        Box::pin(std::future::ready(ended))
    };
    let fault = await_unique(&waiter.wait(), &held(&image), &tag(UNIQUE), Some(&early)).await.unwrap_err();
    assert_eq!(fault.to_string(), "in vain");
    assert_eq!(looks(&world, UNIQUE), 4);
}

// 19.74
#[tokio::test(start_paused = true)]
async fn a_login_does_not_follow_where_the_public_registry_leads() {
    let grants = [Grant::pull("")];
    let tokens = TokenServer::builder().account("reader", "readers-password", grants).start().await;
    let public = FakeRegistry::builder().bearer(&tokens).redirect_blobs();
    let world = CatalogWorld::of(FakeRegistry::builder(), public).await;
    let image: Image = example(1);
    world.published(UNIQUE, &image);
    let visitor = client(true, Some((world.public.host(), "reader", "readers-password")));
    let waiter = Waiter { site: site_with(&world, visitor), ..Waiter::of(&world) };
    control(&waiter.site, &tag(UNIQUE)).await.unwrap();
    world.public.clear_log();
    world.public.fault(Spoilt::on(Kind::GetManifest).redirect().times(3));

    waiter.unique(&image).await.unwrap();

    let elsewhere = world.public.requests_on(Kind::Elsewhere);
    assert_eq!(elsewhere.len(), 3);
    assert!(elsewhere.iter().all(|request| !request.is_authorized()), "{elsewhere:?}");
    let own = world.public.requests_on(on([Kind::HeadBlob, Kind::GetManifest]).repository(PUBLIC));
    assert!(own.len() == 5 && own.iter().all(crate::support::Request::is_authorized));
}
