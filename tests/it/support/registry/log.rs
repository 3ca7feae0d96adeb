//! The request log: what was asked, with what, what was answered, how many bytes went each way.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU16, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, OnceLock, PoisonError};

use axum::http::{HeaderMap, Method};
use tokio::time::Instant;

/// What a request asks for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Kind {
    /// `GET /v2/`
    Ping,
    /// A token, at a token server.
    Token,
    /// `HEAD …/manifests/…`
    HeadManifest,
    /// `GET …/manifests/…`
    GetManifest,
    /// `PUT …/manifests/…`
    PutManifest,
    /// `DELETE …/manifests/…`
    DeleteManifest,
    /// `HEAD …/blobs/…`
    HeadBlob,
    /// `GET …/blobs/…`
    GetBlob,
    /// `DELETE …/blobs/…`
    DeleteBlob,
    /// `POST …/blobs/uploads/` without `mount`
    PostUpload,
    /// `POST …/blobs/uploads/?mount=…`
    PostMount,
    /// `PATCH` of an upload session
    PatchUpload,
    /// `PUT` that ends an upload session
    PutBlob,
    /// `GET` of an upload session: how far is it
    GetUpload,
    /// `DELETE` of an upload session
    DeleteUpload,
    /// `GET …/tags/list`
    Tags,
    /// `GET …/referrers/…`
    Referrers,
    /// `GET /v2/_catalog`
    Catalog,
    /// quay's `GET /api/v1/repository/…/tag/`
    QuayTags,
    /// quay's `DELETE /api/v1/repository/…/tag/…`
    QuayDeleteTag,
    /// Anything at the second host, where redirects go
    Elsewhere,
    /// What no registry knows
    Other,
}

impl Kind {
    /// Whether a request of this kind can change a registry.
    pub fn is_write(self) -> bool {
        use Kind as K;
        let writes = [K::PutManifest, K::DeleteManifest, K::DeleteBlob, K::PostUpload, K::PostMount];
        writes.contains(&self)
            || [K::PatchUpload, K::PutBlob, K::DeleteUpload, K::QuayDeleteTag].contains(&self)
    }
}

/// What a request is about.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Target {
    pub(super) kind: Kind,
    pub(super) repository: Option<String>,
    /// Tag, digest or upload session.
    pub(super) reference: Option<String>,
    pub(super) query: BTreeMap<String, String>,
}

/// Chooses requests, for [`count`](super::FakeRegistry::count), [`Fault`](super::Fault)s and gates.
#[derive(Debug, Clone, Default)]
pub struct Which {
    kinds: Vec<Kind>,
    repository: Option<String>,
    reference: Option<String>,
}

/// Requests of one kind, or of one of several.
pub fn on(which: impl Into<Which>) -> Which {
    which.into()
}

/// All requests.
pub fn any() -> Which {
    Which::default()
}

/// All requests that can change a registry.
pub fn writes() -> Which {
    let kinds = [Kind::PutManifest, Kind::DeleteManifest, Kind::DeleteBlob, Kind::PostUpload];
    let kinds = Which::from(kinds).or([Kind::PostMount, Kind::PatchUpload, Kind::PutBlob]);
    kinds.or([Kind::DeleteUpload, Kind::QuayDeleteTag])
}

impl From<Kind> for Which {
    fn from(kind: Kind) -> Self {
        Self { kinds: vec![kind], ..Self::default() }
    }
}

impl<const N: usize> From<[Kind; N]> for Which {
    fn from(kinds: [Kind; N]) -> Self {
        Self { kinds: kinds.into(), ..Self::default() }
    }
}

impl Which {
    /// Also requests of these kinds.
    pub fn or<const N: usize>(mut self, kinds: [Kind; N]) -> Self {
        self.kinds.extend(kinds);
        self
    }

    /// Only those about this repository.
    pub fn repository(mut self, repository: impl Into<String>) -> Self {
        self.repository = Some(repository.into());
        self
    }

    /// Only those about this tag, digest or upload session; of mounts and last PUTs: this blob.
    pub fn reference(mut self, reference: impl AsRef<str>) -> Self {
        self.reference = Some(reference.as_ref().to_owned());
        self
    }

    pub(super) fn matches(&self, target: &Target) -> bool {
        let named = [target.reference.as_ref(), target.query.get("mount"), target.query.get("digest")];
        (self.kinds.is_empty() || self.kinds.contains(&target.kind))
            && (self.repository.is_none() || self.repository == target.repository)
            && self.reference.as_ref().is_none_or(|reference| named.contains(&Some(reference)))
    }
}

/// One request as it was seen.
#[derive(Debug, Clone)]
pub struct Request {
    /// Counts from 1, over the registry's life.
    pub number: usize,
    /// When it came, by tokio's clock (which tests may pause).
    pub at: Instant,
    /// The method.
    pub method: Method,
    /// The path, without query.
    pub path: String,
    /// What it asks for.
    pub kind: Kind,
    /// The repository it names.
    pub repository: Option<String>,
    /// The tag, digest or upload session it names.
    pub reference: Option<String>,
    /// The query, decoded.
    pub query: BTreeMap<String, String>,
    /// All headers.
    pub headers: HeaderMap,
    /// What was answered; None: nothing (yet, or the connection was reset).
    pub status: Option<u16>,
    /// The account it was made as; None: anonymous.
    pub account: Option<String>,
    /// The scopes that its token grants, as `repository:a/b:pull,push`.
    pub scopes: Vec<String>,
    /// Bytes of its body that came in.
    pub received: u64,
    /// Bytes of the answer's body that went out.
    pub sent: u64,
}

impl Request {
    /// Whether it carries an `Authorization`.
    pub fn is_authorized(&self) -> bool {
        self.headers.contains_key("authorization")
    }

    pub(super) fn target(&self) -> Target {
        let (kind, query) = (self.kind, self.query.clone());
        Target { kind, repository: self.repository.clone(), reference: self.reference.clone(), query }
    }

    /// A header as text.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name).and_then(|value| value.to_str().ok())
    }
}

/// A request in the log; the answer's part is filled in while it is answered.
#[derive(Debug)]
pub(super) struct Entry {
    pub(super) number: usize,
    at: Instant,
    method: Method,
    path: String,
    pub(super) target: Target,
    headers: HeaderMap,
    pub(super) identity: OnceLock<(Option<String>, Arc<[String]>)>,
    pub(super) status: AtomicU16,
    pub(super) received: AtomicU64,
    pub(super) sent: AtomicU64,
}

impl Entry {
    fn to_request(&self) -> Request {
        let status = self.status.load(Ordering::SeqCst);
        let (account, scopes) = self.identity.get().cloned().unwrap_or_default();
        Request {
            number: self.number,
            at: self.at,
            method: self.method.clone(),
            path: self.path.clone(),
            kind: self.target.kind,
            repository: self.target.repository.clone(),
            reference: self.target.reference.clone(),
            query: self.target.query.clone(),
            headers: self.headers.clone(),
            status: (status != 0).then_some(status),
            account,
            scopes: scopes.to_vec(),
            received: self.received.load(Ordering::SeqCst),
            sent: self.sent.load(Ordering::SeqCst),
        }
    }
}

#[derive(Debug, Default)]
pub(super) struct Log {
    entries: Mutex<(usize, Vec<Arc<Entry>>)>,
}

impl Log {
    /// Writes a request down; its number counts on over `clear`.
    pub(super) fn open(
        &self,
        method: Method,
        path: String,
        target: Target,
        headers: HeaderMap,
    ) -> Arc<Entry> {
        let mut entries = self.entries.lock().unwrap_or_else(PoisonError::into_inner);
        entries.0 += 1;
        let entry = Arc::new(Entry {
            number: entries.0,
            at: Instant::now(),
            method,
            path,
            target,
            headers,
            identity: OnceLock::new(),
            status: AtomicU16::new(0),
            received: AtomicU64::new(0),
            sent: AtomicU64::new(0),
        });
        entries.1.push(Arc::clone(&entry));
        entry
    }

    pub(super) fn requests(&self) -> Vec<Request> {
        let entries = self.entries.lock().unwrap_or_else(PoisonError::into_inner);
        entries.1.iter().map(|entry| entry.to_request()).collect()
    }

    pub(super) fn count(&self, which: &Which) -> usize {
        let entries = self.entries.lock().unwrap_or_else(PoisonError::into_inner);
        entries.1.iter().filter(|entry| which.matches(&entry.target)).count()
    }

    pub(super) fn clear(&self) {
        self.entries.lock().unwrap_or_else(PoisonError::into_inner).1.clear();
    }
}
