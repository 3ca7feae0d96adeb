//! Answers that say no, in the words of a real API server.

use axum::http::StatusCode;
use axum::response::{IntoResponse as _, Response};
use serde_json::{Value, json};

use super::serve::Kind;

/// A `Status` that says no.
pub(super) fn status(code: u16, reason: &str, message: &str, details: &Value) -> Value {
    json!({
        "kind": "Status", "apiVersion": "v1", "metadata": {}, "status": "Failure",
        "message": message, "reason": reason, "details": details, "code": code,
    })
}

/// The same as an answer.
pub(super) fn refuse(code: u16, reason: &str, message: &str, details: &Value) -> Response {
    answer(code, &status(code, reason, message, details))
}

pub(super) fn answer(code: u16, body: &Value) -> Response {
    let code = StatusCode::from_u16(code).expect("a status code");
    (code, [("content-type", "application/json")], body.to_string()).into_response()
}

pub(super) fn forbidden(kind: Kind, verb: &str, namespace: Option<&str>) -> Response {
    let (plural, group) = (kind.plural(), kind.group());
    let place = match namespace {
        Some(namespace) => format!("in the namespace \"{namespace}\""),
        None => "at the cluster scope".to_owned(),
    };
    let message = format!(
        "{plural}.{group} is forbidden: User \"system:serviceaccount:ci:mirror\" cannot {verb} resource \
         \"{plural}\" in API group \"{group}\" {place}"
    );
    refuse(403, "Forbidden", &message, &json!({"group": group, "kind": plural}))
}

pub(super) fn not_found(kind: Kind, name: &str) -> Response {
    let (plural, group) = (kind.plural(), kind.group());
    let message = format!("{plural}.{group} \"{name}\" not found");
    refuse(404, "NotFound", &message, &json!({"name": name, "group": group, "kind": plural}))
}

/// As some proxies pass it on.
pub(super) fn not_found_without_details(kind: Kind, name: &str) -> Response {
    let message = format!("{}.{} \"{name}\" not found", kind.plural(), kind.group());
    answer(
        404,
        &json!({"kind": "Status", "apiVersion": "v1", "status": "Failure", "message": message, "reason": "NotFound", "code": 404}),
    )
}

pub(super) fn expired() -> Value {
    let message = "The provided continue parameter is too old to display a consistent list result.";
    status(410, "Expired", message, &json!({}))
}
