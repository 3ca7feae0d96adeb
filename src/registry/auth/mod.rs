//! Challenges and tokens: what a request must carry to be let in.
//!
//! An [`Authorizer`] remembers what each registry asked for, fetches tokens through a
//! [`TokenService`] and hands out [`Authorization`]s. It sends nothing itself, and it asks for
//! `push` only when a request needs it.

mod account;
mod authorizer;
mod beside;
mod challenge;
mod error;
mod grant;
mod lane;
#[cfg(any(test, fuzzing))]
pub(crate) mod properties;
mod request;
mod scope;
mod standing;
mod token;

#[cfg(test)]
mod tests;

use std::sync::Arc;

use bytes::Bytes;
use futures_util::future::BoxFuture;
use secrecy::ExposeSecret as _;

pub use authorizer::PushGrant;
pub(crate) use authorizer::{Authorizer, Holder};
pub use error::Error;
pub(crate) use scope::{Action, Need, Scope};
pub(crate) use token::Authorization;

use crate::redact::{Echo, Secret};

/// A request to a token service.
#[derive(Debug)]
pub(crate) struct TokenRequest {
    pub(crate) url: url::Url,
    /// POST with this form if there is one, else GET.
    pub(crate) form: Option<Vec<(String, Secret)>>,
    pub(crate) basic: Option<(String, Secret)>,
}

impl TokenRequest {
    /// What its answer may say back.
    pub(crate) fn echo(&self) -> Echo {
        let basic = self.basic.iter().flat_map(|(user, password)| {
            let sent = Authorization::basic(user, password);
            sent.map(|sent| sent.secrets()).unwrap_or_default()
        });
        let is_secret = |name: &str| name == "refresh_token" || name == "password";
        let form = self.form.iter().flatten().filter(|(name, _)| is_secret(name));
        Echo::of(basic.chain(form.map(|(_, value)| value.expose_secret().to_owned())))
    }
}

/// What a token service answered. Its `Debug` leaves out the body, which holds the token.
pub(crate) struct TokenAnswer {
    pub(crate) status: http::StatusCode,
    pub(crate) body: Bytes,
    /// What it may say back.
    pub(crate) echo: Echo,
}

impl std::fmt::Debug for TokenAnswer {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("TokenAnswer").field("status", &self.status).finish_non_exhaustive()
    }
}

/// Sends requests to token services: with retries, counted, and without following redirects.
/// A 4xx other than 408 and 429 is an answer, not an error.
pub(crate) trait TokenService: Send + Sync {
    fn fetch(&self, request: TokenRequest) -> BoxFuture<'_, Result<TokenAnswer, super::Error>>;
}

/// Shared by the parts of this module.
type Name = Arc<str>;
