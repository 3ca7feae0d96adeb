//! One destination during a run: what it holds, what changed in it, and what went wrong with it as a whole.

use std::collections::BTreeMap;
use std::time::{Duration, SystemTime};

use super::directory::{self, Due};
use super::error::MirrorError;
use super::latest;
use super::look::{Held, Need, look};
use super::order::{Order, Setup};
use super::rows;
use super::transfer::{Done, Lacking};
use crate::error::{Chain, Failure, Stage};
use crate::model::{Digest, Key, Locator, Outcome, Refusal, Row};
use crate::objects::{Expected, Kind, Over, Store};
use crate::stream::plan::{Directory, Wanted};
use crate::stream::source::LARGEST_STREAM_FILE;
use crate::stream::state::{Cache, Lease, Lock, LockError};
use crate::stream::sums::Sums;

/// What nobody went on with for so long is cleared away.
const LEFTOVERS: Duration = Duration::from_hours(7 * 24);

/// A destination that a run works on.
#[derive(Debug)]
pub(super) struct Side<'a> {
    pub(super) number: usize,
    pub(super) store: &'a Store,
    pub(super) held: Held,
    /// What signatures are, as far as it is known.
    pub(super) signatures: BTreeMap<Key, Digest>,
    /// What was written, in its order.
    pub(super) changed: Vec<Key>,
    /// What keeps anything from being done with it any more.
    pub(super) trouble: Option<Failure>,
    /// Nobody else writes there meanwhile.
    lock: Option<Lock>,
    is_locked: bool,
    /// What was said to be coming, by directory.
    leases: BTreeMap<Option<Key>, Lease>,
}

/// What is to be done for a file in one destination.
pub(super) enum Needs<'a> {
    /// Nothing, and why.
    Settled(Outcome),
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
        let (signatures, changed) = (BTreeMap::new(), Vec::new());
        let mut side = Self {
            number,
            store,
            held: Held::default(),
            signatures,
            changed,
            trouble: None,
            lock: None,
            is_locked: false,
            leases: BTreeMap::new(),
        };
        if let Err(error) = side.begin(order, setup).await {
            side.trouble = Some(Failure::new(Stage::Plan, error));
        }
        side
    }

    async fn begin(&mut self, order: &Order<'_>, setup: &Setup<'_>) -> Result<(), MirrorError> {
        self.held = look(order, setup, self.store).await?;
        if setup.is_dry_run || !self.is_to_change(order, &order.plan.files) {
            return Ok(());
        }
        self.claim(setup).await?;
        // Somebody else may have written there until now.
        self.held = look(order, setup, self.store).await?;
        Ok(())
    }

    /// Takes the destination for this run, which is needed before anything is written that readers see.
    async fn claim(&mut self, setup: &Setup<'_>) -> Result<(), MirrorError> {
        if self.lock.is_some() {
            return Ok(());
        }
        let taken = Lock::take(self.store, setup.host, setup.run).await;
        self.is_locked = matches!(taken, Err(LockError::Held(_) | LockError::Contended));
        self.lock = Some(taken?);
        let left = self.store.clear_leftovers(setup.began - LEFTOVERS).await?;
        if left > 0 {
            tracing::info!("{left} uploads that nobody went on with were cleared from {}", self.store);
        }
        Ok(())
    }

    /// Ends when somebody else has taken the destination.
    pub(super) async fn lost(&self) {
        match &self.lock {
            Some(lock) => lock.lost().await,
            None => std::future::pending().await,
        }
    }

    /// Gives the destination back.
    pub(super) async fn close(&mut self) {
        let Some(lock) = self.lock.take() else { return };
        if let Err(error) = lock.release().await {
            tracing::warn!("{} stays locked for an hour: {}", self.store, Chain(&error));
        }
    }

    /// What is to be done for a file.
    pub(super) fn need<'s>(&'s self, order: &'s Order<'_>, wanted: &Wanted) -> Needs<'s> {
        if let Some(trouble) = &self.trouble {
            return Needs::Settled(Outcome::of_failure(trouble.clone()));
        }
        match self.held.need(wanted, &wanted.key, order.is_overwriting) {
            Need::Nothing => Needs::Settled(Outcome::Kept),
            Need::Conflict => Needs::Settled(Outcome::Refused(Refusal::Differs)),
            Need::Bring(over) => {
                let elsewhere = self.held.elsewhere(order, wanted);
                Needs::Lacking(Lacking { number: self.number, store: self.store, over, elsewhere })
            }
        }
    }

    /// Says that builds are coming, and takes away the marks of those directories that are about to change.
    pub(super) async fn prepare(&mut self, order: &Order<'_>, setup: &Setup<'_>) {
        let prepared = async {
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
        if let Err(error) = prepared.await {
            self.trouble = Some(Failure::new(Stage::Transfer, error));
        }
    }

    fn is_to_change<'w>(&self, order: &Order<'_>, files: impl IntoIterator<Item = &'w Wanted>) -> bool {
        files.into_iter().any(|wanted| {
            let mut keys = std::iter::once(&wanted.key).chain(&wanted.aliases);
            keys.any(|key| matches!(self.held.need(wanted, key, order.is_overwriting), Need::Bring(_)))
        })
    }

    /// Takes note of what came of a file.
    pub(super) fn take(&mut self, wanted: &Wanted, done: &Done) {
        let Some(stamp) = &done.stamp else { return };
        self.held.put(&wanted.key, stamp.clone(), wanted.sha256.clone());
        self.changed.push(wanted.key.clone());
    }

    /// Takes note of a signature that came.
    pub(super) fn sign(&mut self, key: Key, digest: Digest) {
        self.changed.push(key.clone());
        self.signatures.insert(key, digest);
    }

    /// Makes the further names of files, writes the list of sums and the mark of each directory, and what is known for
    /// the next run. Gives a row for each directory that this failed for.
    pub(super) async fn finish(&mut self, order: &Order<'_>, setup: &Setup<'_>) -> Vec<Row> {
        let mut rows = Vec::new();
        if self.trouble.is_some() {
            return rows;
        }
        for directory in &order.plan.directories {
            if let Err(error) = self.finish_one((order, setup), directory).await {
                let failure = Failure::new(Stage::Transfer, error);
                self.trouble = Some(failure.clone());
                let name = directory.key.as_ref().map_or(".", Key::as_str);
                let what = ("its sums and its mark", Locator::Text(self.store.to_string().into()));
                rows.push(rows::besides(name, what, Outcome::Failed(failure)));
            }
        }
        if self.trouble.is_none()
            && let Err(error) = self.follow(order, setup).await
        {
            let failure = Failure::new(Stage::Transfer, error);
            self.trouble = Some(failure.clone());
            let what = ("the folders `latest`", Locator::Text(self.store.to_string().into()));
            rows.push(rows::besides("latest", what, Outcome::Failed(failure)));
        }
        self.remember(setup).await;
        rows
    }

    /// Lets the folders `latest` follow, once all of a release is there.
    async fn follow(&mut self, order: &Order<'_>, setup: &Setup<'_>) -> Result<(), MirrorError> {
        let Some(version) = order.latest.as_ref().filter(|_| self.is_complete(order)) else { return Ok(()) };
        for directory in &order.plan.directories {
            for due in latest::due(self.store, directory, version).await? {
                self.claim(setup).await?;
                self.changed.extend(latest::follow(self.store, &due).await?);
            }
        }
        Ok(())
    }

    /// Whether somebody else has it.
    pub(super) fn is_taken(&self) -> bool {
        self.is_locked
    }

    async fn finish_one(
        &mut self,
        (order, setup): (&Order<'_>, &Setup<'_>),
        directory: &Directory,
    ) -> Result<(), MirrorError> {
        self.name(order, directory).await?;
        let mut sums = Sums::default();
        let (mut is_complete, mut is_anything) = (directory.is_whole, false);
        for wanted in files(order, directory) {
            for key in std::iter::once(&wanted.key).chain(&wanted.aliases) {
                if self.held.is_right(key, &wanted.sha256) {
                    sums.insert(key.name(), wanted.sha256.clone());
                    is_anything = true;
                } else {
                    is_complete = false;
                }
            }
            let signature =
                wanted.signature.as_ref().and_then(|(_, key)| Some((key, self.signatures.get(key)?)));
            if let Some((key, digest)) = signature {
                sums.insert(key.name(), digest.clone());
            }
        }
        if !is_anything {
            return Ok(());
        }
        if let Some(due) = directory::sums(self.store, &self.held, directory, sums).await? {
            self.write(due, setup).await?;
        }
        if !is_complete {
            return Ok(());
        }
        if let Some(due) = directory::mark(self.store, &self.held, directory).await? {
            self.write(due, setup).await?;
        }
        if let Some(lease) = self.leases.remove(&directory.key) {
            lease.end(self.store).await?;
        }
        Ok(())
    }

    async fn write(&mut self, due: Due, setup: &Setup<'_>) -> Result<(), MirrorError> {
        self.claim(setup).await?;
        self.store.write(&due.key, due.content.into(), Kind::Mutable, &due.over).await?;
        self.changed.push(due.key);
        Ok(())
    }

    /// Puts the stream file where readers look for it, unless it is there. True: it was not.
    pub(super) async fn publish(
        &mut self,
        key: &Key,
        bytes: &[u8],
        setup: &Setup<'_>,
    ) -> Result<bool, MirrorError> {
        let over = match self.store.read(key, LARGEST_STREAM_FILE).await? {
            Some((old, _)) if old == bytes => return Ok(false),
            Some((_, stamp)) => Over::Only(stamp),
            None => Over::Nothing,
        };
        self.claim(setup).await?;
        self.store.write(key, bytes.to_vec().into(), Kind::Mutable, &over).await?;
        self.changed.push(key.clone());
        Ok(true)
    }

    /// Gives files their further names.
    async fn name(&mut self, order: &Order<'_>, directory: &Directory) -> Result<(), MirrorError> {
        for wanted in files(order, directory).filter(|wanted| !wanted.aliases.is_empty()) {
            if !self.held.is_right(&wanted.key, &wanted.sha256) {
                continue;
            }
            for alias in &wanted.aliases {
                let Need::Bring(over) = self.held.need(wanted, alias, order.is_overwriting) else { continue };
                let expected =
                    Expected { sha256: wanted.sha256.clone(), size: None, kind: Kind::Immutable, over };
                let stamp = self.store.copy(&wanted.key, alias, &expected).await?;
                self.held.put(alias, stamp, wanted.sha256.clone());
                self.changed.push(alias.clone());
            }
        }
        Ok(())
    }

    /// Notes what was found out, so that the next run need not. It is only there to save time, so that it can fail.
    async fn remember(&mut self, setup: &Setup<'_>) {
        let news = std::mem::take(&mut self.held.is_news);
        for folder in &news {
            let Some(known) = self.held.known.get(folder) else { continue };
            if let Err(error) = known.write(self.store, folder.as_ref()).await {
                tracing::warn!("the next run will have to read files again: {}", Chain(&error));
            }
        }
        let Some(cache) = setup.state.map(|state| Cache::of(state, self.store)) else { return };
        for folder in news.union(&self.held.is_uncopied) {
            let Some(known) = self.held.known.get(folder) else { continue };
            if let Err(error) = cache.write(folder.as_ref(), known).await {
                tracing::warn!("the next run will have to ask for more: {}", Chain(&error));
            }
        }
    }

    /// Whether everything that was wanted is there.
    pub(super) fn is_complete(&self, order: &Order<'_>) -> bool {
        self.trouble.is_none()
            && order.plan.files.iter().all(|wanted| self.held.is_right(&wanted.key, &wanted.sha256))
    }
}

fn files<'a>(order: &'a Order<'_>, directory: &'a Directory) -> impl Iterator<Item = &'a Wanted> {
    order.plan.files.iter().filter(|wanted| wanted.key.parent() == directory.key)
}

fn lease(order: &Order<'_>, directory: &Directory, began: SystemTime) -> Lease {
    let (arch, release) = (directory.arch.to_string(), directory.release.to_string());
    Lease { arch, release, until: began + order.lease }
}
