//! One destination during a run: whose it is, what it holds, what changed in it, and what went wrong with it as a whole.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, SystemTime};

use futures_util::FutureExt as _;
use tokio::sync::OnceCell;

use super::directory;
use super::error::MirrorError;
use super::look::{Held, Need, look};
use super::order::{Order, Setup};
use super::signature::Came;
use super::transfer::{Done, Lacking, failed};
use crate::error::{Chain, Failure, Stage};
use crate::model::{Key, Outcome, Refusal};
use crate::objects::Store;
use crate::state::{Lock, LockError};
use crate::stream::plan::{Directory, Wanted};
use crate::stream::state::Lease;

/// What nobody went on with for so long is cleared away.
const LEFTOVERS: Duration = Duration::from_hours(7 * 24);

/// A destination that a run works on.
#[derive(Debug)]
pub(super) struct Side<'a> {
    pub(super) number: usize,
    pub(super) store: &'a Store,
    pub(super) held: Held,
    /// What was written, in its order.
    pub(super) changed: Vec<Key>,
    /// The folders that are links, and lead elsewhere now.
    pub(super) pointed: Vec<Key>,
    /// What keeps anything from being done with it any more.
    pub(super) trouble: Option<Outcome>,
    /// The files that were wanted and are not there as they should be, with all that belongs to them.
    pub(super) failed: BTreeSet<Key>,
    /// What was said to be coming, by directory.
    pub(super) leases: BTreeMap<Option<Key>, Lease>,
    /// Nobody else writes there meanwhile.
    lock: OnceCell<Lock>,
    is_taken: AtomicBool,
}

/// What is to be done for a file in one destination.
pub(super) enum Needs<'a> {
    /// Nothing, and why.
    Settled(Done),
    /// It is to be brought.
    Lacking(Lacking<'a>),
}

impl<'a> Side<'a> {
    /// Looks at everything that matters in a destination. It is taken for this run when something is to be written.
    pub(super) async fn open(
        order: &Order<'_>,
        setup: &Setup<'_>,
        (number, store): (usize, &'a Store),
    ) -> Self {
        let mut side = Self {
            number,
            store,
            held: Held::default(),
            changed: Vec::new(),
            pointed: Vec::new(),
            trouble: None,
            failed: BTreeSet::new(),
            leases: BTreeMap::new(),
            lock: OnceCell::new(),
            is_taken: AtomicBool::new(false),
        };
        side.trouble = side.begin(order, setup).await.err();
        side
    }

    async fn begin(&mut self, order: &Order<'_>, setup: &Setup<'_>) -> Result<(), Outcome> {
        self.look(order, setup).await?;
        if setup.is_dry_run || !self.is_to_change(order, &order.plan.files) {
            return Ok(());
        }
        self.claim(setup).await.map_err(unplanned)?;
        // Somebody else may have written there until now.
        self.look(order, setup).await
    }

    /// It may have to read all that is there, for which nobody who wants us to stop waits.
    async fn look(&mut self, order: &Order<'_>, setup: &Setup<'_>) -> Result<(), Outcome> {
        self.held = tokio::select! {
            biased;
            () = setup.stop.gently.cancelled() => return Err(Outcome::Unfinished(setup.stop.cause())),
            held = look(order, setup, (self.store, std::mem::take(&mut self.held))) => held.map_err(unplanned)?,
        };
        Ok(())
    }

    /// Takes the destination for this run, which is needed before anything is written that readers see.
    pub(super) async fn claim(&self, setup: &Setup<'_>) -> Result<(), MirrorError> {
        let taken = self.lock.get_or_try_init(|| Lock::take(self.store, setup.host, setup.run)).await;
        if matches!(taken, Err(LockError::Held(_) | LockError::Contended)) {
            self.is_taken.store(true, Ordering::Relaxed);
        }
        taken?;
        Ok(())
    }

    /// Clears away what runs that were killed left behind.
    async fn clear(&self, setup: &Setup<'_>) -> Result<(), MirrorError> {
        let left = self.store.clear_leftovers(setup.began - LEFTOVERS).await?;
        if left > 0 {
            tracing::info!("{left} uploads that nobody went on with were cleared from {}", self.store);
        }
        Ok(())
    }

    /// As [`clear`](Self::clear), where nothing else is to be done. Whoever has the destination may be uploading just that.
    async fn clear_only(&self, setup: &Setup<'_>) -> Result<(), MirrorError> {
        if !self.store.has_leftovers().await? {
            return Ok(());
        }
        match self.lock.get_or_try_init(|| Lock::take(self.store, setup.host, setup.run)).await {
            Ok(_) => self.clear(setup).await,
            Err(LockError::Held(_) | LockError::Contended) => Ok(()),
            Err(error) => Err(error.into()),
        }
    }

    /// Ends when somebody else has taken the destination.
    pub(super) async fn lost(&self) {
        match self.lock.get() {
            Some(lock) => lock.lost().await,
            None => std::future::pending().await,
        }
    }

    /// Gives the destination up if somebody else has taken it meanwhile.
    pub(super) fn check_lock(&mut self) {
        if self.lost().now_or_never().is_some() {
            self.is_taken.store(true, Ordering::Relaxed);
            self.trouble = Some(failed(LockError::Contended));
        }
    }

    /// Gives the destination back.
    pub(super) async fn close(&mut self) {
        let Some(lock) = self.lock.take() else { return };
        if let Err(error) = lock.release().await {
            tracing::warn!("{} stays locked for an hour: {}", self.store, Chain(&error));
        }
    }

    /// Whether somebody else has it.
    pub(super) fn is_taken(&self) -> bool {
        self.is_taken.load(Ordering::Relaxed)
    }

    /// What is to be done for a file.
    pub(super) fn need<'s>(&'s self, order: &'s Order<'_>, wanted: &Wanted) -> Needs<'s> {
        if let Some(trouble) = &self.trouble {
            return Needs::Settled(Done::of(self.number, trouble.clone()));
        }
        let mut names = std::iter::once(&wanted.key).chain(&wanted.aliases);
        if let Some(key) = names.find(|key| self.needed(order, wanted, key) == Need::Conflict) {
            let note = (*key != wanted.key).then(|| format!("its further name {key} is another file").into());
            return Needs::Settled(Done {
                note,
                ..Done::of(self.number, Outcome::Refused(Refusal::Differs))
            });
        }
        match self.needed(order, wanted, &wanted.key) {
            Need::Bring(over) => {
                let elsewhere = self.held.elsewhere(order, wanted);
                Needs::Lacking(Lacking { number: self.number, store: self.store, over, elsewhere })
            }
            Need::Nothing | Need::Conflict => Needs::Settled(Done::of(self.number, Outcome::Kept)),
        }
    }

    fn needed(&self, order: &Order<'_>, wanted: &Wanted, key: &Key) -> Need {
        self.held.need(wanted, key, order.is_overwriting)
    }

    /// Says that builds are coming, and takes away the marks of those directories that are about to change.
    pub(super) async fn prepare(&mut self, order: &Order<'_>, setup: &Setup<'_>) {
        if self.trouble.is_some() {
            return;
        }
        if !self.is_to_change(order, &order.plan.files) {
            if let Err(error) = self.clear_only(setup).await {
                tracing::warn!("uploads that runs left behind stay in {}: {}", self.store, Chain(&error));
            }
            return;
        }
        let prepared = async {
            self.clear(setup).await?;
            for directory in &order.plan.directories {
                if !self.is_to_change(order, files(order, directory)) {
                    continue;
                }
                let lease = lease(order, directory, setup.began);
                lease.write(self.store).await?;
                self.leases.insert(directory.key.clone(), lease);
                directory::unmark(self.store, &mut self.held, directory).await?;
            }
            Ok::<_, MirrorError>(())
        };
        self.trouble = prepared.await.map_err(failed).err();
    }

    fn is_to_change<'w>(&self, order: &Order<'_>, files: impl IntoIterator<Item = &'w Wanted>) -> bool {
        files.into_iter().any(|wanted| {
            let mut keys = std::iter::once(&wanted.key).chain(&wanted.aliases);
            keys.any(|key| matches!(self.needed(order, wanted, key), Need::Bring(_)))
        })
    }

    /// Takes note of what came of a file.
    pub(super) fn take(&mut self, wanted: &Wanted, done: &Done) {
        if !matches!(done.outcome, Outcome::Kept | Outcome::Copied(_)) {
            self.failed.insert(wanted.key.clone());
        }
        let Some(stamp) = &done.stamp else { return };
        self.held.put(&wanted.key, stamp.clone(), wanted.sha256.clone());
        self.changed.push(wanted.key.clone());
    }

    /// Takes note of a signature that came.
    pub(super) fn sign(&mut self, Came { key, stamp, digest }: Came) {
        self.held.put(&key, stamp, digest);
        self.changed.push(key);
    }

    /// Whether everything that was wanted is there.
    pub(super) fn is_complete(&self, order: &Order<'_>) -> bool {
        self.trouble.is_none()
            && self.failed.is_empty()
            && order.plan.files.iter().all(|wanted| self.held.is_right(&wanted.key, &wanted.sha256))
    }
}

/// What a failure comes to before anything was done.
fn unplanned(error: impl Into<MirrorError>) -> Outcome {
    Outcome::of_failure(Failure::new(Stage::Plan, error.into()))
}

/// The files of a directory.
pub(super) fn files<'a>(order: &'a Order<'_>, directory: &'a Directory) -> impl Iterator<Item = &'a Wanted> {
    order.plan.files.iter().filter(|wanted| wanted.key.parent() == directory.key)
}

fn lease(order: &Order<'_>, directory: &Directory, began: SystemTime) -> Lease {
    let (arch, release) = (directory.arch.to_string(), directory.release.to_string());
    Lease { arch, release, until: began + order.lease }
}
