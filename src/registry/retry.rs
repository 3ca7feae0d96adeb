//! The one retry loop: what is worth another try, and when.

use std::time::Duration;

use tokio::time::Instant;

use super::Options;
use super::error::{Error, Verdict};
use super::wire::is_once;
use crate::error::Classify;

/// How much patience a run has.
#[derive(Debug, Clone)]
pub(super) struct Retry {
    attempts: u32,
    backoff_min: Duration,
    backoff_max: Duration,
    max_retry_after: Duration,
    deadline: Option<Instant>,
}

/// The tries of one operation.
#[derive(Debug)]
pub(super) struct Tries {
    retry: Retry,
    failed: u32,
    renewed: bool,
    paused_since: Option<Instant>,
}

impl Retry {
    pub(super) fn new(options: &Options) -> Self {
        Self {
            attempts: options.attempts.max(1),
            backoff_min: options.backoff_min,
            backoff_max: options.backoff_max,
            max_retry_after: options.max_retry_after,
            deadline: options.deadline,
        }
    }

    pub(super) fn tries(&self) -> Tries {
        let attempts = if is_once() { 1 } else { self.attempts };
        Tries { retry: Self { attempts, ..self.clone() }, failed: 0, renewed: false, paused_since: None }
    }

    /// Runs `attempt` until it succeeds or is not worth another try; the error says how many there were.
    pub(super) async fn run<T, F, Fut>(&self, mut attempt: F) -> Result<T, Error>
    where
        F: FnMut() -> Fut,
        Fut: Future<Output = Result<T, Error>>,
    {
        let mut tries = self.tries();
        loop {
            match attempt().await {
                Ok(value) => return Ok(value),
                Err(error) => tries.again(error).await?,
            }
        }
    }
}

impl Tries {
    /// As many tries once more, whoever asks for them.
    pub(super) fn anew(&self) -> Self {
        Self { retry: self.retry.clone(), failed: 0, renewed: false, paused_since: None }
    }

    /// Returns when the operation is to be tried again.
    ///
    /// # Errors
    /// `error` itself, with the number of attempts, when it is not.
    pub(super) async fn again(&mut self, error: Error) -> Result<(), Error> {
        // A download that was given up after its own attempts is not begun anew.
        let attempts = (self.failed + 1).max(error.attempts());
        match error.verdict() {
            Verdict::Final => return Err(error.after(attempts)),
            Verdict::Renewed if !self.renewed => {
                self.renewed = true;
                return Ok(());
            }
            Verdict::Paused => return self.pause(error, attempts),
            Verdict::Once if attempts >= 2 => return Err(error.after(attempts)),
            Verdict::Again | Verdict::Renewed | Verdict::Once => {}
        }
        self.failed = attempts;
        if attempts >= self.retry.attempts {
            return Err(error.after(attempts));
        }
        let wait = delay(self.retry.backoff_min, self.retry.backoff_max, attempts);
        let end = Instant::now() + wait;
        if self.retry.deadline.is_some_and(|deadline| end > deadline) {
            return Err(error.after(attempts));
        }
        tracing::debug!(error = %crate::error::Chain(&error), ?wait, attempts, "trying again");
        tokio::time::sleep_until(end).await;
        Ok(())
    }

    /// The pause itself is waited for where the next permit is taken; here we only see that it ends.
    fn pause(&mut self, error: Error, attempts: u32) -> Result<(), Error> {
        let now = Instant::now();
        let since = *self.paused_since.get_or_insert(now);
        if now - since <= self.retry.max_retry_after {
            return Ok(());
        }
        Err(error.throttled(now - since).after(attempts))
    }
}

/// A wait of random length after the `failed`th failure: at most `min`, doubled each time, up to `max`.
pub(super) fn delay(min: Duration, max: Duration, failed: u32) -> Duration {
    let longest = min.saturating_mul(1 << failed.saturating_sub(1).min(16)).min(max);
    longest.mul_f64(fastrand::f64())
}
