//! A registry behind this one: what is asked goes there, what it answers comes back, and faults lie in between.
//!
//! Bodies are held in memory; what is behind is a real registry with small images.

use std::io;

use axum::http::{HeaderMap, HeaderName, header};
use bytes::Bytes;
use futures_util::stream;

use super::reply::Reply;
use super::serve::{Call, Cut, Incoming};

/// What belongs to one connection, or is set anew.
const OWN: [HeaderName; 4] =
    [header::CONTENT_LENGTH, header::TRANSFER_ENCODING, header::CONNECTION, header::DATE];

/// The registry behind: plain HTTP.
#[derive(Debug)]
pub(super) struct Behind {
    host: String,
    client: reqwest::Client,
}

impl Behind {
    pub(super) fn new(host: &str) -> Self {
        let client = reqwest::Client::builder().no_proxy().redirect(reqwest::redirect::Policy::none());
        Self { host: host.to_owned(), client: client.build().expect("a client") }
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
    let body = reqwest::Body::wrap_stream(stream::iter(chunks));
    // With the host as it was asked for, so that addresses in answers lead back here.
    let request =
        behind.client.request(call.method.clone(), address).headers(call.headers.clone()).body(body);
    let answer = request.send().await;
    if let Some(cut) = cut {
        return Err(cut);
    }
    let answer = answer.map_err(|_| Cut::Reset)?;
    let (status, headers) = (answer.status().as_u16(), answer.headers().clone());
    let length = answer.content_length().and_then(|length| usize::try_from(length).ok());
    let body = answer.bytes().await.map_err(|_| Cut::Reset)?;
    let is_head = call.method == axum::http::Method::HEAD;
    // Of an answer to HEAD only the length of its body is known, and only that is sent on.
    let body = if is_head { Bytes::from(vec![0; announced(&headers).or(length).unwrap_or(0)]) } else { body };
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
