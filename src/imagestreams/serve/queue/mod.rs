//! What is known to have to be mirrored, one place a target.
//!
//! - A target is there once: what is asked for later takes the place of what was asked for before.
//! - First come, first served. What failed waits longer each time, and then queues at the end, so that an image that
//!   can never be mirrored costs the others nothing but its turn.
//! - What is being copied stays until it is done; what is asked for meanwhile has its turn afterwards.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, SystemTime};

use tokio::sync::Notify;
use tokio::time::{Instant, sleep_until};

use crate::imagestreams::Wanted;
use crate::model::{Digest, Endpoint};

/// How long the first failure of a target waits for its next turn; each further one waits twice as long.
const FIRST_WAIT: Duration = Duration::from_secs(10);
/// No failure waits longer.
const LONGEST_WAIT: Duration = Duration::from_mins(10);

/// A target that is not what it should be.
#[derive(Debug, Clone)]
pub(super) struct Due {
    pub(super) wanted: Wanted,
    /// What the target was when it was compared.
    pub(super) current: Option<Digest>,
    /// Whether the target is more than a day behind its source.
    pub(super) stale: bool,
}

impl Due {
    /// What follows this, which is under way, when `other` is asked for.
    fn after(&self, other: Self) -> After {
        if self.is_another(&other) { After::Another(Box::new(other)) } else { After::Nothing }
    }

    /// Whether `other` wants its target to be another image.
    fn is_another(&self, other: &Self) -> bool {
        self.wanted.desired.source != other.wanted.desired.source
    }
}

/// A [`Due`] in its place.
#[derive(Debug, Clone)]
pub(super) struct Queued {
    pub(super) due: Due,
    /// When its target was queued first.
    pub(super) created_at: SystemTime,
    place: u64,
    failures: u32,
    state: State,
}

#[derive(Debug, Clone)]
enum State {
    /// It has its turn when those before it had theirs.
    Ready,
    /// It failed, and waits until then.
    Waiting(Instant),
    /// It is being copied.
    Moving(After),
}

/// What comes after a copy that is under way.
#[derive(Debug, Clone)]
enum After {
    /// Nothing, if it comes off.
    Nothing,
    /// A turn of its own for what was asked for since.
    Another(Box<Due>),
    /// Nothing, whether or not it comes off: nobody wants it any more.
    Gone,
}

/// How a turn ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Turn {
    /// The target is as it should be, or nobody can make it so.
    Over,
    /// It is to be tried again.
    Failed,
}

/// The targets that are to be written.
#[derive(Debug, Default)]
pub(super) struct Queue {
    inner: Mutex<Inner>,
    changed: Notify,
}

#[derive(Debug, Default)]
struct Inner {
    targets: HashMap<Endpoint, Queued>,
    ready: BTreeMap<u64, Endpoint>,
    waiting: BTreeSet<(Instant, u64, Endpoint)>,
    places: u64,
}

impl Queue {
    /// Puts `due` in the place of its target, or at the end where it has none.
    pub(super) fn put(&self, due: Due) {
        self.inner().put(due);
        self.changed.notify_one();
    }

    /// The target of `due` is what that wants. It needs no turn, unless another image is on its way there.
    pub(super) fn is_right(&self, due: Due) {
        self.inner().is_right(due);
        self.changed.notify_one();
    }

    /// What the target of `due` is could not be seen: if it is queued, then for this from now on.
    pub(super) fn correct(&self, due: Due) {
        if self.inner().targets.contains_key(&due.wanted.desired.target) {
            self.put(due);
        }
    }

    /// Nobody wants `target` to be anything any more.
    pub(super) fn drop_target(&self, target: &Endpoint) {
        self.inner().drop_target(target);
    }

    /// The target, if it still is what it was, is far behind its source.
    pub(super) fn is_stale(&self, target: &Endpoint, current: &Digest) {
        if let Some(queued) = self.inner().targets.get_mut(target) {
            queued.due.stale |= queued.due.current.as_ref() == Some(current);
        }
    }

    /// The next that is to be copied; waits until there is one.
    pub(super) async fn next(&self) -> Due {
        loop {
            let changed = self.changed.notified();
            let soonest = {
                let mut inner = self.inner();
                inner.wake(Instant::now());
                if let Some(due) = inner.take() {
                    // Another may wait beside this one.
                    self.changed.notify_one();
                    return due;
                }
                inner.waiting.first().map(|(until, ..)| *until)
            };
            match soonest {
                Some(until) => tokio::select! {
                    () = changed => {}
                    () = sleep_until(until) => {}
                },
                None => changed.await,
            }
        }
    }

    /// The turn of `target` ended so; gives how long it waits for another, if it has to.
    pub(super) fn ended(&self, target: &Endpoint, turn: Turn) -> Option<Duration> {
        let wait = self.inner().ended(target, turn);
        self.changed.notify_one();
        wait
    }

    /// Forgets everything.
    pub(super) fn clear(&self) {
        *self.inner() = Inner::default();
    }

    /// How many targets are not as they should be.
    pub(super) fn len(&self) -> usize {
        self.inner().targets.len()
    }

    /// Those that were queued first, at most `most`.
    pub(super) fn oldest(&self, most: usize) -> Vec<Queued> {
        let inner = self.inner();
        let mut all: Vec<&Queued> = inner.targets.values().collect();
        let by_age = |queued: &&Queued| (queued.created_at, queued.place);
        if most < all.len() && most > 0 {
            all.select_nth_unstable_by_key(most - 1, by_age);
        }
        all.truncate(most);
        all.sort_by_key(by_age);
        all.into_iter().cloned().collect()
    }

    fn inner(&self) -> MutexGuard<'_, Inner> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Inner {
    fn put(&mut self, due: Due) {
        let target = due.wanted.desired.target.clone();
        match self.targets.get_mut(&target) {
            Some(Queued { state: State::Moving(after), due: moving, .. }) => *after = moving.after(due),
            // What failed was another image.
            Some(Queued { state: State::Waiting(_), due: failed, .. }) if failed.is_another(&due) => {
                self.replace(&target, due);
            }
            Some(queued) => queued.due = due,
            None => {
                let place = self.place();
                self.ready.insert(place, target.clone());
                let created_at = SystemTime::now();
                self.targets
                    .insert(target, Queued { due, created_at, place, failures: 0, state: State::Ready });
            }
        }
    }

    /// Gives what waits another image and a turn at the end.
    fn replace(&mut self, target: &Endpoint, due: Due) {
        let Some(queued) = self.targets.remove(target) else { return };
        self.leave(target, &queued);
        let place = self.place();
        self.ready.insert(place, target.clone());
        let queued = Queued { due, place, failures: 0, state: State::Ready, ..queued };
        self.targets.insert(target.clone(), queued);
    }

    fn place(&mut self) -> u64 {
        self.places += 1;
        self.places
    }

    fn is_right(&mut self, due: Due) {
        let target = due.wanted.desired.target.clone();
        match self.targets.get_mut(&target) {
            Some(Queued { state: State::Moving(after), due: moving, .. }) => *after = moving.after(due),
            _ => self.drop_target(&target),
        }
    }

    fn drop_target(&mut self, target: &Endpoint) {
        if let Some(Queued { state: State::Moving(after), .. }) = self.targets.get_mut(target) {
            *after = After::Gone;
        } else if let Some(queued) = self.targets.remove(target) {
            self.leave(target, &queued);
        }
    }

    fn leave(&mut self, target: &Endpoint, queued: &Queued) {
        match queued.state {
            State::Ready => drop(self.ready.remove(&queued.place)),
            State::Waiting(until) => drop(self.waiting.remove(&(until, queued.place, target.clone()))),
            State::Moving(_) => {}
        }
    }

    /// Those whose wait is over queue at the end.
    fn wake(&mut self, now: Instant) {
        while let Some(entry) = self.waiting.first().filter(|(until, ..)| *until <= now).cloned() {
            self.waiting.remove(&entry);
            let (_, _, target) = entry;
            let place = self.place();
            if let Some(queued) = self.targets.get_mut(&target) {
                (queued.place, queued.state) = (place, State::Ready);
                self.ready.insert(place, target);
            }
        }
    }

    fn take(&mut self) -> Option<Due> {
        let (_, target) = self.ready.pop_first()?;
        let queued = self.targets.get_mut(&target)?;
        queued.state = State::Moving(After::Nothing);
        Some(queued.due.clone())
    }

    fn ended(&mut self, target: &Endpoint, turn: Turn) -> Option<Duration> {
        let mut queued = self.targets.remove(target)?;
        let State::Moving(after) = std::mem::replace(&mut queued.state, State::Ready) else {
            self.targets.insert(target.clone(), queued);
            return None;
        };
        let mut wait = None;
        queued.place = self.place();
        match (after, turn) {
            (After::Another(next), _) => {
                (queued.due, queued.failures) = (*next, 0);
                self.ready.insert(queued.place, target.clone());
            }
            (After::Gone, _) | (After::Nothing, Turn::Over) => return None,
            (After::Nothing, Turn::Failed) => {
                let time = wait_after(queued.failures);
                let until = Instant::now() + time;
                queued.failures += 1;
                queued.state = State::Waiting(until);
                self.waiting.insert((until, queued.place, target.clone()));
                wait = Some(time);
            }
        }
        self.targets.insert(target.clone(), queued);
        wait
    }
}

fn wait_after(failures: u32) -> Duration {
    FIRST_WAIT.saturating_mul(2_u32.saturating_pow(failures)).min(LONGEST_WAIT)
}

#[cfg(test)]
mod tests;
