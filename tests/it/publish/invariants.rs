//! Whatever goes wrong, however often and whoever comes in between: the invariants hold in all that was written.

use futures_util::FutureExt as _;
use image_mirror::publish::protocol::{Latest, Order, Published};
use image_mirror::publish::{Fault, Refused};
use proptest::collection::vec;
use proptest::prelude::*;

use super::inside::{FLOATING, Inside};
use super::site::example;
use crate::support::{Customer, Fault as Wrong, Kind, Lag, PyxisFault, Stop};

/// So many runs bring it to an end, once nobody kills them any more.
const ENOUGH: usize = 8;

/// What comes between two runs.
#[derive(Debug, Clone)]
enum Between {
    /// Somebody publishes 7.6.1-3, and moves the tags to it or not.
    Newer(bool),
    /// Somebody moves a tag that customers use to the image of before.
    Back(usize),
    /// The journal is torn within its last line.
    Torn(usize),
    /// The journals are lost.
    Lost,
    Nothing,
}

/// A run that is killed, and what comes after it.
#[derive(Debug, Clone)]
struct Killed {
    requests: usize,
    loses_answer: bool,
    between: Between,
}

/// Something that goes wrong at a registry.
#[derive(Debug, Clone)]
struct Spoilt {
    /// The upload registry, the public one, the sources.
    place: usize,
    kind: Kind,
    after: usize,
    how: How,
}

#[derive(Debug, Clone, Copy)]
enum How {
    Unavailable,
    TooMany,
    LostAnswer,
    Garbage,
}

/// A world and what is asked of it.
#[derive(Debug, Clone)]
#[expect(clippy::struct_excessive_bools, reason = "each is a choice of its own")]
struct Case {
    number: Option<&'static str>,
    is_unique: bool,
    is_latest: bool,
    prechecks: bool,
    has_catalog: bool,
    lag: usize,
    stale: usize,
    /// The first certification fails: the image does not pass, or the catalog does not take its results.
    fails: Option<bool>,
    spoilt: Vec<Spoilt>,
    killed: Vec<Killed>,
}

fn between() -> impl Strategy<Value = Between> {
    prop_oneof![
        5 => Just(Between::Nothing),
        2 => (0..400_usize).prop_map(Between::Torn),
        2 => Just(Between::Lost),
        1 => any::<bool>().prop_map(Between::Newer),
        1 => (0..FLOATING.len()).prop_map(Between::Back),
    ]
}

const KINDS: [Kind; 6] =
    [Kind::HeadManifest, Kind::GetManifest, Kind::PutManifest, Kind::PutBlob, Kind::PostUpload, Kind::Tags];
const HOW: [How; 4] = [How::Unavailable, How::TooMany, How::LostAnswer, How::Garbage];

fn spoilt() -> impl Strategy<Value = Spoilt> {
    let all = (0..3_usize, prop::sample::select(&KINDS), 0..12_usize, prop::sample::select(&HOW));
    all.prop_map(|(place, kind, after, how)| Spoilt { place, kind, after, how })
}

fn killed() -> impl Strategy<Value = Killed> {
    let all = (0..56_usize, any::<bool>(), between());
    all.prop_map(|(requests, loses_answer, between)| {
        let requests = if loses_answer { requests % 14 } else { requests };
        Killed { requests, loses_answer, between }
    })
}

fn case() -> impl Strategy<Value = Case> {
    let asked = (prop::option::of(Just("2")), any::<bool>(), any::<bool>(), any::<bool>());
    let world = (any::<bool>(), 0..3_usize, 0..3_usize, prop::option::weighted(0.3, any::<bool>()));
    (asked, world, vec(spoilt(), 0..4), vec(killed(), 0..4)).prop_map(
        |((number, is_unique, is_latest, prechecks), (has_catalog, lag, stale, fails), spoilt, killed)| {
            Case { number, is_unique, is_latest, prechecks, has_catalog, lag, stale, fails, spoilt, killed }
        },
    )
}

impl Case {
    async fn inside(&self) -> Inside {
        let mut inside = Inside::new().await;
        inside.has_catalog = self.has_catalog;
        inside.world.lag(Lag::Looks(self.lag));
        for tag in FLOATING {
            inside.world.stale(tag, self.stale);
        }
        match self.fails {
            Some(true) => inside.lets_pass(false),
            Some(false) => inside.world.pyxis.fault(PyxisFault::on("submit", 502)),
            None => {}
        }
        let places = [&inside.world.upload, &inside.world.public, &inside.sources];
        for Spoilt { place, kind, after, how } in &self.spoilt {
            let wrong = Wrong::on(*kind).after(*after);
            places[*place].fault(match how {
                How::Unavailable => wrong.status(503),
                How::TooMany => wrong.status(429),
                How::LostAnswer => wrong.carried_out().reset(),
                How::Garbage => wrong.body("<html>").header("content-type", "text/html"),
            });
        }
        inside
    }

    fn order(&self, inside: &Inside) -> Order {
        Order {
            number: self.number.map(Inside::number),
            make_unique: self.is_unique,
            latest: if self.is_latest { Latest::Unless } else { Latest::No },
            precheck: self.prechecks,
            ..inside.order()
        }
    }
}

/// A publication under way, with those who come in between.
struct Course {
    inside: Inside,
    order: Order,
    /// So many changes there were when somebody published a newer image.
    newer: Option<usize>,
    moved: bool,
    has_lost: bool,
}

impl Course {
    fn between(&mut self, between: &Between) {
        let world = &self.inside.world;
        match between {
            Between::Nothing => {}
            Between::Torn(at) => self.inside.tear_journal("7.6.1-2", *at),
            Between::Lost => {
                self.inside.lose_journals();
                self.has_lost = true;
            }
            Between::Newer(moves) => {
                let newer = example(3);
                world.published("7.6.1-3", &newer);
                for tag in FLOATING.iter().filter(|_| *moves) {
                    world.published(tag, &newer);
                }
                self.newer.get_or_insert(world.changes().len());
            }
            Between::Back(tag) => {
                world.published(FLOATING[*tag], &self.inside.old);
                self.moved = true;
            }
        }
    }

    /// Runs until it is done or a guard says no.
    async fn end(&mut self) -> Published {
        let mut runs = Vec::new();
        for _ in 0..ENOUGH {
            let published = self.inside.publish(&self.order).await;
            self.inside.assert_invariants();
            match published.fault.as_deref() {
                None | Some(Fault::Refused(_)) => return published,
                Some(Fault::NotPassed { .. }) => {
                    self.inside.lets_pass(true);
                    self.order.retry_preflight = true;
                }
                Some(Fault::Untold(_)) => {}
                Some(other) => panic!("{other:?}"),
            }
            runs.push(published.fault);
        }
        panic!("it does not come to an end: {runs:#?}");
    }
}

async fn holds(case: &Case) {
    let inside = case.inside().await;
    let customers = FLOATING.map(|tag| inside.world.customer(tag));
    let order = case.order(&inside);
    let mut course = Course { inside, order, newer: None, moved: false, has_lost: false };
    for Killed { requests, loses_answer, between } in &case.killed {
        let stop =
            if *loses_answer { Stop::losing_the_answer_after(*requests) } else { Stop::after(*requests) };
        course.inside.publish_until(&course.order, &stop).await;
        course.inside.assert_invariants();
        course.between(between);
    }
    let ended = course.end().await;
    customers.iter().for_each(Customer::assert_could_always_pull);
    course.assert_one_number();
    course.assert_ended(case, ended.fault.as_deref());
}

impl Course {
    /// No number is used but the second, or one behind that of somebody else, below which no tag goes back.
    fn assert_one_number(&self) {
        let Self { inside, newer, .. } = self;
        let Some(before) = newer else {
            assert!(inside.own().iter().all(|tag| tag == "7.6.1-2"), "one number: {:?}", inside.own());
            return;
        };
        let mut late = inside.world.changes().split_off(*before);
        late.retain(|change| !inside.own().contains(&change.tag));
        let fourth = inside.world.tag("7.6.1-4");
        assert!(late.iter().all(|change| change.after == fourth), "back from a newer one: {late:?}");
    }

    /// It is done, or somebody was in the way.
    fn assert_ended(&self, case: &Case, fault: Option<&Fault>) {
        let is_alone = self.newer.is_none() && !self.moved;
        let is_lost = self.has_lost && !case.is_unique;
        match fault {
            // Nobody knows any more what was under way: that customers have the content as 7.6.1 is all that is asked.
            None if is_alone && is_lost => {
                assert_eq!(self.inside.world.served("7.6.1"), self.inside.second());
            }
            None if is_alone => {
                let second = self.inside.second();
                assert!(second.is_some());
                for tag in FLOATING.iter().copied().chain(case.is_latest.then_some("latest")) {
                    assert_eq!(self.inside.world.served(tag), second, "{tag}");
                }
            }
            None => {}
            Some(Fault::Refused(refused)) => {
                assert!(!is_alone || is_lost, "nobody was in the way: {refused}");
                let is_clash = matches!(refused, Refused::Overwritten { .. } | Refused::ServesAnother { .. });
                assert!(!is_clash, "{refused}");
            }
            Some(other) => panic!("{other:?}"),
        }
    }
}

fn play(cases: u32) {
    let config = ProptestConfig { cases, ..ProptestConfig::default() };
    proptest!(config, |(case in case())| {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(holds(&case).boxed_local());
    });
}

// 19.90, 19.91
#[test]
fn what_customers_were_promised_holds_whatever_is_killed_spoilt_or_done_by_others() {
    play(24);
}

#[test]
#[ignore = "many cases: cargo test -- --ignored large_"]
fn large_what_customers_were_promised_holds_in_many_worlds() {
    play(1000);
}
