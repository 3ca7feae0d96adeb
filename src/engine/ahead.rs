//! The order of looks: the most urgent first, as far as earlier runs tell, else as they came. What earlier runs set
//! apart is looked at when nothing else is.

use std::collections::{BTreeMap, VecDeque};

use crate::model::{Desired, Endpoint, Urgency};

/// Entries that wait for their look.
#[derive(Debug, Default)]
pub(super) struct Ahead {
    /// By how urgent they are (none: nobody keeps track), then as they came.
    entries: BTreeMap<(Option<Urgency>, u64), Desired>,
    /// How many ever came.
    came: u64,
    /// What is set apart: it is tried once, which nobody else is to suffer from.
    apart: VecDeque<Desired>,
}

impl Ahead {
    /// Lets `entries` wait. Those of one source that stand together are as urgent as the first of them.
    pub(super) fn add(&mut self, entries: Vec<Desired>, urgency: impl Fn(&Desired) -> Option<Urgency>) {
        let mut before: Option<(Endpoint, Option<Urgency>)> = None;
        for entry in entries {
            let urgency = match before.take() {
                Some((source, urgency)) if source == entry.source => urgency,
                _ => urgency(&entry),
            };
            before = Some((entry.source.clone(), urgency));
            self.entries.insert((urgency, self.came), entry);
            self.came += 1;
        }
    }

    /// Lets `entries` wait until there are no others.
    pub(super) fn add_apart(&mut self, entries: Vec<Desired>) {
        self.apart.extend(entries);
    }

    /// The next one that is not set apart.
    pub(super) fn pop(&mut self) -> Option<Desired> {
        self.entries.pop_first().map(|(_, entry)| entry)
    }

    /// The next one that is set apart, once there are no others.
    pub(super) fn pop_apart(&mut self) -> Option<Desired> {
        if self.entries.is_empty() { self.apart.pop_front() } else { None }
    }

    pub(super) fn is_empty(&self) -> bool {
        self.entries.is_empty() && self.apart.is_empty()
    }
}
