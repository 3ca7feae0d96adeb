//! The fewest requests and bytes that anybody without a memory of earlier runs can do with.
//!
//! Worked out from the images alone, never from what a program did.

use std::collections::BTreeSet;

use serde::Serialize;

use crate::set::Set;

/// What a run is held against.
#[derive(Debug, Clone, Copy, Default, Serialize)]
pub struct Fewest {
    pub requests: u64,
    /// Bytes of blobs from the source, each once however many targets there are.
    pub blob_bytes: u64,
    /// GETs of blobs and of manifests at the source.
    pub blobs: u64,
    pub manifests: u64,
    /// PUTs of manifests.
    pub writes: u64,
}

impl Fewest {
    /// Everything into empty registries. Of the source each manifest is read by its tag and each blob once; in each target
    /// each tag is looked at, each blob has a POST and a PUT, each further repository that it belongs to one POST, each
    /// manifest a PUT.
    pub fn cold(set: &Set, targets: u64) -> Self {
        let (held, manifests) = (set.blobs(), count(set.manifests()));
        let (blobs, pairs) = (count(&held), count(set.links()));
        let target = count(&set.lines) + 2 * blobs + (pairs - blobs) + manifests;
        Self {
            requests: digests(set) + blobs + targets * target,
            blob_bytes: held.values().sum(),
            blobs,
            manifests: digests(set),
            writes: targets * manifests,
        }
    }

    /// Nothing changed: a look at each source and a look at each target.
    pub fn no_op(set: &Set) -> Self {
        Self { requests: 2 * count(&set.lines), ..Self::default() }
    }

    /// Some images are new on a base that is there: they as cold but for what the target has, the others as unchanged.
    pub fn changed(before: &Set, after: &Set, new: &Set) -> Self {
        let (there, held) = (before.links(), before.blobs());
        let pairs = new.links().into_keys().filter(|pair| !there.contains_key(pair)).count() as u64;
        let sizes: Vec<_> =
            new.blobs().into_iter().filter(|(digest, _)| !held.contains_key(digest)).collect();
        let (blobs, manifests, writes) = (count(&sizes), digests(new), count(new.manifests()));
        let looks = 2 * count(&after.lines) - count(&new.lines);
        Self {
            requests: looks + manifests + 3 * blobs + (pairs - blobs) + writes,
            blob_bytes: sizes.iter().map(|(_, size)| size).sum(),
            blobs,
            manifests,
            writes,
        }
    }

    /// Into another folder of the same registry: every blob is mounted.
    pub fn same_registry(set: &Set) -> Self {
        let (manifests, writes) = (digests(set), count(set.manifests()));
        let requests = count(&set.lines) + manifests + count(set.links()) + writes;
        Self { requests, manifests, writes, ..Self::default() }
    }
}

fn count<T>(all: impl IntoIterator<Item = T>) -> u64 {
    all.into_iter().count() as u64
}

/// Manifests, each digest once whatever repositories it is in.
fn digests(set: &Set) -> u64 {
    count(set.manifests().into_keys().map(|(_, digest)| digest).collect::<BTreeSet<_>>())
}
