//! The API's server: keys, faults, the log.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

use axum::Router;
use axum::body::Body;
use axum::extract::{Request, State as Extracted};
use axum::http::{Response, StatusCode};
use serde_json::Value;
use tokio::net::TcpListener;
use tokio::task::JoinSet;

use super::api::{Call, Reply, refused};
use super::state::State;
use super::{UPLOAD, locked};
use crate::support::registry::{Admission, FakeRegistry, Stop};

/// The key that it takes.
pub const KEY: &str = "key-of-the-catalog-0123456789";
/// The project that it knows.
pub const PROJECT: &str = "0123456789abcdef01234567";
const BASE: &str = "/api/containers";

/// A running API; it ends when the last clone is dropped.
#[derive(Debug, Clone)]
pub struct Pyxis {
    host: String,
    state: Arc<Mutex<State>>,
    _server: Arc<JoinSet<std::io::Result<()>>>,
}

/// One request.
#[derive(Debug, Clone)]
pub struct PyxisRequest {
    pub method: String,
    /// Without what is before `/v1`.
    pub path: String,
    pub query: BTreeMap<String, String>,
    /// The query as it was sent.
    pub raw_query: String,
    pub headers: axum::http::HeaderMap,
    /// Null: there is none.
    pub body: Value,
}

/// What goes wrong with requests whose path has a part.
#[derive(Debug, Clone)]
pub struct PyxisFault {
    part: String,
    times: usize,
    status: u16,
    headers: Vec<(&'static str, String)>,
    body: String,
    carried_out: bool,
}

impl PyxisFault {
    /// The next request whose method and path (`GET /v1/images/id/…`) contain `part` is answered with this status.
    pub fn on(part: &str, status: u16) -> Self {
        let (part, body) = (part.to_owned(), r#"{"detail": "told to fail"}"#.to_owned());
        Self { part, times: 1, status, headers: Vec::new(), body, carried_out: false }
    }

    /// So many times; `usize::MAX`: always.
    pub fn times(self, times: usize) -> Self {
        Self { times, ..self }
    }

    /// With a header.
    pub fn header(mut self, name: &'static str, value: &str) -> Self {
        self.headers.push((name, value.to_owned()));
        self
    }

    /// With this body.
    pub fn body(self, body: &str) -> Self {
        Self { body: body.to_owned(), ..self }
    }

    /// What was asked for is done all the same.
    pub fn carried_out(self) -> Self {
        Self { carried_out: true, ..self }
    }
}

#[derive(Clone)]
struct Shared {
    state: Arc<Mutex<State>>,
    upload: FakeRegistry,
}

impl Pyxis {
    pub(super) async fn start(state: &Arc<Mutex<State>>, upload: &FakeRegistry) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("loopback has free ports");
        let host = listener.local_addr().expect("a bound socket has an address").to_string();
        let shared = Shared { state: Arc::clone(state), upload: upload.clone() };
        let app = Router::new().fallback(answer).with_state(shared);
        let mut server = JoinSet::new();
        server.spawn(async move { axum::serve(listener, app).await });
        Self { host, state: Arc::clone(state), _server: Arc::new(server) }
    }

    /// `127.0.0.1:PORT`
    pub fn host(&self) -> &str {
        &self.host
    }

    /// The address before `/v1`.
    pub fn base(&self) -> url::Url {
        format!("http://{}{BASE}", self.host).parse().expect("an address")
    }

    /// Where a stand-in for preflight POSTs, with an empty body and the key, that it found `tag` good: all of it, or one architecture.
    /// With `&passed=false` behind it: bad. 409: it is published already; 404: there is no such tag or architecture.
    pub fn submit_url(&self, tag: &str, architecture: Option<&str>) -> String {
        let architecture = architecture.map(|name| format!("&arch={name}")).unwrap_or_default();
        format!("http://{}{BASE}/test/submit?tag={tag}{architecture}", self.host)
    }

    /// What is asked of it from now on ends with this status and message: `failed`, `pending`. Default: `completed`, at once.
    pub fn requests_end(&self, status: &str, message: &str) {
        locked(&self.state).ends = Some((status.to_owned(), message.to_owned()));
    }

    /// The answer of `/v1/tools`.
    pub fn tools(&self, tools: Value) {
        locked(&self.state).tools = Some(tools);
    }

    /// Adds a fault; of several that fit the one added first is used, until it is used up.
    pub fn fault(&self, fault: PyxisFault) {
        locked(&self.state).faults.push(fault);
    }

    /// Counts and stops together with registries that share `stop`; what it does not answer it never answers.
    pub fn stop_with(&self, stop: &Stop) {
        locked(&self.state).stop = Some(stop.clone());
    }

    /// Answers again after a stop.
    pub fn resume(&self) {
        locked(&self.state).stop = None;
    }

    /// All requests, in the order they came.
    pub fn requests(&self) -> Vec<PyxisRequest> {
        locked(&self.state).log.clone()
    }

    /// The bodies of what it was asked to do, in order, whatever it answered.
    pub fn writes(&self) -> Vec<Value> {
        let requests = self.requests().into_iter();
        let writes = requests.filter(|request| request.method != "GET" && request.path.starts_with("/v1/"));
        writes.map(|request| request.body).collect()
    }
}

async fn answer(Extracted(shared): Extracted<Shared>, request: Request) -> Response<Body> {
    let (parts, body) = request.into_parts();
    let raw_query = parts.uri.query().unwrap_or_default().to_owned();
    let query = url::form_urlencoded::parse(raw_query.as_bytes()).into_owned().collect();
    let body = axum::body::to_bytes(body, 16 << 20).await.unwrap_or_default();
    let request = PyxisRequest {
        method: parts.method.to_string(),
        path: parts.uri.path().strip_prefix(BASE).unwrap_or_default().to_owned(),
        query,
        raw_query,
        headers: parts.headers,
        body: serde_json::from_slice(&body).unwrap_or_default(),
    };
    let stop = locked(&shared.state).stop.clone();
    let admission = stop.as_ref().map_or(Admission::Answered, |stop| stop.admit(request.method != "GET"));
    if admission == Admission::Refused {
        return std::future::pending().await;
    }
    let reply = carry_out(&shared, &request);
    if let Some(stop) = stop.filter(|_| admission == Admission::Unanswered) {
        stop.lost();
        return std::future::pending().await;
    }
    reply
}

fn carry_out(shared: &Shared, request: &PyxisRequest) -> Response<Body> {
    let glance = shared.upload.glance(UPLOAD);
    let mut state = locked(&shared.state);
    state.log.push(request.clone());
    let fault = state.fault(request);
    let mut carry_out = || {
        let PyxisRequest { method, path, query, body, .. } = request;
        let is_known = request.headers.get("x-api-key").is_some_and(|key| key == KEY);
        if !is_known && path != "/v1/tools" {
            return refused(401, "the key is missing or wrong");
        }
        let reply = state.carry_out_call(&Call { method, path, query, body }, &glance);
        state.let_customers_pull(&glance);
        reply
    };
    match fault {
        None => {
            let Reply(status, body) = carry_out();
            response(status, &[], body.to_string())
        }
        Some(PyxisFault { status, headers, body, carried_out, .. }) => {
            if carried_out {
                carry_out();
            }
            response(status, &headers, body)
        }
    }
}

fn response(status: u16, headers: &[(&'static str, String)], body: String) -> Response<Body> {
    let mut response = Response::new(Body::from(body));
    *response.status_mut() = StatusCode::from_u16(status).expect("a status");
    response.headers_mut().insert("content-type", "application/json".parse().expect("a header value"));
    for (name, value) in headers {
        response.headers_mut().insert(*name, value.parse().expect("a header value"));
    }
    response
}

impl State {
    /// The fault for this request, used up by one.
    fn fault(&mut self, request: &PyxisRequest) -> Option<PyxisFault> {
        let line = format!("{} {}", request.method, request.path);
        let fault = self.faults.iter_mut().find(|fault| fault.times > 0 && line.contains(&fault.part))?;
        if fault.times != usize::MAX {
            fault.times -= 1;
        }
        Some(fault.clone())
    }
}
