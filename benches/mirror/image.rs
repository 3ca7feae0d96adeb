//! An image as the benchmark knows it: the raw manifest, and what it names.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use crate::Result;
use crate::pool::{Blob, Pool};

/// The types of a manifest, its config and its layers, and of an index.
#[derive(Debug, Clone, Copy)]
pub struct Types {
    image: &'static str,
    config: &'static str,
    layer: &'static str,
    index: &'static str,
}

pub const OCI: Types = Types {
    image: "application/vnd.oci.image.manifest.v1+json",
    config: "application/vnd.oci.image.config.v1+json",
    layer: "application/vnd.oci.image.layer.v1.tar+gzip",
    index: "application/vnd.oci.image.index.v1+json",
};
pub const DOCKER: Types = Types {
    image: "application/vnd.docker.distribution.manifest.v2+json",
    config: "application/vnd.docker.container.image.v1+json",
    layer: "application/vnd.docker.image.rootfs.diff.tar.gzip",
    index: "application/vnd.docker.distribution.manifest.list.v2+json",
};

/// A manifest with all that it names.
#[derive(Debug, Clone)]
pub struct Image {
    pub manifest: Blob,
    media_type: &'static str,
    architecture: &'static str,
    /// The blobs that this manifest names itself, config first.
    blobs: Vec<Blob>,
    children: Vec<Image>,
}

impl Image {
    /// An image for one architecture.
    pub fn single(
        pool: &Pool,
        types: Types,
        architecture: &'static str,
        layers: Vec<Blob>,
        comment: &str,
    ) -> Result<Self> {
        let digests: Vec<_> = layers.iter().map(|layer| &layer.digest).collect();
        let config = json!({
            "architecture": architecture, "os": "linux", "config": {}, "comment": comment,
            "rootfs": {"type": "layers", "diff_ids": digests},
        });
        let config = pool.put(config.to_string().as_bytes())?;
        let named: Vec<_> = layers.iter().map(|layer| link(types.layer, layer)).collect();
        let manifest = json!({
            "schemaVersion": 2, "mediaType": types.image,
            "config": link(types.config, &config), "layers": named,
        });
        let manifest = pool.put(manifest.to_string().as_bytes())?;
        let blobs = std::iter::once(config).chain(layers).collect();
        Ok(Self { manifest, media_type: types.image, architecture, blobs, children: Vec::new() })
    }

    /// An index of these.
    pub fn index(pool: &Pool, types: Types, children: Vec<Self>) -> Result<Self> {
        let named: Vec<_> = children
            .iter()
            .map(|child| {
                let mut link = link(child.media_type, &child.manifest);
                link["platform"] = json!({"architecture": child.architecture, "os": "linux"});
                link
            })
            .collect();
        let index = json!({"schemaVersion": 2, "mediaType": types.index, "manifests": named});
        let manifest = pool.put(index.to_string().as_bytes())?;
        Ok(Self { manifest, media_type: types.index, architecture: "", blobs: Vec::new(), children })
    }

    /// This manifest and all below it.
    pub fn tree(&self) -> impl Iterator<Item = &Self> {
        self.children.iter().chain(std::iter::once(self))
    }

    /// All blobs of the tree, each digest once.
    pub fn tree_blobs(&self) -> Vec<&Blob> {
        let mut seen = BTreeSet::new();
        self.tree().flat_map(|image| &image.blobs).filter(|blob| seen.insert(&blob.digest)).collect()
    }
}

fn link(media_type: &str, blob: &Blob) -> Value {
    json!({"mediaType": media_type, "size": blob.size, "digest": blob.digest})
}
