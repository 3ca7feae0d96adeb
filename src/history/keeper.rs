//! A run's dealings with the state: it is read before the entries, and written after them.

use std::num::NonZeroU32;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use super::fault::Fault;
use super::fold::{fold, tell};
use super::place::Place;
use super::record;
use super::store::Store;
use crate::cluster::Access;
use crate::error::Chain;
use crate::model::{Cause, Outcome, Past, Row, State, StateFound};
use crate::registry::Client;

/// A run does not wait longer for what it can do without.
const READING: Duration = Duration::from_mins(1);
const WRITING: Duration = Duration::from_secs(20);
/// After a signal; what is left of the grace is for the report.
const WRITING_IN_HASTE: Duration = Duration::from_secs(3);

/// How places are reached.
#[derive(Debug, Clone)]
pub struct Means {
    /// For artifacts. Its requests are those of the state alone.
    pub client: Client,
    /// For `ConfigMaps`.
    pub access: Access,
}

/// The state of one run's entries.
#[derive(Debug)]
pub struct Keeper {
    store: Store,
    past: Arc<Past>,
    quarantine_after: NonZeroU32,
    found: StateFound,
    /// What is there stays there.
    leave_it: bool,
}

impl Keeper {
    /// Reads what is kept at `place`. Where that fails it is told, and nothing is known of any entry.
    pub async fn read(place: Place, means: Means, quarantine_after: NonZeroU32) -> Self {
        let mut store = Store::new(place, means);
        let read = tokio::time::timeout(READING, store.read()).await;
        let unpacked = match read {
            Ok(Ok(Some(bytes))) => record::unpack(&bytes, quarantine_after).map(Some).map_err(Fault::from),
            Ok(Ok(None)) => Ok(None),
            Ok(Err(fault)) => Err(fault),
            Err(_) => {
                tracing::warn!(
                    "the state at {} was not answered within {}: streaks and ages are unknown in this run, and it is left as it \
                     is; the run goes on without it",
                    store.place(),
                    humantime::format_duration(READING)
                );
                return Self::without(store, quarantine_after, (StateFound::Unreadable, true));
            }
        };
        match unpacked {
            Ok(Some(past)) => {
                let past = Arc::new(past);
                Self { store, past, quarantine_after, found: StateFound::Found, leave_it: false }
            }
            Ok(None) => {
                tracing::warn!(
                    "there is no state at {}: if this is not the first run with it, it was lost, and streaks and ages start \
                     again; nothing is to be done",
                    store.place()
                );
                Self::without(store, quarantine_after, (StateFound::Absent, false))
            }
            Err(fault) => {
                // Who could not read a ConfigMap does not know which version to replace.
                let leave_it = fault.leaves_it() || (fault.is_unread() && store.is_versioned());
                let cost = if leave_it {
                    "streaks and ages are unknown in this run, which does not write it"
                } else {
                    "streaks and ages start again"
                };
                tracing::warn!(
                    "the state at {} cannot be used: {fault}: {cost}; the run goes on without it; {}",
                    store.place(),
                    fault.advice()
                );
                Self::without(store, quarantine_after, (StateFound::Unreadable, leave_it))
            }
        }
    }

    fn without(store: Store, quarantine_after: NonZeroU32, (found, leave_it): (StateFound, bool)) -> Self {
        Self { store, past: Arc::new(Past::new(quarantine_after)), quarantine_after, found, leave_it }
    }

    /// What earlier runs know.
    #[must_use]
    pub fn past(&self) -> Arc<Past> {
        Arc::clone(&self.past)
    }

    /// For a run that writes nothing: tells `rows` how they stood before it.
    pub fn only_tell(self, rows: &mut [Row]) -> State {
        tell(&self.past, rows);
        self.state(false)
    }

    /// Adds what this run saw, tells `rows` how they stand, and writes it. Where that fails it is told.
    pub async fn write(self, rows: &mut [Row], now: SystemTime) -> State {
        let next = fold(&self.past, rows, now, self.quarantine_after);
        if self.leave_it {
            return self.state(false);
        }
        let is_in_haste =
            rows.iter().any(|row| matches!(row.outcome, Outcome::Unfinished(Cause::Interrupted)));
        let within = if is_in_haste { WRITING_IN_HASTE } else { WRITING };
        let written = match record::pack(&next, now) {
            Ok(bytes) => tokio::time::timeout(within, self.store.write(bytes)).await.unwrap_or_else(|_| {
                Err(format!("it took longer than {}", humantime::format_duration(within)))
            }),
            Err(error) => Err(Chain(&error).to_string()),
        };
        if let Err(why) = &written {
            tracing::warn!(
                "the state at {} cannot be written: {why}: the next run does not know of this one; entries and the exit code \
                 are as without",
                self.store.place()
            );
        }
        self.state(written.is_ok())
    }

    fn state(&self, written: bool) -> State {
        State {
            place: self.store.place().to_string().into(),
            found: self.found,
            written,
            requests: self.store.requests(),
        }
    }
}
