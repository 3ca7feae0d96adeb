//! Answers before they become HTTP: status, headers, body; and the way they go out, faults included.

use std::io;
use std::sync::Arc;
use std::sync::atomic::Ordering;

use axum::body::Body;
use axum::http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode, header};
use axum::response::Response;
use bytes::Bytes;
use futures_util::stream::{self, StreamExt as _};
use serde_json::{Value, json};

use super::fault::{Effect, Ending, StreamFault};
use super::log::Entry;
use super::wire::Connection;

const CHUNK: usize = 64 * 1024;

/// An answer; the body of an answer to HEAD is given here too and left out later.
#[derive(Debug, Clone)]
pub(super) struct Reply {
    pub(super) status: u16,
    pub(super) headers: HeaderMap,
    pub(super) body: Bytes,
}

impl Reply {
    pub(super) fn new(status: u16) -> Self {
        Self { status, headers: HeaderMap::new(), body: Bytes::new() }
    }

    pub(super) fn json(value: &Value) -> Self {
        Self::new(200).with("content-type", "application/json").body(value.to_string())
    }

    /// The error envelope with one error.
    pub(super) fn error(status: u16, code: &str, detail: impl Into<Value>) -> Self {
        Self::errors(status, code, [detail.into()])
    }

    /// The error envelope with one error for each detail.
    pub(super) fn errors(status: u16, code: &str, details: impl IntoIterator<Item = Value>) -> Self {
        let message = code.to_lowercase().replace('_', " ");
        let errors =
            details.into_iter().map(|detail| json!({"code": code, "message": message, "detail": detail}));
        Self { status, ..Self::json(&json!({"errors": errors.collect::<Vec<_>>()})) }
    }

    /// What registries answer with this status, more or less.
    pub(super) fn of_status(status: u16) -> Self {
        let code = match status {
            401 => "UNAUTHORIZED",
            403 => "DENIED",
            404 => "NAME_UNKNOWN",
            405 => "UNSUPPORTED",
            413 => "SIZE_INVALID",
            429 => "TOOMANYREQUESTS",
            _ if status >= 400 => "UNKNOWN",
            _ => return Self::new(status),
        };
        Self::error(status, code, Value::Null)
    }

    pub(super) fn with(mut self, name: &'static str, value: impl AsRef<str>) -> Self {
        self.set(name, value);
        self
    }

    pub(super) fn set(&mut self, name: &'static str, value: impl AsRef<str>) {
        let value = HeaderValue::from_str(value.as_ref()).expect("a header value");
        self.headers.insert(HeaderName::from_static(name), value);
    }

    pub(super) fn body(mut self, body: impl Into<Bytes>) -> Self {
        self.body = body.into();
        self
    }

    /// Applies what a fault says about headers and body.
    pub(super) fn spoil(mut self, effect: &Effect) -> Self {
        if let Some(body) = &effect.body {
            self.body = body.clone();
        }
        if effect.corrupt && !self.body.is_empty() {
            let mut bytes = self.body.to_vec();
            let middle = bytes.len() / 2;
            bytes[middle] ^= 0x20;
            self.body = bytes.into();
        }
        for (name, value) in &effect.headers {
            self.headers.insert(name.clone(), value.clone());
        }
        for name in &effect.without {
            self.headers.remove(name);
        }
        self
    }

    /// Sends it, in the way that a fault says.
    pub(super) fn send(
        mut self,
        method: &Method,
        effect: &Effect,
        entry: &Arc<Entry>,
        connection: &Connection,
    ) -> Response {
        entry.status.store(self.status, Ordering::SeqCst);
        let length = self.body.len() as u64;
        if self.status != 204 && self.status != 304 {
            let said = length.saturating_add_signed(effect.length_off);
            self.headers.insert(header::CONTENT_LENGTH, HeaderValue::from(said));
        }
        let body = if *method == Method::HEAD || length == 0 {
            Body::empty()
        } else {
            stream(steps(&self.body, effect), entry, connection)
        };
        let mut response = Response::new(body);
        *response.status_mut() = StatusCode::from_u16(self.status).expect("a status");
        *response.headers_mut() = self.headers;
        response
    }
}

/// No answer at all: what goes out on this connection from now on does not arrive.
pub(super) fn reset(connection: &Connection) -> Response {
    connection.reset();
    Response::new(Body::empty())
}

/// No answer on this stream of HTTP/2; whoever serves it reads why.
pub(super) fn without_answer(fault: StreamFault) -> Response {
    let mut response = Response::new(Body::empty());
    response.extensions_mut().insert(fault);
    response
}

#[derive(Debug)]
enum Step {
    Send(Bytes),
    Pause(std::time::Duration),
    Flush,
    End(Ending),
}

fn steps(body: &Bytes, effect: &Effect) -> Vec<Step> {
    let (chunk, pause) = effect.pace.map_or((CHUNK, None), |(chunk, pause)| (chunk.max(1), Some(pause)));
    let end = effect
        .ending
        .map_or(body.len(), |(end, _)| body.len().min(usize::try_from(end).unwrap_or(usize::MAX)));
    let mut steps = Vec::new();
    for start in (0..end).step_by(chunk) {
        steps.push(Step::Send(body.slice(start..end.min(start + chunk))));
        steps.extend(pause.map(Step::Pause));
    }
    // hyper gives up a connection at once, with all it has not written yet.
    if effect.ending.is_some() || effect.length_off != 0 {
        steps.push(Step::Flush);
    }
    steps.extend(effect.ending.map(|(_, ending)| Step::End(ending)));
    steps
}

fn stream(steps: Vec<Step>, entry: &Arc<Entry>, connection: &Connection) -> Body {
    let (entry, connection) = (Arc::clone(entry), connection.clone());
    let frames = stream::iter(steps).filter_map(move |step| {
        let (entry, connection) = (Arc::clone(&entry), connection.clone());
        async move {
            match step {
                Step::Send(bytes) => {
                    entry.sent.fetch_add(bytes.len() as u64, Ordering::SeqCst);
                    return Some(Ok(bytes));
                }
                Step::Pause(pause) => {
                    tokio::time::sleep(pause).await;
                    return None;
                }
                Step::End(Ending::Stall) => std::future::pending().await,
                Step::Flush => {
                    tokio::task::yield_now().await;
                    return None;
                }
                Step::End(Ending::Reset) => connection.reset(),
                Step::End(Ending::Cut) => {}
            }
            Some(Err(io::Error::from(io::ErrorKind::ConnectionAborted)))
        }
    });
    Body::from_stream(frames)
}
