//! How many requests may be under way to a host, and whether it can be reached at all.
//!
//! A permit belongs to one request and is released at the end of its body. The limit grows while
//! answers are good and is halved when the host says that it is too much; a pause that the host
//! asks for holds everybody. The first request to a host goes alone and the others follow on its
//! answer; a host that never answers is given up for the whole run.

use std::collections::HashMap;
use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use http::{HeaderMap, StatusCode};
use tokio::sync::Notify;
use tokio::time::{Instant, sleep_until};

use super::error::Kind;
use super::refusal::retry_after;
use super::{Options, retry};
use crate::model::Host;

const START: u32 = 32;
const CEILING: u32 = 128;
/// No registry is tried with smaller parts of a blob.
const LEAST_PART: u64 = 256 << 10;

/// The hosts of a run.
#[derive(Debug)]
pub(super) struct Hosts {
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
    ceiling: u32,
}

/// One host: its limit, its pause, and whether it ever answered.
pub(super) struct HostState {
    host: Host,
    policy: Arc<Policy>,
    state: Mutex<State>,
    changed: Notify,
}

#[derive(Debug)]
struct State {
    in_use: usize,
    limit: f64,
    /// Counts the cuts, so that requests sent before a cut do not cut again.
    epoch: u64,
    /// What the host says is left of its own budget.
    remaining: Option<usize>,
    paused_until: Option<Instant>,
    /// Refusals for load since the last good answer.
    throttled: u32,
    reach: Reach,
    /// Failed attempts at reaching the host, and when the next may be made.
    silences: u32,
    ask_again: Option<Instant>,
    /// The smallest blob that the host refused to take in one piece, and the largest part it may take.
    parts_from: u64,
    largest_part: u64,
}

#[derive(Debug)]
enum Reach {
    /// Nobody asked yet, or the last to ask got no answer.
    Untried,
    /// Somebody is asking; the others wait.
    Asked,
    Answered,
    Dead(Arc<Kind>),
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
    pub(super) fn new(options: &Options) -> Self {
        let policy = Policy {
            attempts: options.attempts.max(1),
            backoff_min: options.backoff_min,
            backoff_max: options.backoff_max,
            max_retry_after: options.max_retry_after,
            deadline: options.deadline,
            ceiling: options
                .max_per_registry
                .map_or(CEILING, |most| u32::try_from(most).unwrap_or(u32::MAX))
                .max(1),
        };
        Self { policy: Arc::new(policy), hosts: Mutex::default() }
    }

    pub(super) fn get(&self, host: &Host) -> Arc<HostState> {
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
            limit: START.min(policy.ceiling).into(),
            epoch: 0,
            remaining: None,
            paused_until: None,
            throttled: 0,
            reach: Reach::Untried,
            silences: 0,
            ask_again: None,
            parts_from: u64::MAX,
            largest_part: u64::MAX,
        };
        Self { host, policy, state: Mutex::new(state), changed: Notify::new() }
    }

    /// Waits until a request may be sent.
    ///
    /// # Errors
    /// At once when the host is known not to answer, or asks for a pause longer than we may wait.
    pub(super) async fn acquire(self: &Arc<Self>) -> Result<Permit, Kind> {
        loop {
            let changed = self.changed.notified();
            tokio::pin!(changed);
            changed.as_mut().enable();
            match self.enter()? {
                Entry::Entered(permit) => return Ok(permit),
                Entry::Wait => changed.await,
                Entry::Until(end) => {
                    tokio::select! {
                        () = sleep_until(end) => {}
                        () = changed => {}
                    }
                }
            }
        }
    }

    fn enter(self: &Arc<Self>) -> Result<Entry, Kind> {
        let mut state = lock(&self.state);
        self.check_dead(&state)?;
        if let Some(end) = self.pause(&mut state)? {
            return Ok(Entry::Until(end));
        }
        let first = match state.reach {
            Reach::Asked => return Ok(Entry::Wait),
            Reach::Untried => true,
            Reach::Answered | Reach::Dead(_) => false,
        };
        if let Some(end) = state.ask_again.filter(|end| first && *end > Instant::now()) {
            return Ok(Entry::Until(end));
        }
        if state.in_use >= state.allowed() {
            return Ok(Entry::Wait);
        }
        if first {
            state.reach = Reach::Asked;
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
                self.pause(&mut state)?
            };
            match end {
                Some(end) => sleep_until(end).await,
                None => return Ok(()),
            }
        }
    }

    fn check_dead(&self, state: &State) -> Result<(), Kind> {
        match &state.reach {
            Reach::Dead(cause) => Err(self.unreached(Arc::clone(cause))),
            Reach::Untried | Reach::Asked | Reach::Answered => Ok(()),
        }
    }

    fn unreached(&self, cause: Arc<Kind>) -> Kind {
        Kind::Unreached { host: self.host.clone(), cause }
    }

    /// The end of the pause, if there is one; an error if it is further away than we may wait.
    fn pause(&self, state: &mut State) -> Result<Option<Instant>, Kind> {
        let now = Instant::now();
        let Some(end) = state.paused_until.filter(|end| *end > now) else {
            state.paused_until = None;
            return Ok(None);
        };
        let wait = end - now;
        let too_late = self.policy.deadline.is_some_and(|deadline| end > deadline);
        if too_late || wait > self.policy.max_retry_after {
            return Err(Kind::Throttled(wait));
        }
        Ok(Some(end))
    }

    /// How many requests are under way.
    pub(super) fn in_use(&self) -> usize {
        lock(&self.state).in_use
    }

    /// The host answered: it is there, and what it says about load is obeyed. `epoch` is that of the
    /// permit under which the request went out; none: the current one.
    pub(super) fn answered(&self, status: StatusCode, headers: &HeaderMap, epoch: Option<u64>) {
        let mut state = lock(&self.state);
        if !matches!(state.reach, Reach::Answered) {
            state.reach = Reach::Answered;
            state.silences = 0;
            self.changed.notify_waiters();
        }
        let asked = retry_after(headers);
        let throttled = status == StatusCode::TOO_MANY_REQUESTS;
        let pausing = throttled || (status == StatusCode::SERVICE_UNAVAILABLE && asked.is_some());
        if pausing {
            let wait = self.wait(&mut state, asked, epoch);
            state.pause_until(Instant::now() + wait);
            // All of them, since who finds the pause too long leaves without waking anybody.
            self.changed.notify_waiters();
            tracing::debug!(host = %self.host, ?wait, status = status.as_u16(), "pausing");
        }
        if throttled || status == StatusCode::SERVICE_UNAVAILABLE {
            if state.cut(epoch) {
                let at_a_time = state.allowed();
                tracing::warn!(host = %self.host, at_a_time, "the registry asks to slow down");
            }
        } else if status.is_success() {
            state.grow(self.policy.ceiling);
            self.changed.notify_one();
        }
        if state.budget(headers) {
            self.changed.notify_waiters();
        }
    }

    /// How long to pause: what was asked for, else longer with each refusal in a row.
    fn wait(&self, state: &mut State, asked: Option<Duration>, epoch: Option<u64>) -> Duration {
        if epoch.is_none_or(|epoch| epoch == state.epoch) {
            state.throttled += 1;
        }
        let own = retry::delay(self.policy.backoff_min, self.policy.backoff_max, state.throttled);
        asked.map_or(own, |asked| asked.max(own.min(Duration::from_secs(1))))
    }

    /// Whether a blob of `size` bytes is to be sent in parts.
    pub(super) fn wants_parts(&self, size: u64) -> bool {
        size >= lock(&self.state).parts_from
    }

    /// The host refused a blob of `size` bytes in one piece.
    pub(super) fn take_parts_from(&self, size: u64) {
        let mut state = lock(&self.state);
        state.parts_from = state.parts_from.min(size);
    }

    /// The largest part that the host was not seen to refuse.
    pub(super) fn largest_part(&self) -> u64 {
        lock(&self.state).largest_part
    }

    /// The host refused a part of `size` bytes. Whether a smaller one is worth a try.
    pub(super) fn refused_part(&self, size: u64) -> bool {
        let smaller = size / 4;
        let mut state = lock(&self.state);
        state.largest_part = state.largest_part.min(smaller.max(LEAST_PART));
        smaller >= LEAST_PART
    }

    /// The host closed the connection because of too many requests.
    pub(super) fn overloaded(&self, epoch: u64) {
        lock(&self.state).cut(Some(epoch));
    }

    /// A request got no answer. Gives back `kind`, or what takes its place once the host is given up.
    pub(super) fn silent(&self, kind: Kind) -> Kind {
        let mut state = lock(&self.state);
        if !matches!(state.reach, Reach::Untried | Reach::Asked) {
            return kind;
        }
        state.silences += 1;
        self.changed.notify_waiters();
        // Trust does not come with time.
        let last = matches!(kind, Kind::Certificate(_) | Kind::NotTls(_));
        if last || state.silences >= self.policy.attempts {
            let cause = Arc::new(kind);
            state.reach = Reach::Dead(Arc::clone(&cause));
            return self.unreached(cause);
        }
        state.reach = Reach::Untried;
        let wait = retry::delay(self.policy.backoff_min, self.policy.backoff_max, state.silences);
        state.ask_again = Some(Instant::now() + wait);
        kind
    }
}

impl State {
    fn allowed(&self) -> usize {
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "between 1 and the ceiling"
        )]
        let limit = self.limit as usize;
        limit.min(self.remaining.unwrap_or(usize::MAX)).max(1)
    }

    fn pause_until(&mut self, end: Instant) {
        self.paused_until = Some(self.paused_until.map_or(end, |old| old.max(end)));
    }

    /// Halves the limit, once for all requests sent since the last time. Whether it did.
    fn cut(&mut self, epoch: Option<u64>) -> bool {
        let due = epoch.is_none_or(|epoch| epoch == self.epoch);
        if due {
            self.epoch += 1;
            self.limit = (self.limit / 2.0).max(1.0);
        }
        due
    }

    /// One more for as many good answers as there are requests, while the limit is what holds us.
    fn grow(&mut self, ceiling: u32) {
        self.throttled = 0;
        if self.in_use >= self.allowed() {
            self.limit = (self.limit + 1.0 / self.limit).min(ceiling.into());
        }
    }

    /// What the host says is left: `ratelimit-remaining: 76;w=21600`, and when it is filled up again.
    /// Whether there is nothing left and a pause begins.
    fn budget(&mut self, headers: &HeaderMap) -> bool {
        let number = |name: &str| {
            let text = headers.get(name)?.to_str().ok()?;
            text.split([';', ',']).next()?.trim().parse::<u64>().ok()
        };
        let remaining = number("ratelimit-remaining").or_else(|| number("x-ratelimit-remaining"));
        self.remaining = remaining.and_then(|left| usize::try_from(left).ok());
        if remaining == Some(0)
            && let Some(reset) = number("ratelimit-reset")
        {
            self.pause_until(Instant::now() + Duration::from_secs(reset));
            return true;
        }
        false
    }
}

impl Permit {
    pub(super) fn host(&self) -> &Arc<HostState> {
        &self.0.host
    }

    pub(super) fn epoch(&self) -> u64 {
        self.0.epoch
    }

    /// What to make of a request under this permit that got no answer.
    pub(super) fn unanswered(&self, kind: Kind) -> Kind {
        if kind.is_goaway() {
            self.host().overloaded(self.epoch());
        }
        self.host().silent(kind)
    }
}

impl Drop for Held {
    fn drop(&mut self) {
        let mut state = lock(&self.host.state);
        state.in_use = state.in_use.saturating_sub(1);
        if self.first && matches!(state.reach, Reach::Asked) {
            // Given up before an answer: the next one asks.
            state.reach = Reach::Untried;
            self.host.changed.notify_waiters();
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
