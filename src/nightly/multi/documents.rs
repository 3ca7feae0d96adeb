//! What is kept of a release for all architectures, for people to read or to make it again by hand.

use std::collections::BTreeMap;
use std::sync::Arc;

use serde_json::{Value, json};

use super::Input;
use crate::model::ImageRef;
use crate::nightly::imagestream::{API_VERSION, TagDefinition};
use crate::nightly::{Arch, StreamName};

/// An index and what it is over, as `manifest-tool` reads it.
pub(super) fn manifest_list(target: &ImageRef, images: &BTreeMap<Arch, ImageRef>) -> Value {
    let named = |(arch, image): (&Arch, &ImageRef)| json!({"image": image.to_string(), "platform": {"os": "linux", "architecture": arch.go()}});
    json!({"image": target.to_string(), "manifests": images.iter().map(named).collect::<Vec<_>>()})
}

/// The ImageStream that release images are made from; nobody applies it.
pub(super) fn release_stream(
    input: &Input<'_>,
    stream: &StreamName,
    components: &BTreeMap<Arc<str>, ImageRef>,
) -> Value {
    let tag = |(tag, image): (&Arc<str>, &ImageRef)| {
        let annotations = input.tag_annotations.get(tag).cloned().unwrap_or_default();
        TagDefinition { name: Arc::clone(tag), from: image.to_string(), annotations }.to_json()
    };
    json!({
        "apiVersion": API_VERSION,
        "kind": "ImageStream",
        "metadata": {"name": *stream.name, "namespace": *stream.namespace, "annotations": input.annotations},
        "spec": {"tags": components.iter().map(tag).collect::<Vec<_>>()},
    })
}
