//! Sees to it that what a manifest names is at the target: blobs at once, children one level at a time.

use std::sync::atomic::Ordering;
use std::sync::{Arc, PoisonError};

use futures_util::future::BoxFuture;
use futures_util::{FutureExt as _, StreamExt as _, TryStreamExt as _, stream};

use super::Error;
use super::blobs::{Delivery, How};
use super::given::reader;
use super::manifests::Node;
use super::store::{Store, local};
use super::transfer::{Mode, Transfer};
use crate::error::{Failure, Stage};
use crate::layout::Layout;
use crate::model::{Content, Descriptor};
use crate::registry;

/// How many blobs of one manifest are under way at a time; the permits of the hosts decide below that.
const BLOBS_AT_A_TIME: usize = 16;
/// How many children of an image's index are under way at a time; of indexes below it, one.
const CHILDREN_AT_A_TIME: usize = 4;
/// How many indexes may lie within each other. Two are seen in practice.
const DEEPEST: usize = 8;
/// How many manifests one image may be made of.
pub(super) const MOST_MANIFESTS: usize = 10_000;

impl Transfer<'_> {
    /// Sees to it that everything below `node`, which lies `depth` indexes deep, is in the target's place.
    pub(super) fn complete<'b>(&'b self, node: &'b Node, depth: usize) -> BoxFuture<'b, Result<(), Failure>> {
        async move {
            match &node.content {
                Content::Image(blobs) => self.bring_blobs(blobs).await,
                Content::Index(_) if depth >= DEEPEST => Err(too_much(Error::TooDeep(DEEPEST))),
                Content::Index(children) => {
                    let at_a_time = if depth == 0 { CHILDREN_AT_A_TIME } else { 1 };
                    stream::iter(children)
                        .map(Ok)
                        .try_for_each_concurrent(at_a_time, |child| self.child(child, depth + 1))
                        .await
                }
            }
        }
        .boxed()
    }

    pub(super) async fn child(&self, child: &Descriptor, depth: usize) -> Result<(), Failure> {
        if !child.is_manifest() {
            // BuildKit's cache lists layers in an index.
            return self.bring_blob(child).boxed().await;
        }
        let key = (Arc::clone(&self.place), child.digest.clone());
        match self.engine.ground.complete.try_get(&key, self.bring_child(child, depth).boxed()).await {
            Err(Unbrought::Absent) => {
                self.sparse.lock().unwrap_or_else(PoisonError::into_inner).push(child.digest.clone());
                Ok(())
            }
            Err(Unbrought::Failed(failure)) => Err(failure),
            Ok(()) => Ok(()),
        }
    }

    async fn bring_child(&self, child: &Descriptor, depth: usize) -> Result<(), Unbrought> {
        if self.met.fetch_add(1, Ordering::Relaxed) >= MOST_MANIFESTS {
            return Err(too_much(Error::TooMany(MOST_MANIFESTS)).into());
        }
        let node = self.child_at_source(child).await?;
        check_size(child, node.manifest.bytes.len() as u64)?;
        self.complete(&node, depth).await?;
        let write = match self.mode {
            Mode::Foresee => false,
            Mode::Fill | Mode::Force => true,
            Mode::Check => !self.target.has_manifest(child).await?,
        };
        if write {
            self.put_child(&node).await?;
        }
        self.tally.add(if write { How::Copied } else { How::Present }, node.manifest.bytes.len() as u64);
        Ok(())
    }

    /// An index is written without a child that its source lacks, and nobody looks below its tag again: so one 404, which
    /// may be a registry's mistake, is not believed.
    async fn child_at_source(&self, child: &Descriptor) -> Result<Arc<Node>, Unbrought> {
        for _ in 0..2 {
            if let Some(node) = self.engine.manifests.get(&self.source, child).await? {
                return Ok(node);
            }
        }
        Err(Unbrought::Absent)
    }

    async fn bring_blobs(&self, blobs: &[Descriptor]) -> Result<(), Failure> {
        stream::iter(blobs)
            .map(Ok)
            .try_for_each_concurrent(BLOBS_AT_A_TIME, |blob| async move {
                if blob.is_foreign() { Ok(()) } else { self.bring_blob(blob).boxed().await }
            })
            .await
    }

    async fn bring_blob(&self, blob: &Descriptor) -> Result<(), Failure> {
        let how = match (&self.target, self.delivery(blob)) {
            (Store::Registry(..), Some(delivery)) => self.bring_to_registry(&delivery).await,
            (Store::Layout(layout), _) => self.bring_to_layout(layout, blob).await,
            (Store::Registry(..), None) => Ok(How::Present),
        };
        self.tally.add(how.map_err(|error| Failure::new(Stage::Transfer, error))?, blob.size);
        Ok(())
    }

    async fn bring_to_registry(&self, delivery: &Delivery<'_>) -> Result<How, registry::Error> {
        let blobs = &self.engine.ground.blobs;
        match self.mode {
            Mode::Foresee => Ok(blobs.foresee(delivery)),
            Mode::Fill => blobs.ensure(delivery).await,
            Mode::Check | Mode::Force => blobs.check(delivery).await,
        }
    }

    pub(super) fn delivery<'b>(&'b self, blob: &'b Descriptor) -> Option<Delivery<'b>> {
        let Store::Registry(client, repository) = &self.target else { return None };
        Some(Delivery {
            client,
            repository,
            place: &self.place,
            blob,
            source: &self.source,
            given: self.engine.given.blob(blob),
            may_mount: !self.engine.options.skip_mount,
            fanout: &self.engine.fanout,
            recipients: self.recipients,
            streams: &self.engine.ground.streams,
            observer: &*self.engine.observer,
        })
    }

    async fn bring_to_layout(&self, layout: &Layout, blob: &Descriptor) -> Result<How, registry::Error> {
        if layout.has(blob).await {
            return Ok(How::Present);
        }
        if self.mode == Mode::Foresee {
            return Ok(self.engine.ground.blobs.foresee_in(&self.place, blob));
        }
        let key = (Arc::clone(&self.place), blob.digest.clone());
        let mut how = How::Present;
        let write = async {
            self.engine.observer.expected(blob.size);
            self.engine.source.retrying(|| self.write_to_layout(layout, blob)).await?;
            how = How::Copied;
            Ok::<_, registry::Error>(())
        };
        self.engine.written.try_get(&key, write.boxed()).await?;
        Ok(how)
    }

    async fn write_to_layout(&self, layout: &Layout, blob: &Descriptor) -> Result<(), registry::Error> {
        // As in an upload; here it also bounds the files that are open.
        let _stream = self.engine.ground.streams.acquire().await.ok();
        let given = self.engine.given.blob(blob);
        let permit = if given.is_some() { None } else { self.source.permit().await? };
        let source = reader(given, || self.source.blob(blob));
        let observer = &self.engine.observer;
        let bytes = source.open(permit).await?.inspect_ok(|frame| observer.sent(frame.len() as u64));
        layout
            .write::<WriteError>(&blob.digest, bytes.map_err(WriteError::Source))
            .await
            .map_err(WriteError::into)
    }
}

pub(super) fn too_much(error: Error) -> Failure {
    Failure::new(Stage::Transfer, error)
}

/// The size in a descriptor is part of what an index names; no client pulls a child that has another.
pub(super) fn check_size(child: &Descriptor, found: u64) -> Result<(), Failure> {
    if child.size == found {
        return Ok(());
    }
    let (digest, expected) = (child.digest.clone(), child.size);
    Err(Failure::new(Stage::Transfer, Error::Size { digest, expected, found }))
}

/// Why a child is not in the target's place now.
enum Unbrought {
    /// This source does not have it; the source of another entry may.
    Absent,
    Failed(Failure),
}

impl From<Failure> for Unbrought {
    fn from(failure: Failure) -> Self {
        Self::Failed(failure)
    }
}

/// Either end of a copy into a layout.
enum WriteError {
    Source(registry::Error),
    Layout(crate::layout::Error),
}

impl From<crate::layout::Error> for WriteError {
    fn from(error: crate::layout::Error) -> Self {
        Self::Layout(error)
    }
}

impl From<WriteError> for registry::Error {
    fn from(error: WriteError) -> Self {
        match error {
            WriteError::Source(error) => error,
            WriteError::Layout(error) => local(error),
        }
    }
}
