//! Images, indexes and artifacts with real digests, built in memory.
//!
//! Fields stand in the order registries are used to, not sorted, so that a manifest that was parsed and
//! written again has another digest. Content is seeded: the same calls give the same bytes. Nothing here
//! is a real file system: layers are not tar archives.

mod builder;
mod index;
mod manifest;

use std::collections::BTreeSet;

use bytes::Bytes;
use image_mirror::model::Digest;
use serde_json::json;
use sha2::Digest as _;

use manifest::Link;

pub use builder::ImageBuilder;
pub use index::Index;

const OCI_INDEX: &str = "application/vnd.oci.image.index.v1+json";
const OCI_IMAGE: &str = "application/vnd.oci.image.manifest.v1+json";
const OCI_CONFIG: &str = "application/vnd.oci.image.config.v1+json";
const OCI_LAYER: &str = "application/vnd.oci.image.layer.v1.tar+gzip";
const OCI_FOREIGN: &str = "application/vnd.oci.image.layer.nondistributable.v1.tar+gzip";
const OCI_ARTIFACT: &str = "application/vnd.oci.artifact.manifest.v1+json";
const DOCKER_LIST: &str = "application/vnd.docker.distribution.manifest.list.v2+json";
const DOCKER_IMAGE: &str = "application/vnd.docker.distribution.manifest.v2+json";
const DOCKER_CONFIG: &str = "application/vnd.docker.container.image.v1+json";
const DOCKER_LAYER: &str = "application/vnd.docker.image.rootfs.diff.tar.gzip";
const DOCKER_FOREIGN: &str = "application/vnd.docker.image.rootfs.foreign.diff.tar.gzip";
const SCHEMA1: &str = "application/vnd.docker.distribution.manifest.v1+json";
const EMPTY: &str = "application/vnd.oci.empty.v1+json";

/// The sha256 digest of `bytes`, computed here and not by the program under test.
pub fn digest_of(bytes: &[u8]) -> Digest {
    Digest::parse(&format!("sha256:{}", hex::encode(sha2::Sha256::digest(bytes)))).expect("sha256 is known")
}

/// The digest of `bytes` by the algorithm of `digest`, computed here and not by the program under test.
pub fn digest_like(digest: &Digest, bytes: &[u8]) -> Digest {
    let hex = match digest.algorithm() {
        "sha256" => return digest_of(bytes),
        "sha384" => hex::encode(sha2::Sha384::digest(bytes)),
        _ => hex::encode(sha2::Sha512::digest(bytes)),
    };
    Digest::parse(&format!("{}:{hex}", digest.algorithm())).expect("the algorithm is known")
}

/// `size` bytes that look random and are the same for the same seed.
pub fn random_bytes(size: usize, seed: u64) -> Bytes {
    // SplitMix64: the bytes, and so all digests, stay the same whatever crates do.
    let mut state = seed;
    let mut bytes = Vec::with_capacity(size + 8);
    while bytes.len() < size {
        state = state.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut word = state;
        word = (word ^ (word >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        word = (word ^ (word >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        bytes.extend_from_slice(&(word ^ (word >> 31)).to_le_bytes());
    }
    bytes.truncate(size);
    bytes.into()
}

/// Bytes that a manifest names.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Blob {
    /// The digest of the bytes.
    pub digest: Digest,
    /// The bytes.
    pub bytes: Bytes,
}

impl Blob {
    /// A blob of these bytes, named by its sha256.
    pub fn new(bytes: impl Into<Bytes>) -> Self {
        let bytes = bytes.into();
        Self { digest: digest_of(&bytes), bytes }
    }
}

/// A manifest with all that it names: an image, an index, an artifact.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Image {
    /// What it is served and pushed as.
    pub media_type: String,
    /// The raw manifest.
    pub bytes: Bytes,
    /// The digest of the raw manifest.
    pub digest: Digest,
    /// The blobs that this manifest names itself, config first; without foreign layers.
    pub blobs: Vec<Blob>,
    /// The manifests that this index names; without those it lists but does not have (sparse).
    pub children: Vec<Image>,
    /// `os/architecture[/variant]`, for the index that takes it in.
    pub platform: Option<String>,
    /// What an index says of its kind.
    pub artifact_type: Option<String>,
}

impl Image {
    /// Starts a Docker schema 2 image for linux/amd64.
    pub fn docker() -> ImageBuilder {
        ImageBuilder::new(Types {
            image: DOCKER_IMAGE,
            config: DOCKER_CONFIG,
            layer: DOCKER_LAYER,
            foreign: DOCKER_FOREIGN,
        })
    }

    /// Starts an OCI image for linux/amd64.
    pub fn oci() -> ImageBuilder {
        ImageBuilder::new(Types {
            image: OCI_IMAGE,
            config: OCI_CONFIG,
            layer: OCI_LAYER,
            foreign: OCI_FOREIGN,
        })
    }

    /// Starts an OCI artifact: an `artifactType`, the empty config, no platform.
    pub fn artifact(artifact_type: &str) -> ImageBuilder {
        let mut builder = Self::oci().config_typed(EMPTY, "{}");
        builder.platform = None;
        builder.artifact_type = Some(artifact_type.to_owned());
        builder
    }

    /// A small OCI image: two layers of 1 KiB, different for each seed.
    pub fn example(seed: u64) -> Self {
        Self::oci().layer_of(1024, seed).layer_of(1024, seed ^ 0xFFFF_0000).build()
    }

    /// An artifact in the form of the OCI 1.1 release candidates: `blobs`, no config.
    pub fn old_artifact(artifact_type: &str, blob: impl Into<Bytes>) -> Self {
        let blob = Blob::new(blob);
        let link = Link::new("application/octet-stream", &blob);
        let manifest = json!({"mediaType": OCI_ARTIFACT, "artifactType": artifact_type, "blobs": [link]});
        let mut image = Self::raw(OCI_ARTIFACT, manifest.to_string());
        image.blobs = vec![blob];
        image
    }

    /// An unsigned Docker schema 1 manifest with one layer.
    pub fn schema1(name: &str, tag: &str) -> Self {
        let blob = Blob::new(random_bytes(64, 1));
        let manifest = json!({
            "schemaVersion": 1, "name": name, "tag": tag, "architecture": "amd64",
            "fsLayers": [{"blobSum": blob.digest}], "history": [{"v1Compatibility": "{\"id\":\"0\"}"}],
        });
        let mut image = Self::raw(SCHEMA1, manifest.to_string());
        image.blobs = vec![blob];
        image
    }

    /// Any bytes as a manifest of any type, naming nothing.
    pub fn raw(media_type: &str, bytes: impl Into<Bytes>) -> Self {
        let bytes = bytes.into();
        Self {
            media_type: media_type.to_owned(),
            digest: digest_of(&bytes),
            bytes,
            blobs: Vec::new(),
            children: Vec::new(),
            platform: None,
            artifact_type: None,
        }
    }

    /// This manifest and all below it, children before parents, each digest once.
    pub fn tree(&self) -> Vec<&Self> {
        let mut seen = BTreeSet::new();
        let mut tree = Vec::new();
        self.walk(&mut |image| {
            if seen.insert(image.digest.clone()) {
                tree.push(image);
            }
        });
        tree
    }

    fn walk<'a>(&'a self, visit: &mut impl FnMut(&'a Self)) {
        for child in &self.children {
            child.walk(visit);
        }
        visit(self);
    }

    /// All blobs of the tree, each digest once.
    pub fn tree_blobs(&self) -> Vec<&Blob> {
        let mut seen = BTreeSet::new();
        let blobs = self.tree().into_iter().flat_map(|image| &image.blobs);
        blobs.filter(|blob| seen.insert(blob.digest.clone())).collect()
    }

    /// The bytes of all blobs of the tree, each digest once: what a cold copy has to move.
    pub fn tree_blob_bytes(&self) -> u64 {
        self.tree_blobs().iter().map(|blob| blob.bytes.len() as u64).sum()
    }

    /// The layers of this manifest (all of its blobs but the config).
    pub fn layers(&self) -> &[Blob] {
        self.blobs.get(1..).unwrap_or_default()
    }

    /// The config of this manifest.
    pub fn config(&self) -> &Blob {
        &self.blobs[0]
    }
}

#[derive(Debug, Clone, Copy)]
struct Types {
    image: &'static str,
    config: &'static str,
    layer: &'static str,
    foreign: &'static str,
}
