//! Large files, frame by frame, over as many requests as it takes.

use std::sync::Arc;

use bytes::Bytes;
use url::Url;

use super::part::{Known, Part};
use super::{FileFault, call};
use crate::model::Digest;
use crate::registry::Client;
use crate::registry::clients::Lane;
use crate::registry::error::{Error, Kind};
use crate::registry::retry::Tries;
use crate::registry::transport::{Body, Call};
use crate::registry::wire::Tally;

/// So much between two cuts makes the next one count as the first: a large file may take a while.
const PROGRESS: u64 = 64 << 20;

/// Where a download is to begin.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Start {
    /// How many of the first bytes are there already.
    pub offset: u64,
    /// What [`FileStream::validator`] said when they came; none: their digest will tell.
    pub validator: Option<String>,
}

/// What comes next of a file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Frame {
    /// Bytes that follow on the last ones.
    Bytes(Bytes),
    /// The file begins anew, for the server cannot go on, or has another one by now: what came so far is to be forgotten.
    Anew,
}

/// A file that is being downloaded. It goes on by itself where it is cut; it holds a permit of its host.
#[derive(Debug)]
pub struct FileStream {
    client: Client,
    call: Call,
    known: Known,
    is_page: bool,
    /// None: all of it was there.
    body: Option<Body>,
    tries: Tries,
    /// Bytes since the last cut.
    since: u64,
    tally: Tally,
}

impl Client {
    /// Downloads the file at `url`, the rest of it where `start` says so. Redirects are followed from `url` on at each
    /// try, since what they lead to may hold for minutes only.
    ///
    /// # Errors
    /// When the server does not give it.
    pub async fn download(&self, url: &Url, start: Start) -> Result<FileStream, Error> {
        let call = call(self, Lane::Blob, url)?;
        let known = Known { offset: start.offset, size: None, validator: start.validator.map(Arc::from) };
        let mut tries = self.shared.retry.tries();
        loop {
            match self.first_part(&call, &known).await {
                Ok(part) => return Ok(FileStream::new(self.clone(), call, part, tries)),
                Err(error) => tries.again(error).await?,
            }
        }
    }

    async fn first_part(&self, call: &Call, known: &Known) -> Result<Part, Error> {
        let permit = self.shared.acquire(&call.need.host, &call.operation).await?;
        Part::ask(&self.shared, call, known, permit).await
    }
}

impl FileStream {
    fn new(client: Client, call: Call, part: Part, tries: Tries) -> Self {
        let tally = client.shared.counters.tally();
        let Part { known, is_page, body } = part;
        Self { client, call, known, is_page, body, tries, since: 0, tally }
    }

    /// Where the next bytes belong: 0 at first, if the server did not go on where it was asked to.
    #[must_use]
    pub fn offset(&self) -> u64 {
        self.known.offset
    }

    /// How many bytes the file has, where the server tells.
    #[must_use]
    pub fn size(&self) -> Option<u64> {
        self.known.size
    }

    /// By what the server will know whether it still has the same file, for [`Start`].
    #[must_use]
    pub fn validator(&self) -> Option<&str> {
        self.known.validator.as_deref()
    }

    /// The next bytes; none: that was the whole file, which is as long as the server said.
    ///
    /// # Errors
    /// When it was cut and would not go on.
    pub async fn next(&mut self) -> Result<Option<Frame>, Error> {
        loop {
            let Some(body) = &mut self.body else { return Ok(None) };
            let (kind, from) = match body.frame().await {
                Ok(Some(frame)) if self.has_room(&frame) => return Ok(Some(self.take(frame))),
                // What it sends is not what it said: nothing of it is to be gone on with.
                Ok(Some(_)) => {
                    let announced = self.known.size.unwrap_or_default();
                    (Kind::File(FileFault::Longer(announced)), Known::default())
                }
                // However it ends: all of it is there.
                _ if self.known.size == Some(self.known.offset) => return Ok(self.end()),
                Ok(None) => match self.known.size {
                    None => return Ok(self.end()),
                    Some(expected) => {
                        (Kind::Truncated { expected, found: self.known.offset }, self.known.clone())
                    }
                },
                Err(kind) => (kind, self.known.clone()),
            };
            if self.resume(self.call.error(kind), &from).await? {
                return Ok(Some(Frame::Anew));
            }
        }
    }

    /// The error that it is, if the bytes of the whole file have another digest: worth another try as a whole.
    #[must_use]
    pub fn differs(&self, expected: &Digest, found: Digest) -> Error {
        let fault = FileFault::Digest { expected: expected.clone(), found, is_page: self.is_page };
        self.call.error(Kind::File(fault))
    }

    fn has_room(&self, frame: &Bytes) -> bool {
        self.known.size.is_none_or(|size| self.known.offset + frame.len() as u64 <= size)
    }

    fn take(&mut self, frame: Bytes) -> Frame {
        self.known.offset += frame.len() as u64;
        self.since += frame.len() as u64;
        Frame::Bytes(frame)
    }

    /// The permit goes to the next download.
    fn end(&mut self) -> Option<Frame> {
        self.body = None;
        None
    }

    /// Asks for what follows on `from` until it comes or there is no point in it any more. True: it begins anew.
    async fn resume(&mut self, mut error: Error, from: &Known) -> Result<bool, Error> {
        if std::mem::take(&mut self.since) >= PROGRESS {
            self.tries = self.client.shared.retry.tries();
        }
        loop {
            self.tries.again(error).await?;
            let tally = self.tally.clone();
            match tally.within(self.ask(from)).await {
                Ok(part) => return Ok(self.go_on(part)),
                Err(failed) => error = failed,
            }
        }
    }

    /// Asks under the permit that the download holds.
    async fn ask(&self, from: &Known) -> Result<Part, Error> {
        let shared = &self.client.shared;
        let held = self.body.as_ref().map(Body::permit);
        let permit = match held {
            Some(permit) => permit,
            None => shared.acquire(&self.call.need.host, &self.call.operation).await?,
        };
        permit.host().wait_for_pause().await.map_err(|kind| self.call.error(kind))?;
        Part::ask(shared, &self.call, from, permit).await
    }

    fn go_on(&mut self, Part { known, is_page, body }: Part) -> bool {
        let is_anew = known.offset != self.known.offset;
        tracing::debug!(operation = %self.call.operation, offset = known.offset, "the download goes on");
        if known.offset == 0 {
            self.known = known;
        } else {
            let size = known.size.or(self.known.size);
            self.known = Known { size, validator: known.validator.or(self.known.validator.take()), ..known };
        }
        (self.is_page, self.body) = (is_page, body);
        is_anew
    }
}
