//! What the image that a tag named until now tells about the target: what it holds need not be sent.
//!
//! Best effort: whatever cannot be read is simply not known to be there.

use std::sync::Arc;

use futures_util::{FutureExt as _, StreamExt as _, stream};

use super::transfer::Transfer;
use crate::error::{Failure, Stage};
use crate::model::{Content, Descriptor, Manifest, Reason};

/// How many children of the old index are asked for at a time.
const AT_A_TIME: usize = 8;

impl Transfer<'_> {
    /// Reads the target's old image, at the cost of one GET, and one request more for each child of an
    /// old index: a child costs less to read than each of its layers to ask for.
    pub(super) async fn learn_previous(&self, new: &Content) {
        if self.planned.reason != Reason::Differs || self.target.repository().is_none() {
            return;
        }
        let Ok(Some(old)) = self.outgoing().await else { return };
        let wanted = match new {
            Content::Index(children) => children.as_slice(),
            Content::Image(_) => &[],
        };
        if let Some(children) = self.learn_from(old) {
            stream::iter(&children)
                .for_each_concurrent(AT_A_TIME, |child| self.learn_child(child, wanted.contains(child)))
                .await;
        }
    }

    /// The manifest that the target names until now, read once; none: there is none.
    pub(super) async fn outgoing(&self) -> Result<Option<&Manifest>, Failure> {
        let Some(digest) = self.planned.found.digest() else { return Ok(None) };
        let wanted = Descriptor::of_digest(digest.clone());
        let read = || self.target.manifest(&wanted, Stage::Plan).boxed();
        self.outgoing.get_or_try_init(read).await.map(Option::as_ref)
    }

    /// A child that stays is whole if it is there (an index may be sparse); one that goes leaves its blobs.
    async fn learn_child(&self, child: &Descriptor, stays: bool) {
        if !stays {
            if self.foresees_dates() {
                // Kept: one of them says when the old image was made.
                if let Ok(Some(node)) = self.engine.manifests.get(&self.target, child).await {
                    self.learn_from(&node.manifest);
                }
            } else if let Ok(Some(child)) = self.target.manifest(child, Stage::Plan).await {
                self.learn_from(&child);
            }
        } else if matches!(self.target.has_manifest(child).await, Ok(true)) {
            self.engine.ground.complete.learn(&(Arc::clone(&self.place), child.digest.clone()), ());
        }
    }

    /// A manifest of the target: its blobs are there. Gives the children of an index.
    fn learn_from(&self, manifest: &Manifest) -> Option<Vec<Descriptor>> {
        let repository = self.target.repository()?;
        match manifest.content().ok()? {
            Content::Index(children) => Some(children),
            Content::Image(blobs) => {
                for blob in blobs.iter().filter(|blob| !blob.is_foreign()) {
                    self.engine.ground.blobs.seen(repository, &self.place, &blob.digest);
                }
                None
            }
        }
    }
}
