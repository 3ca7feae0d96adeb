//! The way of a request through the API server: written down, let in, spoilt, answered.

use std::collections::BTreeMap;
use std::future::pending;
use std::sync::Arc;

use axum::extract::{Request, State};
use axum::http::HeaderValue;
use axum::response::{IntoResponse as _, Response};
use serde_json::{Value, json};
use tokio::time::Instant;

use super::log::ApiRequest;
use super::{Outage, Shared, TOKEN, config_maps, leases, status, streams, writes};

/// What a path names.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    ImageStreams,
    ImageStreamTags,
    Leases,
    ConfigMaps,
}

impl Kind {
    pub(super) fn plural(self) -> &'static str {
        match self {
            Self::ImageStreams => "imagestreams",
            Self::ImageStreamTags => "imagestreamtags",
            Self::Leases => "leases",
            Self::ConfigMaps => "configmaps",
        }
    }

    pub(super) fn group(self) -> &'static str {
        match self {
            Self::ImageStreams | Self::ImageStreamTags => "image.openshift.io",
            Self::Leases => "coordination.k8s.io",
            Self::ConfigMaps => "",
        }
    }
}

/// A request, and what it is about.
#[derive(Debug)]
pub(super) struct Call {
    pub(super) shared: Arc<Shared>,
    pub(super) kind: Kind,
    pub(super) method: String,
    pub(super) namespace: Option<String>,
    pub(super) name: Option<String>,
    pub(super) query: BTreeMap<String, String>,
    /// Null: there is none.
    pub(super) body: Value,
}

pub(super) async fn answer(State(shared): State<Arc<Shared>>, request: Request) -> Response {
    let (parts, body) = request.into_parts();
    let query = parts.uri.query().unwrap_or_default();
    let query: BTreeMap<_, _> = url::form_urlencoded::parse(query.as_bytes()).into_owned().collect();
    let (method, path) = (parts.method.to_string(), parts.uri.path().to_owned());
    let body = axum::body::to_bytes(body, 16 << 20).await.unwrap_or_default();
    let body: Value = serde_json::from_slice(&body).unwrap_or_default();
    shared.log().push(ApiRequest {
        at: Instant::now(),
        method: method.clone(),
        path: path.clone(),
        query: query.clone(),
        body: body.clone(),
    });
    let known = HeaderValue::from_str(&format!("Bearer {TOKEN}")).expect("a header");
    if parts.headers.get("authorization") != Some(&known) {
        return status::refuse(401, "Unauthorized", "Unauthorized", &json!({}));
    }
    if let Some(refusal) = failure(&shared) {
        return refusal;
    }
    let Some((kind, namespace, name)) = route(&path) else { return nothing() };
    let call = Call { shared, kind, method, namespace, name, query, body };
    match call.kind {
        _ if call.is_denied() => status::forbidden(call.kind, call.verb(), call.namespace.as_deref()),
        Kind::ImageStreams | Kind::ImageStreamTags if call.method != "GET" => writes::answer(&call),
        Kind::ImageStreams => streams::answer(&call),
        Kind::ImageStreamTags => nothing(),
        Kind::Leases => lease(call).await,
        Kind::ConfigMaps => config_maps::answer(&call),
    }
}

async fn lease(call: Call) -> Response {
    let outage = call.shared.script().leases;
    match outage {
        Some(Outage::ReadOnly) if call.method != "GET" => {
            status::forbidden(call.kind, call.verb(), call.namespace.as_deref())
        }
        None | Some(Outage::ReadOnly) => leases::answer(&call),
        Some(Outage::Unavailable) => failed(503, None),
        Some(Outage::Silent) => pending().await,
    }
}

/// As a server answers of what it does not serve at all.
pub(super) fn nothing() -> Response {
    (axum::http::StatusCode::NOT_FOUND, "404 page not found\n").into_response()
}

fn failure(shared: &Shared) -> Option<Response> {
    let mut script = shared.script();
    (!script.failures.is_empty()).then(|| script.failures.remove(0)).map(|(code, after)| failed(code, after))
}

fn failed(code: u16, after: Option<u64>) -> Response {
    let mut answer = status::refuse(code, "InternalError", "etcdserver: request timed out", &json!({}));
    answer.headers_mut().extend(after.map(|after| (axum::http::header::RETRY_AFTER, after.into())));
    answer
}

type Route = (Kind, Option<String>, Option<String>);

fn route(path: &str) -> Option<Route> {
    let (group, rest) = match path.strip_prefix("/api/v1/") {
        Some(rest) => ("", rest),
        None => path.strip_prefix("/apis/")?.split_once("/v1/")?,
    };
    let words: Vec<&str> = rest.split('/').collect();
    let plural = if words[0] == "namespaces" { words.get(2)? } else { words[0] };
    let kinds = [Kind::ImageStreams, Kind::ImageStreamTags, Kind::Leases, Kind::ConfigMaps];
    let kind = kinds.into_iter().find(|kind| (kind.group(), kind.plural()) == (group, plural))?;
    let owned = |word: &str| Some(word.to_owned());
    match words[..] {
        [plural] if plural == kind.plural() => Some((kind, None, None)),
        ["namespaces", namespace, plural] if plural == kind.plural() => Some((kind, owned(namespace), None)),
        ["namespaces", namespace, plural, name] if plural == kind.plural() => {
            Some((kind, owned(namespace), owned(name)))
        }
        _ => None,
    }
}

impl Call {
    fn is_denied(&self) -> bool {
        let namespace = self.namespace.as_deref().unwrap_or_default();
        if self.method != "GET" && self.shared.script().read_only.contains(namespace) {
            return true;
        }
        self.shared.script().denied.contains(namespace)
    }

    fn verb(&self) -> &'static str {
        match (self.method.as_str(), &self.name) {
            ("POST", _) => "create",
            ("PUT", _) => "update",
            ("DELETE", _) => "delete",
            (_, Some(_)) => "get",
            (_, None) if self.query.contains_key("watch") => "watch",
            (_, None) => "list",
        }
    }
}
