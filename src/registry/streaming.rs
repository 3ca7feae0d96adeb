//! One request whose body is a stream: it can be sent once only, so a challenge ends the attempt.

use bytes::Bytes;
use futures_util::StreamExt;
use futures_util::stream::BoxStream;
use http::header::{CONTENT_LENGTH, CONTENT_TYPE, HeaderValue};

use super::Shared;
use super::endpoint::{base, same_origin};
use super::error::{Error, Kind};
use super::limit::Permit;
use super::outgoing::{Progress, Watch};
use super::transport::{Answer, Call};

/// A request with a streaming body, about to be sent.
pub(super) struct Sending<'a> {
    pub(super) shared: &'a Shared,
    pub(super) call: Call,
    pub(super) permit: Permit,
    pub(super) progress: &'a Progress<'a>,
}

impl Sending<'_> {
    /// Sends `frames`, of which there are `length` bytes, the first of them `start` bytes into the blob.
    /// Any status is an answer; an error of the stream is given back as it is.
    pub(super) async fn send(
        mut self,
        mut frames: BoxStream<'static, Result<Bytes, Error>>,
        length: u64,
        start: u64,
    ) -> Result<Answer, Error> {
        if length == 0 {
            // Nobody would read an empty body to its end, where its digest is checked.
            if let Some(frame) = frames.next().await {
                frame?;
            }
        }
        let home = base(&self.shared.options, &self.call.need.host)?;
        let trusted = same_origin(&home, &self.call.url);
        let authorization = if trusted { self.shared.authorize(&self.call).await? } else { None };
        if let Some(authorization) = &authorization {
            let disclosed = self.shared.disclose(authorization, &self.call.url, &mut self.call.headers);
            disclosed.map_err(|kind| self.call.error(kind))?;
        }
        let response = self.exchange((frames, length, start), trusted).await?;
        self.permit.host().answered(response.status(), response.headers(), Some(self.permit.epoch()));
        if trusted && self.shared.renewed(&self.call, authorization.as_ref(), &response).await? {
            return Err(self.call.error(Kind::Expired));
        }
        let url = self.call.url.clone();
        let mut answer = self.shared.answer(&self.call, response, url, self.permit);
        answer.sent = authorization;
        Ok(answer)
    }

    async fn exchange(
        &self,
        (frames, length, start): (BoxStream<'static, Result<Bytes, Error>>, u64, u64),
        trusted: bool,
    ) -> Result<reqwest::Response, Error> {
        self.shared.may_send(&self.call)?;
        let tally = self.shared.counters.tally();
        tally.request(&self.call.method);
        let watch = Watch::new(length);
        let body = watch.body(frames, tally);
        let client = self.shared.client_for(self.call.lane, (&self.call.url, trusted), 0);
        let request = client
            .request(self.call.method.clone(), self.call.url.clone())
            .headers(self.call.headers.clone())
            .header(CONTENT_TYPE, HeaderValue::from_static("application/octet-stream"))
            .header(CONTENT_LENGTH, length)
            .body(reqwest::Body::wrap_stream(body));
        let waited = watch.wait(request.send(), self.shared.patience(), (self.progress, start)).await;
        if let Some(error) = watch.failed() {
            return Err(error);
        }
        let answered = waited.and_then(|sent| sent.map_err(Kind::of));
        answered.map_err(|kind| self.call.error(self.permit.unanswered(kind)))
    }
}
