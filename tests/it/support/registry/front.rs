//! A registry behind this one: what is asked goes there, what it answers comes back, and faults lie in between.
//!
//! Bodies are held in memory; what is behind is a real registry with small images.

use std::io;

use axum::body::{Body, to_bytes};
use axum::http::{HeaderMap, HeaderName, Method, Request, header};
use bytes::Bytes;
use futures_util::stream;
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::TokioExecutor;

use super::reply::Reply;
use super::serve::{Call, Cut, Incoming};

/// What belongs to one connection, or is set anew.
const OWN: [HeaderName; 4] =
    [header::CONTENT_LENGTH, header::TRANSFER_ENCODING, header::CONNECTION, header::DATE];

/// The registry behind: plain HTTP.
#[derive(Debug)]
pub(super) struct Behind {
    host: String,
    client: Client<HttpConnector, Body>,
}

impl Behind {
    pub(super) fn new(host: &str) -> Self {
        Self { host: host.to_owned(), client: Client::builder(TokioExecutor::new()).build_http() }
    }
}

/// Asks the registry behind. An upload that is cut here is cut there.
pub(super) async fn pass_on(call: &Call, behind: &Behind, incoming: &mut Incoming) -> Result<Reply, Cut> {
    let (mut chunks, mut cut) = (Vec::new(), None);
    loop {
        match incoming.chunk().await {
            Ok(Some(chunk)) => chunks.push(Ok(chunk)),
            Ok(None) => break,
            Err(why) => {
                cut = Some(why);
                chunks.push(Err(io::Error::from(io::ErrorKind::ConnectionAborted)));
                break;
            }
        }
    }
    let mut address = url::Url::parse(&format!("http://{}{}", behind.host, call.path)).expect("an address");
    if !call.target.query.is_empty() {
        address.query_pairs_mut().extend_pairs(&call.target.query);
    }
    // With the host as it was asked for, so that addresses in answers lead back here.
    let mut request = Request::new(Body::from_stream(stream::iter(chunks)));
    *request.method_mut() = call.method.clone();
    *request.uri_mut() = address.as_str().parse().expect("an address");
    *request.headers_mut() = call.headers.clone();
    let answer = behind.client.request(request).await;
    if let Some(cut) = cut {
        return Err(cut);
    }
    let (head, body) = answer.map_err(|_| Cut::Reset)?.into_parts();
    let (status, headers) = (head.status.as_u16(), head.headers);
    let body = to_bytes(Body::new(body), usize::MAX).await.map_err(|_| Cut::Reset)?;
    // Of an answer to HEAD only the length of its body is known, and only that is sent on.
    let is_head = call.method == Method::HEAD;
    let body = if is_head { Bytes::from(vec![0; announced(&headers).unwrap_or(0)]) } else { body };
    let mut reply = Reply::new(status).body(body);
    reply.headers = headers;
    for name in OWN {
        reply.headers.remove(name);
    }
    Ok(reply)
}

fn announced(headers: &HeaderMap) -> Option<usize> {
    headers.get(header::CONTENT_LENGTH)?.to_str().ok()?.parse().ok()
}
