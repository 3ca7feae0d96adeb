//! Moves one image: blobs, then children, then the manifest, the tag last.
//!
//! # Guarantees
//! A manifest is written only when everything that it names is in its repository, so that no tag ever
//! points at less than a whole image. Manifests go out as the bytes that came in.

use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, OnceLock, PoisonError};

use futures_util::FutureExt as _;
use futures_util::future::BoxFuture;
use tokio::sync::OnceCell;

use super::blobs::How;
use super::fanout::Recipients;
use super::guards::Tags;
use super::manifests::Node;
use super::meanwhile::End;
use super::plan::Found;
use super::referrers::Attached;
use super::store::{Place, Store};
use super::{Engine, Error, Planned};
use crate::error::{Failure, Stage};
use crate::model::{Bytes, Content, Digest, Endpoint, Manifest, Outcome, Reason, Update};
use crate::registry::{self, Stored};

/// How thorough a transfer is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Mode {
    /// Only say what would move.
    Foresee,
    /// Bring what is not known to be there.
    Fill,
    /// Ask for every blob and child, bring what is missing.
    Check,
    /// As `Check`, and write every manifest again.
    Force,
}

/// Bytes of one entry, counted while they move.
#[derive(Debug, Default)]
pub(super) struct Tally {
    copied: AtomicU64,
    mounted: AtomicU64,
    present: AtomicU64,
}

impl Tally {
    /// Counts `size` bytes.
    pub(super) fn add(&self, how: How, size: u64) {
        let counter = match how {
            How::Present => &self.present,
            How::Mounted => &self.mounted,
            How::Copied => &self.copied,
        };
        // Sizes are what manifests say, which may be anything.
        let add = |sum: u64| Some(sum.saturating_add(size));
        let _ = counter.fetch_update(Ordering::Relaxed, Ordering::Relaxed, add);
    }

    /// The sums so far.
    pub(super) fn bytes(&self) -> Bytes {
        Bytes {
            copied: self.copied.load(Ordering::Relaxed),
            mounted: self.mounted.load(Ordering::Relaxed),
            present: self.present.load(Ordering::Relaxed),
        }
    }
}

/// One image on its way.
pub(super) struct Transfer<'a> {
    pub(super) engine: &'a Engine,
    pub(super) planned: &'a Planned,
    /// The registries that get the same image now.
    pub(super) recipients: &'a Arc<Recipients>,
    pub(super) source: Store,
    pub(super) target: Store,
    pub(super) place: Place,
    pub(super) mode: Mode,
    pub(super) tally: &'a Tally,
    /// Children that the source index names and the source does not have.
    pub(super) sparse: Mutex<Vec<Digest>>,
    /// What came with the image because it refers to it.
    pub(super) attached: Attached,
    /// What the target says of the manifest that was put under the name.
    pub(super) stored: OnceLock<Stored>,
    /// How many manifests below the image's own were met.
    pub(super) met: AtomicUsize,
    /// The manifest that the target names until now, once it was read.
    pub(super) outgoing: OnceCell<Option<Manifest>>,
    /// The further tags that exist by now.
    pub(super) further: Mutex<Tags>,
}

impl<'a> Transfer<'a> {
    /// The transfer of `planned`.
    pub(super) fn new(
        engine: &'a Engine,
        planned: &'a Planned,
        recipients: &'a Arc<Recipients>,
        (mode, tally): (Mode, &'a Tally),
    ) -> Self {
        let entry = &planned.desired;
        let source = Store::of(&entry.source, &engine.source);
        let target = Store::of(&entry.target, &engine.target);
        let place = target.name();
        Self {
            engine,
            planned,
            recipients,
            source,
            target,
            place,
            mode,
            tally,
            sparse: Mutex::default(),
            attached: Attached::default(),
            stored: OnceLock::new(),
            met: AtomicUsize::default(),
            outgoing: OnceCell::new(),
            further: Mutex::default(),
        }
    }

    /// Moves the image, unless a guard forbids it at the last moment. In modes [`Mode::Foresee`] and
    /// [`Mode::Check`] the target's name is left as it is.
    pub(super) async fn run(&self) -> Result<End, Failure> {
        if self.planned.check_only && self.mode != Mode::Check {
            return self.attach().boxed().await.map(|()| self.unwritten());
        }
        let root = self.root().await?;
        self.learn_before(&root).await;
        if let Some(end) = self.too_late(&root).boxed().await? {
            return Ok(end);
        }
        self.fill(&root).await?;
        self.attach().boxed().await?;
        self.finish(&root).await
    }

    /// As [`Transfer::run`], without what refers to the image.
    pub(super) async fn run_alone(&self) -> Result<End, Failure> {
        let root = self.root().await?;
        self.learn_before(&root).await;
        self.fill(&root).await?;
        self.finish(&root).await
    }

    /// Learns what the target holds by what it names until now.
    async fn learn_before(&self, root: &Node) {
        if !self.is_within_one_place() {
            self.learn_previous(&root.content).await;
        }
    }

    /// Sees to it that everything below the manifest is there.
    async fn fill(&self, root: &Node) -> Result<(), Failure> {
        if self.is_within_one_place() { Ok(()) } else { self.complete(root, 0).await }
    }

    /// Moves the name, where it is to be moved.
    async fn finish(&self, root: &Node) -> Result<End, Failure> {
        match self.mode {
            Mode::Foresee => {
                self.foresee_further();
                Ok(self.unwritten())
            }
            Mode::Check => Ok(self.unwritten()),
            Mode::Fill | Mode::Force => self.name_last(root).await,
        }
    }

    /// Writes the target's name, when all further tags are there and nothing forbids it.
    async fn name_last(&self, root: &Node) -> Result<End, Failure> {
        if let Some(refusal) = self.tag_further(root).await? {
            return Ok(End::Refused(refusal));
        }
        match self.last_look().await? {
            Ok(found) => self.name(root, found).await,
            Err(end) => Ok(end),
        }
    }

    /// How a transfer ends that leaves the name as it is.
    fn unwritten(&self) -> End {
        End::Done(self.planned.found.clone())
    }

    /// What became of the entry, where nothing went wrong.
    pub(super) fn outcome(&self) -> Outcome {
        let Planned { reason, check_only, .. } = *self.planned;
        match self.mode {
            Mode::Foresee if !check_only => Outcome::Planned(reason),
            Mode::Fill | Mode::Force if !check_only => Outcome::Copied(reason),
            Mode::Check if self.sent_something() => Outcome::Updated(Update::Repaired),
            _ if self.attached.is_empty() => Outcome::Kept,
            Mode::Foresee => Outcome::Planned(Reason::Referrers),
            Mode::Fill | Mode::Check | Mode::Force => Outcome::Updated(Update::Referrers),
        }
    }

    fn sent_something(&self) -> bool {
        let sent = |bytes: Bytes| bytes.copied + bytes.mounted > 0;
        sent(self.tally.bytes()) || (self.attached.is_empty() && sent(self.attached.moved().bytes))
    }

    pub(super) async fn root(&self) -> Result<Arc<Node>, Failure> {
        if let Some(rewritten) = &self.planned.rewritten {
            let node = Node::new(rewritten.clone());
            return node.map(Arc::new).map_err(|error| Failure::new(Stage::Transfer, error));
        }
        let wanted = &self.planned.wanted;
        self.engine.manifests.get(&self.source, wanted).await?.ok_or_else(|| {
            let (source_ref, digest) = (self.planned.desired.source.clone(), wanted.digest.clone());
            Failure::new(Stage::Transfer, Error::SourceVanished { source_ref, digest })
        })
    }

    /// A retag within one repository moves nothing but the name, unless what is named may be in memory only.
    pub(super) fn is_within_one_place(&self) -> bool {
        !matches!(self.mode, Mode::Check | Mode::Force)
            && self.engine.given.is_empty()
            && self.source.name() == self.place
    }

    /// Writes a child by its digest.
    pub(super) async fn put_child(&self, node: &Node) -> Result<(), Failure> {
        let answered = match self.target.put(&node.manifest, None).await {
            Err(error) if error.missing_content().is_some() => {
                self.heal(node, error.missing_content().unwrap_or_default()).await?;
                self.target.put(&node.manifest, None).await
            }
            answer => answer,
        };
        let answered = answered.map_err(|error| Failure::new(Stage::Transfer, error))?;
        self.assert_child(&node.manifest, answered.digest.as_ref())
    }

    /// Puts the manifest under the target's name, which was `before`.
    async fn name(&self, root: &Node, before: Found) -> Result<End, Failure> {
        let stored = self.put_under(root, &self.planned.desired.target).await?;
        let digest = self.stored.get_or_init(|| stored).digest.clone();
        self.assert_name(&root.manifest, (digest, before)).await
    }

    /// Puts the manifest under a name in the target's place, once nothing below it is missing.
    pub(super) async fn put_under(&self, root: &Node, name: &Endpoint) -> Result<Stored, Failure> {
        let answer = match self.target.put(&root.manifest, Some(name)).await {
            Err(error) if error.missing_content().is_some() => {
                self.heal(root, error.missing_content().unwrap_or_default()).await?;
                self.target.put(&root.manifest, Some(name)).await
            }
            answer => answer,
        };
        self.engine.target_changed(name);
        let stored = answer.map_err(|error| self.refused_manifest(error))?;
        self.tally.add(How::Copied, root.manifest.bytes.len() as u64);
        Ok(stored)
    }

    /// Sends what the registry says it lacks, once.
    fn heal<'b>(&'b self, node: &'b Node, missing: Vec<Digest>) -> BoxFuture<'b, Result<(), Failure>> {
        async move {
            let lacks = |digest: &Digest| missing.is_empty() || missing.contains(digest);
            match &node.content {
                Content::Image(blobs) => {
                    for blob in blobs.iter().filter(|blob| lacks(&blob.digest) && !blob.is_foreign()) {
                        let Some(delivery) = self.delivery(blob) else { continue };
                        let how = self.engine.ground.blobs.resend(&delivery).await;
                        let how = how.map_err(|error| Failure::new(Stage::Transfer, error))?;
                        self.tally.add(how, blob.size);
                    }
                }
                Content::Index(children) => {
                    for child in children.iter().filter(|child| lacks(&child.digest)) {
                        self.engine.ground.complete.forget(&(Arc::clone(&self.place), child.digest.clone()));
                        self.child(child, 1).await?;
                    }
                }
            }
            Ok(())
        }
        .boxed()
    }

    fn refused_manifest(&self, error: registry::Error) -> Failure {
        let sparse = std::mem::take(&mut *self.sparse.lock().unwrap_or_else(PoisonError::into_inner));
        if error.missing_content().is_some() && !sparse.is_empty() {
            return Failure::new(Stage::Transfer, Error::Sparse(sparse));
        }
        Failure::new(Stage::Transfer, error)
    }
}
