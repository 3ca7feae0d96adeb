//! Leases: read, created, and replaced by whoever knows the version that is there.

use axum::response::Response;
use serde_json::{Value, json};

use super::serve::{Call, Kind, nothing};
use super::status;

pub(super) fn answer(call: &Call) -> Response {
    let namespace = call.namespace.clone().expect("leases are in namespaces");
    let sent = &call.body;
    let name = call.name.as_deref().or(sent["metadata"]["name"].as_str()).unwrap_or_default().to_owned();
    let mut store = call.shared.store();
    let found = store.leases.get(&(namespace.clone(), name.clone())).cloned();
    let version = |lease: &Value| lease["metadata"]["resourceVersion"].clone();
    match (call.method.as_str(), found) {
        ("GET", Some(lease)) => status::answer(200, &lease),
        ("POST", None) if !has_empty_holder(sent) => {
            status::answer(201, &store.put_lease(&namespace, &name, &sent["spec"]))
        }
        ("POST", Some(_)) => conflict("AlreadyExists", &name),
        ("PUT", Some(lease)) if version(&lease) != version(sent) => conflict("Conflict", &name),
        ("PUT", Some(_)) if !has_empty_holder(sent) => {
            status::answer(200, &store.put_lease(&namespace, &name, &sent["spec"]))
        }
        ("GET" | "PUT", None) => status::not_found(Kind::Leases, &name),
        ("POST" | "PUT", _) => {
            status::refuse(422, "Invalid", "spec.holderIdentity: must not be empty", &json!({}))
        }
        _ => nothing(),
    }
}

fn has_empty_holder(lease: &Value) -> bool {
    lease["spec"]["holderIdentity"].as_str() == Some("")
}

fn conflict(reason: &str, name: &str) -> Response {
    let message = format!("Operation cannot be fulfilled on leases.coordination.k8s.io \"{name}\"");
    status::refuse(
        409,
        reason,
        &message,
        &json!({"name": name, "group": "coordination.k8s.io", "kind": "leases"}),
    )
}
