//! The fewest requests and bytes that anybody without a memory of earlier runs can do with, and what we allow ourselves.
//!
//! Worked out from the images alone, never from what the program did.

use std::collections::BTreeSet;

use crate::set::Set;

/// Requests to learn what a registry can do, once for each of the two.
const WAYS: u64 = 2 * 2;

/// What a run is held against.
#[derive(Debug, Clone, Copy, Default)]
pub struct Floor {
    /// The fewest requests possible.
    pub requests: u64,
    /// The most that the program may make.
    pub allowed: u64,
    /// Bytes of blobs, which must come from the source exactly once.
    pub blob_bytes: u64,
    /// GETs of manifests and blobs at the source, which must be exact.
    pub source_manifests: u64,
    pub source_blobs: u64,
    /// PUTs of manifests, exact.
    pub manifests: u64,
}

impl Floor {
    /// Everything into an empty registry: look at each target, read each manifest by its tag and each blob once,
    /// POST and PUT each blob once, one POST for each further repository that it belongs to, PUT each manifest.
    /// The program also looks at each source, since it cannot know yet that the target lacks it.
    pub fn cold(set: &Set) -> Self {
        let (lines, blobs, pairs) = (count(&set.lines), set.blobs(), count(set.links()));
        let (source_blobs, manifests) = (count(&blobs), count(set.manifests()));
        let source_manifests = digests(set);
        let mounts = pairs - source_blobs;
        let transfer = source_manifests + source_blobs * 3 + mounts + manifests;
        Self {
            requests: lines + transfer,
            allowed: 2 * lines + transfer + WAYS,
            blob_bytes: blobs.values().sum(),
            source_manifests,
            source_blobs,
            manifests,
        }
    }

    /// Nothing changed: a look at each source and a look at each target.
    pub fn no_op(set: &Set) -> Self {
        let looks = 2 * count(&set.lines);
        Self { requests: looks, allowed: looks, ..Self::default() }
    }

    /// Some images are new on a base that is there: their manifests are read by tag instead of a look.
    /// The program looks at all, reads the old manifest of each tag that moves, and may ask for each blob of the base.
    pub fn changed(before: &Set, after: &Set, new: &Set) -> Self {
        let (lines, moved) = (count(&after.lines), count(&new.lines));
        let there: BTreeSet<_> = before.links().into_keys().collect();
        let all: BTreeSet<_> = new.links().into_keys().collect();
        let held: BTreeSet<_> = before.blobs().into_keys().collect();
        let blobs: Vec<_> = new.blobs().into_iter().filter(|(digest, _)| !held.contains(digest)).collect();
        let pairs = all.difference(&there).count() as u64;
        let (source_blobs, manifests, source_manifests) =
            (count(&blobs), count(new.manifests()), digests(new));
        let mounts = pairs - source_blobs;
        let transfer = source_manifests + source_blobs * 3 + mounts + manifests;
        Self {
            requests: 2 * lines - moved + transfer,
            allowed: 2 * lines + transfer + moved + (count(&all) - pairs) + WAYS,
            blob_bytes: blobs.iter().map(|(_, size)| size).sum(),
            source_manifests,
            source_blobs,
            manifests,
        }
    }

    /// Into another folder of the same registry: every blob is mounted.
    pub fn same_registry(set: &Set) -> Self {
        let (lines, mounts, manifests) = (count(&set.lines), count(set.links()), count(set.manifests()));
        let source_manifests = digests(set);
        let transfer = source_manifests + mounts + manifests;
        Self {
            requests: lines + transfer,
            allowed: 2 * lines + transfer + WAYS,
            source_manifests,
            manifests,
            ..Self::default()
        }
    }
}

fn count<T>(all: impl IntoIterator<Item = T>) -> u64 {
    all.into_iter().count() as u64
}

/// Manifests, each digest once whatever repositories it is in.
fn digests(set: &Set) -> u64 {
    count(set.manifests().into_keys().map(|(_, digest)| digest).collect::<BTreeSet<_>>())
}
