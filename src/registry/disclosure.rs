//! Who gets to see a login: the one place that puts `Authorization` on a request.
//!
//! A login is for the registry's own scheme, host and port, and for the token service that its own challenge
//! names; callers see to that. What is refused here is to show it to a proxy, which sees all of a request in
//! plain http.

use http::HeaderMap;
use http::header::AUTHORIZATION;
use hyper_util::client::proxy::matcher::Matcher;
use url::Url;

use super::Shared;
use super::auth::Authorization;
use super::error::Kind;
use crate::model::Host;

/// The proxies that the environment names; the same code that the HTTP clients ask.
pub(super) struct Proxies(Matcher);

impl Proxies {
    pub(super) fn of_environment() -> Self {
        Self(Matcher::from_system())
    }

    /// Whether a proxy gets to see what is asked of `url`. What goes by https it passes on unseen, and what is
    /// on this machine goes to none.
    fn sees(&self, url: &Url) -> bool {
        let is_local = url.host_str().is_some_and(|host| Host::new(host).is_loopback());
        let uri = url.as_str().parse().ok();
        url.scheme() == "http" && !is_local && uri.is_some_and(|uri| self.0.intercept(&uri).is_some())
    }
}

impl Shared {
    /// Puts `authorization` on a request to `url`.
    pub(super) fn disclose(
        &self,
        authorization: &Authorization,
        url: &Url,
        headers: &mut HeaderMap,
    ) -> Result<(), Kind> {
        self.private(url)?;
        headers.insert(AUTHORIZATION, authorization.header());
        Ok(())
    }

    /// Whether what is asked of `url` stays between us and it, as far as proxies go.
    pub(super) fn private(&self, url: &Url) -> Result<(), Kind> {
        if self.proxies.sees(url) {
            return Err(Kind::SeenByProxy(url.host_str().unwrap_or_default().to_owned()));
        }
        Ok(())
    }
}
