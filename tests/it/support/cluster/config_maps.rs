//! `ConfigMaps`: read, created, and replaced by whoever knows the version that is there.

use axum::response::Response;
use serde_json::{Value, json};

use super::serve::{Call, Kind, nothing};
use super::status;

/// What a real API server allows in all values together.
const MOST: usize = 1 << 20;

pub(super) fn answer(call: &Call) -> Response {
    let namespace = call.namespace.clone().expect("ConfigMaps are in namespaces");
    let sent = &call.body;
    let name = call.name.as_deref().or(sent["metadata"]["name"].as_str()).unwrap_or_default().to_owned();
    let mut store = call.shared.store();
    let found = store.config_maps.get(&(namespace.clone(), name.clone())).cloned();
    let version = |object: &Value| object["metadata"]["resourceVersion"].clone();
    if call.method != "GET" && is_too_large(sent) {
        return status::refuse(422, "Invalid", "Too long: must have at most 1048576 bytes", &json!({}));
    }
    match (call.method.as_str(), found) {
        ("GET", Some(object)) => status::answer(200, &object),
        ("POST", None) => status::answer(201, &store.put_config_map(&namespace, &name, sent)),
        ("POST", Some(_)) => conflict("AlreadyExists", &name),
        ("PUT", Some(object)) if version(&object) != version(sent) => conflict("Conflict", &name),
        ("PUT", Some(_)) => status::answer(200, &store.put_config_map(&namespace, &name, sent)),
        ("GET" | "PUT", None) => status::not_found(Kind::ConfigMaps, &name),
        _ => nothing(),
    }
}

fn is_too_large(object: &Value) -> bool {
    use base64::Engine as _;
    let values = object["binaryData"].as_object().into_iter().flatten();
    let decoded = values.map(|(_, value)| {
        let text = value.as_str().expect("binary data is a string");
        base64::engine::general_purpose::STANDARD.decode(text).expect("binary data is base64").len()
    });
    decoded.sum::<usize>() > MOST
}

fn conflict(reason: &str, name: &str) -> Response {
    let message = format!("Operation cannot be fulfilled on configmaps \"{name}\"");
    status::refuse(409, reason, &message, &json!({"name": name, "kind": "configmaps"}))
}
