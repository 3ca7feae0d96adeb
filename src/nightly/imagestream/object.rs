//! What is read of an ImageStream's object. There is no type for it, which would drop what it does not know.

use serde_json::{Map, Value};

use super::definition::API_VERSION;
use crate::nightly::StreamName;
use crate::nightly::names::pinned;

/// Whoever tests the platform locks an ImageStream by it.
pub(in crate::nightly) const MODE: &str = "release.openshift.io/mode";
pub(in crate::nightly) const LOCKED: &str = "locked";
/// What an old way of writing left behind.
pub(in crate::nightly) const LAST_APPLIED: &str = "kubectl.kubernetes.io/last-applied-configuration";
/// What only the server writes, beside the status.
pub(in crate::nightly) const SERVERS: [&str; 3] = ["creationTimestamp", "generation", "uid"];

/// An ImageStream with nothing in it.
pub(in crate::nightly) fn empty(name: &StreamName) -> Value {
    let StreamName { namespace, name } = name;
    serde_json::json!({
        "apiVersion": API_VERSION,
        "kind": "ImageStream",
        "metadata": {"name": name, "namespace": namespace},
    })
}

/// An annotation of the ImageStream itself.
pub(in crate::nightly) fn annotation<'a>(object: &'a Value, name: &str) -> Option<&'a str> {
    object.get("metadata")?.get("annotations")?.get(name)?.as_str()
}

/// Whether somebody said that it is to be left as it is.
pub(in crate::nightly) fn is_locked(object: &Value) -> bool {
    annotation(object, MODE) == Some(LOCKED)
}

/// The object with other tags and annotations, as it is to be written: without what only the server says, but with its
/// `resourceVersion`.
pub(in crate::nightly) fn rewritten(
    mut object: Value,
    tags: Vec<Value>,
    annotate: impl FnOnce(&mut Map<String, Value>),
) -> Value {
    let Some(fields) = object.as_object_mut() else { return object };
    fields.remove("status");
    change_at(fields, "metadata", |metadata| {
        for field in SERVERS {
            metadata.remove(field);
        }
        change_at(metadata, "annotations", |annotations| {
            annotations.remove(LAST_APPLIED);
            annotate(annotations);
        });
    });
    change_at(fields, "spec", |spec| drop(spec.insert("tags".to_owned(), tags.into())));
    object
}

/// Changes the object under `key`, which is made if there is none.
pub(in crate::nightly) fn change_at(
    object: &mut Map<String, Value>,
    key: &str,
    change: impl FnOnce(&mut Map<String, Value>),
) {
    let mut within = match object.remove(key) {
        Some(Value::Object(map)) => map,
        _ => Map::new(),
    };
    change(&mut within);
    object.insert(key.to_owned(), within.into());
}

/// The tags that it is to have.
pub(in crate::nightly) fn spec_tags(object: &Value) -> &[Value] {
    tags(object, "spec")
}

/// The tags that it has.
pub(in crate::nightly) fn status_tags(object: &Value) -> &[Value] {
    tags(object, "status")
}

fn tags<'a>(object: &'a Value, part: &str) -> &'a [Value] {
    let tags = object.get(part).and_then(|part| part.get("tags")).and_then(Value::as_array);
    tags.map_or(&[], Vec::as_slice)
}

/// The name of a tag of the specification.
pub(in crate::nightly) fn name_of(tag: &Value) -> Option<&str> {
    tag.get("name")?.as_str()
}

/// The name of a tag of the status.
pub(in crate::nightly) fn status_name_of(tag: &Value) -> Option<&str> {
    tag.get("tag")?.as_str()
}

/// A tag of the specification by its name.
pub(in crate::nightly) fn spec_tag<'a>(object: &'a Value, name: &str) -> Option<&'a Value> {
    spec_tags(object).iter().find(|tag| name_of(tag) == Some(name))
}

/// A tag of the status by its name.
pub(in crate::nightly) fn status_tag<'a>(object: &'a Value, name: &str) -> Option<&'a Value> {
    status_tags(object).iter().find(|tag| status_name_of(tag) == Some(name))
}

/// Whether the object has a tag at all, wanted or not.
pub(in crate::nightly) fn has_tag(object: &Value, name: &str) -> bool {
    spec_tag(object, name).is_some() || status_tag(object, name).is_some()
}

/// The image that a tag is to be imported from.
pub(in crate::nightly) fn image_of(tag: &Value) -> Option<&str> {
    tag.get("from")?.get("name")?.as_str()
}

/// An annotation of a tag.
pub(in crate::nightly) fn tag_annotation<'a>(tag: &'a Value, name: &str) -> Option<&'a str> {
    tag.get("annotations")?.get(name)?.as_str()
}

/// In what two tags of a specification differ, as far as we say what they are to be; none: in nothing.
pub(in crate::nightly) fn difference(one: &Value, other: &Value) -> Option<&'static str> {
    let same = |differs: fn(&Value, &Value) -> bool| !differs(one, other);
    if !same(|one, other| from(one) != from(other) || is_reference(one) != is_reference(other)) {
        Some("its image")
    } else if !same(|one, other| import_policy(one) != import_policy(other)) {
        Some("its import policy")
    } else if !same(|one, other| annotations(one) != annotations(other)) {
        Some("its annotations")
    } else {
        None
    }
}

fn from(tag: &Value) -> [Option<&str>; 3] {
    ["kind", "name", "namespace"]
        .map(|key| tag.get("from")?.get(key)?.as_str().filter(|text| !text.is_empty()))
}

/// Whether its image is never imported.
fn is_reference(tag: &Value) -> bool {
    tag.get("reference").and_then(Value::as_bool).unwrap_or_default()
}

fn import_policy(tag: &Value) -> (Option<&str>, [bool; 2]) {
    let policy = tag.get("importPolicy");
    let flag = |name: &str| policy.and_then(|policy| policy.get(name)?.as_bool()).unwrap_or_default();
    let mode = policy.and_then(|policy| policy.get("importMode")?.as_str());
    (mode, ["scheduled", "insecure"].map(flag))
}

/// None, null and an empty map are the same.
fn annotations(tag: &Value) -> Option<&Map<String, Value>> {
    tag.get("annotations")?.as_object().filter(|annotations| !annotations.is_empty())
}

/// Whether two pull specs are of one image: by their digests, also where those are written as tags.
pub(in crate::nightly) fn is_same_image(one: &str, other: &str) -> bool {
    match (pinned(one), pinned(other)) {
        (Some(one), Some(other)) => one.version == other.version,
        _ => one == other,
    }
}

/// Whether a name can stand in a file name and in a path as it is: all that Kubernetes takes can.
pub(in crate::nightly) fn is_plain(name: &str) -> bool {
    let is_plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '.' | '_');
    !name.is_empty() && !name.starts_with('.') && name.chars().all(is_plain)
}
