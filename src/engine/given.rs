//! What a run has in memory before it begins, because somebody read it already or made it here.

use std::collections::HashMap;

use bytes::Bytes;

use super::Engine;
use super::manifests::Node;
use crate::model::{Descriptor, Digest, Manifest, ManifestError};
use crate::registry::{BlobSource, HeldBlob};

/// Manifests and blobs that are taken from memory where the source of an entry would be asked for them; the source need not
/// have them. They are held as long as the engine is.
#[derive(Debug, Clone, Default)]
pub struct Given {
    /// Manifests.
    pub manifests: Vec<Manifest>,
    /// Blobs, by the digest of their bytes.
    pub blobs: HashMap<Digest, Bytes>,
}

impl Given {
    pub(super) fn is_empty(&self) -> bool {
        self.manifests.is_empty() && self.blobs.is_empty()
    }

    /// The blob as a source of its own, if it is given.
    pub(super) fn blob(&self, blob: &Descriptor) -> Option<HeldBlob> {
        let bytes = self.blobs.get(&blob.digest)?;
        Some(HeldBlob::new(blob.clone(), bytes.clone()))
    }
}

impl Engine {
    /// The same, with `given` at hand: an entry whose source is one of its manifests, by digest, can be copied from there.
    /// Guards that ask for the age of a source read what is at the source.
    ///
    /// # Errors
    /// When one of the manifests cannot be copied.
    pub fn giving(mut self, given: Given) -> Result<Self, ManifestError> {
        for manifest in &given.manifests {
            self.manifests.give(Node::new(manifest.clone())?);
        }
        self.given = given;
        Ok(self)
    }
}

/// Where a blob is read from: memory where it is given, else what `source` opens.
pub(super) fn reader(
    given: Option<HeldBlob>,
    source: impl FnOnce() -> Box<dyn BlobSource>,
) -> Box<dyn BlobSource> {
    given.map_or_else(source, |held| Box::new(held))
}
