//! Blobs that are read: HEAD, and downloads that go on where they were cut.

use std::fmt;
use std::sync::Arc;

use bytes::Bytes;
use futures_util::future::BoxFuture;
use futures_util::stream::try_unfold;
use http::header::{CONTENT_RANGE, RANGE};
use http::{HeaderValue, Method, StatusCode};

use super::clients::Lane;
use super::endpoint::below;
use super::error::{Error, Kind};
use super::limit::Permit;
use super::refusal::Subject;
use super::retry::Tries;
use super::transport::{Answer, Body, Call};
use super::verified::BlobStream;
use super::wire::Tally;
use super::{Client, Role};
use crate::model::{Descriptor, Digest, Host, Repository};

/// So much between two cuts makes the next one count as the first: a large blob may take a while.
const PROGRESS: u64 = 64 << 20;

/// Where a blob comes from; opened anew for each attempt.
pub trait BlobSource: Send + Sync {
    /// The host whose permit `open` needs; none for files.
    fn host(&self) -> Option<&Host>;
    /// Opens the blob from its first byte.
    fn open(&self, permit: Option<Permit>) -> BoxFuture<'_, Result<BlobStream, Error>>;
}

/// A blob of a registry.
struct RegistryBlob {
    client: Client,
    repository: Repository,
    blob: Descriptor,
}

/// A download under way.
struct Download {
    client: Client,
    call: Call,
    size: u64,
    /// Bytes given out so far.
    offset: u64,
    /// Bytes to leave out, where the registry begins anew although asked not to.
    skip: u64,
    body: Body,
    tries: Tries,
    /// Bytes since the last cut.
    since: u64,
    tally: Tally,
}

impl Client {
    /// Whether the repository has the blob. A redirect to it counts as yes.
    ///
    /// # Errors
    /// Anything but an answer of 2xx, 3xx or 404.
    pub async fn head_blob(&self, repository: &Repository, digest: &Digest) -> Result<bool, Error> {
        let mut call = blob_call(self, Method::HEAD, repository, digest)?;
        call.lane = Lane::Small;
        call.follow = false;
        self.shared
            .retry
            .run(async || {
                let permit = self.shared.acquire(&repository.host, &call.operation).await?;
                let answer = self.shared.send(&call, permit).await?;
                match answer.status {
                    StatusCode::NOT_FOUND => Ok(false),
                    status if status.is_success() || status.is_redirection() => Ok(true),
                    _ => Err(answer.refused().await),
                }
            })
            .await
    }

    /// A small blob as a whole.
    ///
    /// # Errors
    /// When it cannot be read, or has another size or digest than `blob` says.
    pub async fn read_blob(&self, repository: &Repository, blob: &Descriptor) -> Result<Bytes, Error> {
        self.shared.retry.run(async || self.blob(repository, blob).open(None).await?.whole().await).await
    }

    /// A blob of a registry as a source for copies; downloads go on by Range where they are cut.
    #[must_use]
    pub fn blob(&self, repository: &Repository, blob: &Descriptor) -> Box<dyn BlobSource> {
        Box::new(RegistryBlob { client: self.clone(), repository: repository.clone(), blob: blob.clone() })
    }
}

fn blob_call(
    client: &Client,
    method: Method,
    repository: &Repository,
    digest: &Digest,
) -> Result<Call, Error> {
    let url = below(&client.shared.options, repository, &format!("blobs/{digest}"))?;
    let role: Role = client.role;
    let mut call = Call::pull(role, method, repository, url, &format!("blob {repository}@{digest}"));
    call.lane = Lane::Blob;
    call.subject = Subject::Blob;
    Ok(call)
}

impl RegistryBlob {
    async fn start(&self, permit: Option<Permit>) -> Result<BlobStream, Error> {
        let call = blob_call(&self.client, Method::GET, &self.repository, &self.blob.digest)?;
        let shared = &self.client.shared;
        let permit = match permit {
            Some(permit) => permit,
            None => shared.acquire(&self.repository.host, &call.operation).await?,
        };
        let answer = shared.send(&call, permit).await?.or_refused().await?;
        if answer.is_page() && answer.length() != Some(self.blob.size) {
            return Err(answer.error(Kind::Page));
        }
        if answer.length().is_some_and(|length| length > self.blob.size) {
            return Err(answer.error(Kind::TooLong(self.blob.size)));
        }
        let operation = Arc::clone(&call.operation);
        let download = Download {
            client: self.client.clone(),
            call,
            size: self.blob.size,
            offset: 0,
            skip: 0,
            body: answer.into_body(),
            tries: shared.retry.tries(),
            since: 0,
            tally: shared.counters.tally(),
        };
        let frames = try_unfold(download, async |mut download| {
            let frame = download.next().await?;
            Ok(frame.map(|frame| (frame, download)))
        });
        Ok(BlobStream::of_host(operation, Some(&self.repository.host), &self.blob, Box::pin(frames)))
    }
}

impl BlobSource for RegistryBlob {
    fn host(&self) -> Option<&Host> {
        Some(&self.repository.host)
    }

    fn open(&self, permit: Option<Permit>) -> BoxFuture<'_, Result<BlobStream, Error>> {
        Box::pin(self.start(permit))
    }
}

impl fmt::Debug for RegistryBlob {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}@{}", self.repository, self.blob.digest)
    }
}

impl Download {
    async fn next(&mut self) -> Result<Option<Bytes>, Error> {
        loop {
            let cut = match self.body.frame().await {
                Ok(Some(frame)) => match self.take(frame) {
                    Some(frame) => return Ok(Some(frame)),
                    None => continue,
                },
                // However it ends: all of it is there, and what it is will be checked.
                _ if self.offset >= self.size => return Ok(None),
                Ok(None) => Kind::Truncated { expected: self.size, found: self.offset },
                Err(kind) => kind,
            };
            self.resume(self.call.error(cut)).await?;
        }
    }

    fn take(&mut self, mut frame: Bytes) -> Option<Bytes> {
        let skipped = usize::try_from(self.skip).unwrap_or(usize::MAX).min(frame.len());
        let frame = frame.split_off(skipped);
        self.skip -= skipped as u64;
        self.offset += frame.len() as u64;
        self.since += frame.len() as u64;
        Some(frame).filter(|frame| !frame.is_empty())
    }

    /// Asks for the rest until it comes or there is no point in it any more.
    async fn resume(&mut self, mut error: Error) -> Result<(), Error> {
        if std::mem::take(&mut self.since) >= PROGRESS {
            self.tries = self.tries.anew();
        }
        loop {
            self.tries.again(error).await?;
            let tally = self.tally.clone();
            match tally.within(self.ask_for_rest()).await {
                Ok(()) => return Ok(()),
                Err(failed) => error = failed,
            }
        }
    }

    /// Goes on under the permit that the download holds.
    async fn ask_for_rest(&mut self) -> Result<(), Error> {
        let permit = self.body.permit();
        permit.host().wait_for_pause().await.map_err(|kind| self.call.error(kind))?;
        if let Ok(range) = HeaderValue::from_str(&format!("bytes={}-", self.offset)) {
            self.call.headers.insert(RANGE, range);
        }
        let mut answer = self.client.shared.send(&self.call, permit.clone()).await?;
        let other = answer.status == StatusCode::PARTIAL_CONTENT && !begins_at(&answer, self.offset);
        if other || answer.status == StatusCode::RANGE_NOT_SATISFIABLE {
            // It knows parts by name only: the whole will do.
            self.call.headers.remove(RANGE);
            answer = self.client.shared.send(&self.call, permit).await?;
        }
        let answer = answer.or_refused().await?;
        self.skip = if answer.status == StatusCode::PARTIAL_CONTENT { 0 } else { self.offset };
        tracing::debug!(operation = %self.call.operation, offset = self.offset, "the download goes on");
        self.body = answer.into_body();
        Ok(())
    }
}

fn begins_at(answer: &Answer, offset: u64) -> bool {
    let range = answer.text(CONTENT_RANGE.as_str()).and_then(|range| range.strip_prefix("bytes "));
    range.and_then(|range| range.split('-').next()).and_then(|start| start.trim().parse().ok())
        == Some(offset)
}
