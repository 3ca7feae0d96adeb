//! What the parts of `serve` share.

use std::collections::BTreeSet;
use std::error::Error;
use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio::sync::{Notify, watch};

use super::clients::{Clients, Connect};
use super::known::Known;
use super::metrics::Metrics;
use super::queue::Queue;
use crate::cluster::Standing;
use crate::engine;
use crate::imagestreams::{Asked, Inventory, Needed, StreamName};
use crate::policy::Policies;

/// What `serve` is to do.
#[derive(Debug)]
pub struct Setup {
    /// The configuration, to be read again with each look through everything.
    pub config: Option<PathBuf>,
    /// What was asked for, as it was read at the start.
    pub asked: Asked,
    /// Where ImageStreams are read.
    pub inventory: Inventory,
    /// How images are mirrored; `jobs` is how many are copied at a time.
    pub options: engine::Options,
    /// What may be written.
    pub policies: Policies,
    /// How often everything is looked through.
    pub interval: Duration,
    /// Whether having nothing to mirror is fine.
    pub allow_empty: bool,
    /// Whether this instance may write; none: it may.
    pub standing: Option<Standing>,
}

/// One instance.
pub(super) struct Service {
    pub(super) setup: Setup,
    pub(super) queue: Queue,
    pub(super) metrics: Metrics,
    pub(super) clients: Clients,
    /// ImageStreams that changed and were not looked at since.
    pub(super) changes: Changes,
    /// Which ImageStreams are watched; none before they were listed.
    pub(super) needed: watch::Sender<Option<Needed>>,
    pub(super) known: Mutex<Known>,
    is_ready: AtomicBool,
}

/// The instance as its parts share it.
pub(super) type Shared = Arc<Service>;

/// ImageStreams that changed.
#[derive(Debug, Default)]
pub(super) struct Changes {
    names: Mutex<BTreeSet<StreamName>>,
    told: Notify,
}

impl Changes {
    /// One changed.
    pub(super) fn add(&self, name: StreamName) {
        self.names.lock().unwrap_or_else(PoisonError::into_inner).insert(name);
        self.told.notify_one();
    }

    /// Those that changed since this was asked last; waits until there is one.
    pub(super) async fn take(&self) -> BTreeSet<StreamName> {
        loop {
            let told = self.told.notified();
            let names = std::mem::take(&mut *self.names.lock().unwrap_or_else(PoisonError::into_inner));
            if !names.is_empty() {
                return names;
            }
            told.await;
        }
    }
}

impl Service {
    /// An instance that has seen nothing yet.
    ///
    /// # Errors
    /// Logins or certificates that cannot be used.
    pub(super) fn new(setup: Setup, connect: Connect) -> Result<Self, Box<dyn Error + Send + Sync>> {
        Ok(Self {
            clients: Clients::new(connect)?,
            metrics: Metrics::new()?,
            queue: Queue::default(),
            changes: Changes::default(),
            needed: watch::Sender::default(),
            known: Mutex::new(Known::new(setup.asked.clone())),
            is_ready: AtomicBool::new(false),
            setup,
        })
    }

    /// Whether this instance may write at this moment.
    pub(super) fn may_write(&self) -> bool {
        self.setup.standing.as_ref().is_none_or(Standing::may_write)
    }

    /// Everything was looked through once.
    pub(super) fn looked_through(&self) {
        self.is_ready.store(true, Ordering::Relaxed);
    }

    /// Whether it does what it is there for: it looked through everything, or it knows that another holds the lease.
    pub(super) fn is_ready(&self) -> bool {
        let waits = |standing: &Standing| standing.is_known() && !standing.may_write();
        self.is_ready.load(Ordering::Relaxed) || self.setup.standing.as_ref().is_some_and(waits)
    }
}

impl std::fmt::Debug for Service {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Service").finish_non_exhaustive()
    }
}
