//! A registry that has every tag of every repository and counts who asks: nothing is stored, so that what is measured
//! is the program.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use axum::Router;
use axum::body::Body;
use axum::extract::{Request, State};
use axum::http::{Method, StatusCode, header};
use axum::response::Response;
use image_mirror::model::Digest;
use tokio::net::TcpListener;
use tokio::task::JoinSet;

/// A registry in this process, until the program ends.
#[derive(Debug)]
pub struct Registry {
    pub host: String,
    requests: Arc<AtomicU64>,
    /// Ends with it.
    _server: JoinSet<std::io::Result<()>>,
}

impl Registry {
    pub async fn start() -> std::io::Result<Self> {
        let listener = TcpListener::bind(SocketAddr::from(([127, 0, 0, 1], 0))).await?;
        let (host, requests) = (listener.local_addr()?.to_string(), Arc::<AtomicU64>::default());
        let router = Router::new().fallback(answer).with_state(Arc::clone(&requests));
        let mut server = JoinSet::new();
        server.spawn(async move { axum::serve(listener, router).await });
        Ok(Self { host, requests, _server: server })
    }

    /// How many requests there were since the last call.
    pub fn requests(&self) -> u64 {
        self.requests.swap(0, Ordering::Relaxed)
    }
}

/// The digest of a tag hangs on its name alone, so that two registries have the same. Whoever asks for more than that
/// gets an error, and then so does the benchmark.
async fn answer(State(requests): State<Arc<AtomicU64>>, request: Request) -> Response {
    requests.fetch_add(1, Ordering::Relaxed);
    let path = request.uri().path();
    let answer = Response::builder();
    let answer = if request.method() == Method::HEAD && path.contains("/manifests/") {
        answer
            .header(header::CONTENT_TYPE, "application/vnd.oci.image.manifest.v1+json")
            .header(header::CONTENT_LENGTH, 1_000)
            .header("docker-content-digest", Digest::of(path.as_bytes()).as_str())
    } else {
        answer.status(StatusCode::NOT_FOUND)
    };
    answer.body(Body::empty()).unwrap_or_default()
}
