//! A set of entries of which no two want different things of one target.

use std::borrow::Borrow;
use std::collections::HashMap;

use super::desired::{Desired, Endpoint};
use super::guard::Guard;

/// Entries that do not contradict one another.
#[derive(Debug, Default)]
pub struct Batch(Vec<Desired>);

/// A target that several entries want to be different things; none of them is in the batch.
#[derive(Debug)]
pub struct Conflict {
    /// The target that is wanted twice.
    pub target: Endpoint,
    /// The entries that want it, at least two, in the order they came.
    pub entries: Vec<Desired>,
}

/// What became of the entries given to [`Batch::admit`]; each is in exactly one of the three.
#[derive(Debug, Default)]
pub struct Admitted {
    /// The entries that stand.
    pub batch: Batch,
    /// The targets wanted from different sources.
    pub conflicts: Vec<Conflict>,
    /// Entries that repeat one of the batch: the repeated entry behind the one that stands.
    pub repeated: Vec<(Desired, Desired)>,
}

/// As [`Admitted`], by position; each position is in exactly one of the three.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Judged {
    /// Those that stand, in the order they came.
    pub stands: Vec<usize>,
    /// Those that want different things of one target, a target at a time, in the order they came.
    pub conflicts: Vec<Vec<usize>>,
    /// The one that stands and the one that repeats it.
    pub repeated: Vec<(usize, usize)>,
}

impl Batch {
    /// Sorts `entries` into those that stand, those that contradict one another and those that repeat.
    #[must_use]
    pub fn admit(entries: Vec<Desired>) -> Admitted {
        let judged = Self::judge(&entries);
        let mut entries: Vec<Option<Desired>> = entries.into_iter().map(Some).collect();
        let mut take = |at: usize| entries.get_mut(at).and_then(Option::take);
        let mut admitted = Admitted::default();
        for conflict in judged.conflicts {
            let entries: Vec<Desired> = conflict.into_iter().filter_map(&mut take).collect();
            let Some(target) = entries.first().map(|entry| entry.target.clone()) else { continue };
            admitted.conflicts.push(Conflict { target, entries });
        }
        let again: Vec<(usize, Option<Desired>)> =
            judged.repeated.into_iter().map(|(first, again)| (first, take(again))).collect();
        let mut standing = HashMap::new();
        for at in judged.stands {
            standing.insert(at, admitted.batch.0.len());
            admitted.batch.0.extend(take(at));
        }
        for (first, again) in again {
            let first = standing.get(&first).and_then(|at| admitted.batch.0.get(*at)).cloned();
            admitted.repeated.extend(first.zip(again));
        }
        admitted
    }

    /// As [`Batch::admit`], for one who keeps more about each entry than a `Desired`.
    #[must_use]
    pub fn judge<D: Borrow<Desired>>(entries: &[D]) -> Judged {
        let mut by_target: HashMap<&Endpoint, usize> = HashMap::new();
        let mut groups: Vec<Vec<usize>> = Vec::new();
        for (at, entry) in entries.iter().map(Borrow::borrow).enumerate() {
            let group = *by_target.entry(&entry.target).or_insert(groups.len());
            match groups.get_mut(group) {
                Some(group) => group.push(at),
                None => groups.push(vec![at]),
            }
        }
        let mut judged = Judged::default();
        let source = |at: usize| &entries[at].borrow().source;
        for group in groups {
            if group.iter().any(|at| source(*at) != source(group[0])) {
                judged.conflicts.push(group);
                continue;
            }
            judged.repeated.extend(group[1..].iter().map(|again| (group[0], *again)));
            judged.stands.push(group[0]);
        }
        judged
    }

    /// These entries under further conditions; what they want stays as it is.
    #[must_use]
    pub fn guarded(mut self, guards: impl Fn(&Desired) -> Vec<Guard>) -> Self {
        for entry in &mut self.0 {
            let further = guards(entry);
            entry.guards.extend(further);
        }
        self
    }

    /// How many entries stand.
    #[must_use]
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Whether no entry stands.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The entries, in the order they came.
    #[must_use]
    pub fn entries(&self) -> &[Desired] {
        &self.0
    }

    /// The entries, in the order they came.
    #[must_use]
    pub fn into_entries(self) -> Vec<Desired> {
        self.0
    }
}
