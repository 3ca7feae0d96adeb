//! Whether this replica holds the lease at this moment.

use std::future::pending;

use tokio::sync::watch;
use tokio::time::{Instant, sleep_until};

/// What a campaign has come to: two promises, each until a moment by our monotonic clock. They end by themselves.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Terms {
    /// The lease is ours.
    pub(super) ours: Option<Instant>,
    /// Whose the lease is, is known.
    pub(super) known: Option<Instant>,
}

/// Whether this replica may write. Clones tell the same.
///
/// It is a promise until a moment, counted by our monotonic clock from before the renewal was sent: with the API
/// server out of reach it ends by itself, before anybody else may take the lease over.
#[derive(Debug, Clone)]
pub struct Standing(watch::Receiver<Terms>);

impl Standing {
    pub(super) fn new(terms: watch::Receiver<Terms>) -> Self {
        Self(terms)
    }

    /// Whether it is known whose the lease is: the API server told it, or took our name, within the lease's duration.
    /// A replica that cannot get the lease, since it may not read or write it, never knows.
    #[must_use]
    pub fn is_known(&self) -> bool {
        in_future(self.0.borrow().known).is_some()
    }

    /// Whether the lease is ours, and will be for some time yet.
    #[must_use]
    pub fn may_write(&self) -> bool {
        self.until().is_some()
    }

    /// Returns once [`Standing::may_write`] is true; never, if nobody campaigns any more.
    pub async fn held(&self) {
        let mut terms = self.0.clone();
        if terms.wait_for(|terms| in_future(terms.ours).is_some()).await.is_err() {
            pending::<()>().await;
        }
    }

    /// Returns once [`Standing::may_write`] is no longer true, be it because time went by.
    pub async fn lost(&self) {
        let mut changes = self.0.clone();
        while let Some(until) = latest(&mut changes) {
            tokio::select! {
                () = sleep_until(until) => {}
                Ok(()) = changes.changed() => {}
            }
        }
    }

    fn until(&self) -> Option<Instant> {
        in_future(self.0.borrow().ours)
    }
}

/// What was said last; what is said from now on is a change.
fn latest(changes: &mut watch::Receiver<Terms>) -> Option<Instant> {
    in_future(changes.borrow_and_update().ours)
}

fn in_future(until: Option<Instant>) -> Option<Instant> {
    until.filter(|until| Instant::now() < *until)
}
