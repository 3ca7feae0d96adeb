//! Deletes what is due, one directory after another, and asks before each whether it still is.

use std::collections::BTreeSet;
use std::time::SystemTime;

use super::judge::pinning;
use super::plan::{Planned, Step};
use super::refused::{Ended, Refused, Unable};
use super::scan::{Directory, Named, Scan, mark_of};
use super::{delete, rows};
use crate::engine::Stop;
use crate::model::{Cause, Key, Outcome, Row};
use crate::objects::Store;
use crate::stream::pins::{Pin, PinSet, PinnedBy, Reader};
use crate::stream::state::{Tombstone, leases};

/// A run's deletions.
pub(super) struct Sweep<'a, 'b> {
    pub(super) store: &'a Store,
    pub(super) scan: &'a Scan,
    pub(super) reader: &'a mut Reader<'b>,
    /// All pins that were seen, also those that are not there any more: they keep what they pin for this run.
    pub(super) pins: PinSet,
    /// Those that were seen last.
    pub(super) last: PinSet,
    /// Directories of which something may be deleted already.
    pub(super) gone: BTreeSet<Key>,
    pub(super) now: SystemTime,
    pub(super) stop: &'a Stop,
}

/// What became of a directory.
enum Fate {
    Deleted,
    /// It is kept after all, and why.
    Kept(String),
    Failed(Unable),
}

impl Sweep<'_, '_> {
    /// Deletes each of `planned` that is due. Once it is not known what is pinned, nothing more goes.
    pub(super) async fn all(&mut self, planned: &[Planned]) -> (Vec<Row>, Result<(), Ended>) {
        let (mut rows, mut ended) = (Vec::new(), Ok(()));
        for one in planned {
            let Step::Delete { since } = one.step else { continue };
            let key = &one.judged.directory;
            let Some(directory) = self.scan.directories.iter().find(|directory| directory.key == *key) else {
                continue;
            };
            if ended.is_err() || self.stop.gently.is_cancelled() {
                let cause = if ended.is_err() { Cause::NotAllThere } else { self.stop.cause() };
                rows.push(rows::of(self.store, key, Outcome::Unfinished(cause), one.judged.note()));
                continue;
            }
            rows.push(match self.one(directory, since).await {
                Ok(Fate::Deleted) => rows::planned(self.store, one, true),
                Ok(Fate::Kept(why)) => rows::of(self.store, key, Outcome::Kept, why),
                Ok(Fate::Failed(error)) => rows::failed(self.store, &one.judged, error),
                Err(error) => {
                    ended = Err(error);
                    rows::of(self.store, key, Outcome::Unfinished(Cause::NotAllThere), one.judged.note())
                }
            });
        }
        (rows, ended)
    }

    /// Deletes a directory that was marked `since`, if it is still one that nothing pins and nobody wrote to.
    async fn one(&mut self, directory: &Directory, since: SystemTime) -> Result<Fate, Ended> {
        self.look_again().await?;
        // It may say by now, or may have said all the time, that it is another build than it is called after.
        let said = mark_of(self.store, &directory.key).await?;
        let by_mark = said.iter().flat_map(|release| self.pins.of(&directory.arch, release));
        if let Some(pin) = pinning(&self.pins, directory).chain(by_mark).next() {
            let why = format!("pinned meanwhile by {}", pin.by);
            return Ok(self.unmark(directory, since, why).await);
        }
        let listed = match self.store.list(Some(&directory.key)).await {
            Ok(listed) => listed,
            Err(error) => return Ok(Fate::Failed(error.into())),
        };
        if listed.iter().any(|object| object.modified >= since) {
            let why = "somebody wrote to it after it was marked".to_owned();
            return Ok(self.unmark(directory, since, why).await);
        }
        if directory.named != Named::Build
            && let Err(error) = tombstone(directory, since).write(self.store).await
        {
            return Ok(Fate::Failed(error.into()));
        }
        self.gone.insert(directory.key.clone());
        if let Err(error) = delete::delete(self.store, &directory.key, &listed, self.now).await {
            return Ok(Fate::Failed(error));
        }
        Ok(match tombstone(directory, since).end(self.store).await {
            Ok(()) => Fate::Deleted,
            Err(error) => Fate::Failed(error.into()),
        })
    }

    async fn unmark(&self, directory: &Directory, since: SystemTime, why: String) -> Fate {
        match tombstone(directory, since).end(self.store).await {
            Ok(()) => Fate::Kept(why),
            Err(error) => Fate::Failed(error.into()),
        }
    }

    /// Adds what is pinned now to what was.
    pub(super) async fn look_again(&mut self) -> Result<(), Ended> {
        self.pins.extend(leased(self.store, self.now).await?);
        let pins = self.reader.read().await.map_err(Refused::Meanwhile)?;
        self.pins.extend(pins.iter().cloned());
        self.last = pins;
        Ok(())
    }
}

fn tombstone(directory: &Directory, since: SystemTime) -> Tombstone {
    let release = directory.release.as_deref().map(str::to_owned);
    Tombstone { directory: directory.key.to_string(), since, release }
}

/// What runs that are bringing builds hold.
pub(super) async fn leased(store: &Store, now: SystemTime) -> Result<Vec<Pin>, Unable> {
    let leases = leases(store).await?.into_iter().filter(|lease| lease.until > now);
    let pin = |lease: crate::stream::state::Lease| Pin {
        arch: Some(lease.arch.into()),
        release: lease.release.into(),
        by: PinnedBy::Lease { until: lease.until },
    };
    Ok(leases.map(pin).collect())
}
