//! Counts what goes over the wire, retried requests too.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};

use async_trait::async_trait;
use http::Method;
use http_body_util::BodyExt as _;
use object_store::ClientOptions;
use object_store::client::{
    HttpClient, HttpConnector, HttpError, HttpRequest, HttpResponse, HttpResponseBody, HttpService,
    ReqwestConnector,
};

use crate::model::{Requests, Wire};

/// Makes clients that count. Clones count together.
#[derive(Debug, Clone, Default)]
pub(super) struct Connector(Arc<Counts>);

#[derive(Debug, Default)]
struct Counts {
    received: AtomicU64,
    sent: AtomicU64,
    head: AtomicU64,
    get: AtomicU64,
    post: AtomicU64,
    put: AtomicU64,
    delete: AtomicU64,
}

#[derive(Debug)]
struct Counting {
    inner: HttpClient,
    counts: Arc<Counts>,
}

impl Connector {
    pub(super) fn wire(&self) -> Wire {
        let read = |count: &AtomicU64| count.load(Relaxed);
        Wire {
            received: read(&self.0.received),
            sent: read(&self.0.sent),
            requests: Requests {
                head: read(&self.0.head),
                get: read(&self.0.get),
                post: read(&self.0.post),
                put: read(&self.0.put),
                delete: read(&self.0.delete),
                ..Requests::default()
            },
        }
    }
}

impl HttpConnector for Connector {
    fn connect(&self, options: &ClientOptions) -> object_store::Result<HttpClient> {
        let inner = ReqwestConnector::default().connect(options)?;
        Ok(HttpClient::new(Counting { inner, counts: Arc::clone(&self.0) }))
    }
}

#[async_trait]
impl HttpService for Counting {
    async fn call(&self, request: HttpRequest) -> Result<HttpResponse, HttpError> {
        let counts = &self.counts;
        match *request.method() {
            Method::HEAD => &counts.head,
            Method::POST => &counts.post,
            Method::PUT => &counts.put,
            Method::DELETE => &counts.delete,
            _ => &counts.get,
        }
        .fetch_add(1, Relaxed);
        counts.sent.fetch_add(request.body().content_length() as u64, Relaxed);
        let counts = Arc::clone(counts);
        Ok(self.inner.execute(request).await?.map(|body| {
            HttpResponseBody::new(body.map_frame(move |frame| {
                let length = frame.data_ref().map_or(0, bytes::Bytes::len);
                counts.received.fetch_add(length as u64, Relaxed);
                frame
            }))
        }))
    }
}
