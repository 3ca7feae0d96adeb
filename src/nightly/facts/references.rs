//! Reads the releases that a payload must not differ from.

use std::collections::BTreeMap;
use std::sync::Arc;

use serde::Deserialize;

use super::error::FactError;
use crate::error::{Chain, Classify};
use crate::model::ImageRef;
use crate::nightly::arch::Arch;
use crate::nightly::images::{self, ImageError};
use crate::nightly::payload::Payload;
use crate::registry::Client;

/// In the last layer of a release image.
const IMAGE_REFERENCES: &str = "release-manifests/image-references";

/// A release that a payload must not differ from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Reference {
    /// What it is.
    Release(ReferenceRelease),
    /// It could not be read, and why.
    Unreadable(Arc<str>),
}

/// A release.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ReferenceRelease {
    /// Its name, which begins with its version.
    pub name: Option<Arc<str>>,
    /// Its images as they are named there, by tag.
    pub tags: BTreeMap<Arc<str>, Arc<str>>,
}

/// The releases that the payload refers to for `arches`. One that cannot be read is an issue, and no failure.
pub async fn references(client: &Client, payload: &Payload, arches: &[Arch]) -> BTreeMap<Arch, Reference> {
    let mut found = BTreeMap::new();
    for arch in arches {
        let Some(image) = payload.assembly.reference_releases.get(arch) else { continue };
        let reference = match read(client, image).await {
            Ok(release) => Reference::Release(release),
            Err(why) => Reference::Unreadable(why.into()),
        };
        found.insert(*arch, reference);
    }
    found
}

async fn read(client: &Client, image: &ImageRef) -> Result<ReferenceRelease, String> {
    let found = images::image(client, image).await.map_err(|error| told(&error))?;
    let none = || format!("{image} is no release image: its last layer has no {IMAGE_REFERENCES}");
    let layer = found.layers.last().ok_or_else(none)?;
    let files = images::layer_files(client, &found.repository, layer, |path| path == IMAGE_REFERENCES).await;
    let file = files.map_err(|error: ImageError| told(&error))?.pop().ok_or_else(none)?;
    release(&file.bytes).map_err(|cause| {
        told(&FactError::File { image: image.clone(), path: IMAGE_REFERENCES.into(), cause })
    })
}

fn told(error: &impl Classify) -> String {
    Chain(error).to_string()
}

fn release(bytes: &[u8]) -> Result<ReferenceRelease, serde_json::Error> {
    let ImageReferences { metadata, spec } = serde_json::from_slice(bytes)?;
    let tags = spec.tags.unwrap_or_default().into_iter().map(|tag| (tag.name, tag.from.name));
    Ok(ReferenceRelease { name: metadata.name, tags: tags.collect() })
}

#[derive(Deserialize)]
struct ImageReferences {
    metadata: Metadata,
    #[serde(default)]
    spec: Spec,
}

#[derive(Deserialize)]
struct Metadata {
    name: Option<Arc<str>>,
}

#[derive(Deserialize, Default)]
struct Spec {
    tags: Option<Vec<Tag>>,
}

#[derive(Deserialize)]
struct Tag {
    name: Arc<str>,
    from: From,
}

#[derive(Deserialize)]
struct From {
    name: Arc<str>,
}
