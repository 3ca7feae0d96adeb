//! A set of entries of which no two want different things of one target.

use std::collections::HashMap;

use super::desired::{Desired, Endpoint};

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

impl Batch {
    /// Sorts `entries` into those that stand, those that contradict one another and those that repeat.
    #[must_use]
    pub fn admit(entries: Vec<Desired>) -> Admitted {
        let mut order: Vec<Endpoint> = Vec::new();
        let mut by_target: HashMap<Endpoint, Vec<Desired>> = HashMap::new();
        for entry in entries {
            let same = by_target.entry(entry.target.clone()).or_default();
            if same.is_empty() {
                order.push(entry.target.clone());
            }
            same.push(entry);
        }
        let mut admitted = Admitted::default();
        for target in order {
            let Some(entries) = by_target.remove(&target) else { continue };
            admitted.take(target, entries);
        }
        admitted
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

impl Admitted {
    fn take(&mut self, target: Endpoint, entries: Vec<Desired>) {
        if entries.iter().any(|entry| entry.source != entries[0].source) {
            self.conflicts.push(Conflict { target, entries });
            return;
        }
        let mut entries = entries.into_iter();
        let Some(first) = entries.next() else { return };
        self.repeated.extend(entries.map(|again| (first.clone(), again)));
        self.batch.0.push(first);
    }
}
