//! What refers to an image travels with it: signatures, attestations, SBOMs, and what refers to those.
//!
//! Three ways of attaching are known: the referrers API, its fallback tag, and cosign's tags. [`search`] finds
//! what is at the source; [`attach`] brings what the target lacks, after what it refers to and before the tag moves.

mod attach;
mod search;

use std::collections::{HashMap, HashSet};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use super::Engine;
use super::once::Once;
use super::store::Place;
use super::transfer::Tally;
use crate::model::{Descriptor, Desired, Digest, Host, Moved, Repository, Tag};

/// How far down references are followed: a signature on an attestation on an image is two levels.
const DEEPEST: usize = 8;
/// How many manifests may belong to one image, children of an index and referrers together.
const MOST: usize = 1000;

/// What a run knows of referrers.
#[derive(Debug, Default)]
pub(super) struct Referrers {
    /// How many entries name a repository as their source.
    entries: Mutex<HashMap<Repository, usize>>,
    /// The tags of a repository that are made of digests; none: they are asked for one by one.
    tags: Once<Repository, Option<Arc<HashSet<Tag>>>>,
    at_source: Once<(Place, Digest), Arc<Found>>,
    /// What refers to a manifest is at the target: from this place, to that one.
    brought: Once<(Place, Place, Digest), ()>,
    /// Registries that were seen to list by themselves what they are given.
    linking: Mutex<HashSet<Host>>,
}

/// What refers to one manifest at the source.
#[derive(Debug)]
struct Found {
    /// By the referrers API or the fallback tag.
    listed: Vec<Descriptor>,
    /// By tags of cosign's.
    tagged: Vec<(Tag, Descriptor)>,
}

/// What came with an image because it refers to it.
#[derive(Debug, Default)]
pub(super) struct Attached {
    manifests: AtomicUsize,
    tally: Tally,
}

impl Referrers {
    /// Says that `entry` will be asked for.
    pub(super) fn expect(&self, entry: &Desired) {
        if let Some(repository) = entry.source.repository() {
            let mut entries = self.entries.lock().unwrap_or_else(PoisonError::into_inner);
            *entries.entry(repository.clone()).or_default() += 1;
        }
    }

    /// Whether `host` was seen to list by itself what refers to a manifest.
    fn names_subjects(&self, host: &Host) -> bool {
        self.linking.lock().unwrap_or_else(PoisonError::into_inner).contains(host)
    }

    fn learn_names_subjects(&self, host: &Host) {
        self.linking.lock().unwrap_or_else(PoisonError::into_inner).insert(host.clone());
    }

    fn expected(&self, repository: &Repository) -> usize {
        let entries = self.entries.lock().unwrap_or_else(PoisonError::into_inner);
        entries.get(repository).copied().unwrap_or_default().max(1)
    }
}

impl Found {
    fn is_empty(&self) -> bool {
        self.listed.is_empty() && self.tagged.is_empty()
    }

    fn digests(&self) -> impl Iterator<Item = &Digest> {
        self.listed.iter().chain(self.tagged.iter().map(|(_, manifest)| manifest)).map(|found| &found.digest)
    }
}

impl Attached {
    /// Whether the target had all of it.
    pub(super) fn is_empty(&self) -> bool {
        self.manifests.load(Ordering::Relaxed) == 0
    }

    /// The bytes that were moved for it.
    pub(super) fn moved(&self) -> Moved {
        Moved { bytes: self.tally.bytes(), requests: 0 }
    }

    fn add(&self) {
        self.manifests.fetch_add(1, Ordering::Relaxed);
    }
}

impl Engine {
    /// Whether what refers to the image of `entry` is asked for: between two repositories, when told to.
    pub(super) fn has_referrers(&self, entry: &Desired) -> bool {
        let (source, target) = (entry.source.repository(), entry.target.repository());
        self.options.referrers && source.is_some() && target.is_some() && source != target
    }
}
