//! What the image that a tag named until now tells about the target: what it holds need not be sent.
//!
//! Best effort: whatever cannot be read is simply not known to be there.

use std::sync::Arc;

use futures_util::{StreamExt as _, stream};

use super::transfer::Transfer;
use crate::error::Stage;
use crate::model::{Content, Descriptor, Reason};

/// How many children of the old index are asked for at a time.
const AT_A_TIME: usize = 8;

impl Transfer<'_> {
    /// Reads the target's old image, at the cost of one GET, and one request more for each child of an
    /// old index: a child costs less to read than each of its layers to ask for.
    pub(super) async fn learn_previous(&self, new: &Content) {
        let (Reason::Differs, Some(old)) = (self.planned.reason, self.planned.found.digest()) else { return };
        let wanted = match new {
            Content::Index(children) => children.as_slice(),
            Content::Image(_) => &[],
        };
        if let Some(children) = self.learn_from(&Descriptor::of_digest(old.clone())).await {
            stream::iter(&children)
                .for_each_concurrent(AT_A_TIME, |child| self.learn_child(child, wanted.contains(child)))
                .await;
        }
    }

    /// A child that stays is whole if it is there (an index may be sparse); one that goes leaves its blobs.
    async fn learn_child(&self, child: &Descriptor, stays: bool) {
        if !stays {
            self.learn_from(child).await;
        } else if matches!(self.target.has_manifest(child).await, Ok(true)) {
            self.engine.complete.learn(&(Arc::clone(&self.place), child.digest.clone()), ());
        }
    }

    /// Reads a manifest of the target: its blobs are there. Gives the children of an index.
    async fn learn_from(&self, manifest: &Descriptor) -> Option<Vec<Descriptor>> {
        let repository = self.target.repository()?;
        let manifest = self.target.manifest(manifest, Stage::Plan).await.ok()??;
        match manifest.content().ok()? {
            Content::Index(children) => Some(children),
            Content::Image(blobs) => {
                for blob in blobs.iter().filter(|blob| !blob.is_foreign()) {
                    self.engine.blobs.seen(repository, &self.place, &blob.digest);
                }
                None
            }
        }
    }
}
