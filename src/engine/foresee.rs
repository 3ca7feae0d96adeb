//! What a plan tells of an entry that would be written, for those who review it: when both images were made.
//!
//! The manifests are those that were read to count bytes, so it costs one config for each side. Where a date cannot be read
//! it is not known, and nothing else changes.

use std::sync::Arc;
use std::time::SystemTime;

use futures_util::FutureExt as _;

use super::manifests::Node;
use super::meanwhile::End;
use super::store::Store;
use super::transfer::{Mode, Transfer};
use crate::error::Failure;
use crate::model::{Content, Descriptor, Foreseen, Outcome};

impl Transfer<'_> {
    /// As [`Transfer::run`]; where this is a plan that asks for it, also what is to be told of an entry that would be written.
    pub(super) async fn run_and_foresee(&self) -> (Result<End, Failure>, Option<Foreseen>) {
        let result = self.run().boxed().await;
        let is_told = self.foresees_dates() && matches!(result, Ok(End::Done(_)));
        if !is_told || !matches!(self.outcome(), Outcome::Planned(_)) {
            return (result, None);
        }
        let (created, previous_created) =
            tokio::join!(self.created().boxed(), self.previous_created().boxed());
        (result, Some(Foreseen { created, previous_created, repository: None }))
    }

    /// Whether this is a plan that tells when images were made.
    pub(super) fn foresees_dates(&self) -> bool {
        self.engine.options.dates && self.mode == Mode::Foresee
    }

    async fn created(&self) -> Option<SystemTime> {
        let root = self.root().await.ok()?;
        self.one_created(&self.source, root).await
    }

    async fn previous_created(&self) -> Option<SystemTime> {
        let old = self.outgoing().await.ok()??.clone();
        self.one_created(&self.target, Arc::new(Node::new(old).ok()?)).await
    }

    /// When what `root` holds was made: of an index its first image, since all of them are built together.
    async fn one_created(&self, store: &Store, root: Arc<Node>) -> Option<SystemTime> {
        let node = match &root.content {
            Content::Image(_) => root,
            Content::Index(children) => {
                let first = children.iter().find(|child| Descriptor::is_manifest(child))?;
                self.engine.manifests.get(store, first).await.ok()??
            }
        };
        self.engine.config_created(store, &node).await.ok()?
    }
}
