//! An S3-compatible store of one bucket in this process, with a log of requests and scripted faults.
//!
//! It knows paths of the form `/BUCKET/KEY`, keeps the headers that describe an object, and wants every request to be signed with
//! the login that [`FakeBucket::options`] names, but does not check the signature.

mod fault;
mod store;
mod uploads;

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::SystemTime;

use axum::Router;
use axum::body::Body;
use axum::extract::{Request, State};
use axum::response::Response;
use bytes::Bytes;
use http::{HeaderMap, StatusCode};
use tokio::task::JoinSet;

pub use fault::{BucketFault, Effect};
pub use store::Stored;

/// The only bucket that there is.
pub const BUCKET: &str = "boot-images";
const LOGIN: &str = "AKIDFORTESTS";

/// A running store; it ends when dropped.
#[derive(Debug)]
pub struct FakeBucket {
    endpoint: String,
    shared: Arc<Shared>,
    _server: JoinSet<std::io::Result<()>>,
}

/// One request.
#[derive(Debug, Clone)]
pub struct BucketRequest {
    /// The method.
    pub method: String,
    /// The key, decoded; empty: the bucket itself.
    pub key: String,
    /// The query, decoded.
    pub query: BTreeMap<String, String>,
    /// All headers.
    pub headers: HeaderMap,
    /// How long the body was.
    pub length: usize,
}

#[derive(Debug, Default)]
struct Shared {
    state: Mutex<Inside>,
}

#[derive(Debug, Default)]
struct Inside {
    objects: BTreeMap<String, Stored>,
    uploads: BTreeMap<String, uploads::Upload>,
    requests: Vec<BucketRequest>,
    faults: Vec<BucketFault>,
    /// So many writes were there; makes `ETags` and upload ids that nobody can guess.
    writes: usize,
    /// Whether `If-Match` and `If-None-Match` mean nothing to it.
    knows_no_conditions: bool,
}

impl FakeBucket {
    /// Starts an empty one.
    pub async fn start() -> Self {
        let door = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("loopback has free ports");
        let endpoint = format!("http://{}", door.local_addr().expect("a bound socket has an address"));
        let shared = Arc::new(Shared::default());
        let app = Router::new().fallback(answer).with_state(Arc::clone(&shared));
        let mut server = JoinSet::new();
        server.spawn(async move { axum::serve(door, app).await });
        Self { endpoint, shared, _server: server }
    }

    /// The variables by which it is reached.
    pub fn options(&self) -> Vec<(&'static str, String)> {
        vec![
            ("AWS_ENDPOINT_URL", self.endpoint.clone()),
            ("AWS_ACCESS_KEY_ID", LOGIN.to_owned()),
            ("AWS_SECRET_ACCESS_KEY", "a-secret-of-tests".to_owned()),
        ]
    }

    /// Lets it do wrong; the first fault that fits a request is taken.
    pub fn fault(&self, fault: BucketFault) {
        self.inside().faults.push(fault);
    }

    /// Lets it do everything right again.
    pub fn mend(&self) {
        self.inside().faults.clear();
    }

    /// The object under `key`.
    pub fn object(&self, key: &str) -> Option<Stored> {
        self.inside().objects.get(key).cloned()
    }

    /// Puts an object there as others do: without metadata, under any key, such as that of a folder (`a/`).
    pub fn place(&self, key: &str, content: impl Into<Bytes>) {
        self.inside().store(key, content.into(), HeaderMap::new());
    }

    /// Takes an object away.
    pub fn remove(&self, key: &str) {
        self.inside().objects.remove(key);
    }

    /// Puts it back as it was.
    pub fn restore(&self, key: &str, stored: Stored) {
        self.inside().objects.insert(key.to_owned(), stored);
    }

    /// Lets it write whatever it is asked to, as stores do that know no conditions.
    pub fn knows_no_conditions(&self) {
        self.inside().knows_no_conditions = true;
    }

    /// Changes the object under `key` behind everybody's back.
    pub fn change(&self, key: &str, change: impl FnOnce(&mut Stored)) {
        change(self.inside().objects.get_mut(key).expect("there is such an object"));
    }

    /// All keys, sorted.
    pub fn keys(&self) -> Vec<String> {
        self.inside().objects.keys().cloned().collect()
    }

    /// The keys for which uploads are open, sorted.
    pub fn open_uploads(&self) -> Vec<String> {
        let mut keys: Vec<String> =
            self.inside().uploads.values().map(|upload| upload.key().to_owned()).collect();
        keys.sort();
        keys
    }

    /// Begins an upload that nobody will go on with.
    pub fn begin_upload(&self, key: &str) {
        uploads::begin(&mut self.inside(), key, &HeaderMap::new());
    }

    /// Drops all uploads, as a rule of a store does after some days.
    pub fn forget_uploads(&self) {
        self.inside().uploads.clear();
    }

    /// The requests so far.
    pub fn requests(&self) -> Vec<BucketRequest> {
        self.inside().requests.clone()
    }

    /// The requests so far, as `PUT key?partNumber`, without those that only keep our own state.
    pub fn asked(&self) -> Vec<String> {
        let requests = self.requests();
        let foreign = requests.iter().filter(|request| !request.key.starts_with(".image-mirror/"));
        foreign.map(BucketRequest::short).collect()
    }

    fn inside(&self) -> MutexGuard<'_, Inside> {
        self.shared.inside()
    }
}

impl Shared {
    fn inside(&self) -> MutexGuard<'_, Inside> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl BucketRequest {
    fn short(&self) -> String {
        let what = ["uploads", "partNumber", "uploadId", "list-type"];
        let what = what.iter().find(|name| self.query.contains_key(**name));
        let what = what.map(|name| format!("?{name}")).unwrap_or_default();
        format!("{} {}{what}", self.method, self.key)
    }

    fn of(request: &http::request::Parts) -> Option<Self> {
        let path = decoded(request.uri.path());
        let key = path.strip_prefix('/')?.strip_prefix(BUCKET)?.trim_start_matches('/').to_owned();
        let query = request.uri.query().unwrap_or_default();
        Some(Self {
            method: request.method.to_string(),
            key,
            query: url::form_urlencoded::parse(query.as_bytes()).into_owned().collect(),
            headers: request.headers.clone(),
            length: 0,
        })
    }
}

async fn answer(State(shared): State<Arc<Shared>>, request: Request) -> Response {
    let (parts, body) = request.into_parts();
    let Some(mut request) = BucketRequest::of(&parts) else {
        return refuse(StatusCode::NOT_FOUND, "NoSuchBucket");
    };
    // A body that is cut short is no request.
    let Ok(body) = axum::body::to_bytes(body, usize::MAX).await else {
        return refuse(StatusCode::BAD_REQUEST, "IncompleteBody");
    };
    request.length = body.len();
    let effect = {
        let mut inside = shared.inside();
        inside.requests.push(request.clone());
        fault::taken(&mut inside.faults, &request)
    };
    let signed = request.headers.get("authorization").and_then(|value| value.to_str().ok());
    if !signed.is_some_and(|value| value.contains(&format!("Credential={LOGIN}/"))) {
        return refuse(StatusCode::FORBIDDEN, "AccessDenied");
    }
    match effect {
        None => shared.inside().answer(&request, &body),
        Some(Effect::Status(status)) => {
            refuse(StatusCode::from_u16(status).expect("a status"), "InternalError")
        }
        Some(Effect::Lost) => {
            let _ = shared.inside().answer(&request, &body);
            refuse(StatusCode::INTERNAL_SERVER_ERROR, "InternalError")
        }
        Some(Effect::Silence(arrived)) => {
            arrived.notify_one();
            std::future::pending().await
        }
        Some(Effect::SilenceAfter(arrived)) => {
            let _ = shared.inside().answer(&request, &body);
            arrived.notify_one();
            std::future::pending().await
        }
    }
}

impl Inside {
    fn answer(&mut self, request: &BucketRequest, body: &Bytes) -> Response {
        let asks = |name: &str| request.query.contains_key(name);
        match request.method.as_str() {
            "GET" if asks("uploads") => uploads::list(self, request),
            "GET" if request.key.is_empty() => store::list(self, request),
            "GET" | "HEAD" => store::get(self, request),
            "POST" if asks("uploads") => {
                let id = uploads::begin(self, &request.key, &request.headers);
                xml(&format!(
                    "<InitiateMultipartUploadResult><UploadId>{id}</UploadId></InitiateMultipartUploadResult>"
                ))
            }
            "POST" if asks("uploadId") => uploads::complete(self, request, body),
            "PUT" if asks("partNumber") => uploads::part(self, request, body),
            "PUT" if request.headers.contains_key("x-amz-copy-source") => store::copy(self, request),
            "PUT" => store::put(self, request, body),
            "DELETE" if asks("uploadId") => uploads::abort(self, request),
            "DELETE" => {
                self.objects.remove(&request.key);
                reply(StatusCode::NO_CONTENT, "")
            }
            _ => refuse(StatusCode::NOT_IMPLEMENTED, "NotImplemented"),
        }
    }

    fn store(&mut self, key: &str, content: Bytes, headers: HeaderMap) -> String {
        self.writes += 1;
        let etag = format!("\"{:032x}\"", self.writes);
        let stored = Stored { content, headers, etag: etag.clone(), modified: SystemTime::now() };
        self.objects.insert(key.to_owned(), stored);
        etag
    }
}

/// Those of the headers of a request that describe an object.
fn describing(headers: &HeaderMap) -> HeaderMap {
    let is_kept =
        |name: &str| ["content-type", "cache-control"].contains(&name) || name.starts_with("x-amz-meta-");
    let kept = headers.iter().filter(|(name, _)| is_kept(name.as_str()));
    kept.map(|(name, value)| (name.clone(), value.clone())).collect()
}

fn reply(status: StatusCode, body: impl Into<Body>) -> Response {
    http::Response::builder().status(status).body(body.into()).expect("an answer")
}

fn xml(text: &str) -> Response {
    reply(StatusCode::OK, format!("<?xml version=\"1.0\" encoding=\"UTF-8\"?>{text}"))
}

fn refuse(status: StatusCode, code: &str) -> Response {
    reply(status, format!("<Error><Code>{code}</Code><Message>a test says so</Message></Error>"))
}

/// Text of a path or a header as it was before it was percent-encoded; a `+` is one.
fn decoded(text: &str) -> String {
    let text = format!("x={}", text.replace('+', "%2B").replace('&', "%26"));
    url::form_urlencoded::parse(text.as_bytes())
        .map(|(_, value)| value.into_owned())
        .next()
        .unwrap_or_default()
}

fn escaped(text: &str) -> String {
    quick_xml::escape::escape(text).into_owned()
}
