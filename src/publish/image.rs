//! An image that is to be published, as a whole but for its layers.

use bytes::Bytes;

use crate::model::{Descriptor, Digest, Manifest, Platform};

/// An image: its manifest and those below it, as bytes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Image {
    /// The index; where the image is of one architecture and has none, the manifest of that.
    pub manifest: Manifest,
    /// What it is made of, in the order of the index: one for each platform. An image without an index is its own child.
    pub children: Vec<Child>,
}

/// The image of one platform.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Child {
    /// What it runs on.
    pub platform: Platform,
    /// Its manifest.
    pub manifest: Manifest,
    /// The descriptor of its config.
    pub config: Descriptor,
    /// Its config.
    pub config_bytes: Bytes,
    /// Its layers, in their order.
    pub layers: Vec<Descriptor>,
}

impl Image {
    /// What it is known by.
    #[must_use]
    pub fn digest(&self) -> &Digest {
        &self.manifest.digest
    }

    /// Whether its children are below an index.
    #[must_use]
    pub fn has_index(&self) -> bool {
        self.children.iter().all(|child| child.manifest.digest != self.manifest.digest)
    }
}
