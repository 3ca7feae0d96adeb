//! Descriptors and manifests as they are written: fields in the usual order, not sorted.

use std::collections::BTreeMap;

use image_mirror::model::Digest;
use serde::Serialize;
use serde_json::{Value, json};

use super::{Blob, Image};

/// A descriptor as manifests write it.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Link {
    pub(super) media_type: String,
    pub(super) size: u64,
    pub(super) digest: Digest,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(super) urls: Vec<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) platform: Option<Value>,
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub(super) annotations: BTreeMap<String, String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) artifact_type: Option<String>,
}

impl Link {
    pub(super) fn new(media_type: &str, blob: &Blob) -> Self {
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

    pub(super) fn to_image(image: &Image) -> Self {
        let blob = Blob { digest: image.digest.clone(), bytes: image.bytes.clone() };
        let mut link = Self::new(&image.media_type, &blob);
        link.artifact_type.clone_from(&image.artifact_type);
        link
    }
}

/// Both kinds of manifest; fields in the order they are usually written.
#[derive(Debug, Default, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Manifest {
    pub(super) schema_version: u32,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) media_type: Option<String>,
    #[serde(rename = "x-unknown", skip_serializing_if = "Option::is_none")]
    pub(super) unknown: Option<Value>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) artifact_type: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) config: Option<Link>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) layers: Option<Vec<Link>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) manifests: Option<Vec<Link>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) subject: Option<Link>,
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub(super) annotations: BTreeMap<String, String>,
}

impl Manifest {
    pub(super) fn to_bytes(&self, pretty: bool) -> Vec<u8> {
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
pub(super) struct Style {
    pub(super) pretty: bool,
    pub(super) no_media_type: bool,
    pub(super) subject: Option<Link>,
    pub(super) annotations: BTreeMap<String, String>,
}

impl Style {
    pub(super) fn manifest(&self, media_type: &str) -> Manifest {
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

pub(super) use style_methods;

pub(super) fn child_link(image: &Image) -> Link {
    let mut link = Link::to_image(image);
    link.platform = image.platform.as_deref().map(platform_json);
    link
}

pub(super) fn platform_json(platform: &str) -> Value {
    let mut words = platform.split('/');
    let mut json = json!({"architecture": "", "os": words.next()});
    json["architecture"] = words.next().into();
    if let Some(variant) = words.next() {
        json["variant"] = variant.into();
    }
    json
}
