//! What `serve` answers over HTTP: the queue, health, metrics. It reads and changes nothing.

use std::collections::HashMap;
use std::sync::Arc;

use axum::extract::{Query, State};
use axum::http::StatusCode;
use axum::http::header::CONTENT_TYPE;
use axum::response::{IntoResponse, Response};
use axum::routing::{any, get};
use axum::{Json, Router};
use serde::Serialize;

use super::metrics::Moment;
use super::queue::Queued;
use super::service::Service;
use crate::model::Digest;

/// So many targets are shown unless `limit` says otherwise.
const SHOWN: usize = 1;
const TEXT: [(axum::http::HeaderName, &str); 1] = [(CONTENT_TYPE, "text/plain; version=0.0.4")];

/// The pages over `service`.
pub(super) fn pages(service: Arc<Service>) -> Router {
    Router::new()
        .route("/api/v1/mirrors", get(mirrors))
        // The program that this one replaces looks at no method here, and neither do those who probe it.
        .route("/api/health", any(async || Json(Health { ok: true })))
        .route("/healthz", get(async || "ok\n"))
        .route("/readyz", get(ready))
        .route("/metrics", get(metrics))
        .with_state(service)
}

#[derive(Serialize)]
struct Health {
    ok: bool,
}

/// The ImageStream tag that a target is made from; empty where it is made from something else.
#[derive(Serialize)]
struct SourceTagRef {
    namespace: String,
    name: String,
    tag: String,
}

/// A target that is not what it should be.
#[derive(Serialize)]
struct Mirror {
    source_tag_ref: SourceTagRef,
    source: String,
    destination: String,
    current_quay_digest: String,
    created_at: String,
    stale: bool,
    owner: String,
}

#[derive(Serialize)]
struct Summary {
    #[serde(skip_serializing_if = "Option::is_none")]
    mirrors: Option<Vec<Mirror>>,
    total: usize,
}

async fn mirrors(
    State(service): State<Arc<Service>>,
    Query(asked): Query<HashMap<String, String>>,
) -> Result<Json<Summary>, (StatusCode, String)> {
    let asked = |name: &str| asked.get(name).map(String::as_str);
    let bad = |message: String| (StatusCode::BAD_REQUEST, message);
    let limit = match asked("limit") {
        None => SHOWN,
        Some(limit) => limit
            .parse()
            .map_err(|_| bad(format!("limit is a whole number from 0, and not `{limit:.40}`\n")))?,
    };
    let shows = match asked("action") {
        None | Some("summarize") => false,
        Some("show") => true,
        Some(other) => return Err(bad(format!("action is `show` or `summarize`, and not `{other:.40}`\n"))),
    };
    let mirrors = shows.then(|| service.queue.oldest(limit).into_iter().map(Mirror::from).collect());
    Ok(Json(Summary { mirrors, total: service.queue.len() }))
}

impl From<Queued> for Mirror {
    fn from(queued: Queued) -> Self {
        let Queued { due, created_at, .. } = queued;
        let (desired, tag) = (&due.wanted.desired, due.wanted.istag.as_ref());
        let part = |part: Option<&Arc<str>>| part.map(ToString::to_string).unwrap_or_default();
        Self {
            source_tag_ref: SourceTagRef {
                namespace: part(tag.map(|tag| &tag.namespace)),
                name: part(tag.map(|tag| &tag.name)),
                tag: part(tag.map(|tag| &tag.tag)),
            },
            source: desired.source.to_string(),
            destination: desired.target.to_string(),
            current_quay_digest: due.current.as_ref().map(Digest::to_string).unwrap_or_default(),
            created_at: humantime::format_rfc3339_nanos(created_at).to_string(),
            stale: due.stale,
            owner: part(desired.owner.as_ref()),
        }
    }
}

async fn ready(State(service): State<Arc<Service>>) -> (StatusCode, &'static str) {
    if service.is_ready() {
        (StatusCode::OK, "ok\n")
    } else {
        (StatusCode::SERVICE_UNAVAILABLE, "what there is to mirror was not looked through yet\n")
    }
}

async fn metrics(State(service): State<Arc<Service>>) -> Response {
    let oldest = service.queue.oldest(1).first().map(|queued| queued.created_at);
    let now = Moment { queued: service.queue.len(), oldest, leads: service.may_write() };
    match service.metrics.text(now) {
        Ok(text) => (TEXT, text).into_response(),
        Err(error) => (StatusCode::INTERNAL_SERVER_ERROR, format!("{error}\n")).into_response(),
    }
}
