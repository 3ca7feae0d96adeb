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

#[cfg(test)]
pub(super) mod sample {
    use serde_json::{Value, json};

    use super::*;

    const INDEX: &str = "application/vnd.oci.image.index.v1+json";
    const MANIFEST: &str = "application/vnd.oci.image.manifest.v1+json";
    const CONFIG: &str = "application/vnd.oci.image.config.v1+json";
    const LAYER: &str = "application/vnd.oci.image.layer.v1.tar+gzip";

    fn named(media_type: &str, bytes: &[u8]) -> Value {
        json!({"mediaType": media_type, "digest": Digest::of(bytes), "size": bytes.len()})
    }

    fn descriptor(media_type: &str, bytes: &[u8]) -> Descriptor {
        serde_json::from_value(named(media_type, bytes)).unwrap()
    }

    /// An image for `linux/ARCH`, with this config and these layers.
    pub(in crate::publish) fn child(arch: &str, config: &str, layers: &[&str]) -> Child {
        let list: Vec<_> = layers.iter().map(|layer| named(LAYER, layer.as_bytes())).collect();
        let manifest = json!({
            "schemaVersion": 2, "mediaType": MANIFEST, "config": named(CONFIG, config.as_bytes()), "layers": list,
            "annotations": {"of": arch},
        });
        Child {
            platform: Platform { os: "linux".into(), architecture: arch.into(), variant: None },
            manifest: Manifest::new(Some(MANIFEST), manifest.to_string().into()),
            config: descriptor(CONFIG, config.as_bytes()),
            config_bytes: config.to_owned().into(),
            layers: layers.iter().map(|layer| descriptor(LAYER, layer.as_bytes())).collect(),
        }
    }

    /// An image of these, below an index.
    pub(in crate::publish) fn index(children: Vec<Child>) -> Image {
        let list: Vec<_> = children
            .iter()
            .map(|Child { manifest, platform, .. }| {
                let mut named = named(MANIFEST, &manifest.bytes);
                named["platform"] = json!({"os": platform.os, "architecture": platform.architecture});
                named["annotations"] = json!({"kept": "too"});
                named
            })
            .collect();
        let index =
            json!({"schemaVersion": 2, "mediaType": INDEX, "manifests": list, "annotations": {"a": "b"}});
        Image { manifest: Manifest::new(Some(INDEX), index.to_string().into()), children }
    }
}
