//! What goes over the wire, counted: requests by kind and bytes of bodies both ways. And on whose behalf: what is counted for
//! an entry, and whether it is tried more than once.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, AtomicU64, Ordering};

use http::Method;

use crate::model::{Requests, Wire};

tokio::task_local! {
    /// Requests made on behalf of the work that `counted` runs.
    static SCOPE: Arc<AtomicU32>;
    /// Whether a failure is not to be tried again.
    static ONCE: bool;
}

/// The counters of one run.
#[derive(Debug, Default)]
pub(super) struct Counters {
    received: AtomicU64,
    sent: AtomicU64,
    token: AtomicU64,
    head: AtomicU64,
    get: AtomicU64,
    post: AtomicU64,
    patch: AtomicU64,
    put: AtomicU64,
    delete: AtomicU64,
}

/// The counters of the run and of the entry that is being worked on; it may travel to other threads.
#[derive(Debug, Clone)]
pub(super) struct Tally {
    counters: Arc<Counters>,
    scope: Option<Arc<AtomicU32>>,
}

impl Counters {
    /// The counters, with those of the entry that the current work is for.
    pub(super) fn tally(self: &Arc<Self>) -> Tally {
        Tally { counters: Arc::clone(self), scope: SCOPE.try_with(Arc::clone).ok() }
    }

    pub(super) fn wire(&self) -> Wire {
        let read = |counter: &AtomicU64| counter.load(Ordering::Relaxed);
        Wire {
            received: read(&self.received),
            sent: read(&self.sent),
            requests: Requests {
                token: read(&self.token),
                head: read(&self.head),
                get: read(&self.get),
                post: read(&self.post),
                patch: read(&self.patch),
                put: read(&self.put),
                delete: read(&self.delete),
            },
        }
    }
}

impl Tally {
    pub(super) fn token(&self) {
        self.count(&self.counters.token);
    }

    pub(super) fn request(&self, method: &Method) {
        self.count(match *method {
            Method::HEAD => &self.counters.head,
            Method::POST => &self.counters.post,
            Method::PATCH => &self.counters.patch,
            Method::PUT => &self.counters.put,
            Method::DELETE => &self.counters.delete,
            _ => &self.counters.get,
        });
    }

    pub(super) fn received(&self, bytes: usize) {
        self.counters.received.fetch_add(bytes as u64, Ordering::Relaxed);
    }

    pub(super) fn sent(&self, bytes: usize) {
        self.counters.sent.fetch_add(bytes as u64, Ordering::Relaxed);
    }

    /// Runs `work` on behalf of the same entry, wherever it runs.
    pub(super) async fn within<T>(&self, work: impl Future<Output = T>) -> T {
        within(self.scope.clone(), work).await
    }

    fn count(&self, counter: &AtomicU64) {
        counter.fetch_add(1, Ordering::Relaxed);
        if let Some(scope) = &self.scope {
            scope.fetch_add(1, Ordering::Relaxed);
        }
    }
}

/// `work`, counted for the entry that the current work is for, wherever it runs.
pub fn carried<T>(work: impl Future<Output = T>) -> impl Future<Output = T> {
    within(SCOPE.try_with(Arc::clone).ok(), work)
}

async fn within<T>(scope: Option<Arc<AtomicU32>>, work: impl Future<Output = T>) -> T {
    match scope {
        Some(scope) => SCOPE.scope(scope, work).await,
        None => work.await,
    }
}

/// Runs `work` and counts the requests that were made for it; an outer count includes them.
pub async fn counted<T>(work: impl Future<Output = T>) -> (T, u32) {
    let count = Arc::new(AtomicU32::new(0));
    let done = SCOPE.scope(Arc::clone(&count), work).await;
    let count = count.load(Ordering::Relaxed);
    let _ = SCOPE.try_with(|outer| outer.fetch_add(count, Ordering::Relaxed));
    (done, count)
}

/// Runs `work`, within which each request is made once: a failure is not tried again. A pause that a host asks for is
/// still waited for, and what was sent with a token that had run out is sent with a new one.
pub async fn once<T>(work: impl Future<Output = T>) -> T {
    ONCE.scope(true, work).await
}

/// Runs `work` as if outside of [`once`], because others rely on what comes of it.
pub(super) async fn for_others<T>(work: impl Future<Output = T>) -> T {
    ONCE.scope(false, work).await
}

/// Whether the current work is run by [`once`].
#[must_use]
pub fn is_once() -> bool {
    ONCE.try_with(|once| *once).unwrap_or(false)
}
