//! A registry in this process: axum on a loopback socket.
//!
//! It checks what real registries check: digests of uploads, that a manifest names only what its repository
//! has, that blobs belong to repositories. Every request is in its log, and every part of an answer can be
//! made to go wrong ([`Fault`]). It has a second host, [`FakeRegistry::elsewhere`], where redirects lead.
//! Nothing is kept on disk, and nothing is slow unless told to be.

mod access;
mod blobs;
mod builder;
mod config;
mod fault;
mod front;
mod jwt;
mod listings;
mod log;
mod manifests;
mod raw_http2;
mod reply;
mod serve;
mod spy;
mod store;
mod tls;
mod token;
mod view;
mod wire;

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use image_mirror::model::Digest;
use tokio::task::JoinSet;

use super::image::{Blob, Image};
use access::Access;
use fault::{Barrier, Faults};
use log::Log;
use store::Store;

pub use access::Grant;
pub use builder::Builder;
pub use config::{Config, Locations, MountPolicy, QuayApi};
pub use fault::{Admission, Fault, Gate, Stop};
pub use jwt::ISSUER;
pub use log::{Kind, Request, Which, any, on, writes};
pub use spy::{Seen, Spy, found, reply, reply_with};
pub use store::TagWrite;
pub use token::{TokenField, TokenRequest, TokenServer};
pub use view::{Glance, Shown};

/// A running registry; it ends when the last clone is dropped.
#[derive(Debug, Clone)]
pub struct FakeRegistry {
    shared: Arc<Shared>,
    _servers: Arc<JoinSet<std::io::Result<()>>>,
}

/// What the requests and the tests both touch.
#[derive(Debug)]
struct Shared {
    config: Mutex<Config>,
    store: Mutex<Store>,
    access: Access,
    log: Log,
    faults: Faults,
    barriers: Mutex<Vec<Arc<Barrier>>>,
    stop: Mutex<Option<Stop>>,
    broken: Mutex<Vec<String>>,
    host: String,
    elsewhere: String,
    scheme: &'static str,
    authority: Option<String>,
    /// Answers in the place of `store`.
    behind: Option<front::Behind>,
    /// Of what `store` is made anew before each request that reads.
    views: Vec<view::View>,
    /// Hear of each request that changed something.
    watchers: view::Watchers,
}

impl Shared {
    fn store(&self) -> MutexGuard<'_, Store> {
        self.store.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn config(&self) -> Config {
        self.config.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    fn barriers(&self) -> Vec<Arc<Barrier>> {
        self.barriers.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    fn note_broken_tags(&self, repository: &str, request: usize) {
        let broken = self.store().broken_tags(repository);
        let lines = broken.into_iter().map(|line| format!("after request {request}: {line}"));
        self.broken.lock().unwrap_or_else(PoisonError::into_inner).extend(lines);
    }
}

impl FakeRegistry {
    /// An open registry with nothing in it.
    pub async fn start() -> Self {
        Self::builder().start().await
    }

    /// A registry to be set up.
    pub fn builder() -> Builder {
        Builder::default()
    }

    /// `127.0.0.1:PORT`
    pub fn host(&self) -> &str {
        &self.shared.host
    }

    /// The second host, where redirects lead: `127.0.0.1:OTHER`. Its requests are [`Kind::Elsewhere`].
    pub fn elsewhere(&self) -> &str {
        &self.shared.elsewhere
    }

    /// The authority that signed its certificate, as PEM; only of a [`Builder::tls`] one.
    pub fn authority(&self) -> &str {
        self.shared.authority.as_deref().expect("the builder said `tls`")
    }

    /// Whether it was built to speak TLS.
    pub fn speaks_tls(&self) -> bool {
        self.shared.authority.is_some()
    }

    /// `127.0.0.1:PORT/repository:tag`
    pub fn image(&self, repository: &str, tag: &str) -> String {
        format!("{}/{repository}:{tag}", self.host())
    }

    /// Changes how it behaves from now on.
    pub fn configure(&self, change: impl FnOnce(&mut Config)) {
        change(&mut self.shared.config.lock().unwrap_or_else(PoisonError::into_inner));
    }
}

/// What it holds.
impl FakeRegistry {
    /// Puts a whole image under a tag, without a request.
    pub fn put_image(&self, repository: &str, tag: &str, image: &Image) {
        self.shared.store().put_image(repository, tag, image);
    }

    /// Puts a whole image in without a tag.
    pub fn put_untagged(&self, repository: &str, image: &Image) {
        self.shared.store().put_manifests(repository, image);
    }

    /// Puts a blob in.
    pub fn put_blob(&self, repository: &str, blob: &Blob) {
        self.shared.store().repository(repository).blobs.insert(blob.digest.clone(), blob.bytes.clone());
    }

    /// What a tag points at.
    pub fn tag_digest(&self, repository: &str, tag: &str) -> Option<Digest> {
        self.shared.store().repositories.get(repository)?.tags.get(tag).cloned()
    }

    /// All tags of a repository, sorted.
    pub fn tags(&self, repository: &str) -> Vec<String> {
        let store = self.shared.store();
        store.repositories.get(repository).map(|held| held.tags.keys().cloned().collect()).unwrap_or_default()
    }

    /// All repositories that exist, sorted; one exists once something was written to it.
    pub fn repositories(&self) -> Vec<String> {
        self.shared.store().repositories.keys().cloned().collect()
    }

    /// The digests of all manifests of a repository, sorted.
    pub fn manifests(&self, repository: &str) -> Vec<Digest> {
        let store = self.shared.store();
        store
            .repositories
            .get(repository)
            .map(|held| held.manifests.keys().cloned().collect())
            .unwrap_or_default()
    }

    /// The raw bytes of a manifest, by tag or digest.
    pub fn manifest(&self, repository: &str, reference: &str) -> Option<bytes::Bytes> {
        self.shared.store().manifest(repository, reference).map(|(_, stored)| stored.bytes.clone())
    }

    /// Whether a repository has a blob.
    pub fn has_blob(&self, repository: &str, digest: &Digest) -> bool {
        self.shared.store().blob(repository, digest).is_some()
    }

    /// The bytes of a blob of a repository.
    pub fn blob(&self, repository: &str, digest: &Digest) -> Option<bytes::Bytes> {
        self.shared.store().blob(repository, digest)
    }

    /// Uploads that were opened and neither finished nor cancelled.
    pub fn open_uploads(&self) -> usize {
        self.shared.store().sessions.len()
    }

    /// Whether `repository:tag` is `image`, whole, byte for byte.
    pub fn holds(&self, repository: &str, tag: &str, image: &Image) -> bool {
        let store = self.shared.store();
        let has = |manifest: &&Image| {
            let stored = store.manifest(repository, manifest.digest.as_str());
            stored.is_some_and(|(_, stored)| stored.bytes == manifest.bytes)
        };
        let has_blob = |blob: &&Blob| store.blob(repository, &blob.digest).as_ref() == Some(&blob.bytes);
        store.manifest(repository, tag).is_some_and(|(digest, _)| digest == image.digest)
            && image.tree().iter().all(has)
            && image.tree_blobs().iter().all(has_blob)
    }

    /// The tags that were written by requests since this was asked last, and what they were made to name.
    pub fn take_tag_writes(&self) -> Vec<TagWrite> {
        std::mem::take(&mut self.shared.store().tag_writes)
    }

    /// Removes every manifest and blob that no tag needs, and all uploads under way.
    pub fn collect_garbage(&self) {
        self.shared.store().collect_garbage();
    }

    /// Removes a tag.
    pub fn delete_tag(&self, repository: &str, tag: &str) {
        self.shared.store().repository(repository).tags.remove(tag).expect("the tag exists");
    }

    /// Removes a blob, which may break images: that is what healing is tested with.
    pub fn delete_blob(&self, repository: &str, digest: &Digest) {
        self.shared.store().repository(repository).blobs.remove(digest).expect("the blob exists");
    }

    /// Removes a manifest but not the tags that point at it.
    pub fn delete_manifest(&self, repository: &str, digest: &Digest) {
        self.shared.store().repository(repository).manifests.remove(digest).expect("the manifest exists");
    }

    /// Removes a repository.
    pub fn delete_repository(&self, repository: &str) {
        self.shared.store().repositories.remove(repository).expect("the repository exists");
    }

    /// Forgets all uploads under way, as a registry that was started again.
    pub fn forget_uploads(&self) {
        self.shared.store().sessions.clear();
    }

    /// One line for each tag whose tree of manifests and blobs is not whole in its repository now.
    pub fn broken_tags(&self) -> Vec<String> {
        let store = self.shared.store();
        store.repositories.keys().flat_map(|repository| store.broken_tags(repository)).collect()
    }

    /// Every tag's tree of manifests and blobs is whole in its repository now.
    pub fn assert_tags_whole(&self) {
        let broken = self.broken_tags();
        assert!(broken.is_empty(), "tags that point at less than a whole image: {broken:#?}");
    }

    /// One line for each time that a tag was not whole after a request that changed its repository, since this was
    /// asked last.
    pub fn take_broken(&self) -> Vec<String> {
        std::mem::take(&mut self.shared.broken.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// Every tag was whole after every request that changed its repository.
    pub fn assert_tags_were_always_whole(&self) {
        let broken = self.shared.broken.lock().unwrap_or_else(PoisonError::into_inner);
        assert!(broken.is_empty(), "tags that pointed at less than a whole image: {broken:#?}");
    }
}

/// What it saw.
impl FakeRegistry {
    /// All requests, in the order they came.
    pub fn requests(&self) -> Vec<Request> {
        self.shared.log.requests()
    }

    /// The requests chosen.
    pub fn requests_on(&self, which: impl Into<Which>) -> Vec<Request> {
        let which = which.into();
        let mut requests = self.requests();
        requests.retain(|request| which.matches(&request.target()));
        requests
    }

    /// How many requests were chosen: `registry.count(Kind::PutManifest)`, `registry.count(any())`,
    /// `registry.count(on(Kind::GetBlob).repository("a/b"))`, `registry.count(writes())`.
    pub fn count(&self, which: impl Into<Which>) -> usize {
        self.shared.log.count(&which.into())
    }

    /// Forgets the requests so far; their numbers go on.
    pub fn clear_log(&self) {
        self.shared.log.clear();
    }

    /// Bytes of request bodies that came in.
    pub fn bytes_received(&self) -> u64 {
        self.requests().iter().map(|request| request.received).sum()
    }

    /// Bytes of answers' bodies that went out.
    pub fn bytes_sent(&self) -> u64 {
        self.requests().iter().map(|request| request.sent).sum()
    }
}

/// What it is told to do wrong.
impl FakeRegistry {
    /// Adds a fault; of several that fit a request the one added first is used, until it is used up.
    pub fn fault(&self, fault: Fault) {
        self.shared.faults.add(fault);
    }

    /// Lets `choose` decide about every request that no fault was added for, from now on.
    pub fn fault_by(&self, choose: impl Fn(Kind) -> Option<Fault> + Send + Sync + 'static) {
        self.shared.faults.choose_by(choose);
    }

    /// Removes all faults.
    pub fn clear_faults(&self) {
        self.shared.faults.clear();
    }

    /// All faults that were to happen a number of times did.
    pub fn assert_faults_used(&self) {
        let unused = self.shared.faults.unused();
        assert!(unused.is_empty(), "faults that did not happen: {unused:#?}");
    }

    /// How many requests met a fault so far.
    pub fn faults_met(&self) -> usize {
        self.shared.faults.met()
    }

    /// Lets `watcher` see the repository `name` after each request that may have changed it, before that is answered.
    pub fn watch(&self, name: &str, watcher: impl Fn(&Glance<'_>) + Send + Sync + 'static) {
        self.shared.watchers.add(name, watcher);
    }

    /// What is in the repository `name` now.
    pub fn glance(&self, name: &str) -> Glance<'static> {
        Glance::at(&self.shared, name, None)
    }

    /// Holds requests until the gate is released or dropped: makes races happen in the order a test wants.
    #[must_use = "a gate that is dropped is open"]
    pub fn hold(&self, which: impl Into<Which>) -> Gate {
        let (gate, barrier) = Gate::new(which.into());
        self.shared.barriers.lock().unwrap_or_else(PoisonError::into_inner).push(barrier);
        gate
    }

    /// Lets `requests` more through and resets the connection of every later one.
    pub fn stop_after(&self, requests: usize) -> Stop {
        let stop = Stop::after(requests);
        self.stop_with(&stop);
        stop
    }

    /// Counts and stops together with others that share `stop`.
    pub fn stop_with(&self, stop: &Stop) {
        *self.shared.stop.lock().unwrap_or_else(PoisonError::into_inner) = Some(stop.clone());
    }

    /// Answers again after a stop.
    pub fn resume(&self) {
        *self.shared.stop.lock().unwrap_or_else(PoisonError::into_inner) = None;
    }
}
