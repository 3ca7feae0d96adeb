//! Manifests as bytes, and what they name.
//!
//! The bytes are the truth: they are hashed, sent on as they came and never written anew. The models
//! here only read what a copy needs to know (OCI image spec manifest.md and image-index.md, Docker
//! image manifest v2 schema 2, the OCI artifact manifest that never left its release candidate).

use std::fmt;

use bytes::Bytes;
use serde::Deserialize;

use super::digest::Digest;
use crate::redact::cut;

/// The media types that name other manifests or blobs, all of them offered in `Accept`.
pub const MANIFEST_MEDIA_TYPES: [&str; 7] =
    [OCI_INDEX, OCI_IMAGE, DOCKER_LIST, DOCKER_IMAGE, OCI_ARTIFACT, DOCKER_SCHEMA1_SIGNED, DOCKER_SCHEMA1];
/// An OCI image index.
pub const OCI_INDEX: &str = "application/vnd.oci.image.index.v1+json";
/// An OCI image manifest.
const OCI_IMAGE: &str = "application/vnd.oci.image.manifest.v1+json";
/// A Docker manifest list.
const DOCKER_LIST: &str = "application/vnd.docker.distribution.manifest.list.v2+json";
/// A Docker image manifest, schema 2.
const DOCKER_IMAGE: &str = "application/vnd.docker.distribution.manifest.v2+json";
/// The artifact manifest of the OCI 1.1 release candidates.
const OCI_ARTIFACT: &str = "application/vnd.oci.artifact.manifest.v1+json";
/// A Docker image manifest, schema 1, signed.
const DOCKER_SCHEMA1_SIGNED: &str = "application/vnd.docker.distribution.manifest.v1+prettyjws";
/// A Docker image manifest, schema 1.
const DOCKER_SCHEMA1: &str = "application/vnd.docker.distribution.manifest.v1+json";

/// Names a blob or a manifest: its digest, its size and what it is.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Descriptor {
    /// What it is.
    #[serde(default)]
    pub media_type: String,
    /// Its content.
    pub digest: Digest,
    /// Its length in bytes.
    pub size: u64,
    /// Where else it can be had; layers with such addresses need not be in the registry (foreign layers).
    #[serde(default)]
    pub urls: Vec<String>,
    /// In an index: what it runs on.
    #[serde(default)]
    pub platform: Option<Box<Platform>>,
}

impl Descriptor {
    /// A descriptor of which only the digest is known (a reference pinned by digest).
    #[must_use]
    pub fn of_digest(digest: Digest) -> Self {
        Self { media_type: String::new(), digest, size: 0, urls: Vec::new(), platform: None }
    }

    /// Whether it names a manifest, as far as its type tells.
    #[must_use]
    pub fn is_manifest(&self) -> bool {
        self.media_type.is_empty() || MANIFEST_MEDIA_TYPES.contains(&self.media_type.as_str())
    }

    /// Whether it may name an index: its type says so, or does not tell.
    #[must_use]
    pub fn may_be_index(&self) -> bool {
        let tells = [OCI_IMAGE, DOCKER_IMAGE, OCI_ARTIFACT, DOCKER_SCHEMA1_SIGNED, DOCKER_SCHEMA1];
        !tells.contains(&self.media_type.as_str())
    }

    /// Whether registries may refuse to hold it: a layer that Docker calls foreign and OCI
    /// non-distributable, to be had from its `urls`.
    #[must_use]
    pub fn is_foreign(&self) -> bool {
        !self.urls.is_empty()
            && (self.media_type.contains(".foreign.") || self.media_type.contains("nondistributable"))
    }
}

/// What an image runs on.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Deserialize)]
pub struct Platform {
    /// Operating system, as Go names it.
    #[serde(default)]
    pub os: String,
    /// Architecture, as Go names it.
    #[serde(default)]
    pub architecture: String,
    /// Variant of the architecture.
    #[serde(default)]
    pub variant: Option<String>,
}

impl fmt::Display for Platform {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.os, self.architecture)?;
        self.variant.as_ref().map_or(Ok(()), |variant| write!(f, "/{variant}"))
    }
}

/// A manifest as it came: its bytes, their digest, and the media type it was given with.
#[derive(Clone, PartialEq, Eq)]
pub struct Manifest {
    /// What the registry said it is, else what it says itself.
    pub media_type: String,
    /// The digest of the bytes.
    pub digest: Digest,
    /// The bytes.
    pub bytes: Bytes,
}

impl fmt::Debug for Manifest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Manifest({} {} {} bytes)", self.media_type, self.digest, self.bytes.len())
    }
}

/// What a manifest names.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Content {
    /// Other manifests, in the order they stand.
    Index(Vec<Descriptor>),
    /// Blobs: the config first, then the layers, in the order they stand.
    Image(Vec<Descriptor>),
}

/// Why a manifest cannot be copied.
#[derive(Debug, thiserror::Error)]
pub enum ManifestError {
    /// The bytes are not JSON of a known shape.
    #[error("the manifest is not JSON of a known form")]
    Json(#[source] serde_json::Error),
    /// Schema 1: its digest depends on a signature that a copy would change; registries refuse it.
    #[error(
        "Docker schema 1 manifests are not supported: registries no longer accept them; \
         rebuild the image, or push it once more with a current tool"
    )]
    Schema1,
    /// It names nothing that could be copied.
    #[error("the manifest of type {:?} names neither manifests nor blobs", cut(.0, 100))]
    Unknown(String),
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Shape {
    schema_version: Option<u32>,
    media_type: Option<String>,
    manifests: Option<Vec<Descriptor>>,
    config: Option<Descriptor>,
    layers: Option<Vec<Descriptor>>,
    blobs: Option<Vec<Descriptor>>,
    fs_layers: Option<serde::de::IgnoredAny>,
}

impl Manifest {
    /// The descriptor by which others name it.
    #[must_use]
    pub fn descriptor(&self) -> Descriptor {
        let size = self.bytes.len() as u64;
        Descriptor { media_type: self.media_type.clone(), size, ..Descriptor::of_digest(self.digest.clone()) }
    }

    /// The manifest that it refers to, if it says so.
    #[must_use]
    pub fn subject(&self) -> Option<Digest> {
        #[derive(Deserialize)]
        struct Referring {
            subject: Subject,
        }
        #[derive(Deserialize)]
        struct Subject {
            digest: Digest,
        }
        serde_json::from_slice(&self.bytes).ok().map(|Referring { subject }| subject.digest)
    }

    /// A manifest of `bytes`. `media_type` is the registry's word; where it said nothing of use the
    /// manifest's own `mediaType` counts, then its shape.
    #[must_use]
    pub fn new(media_type: Option<&str>, bytes: Bytes) -> Self {
        let given = media_type.map(bare).unwrap_or_default();
        let generic = matches!(given, "" | "application/json" | "text/plain" | "application/octet-stream");
        let media_type = if generic { sniff(&bytes) } else { given.to_owned() };
        Self { media_type, digest: Digest::of(&bytes), bytes }
    }

    /// What it names.
    ///
    /// # Errors
    /// See [`ManifestError`].
    pub fn content(&self) -> Result<Content, ManifestError> {
        if self.media_type == DOCKER_SCHEMA1 || self.media_type == DOCKER_SCHEMA1_SIGNED {
            return Err(ManifestError::Schema1);
        }
        let shape: Shape = serde_json::from_slice(&self.bytes).map_err(ManifestError::Json)?;
        if shape.schema_version == Some(1) || shape.fs_layers.is_some() {
            return Err(ManifestError::Schema1);
        }
        let is_index = self.media_type == OCI_INDEX || self.media_type == DOCKER_LIST;
        match shape {
            Shape { manifests: Some(manifests), config: None, .. } => Ok(Content::Index(manifests)),
            Shape { config, layers, blobs, .. } if !is_index => {
                // Layers may be had from elsewhere, a config may not: without it there is no image.
                let config = config.map(|config| Descriptor { urls: Vec::new(), ..config });
                let blobs: Vec<_> = config
                    .into_iter()
                    .chain(layers.into_iter().flatten())
                    .chain(blobs.into_iter().flatten())
                    .collect();
                if blobs.is_empty() {
                    Err(ManifestError::Unknown(self.media_type.clone()))
                } else {
                    Ok(Content::Image(blobs))
                }
            }
            Shape { .. } => Err(ManifestError::Unknown(self.media_type.clone())),
        }
    }
}

fn sniff(bytes: &[u8]) -> String {
    let Ok(shape) = serde_json::from_slice::<Shape>(bytes) else { return String::new() };
    let by_shape = if shape.manifests.is_some() {
        OCI_INDEX
    } else if shape.schema_version == Some(1) {
        DOCKER_SCHEMA1_SIGNED
    } else {
        OCI_IMAGE
    };
    shape.media_type.map_or_else(|| by_shape.to_owned(), |own| bare(&own).to_owned())
}

/// A media type without its parameters.
fn bare(media_type: &str) -> &str {
    media_type.split(';').next().unwrap_or_default().trim()
}

impl crate::error::Classify for ManifestError {
    fn class(&self) -> crate::error::Class {
        crate::error::Class::Protocol
    }
}
