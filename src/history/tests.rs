//! Properties of what runs add to one another.

use std::num::NonZeroU32;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use proptest::prelude::*;

use super::fold::fold;
use super::record::{pack, unpack};
use crate::error::{Class, Classify, Failure, Stage};
use crate::model::{Cause, Locator, Origin, Outcome, Past, Reason, Refusal, Row, Skip};

#[derive(Debug, thiserror::Error)]
#[error("broken")]
struct Broken;

impl Classify for Broken {
    fn class(&self) -> Class {
        Class::Missing
    }
}

const AFTER: NonZeroU32 = NonZeroU32::new(3).unwrap();

#[derive(Debug, Clone, Copy, PartialEq)]
enum Ended {
    Right,
    Failed,
    Unfinished,
    Skipped,
}

fn outcome(ended: Ended, variant: bool) -> Outcome {
    match (ended, variant) {
        (Ended::Right, false) => Outcome::Kept,
        (Ended::Right, true) => Outcome::Copied(Reason::Absent),
        (Ended::Failed, false) => Outcome::Failed(Failure::new(Stage::Resolve, Broken)),
        (Ended::Failed, true) => Outcome::Refused(Refusal::Exists),
        (Ended::Unfinished, false) => Outcome::Unfinished(Cause::Deadline),
        (Ended::Unfinished, true) => Outcome::Unfinished(Cause::Interrupted),
        (Ended::Skipped, _) => Outcome::Skipped(Skip::SourceMissing),
    }
}

fn row(name: u32, outcome: Outcome) -> Row {
    let ends = (Locator::Text("q.io/s:v".into()), Locator::Text(format!("q.io/t/{name}:v1").into()));
    Row::of_nothing(Origin::Line { file: "mapping_x".into(), line: name }, None, ends, outcome)
}

fn at(second: u64) -> SystemTime {
    UNIX_EPOCH + Duration::from_secs(1_800_000_000 + second)
}

fn ended() -> impl Strategy<Value = (Ended, bool)> {
    let all = [Ended::Right, Ended::Failed, Ended::Unfinished, Ended::Skipped];
    (prop::sample::select(all.to_vec()), any::<bool>())
}

/// The streak at the end, as a person counts it.
fn trailing(history: &[Ended]) -> u32 {
    let mut streak = 0;
    for ended in history.iter().rev() {
        match ended {
            Ended::Failed => streak += 1,
            Ended::Unfinished => {}
            Ended::Right | Ended::Skipped => break,
        }
    }
    streak
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn a_standing_is_what_its_runs_were(
        runs in prop::collection::vec((ended(), 0_u64..1000), 1..12), twice in any::<bool>(),
    ) {
        let (mut past, mut history, mut verified) = (Past::new(AFTER), Vec::new(), None);
        let first = at(runs[0].1);
        for ((how, variant), second) in runs {
            history.push(how);
            let mut rows = vec![row(1, outcome(how, variant)), row(2, Outcome::Kept)];
            if twice {
                rows.push(row(1, outcome(how, !variant)));
            }
            past = fold(&past, &mut rows, at(second) + Duration::from_millis(400), AFTER);
            // What is kept is what is known.
            past = unpack(&pack(&past, at(second)).unwrap(), AFTER).unwrap();
            prop_assert_eq!(past.all().count(), 2, "one standing a pair");
            let standing = rows[0].standing.expect("a row was told");
            prop_assert_eq!(Some(&standing), past.of("q.io/s:v".into(), "q.io/t/1:v1".into()));
            prop_assert_eq!(standing.first_seen, first);
            prop_assert_eq!(standing.failures, trailing(&history));
            prop_assert_eq!(standing.quarantined, trailing(&history) >= 3);
            prop_assert_eq!(standing.unfinished, how == Ended::Unfinished);
            prop_assert!(standing.verified >= verified, "what was verified is not undone");
            prop_assert_eq!(standing.verified.is_some(), history.contains(&Ended::Right));
            verified = standing.verified;
        }
    }

    #[test]
    fn what_is_known_packs_into_the_same_bytes(names in prop::collection::vec(0_u32..50, 0..30)) {
        let kept = |names: &[u32]| {
            let mut rows: Vec<Row> = names.iter().map(|name| row(*name, Outcome::Kept)).collect();
            pack(&fold(&Past::new(AFTER), &mut rows, at(0), AFTER), at(0)).unwrap()
        };
        let backwards: Vec<u32> = names.iter().rev().copied().collect();
        prop_assert_eq!(kept(&names), kept(&backwards));
    }

    #[test]
    fn whatever_bytes_are_there_they_are_read_without_harm(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
        prop_assert!(unpack(&bytes, AFTER).is_err());
    }
}

fn known(past: &Past) -> Vec<String> {
    let mut targets: Vec<String> = past.all().map(|(_, target, _)| target.to_owned()).collect();
    targets.sort();
    targets
}

#[test]
fn what_could_not_be_seen_is_not_forgotten() {
    let mut rows = vec![row(1, Outcome::Kept), row(2, Outcome::Kept)];
    let past = fold(&Past::new(AFTER), &mut rows, at(0), AFTER);
    let after = |row: Row| known(&fold(&past, &mut [row], at(1), AFTER));
    let listing = |outcome| {
        let ends = (Locator::Text("q.io/s:*".into()), Locator::Text("q.io/t/1".into()));
        Row::of_nothing(Origin::Line { file: "mapping_x".into(), line: 9 }, None, ends, outcome)
    };
    let stopped = after(listing(Outcome::Unfinished(Cause::Interrupted)));
    assert_eq!(stopped, ["q.io/t/1", "q.io/t/1:v1"], "below the wildcard it is kept, elsewhere it is not");
    assert_eq!(after(listing(Outcome::Skipped(Skip::MatchedNothing))), ["q.io/t/1"]);
    let mut unread = listing(Outcome::Failed(Failure::new(Stage::Read, Broken)));
    (unread.source, unread.target) = (Locator::Path("mapping_y".into()), Locator::Text("".into()));
    assert_eq!(after(unread), ["", "q.io/t/1:v1", "q.io/t/2:v1"]);
}
