//! The order of copies: targets that do not exist yet first, then the rest, each in the order they came.

use std::collections::VecDeque;

use super::siblings::Group;
use crate::model::Reason;

/// Entries that wait for their transfer.
#[derive(Debug, Default)]
pub(super) struct Queue {
    absent: VecDeque<Group>,
    rest: VecDeque<Group>,
    entries: usize,
}

impl Queue {
    pub(super) fn push(&mut self, group: Group) {
        self.entries += group.len();
        let is_absent = group.iter().any(|planned| planned.reason == Reason::Absent && !planned.check_only);
        if is_absent { self.absent.push_back(group) } else { self.rest.push_back(group) }
    }

    pub(super) fn pop(&mut self) -> Option<Group> {
        let group = self.absent.pop_front().or_else(|| self.rest.pop_front())?;
        self.entries -= group.len();
        Some(group)
    }

    /// How many entries wait.
    pub(super) fn len(&self) -> usize {
        self.entries
    }
}
