//! What earlier runs know of the entries of this one: since when each was right, and how often in a row it was not.

use std::collections::HashMap;
use std::num::NonZeroU32;
use std::time::{Duration, SystemTime};

use super::desired::Desired;

/// How an entry stands over several runs: one source and one target, wherever they were asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Standing {
    /// When a run first had it.
    pub first_seen: SystemTime,
    /// When its target was last known to equal its source; none: never since it was first seen.
    pub verified: Option<SystemTime>,
    /// How many runs in a row it failed in, up to the last one.
    pub failures: u32,
    /// Whether the last run did not get to its end.
    pub unfinished: bool,
    /// Whether it failed in so many runs in a row that it is set apart.
    pub quarantined: bool,
}

impl Standing {
    /// How long its target may have been other than its source, as far as anybody knows, at `now`. One that was never
    /// right counts from when it was first seen.
    #[must_use]
    pub fn age(&self, now: SystemTime) -> Duration {
        now.duration_since(self.verified.unwrap_or(self.first_seen)).unwrap_or_default()
    }
}

/// Which entries come first, the most urgent least: what the last run left, then what was never right, then what was not
/// looked at for longest; last what is quarantined.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Urgency(Rank, Option<SystemTime>);

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Rank {
    Unfinished,
    NeverRight,
    Right,
    Quarantined,
}

/// What is known of each entry that an earlier run had.
#[derive(Debug, Clone)]
pub struct Past {
    standings: HashMap<(String, String), Standing>,
    quarantine_after: NonZeroU32,
}

impl Past {
    /// Nothing known yet; an entry is set apart once it failed in `quarantine_after` runs in a row.
    #[must_use]
    pub fn new(quarantine_after: NonZeroU32) -> Self {
        Self { standings: HashMap::new(), quarantine_after }
    }

    /// Takes note of how the entry from `source` to `target` stands.
    pub fn note(&mut self, source: String, target: String, standing: Standing) {
        let quarantined = standing.failures >= self.quarantine_after.get();
        self.standings.insert((source, target), Standing { quarantined, ..standing });
    }

    /// How the entry from `source` to `target` stands, if an earlier run had it.
    #[must_use]
    pub fn of(&self, source: String, target: String) -> Option<&Standing> {
        self.standings.get(&(source, target))
    }

    /// Whether `entry` is set apart: it is tried, but not again and again.
    #[must_use]
    pub fn is_quarantined(&self, entry: &Desired) -> bool {
        self.of_entry(entry).is_some_and(|standing| standing.quarantined)
    }

    /// How urgent `entry` is.
    #[must_use]
    pub fn urgency(&self, entry: &Desired) -> Urgency {
        match self.of_entry(entry) {
            Some(standing) if standing.quarantined => Urgency(Rank::Quarantined, standing.verified),
            Some(standing) if standing.unfinished => Urgency(Rank::Unfinished, standing.verified),
            Some(Standing { verified: Some(verified), .. }) => Urgency(Rank::Right, Some(*verified)),
            Some(_) | None => Urgency(Rank::NeverRight, None),
        }
    }

    /// All that is known, in no order: source, target, and how they stand.
    pub fn all(&self) -> impl Iterator<Item = (&str, &str, &Standing)> {
        self.standings.iter().map(|((source, target), standing)| (&**source, &**target, standing))
    }

    fn of_entry(&self, entry: &Desired) -> Option<&Standing> {
        self.of(entry.source.to_string(), entry.target.to_string())
    }
}
