//! Everything that speaks the distribution protocol (OCI distribution spec 1.1).
//!
//! STUB: the signatures are the contract with the engine; bodies follow.
#![allow(missing_docs, clippy::all, clippy::pedantic, unused_variables, reason = "stub")]

#[cfg_attr(not(test), expect(dead_code, unused_imports, reason = "until the transport uses it"))]
mod auth;
mod credentials;
mod error;

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use futures_util::future::BoxFuture;
use futures_util::stream::BoxStream;

pub use auth::Error as AuthError;
pub use credentials::{
    ClusterRegistry, CredentialError, Credentials, Fault, LoadError, ProgramFault, SearchPaths,
};
pub use error::{Error, Kind};

use crate::error::Class;
use crate::model::{Descriptor, Digest, Host, ImageRef, Manifest, Repository, Tag, Wire};

/// Whose credentials a client uses. Both roles share connections, limits and counters.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Role {
    Source,
    Target,
}

/// The registries of one run. Cheap to clone.
#[derive(Debug, Clone)]
pub struct Client {
    role: Role,
    shared: Arc<()>,
}

/// One permit to have one request under way with a host; released when dropped.
#[derive(Debug)]
pub struct Permit(());

/// The bytes of a blob, verified: a stream that ends without an error had the right length and digest
/// (the last frame is held back until that is known). It holds its host's permit until it is dropped.
pub struct BlobStream(pub BoxStream<'static, Result<Bytes, Error>>);

/// Where a blob comes from; opened anew for each attempt.
pub trait BlobSource: Send + Sync {
    /// The host whose permit `open` needs; none for files.
    fn host(&self) -> Option<&Host>;
    /// Opens the blob from its first byte.
    fn open(&self, permit: Option<Permit>) -> BoxFuture<'_, Result<BlobStream, Error>>;
}

/// An upload session that a POST opened.
#[derive(Debug)]
pub struct Upload(());

/// The answer to the POST that opens an upload.
#[derive(Debug)]
pub enum Opened {
    /** 201: mounted, or it was there */
    Present,
    /** 202 */
    Session(Upload),
}

impl Client {
    /// The same registries with the credentials of `role`.
    pub fn with_role(&self, role: Role) -> Self {
        todo!()
    }
    /// Says that `repositories` will be pulled from (or HEADed) with this role, so that one token can name several.
    pub fn announce(&self, repositories: impl IntoIterator<Item = Repository>) {
        todo!()
    }
    /// What `image` is now; None: it does not exist (404). One HEAD; a GET where the HEAD has no digest.
    pub async fn head_manifest(&self, image: &ImageRef) -> Result<Option<Descriptor>, Error> {
        todo!()
    }
    /// The bytes of a manifest, checked against the digest asked for or answered. At most 4 MiB.
    pub async fn get_manifest(&self, image: &ImageRef) -> Result<Manifest, Error> {
        todo!()
    }
    /// Writes a manifest; the digest is what the registry answered (`Docker-Content-Digest`), if it did.
    pub async fn put_manifest(
        &self,
        target: &ImageRef,
        manifest: &Manifest,
    ) -> Result<Option<Digest>, Error> {
        todo!()
    }
    /// Whether the repository has the blob. A redirect counts as yes.
    pub async fn head_blob(&self, repository: &Repository, digest: &Digest) -> Result<bool, Error> {
        todo!()
    }
    /// `POST …/blobs/uploads/`, with `?mount=D&from=R` when `mount` is given. The token then names `pull` on R too.
    pub async fn open_upload(
        &self,
        repository: &Repository,
        mount: Option<(&Digest, &Repository)>,
    ) -> Result<Opened, Error> {
        todo!()
    }
    /// Gives up a session (DELETE). Best effort: an error is logged at debug level only.
    pub async fn cancel_upload(&self, upload: Upload) {
        todo!()
    }
    /// Copies a blob into `repository`: the one retry loop around session, download and upload.
    /// `session` is used for the first attempt. Takes the permits of both hosts in host-name order.
    pub async fn upload_blob(
        &self,
        repository: &Repository,
        blob: &Descriptor,
        session: Option<Upload>,
        source: &dyn BlobSource,
        on_bytes: &(dyn Fn(u64) + Send + Sync),
    ) -> Result<(), Error> {
        todo!()
    }
    /// A blob of this registry as a source for copies; downloads resume by Range.
    pub fn blob(&self, repository: &Repository, blob: &Descriptor) -> Box<dyn BlobSource> {
        todo!()
    }
    /// A permit for a request to `host`, to hand to `BlobSource::open`.
    pub async fn permit(&self, host: &Host) -> Result<Permit, Error> {
        todo!()
    }
    /// All tags of a repository, every page (`Link`).
    pub async fn tags(&self, repository: &Repository) -> Result<Vec<Tag>, Error> {
        todo!()
    }
    /// Runs `attempt` under the retry policy (for what is written to a layout directory).
    pub async fn retrying<T, F, Fut>(&self, attempt: F) -> Result<T, Error>
    where
        F: FnMut() -> Fut + Send,
        Fut: Future<Output = Result<T, Error>> + Send,
    {
        todo!()
    }
    /// What went over the wire so far, both roles together.
    pub fn wire(&self) -> Wire {
        todo!()
    }
    /// Requests that the current task's scope made (see `counted`).
    pub async fn counted<T>(&self, work: impl Future<Output = T>) -> (T, u32) {
        todo!()
    }
}

/// Runs `work` and counts the requests that it made.
pub async fn counted<T>(work: impl Future<Output = T>) -> (T, u32) {
    (work.await, 0)
}

impl BlobStream {
    pub fn new(frames: BoxStream<'static, Result<Bytes, Error>>) -> Self {
        todo!()
    }

    pub fn verified(frames: BoxStream<'static, Result<Bytes, Error>>, blob: &Descriptor) -> Self {
        todo!()
    }
}
impl futures_util::Stream for BlobStream {
    type Item = Result<Bytes, Error>;
    fn poll_next(
        self: std::pin::Pin<&mut Self>,
        cx: &mut std::task::Context<'_>,
    ) -> std::task::Poll<Option<Self::Item>> {
        todo!()
    }
}

impl Error {
    /// Whether the thing asked for does not exist (404, or NAME_UNKNOWN / MANIFEST_UNKNOWN / BLOB_UNKNOWN).
    pub fn is_missing(&self) -> bool {
        todo!()
    }
    /// Whether access was refused (401 after a fresh token, 403).
    pub fn is_denied(&self) -> bool {
        todo!()
    }
    /// The status of the answer, if there was one.
    pub fn status(&self) -> Option<u16> {
        todo!()
    }
    /// Blobs and manifests that the registry says it lacks (MANIFEST_BLOB_UNKNOWN, MANIFEST_UNKNOWN with a digest in `detail`);
    /// None: it is not that error. Some(empty): it is, and names none.
    pub fn missing_content(&self) -> Option<Vec<Digest>> {
        todo!()
    }
    /// An error of a source that is not a registry.
    pub fn local(
        operation: impl Into<String>,
        class: Class,
        cause: Box<dyn std::error::Error + Send + Sync>,
    ) -> Self {
        todo!()
    }
}
