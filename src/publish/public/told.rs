//! Who hears that a wait goes on.

use std::sync::Arc;
use std::time::Duration;

use crate::model::ImageRef;

/// Hears how waits go on: when one begins, and from then on at most once a minute.
pub trait Told: Send + Sync {
    /// It is still waited for.
    fn still_waiting(&self, still: &Still);
}

/// What is still waited for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Still {
    /// The tag in the public registry.
    pub image: ImageRef,
    /// For how long by now.
    pub since: Duration,
    /// What was seen of it last: `is absent`.
    pub seen: Arc<str>,
    /// How many looks told nothing so far.
    pub untold: u32,
}

/// Tells it to the log.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Logged;

impl Told for Logged {
    fn still_waiting(&self, Still { image, since, seen, untold }: &Still) {
        let since = humantime::format_duration(Duration::from_secs(since.as_secs())).to_string();
        tracing::info!(%image, since, %seen, untold, "waiting for the public registry");
    }
}
