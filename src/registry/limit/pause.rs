//! The pauses of a host: nothing is sent until they end.

use std::time::Duration;

use tokio::time::Instant;

use super::Policy;
use crate::registry::error::Kind;
use crate::registry::retry;

/// Until when nothing is sent.
#[derive(Debug, Default)]
pub(super) struct Pause {
    until: Option<Instant>,
    /// Refusals for load since the last good answer.
    in_a_row: u32,
}

impl Pause {
    pub(super) fn until(&mut self, end: Instant) {
        self.until = Some(self.until.map_or(end, |old| old.max(end)));
    }

    /// The end of the pause, if there is one; an error if it is further away than we may wait.
    pub(super) fn end(&mut self, policy: &Policy) -> Result<Option<Instant>, Kind> {
        let now = Instant::now();
        let Some(end) = self.until.filter(|end| *end > now) else {
            self.until = None;
            return Ok(None);
        };
        let wait = end - now;
        let too_late = policy.deadline.is_some_and(|deadline| end > deadline);
        if too_late || wait > policy.max_retry_after {
            return Err(Kind::Throttled(wait));
        }
        Ok(Some(end))
    }

    /// How long to pause: what was asked for, else longer with each refusal in a row.
    pub(super) fn begin(&mut self, policy: &Policy, asked: Option<Duration>, another: bool) -> Duration {
        if another {
            self.in_a_row += 1;
        }
        let own = retry::delay(policy.backoff_min, policy.backoff_max, self.in_a_row);
        let wait = asked.map_or(own, |asked| asked.max(own.min(Duration::from_secs(1))));
        self.until(Instant::now() + wait);
        wait
    }

    pub(super) fn good(&mut self) {
        self.in_a_row = 0;
    }
}
