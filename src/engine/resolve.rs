//! Finds what a source is now and what its target is now: one look a distinct reference.
//!
//! A source that is pinned by digest costs no request. Where many entries name tags of one repository and
//! its registry lists tags with digests, pages of that list answer them, and a HEAD what is left.

use std::collections::{HashMap, HashSet};
use std::sync::{Arc, Mutex, PoisonError};

use futures_util::FutureExt as _;

use super::Engine;
use super::once::Once;
use super::plan::Found;
use crate::error::{Failure, Stage};
use crate::layout::Layout;
use crate::model::{Descriptor, Digest, Endpoint, ImageRef, LayoutRef, Repository, Tag, Version};
use crate::registry::{Client, is_once};

/// What a list of tags with digests said; none: there is no such list.
type Listed = Option<Arc<HashMap<Tag, Digest>>>;

/// The looks of a run. Those at a source are shared by all entries that name it; a target is one entry's only, so what
/// it is now is that entry's to know.
#[derive(Debug, Default)]
pub(super) struct Looks {
    sources: Once<Endpoint, Result<Option<Descriptor>, Failure>>,
    /// The same by those that try once: a failure of theirs is nobody else's.
    sources_once: Once<Endpoint, Result<Option<Descriptor>, Failure>>,
    lists: Once<Repository, Listed>,
    /// The tags that entries name, for repositories whose registry may list them with digests.
    named: Mutex<HashMap<Repository, HashSet<Tag>>>,
    /// What changed since it was listed.
    changed: Mutex<HashSet<ImageRef>>,
}

impl Looks {
    /// Says that an entry will ask for `endpoint`.
    pub(super) fn expect(&self, endpoint: &Endpoint, client: &Client) {
        let Endpoint::Registry(image) = endpoint else { return };
        let Version::Tag(tag) = &image.version else { return };
        if client.lists_digests(image.host()) {
            let mut named = self.named.lock().unwrap_or_else(PoisonError::into_inner);
            named.entry(image.repository.clone()).or_default().insert(tag.clone());
        }
    }

    async fn look(
        &self,
        client: &Client,
        image: &ImageRef,
    ) -> Result<Option<Descriptor>, crate::registry::Error> {
        match self.listed(client, image).await {
            Some(digest) => Ok(Some(Descriptor::of_digest(digest))),
            None => client.head_manifest(image).await,
        }
    }

    async fn listed(&self, client: &Client, image: &ImageRef) -> Option<Digest> {
        let Version::Tag(tag) = &image.version else { return None };
        let list = async {
            let named =
                self.named.lock().unwrap_or_else(PoisonError::into_inner).remove(&image.repository)?;
            client.tag_digests(&image.repository, &named).await.map(Arc::new)
        };
        let listed = self.lists.get(&image.repository, list.boxed()).await?.get(tag).cloned();
        let changed = || self.changed.lock().unwrap_or_else(PoisonError::into_inner).contains(image);
        listed.filter(|_| !changed())
    }
}

impl Engine {
    /// What `source` is now; None: it does not exist.
    pub(super) async fn source_now(&self, source: &Endpoint) -> Result<Option<Descriptor>, Failure> {
        if let Some(pinned) = pinned(source) {
            return Ok(Some(pinned));
        }
        if !is_once() {
            return self.looks.sources.get(source, self.look_at_source(source).boxed()).await;
        }
        match self.looks.sources.known(source) {
            Some(found) => found,
            None => self.looks.sources_once.get(source, self.look_at_source(source).boxed()).await,
        }
    }

    /// What `target` is now.
    pub(super) async fn target_now(&self, target: &Endpoint) -> Result<Found, Failure> {
        self.look_at_target(target).boxed().await
    }

    /// Forgets what `target` was, since it was or may have been written.
    pub(super) fn target_changed(&self, target: &Endpoint) {
        self.looks.sources.forget(target);
        self.looks.sources_once.forget(target);
        if let Endpoint::Registry(image) = target
            && self.target.lists_digests(image.host())
        {
            let mut changed = self.looks.changed.lock().unwrap_or_else(PoisonError::into_inner);
            changed.insert(image.clone());
        }
    }

    async fn look_at_source(&self, source: &Endpoint) -> Result<Option<Descriptor>, Failure> {
        match source {
            Endpoint::Registry(image) => {
                let found = self.looks.look(&self.source, image).await;
                found.map_err(|error| Failure::new(Stage::Resolve, error))
            }
            Endpoint::Layout(layout) => find(layout, Stage::Resolve).await,
        }
    }

    /// Nothing is a definite answer here: a registry may hide what a pull token may not see.
    async fn look_at_target(&self, target: &Endpoint) -> Result<Found, Failure> {
        let found = match target {
            Endpoint::Registry(image) => match self.looks.look(&self.target, image).await {
                Ok(found) => found,
                Err(error) if error.is_denied() && !self.options.visible_targets => {
                    return Ok(Found::Unknown);
                }
                Err(error) => return Err(Failure::new(Stage::Plan, error)),
            },
            Endpoint::Layout(layout) if layout.tag.is_none() => None,
            Endpoint::Layout(layout) => find(layout, Stage::Plan).await?,
        };
        Ok(found.map_or(Found::Absent, |found| Found::Is(found.digest)))
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

async fn find(layout: &LayoutRef, stage: Stage) -> Result<Option<Descriptor>, Failure> {
    let found = Layout::new(&layout.path).find(layout.tag.as_ref()).await;
    found.map_err(|error| Failure::new(stage, error))
}
