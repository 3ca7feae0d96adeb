//! Which images are copied where.

use std::collections::{BTreeMap, BTreeSet, HashSet};
use std::fmt::Write as _;
use std::sync::Arc;

use super::clearance::{Clearance, clear};
use super::entries::{BuiltImage, EntryImage, Slice};
use super::inspected::Inspected;
use super::names::{Privacy, by_digest, by_tag};
use super::payload::Payload;
use crate::model::{Desired, Digest, Endpoint, Guard, ImageRef, Origin};

/// So many pairs are in one of the files that list them.
const CHUNK: usize = 50;

/// An image or an index, and where it is to be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Pair {
    /// Where it is.
    pub source: ImageRef,
    /// Where it goes, under a tag that is its digest.
    pub target: ImageRef,
    /// What it is.
    pub digest: Digest,
    /// The line of the payload file that it comes from.
    pub line: u32,
}

/// What a slice needs at its destination, each target once. RHCOS stays where it is.
#[must_use]
pub fn pairs(slice: &Slice) -> Vec<Pair> {
    let mut met = HashSet::new();
    let built = slice.entries.iter().filter_map(|entry| match &entry.image {
        EntryImage::Built(built) => Some(built),
        EntryImage::Rhcos { .. } => None,
    });
    built.flat_map(of_image).filter(|pair| met.insert(pair.target.clone())).collect()
}

fn of_image(built: &BuiltImage) -> impl Iterator<Item = Pair> {
    let image = Some((&built.source, &built.digest));
    let list = built.list.as_ref().map(|(source, digest)| (source, digest));
    image.into_iter().chain(list).filter_map(|(source, digest)| {
        let target = by_tag(&built.target, digest)?;
        Some(Pair { source: by_digest(source, digest), target, digest: digest.clone(), line: built.line })
    })
}

/// The pairs of a slice as files of lines `SRC=DST`, by the names that the job this replaces gave them.
#[must_use]
pub fn files(slice: &Slice) -> Vec<(String, String)> {
    let pairs = pairs(slice);
    let chunks = pairs.chunks(CHUNK).enumerate();
    let file = |(number, pairs): (usize, &[Pair])| {
        let mut text = String::new();
        for Pair { source, target, .. } in pairs {
            let _ = writeln!(text, "{source}={target}");
        }
        (format!("src_dest.{}-{}-{number}.txt", slice.arch, slice.privacy), text)
    };
    chunks.map(file).collect()
}

/// Everything that all slices need, as entries for the engine: each target once. A tag that is a digest never becomes
/// another image, and nothing goes to the public repository that is not in `cleared`.
#[must_use]
pub fn desired(payload: &Payload, slices: &[Slice], cleared: &BTreeSet<Digest>) -> Vec<Desired> {
    let mut by_target = BTreeMap::new();
    for slice in slices {
        for pair in pairs(slice) {
            let is_clear = slice.privacy == Privacy::Private || cleared.contains(&pair.digest);
            let guard = if is_clear { Guard::Absent } else { Guard::Forbidden };
            let Pair { source, target, line, .. } = pair;
            by_target.entry(target.clone()).or_insert_with(|| Desired {
                origin: Origin::Line { file: Arc::clone(&payload.file), line },
                owner: None,
                source: Endpoint::Registry(source),
                target: Endpoint::Registry(target),
                guards: vec![guard],
            });
        }
    }
    by_target.into_values().collect()
}

/// The digests of images and indexes that may become public, found anew from what the registries said: whatever was made
/// of that meanwhile is held against it before anything is pushed.
#[must_use]
pub fn cleared(payload: &Payload, inspected: &Inspected, is_acknowledged: bool) -> BTreeSet<Digest> {
    let mut digests = BTreeSet::new();
    for member in &inspected.members {
        if let Clearance::Cleared(build) = clear(payload, member, is_acknowledged) {
            digests.extend(build.list.clone());
            digests.extend(build.images.values().map(|image| image.digest.clone()));
        }
    }
    digests
}
