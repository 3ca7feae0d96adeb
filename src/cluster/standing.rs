//! Whether this replica holds the lease at this moment.

use std::future::pending;

use tokio::sync::watch;
use tokio::time::{Instant, sleep_until};

/// Whether this replica may write. Clones tell the same.
///
/// It is a promise until a moment, counted by our monotonic clock from before the renewal was sent: with the API
/// server out of reach it ends by itself, before anybody else may take the lease over.
#[derive(Debug, Clone)]
pub struct Standing(watch::Receiver<Option<Instant>>);

impl Standing {
    pub(super) fn new(until: watch::Receiver<Option<Instant>>) -> Self {
        Self(until)
    }

    /// Whether the lease is ours, and will be for some time yet.
    #[must_use]
    pub fn may_write(&self) -> bool {
        self.until().is_some()
    }

    /// Returns once [`Standing::may_write`] is true; never, if nobody campaigns any more.
    pub async fn held(&self) {
        let mut until = self.0.clone();
        if until.wait_for(|until| in_future(*until).is_some()).await.is_err() {
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
        in_future(*self.0.borrow())
    }
}

/// What was said last; what is said from now on is a change.
fn latest(changes: &mut watch::Receiver<Option<Instant>>) -> Option<Instant> {
    in_future(*changes.borrow_and_update())
}

fn in_future(until: Option<Instant>) -> Option<Instant> {
    until.filter(|until| Instant::now() < *until)
}
