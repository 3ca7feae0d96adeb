//! How many requests may be under way to a host, how fast they may follow each other, and whether it can be
//! reached at all.
//!
//! A permit belongs to one request and is released at the end of its body; permits are given in the order in which
//! they were asked for. A host that refuses for load gets a pause, and from then on a pace (`pace`) that follows what
//! it serves. The first request to a host goes alone and the others follow on its answer; a host that never answers
//! is given up for the whole run.
//!
//! Public so that the simulation of registries with limits can drive it: `make bench-limits`.

mod concurrency;
mod connections;
mod pace;
mod parts;
mod pause;
mod reach;

use std::collections::HashMap;
use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use http::{HeaderMap, StatusCode, Version};
use tokio::sync::Notify;
use tokio::time::{Instant, sleep_until};

use super::Options;
use super::error::Kind;
use super::refusal::retry_after;
use crate::model::Host;
use concurrency::Concurrency;
use connections::Connections;
pub(super) use connections::{CONNECTIONS, Connection};
use pace::Pace;
use parts::Parts;
use pause::Pause;
use reach::{Reach, Way};

/// The hosts of a run.
#[derive(Debug)]
pub struct Hosts {
    policy: Arc<Policy>,
    hosts: Mutex<HashMap<Host, Arc<HostState>>>,
}

#[derive(Debug)]
struct Policy {
    attempts: u32,
    backoff_min: Duration,
    backoff_max: Duration,
    max_retry_after: Duration,
    deadline: Option<Instant>,
    most: Option<usize>,
    /// Whether a host that never answers is given up.
    gives_up: bool,
}

/// One host: its limit, its pause, and whether it ever answered.
pub struct HostState {
    host: Host,
    policy: Arc<Policy>,
    /// Held by the one whose turn it is to get a permit; the others wait in line.
    turn: tokio::sync::Mutex<()>,
    state: Mutex<State>,
    /// Wakes the one whose turn it is.
    changed: Notify,
}

#[derive(Debug)]
struct State {
    in_use: usize,
    /// Counts the cuts, so that requests sent before a cut do not cut again.
    epoch: u64,
    concurrency: Concurrency,
    connections: Connections,
    pace: Pace,
    pause: Pause,
    reach: Reach,
    parts: Parts,
}

/// One permit to have one request under way with a host; released when the last copy is dropped.
#[derive(Debug, Clone)]
pub struct Permit(Arc<Held>);

struct Held {
    host: Arc<HostState>,
    epoch: u64,
    /// Whether this is the request that goes alone.
    first: bool,
}

enum Entry {
    Entered(Permit),
    Wait,
    Until(Instant),
}

impl Hosts {
    /// No host is known yet.
    #[must_use]
    pub fn new(options: &Options) -> Self {
        let policy = Policy {
            attempts: options.attempts.max(1),
            backoff_min: options.backoff_min,
            backoff_max: options.backoff_max,
            max_retry_after: options.max_retry_after,
            deadline: options.deadline,
            most: options.max_per_registry,
            gives_up: !options.watching,
        };
        Self { policy: Arc::new(policy), hosts: Mutex::default() }
    }

    /// What is known of `host`, the same for all who ask.
    #[must_use]
    pub fn get(&self, host: &Host) -> Arc<HostState> {
        let mut hosts = lock(&self.hosts);
        let state = hosts
            .entry(host.clone())
            .or_insert_with(|| Arc::new(HostState::new(host.clone(), Arc::clone(&self.policy))));
        Arc::clone(state)
    }
}

impl HostState {
    fn new(host: Host, policy: Arc<Policy>) -> Self {
        let state = State {
            in_use: 0,
            epoch: 0,
            concurrency: Concurrency::new(policy.most),
            connections: Connections::default(),
            pace: Pace::default(),
            pause: Pause::default(),
            reach: Reach::default(),
            parts: Parts::default(),
        };
        let turn = tokio::sync::Mutex::default();
        Self { host, policy, turn, state: Mutex::new(state), changed: Notify::new() }
    }

    /// Waits until a request may be sent.
    ///
    /// # Errors
    /// At once when the host is known not to answer, or asks for a pause longer than we may wait.
    pub async fn acquire(self: &Arc<Self>) -> Result<Permit, Kind> {
        let _turn = self.turn.lock().await;
        loop {
            match self.enter()? {
                Entry::Entered(permit) => return Ok(permit),
                Entry::Wait => self.changed.notified().await,
                Entry::Until(end) => {
                    tokio::select! {
                        () = sleep_until(end) => {}
                        () = self.changed.notified() => {}
                    }
                }
            }
        }
    }

    fn enter(self: &Arc<Self>) -> Result<Entry, Kind> {
        let mut state = lock(&self.state);
        self.check_dead(&state)?;
        if let Some(end) = state.pause.end(&self.policy)? {
            return Ok(Entry::Until(end));
        }
        let first = match state.reach.way() {
            Way::Wait => return Ok(Entry::Wait),
            Way::First(Some(end)) => return Ok(Entry::Until(end)),
            Way::First(None) => true,
            Way::Open => false,
        };
        if state.in_use >= state.concurrency.allowed() {
            return Ok(Entry::Wait);
        }
        if let Err(end) = state.pace.take(Instant::now()) {
            return Ok(Entry::Until(end));
        }
        if first {
            state.reach.ask();
        }
        state.in_use += 1;
        let held = Held { host: Arc::clone(self), epoch: state.epoch, first };
        Ok(Entry::Entered(Permit(Arc::new(held))))
    }

    /// Waits for the end of a pause, without a permit: for requests that others with a permit wait for.
    pub(super) async fn wait_for_pause(&self) -> Result<(), Kind> {
        loop {
            let end = {
                let mut state = lock(&self.state);
                self.check_dead(&state)?;
                state.pause.end(&self.policy)?
            };
            match end {
                Some(end) => sleep_until(end).await,
                None => return Ok(()),
            }
        }
    }

    fn check_dead(&self, state: &State) -> Result<(), Kind> {
        state.reach.dead().map_or(Ok(()), |cause| Err(self.unreached(cause)))
    }

    fn unreached(&self, cause: Arc<Kind>) -> Kind {
        Kind::Unreached { host: self.host.clone(), cause }
    }

    /// An answer to a small request came in this version of HTTP.
    pub fn speaks(&self, version: Version) {
        if lock(&self.state).concurrency.speaks(version) {
            self.changed.notify_one();
        }
    }

    /// The host answered: it is there, and what it says about load is obeyed. `epoch` is that of the
    /// permit under which the request went out; none: the current one.
    pub fn answered(&self, status: StatusCode, headers: &HeaderMap, epoch: Option<u64>) {
        let mut state = lock(&self.state);
        let current = epoch.is_none_or(|epoch| epoch == state.epoch);
        state.reach.answered();
        let asked = retry_after(headers);
        let unavailable = status == StatusCode::SERVICE_UNAVAILABLE;
        if status == StatusCode::TOO_MANY_REQUESTS || (unavailable && asked.is_some()) {
            let wait = state.pause.begin(&self.policy, asked, current);
            tracing::debug!(host = %self.host, ?wait, status = status.as_u16(), "pausing");
            if current {
                state.slow_down();
                self.tell(&state);
            }
        } else if unavailable && current {
            state.halve();
            self.tell(&state);
        } else if status.is_success() {
            state.good(current);
        }
        if let Some(wait) = state.concurrency.budget(headers) {
            state.pause.until(Instant::now() + wait);
        }
        drop(state);
        self.changed.notify_one();
    }

    fn tell(&self, state: &State) {
        let at_a_time = state.concurrency.allowed();
        let a_second = state.pace.rate().map(f64::round);
        tracing::warn!(host = %self.host, at_a_time, a_second, "the registry asks to slow down");
    }

    /// Whether a blob of `size` bytes is to be sent in parts.
    pub(super) fn wants_parts(&self, size: u64) -> bool {
        lock(&self.state).parts.wanted(size)
    }

    /// The host refused a blob of `size` bytes in one piece.
    pub(super) fn take_parts_from(&self, size: u64) {
        lock(&self.state).parts.take_from(size);
    }

    /// The largest part that the host was not seen to refuse.
    pub(super) fn largest_part(&self) -> u64 {
        lock(&self.state).parts.largest()
    }

    /// The host refused a part of `size` bytes. Whether a smaller one is worth a try.
    pub(super) fn refused_part(&self, size: u64) -> bool {
        lock(&self.state).parts.refused(size)
    }

    /// The host is there, whatever becomes of the request.
    pub(super) fn reached(&self) {
        lock(&self.state).reach.answered();
        self.changed.notify_one();
    }

    /// The host closed the connection because of too many requests.
    pub(super) fn overloaded(&self, epoch: u64) {
        let mut state = lock(&self.state);
        if epoch == state.epoch {
            state.halve();
        }
    }

    /// A request got no answer. Gives back `kind`, or what takes its place once the host is given up.
    pub(super) fn silent(&self, kind: Kind) -> Kind {
        let silent = lock(&self.state).reach.silent(&self.policy, kind);
        self.changed.notify_one();
        silent.unwrap_or_else(|cause| self.unreached(cause))
    }
}

impl State {
    /// A new epoch, in which requests follow each other more slowly.
    fn slow_down(&mut self) {
        self.epoch += 1;
        self.pace.refused(Instant::now());
        self.concurrency.slow_down(self.in_use);
    }

    /// A new epoch, with half as many requests at a time.
    fn halve(&mut self) {
        self.epoch += 1;
        self.concurrency.halve();
    }

    fn good(&mut self, current: bool) {
        self.pause.good();
        self.concurrency.grow(self.in_use);
        self.pace.good(Instant::now(), current);
    }
}

impl Permit {
    pub(super) fn host(&self) -> &Arc<HostState> {
        &self.0.host
    }

    /// Between which cuts of the host's limits it was given.
    #[must_use]
    pub fn epoch(&self) -> u64 {
        self.0.epoch
    }

    /// What to make of a request under this permit that got no answer.
    pub(super) fn unanswered(&self, kind: Kind) -> Kind {
        if kind.is_overload() {
            self.host().overloaded(self.epoch());
        }
        self.host().silent(kind)
    }
}

impl Drop for Held {
    fn drop(&mut self) {
        let mut state = lock(&self.host.state);
        state.in_use = state.in_use.saturating_sub(1);
        if self.first {
            state.reach.gave_up();
        }
        drop(state);
        self.host.changed.notify_one();
    }
}

impl fmt::Debug for Held {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Permit({})", self.host.host)
    }
}

impl fmt::Debug for HostState {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "HostState({} {:?})", self.host, self.state)
    }
}

/// A lock is only held for a few assignments, none of which panics.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
