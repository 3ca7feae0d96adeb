//! Images, indexes and artifacts with real digests, built in memory.
//!
//! Fields stand in the order registries are used to, not sorted, so that a manifest that was parsed and
//! written again has another digest. Content is seeded: the same calls give the same bytes. Nothing here
//! is a real file system: layers are not tar archives.

use std::collections::{BTreeMap, BTreeSet};

use bytes::Bytes;
use image_mirror::model::Digest;
use serde::Serialize;
use serde_json::{Value, json};
use sha2::Digest as _;

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

/// A descriptor as manifests write it.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "camelCase")]
struct Link {
    media_type: String,
    size: u64,
    digest: Digest,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    urls: Vec<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    platform: Option<Value>,
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    annotations: BTreeMap<String, String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    artifact_type: Option<String>,
}

impl Link {
    fn new(media_type: &str, blob: &Blob) -> Self {
        Self {
            media_type: media_type.to_owned(),
            size: blob.bytes.len() as u64,
            digest: blob.digest.clone(),
            urls: Vec::new(),
            platform: None,
            annotations: BTreeMap::new(),
            artifact_type: None,
        }
    }

    fn to_image(image: &Image) -> Self {
        let blob = Blob { digest: image.digest.clone(), bytes: image.bytes.clone() };
        let mut link = Self::new(&image.media_type, &blob);
        link.artifact_type.clone_from(&image.artifact_type);
        link
    }
}

/// Both kinds of manifest; fields in the order they are usually written.
#[derive(Debug, Default, Serialize)]
#[serde(rename_all = "camelCase")]
struct Manifest {
    schema_version: u32,
    #[serde(skip_serializing_if = "Option::is_none")]
    media_type: Option<String>,
    #[serde(rename = "x-unknown", skip_serializing_if = "Option::is_none")]
    unknown: Option<Value>,
    #[serde(skip_serializing_if = "Option::is_none")]
    artifact_type: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    config: Option<Link>,
    #[serde(skip_serializing_if = "Option::is_none")]
    layers: Option<Vec<Link>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    manifests: Option<Vec<Link>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    subject: Option<Link>,
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    annotations: BTreeMap<String, String>,
}

impl Manifest {
    fn to_bytes(&self, pretty: bool) -> Vec<u8> {
        if !pretty {
            return serde_json::to_vec(self).expect("a manifest is JSON");
        }
        // Three spaces, as Docker writes, and a newline at the end, as people do.
        let mut bytes = Vec::new();
        let format = serde_json::ser::PrettyFormatter::with_indent(b"   ");
        self.serialize(&mut serde_json::Serializer::with_formatter(&mut bytes, format))
            .expect("a manifest is JSON");
        bytes.push(b'\n');
        bytes
    }
}

/// How a manifest is written, for both builders.
#[derive(Debug, Clone, Default)]
struct Style {
    pretty: bool,
    no_media_type: bool,
    subject: Option<Link>,
    annotations: BTreeMap<String, String>,
}

impl Style {
    fn manifest(&self, media_type: &str) -> Manifest {
        Manifest {
            schema_version: 2,
            media_type: (!self.no_media_type).then(|| media_type.to_owned()),
            unknown: self.pretty.then(|| json!({"z": 1.50, "a": "\u{e9} <&>"})),
            subject: self.subject.clone(),
            annotations: self.annotations.clone(),
            ..Manifest::default()
        }
    }
}

macro_rules! style_methods {
    () => {
        /// Indented, with fields that no specification knows: shows who re-serialises.
        pub fn pretty(mut self) -> Self {
            self.style.pretty = true;
            self
        }

        /// Leaves `mediaType` out of the manifest (OCI allows it).
        pub fn without_media_type(mut self) -> Self {
            self.style.no_media_type = true;
            self
        }

        /// Makes it refer to another manifest.
        pub fn subject(mut self, subject: &Image) -> Self {
            self.style.subject = Some(Link::to_image(subject));
            self
        }

        /// Adds an annotation.
        pub fn annotation(mut self, key: &str, value: &str) -> Self {
            self.style.annotations.insert(key.to_owned(), value.to_owned());
            self
        }
    };
}

/// Builds an image or an artifact; see [`Image::oci`], [`Image::docker`], [`Image::artifact`].
#[derive(Debug, Clone)]
pub struct ImageBuilder {
    types: Types,
    platform: Option<String>,
    artifact_type: Option<String>,
    config: Option<(String, Bytes)>,
    layers: Vec<(Link, Option<Blob>)>,
    style: Style,
}

impl ImageBuilder {
    fn new(types: Types) -> Self {
        Self {
            types,
            platform: Some("linux/amd64".into()),
            artifact_type: None,
            config: None,
            layers: Vec::new(),
            style: Style::default(),
        }
    }

    style_methods!();

    /// Adds a layer of these bytes.
    pub fn layer(self, bytes: impl AsRef<[u8]>) -> Self {
        let media_type = self.types.layer;
        self.layer_typed(media_type, Bytes::copy_from_slice(bytes.as_ref()))
    }

    /// Adds a layer of `size` bytes that look random; equal for equal `size` and `seed`.
    pub fn layer_of(self, size: usize, seed: u64) -> Self {
        let media_type = self.types.layer;
        self.layer_typed(media_type, random_bytes(size, seed))
    }

    /// Adds a layer of any type.
    pub fn layer_typed(self, media_type: &str, bytes: impl Into<Bytes>) -> Self {
        let blob = Blob::new(bytes);
        self.layer_blob(media_type, blob)
    }

    /// Adds a layer named by its sha512 digest.
    pub fn layer_sha512(self, bytes: impl Into<Bytes>) -> Self {
        let bytes = bytes.into();
        let digest = format!("sha512:{}", hex::encode(sha2::Sha512::digest(&bytes)));
        let media_type = self.types.layer;
        self.layer_blob(media_type, Blob { digest: Digest::parse(&digest).expect("sha512 is known"), bytes })
    }

    fn layer_blob(mut self, media_type: &str, blob: Blob) -> Self {
        self.layers.push((Link::new(media_type, &blob), Some(blob)));
        self
    }

    /// Adds a foreign layer: it is to be had from `url` and belongs to no registry.
    pub fn foreign_layer(mut self, url: &str, size: usize, seed: u64) -> Self {
        let mut link = Link::new(self.types.foreign, &Blob::new(random_bytes(size, seed)));
        link.urls.push(url.to_owned());
        self.layers.push((link, None));
        self
    }

    /// Sets the bytes of the config; else it names the platform and the layers.
    pub fn config(self, bytes: impl Into<Bytes>) -> Self {
        let media_type = self.types.config;
        self.config_typed(media_type, bytes)
    }

    /// Sets type and bytes of the config.
    pub fn config_typed(mut self, media_type: &str, bytes: impl Into<Bytes>) -> Self {
        self.config = Some((media_type.to_owned(), bytes.into()));
        self
    }

    /// Sets the platform, `os/architecture[/variant]`.
    pub fn platform(mut self, platform: &str) -> Self {
        self.platform = Some(platform.to_owned());
        self
    }

    /// Sets `artifactType`.
    pub fn artifact_type(mut self, artifact_type: &str) -> Self {
        self.artifact_type = Some(artifact_type.to_owned());
        self
    }

    fn default_config(&self) -> Bytes {
        let layers: Vec<_> = self.layers.iter().map(|(link, _)| &link.digest).collect();
        let mut config = platform_json(self.platform.as_deref().unwrap_or("linux/amd64"));
        config["config"] = json!({});
        config["rootfs"] = json!({"type": "layers", "diff_ids": layers});
        config["history"] = layers.iter().map(|_| json!({"created_by": "a test"})).collect();
        config.to_string().into()
    }

    /// Computes the digests.
    pub fn build(self) -> Image {
        let default = || (self.types.config.to_owned(), self.default_config());
        let (config_type, config) = self.config.clone().unwrap_or_else(default);
        let config = Blob::new(config);
        let mut manifest = self.style.manifest(self.types.image);
        manifest.artifact_type.clone_from(&self.artifact_type);
        manifest.config = Some(Link::new(&config_type, &config));
        manifest.layers = Some(self.layers.iter().map(|(link, _)| link.clone()).collect());
        let mut image = Image::raw(self.types.image, manifest.to_bytes(self.style.pretty));
        image.blobs =
            std::iter::once(config).chain(self.layers.into_iter().filter_map(|(_, blob)| blob)).collect();
        image.platform = self.platform;
        image.artifact_type = self.artifact_type;
        image
    }
}

/// Builds an index or manifest list.
#[derive(Debug, Clone)]
pub struct Index {
    media_type: &'static str,
    links: Vec<Link>,
    children: Vec<Image>,
    artifact_type: Option<String>,
    style: Style,
}

impl Index {
    /// Starts an OCI index.
    pub fn oci() -> Self {
        let style = Style::default();
        Self { media_type: OCI_INDEX, links: Vec::new(), children: Vec::new(), artifact_type: None, style }
    }

    /// Starts a Docker manifest list.
    pub fn docker() -> Self {
        Self { media_type: DOCKER_LIST, ..Self::oci() }
    }

    style_methods!();

    /// Adds a child under the platform it was built for; an index may be a child.
    pub fn child(mut self, image: &Image) -> Self {
        self.links.push(child_link(image));
        self.children.push(image.clone());
        self
    }

    /// Lists a child that nobody has: the index is sparse.
    pub fn absent_child(mut self, image: &Image) -> Self {
        self.links.push(child_link(image));
        self
    }

    /// Adds an attestation for `image` as BuildKit writes it: platform `unknown/unknown`, in-toto layers.
    pub fn attestation(mut self, image: &Image) -> Self {
        let statement = json!({"_type": "https://in-toto.io/Statement/v0.1", "subject": image.digest});
        let attestation = Image::oci().platform("unknown/unknown");
        let attestation =
            attestation.layer_typed("application/vnd.in-toto+json", statement.to_string()).build();
        let mut link = child_link(&attestation);
        link.annotations.insert("vnd.docker.reference.type".into(), "attestation-manifest".into());
        link.annotations.insert("vnd.docker.reference.digest".into(), image.digest.to_string());
        self.links.push(link);
        self.children.push(attestation);
        self
    }

    /// Sets `artifactType`.
    pub fn artifact_type(mut self, artifact_type: &str) -> Self {
        self.artifact_type = Some(artifact_type.to_owned());
        self
    }

    /// Computes the digest.
    pub fn build(self) -> Image {
        let mut manifest = self.style.manifest(self.media_type);
        manifest.artifact_type.clone_from(&self.artifact_type);
        manifest.manifests = Some(self.links);
        let mut image = Image::raw(self.media_type, manifest.to_bytes(self.style.pretty));
        image.children = self.children;
        image.artifact_type = self.artifact_type;
        image
    }
}

fn child_link(image: &Image) -> Link {
    let mut link = Link::to_image(image);
    link.platform = image.platform.as_deref().map(platform_json);
    link
}

fn platform_json(platform: &str) -> Value {
    let mut words = platform.split('/');
    let mut json = json!({"architecture": "", "os": words.next()});
    json["architecture"] = words.next().into();
    if let Some(variant) = words.next() {
        json["variant"] = variant.into();
    }
    json
}
