//! Uploads in parts (PATCH), for registries that take no large body in one PUT.
//!
//! Nothing is kept: a part is read from the source while it is sent, and a part that fails fails the
//! attempt.

use std::sync::Arc;

use bytes::Bytes;
use futures_util::StreamExt;
use futures_util::stream::{BoxStream, unfold};
use http::Method;
use http::header::{CONTENT_RANGE, HeaderValue};
use tokio::sync::Mutex;

use super::error::{Error, Kind};
use super::uploads::{Copy, Permits, Upload, location, with_digest};
use super::verified::BlobStream;

/// The rest of a blob, of which one part after the other is taken.
struct Rest {
    frames: BlobStream,
    left_over: Bytes,
}

impl Copy<'_> {
    /// Sends the blob part by part, in smaller ones where the registry refuses their size.
    pub(super) async fn in_parts(&self, mut session: Upload, mut permits: Permits) -> Result<(), Error> {
        loop {
            let host = Arc::clone(permits.target.host());
            let wanted = self.client.shared.options.chunk_size.min(host.largest_part());
            let part = wanted.max(session.min_chunk).max(1);
            match self.all_parts(session, &permits, part).await {
                Err(error) if error.status() == Some(413) && host.refused_part(part) => {
                    tracing::debug!(error = %crate::error::Chain(&error), part, "sending smaller parts");
                }
                done => return done,
            }
            drop(permits);
            let Some(again) = self.session(None).await? else { return Ok(()) };
            (session, permits) = (again, self.permits().await?);
        }
    }

    async fn all_parts(&self, session: Upload, permits: &Permits, part: u64) -> Result<(), Error> {
        let frames = self.source.open(permits.source.clone()).await?;
        let rest = Arc::new(Mutex::new(Rest { frames, left_over: Bytes::new() }));
        let mut at = session.location;
        let mut sent = 0;
        while sent < self.blob.size {
            let length = part.min(self.blob.size - sent);
            let mut sending = self.sending(Method::PATCH, at.expose().clone(), permits);
            let range = format!("{sent}-{}", sent + length - 1);
            let range = HeaderValue::from_str(&range).map_err(|_| self.no_range())?;
            sending.call.headers.insert(CONTENT_RANGE, range);
            let answer =
                sending.send(Rest::part(&rest, length), length, sent).await?.or_refused().await?.or_page()?;
            at = location(&answer)?;
            sent += length;
        }
        let url = with_digest(at.expose(), &self.blob.digest);
        let finish = self.sending(Method::PUT, url, permits);
        let nothing = futures_util::stream::empty().boxed();
        let answer = finish.send(nothing, 0, sent).await?.or_refused().await?;
        self.agree(answer)
    }

    fn no_range(&self) -> Error {
        Error::new(self.operation(), Some(&self.repository.host), Kind::Answer("no range".to_owned()))
    }
}

impl Rest {
    /// The next `length` bytes.
    fn part(rest: &Arc<Mutex<Self>>, length: u64) -> BoxStream<'static, Result<Bytes, Error>> {
        let state = (Arc::clone(rest), length);
        Box::pin(unfold(state, async |(rest, left)| {
            let frame = rest.lock().await.take(left).await?;
            let taken = frame.as_ref().map_or(0, |frame| frame.len() as u64);
            Some((frame, (rest, left - taken)))
        }))
    }

    /// The next bytes, at most `limit` of them; none: the limit is reached or the blob at its end.
    async fn take(&mut self, limit: u64) -> Option<Result<Bytes, Error>> {
        if limit == 0 {
            return None;
        }
        if self.left_over.is_empty() {
            match self.frames.next().await? {
                Ok(frame) => self.left_over = frame,
                Err(error) => return Some(Err(error)),
            }
        }
        let length = usize::try_from(limit).unwrap_or(usize::MAX).min(self.left_over.len());
        Some(Ok(self.left_over.split_to(length)))
    }
}
