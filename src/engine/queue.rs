//! The order of copies: targets that do not exist yet first, then the rest, each in the order they came.

use std::collections::VecDeque;

use super::Planned;
use crate::model::Reason;

/// Entries that wait for their transfer.
#[derive(Debug, Default)]
pub(super) struct Queue {
    absent: VecDeque<Box<Planned>>,
    rest: VecDeque<Box<Planned>>,
}

impl Queue {
    pub(super) fn push(&mut self, planned: Box<Planned>) {
        match planned.reason {
            Reason::Absent if !planned.check_only => self.absent.push_back(planned),
            _ => self.rest.push_back(planned),
        }
    }

    pub(super) fn pop(&mut self) -> Option<Box<Planned>> {
        self.absent.pop_front().or_else(|| self.rest.pop_front())
    }

    pub(super) fn len(&self) -> usize {
        self.absent.len() + self.rest.len()
    }
}
