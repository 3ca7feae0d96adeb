//! Whether an entry would be through before the deadline: decided once it is known what it is made of, and before
//! anything is written.

use std::collections::HashSet;
use std::sync::Arc;

use tokio::time::Instant;

use super::content::MOST_MANIFESTS;
use super::manifests::Node;
use super::meanwhile::End;
use super::rate::{needed, told};
use super::store::Store;
use super::transfer::{Mode, Transfer};
use crate::error::Failure;
use crate::model::{Content, Descriptor, Digest, Reason};

/// Bytes that an entry still has to send, as far as is known without asking.
#[derive(Debug, Default)]
struct Missing {
    blobs: u64,
    manifests: u64,
    /// What was counted already: blobs are shared by platforms.
    met: HashSet<Digest>,
    read: usize,
}

impl Transfer<'_> {
    /// How the transfer ends before it begins, if what is missing would take longer than is left. Without a deadline, or
    /// as long as nothing was sent in this run, everything begins. So does what needs no blobs: manifests and names cost
    /// round trips, whatever the rate.
    pub(super) async fn too_late(&self, root: &Node) -> Result<Option<End>, Failure> {
        let Some(deadline) = self.engine.options.deadline.filter(|_| self.sends_what_is_missing()) else {
            return Ok(None);
        };
        let Some(rate) = self.engine.rate.per_second() else { return Ok(None) };
        let missing = self.missing(root).await?;
        if missing.blobs == 0 {
            return Ok(None);
        }
        let needed = needed(missing.blobs.saturating_add(missing.manifests), rate);
        let left = deadline.saturating_duration_since(Instant::now());
        Ok((needed > left).then(|| End::TooLate(told(needed, rate, left).into())))
    }

    /// Where all is asked for, or written again over what is there, nobody knows what is missing; most of it is there.
    fn sends_what_is_missing(&self) -> bool {
        let again = self.planned.reason == Reason::Forced;
        matches!(self.mode, Mode::Fill | Mode::Force) && !again && !self.is_within_one_place()
    }

    /// Reads the manifests below `root`, which the transfer needs anyway.
    async fn missing(&self, root: &Node) -> Result<Missing, Failure> {
        let mut missing = Missing { manifests: root.manifest.bytes.len() as u64, ..Missing::default() };
        let mut ahead = self.count(&root.content, &mut missing).await;
        while let Some(child) = ahead.pop() {
            let is_there =
                self.engine.ground.complete.known(&(Arc::clone(&self.place), child.digest.clone()));
            // More manifests than an image may have, or one that is not there: the transfer itself says so.
            if is_there.is_some()
                || missing.read >= MOST_MANIFESTS
                || !missing.met.insert(child.digest.clone())
            {
                continue;
            }
            missing.read += 1;
            let Some(node) = self.engine.manifests.get(&self.source, &child).await? else { continue };
            missing.manifests = missing.manifests.saturating_add(node.manifest.bytes.len() as u64);
            ahead.extend(self.count(&node.content, &mut missing).await);
        }
        Ok(missing)
    }

    /// Counts the blobs that are named, each once; gives the manifests.
    async fn count(&self, content: &Content, missing: &mut Missing) -> Vec<Descriptor> {
        let (manifests, blobs): (Vec<_>, Vec<_>) = match content {
            Content::Index(children) => children.iter().cloned().partition(Descriptor::is_manifest),
            Content::Image(blobs) => {
                (Vec::new(), blobs.iter().filter(|blob| !blob.is_foreign()).cloned().collect())
            }
        };
        for blob in blobs {
            if !self.is_at_hand(&blob).await && missing.met.insert(blob.digest.clone()) {
                missing.blobs = missing.blobs.saturating_add(blob.size);
            }
        }
        manifests
    }

    /// Whether the target is known to have a blob, or to be able to mount it.
    async fn is_at_hand(&self, blob: &Descriptor) -> bool {
        match (&self.target, self.delivery(blob)) {
            (Store::Layout(layout), _) => layout.has(blob).await,
            (Store::Registry(..), Some(delivery)) => self.engine.ground.blobs.is_at_hand(&delivery),
            (Store::Registry(..), None) => true,
        }
    }
}
