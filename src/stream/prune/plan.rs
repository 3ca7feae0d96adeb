//! Which directories are marked, and which were marked for long enough to go. Pure.

use std::collections::BTreeMap;
use std::time::{Duration, SystemTime};

use super::PruneSettings;
use super::judge::{Class, Judged};
use super::refused::Refused;
use crate::stream::state::Tombstone;

/// What is to be done with a directory.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Step {
    /// Nothing.
    Keep,
    /// It is an orphan since now.
    Mark,
    /// It is an orphan, but not for long enough.
    Wait {
        /// Since when.
        since: SystemTime,
    },
    /// It was an orphan, and is none any more.
    Unmark,
    /// It was an orphan for long enough.
    Delete {
        /// Since when.
        since: SystemTime,
    },
}

/// A directory, and what is to be done with it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Planned {
    /// The directory.
    pub judged: Judged,
    /// What is to be done.
    pub step: Step,
}

/// What is to be done `now` with each directory.
#[must_use]
pub fn plan(judged: Vec<Judged>, tombstones: &[Tombstone], grace: Duration, now: SystemTime) -> Vec<Planned> {
    let since: BTreeMap<&str, SystemTime> =
        tombstones.iter().map(|tombstone| (&*tombstone.directory, tombstone.since)).collect();
    let planned = |judged: Judged| {
        let step = step(&judged, since.get(judged.directory.as_str()).copied(), grace, now);
        Planned { judged, step }
    };
    judged.into_iter().map(planned).collect()
}

fn step(judged: &Judged, marked: Option<SystemTime>, grace: Duration, now: SystemTime) -> Step {
    match (judged.class == Class::Orphan, marked) {
        (false, None) => Step::Keep,
        (false, Some(_)) => Step::Unmark,
        (true, None) => Step::Mark,
        // Somebody wrote to it since: it is not the directory that was marked.
        (true, Some(since)) if judged.newest.is_none_or(|newest| newest >= since) => Step::Mark,
        (true, Some(since)) => match now.duration_since(since) {
            Ok(past) if past >= grace => Step::Delete { since },
            _ => Step::Wait { since },
        },
    }
}

/// Whether so many directories may go.
///
/// # Errors
/// When that is more than the settings allow; then none may.
pub fn limit(planned: &[Planned], settings: &PruneSettings) -> Result<(), Refused> {
    let due = planned.iter().filter(|one| matches!(one.step, Step::Delete { .. })).count();
    let directories = planned.iter().filter(|one| one.judged.class != Class::Unknown).count();
    let bound = if due > settings.max_delete {
        format!("--max-delete={}", settings.max_delete)
    } else if fraction(due, directories) > settings.max_fraction {
        format!("--max-fraction={}", settings.max_fraction)
    } else {
        return Ok(());
    };
    Err(Refused::TooMany { due, directories, bound })
}

/// How much `part` is of `whole`; nothing is none of nothing.
#[expect(
    clippy::cast_precision_loss,
    reason = "there are not as many directories as a float has whole numbers"
)]
fn fraction(part: usize, whole: usize) -> f64 {
    if part == 0 { 0.0 } else { part as f64 / whole as f64 }
}
