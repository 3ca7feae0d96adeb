//! A server that writes down every byte of what it is asked and answers as a test says: what an attacker's is.
//!
//! It knows nothing of registries. What it answers can be changed while it runs, so that servers can name
//! each other.

use std::sync::{Arc, Mutex, PoisonError};

use axum::Router;
use axum::body::{Body, to_bytes};
use axum::extract::State;
use axum::http::{HeaderMap, Request, Response, StatusCode};
use bytes::Bytes;
use tokio::task::JoinSet;

use super::tls;
use super::wire::{Door, Side};

/// A running server; it ends when dropped.
#[derive(Debug)]
pub struct Spy {
    host: String,
    scheme: &'static str,
    authority: Option<String>,
    shared: Arc<Shared>,
    _server: JoinSet<std::io::Result<()>>,
}

/// One request, whole.
#[derive(Debug, Clone)]
pub struct Seen {
    /// The method.
    pub method: String,
    /// The path without query.
    pub path: String,
    /// The query, as it was sent.
    pub query: String,
    /// All headers.
    pub headers: HeaderMap,
    /// The body.
    pub body: Bytes,
}

type Script = dyn Fn(&Seen) -> Response<Body> + Send + Sync;

struct Shared {
    seen: Mutex<Vec<Seen>>,
    script: Mutex<Arc<Script>>,
}

impl std::fmt::Debug for Shared {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Shared")
    }
}

impl Seen {
    /// Whether it carries an `Authorization`.
    pub fn is_authorized(&self) -> bool {
        self.headers.contains_key("authorization")
    }

    /// All of it as text.
    pub fn text(&self) -> String {
        let Self { method, path, query, headers, body } = self;
        let headers: Vec<String> =
            headers.iter().map(|(name, value)| format!("{name}: {}", lossy(value.as_bytes()))).collect();
        format!("{method} {path}?{query}\n{}\n\n{}\n", headers.join("\n"), lossy(body))
    }
}

fn lossy(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

impl Spy {
    /// In plain http; 404 to everything until told otherwise.
    pub async fn start() -> Self {
        Self::open(false).await
    }

    /// Behind TLS, with a certificate of [`Spy::authority`] for loopback and [`Spy::NAME`].
    pub async fn tls() -> Self {
        Self::open(true).await
    }

    /// A name that its certificate is good for and that only a proxy can resolve.
    pub const NAME: &str = tls::NAME;

    async fn open(secure: bool) -> Self {
        let (acceptor, authority) = secure.then(tls::loopback).unzip();
        let (door, address) = Door::open(Side::Registry, acceptor).await;
        let none: Arc<Script> = Arc::new(|_: &Seen| reply(404));
        let shared = Arc::new(Shared { seen: Mutex::default(), script: Mutex::new(none) });
        let app = Router::new().fallback(answer).with_state(Arc::clone(&shared));
        let mut server = JoinSet::new();
        server.spawn(async move { axum::serve(door, app.into_make_service()).await });
        let scheme = if secure { "https" } else { "http" };
        Self { host: address.to_string(), scheme, authority, shared, _server: server }
    }

    /// Answers so from now on.
    pub fn answers(&self, script: impl Fn(&Seen) -> Response<Body> + Send + Sync + 'static) -> &Self {
        *self.shared.script.lock().unwrap_or_else(PoisonError::into_inner) = Arc::new(script);
        self
    }

    /// `127.0.0.1:PORT`
    pub fn host(&self) -> &str {
        &self.host
    }

    /// The address of `path` here.
    pub fn url(&self, path: &str) -> String {
        format!("{}://{}{path}", self.scheme, self.host)
    }

    /// The authority that signed its certificate, as PEM.
    pub fn authority(&self) -> &str {
        self.authority.as_deref().expect("it speaks TLS")
    }

    /// All requests, in the order they came.
    pub fn seen(&self) -> Vec<Seen> {
        self.shared.seen.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Method and path of all requests, with whether they were authorised.
    pub fn log(&self) -> Vec<(String, bool)> {
        let line = |seen: &Seen| (format!("{} {}", seen.method, seen.path), seen.is_authorized());
        self.seen().iter().map(line).collect()
    }

    /// Everything that it received, as text.
    pub fn text(&self) -> String {
        self.seen().iter().map(Seen::text).collect()
    }
}

/// An empty answer with this status.
pub fn reply(status: u16) -> Response<Body> {
    let mut response = Response::new(Body::empty());
    *response.status_mut() = StatusCode::from_u16(status).expect("a status");
    response
}

/// An empty answer with this status and one header.
pub fn reply_with(status: u16, name: &'static str, value: &str) -> Response<Body> {
    let mut response = reply(status);
    response.headers_mut().insert(name, value.parse().expect("a header value"));
    response
}

/// 200 with this body.
pub fn found(body: impl Into<Body>) -> Response<Body> {
    Response::new(body.into())
}

async fn answer(State(shared): State<Arc<Shared>>, request: Request<Body>) -> Response<Body> {
    let (parts, body) = request.into_parts();
    let seen = Seen {
        method: parts.method.to_string(),
        path: parts.uri.path().to_owned(),
        query: parts.uri.query().unwrap_or_default().to_owned(),
        headers: parts.headers,
        body: to_bytes(body, 64 << 20).await.unwrap_or_default(),
    };
    shared.seen.lock().unwrap_or_else(PoisonError::into_inner).push(seen.clone());
    let script = Arc::clone(&shared.script.lock().unwrap_or_else(PoisonError::into_inner));
    script(&seen)
}
