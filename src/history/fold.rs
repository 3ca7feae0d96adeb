//! What a run adds to what earlier runs know. Pure.

use std::collections::{HashMap, HashSet};
use std::num::NonZeroU32;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use crate::model::{Locator, Outcome, Past, Row, Standing};

/// What the rows of one entry say of it; an entry that was asked for twice has several.
#[derive(Default)]
struct Seen {
    right: bool,
    failed: bool,
    unfinished: bool,
}

/// What is known after a run with these `rows` that ended at `now`; each row is told how it stands.
///
/// What no row names any more is forgotten, unless this run could not see all there is: entries below a wildcard whose
/// tags did not become known, and everything where a file could not be read.
pub(super) fn fold(past: &Past, rows: &mut [Row], now: SystemTime, quarantine_after: NonZeroU32) -> Past {
    let now = whole_seconds(now);
    let mut seen: HashMap<(String, String), Seen> = HashMap::with_capacity(rows.len());
    for row in &*rows {
        seen.entry(ends(row)).or_default().take(&row.outcome);
    }
    let mut next = Past::new(quarantine_after);
    let blind = Blind::of(rows);
    for (source, target, standing) in past.all() {
        if blind.hides(target) {
            next.note(source.to_owned(), target.to_owned(), *standing);
        }
    }
    for ((source, target), seen) in seen {
        let before = past.of(source.clone(), target.clone());
        let standing = seen.after(before, now);
        next.note(source, target, standing);
    }
    tell(&next, rows);
    next
}

/// Tells each of `rows` how it stands by `past`; of what is not known there nothing is said.
pub fn tell(past: &Past, rows: &mut [Row]) {
    for row in rows {
        let (source, target) = ends(row);
        row.standing = past.of(source, target).copied();
    }
}

fn ends(row: &Row) -> (String, String) {
    (row.source.to_string(), row.target.to_string())
}

impl Seen {
    fn take(&mut self, outcome: &Outcome) {
        match outcome {
            Outcome::Kept | Outcome::Copied(_) | Outcome::Updated(_) | Outcome::Deleted => self.right = true,
            Outcome::Failed(_) | Outcome::Refused(_) => self.failed = true,
            Outcome::Unfinished(_) => self.unfinished = true,
            Outcome::Planned(_) | Outcome::Skipped(_) => {}
        }
    }

    fn after(&self, before: Option<&Standing>, now: SystemTime) -> Standing {
        let failures = before.map_or(0, |standing| standing.failures);
        let verified = before.and_then(|standing| standing.verified);
        Standing {
            first_seen: before.map_or(now, |standing| standing.first_seen),
            // A clock that was set back makes nothing older.
            verified: if self.right { verified.max(Some(now)) } else { verified },
            failures: match self {
                Self { failed: true, .. } => failures.saturating_add(1),
                // Nobody could tell, which neither ends a streak nor makes it longer.
                Self { unfinished: true, .. } => failures,
                _ => 0,
            },
            unfinished: self.unfinished,
            quarantined: false,
        }
    }
}

/// What a run could not see.
struct Blind {
    everything: bool,
    /// Repositories and directories of which not all entries are known.
    below: HashSet<String>,
}

impl Blind {
    fn of(rows: &[Row]) -> Self {
        let lacking =
            || rows.iter().filter(|row| matches!(row.outcome, Outcome::Failed(_) | Outcome::Unfinished(_)));
        Self {
            everything: lacking().any(|row| matches!(row.source, Locator::Path(_))),
            below: lacking().map(|row| row.target.to_string()).collect(),
        }
    }

    fn hides(&self, target: &str) -> bool {
        let mut around = target.match_indices([':', '@']).map(|(at, _)| &target[..at]);
        self.everything || around.any(|place| self.below.contains(place))
    }
}

fn whole_seconds(time: SystemTime) -> SystemTime {
    let since = time.duration_since(UNIX_EPOCH).unwrap_or_default();
    UNIX_EPOCH + Duration::from_secs(since.as_secs())
}
