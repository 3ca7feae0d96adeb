//! The config and the manifest of a release image: those of its base with one layer more.

use bytes::Bytes;
use serde_json::{Map, Value, json};

use super::layer::{Layer, Moment};
use super::release::Release;
use crate::model::{Descriptor, Digest, Manifest};
use crate::nightly::images::Image;

const CONFIG: &str = "application/vnd.oci.image.config.v1+json";
const LAYER: &str = "application/vnd.oci.image.layer.v1.tar+gzip";
const DOCKER_LAYER: &str = "application/vnd.docker.image.rootfs.diff.tar.gzip";

/// Bytes that a manifest names.
#[derive(Debug, Clone)]
pub(super) struct Blob {
    /// How it names them.
    pub(super) descriptor: Descriptor,
    /// The bytes.
    pub(super) bytes: Bytes,
}

impl Blob {
    fn new(media_type: &str, bytes: Vec<u8>) -> Self {
        let (digest, size) = (Digest::of(&bytes), bytes.len() as u64);
        let descriptor =
            Descriptor { media_type: media_type.to_owned(), size, ..Descriptor::of_digest(digest) };
        Self { descriptor, bytes: bytes.into() }
    }

    fn named(&self) -> Value {
        let Descriptor { media_type, digest, size, .. } = &self.descriptor;
        json!({"mediaType": media_type, "digest": digest, "size": size})
    }
}

/// A release image, but for what its base has.
#[derive(Debug)]
pub(super) struct ReleaseImage {
    /// Its manifest.
    pub(super) manifest: Manifest,
    /// Its config.
    pub(super) config: Blob,
    /// Its last layer.
    pub(super) layer: Blob,
}

/// `base` with `layer` on top, as `release`.
///
/// # Errors
/// When the manifest of the base is not what manifests are like.
pub(super) fn image(
    base: &Image,
    release: &Release,
    layer: Layer,
    made: Moment,
) -> Result<ReleaseImage, serde_json::Error> {
    let config = config(base, release, &layer.diff_id, made);
    let mut manifest: Map<String, Value> = serde_json::from_slice(&base.manifest.bytes)?;
    let media_type =
        manifest.get("config").and_then(|config| config.get("mediaType")).and_then(Value::as_str);
    let config = Blob::new(media_type.unwrap_or(CONFIG), Value::Object(config).to_string().into_bytes());
    let is_docker = base.manifest.media_type.contains("docker");
    let layer = Blob::new(if is_docker { DOCKER_LAYER } else { LAYER }, layer.bytes);

    manifest.insert("config".to_owned(), config.named());
    push(&mut manifest, "layers", layer.named());
    // Whatever its base refers to, the release does not.
    manifest.remove("subject");
    let bytes = Value::Object(manifest).to_string();
    let manifest = Manifest::new(Some(&base.manifest.media_type), bytes.into());
    Ok(ReleaseImage { manifest, config, layer })
}

fn config(base: &Image, release: &Release, diff_id: &Digest, made: Moment) -> Map<String, Value> {
    let made = made.to_string();
    let mut config = base.config.0.clone();
    config.insert("created".to_owned(), made.clone().into());
    let labels = json!({
        "io.openshift.release": release.name.as_str(),
        "io.openshift.release.base-image-digest": base.manifest.digest,
    });
    let mut run = take(&mut config, "config");
    run.insert("Labels".to_owned(), labels);
    config.insert("config".to_owned(), run.into());
    let step = json!({"created": made, "created_by": "image-mirror nightly", "comment": "release manifests"});
    push(&mut config, "history", step);
    let mut rootfs = take(&mut config, "rootfs");
    rootfs.insert("type".to_owned(), "layers".into());
    push(&mut rootfs, "diff_ids", diff_id.as_str().into());
    config.insert("rootfs".to_owned(), rootfs.into());
    config
}

/// Adds to a list, which is made where there is none.
fn push(within: &mut Map<String, Value>, field: &str, value: Value) {
    match within.get_mut(field) {
        Some(Value::Array(list)) => list.push(value),
        _ => {
            within.insert(field.to_owned(), Value::Array(vec![value]));
        }
    }
}

/// Takes out what is under a name; where there is no object, an empty one.
fn take(within: &mut Map<String, Value>, field: &str) -> Map<String, Value> {
    match within.remove(field) {
        Some(Value::Object(object)) => object,
        _ => Map::new(),
    }
}
