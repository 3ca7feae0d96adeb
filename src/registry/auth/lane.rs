//! Needs that are due now, waiting to be put into one token. It does not fetch.

use std::sync::{Mutex, MutexGuard, PoisonError};

use super::error::Error;
use super::scope::ScopeSet;

/// One token is asked for at a time; who comes meanwhile is part of the next.
#[derive(Debug, Default)]
pub(super) struct Lane {
    pub(super) turn: tokio::sync::Mutex<()>,
    waiting: Mutex<Waiting>,
}

#[derive(Debug, Default)]
struct Waiting {
    last: u64,
    places: Vec<Place>,
}

#[derive(Debug)]
struct Place {
    id: u64,
    needed: ScopeSet,
    verdict: Option<Verdict>,
}

/// What became of a token that was to serve a waiting need too.
#[derive(Debug, Clone)]
pub(super) enum Verdict {
    /// There is none, and asking again would give the same.
    Failed(Error),
    /// It was refused; the need is to be asked for by itself.
    Alone,
}

/// A place in the lane; given up when dropped.
#[derive(Debug)]
pub(super) struct Ticket<'a> {
    lane: &'a Lane,
    id: u64,
}

impl Lane {
    fn waiting(&self) -> MutexGuard<'_, Waiting> {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn enter(&self, needed: &ScopeSet) -> Ticket<'_> {
        let mut waiting = self.waiting();
        waiting.last += 1;
        let id = waiting.last;
        waiting.places.push(Place { id, needed: needed.clone(), verdict: None });
        Ticket { lane: self, id }
    }

    /// Those who are told of the outcome, and what they need together: the holder of `ticket`
    /// first, then who waits, as far as it `fits`.
    pub(super) fn gather(
        &self,
        ticket: &Ticket<'_>,
        fits: impl Fn(&ScopeSet) -> bool,
    ) -> (ScopeSet, Vec<u64>) {
        let waiting = self.waiting();
        let mut together = ScopeSet::default();
        let mut members = Vec::new();
        let own = waiting.places.iter().filter(|place| place.id == ticket.id);
        let others = waiting.places.iter().filter(|place| place.id != ticket.id && place.verdict.is_none());
        for place in own.chain(others) {
            let more = together.with(&place.needed);
            if members.is_empty() || fits(&more) {
                together = more;
                members.push(place.id);
            }
        }
        (together, members)
    }

    pub(super) fn judge(&self, members: &[u64], verdict: &Verdict) {
        for place in &mut self.waiting().places {
            if members.contains(&place.id) {
                place.verdict = Some(verdict.clone());
            }
        }
    }
}

impl Ticket<'_> {
    pub(super) fn verdict(&self) -> Option<Verdict> {
        let waiting = self.lane.waiting();
        waiting.places.iter().find(|place| place.id == self.id)?.verdict.clone()
    }
}

impl Drop for Ticket<'_> {
    fn drop(&mut self) {
        self.lane.waiting().places.retain(|place| place.id != self.id);
    }
}
