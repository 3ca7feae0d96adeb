//! Finds what a source is now and what its target is now: one look a distinct reference.
//!
//! A source that is pinned by digest costs no request.

use futures_util::FutureExt as _;

use super::Engine;
use super::once::Once;
use super::plan::Found;
use crate::error::{Failure, Stage};
use crate::layout::Layout;
use crate::model::{Descriptor, Endpoint, LayoutRef, Version};
use crate::registry::Client;

/// The looks of a run, each shared by all entries that name the same reference.
#[derive(Debug, Default)]
pub(super) struct Looks {
    sources: Once<Endpoint, Result<Option<Descriptor>, Failure>>,
    targets: Once<Endpoint, Result<Found, Failure>>,
}

impl Engine {
    /// What `source` is now; None: it does not exist.
    pub(super) async fn source_now(&self, source: &Endpoint) -> Result<Option<Descriptor>, Failure> {
        if let Some(pinned) = pinned(source) {
            return Ok(Some(pinned));
        }
        self.looks.sources.get(source, look(&self.source, source).boxed()).await
    }

    /// What `target` is now.
    pub(super) async fn target_now(&self, target: &Endpoint) -> Result<Found, Failure> {
        self.looks.targets.get(target, look_at_target(&self.target, target).boxed()).await
    }

    /// Forgets what `target` was, since it was written.
    pub(super) fn target_changed(&self, target: &Endpoint) {
        self.looks.targets.forget(target);
        self.looks.sources.forget(target);
    }
}

/// A descriptor of which only the digest is known yet; the manifest's bytes tell the rest.
fn pinned(source: &Endpoint) -> Option<Descriptor> {
    let Endpoint::Registry(image) = source else { return None };
    match &image.version {
        Version::Digest(digest) => Some(Descriptor::of_digest(digest.clone())),
        Version::Tag(_) => None,
    }
}

async fn look(client: &Client, endpoint: &Endpoint) -> Result<Option<Descriptor>, Failure> {
    match endpoint {
        Endpoint::Registry(image) => {
            client.head_manifest(image).await.map_err(|error| Failure::new(Stage::Resolve, error))
        }
        Endpoint::Layout(layout) => find(layout, Stage::Resolve).await,
    }
}

/// Nothing is a definite answer here: a registry may hide what a pull token may not see.
async fn look_at_target(client: &Client, target: &Endpoint) -> Result<Found, Failure> {
    let found = match target {
        Endpoint::Registry(image) => match client.head_manifest(image).await {
            Ok(found) => found,
            Err(error) if error.is_denied() => return Ok(Found::Unknown),
            Err(error) => return Err(Failure::new(Stage::Plan, error)),
        },
        Endpoint::Layout(layout) if layout.tag.is_none() => None,
        Endpoint::Layout(layout) => find(layout, Stage::Plan).await?,
    };
    Ok(found.map_or(Found::Absent, |found| Found::Is(found.digest)))
}

async fn find(layout: &LayoutRef, stage: Stage) -> Result<Option<Descriptor>, Failure> {
    let found = Layout::new(&layout.path).find(layout.tag.as_ref()).await;
    found.map_err(|error| Failure::new(stage, error))
}
