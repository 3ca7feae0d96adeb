//! Blobs that are written: sessions, mounts, and copies in one streaming PUT.
//!
//! What to do where a registry does not take a blob in one piece is in [`super::chunks`].

use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};

use http::header::LOCATION;
use http::{Method, StatusCode};
use url::Url;

use super::auth::{Action, Scope};
use super::blobs::BlobSource;
use super::clients::Lane;
use super::endpoint::{base, below, leads_on, same_origin};
use super::error::{Error, Kind};
use super::limit::Permit;
use super::outgoing::{Patience, Progress};
use super::refusal::Subject;
use super::streaming::Sending;
use super::transport::{Answer, Call};
use super::{Client, Shared};
use crate::model::{Descriptor, Digest, Host, Repository};
use crate::redact::SafeUrl;

/// An upload session that a POST opened.
#[derive(Debug)]
pub struct Upload {
    pub(super) repository: Repository,
    pub(super) location: SafeUrl,
    /// The least size of a part, if the registry has one.
    pub(super) min_chunk: u64,
}

/// The answer to the POST that opens an upload.
#[derive(Debug)]
pub enum Opened {
    /// 201: mounted, or it was there.
    Present,
    /// 202: the bytes are to be sent.
    Session(Upload),
}

/// One blob on its way, in all its attempts.
pub(super) struct Copy<'a> {
    pub(super) client: &'a Client,
    pub(super) repository: &'a Repository,
    pub(super) blob: &'a Descriptor,
    pub(super) source: &'a dyn BlobSource,
    pub(super) progress: Progress<'a>,
}

/// The permits of one attempt; one and the same where both ends are one host.
pub(super) struct Permits {
    pub(super) source: Option<Permit>,
    pub(super) target: Permit,
}

/// What became of a PUT of a whole blob.
enum Put {
    Done,
    /// The bytes are wanted elsewhere (307, 308).
    Elsewhere(Url),
    /// Not in one piece.
    TooLarge(Error),
}

impl Client {
    /// Opens an upload; with `mount` the registry is asked to take the blob from that repository instead.
    /// The token then names `pull` on it too.
    ///
    /// # Errors
    /// Anything but an answer of 201, or of 202 with a `Location`.
    pub async fn open_upload(
        &self,
        repository: &Repository,
        mount: Option<(&Digest, &Repository)>,
    ) -> Result<Opened, Error> {
        let call = self.open_call(repository, mount)?;
        self.shared.retry.run(|| self.open_once(repository, &call)).await
    }

    fn open_call(
        &self,
        repository: &Repository,
        mount: Option<(&Digest, &Repository)>,
    ) -> Result<Call, Error> {
        let mut url = below(&self.shared.options, repository, "blobs/uploads/")?;
        if let Some((digest, from)) = mount {
            url.query_pairs_mut().append_pair("mount", digest.as_str()).append_pair("from", &from.name);
        }
        let mut call = Call::push(self.role, Method::POST, repository, url, &format!("upload {repository}"));
        if let Some((_, from)) = mount.filter(|(_, from)| from.name != repository.name) {
            call.need.scopes.push(Scope { name: Arc::clone(&from.name), action: Action::Pull });
        }
        Ok(call)
    }

    async fn open_once(&self, repository: &Repository, call: &Call) -> Result<Opened, Error> {
        let answer = self.request_once(call).await?.or_page()?;
        match answer.status {
            StatusCode::CREATED => Ok(Opened::Present),
            StatusCode::ACCEPTED => Ok(Opened::Session(Upload {
                repository: repository.clone(),
                location: location(&answer)?,
                min_chunk: answer
                    .text("oci-chunk-min-length")
                    .and_then(|n| n.parse().ok())
                    .unwrap_or_default(),
            })),
            status => {
                let text = format!("status {} where 201 or 202 was due", status.as_u16());
                Err(answer.error(Kind::Answer(text)))
            }
        }
    }

    /// Gives up a session. Best effort: registries clean up by themselves, sooner or later.
    pub async fn cancel_upload(&self, upload: Upload) {
        if let Err(error) = self.try_cancel(&upload).await {
            tracing::debug!(error = %crate::error::Chain(&error), "an upload session could not be cancelled");
        }
    }

    async fn try_cancel(&self, upload: &Upload) -> Result<(), Error> {
        let url = upload.location.expose();
        if !same_origin(url, &base(&self.shared.options, &upload.repository.host)?) {
            return Ok(());
        }
        let what = format!("upload {}", upload.repository);
        let call = Call::push(self.role, Method::DELETE, &upload.repository, url.clone(), &what);
        self.request_once(&call).await.map(drop)
    }

    /// Copies a blob into `repository`: one streaming PUT, in parts where the registry takes no large
    /// body. `session` serves the first attempt; each later one opens its own. Every attempt reads
    /// the source anew and takes the permits of both hosts in the order of their names.
    ///
    /// # Errors
    /// Those of the source as well as those of the target; bytes that are not the blob are never committed.
    #[expect(clippy::too_many_arguments, reason = "each is one thing that only the caller knows")]
    pub async fn upload_blob(
        &self,
        repository: &Repository,
        blob: &Descriptor,
        session: Option<Upload>,
        source: &dyn BlobSource,
        on_bytes: &(dyn Fn(u64) + Send + Sync),
    ) -> Result<(), Error> {
        let copy = Copy { client: self, repository, blob, source, progress: Progress::new(on_bytes) };
        let session = Mutex::new(session);
        let take = || session.lock().unwrap_or_else(PoisonError::into_inner).take();
        self.shared.retry.run(|| copy.attempt(take())).await
    }
}

impl Copy<'_> {
    async fn attempt(&self, session: Option<Upload>) -> Result<(), Error> {
        let Some(session) = self.session(session).await? else { return Ok(()) };
        let permits = self.permits().await?;
        let host = Arc::clone(permits.target.host());
        if host.wants_parts(self.blob.size) {
            return self.in_parts(session, permits).await;
        }
        match self.whole(session, &permits).await? {
            Put::Done => Ok(()),
            Put::Elsewhere(url) => self.elsewhere(url, &permits).await,
            Put::TooLarge(error) if self.blob.size == 0 => Err(error),
            Put::TooLarge(error) => {
                tracing::debug!(error = %crate::error::Chain(&error), "sending the blob in parts");
                host.take_parts_from(self.blob.size);
                drop(permits);
                let Some(session) = self.session(None).await? else { return Ok(()) };
                self.in_parts(session, self.permits().await?).await
            }
        }
    }

    /// The session given, or a new one; none: the registry has the blob.
    pub(super) async fn session(&self, given: Option<Upload>) -> Result<Option<Upload>, Error> {
        if given.is_some() {
            return Ok(given);
        }
        let call = self.client.open_call(self.repository, None)?;
        match self.client.open_once(self.repository, &call).await? {
            Opened::Present => Ok(None),
            Opened::Session(upload) => Ok(Some(upload)),
        }
    }

    /// The permits of both ends, always in the order of the hosts' names, so that copies that run both
    /// ways cannot wait for each other.
    pub(super) async fn permits(&self) -> Result<Permits, Error> {
        let shared = &self.client.shared;
        let operation = self.operation();
        let acquire = |host: Host| {
            let operation = Arc::clone(&operation);
            async move { shared.acquire(&host, &operation).await }
        };
        let target = self.repository.host.clone();
        match self.source.host().cloned() {
            None => Ok(Permits { source: None, target: acquire(target).await? }),
            Some(source) if source == target => {
                let permit = acquire(target).await?;
                Ok(Permits { source: Some(permit.clone()), target: permit })
            }
            Some(source) if source < target => {
                let source = Some(acquire(source).await?);
                Ok(Permits { source, target: acquire(target).await? })
            }
            Some(source) => {
                let target = acquire(target).await?;
                Ok(Permits { source: Some(acquire(source).await?), target })
            }
        }
    }

    pub(super) fn operation(&self) -> Arc<str> {
        format!("PUT blob {}@{}", self.repository, self.blob.digest).into()
    }

    async fn whole(&self, session: Upload, permits: &Permits) -> Result<Put, Error> {
        let url = with_digest(session.location.expose(), &self.blob.digest);
        let frames = self.source.open(permits.source.clone()).await?;
        let sending = self.sending(Method::PUT, url.clone(), permits);
        let answer = sending.send(Box::pin(frames), self.blob.size, 0).await?;
        match answer.status.as_u16() {
            200..=299 => self.agree(answer).map(|()| Put::Done),
            307 | 308 => Ok(Put::Elsewhere(location_from(&answer, &url)?)),
            405 | 411 | 413 | 501 => Ok(Put::TooLarge(answer.refused().await)),
            _ => Err(answer.refused().await),
        }
    }

    /// Sends the bytes to where a redirect of the PUT leads; credentials go along within the registry only.
    async fn elsewhere(&self, url: Url, permits: &Permits) -> Result<(), Error> {
        let frames = self.source.open(permits.source.clone()).await?;
        let answer =
            self.sending(Method::PUT, url, permits).send(Box::pin(frames), self.blob.size, 0).await?;
        answer.or_refused().await.map(drop)
    }

    pub(super) fn sending(&self, method: Method, url: Url, permits: &Permits) -> Sending<'_> {
        let what = format!("blob {}@{}", self.repository, self.blob.digest);
        let mut call = Call::push(self.client.role, method, self.repository, url, &what);
        call.lane = Lane::Blob;
        call.subject = Subject::Session;
        Sending {
            shared: &self.client.shared,
            call,
            permit: permits.target.clone(),
            progress: &self.progress,
        }
    }

    /// It must say that it stored the blob, and if it says which, it must be what we sent.
    pub(super) fn agree(&self, answer: Answer) -> Result<(), Error> {
        let answer = answer.or_page()?;
        if answer.status != StatusCode::CREATED {
            let text = format!("status {} where 201 was due", answer.status.as_u16());
            return Err(answer.error(Kind::Answer(text)));
        }
        let expected = &self.blob.digest;
        let stored = answer.text("docker-content-digest").and_then(|text| Digest::parse(text).ok());
        match stored {
            Some(found) if found != *expected && found.algorithm() == expected.algorithm() => {
                Err(answer.error(Kind::Stored { expected: expected.clone(), found }))
            }
            _ => Ok(()),
        }
    }
}

impl Shared {
    pub(super) fn patience(&self) -> Patience {
        Patience { stall: self.options.stall_timeout, commit: self.options.commit_timeout }
    }
}

/// The address that finishes an upload: its own, with whatever query it has, and the digest.
pub(super) fn with_digest(location: &Url, digest: &Digest) -> Url {
    let mut url = location.clone();
    url.query_pairs_mut().append_pair("digest", digest.as_str());
    url
}

/// Where an upload goes on.
pub(super) fn location(answer: &Answer) -> Result<SafeUrl, Error> {
    location_from(answer, &answer.url).map(SafeUrl::new)
}

fn location_from(answer: &Answer, url: &Url) -> Result<Url, Error> {
    let next = answer.text(LOCATION.as_str()).and_then(|location| url.join(location).ok());
    let Some(next) = next else {
        return Err(answer.error(Kind::Answer("the answer has no `Location` that is an address".to_owned())));
    };
    if !leads_on(url, &next) {
        return Err(answer.error(Kind::Redirect(SafeUrl::new(next))));
    }
    Ok(next)
}

impl fmt::Debug for Copy<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.operation())
    }
}
