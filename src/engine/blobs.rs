//! Brings blobs to a registry, each once a registry and once a repository.
//!
//! A blob that the repository has costs nothing. One that another repository of the registry has is
//! mounted. One that is on its way there is waited for, then mounted. Everything else is uploaded. One
//! POST does all of it: `…/uploads/?mount=D&from=R` is answered 201 (mounted, or it was there) or
//! 202 with a session that the upload then uses (OCI distribution spec §Mounting). `R` is the
//! repository itself when no other is known, so that a blob that is there is never sent again.

use std::sync::Arc;

use futures_util::FutureExt as _;
use tokio::sync::Semaphore;

use super::fanout::{Fanout, Recipients, Sending};
use super::given::reader;
use super::observer::Observer;
use super::once::Once;
use super::store::{Place, Store};
use crate::model::{Descriptor, Digest, Host, Repository};
use crate::registry::{BlobSource, Client, Error, HeldBlob, Opened, Upload};

/// How a blob came to be in a repository.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum How {
    /// It was there.
    Present,
    /// Linked from another repository.
    Mounted,
    /// Sent.
    Copied,
}

/// Whether a registry answers 201 when asked to mount a blob from the repository itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum SelfMount {
    /// It does: one POST tells whether the blob is there.
    Answers,
    /// It does not: a HEAD goes before uploads.
    Silent,
}

/// What a run knows of the blobs at its targets.
#[derive(Debug, Default)]
pub(super) struct Blobs {
    /// In which repository of a registry a blob was found or brought first.
    placed: Once<(Host, Digest), Repository>,
    /// In which repositories a blob is.
    present: Once<(Place, Digest), ()>,
    /// From which repositories one cannot mount into which.
    unmountable: Once<(Repository, Repository), ()>,
    ways: Once<Host, SelfMount>,
    /// Registries that were seen to mount from the source itself.
    mounts_from_source: Once<Host, ()>,
}

/// One blob on its way into one repository.
pub(super) struct Delivery<'a> {
    /// The registry, with the credentials of the target.
    pub(super) client: &'a Client,
    /// Where to.
    pub(super) repository: &'a Repository,
    /// The name of the place it goes to.
    pub(super) place: &'a Place,
    /// What.
    pub(super) blob: &'a Descriptor,
    /// Where from.
    pub(super) source: &'a Store,
    /// The blob itself, where it is in memory: then it does not come from the source.
    pub(super) given: Option<HeldBlob>,
    /// Whether mounting is allowed.
    pub(super) may_mount: bool,
    /// Shares downloads among registries.
    pub(super) fanout: &'a Fanout,
    /// The registries that get the same image now.
    pub(super) recipients: &'a Arc<Recipients>,
    /// Bounds how many blobs are streaming at a time, and with them the memory of the run.
    pub(super) streams: &'a Arc<Semaphore>,
    /// Told of the bytes to be sent, and of those sent.
    pub(super) observer: &'a dyn Observer,
}

impl Blobs {
    /// Says that a blob is in `repository`, which somebody saw.
    pub(super) fn seen(&self, repository: &Repository, place: &Place, blob: &Digest) {
        self.present.learn(&(Arc::clone(place), blob.clone()), ());
        self.placed.learn(&(repository.host.clone(), blob.clone()), repository.clone());
    }

    /// Sees to it that the blob is in the repository.
    pub(super) async fn ensure(&self, delivery: &Delivery<'_>) -> Result<How, Error> {
        let key = (Arc::clone(delivery.place), delivery.blob.digest.clone());
        let mut how = How::Present;
        let bring = async {
            how = self.bring(delivery).await?;
            Ok::<_, Error>(())
        };
        self.present.try_get(&key, bring.boxed()).await?;
        Ok(how)
    }

    /// Asks whether the blob is in the repository, once a run, and sends it if it is not.
    pub(super) async fn check(&self, delivery: &Delivery<'_>) -> Result<How, Error> {
        let key = (Arc::clone(delivery.place), delivery.blob.digest.clone());
        let mut how = How::Present;
        let bring = async {
            how = self.resend(delivery).await?;
            Ok::<_, Error>(())
        };
        self.present.try_get(&key, bring.boxed()).await?;
        Ok(how)
    }

    /// What [`Blobs::ensure`] would do as far as is known without asking, as if it were done.
    pub(super) fn foresee(&self, delivery: &Delivery<'_>) -> How {
        let how = self.likely(delivery);
        self.seen(delivery.repository, delivery.place, &delivery.blob.digest);
        how
    }

    /// Whether nothing would have to be sent, as far as is known without asking.
    pub(super) fn is_at_hand(&self, delivery: &Delivery<'_>) -> bool {
        self.likely(delivery) != How::Copied
    }

    fn likely(&self, delivery: &Delivery<'_>) -> How {
        let (repository, digest) = (delivery.repository, &delivery.blob.digest);
        let sibling = delivery.origin().is_some_and(|from| from.host == repository.host);
        let elsewhere = self.placed.known(&(repository.host.clone(), digest.clone())).is_some();
        if self.present.known(&(Arc::clone(delivery.place), digest.clone())).is_some() {
            How::Present
        } else if (sibling || elsewhere) && delivery.may_mount {
            How::Mounted
        } else {
            How::Copied
        }
    }

    /// As [`Blobs::foresee`], for a directory.
    pub(super) fn foresee_in(&self, place: &Place, blob: &Descriptor) -> How {
        let key = (Arc::clone(place), blob.digest.clone());
        let how = if self.present.known(&key).is_some() { How::Present } else { How::Copied };
        self.present.learn(&key, ());
        how
    }

    /// Sends a blob again that the registry says it lacks, whatever was known of it; a HEAD decides.
    pub(super) async fn resend(&self, delivery: &Delivery<'_>) -> Result<How, Error> {
        let (repository, digest) = (delivery.repository, &delivery.blob.digest);
        self.placed.forget(&(repository.host.clone(), digest.clone()));
        if delivery.client.head_blob(repository, digest).await? {
            return Ok(How::Present);
        }
        delivery.upload(None).await?;
        self.seen(repository, delivery.place, digest);
        Ok(How::Copied)
    }

    async fn bring(&self, delivery: &Delivery<'_>) -> Result<How, Error> {
        let host = &delivery.repository.host;
        if let Some(from) = delivery.sibling()
            && self.mounts_from_source.known(host).is_some()
            && self.unmountable.known(&(delivery.repository.clone(), from.clone())).is_none()
        {
            // Nobody needs to wait for the first who brings it.
            let how = self.mount_or_upload(delivery, from).await?;
            self.placed.learn(&(host.clone(), delivery.blob.digest.clone()), delivery.repository.clone());
            return Ok(how);
        }
        let key = (host.clone(), delivery.blob.digest.clone());
        let mut first = None;
        let place = async {
            first = Some(self.place_first(delivery).await?);
            Ok::<_, Error>(delivery.repository.clone())
        };
        let at = self.placed.try_get(&key, place.boxed()).await?;
        match first {
            Some(how) => Ok(how),
            None if at == *delivery.repository => self.resend(delivery).await,
            None => self.mount_or_upload(delivery, &at).await,
        }
    }

    /// The first time that this registry meets the blob in this run.
    async fn place_first(&self, delivery: &Delivery<'_>) -> Result<How, Error> {
        let here = delivery.repository;
        let _settling = delivery.fanout.settling(&delivery.blob.digest, &here.host);
        if let Some(from) = delivery.sibling() {
            let how = self.mount_or_upload(delivery, from).await?;
            if how == How::Mounted {
                self.mounts_from_source.learn(&here.host, ());
            }
            return Ok(how);
        }
        let asks_first = self.ways.known(&here.host) == Some(SelfMount::Silent) || !delivery.may_mount;
        if asks_first && delivery.client.head_blob(here, &delivery.blob.digest).await? {
            return Ok(How::Present);
        }
        let from = if asks_first { None } else { Some(here) };
        match self.open(delivery, from).await? {
            Opened::Present => return Ok(How::Present),
            Opened::Session(session) => {
                let has =
                    |host: &Host| self.placed.known(&(host.clone(), delivery.blob.digest.clone())).is_some();
                let shared = match &delivery.given {
                    Some(_) => None,
                    None => delivery.fanout.share(&delivery.sending(), has).await,
                };
                delivery.send(session, shared).await?;
            }
        }
        self.learn_ways(delivery).await;
        Ok(How::Copied)
    }

    async fn mount_or_upload(&self, delivery: &Delivery<'_>, from: &Repository) -> Result<How, Error> {
        let from = Some(from).filter(|_| delivery.may_mount);
        match self.open(delivery, from).await? {
            Opened::Present => Ok(How::Mounted),
            Opened::Session(session) => {
                delivery.upload(Some(session)).await?;
                Ok(How::Copied)
            }
        }
    }

    /// Opens an upload, as a mount from `from` where that is known to be possible. A refusal of the mount
    /// is followed by a POST without, and remembered for the pair.
    async fn open(&self, delivery: &Delivery<'_>, from: Option<&Repository>) -> Result<Opened, Error> {
        let (client, here) = (delivery.client, delivery.repository);
        if let Some(from) = from {
            let pair = (here.clone(), from.clone());
            if self.unmountable.known(&pair).is_none() {
                match client.open_upload(here, Some((&delivery.blob.digest, from))).await {
                    Err(error) if is_refusal(&error) => self.unmountable.learn(&pair, ()),
                    answer => return answer,
                }
            }
        }
        client.open_upload(here, None).await
    }

    /// Asks once a registry whether it answers 201 for a blob that its repository was just given.
    /// Best effort: whatever goes wrong means that a HEAD goes before uploads.
    async fn learn_ways(&self, delivery: &Delivery<'_>) {
        if !delivery.may_mount {
            return;
        }
        let ask = async {
            let (client, here) = (delivery.client, delivery.repository);
            match client.open_upload(here, Some((&delivery.blob.digest, here))).await {
                Ok(Opened::Present) => SelfMount::Answers,
                Ok(Opened::Session(session)) => {
                    client.cancel_upload(session).await;
                    SelfMount::Silent
                }
                Err(_) => SelfMount::Silent,
            }
        };
        self.ways.get(&delivery.repository.host, ask.boxed()).await;
    }
}

impl Delivery<'_> {
    /// The repository that the blob comes from.
    fn origin(&self) -> Option<&Repository> {
        if self.given.is_some() { None } else { self.source.repository() }
    }

    /// The same, where it is another repository of the same registry.
    fn sibling(&self) -> Option<&Repository> {
        let here = self.repository;
        self.origin().filter(|from| self.may_mount && from.host == here.host && *from != here)
    }

    fn sending(&self) -> Sending<'_> {
        let (blob, host) = (self.blob, &self.repository.host);
        Sending { blob, source: self.source, host, recipients: self.recipients, streams: self.streams }
    }

    /// Sends a part of a download that others share, or the blob for this registry alone.
    async fn send(&self, session: Upload, shared: Option<Box<dyn BlobSource>>) -> Result<(), Error> {
        match shared {
            None => self.upload(Some(session)).await,
            Some(part) => self.upload_from(Some(session), &*part).await,
        }
    }

    async fn upload(&self, session: Option<Upload>) -> Result<(), Error> {
        // The semaphore is never closed; were it, the permits of the hosts would still bound the load.
        let _stream = self.streams.acquire().await.ok();
        let source = reader(self.given.clone(), || self.source.blob(self.blob));
        self.upload_from(session, &*source).await
    }

    async fn upload_from(&self, session: Option<Upload>, source: &dyn BlobSource) -> Result<(), Error> {
        self.observer.expected(self.blob.size);
        let sent = |bytes| self.observer.sent(bytes);
        Box::pin(self.client.upload_blob(self.repository, self.blob, session, source, &sent)).await
    }
}

/// A mount that is not allowed or not known; the upload without it may well be.
fn is_refusal(error: &Error) -> bool {
    error.is_denied() || error.is_missing() || error.status() == Some(405)
}
