//! What manifests and configs say, and what they must be like. Pure.

use std::collections::BTreeSet;

use serde::Deserialize;
use serde_json::value::RawValue;
use serde_json::{Map, Value};

use super::Odd;
use crate::error::Chain;
use crate::model::{Content, Descriptor, ImageRef, Manifest, Platform};
use crate::publish::object::Object;

/// An index of so many entries is none that anybody builds: there are some ten platforms, and an attestation for each.
const MOST_ENTRIES: usize = 64;
/// No config of an image is larger, by far.
const MOST_CONFIG: u64 = 4 << 20;
/// `BuildKit` says by this that an entry of an index is about another one.
const REFERENCE: &str = "vnd.docker.reference.type";
const REBUILD: &str = "build the image once more with a current tool, and push it again";

/// What a manifest is.
pub(super) enum Shape {
    Index(Vec<Entry>),
    Single,
}

/// An entry of an index.
#[derive(Debug)]
pub(super) struct Entry {
    pub(super) descriptor: Descriptor,
    /// Whether it is no image, but says something about one.
    pub(super) is_attestation: bool,
}

/// What the manifest that a tag names is.
pub(super) fn shape(image: &ImageRef, manifest: &Manifest) -> Result<Shape, Odd> {
    match content(image, manifest)? {
        Content::Image(_) => Ok(Shape::Single),
        Content::Index(descriptors) if descriptors.len() > MOST_ENTRIES => Err(Odd::new(
            format!(
                "the index of {image} has {} entries, and {MOST_ENTRIES} at most make sense",
                descriptors.len()
            ),
            REBUILD,
        )),
        Content::Index(descriptors) => {
            let listed: Listed = serde_json::from_slice(&manifest.bytes)
                .map_err(|error| unreadable(image, "index", &error))?;
            let entries = descriptors.into_iter().zip(listed.manifests).map(|(descriptor, annotated)| {
                let is_attestation = annotated.is_reference() || is_for_nothing(&descriptor);
                Entry { descriptor, is_attestation }
            });
            Ok(Shape::Index(entries.collect()))
        }
    }
}

#[derive(Deserialize)]
struct Listed {
    manifests: Vec<Annotated>,
}

#[derive(Deserialize)]
struct Annotated {
    #[serde(default)]
    annotations: Option<Map<String, Value>>,
}

impl Annotated {
    fn is_reference(&self) -> bool {
        self.annotations.as_ref().is_some_and(|annotations| annotations.contains_key(REFERENCE))
    }
}

fn is_for_nothing(descriptor: &Descriptor) -> bool {
    let platform = descriptor.platform.as_ref();
    platform.is_some_and(|platform| platform.os == "unknown" && platform.architecture == "unknown")
}

/// The index without its attestations. What stays is not written anew.
pub(super) fn stripped(image: &ImageRef, index: &Manifest, entries: &[Entry]) -> Result<Manifest, Odd> {
    let strip = || {
        let mut fields: Object = serde_json::from_slice(&index.bytes)?;
        let all: Vec<Box<RawValue>> = fields.field("manifests")?.unwrap_or_default();
        let kept = all.into_iter().zip(entries).filter(|(_, entry)| !entry.is_attestation);
        fields.set("manifests", &kept.map(|(child, _)| child).collect::<Vec<_>>())?;
        let bytes = serde_json::to_vec(&fields)?;
        Ok(Manifest::new(Some(&index.media_type), bytes.into()))
    };
    strip().map_err(|error: serde_json::Error| unreadable(image, "index", &error))
}

/// The platforms of an index; each is there once.
pub(super) fn platform_names(image: &ImageRef, entries: &[Entry]) -> Result<Vec<String>, Odd> {
    let mut names = Vec::with_capacity(entries.len());
    let mut met = BTreeSet::new();
    for Entry { descriptor, .. } in entries {
        let Some(platform) = &descriptor.platform else {
            let what = format!("the index of {image} does not say what {} runs on", descriptor.digest);
            return Err(Odd::new(what, REBUILD));
        };
        let name = platform_name(platform);
        if !met.insert(name.clone()) {
            return Err(Odd::new(
                format!("the index of {image} has {name} twice"),
                "build an index that has every platform once",
            ));
        }
        names.push(name);
    }
    Ok(names)
}

/// `linux/amd64`. A variant that is the usual one of its architecture is not told apart from none, as in containerd.
pub(in crate::publish) fn platform_name(platform: &Platform) -> String {
    let usual = matches!(
        (platform.architecture.as_str(), platform.variant.as_deref()),
        (_, Some("")) | ("arm64", Some("v8")) | ("amd64", Some("v1"))
    );
    let variant = platform.variant.clone().filter(|_| !usual);
    Platform { variant, ..platform.clone() }.to_string()
}

/// No client pulls a child that has another size than its index says.
pub(super) fn check_size(image: &ImageRef, child: &Descriptor, manifest: &Manifest) -> Result<(), Odd> {
    let found = manifest.bytes.len() as u64;
    if child.size == found {
        return Ok(());
    }
    let Descriptor { digest, size, .. } = child;
    Err(Odd::new(
        format!("the index of {image} says that {digest} has {size} bytes, and it has {found}"),
        REBUILD,
    ))
}

/// The config and the layers that a manifest of one platform names.
pub(super) fn parts(image: &ImageRef, manifest: &Manifest) -> Result<(Descriptor, Vec<Descriptor>), Odd> {
    #[derive(Deserialize)]
    struct Parts {
        config: Descriptor,
        layers: Vec<Descriptor>,
    }
    if let Content::Index(_) = content(image, manifest)? {
        let what = format!("the index of {image} names another index, {}", manifest.digest);
        return Err(Odd::new(what, "build an index that names the image of every platform itself"));
    }
    let Parts { config, layers } = serde_json::from_slice(&manifest.bytes)
        .map_err(|error| unreadable(image, &format!("manifest {} of an image", manifest.digest), &error))?;
    if config.size > MOST_CONFIG {
        let what =
            format!("the config of {image} has {} bytes, and {MOST_CONFIG} at most make sense", config.size);
        return Err(Odd::new(what, REBUILD));
    }
    match layers.iter().find(|layer| is_elsewhere(layer)) {
        Some(layer) => Err(Odd::new(
            format!("the layer {} of {image} is not to be had from a registry", layer.digest),
            "build it on a base image whose layers may be distributed",
        )),
        None => Ok((config, layers)),
    }
}

/// A layer that its registry need not have, or that must not be passed on.
fn is_elsewhere(layer: &Descriptor) -> bool {
    let types = [".foreign.", "nondistributable"];
    !layer.urls.is_empty() || types.iter().any(|word| layer.media_type.contains(word))
}

/// What an image runs on by its config.
pub(super) fn platform(image: &ImageRef, config: &Descriptor, bytes: &[u8]) -> Result<Platform, Odd> {
    let platform: Platform = serde_json::from_slice(bytes)
        .map_err(|error| unreadable(image, &format!("config {}", config.digest), &error))?;
    if platform.os.is_empty() || platform.architecture.is_empty() {
        let what = format!("the config {} of {image} does not say what it runs on", config.digest);
        return Err(Odd::new(what, REBUILD));
    }
    Ok(platform)
}

/// What an index says of an image, which must be what the image says itself: the catalog goes by the one, and clients by the
/// other.
pub(super) fn agreed(image: &ImageRef, said: &Platform, own: &Platform) -> Result<Platform, Odd> {
    if (&said.os, &said.architecture) == (&own.os, &own.architecture) {
        return Ok(said.clone());
    }
    Err(Odd::new(
        format!("the index of {image} has as {said} what is {own} by its own config"),
        "see that each platform is built for itself, and build the index once more",
    ))
}

fn content(image: &ImageRef, manifest: &Manifest) -> Result<Content, Odd> {
    manifest.content().map_err(|error| {
        Odd::new(
            format!("the manifest {} of {image} cannot be published: {}", manifest.digest, Chain(&error)),
            REBUILD,
        )
    })
}

fn unreadable(image: &ImageRef, what: &str, error: &serde_json::Error) -> Odd {
    Odd::new(format!("the {what} of {image} cannot be read: {error}"), REBUILD)
}
