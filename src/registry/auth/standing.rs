//! Whether a token service takes a login at all: asked once, when it refused something.
//!
//! Some services refuse a scope with the same 401 as a wrong password. The one is about a repository, the other
//! about every line that uses the login; and a wrong password that is sent on and on locks accounts.

use http::StatusCode;
use tokio::sync::Mutex;
use tokio::time::Instant;

use super::account::REFUSAL_HOLDS;
use super::error::Error;
use super::request::Ask;
use super::scope::ScopeSet;

/// What is known of one login at one registry.
#[derive(Debug, Default)]
pub(super) struct Standing(Mutex<Option<Found>>);

#[derive(Debug)]
struct Found {
    /// The refusal of the login as such; none: it is taken, or the service does not say.
    refusal: Option<Error>,
    at: Instant,
}

impl Standing {
    /// The refusal of the login as such, if it is known by now: nothing needs to be asked for then.
    pub(super) async fn refusal(&self) -> Option<Error> {
        let found = self.0.lock().await;
        found.as_ref().filter(|found| found.holds()).and_then(|found| found.refusal.clone())
    }

    /// What `error` is at its root: the login, or what was asked for.
    pub(super) async fn explain(&self, error: Error, ask: &Ask<'_>) -> Error {
        if ask.entry.is_none() || !is_401(&error) {
            return error;
        }
        let mut found = self.0.lock().await;
        if !found.as_ref().is_some_and(Found::holds) {
            // As `docker login` does: a token for nothing in particular.
            let refusal = ask.token(&ScopeSet::default()).await.err().filter(is_401).map(Error::of_login);
            *found = Some(Found { refusal, at: Instant::now() });
        }
        found.as_ref().and_then(|found| found.refusal.clone()).unwrap_or(error)
    }
}

impl Found {
    fn holds(&self) -> bool {
        self.at.elapsed() < REFUSAL_HOLDS
    }
}

fn is_401(error: &Error) -> bool {
    matches!(error, Error::Refused { status: StatusCode::UNAUTHORIZED, .. })
}
