//! A publication that is killed at each request, and begun again: nothing of it shows but that it took longer.

use futures_util::StreamExt as _;
use image_mirror::publish::protocol::Order;

use super::inside::Inside;
use crate::support::{Kind, Stop, on};

/// How a run is killed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kill {
    /// Right before a request is carried out.
    Before,
    /// A request that writes is carried out, and its answer not read any more.
    After,
}

/// What is found of the journal by the next run.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Journal {
    Whole,
    /// The kill came while its last line was written.
    Torn,
    Gone,
}

/// How it is published each time.
#[derive(Debug, Clone, Copy)]
struct Way {
    number: Option<&'static str>,
    is_unique: bool,
    journal: Journal,
}

impl Way {
    fn order(self, inside: &Inside) -> Order {
        let number = self.number.map(Inside::number);
        Order { number, make_unique: self.is_unique, ..inside.order() }
    }
}

/// Kills a run after so many requests, and runs it again; false: it was done before.
async fn killed_at(way: Way, kill: Kill, requests: usize) -> bool {
    let inside = Inside::new().await;
    let customer = inside.world.customer("7.6.1");
    let order = way.order(&inside);
    let stop = match kill {
        Kill::Before => Stop::after(requests),
        Kill::After => Stop::losing_the_answer_after(requests),
    };
    let first = inside.publish_until(&order, &stop).await;
    assert!(first.as_ref().is_none_or(|first| first.fault.is_none()), "{first:?}");
    match way.journal {
        Journal::Whole => {}
        Journal::Torn => inside.tear_journal("7.6.1-2", requests * 7),
        Journal::Gone => inside.lose_journals(),
    }
    let again = inside.publish(&order).await;
    let at = format!("{way:?} {kill:?} {requests}: {:?}", again.fault);
    assert!(again.fault.is_none(), "{at}");
    inside.assert_invariants();
    inside.assert_published();
    customer.assert_could_always_pull();
    first.is_none()
}

/// Kills it at each of its requests but the first ones, of which there are more than `least`.
async fn killed_anywhere(way: Way, kill: Kill, first: usize, least: usize) {
    let all = futures_util::stream::iter(first..).map(|requests| Box::pin(killed_at(way, kill, requests)));
    let killed = all.buffered(8).take_while(|was_killed| std::future::ready(*was_killed)).count().await;
    assert!(killed > least, "it has more requests than {killed}");
}

/// So many requests only look, before anything is noted or written: what comes of them is the same whatever is left.
const LOOKS: usize = 16;

const FOUND: Way = Way { number: None, is_unique: false, journal: Journal::Whole };
const TORN: Way = Way { number: Some("2"), is_unique: false, journal: Journal::Torn };
const WITHOUT: Way = Way { number: None, is_unique: true, journal: Journal::Gone };
const TOLD: Way = Way { number: Some("2"), is_unique: true, journal: Journal::Gone };

// 19.90
#[tokio::test]
async fn a_run_that_is_killed_before_any_request_is_gone_on_with_under_the_same_number() {
    killed_anywhere(FOUND, Kill::Before, 0, 40).await;
}

// 19.90, 19.33, 19.51
#[tokio::test]
async fn a_run_that_is_killed_before_it_hears_that_something_was_written_is_gone_on_with() {
    killed_anywhere(FOUND, Kill::After, 0, 10).await;
}

// 19.90
#[tokio::test]
async fn a_run_that_is_killed_while_it_notes_something_is_gone_on_with_from_the_line_before() {
    killed_anywhere(TORN, Kill::Before, LOOKS, 25).await;
}

// 19.53b
#[tokio::test]
async fn an_image_that_is_made_unique_is_gone_on_with_without_a_journal() {
    killed_anywhere(WITHOUT, Kill::Before, LOOKS, 25).await;
    killed_anywhere(TOLD, Kill::After, 0, 10).await;
}

// 19.5
#[tokio::test]
async fn a_publication_that_is_done_stays_so_whatever_is_left_of_its_journal() {
    for is_unique in [false, true] {
        let inside = Inside::new().await;
        let order = Order { make_unique: is_unique, ..inside.order() };
        assert!(inside.publish(&order).await.fault.is_none());
        inside.assert_published();
        let (changes, runs) = (inside.world.changes(), inside.submitted());
        let journal = std::fs::read_to_string(inside.journal("7.6.1-2")).unwrap();
        let lines: Vec<&str> = journal.split_inclusive('\n').collect();
        for whole in 0..=lines.len() {
            let torn = lines.get(whole).map_or("", |line| &line[..line.len() / 2]);
            std::fs::write(inside.journal("7.6.1-2"), lines[..whole].concat() + torn).unwrap();
            let again = inside.publish(&order).await;
            assert!(again.fault.is_none(), "{whole} lines: {:?}", again.fault);
        }
        assert_eq!((inside.world.changes(), inside.submitted()), (changes, runs));
        inside.assert_invariants();
        let written = on(Kind::PutManifest).reference("7.6.1-2");
        assert_eq!(inside.world.upload.count(written), 1);
    }
}
