//! The wait for the public registry, with a clock of its own.

use std::sync::Mutex;
use std::time::Duration;

use image_mirror::engine::Stop;
use image_mirror::model::Digest;
use image_mirror::publish::public::{Still, Told, Wait, await_floating, await_unique};
use image_mirror::publish::site::Patience;
use image_mirror::publish::{Fault, Refused, Site};
use tokio::time::Instant;

use super::site::{example, held, other_digest, site, tag};
use crate::support::catalog::{CatalogWorld, Lag};
use crate::support::{Fault as Spoilt, Image, Kind, on, writes};

const UNIQUE: &str = "7.6.1-2";
const FLOATING: &str = "7.6.1";
const INTERVAL: Duration = Duration::from_secs(10);

/// Keeps what it is told.
#[derive(Default)]
pub(super) struct Ear(pub(super) Mutex<Vec<Still>>);

impl Told for Ear {
    fn still_waiting(&self, still: &Still) {
        self.0.lock().unwrap().push(still.clone());
    }
}

/// All that a wait needs.
pub(super) struct Waiter {
    pub(super) site: Site,
    pub(super) ear: Ear,
    pub(super) stop: Stop,
    pub(super) patience: Patience,
}

impl Waiter {
    pub(super) fn of(world: &CatalogWorld) -> Self {
        let (ear, stop) = (Ear::default(), Stop::default());
        Self { site: site(world), ear, stop, patience: Patience::default() }
    }

    pub(super) fn within(mut self, limit: Duration) -> Self {
        self.patience = Patience { publish: limit, tag: limit, ..self.patience };
        self
    }

    pub(super) fn wait(&self) -> Wait<'_> {
        Wait { site: &self.site, patience: self.patience, told: &self.ear, stop: &self.stop }
    }

    pub(super) async fn unique(&self, image: &Image) -> Result<(), Fault> {
        await_unique(&self.wait(), &held(image), &tag(UNIQUE), None).await
    }

    async fn floating(&self, digest: &Digest) -> Result<(), Fault> {
        await_floating(&self.wait(), digest, &tag(FLOATING)).await
    }
}

/// `image` is uploaded and certified.
pub(super) async fn certified(image: &Image) -> CatalogWorld {
    let world = CatalogWorld::start().await;
    world.uploaded(UNIQUE, image);
    world.certify(&image.digest);
    world
}

/// How many looks at a tag there were.
pub(super) fn looks(world: &CatalogWorld, tag: &str) -> usize {
    world.public.count(on(Kind::GetManifest).reference(tag))
}

/// So many intervals, each a tenth longer or shorter, with time for the looks themselves.
#[track_caller]
fn assert_intervals(since: Instant, intervals: u32) {
    let (passed, all) = (since.elapsed(), INTERVAL * intervals);
    assert!(passed >= all.mul_f64(0.9), "{passed:?} for {intervals} intervals");
    assert!(passed <= all.mul_f64(1.1) + Duration::from_secs(9), "{passed:?} for {intervals} intervals");
}

// 19.54
#[tokio::test(start_paused = true)]
async fn an_image_that_is_absent_for_five_looks_is_found_by_the_sixth() {
    let image = example(1);
    let world = certified(&image).await;
    world.lag(Lag::Looks(5));
    let (waiter, start) = (Waiter::of(&world), Instant::now());

    waiter.unique(&image).await.unwrap();

    assert_intervals(start, 5);
    assert_eq!(looks(&world, UNIQUE), 6);
    for child in &image.children {
        assert_eq!(looks(&world, child.digest.as_str()), 1);
        assert_eq!(world.public.count(on(Kind::HeadBlob).reference(child.config().digest.as_str())), 1);
    }
    assert_eq!(world.public.count(writes()) + world.upload.count(writes()), 0);
    let kept = |request: &crate::support::Request| request.header("cache-control") != Some("no-cache");
    assert!(!world.public.requests().iter().any(kept), "an answer that somebody kept would do");
}

#[tokio::test(start_paused = true)]
async fn an_image_that_is_there_is_found_by_the_first_look_without_a_wait() {
    let image = Image::example(7);
    let world = certified(&image).await;
    let (waiter, start) = (Waiter::of(&world), Instant::now());
    waiter.unique(&image).await.unwrap();
    assert!(start.elapsed() < INTERVAL / 2, "{:?}", start.elapsed());
    assert_eq!(looks(&world, UNIQUE), 1, "an image of one platform has no children to look for");
    assert!(waiter.ear.0.lock().unwrap().is_empty());
}

// 19.55
#[tokio::test(start_paused = true)]
async fn a_floating_tag_that_is_the_old_image_for_a_while_is_waited_for() {
    let (old, new) = (example(1), example(2));
    let world = CatalogWorld::start().await;
    world.published(FLOATING, &old);
    world.stale(FLOATING, 5);
    world.published(FLOATING, &new);
    let start = Instant::now();

    Waiter::of(&world).floating(&new.digest).await.unwrap();

    assert_intervals(start, 5);
    assert_eq!(looks(&world, FLOATING), 6);
    assert_eq!(world.upload.count(writes()), 0);
}

// 19.56
#[tokio::test(start_paused = true)]
async fn another_image_under_the_unique_tag_ends_the_wait_at_once() {
    let (image, foreign) = (example(1), example(2));
    let world = certified(&image).await;
    world.show_instead(UNIQUE, &foreign, usize::MAX);
    let start = Instant::now();

    let fault = Waiter::of(&world).unique(&image).await.unwrap_err();

    let Fault::Refused(Refused::ServesAnother { expected, found, .. }) = fault else { panic!("{fault:?}") };
    assert_eq!((expected, found), (image.digest, foreign.digest));
    assert!(start.elapsed() < INTERVAL / 2, "{:?}", start.elapsed());
    assert_eq!(looks(&world, UNIQUE), 1);
}

#[tokio::test(start_paused = true)]
async fn one_of_our_own_children_under_the_unique_tag_is_waited_out() {
    let image = example(1);
    let world = certified(&image).await;
    world.show_instead(UNIQUE, &image.children[1], 2);
    let waiter = Waiter::of(&world);

    waiter.unique(&image).await.unwrap();

    assert_eq!(looks(&world, UNIQUE), 3);
    assert_eq!(&*waiter.ear.0.lock().unwrap()[0].seen, "is the image for linux/arm64 alone");
}

// 19.57
#[tokio::test(start_paused = true)]
async fn an_index_whose_child_or_config_is_not_there_yet_is_waited_for() {
    let image = example(1);
    let arm = &image.children[1];
    let blob = on(Kind::HeadBlob).reference(arm.config().digest.as_str());
    for (which, part) in [(on(Kind::GetManifest).reference(arm.digest.as_str()), "image"), (blob, "config")] {
        let world = certified(&image).await;
        world.public.fault(Spoilt::on(which).status(404).times(3));
        let (waiter, start) = (Waiter::of(&world), Instant::now());

        waiter.unique(&image).await.unwrap();

        assert_intervals(start, 3);
        assert_eq!(looks(&world, UNIQUE), 4, "{part}");
        let seen = format!("is there, but not the {part} for linux/arm64");
        assert_eq!(&*waiter.ear.0.lock().unwrap()[0].seen, seen.as_str());
        world.public.assert_faults_used();
    }
}

// 19.58
#[tokio::test(start_paused = true)]
async fn a_registry_that_asks_for_patience_gets_it_and_one_that_fails_is_asked_more_and_more_slowly() {
    let image = example(1);
    let world = certified(&image).await;
    world.public.fault(Spoilt::on(Kind::GetManifest).status(429).header("retry-after", "40"));
    world.public.fault(Spoilt::on(Kind::GetManifest).status(503).times(15));
    let (waiter, start) = (Waiter::of(&world), Instant::now());

    waiter.unique(&image).await.unwrap();

    // Five attempts are a look, and three looks told nothing.
    let expected = Duration::from_secs(40) + (INTERVAL * (1 + 2 + 4)).mul_f64(0.9);
    assert!(start.elapsed() >= expected, "{:?}", start.elapsed());
    let requests = world.public.requests_on(on(Kind::GetManifest).reference(UNIQUE));
    assert!(requests[1].at - requests[0].at >= Duration::from_secs(40), "the pause was not kept");
    let heard = waiter.ear.0.lock().unwrap();
    assert!(heard[0].seen.contains("503") && heard[0].untold == 1, "{heard:?}");
    assert_eq!(requests.len(), 1 + 15 + 1);
    world.public.assert_faults_used();
}

#[tokio::test(start_paused = true)]
async fn a_registry_that_cannot_be_reached_at_first_is_not_given_up() {
    let image = example(1);
    let world = certified(&image).await;
    world.public.fault(Spoilt::on(Kind::GetManifest).reset().times(12));
    Waiter::of(&world).unique(&image).await.unwrap();
    world.public.assert_faults_used();
}

// 19.62
#[tokio::test(start_paused = true)]
async fn bytes_that_are_not_what_their_header_says_are_no_success_and_no_other_image() {
    let image = example(1);
    let world = certified(&image).await;
    for (at, digest) in [other_digest(), image.digest.clone()].iter().enumerate() {
        // First a lie about the right bytes, then the truth about wrong ones.
        let lie = Spoilt::on(on(Kind::GetManifest).reference(UNIQUE)).times(4);
        let lie = lie.header("docker-content-digest", digest.as_str());
        world.public.fault(if at == 0 { lie } else { lie.corrupt() });
    }
    let waiter = Waiter::of(&world);

    waiter.unique(&image).await.unwrap();

    assert_eq!(looks(&world, UNIQUE), 9, "twice for each of four looks, and once more");
    assert!(waiter.ear.0.lock().unwrap()[0].seen.contains("digest"));
    world.public.assert_faults_used();
}
