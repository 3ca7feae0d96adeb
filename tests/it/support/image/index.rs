//! Builds indexes and manifest lists.

use serde_json::json;

use super::manifest::{Link, Style, child_link, style_methods};
use super::{DOCKER_LIST, Image, OCI_INDEX};

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

    /// Adds an attestation for `image` as `BuildKit` writes it: platform `unknown/unknown`, in-toto layers.
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
