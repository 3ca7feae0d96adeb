//! Builds images and artifacts.

use bytes::Bytes;
use image_mirror::model::Digest;
use serde_json::json;
use sha2::Digest as _;

use super::manifest::{Link, Style, platform_json, style_methods};
use super::{Blob, Image, Types, random_bytes};

/// Builds an image or an artifact; see [`Image::oci`], [`Image::docker`], [`Image::artifact`].
#[derive(Debug, Clone)]
pub struct ImageBuilder {
    types: Types,
    pub(super) platform: Option<String>,
    pub(super) artifact_type: Option<String>,
    config: Option<(String, Bytes)>,
    layers: Vec<(Link, Option<Blob>)>,
    style: Style,
}

impl ImageBuilder {
    pub(super) fn new(types: Types) -> Self {
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
