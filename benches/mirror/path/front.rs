//! A TLS front before one registry: HTTP/2 or HTTP/1.1 to the client, HTTP/1.1 kept alive to the registry. It changes
//! nothing that a client could tell, holds no body, and counts what passes.

use std::io;
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, ready};
use std::time::Duration;

use http::header::{CONNECTION, EXPECT, HOST, HeaderName, HeaderValue, TE, TRANSFER_ENCODING, UPGRADE};
use http::uri::{Authority, Scheme};
use http::{HeaderMap, Request, Response, StatusCode, Uri};
use hyper::body::{Body, Bytes, Frame, Incoming, SizeHint};
use hyper::server::conn::{http1, http2};
use hyper::service::service_fn;
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinSet;
use tokio_rustls::TlsAcceptor;

use super::delay::Delayed;
use super::passed::{Kind, Passed};

/// Requests at a time on one connection, as most servers allow.
const STREAMS: u32 = 128;
/// What may be under way on one stream and on one connection: more than any round trip holds.
const WINDOW: u32 = 16 << 20;
const CONNECTION_WINDOW: u32 = 256 << 20;
const BUFFER: usize = 1 << 20;

/// What belongs to one connection and says nothing about a message.
const HOP_BY_HOP: [HeaderName; 6] =
    [CONNECTION, EXPECT, TE, TRANSFER_ENCODING, UPGRADE, HeaderName::from_static("keep-alive")];

/// A front; it ends when this is dropped.
#[derive(Debug)]
pub struct Front {
    to: Arc<Upstream>,
    _accepting: JoinSet<()>,
}

#[derive(Debug)]
struct Upstream {
    /// Of the front itself: what the registry believes to be called.
    host: String,
    registry: Authority,
    client: Client<HttpConnector, Counted>,
    passed: Arc<Mutex<Passed>>,
}

impl Front {
    /// Before `registry`, `HOST:PORT`.
    pub async fn open(registry: &str, rtt: Duration, tls: TlsAcceptor) -> crate::Result<Self> {
        let listener = TcpListener::bind("127.0.0.1:0").await?;
        let mut connector = HttpConnector::new();
        connector.set_nodelay(true);
        let client = Client::builder(TokioExecutor::new())
            .pool_timer(TokioTimer::new())
            .pool_max_idle_per_host(usize::MAX)
            .http1_max_buf_size(BUFFER)
            .build(connector);
        let to = Arc::new(Upstream {
            host: listener.local_addr()?.to_string(),
            registry: registry.parse()?,
            client,
            passed: Arc::default(),
        });
        let mut accepting = JoinSet::new();
        accepting.spawn(accept(listener, rtt, tls, Arc::clone(&to)));
        Ok(Self { to, _accepting: accepting })
    }

    pub fn host(&self) -> &str {
        &self.to.host
    }

    /// What passed since the last call.
    pub fn take(&self) -> Passed {
        let mut passed = lock(&self.to.passed);
        let under_way = passed.under_way;
        std::mem::replace(&mut passed, Passed { under_way, peak: under_way, ..Passed::default() })
    }
}

fn lock(passed: &Mutex<Passed>) -> MutexGuard<'_, Passed> {
    passed.lock().unwrap_or_else(PoisonError::into_inner)
}

async fn accept(listener: TcpListener, rtt: Duration, tls: TlsAcceptor, to: Arc<Upstream>) {
    let mut connections = JoinSet::new();
    while let Ok((client, _)) = listener.accept().await {
        while connections.try_join_next().is_some() {}
        lock(&to.passed).connections += 1;
        let (tls, to) = (tls.clone(), Arc::clone(&to));
        connections.spawn(async move {
            client.set_nodelay(true).ok();
            let mut delivering = JoinSet::new();
            // A connection ends with an error when the client closes it: nothing to be told about.
            serve(client, rtt, &tls, to, &mut delivering).await.ok();
            while delivering.join_next().await.is_some() {}
        });
    }
}

async fn serve(
    client: TcpStream,
    rtt: Duration,
    tls: &TlsAcceptor,
    to: Arc<Upstream>,
    delivering: &mut JoinSet<io::Result<()>>,
) -> crate::Result<()> {
    let stream = tls.accept(Delayed::new(client, rtt, delivering)).await?;
    let is_http2 = stream.get_ref().1.alpn_protocol() == Some(b"h2");
    let service = service_fn(move |request| pass(Arc::clone(&to), request));
    let stream = TokioIo::new(stream);
    if is_http2 {
        let mut server = http2::Builder::new(TokioExecutor::new());
        server.max_concurrent_streams(STREAMS);
        server.initial_stream_window_size(WINDOW).initial_connection_window_size(CONNECTION_WINDOW);
        server.max_send_buf_size(BUFFER);
        Ok(server.serve_connection(stream, service).await?)
    } else {
        let mut server = http1::Builder::new();
        server.max_buf_size(BUFFER);
        Ok(server.serve_connection(stream, service).await?)
    }
}

/// One request, there and back.
async fn pass(to: Arc<Upstream>, request: Request<Incoming>) -> crate::Result<Response<Counted>> {
    let method = request.method().to_string();
    let kind = Kind::of(request.method(), request.uri().path(), request.uri().query().unwrap_or_default());
    let under_way = UnderWay::begin(&to.passed, kind, &method);
    let request = to.forward(request, kind)?;
    let Ok(answer) = to.client.request(request).await else {
        under_way.refused(StatusCode::BAD_GATEWAY);
        return Err("the registry does not answer".into());
    };
    under_way.refused(answer.status());
    let (mut head, body) = answer.into_parts();
    strip(&mut head.headers);
    let counted =
        Counted { body, passed: Arc::clone(&to.passed), way: Way::Down, kind, _under_way: Some(under_way) };
    Ok(Response::from_parts(head, counted))
}

impl Upstream {
    fn forward(&self, request: Request<Incoming>, kind: Kind) -> crate::Result<Request<Counted>> {
        let (mut head, body) = request.into_parts();
        let mut uri = Uri::builder().scheme(Scheme::HTTP).authority(self.registry.clone());
        if let Some(path) = head.uri.path_and_query() {
            uri = uri.path_and_query(path.clone());
        }
        head.uri = uri.build()?;
        head.version = http::Version::HTTP_11;
        strip(&mut head.headers);
        head.headers.insert(HOST, HeaderValue::from_str(&self.host)?);
        head.headers.insert("x-forwarded-proto", HeaderValue::from_static("https"));
        let counted =
            Counted { body, passed: Arc::clone(&self.passed), way: Way::Up, kind, _under_way: None };
        Ok(Request::from_parts(head, counted))
    }
}

fn strip(headers: &mut HeaderMap) {
    for name in HOP_BY_HOP {
        headers.remove(name);
    }
}

/// A request under way, until its answer has passed or was given up.
#[derive(Debug)]
struct UnderWay(Arc<Mutex<Passed>>);

impl UnderWay {
    fn begin(passed: &Arc<Mutex<Passed>>, kind: Kind, method: &str) -> Self {
        let mut counts = lock(passed);
        *counts.requests.entry(kind).or_default() += 1;
        let method = if kind == Kind::Token { "token".to_owned() } else { method.to_lowercase() };
        *counts.methods.entry(method).or_default() += 1;
        counts.under_way += 1;
        counts.peak = counts.peak.max(counts.under_way);
        Self(Arc::clone(passed))
    }

    fn refused(&self, status: StatusCode) {
        if status.as_u16() >= 400 && status != StatusCode::NOT_FOUND {
            *lock(&self.0).refused.entry(status.as_u16()).or_default() += 1;
        }
    }
}

impl Drop for UnderWay {
    fn drop(&mut self) {
        let mut counts = lock(&self.0);
        counts.under_way = counts.under_way.saturating_sub(1);
    }
}

#[derive(Debug, Clone, Copy)]
enum Way {
    Up,
    Down,
}

/// A body whose bytes are counted as they pass.
#[derive(Debug)]
struct Counted {
    body: Incoming,
    passed: Arc<Mutex<Passed>>,
    way: Way,
    kind: Kind,
    _under_way: Option<UnderWay>,
}

impl Counted {
    fn count(&self, size: u64) {
        let mut counts = lock(&self.passed);
        match self.way {
            Way::Down => counts.down += size,
            Way::Up => counts.up += size,
        }
        match (self.way, self.kind) {
            (Way::Down, Kind::GetBlob) => counts.blobs_down += size,
            (Way::Up, Kind::OpenUpload | Kind::PatchUpload | Kind::PutBlob) => counts.blobs_up += size,
            _ => {}
        }
    }
}

impl Body for Counted {
    type Data = Bytes;
    type Error = hyper::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, hyper::Error>>> {
        let frame = ready!(Pin::new(&mut self.body).poll_frame(cx));
        if let Some(bytes) = frame.as_ref().and_then(|frame| frame.as_ref().ok()?.data_ref()) {
            self.count(bytes.len() as u64);
        }
        Poll::Ready(frame)
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}
