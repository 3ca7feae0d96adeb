//! What a destination gets once files are there: their further names, lists of sums, marks, `latest`, the stream file.

use super::directory::{self, Due};
use super::error::MirrorError;
use super::latest;
use super::look::Need;
use super::order::{Order, Setup};
use super::rows;
use super::side::{Side, files};
use super::transfer::{expected, failed};
use crate::error::Chain;
use crate::model::{Key, Locator, Outcome, Reason, Refusal, Row};
use crate::objects::{Kind, Over};
use crate::stream::document::Document;
use crate::stream::plan::{Directory, Wanted};
use crate::stream::prerelease::{Standing, standing};
use crate::stream::source::LARGEST_STREAM_FILE;
use crate::stream::state::Cache;
use crate::stream::sums::Sums;

/// What became of a stream file that was to be published.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Publication {
    /// It was written.
    Written,
    /// It was there.
    Present,
    /// What is there is newer, and stays.
    Newer,
}

impl Side<'_> {
    /// Makes the further names of files, writes the list of sums and the mark of each directory, and what is known for
    /// the next run. Gives a row for each directory that this failed for.
    pub(super) async fn finish(&mut self, order: &Order<'_>, setup: &Setup<'_>) -> Vec<Row> {
        let mut rows = Vec::new();
        self.check_lock();
        if self.trouble.is_some() {
            return rows;
        }
        for directory in &order.plan.directories {
            if let Err(error) = self.finish_one((order, setup), directory).await {
                let name = directory.key.as_ref().map_or(".", Key::as_str);
                rows.push(self.give_up((name, "its sums and its mark"), error));
            }
        }
        if self.trouble.is_none()
            && let Err(error) = self.follow(order, setup).await
        {
            rows.push(self.give_up(("latest", "the folders `latest`"), error));
        }
        self.remember(setup).await;
        rows
    }

    /// Does nothing more with the destination. Gives the row that says why.
    fn give_up(&mut self, (name, what): (&str, &str), error: MirrorError) -> Row {
        let outcome = failed(error);
        self.trouble = Some(outcome.clone());
        rows::besides(name, (what, Locator::Text(self.store.to_string().into())), outcome)
    }

    /// Lets the folders `latest` follow, once all of a release is there.
    async fn follow(&mut self, order: &Order<'_>, setup: &Setup<'_>) -> Result<(), MirrorError> {
        let Some(version) = order.latest.as_ref().filter(|_| self.is_complete(order)) else { return Ok(()) };
        for directory in &order.plan.directories {
            for due in latest::due(self.store, directory, version).await? {
                self.claim(setup).await?;
                match latest::follow(self.store, &due).await? {
                    latest::Followed::Link(link) => self.pointed.push(link),
                    latest::Followed::Copy(keys) => self.changed.extend(keys),
                }
            }
        }
        Ok(())
    }

    async fn finish_one(
        &mut self,
        (order, setup): (&Order<'_>, &Setup<'_>),
        directory: &Directory,
    ) -> Result<(), MirrorError> {
        self.name((order, setup), directory).await?;
        let Some((sums, is_complete)) = self.found(order, directory) else { return Ok(()) };
        if let Some(due) = directory::sums(self.store, &self.held, directory, sums).await? {
            self.claim(setup).await?;
            if is_complete {
                // Whoever sees the mark may rely on the list.
                directory::unmark(self.store, &mut self.held, directory).await?;
            }
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

    /// The sums of what is there and right, and whether that is all of the build. None: nothing is.
    fn found(&self, order: &Order<'_>, directory: &Directory) -> Option<(Sums, bool)> {
        let mut sums = Sums::default();
        let (mut is_complete, mut is_anything) = (directory.is_whole, false);
        for wanted in files(order, directory) {
            is_complete &= !self.failed.contains(&wanted.key);
            for key in std::iter::once(&wanted.key).chain(&wanted.aliases) {
                if self.held.is_right(key, &wanted.sha256) {
                    sums.insert(key.name(), wanted.sha256.clone());
                    is_anything = true;
                } else {
                    is_complete = false;
                }
            }
            let signature = wanted.signature.as_ref();
            if let Some((key, digest)) =
                signature.and_then(|(_, key)| Some((key, self.held.digests.get(key)?)))
            {
                sums.insert(key.name(), digest.clone());
            }
        }
        is_anything.then_some((sums, is_complete))
    }

    async fn write(&mut self, due: Due, setup: &Setup<'_>) -> Result<(), MirrorError> {
        self.claim(setup).await?;
        self.store.write(&due.key, due.content.into(), Kind::Mutable, &due.over).await?;
        self.changed.push(due.key);
        Ok(())
    }

    /// Puts the stream file where readers look for it, unless it is there.
    pub(super) async fn publish(
        &mut self,
        (key, bytes): (&Key, &[u8]),
        (order, setup): (&Order<'_>, &Setup<'_>),
    ) -> Result<Publication, MirrorError> {
        let over = match self.store.read(key, LARGEST_STREAM_FILE).await? {
            Some((old, _)) if old == bytes => return Ok(Publication::Present),
            Some((old, _)) if order.keeps_newer && is_newer(key, &old, order)? => {
                return Ok(Publication::Newer);
            }
            Some((_, stamp)) => Over::Only(stamp),
            None => Over::Nothing,
        };
        self.claim(setup).await?;
        self.store.write(key, bytes.to_vec().into(), Kind::Mutable, &over).await?;
        self.changed.push(key.clone());
        Ok(Publication::Written)
    }

    /// Gives files their further names.
    async fn name(
        &mut self,
        (order, setup): (&Order<'_>, &Setup<'_>),
        directory: &Directory,
    ) -> Result<(), MirrorError> {
        let is_there = |wanted: &&Wanted| self.held.is_right(&wanted.key, &wanted.sha256);
        let there: Vec<&Wanted> = files(order, directory).filter(is_there).collect();
        for (wanted, alias) in there.into_iter().flat_map(|one| one.aliases.iter().map(move |key| (one, key)))
        {
            let Need::Bring(over) = self.held.need(wanted, alias, order.is_overwriting) else { continue };
            self.claim(setup).await?;
            let stamp = self.store.copy(&wanted.key, alias, &expected(wanted, &over)).await?;
            self.held.put(alias, stamp, wanted.sha256.clone());
            self.changed.push(alias.clone());
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
}

/// Whether what was published under `key` since we looked is newer than what we have.
fn is_newer(key: &Key, old: &[u8], order: &Order<'_>) -> Result<bool, MirrorError> {
    let published = Document::read(key.as_str(), old, None).map_err(MirrorError::Published)?;
    Ok(standing(published.stream(), order.document.stream(), order.selected) == Standing::Newer)
}

/// What the row of the stream file says.
impl From<Publication> for Outcome {
    fn from(publication: Publication) -> Self {
        match publication {
            Publication::Written => Self::Copied(Reason::Differs),
            Publication::Present => Self::Kept,
            Publication::Newer => Self::Refused(Refusal::Newer),
        }
    }
}
