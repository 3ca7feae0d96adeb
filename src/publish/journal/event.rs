//! What can be noted.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::model::{Digest, Tag};

/// A child of an index.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Platformed {
    /// `linux/amd64`.
    pub platform: String,
    /// The digest of its manifest.
    pub digest: Digest,
}

/// What a certification came to for one platform.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Certified {
    /// Whether all checks passed.
    pub passed: bool,
    /// By what name the catalog knows the image, if it was told.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub image_id: Option<String>,
}

/// What is going to be published, and how: enough to go on with it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Plan {
    /// The image.
    pub digest: Digest,
    /// Its children.
    pub children: Vec<Platformed>,
    /// Where it comes from: `registry/org/name@sha256:…`.
    pub source: String,
    /// The product, by its name in the metadata file.
    pub product: String,
    /// The tags that are going to be moved, in their order.
    pub tags: Vec<Tag>,
    /// Whether its configs were made unique.
    #[serde(default)]
    pub unique: bool,
    /// Whether it may be of one architecture.
    #[serde(default)]
    pub single_arch: bool,
    /// Whether attestations were left out.
    #[serde(default)]
    pub stripped: bool,
}

#[cfg(test)]
impl Plan {
    /// The plan of an image without children.
    pub(in crate::publish) fn sample(digest: Digest, source: &str) -> Self {
        Self {
            digest,
            children: Vec::new(),
            source: source.to_owned(),
            product: "server".to_owned(),
            tags: Vec::new(),
            unique: false,
            single_arch: false,
            stripped: false,
        }
    }
}

/// Something that was done, or is about to be.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "event", rename_all = "snake_case")]
pub enum Event {
    /// The image is going to be published under this number.
    Planned(Plan),
    /// The upload begins.
    PushStarted,
    /// The unique tag is the image.
    Pushed,
    /// The preflight program is started, for the n-th time.
    PreflightStarted {
        /// n, from 1.
        attempt: u32,
        /// Its version.
        version: String,
        /// The architectures that it is to check; empty: all of the image.
        architectures: Vec<String>,
    },
    /// What the preflight program found, by architecture.
    PreflightResult {
        /// The attempt.
        attempt: u32,
        /// By architecture.
        results: BTreeMap<String, Certified>,
    },
    /// All platforms passed, and the catalog was told, or knows.
    Submitted,
    /// The public registry serves the image under the unique tag.
    PublicSeen,
    /// What a floating tag was before it moved.
    FloatingBefore {
        /// The tag.
        tag: Tag,
        /// What it was in the upload registry; none: absent.
        upload: Option<Digest>,
        /// What it was in the public registry; none: absent.
        public: Option<Digest>,
    },
    /// A floating tag is the image in the upload registry.
    FloatingPushed {
        /// The tag.
        tag: Tag,
    },
    /// A floating tag is the image in the public registry.
    FloatingSeen {
        /// The tag.
        tag: Tag,
    },
    /// Everything is done.
    Done,
}
