//! ImageStreams: one, a page of a list, or all that happens from a version on.

use std::io;
use std::sync::Arc;

use axum::body::Body;
use axum::response::{IntoResponse as _, Response};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use futures_util::stream;
use serde_json::{Value, json};
use tokio::sync::watch;

use super::serve::{Call, Kind, nothing};
use super::store::{Happened, Name, Store};
use super::{Shared, status};

pub(super) fn answer(call: &Call) -> Response {
    if call.shared.script().absent {
        return nothing();
    }
    match (&call.namespace, &call.name) {
        (Some(namespace), Some(name)) => one(call, namespace, name),
        _ if call.query.contains_key("watch") => watching(call),
        _ => page(call),
    }
}

fn one(call: &Call, namespace: &str, name: &str) -> Response {
    match call.shared.store().streams.get(&(namespace.to_owned(), name.to_owned())) {
        Some(object) => status::answer(200, object),
        None if call.shared.script().terse => status::not_found_without_details(Kind::ImageStreams, name),
        None => status::not_found(Kind::ImageStreams, name),
    }
}

/// Where a page begins: its number, and the last name of the one before.
type Start = (usize, Option<Name>);

fn page(call: &Call) -> Response {
    let Ok((number, after)) = start(call.query.get("continue")) else {
        return status::refuse(400, "BadRequest", "continue key is not valid", &json!({}));
    };
    let mut script = call.shared.script();
    if let Some(at) = script.expired_pages.iter().position(|page| *page == number) {
        script.expired_pages.remove(at);
        return status::answer(410, &status::expired());
    }
    let asked = call.query.get("limit").and_then(|limit| limit.parse().ok()).unwrap_or(usize::MAX);
    let size = script.page_size.map_or(asked, |most| most.min(asked));
    let store = call.shared.store();
    let found: Vec<_> = listed(&store, call.namespace.as_deref(), after.as_ref()).take(size).collect();
    let last = found.last().map(|(name, _)| *name);
    let more =
        last.is_some_and(|last| listed(&store, call.namespace.as_deref(), Some(last)).next().is_some());
    let next = if script.endless {
        call.query.get("continue").cloned().or_else(|| Some(token(&(1, None))))
    } else {
        more.then(|| token(&(number + 1, last.cloned())))
    };
    let objects: Vec<_> = found.iter().map(|(_, object)| object).collect();
    let metadata = json!({"resourceVersion": store.version().to_string(), "continue": next});
    status::answer(
        200,
        &json!({"kind": "ImageStreamList", "apiVersion": "image.openshift.io/v1", "metadata": metadata, "items": objects}),
    )
}

fn listed<'a>(
    store: &'a Store,
    namespace: Option<&'a str>,
    after: Option<&'a Name>,
) -> impl Iterator<Item = (&'a Name, &'a Value)> {
    let is_here = move |name: &Name| namespace.is_none_or(|namespace| namespace == name.0);
    let streams = store.streams.iter();
    streams.filter(move |(name, _)| is_here(name) && after.is_none_or(|after| *name > after))
}

fn token(start: &Start) -> String {
    STANDARD.encode(json!(start).to_string())
}

fn start(token: Option<&String>) -> Result<Start, ()> {
    let Some(token) = token else { return Ok((1, None)) };
    let decoded = STANDARD.decode(token).map_err(|_| ())?;
    serde_json::from_slice(&decoded).map_err(|_| ())
}

/// A watch on its way through what happened.
struct Watching {
    shared: Arc<Shared>,
    news: watch::Receiver<()>,
    namespace: Option<String>,
    version: u64,
    drops: usize,
}

fn watching(call: &Call) -> Response {
    let version = call.query.get("resourceVersion").and_then(|version| version.parse().ok()).unwrap_or(0);
    let Store { forgotten, drops, .. } = *call.shared.store();
    if version < forgotten {
        return line(&json!({"type": "ERROR", "object": status::expired()})).into_response();
    }
    let news = call.shared.news.subscribe();
    let (shared, namespace) = (Arc::clone(&call.shared), call.namespace.clone());
    let watching = Watching { shared, news, namespace, version, drops };
    Body::from_stream(stream::unfold(watching, |mut watching| async move {
        Some((watching.line().await, watching))
    }))
    .into_response()
}

impl Watching {
    async fn line(&mut self) -> io::Result<Bytes> {
        loop {
            self.news.borrow_and_update();
            if self.shared.store().drops != self.drops {
                return Err(io::ErrorKind::ConnectionReset.into());
            }
            if let Some(happened) = self.next() {
                self.version = happened.version;
                return Ok(line(&happened.event));
            }
            self.news.changed().await.expect("the server outlives its watches");
        }
    }

    fn next(&self) -> Option<Happened> {
        let store = self.shared.store();
        let is_mine = |happened: &&Happened| match (&happened.namespace, &self.namespace) {
            (Some(theirs), Some(ours)) => theirs == ours,
            _ => true,
        };
        store.history.iter().filter(|happened| happened.version > self.version).find(is_mine).cloned()
    }
}

/// `type` before `object`, as API servers write it.
fn line(event: &Value) -> Bytes {
    format!("{{\"type\":{},\"object\":{}}}\n", event["type"], event["object"]).into()
}
