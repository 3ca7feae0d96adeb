//! One receiver of a digest at a time.

use std::collections::HashSet;
use std::sync::{Arc, Mutex, PoisonError};

use tokio::sync::Notify;

use crate::model::Digest;

/// The digests that are being received. What is kept of a file is named by its digest, so that two receivers of
/// one would write over each other: the second waits until the first is gone.
#[derive(Debug, Clone, Default)]
pub(super) struct Taken(Arc<Shared>);

#[derive(Debug, Default)]
struct Shared {
    digests: Mutex<HashSet<Digest>>,
    freed: Notify,
}

/// The right to receive a digest, given back when dropped.
#[derive(Debug)]
pub(super) struct Turn {
    taken: Taken,
    digest: Digest,
}

impl Taken {
    /// Waits for the turn of `digest`.
    pub(super) async fn turn(&self, digest: &Digest) -> Turn {
        loop {
            let freed = self.0.freed.notified();
            tokio::pin!(freed);
            freed.as_mut().enable();
            if self.with(|digests| digests.insert(digest.clone())) {
                return Turn { taken: self.clone(), digest: digest.clone() };
            }
            freed.await;
        }
    }

    fn with<T>(&self, change: impl FnOnce(&mut HashSet<Digest>) -> T) -> T {
        change(&mut self.0.digests.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

impl Drop for Turn {
    fn drop(&mut self) {
        self.taken.with(|digests| digests.remove(&self.digest));
        self.taken.0.freed.notify_waiters();
    }
}

#[cfg(test)]
mod tests {
    use futures_util::FutureExt as _;

    use super::*;

    #[tokio::test]
    async fn the_second_receiver_of_a_digest_waits_for_the_first_and_nobody_else_does() {
        let (taken, one, other) = (Taken::default(), Digest::of(b"one"), Digest::of(b"other"));
        let first = taken.turn(&one).await;
        let second = taken.turn(&one);
        tokio::pin!(second);
        assert!(second.as_mut().now_or_never().is_none());
        drop(taken.turn(&other).await);
        assert!(second.as_mut().now_or_never().is_none(), "another digest was given back");
        drop(first);
        drop(second.await);
        taken.turn(&one).await;
    }
}
