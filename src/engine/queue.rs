//! The order of copies: the most urgent first, as far as earlier runs tell; of those alike targets that do not exist yet
//! first, then the rest, each in the order they came.

use std::collections::BTreeMap;

use super::siblings::Group;
use crate::model::{Reason, Urgency};

/// Entries that wait for their transfer.
#[derive(Debug, Default)]
pub(super) struct Queue {
    waiting: BTreeMap<Turn, Group>,
    /// How many groups ever came.
    came: u64,
    entries: usize,
}

/// When a group's turn is, the first least.
#[derive(Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Turn {
    /// None: nobody keeps track.
    urgency: Option<Urgency>,
    exists: bool,
    number: u64,
}

impl Queue {
    /// Lets `group` wait, which is as urgent as its most urgent entry.
    pub(super) fn push(&mut self, group: Group, urgency: Option<Urgency>) {
        self.entries += group.len();
        let is_absent = group.iter().any(|planned| planned.reason == Reason::Absent && !planned.check_only);
        self.waiting.insert(Turn { urgency, exists: !is_absent, number: self.came }, group);
        self.came += 1;
    }

    pub(super) fn pop(&mut self) -> Option<Group> {
        let (_, group) = self.waiting.pop_first()?;
        self.entries -= group.len();
        Some(group)
    }

    /// How many entries wait.
    pub(super) fn len(&self) -> usize {
        self.entries
    }
}
