//! Calls to an API that is no registry's, with a key of its own: small answers, over the same transport, with its permits, pauses
//! and counters. No login of a registry is ever shown there, and no redirect is followed.

use std::fmt;

use bytes::Bytes;
use http::header::{ACCEPT, CONTENT_TYPE};
use http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode};
use url::Url;

use super::Client;
use super::auth::{Authorization, Holder, Need};
use super::clients::Lane;
use super::error::{Error, Kind};
use super::refusal::Subject;
use super::transport::{Answer, Call};
use crate::error::{Class, LoginName};
use crate::model::Host;
use crate::redact::{SafeUrl, Secret};

const JSON: HeaderValue = HeaderValue::from_static("application/json");

/// A key, and the header that it is shown in. It cannot be printed.
#[derive(Clone)]
pub struct ApiKey {
    header: HeaderName,
    key: Authorization,
    name: LoginName,
}

impl ApiKey {
    /// A key that is shown in `header`; `place` says where it is from, in words: `api_key of /path/file`. None: it
    /// has characters that no header can carry.
    #[must_use]
    pub fn new(header: &str, key: &Secret, place: &str) -> Option<Self> {
        let name = LoginName { user: None, place: place.into() };
        let header = HeaderName::from_bytes(header.as_bytes()).ok()?;
        Some(Self { header, key: Authorization::key(key)?, name })
    }
}

impl fmt::Debug for ApiKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "ApiKey({}, {})", self.header, self.name)
    }
}

impl Client {
    /// What is at `url`, of at most `limit` bytes.
    ///
    /// # Errors
    /// Any answer but a success, a page of HTML, and an address that would show the key to others than its host.
    pub async fn api_get(&self, url: &Url, key: Option<&ApiKey>, limit: u64) -> Result<Bytes, Error> {
        let call = self.api_call(Method::GET, url, key)?;
        self.shared.retry.run(async || self.api_once(&call, key).await?.or_page()?.bytes(limit).await).await
    }

    /// Sends `json` to `url`: once, but for an answer by which it was certainly not taken (no connection, 429). For what comes
    /// back the limit is `limit` bytes.
    ///
    /// # Errors
    /// As for [`Client::api_get`]; see [`Error::may_be_done`].
    pub async fn api_post(
        &self,
        url: &Url,
        key: Option<&ApiKey>,
        json: Bytes,
        limit: u64,
    ) -> Result<Bytes, Error> {
        let mut call = self.api_call(Method::POST, url, key)?;
        call.headers.insert(CONTENT_TYPE, JSON);
        call.body = Some(json);
        let mut tries = self.shared.retry.tries();
        let mut answer = loop {
            match self.api_once(&call, key).await {
                Ok(answer) => break answer.or_page()?,
                Err(error) if error.may_be_done() => return Err(error),
                Err(error) => tries.again(error).await?,
            }
        };
        answer.bytes(limit).await
    }

    async fn api_once(&self, call: &Call, key: Option<&ApiKey>) -> Result<Answer, Error> {
        if key.is_some() {
            self.shared.private(&call.url).map_err(|kind| call.error(kind))?;
        }
        let permit = self.shared.acquire(&call.need.host, &call.operation).await?;
        let answer = self.shared.send(call, permit).await?;
        let answer = match key {
            Some(ApiKey { key, name, .. }) => {
                answer.made_as(Holder { login: Some(name.clone()), as_it_is: true }, key.clone())
            }
            None => answer,
        };
        answer.or_refused().await
    }

    fn api_call(&self, method: Method, url: &Url, key: Option<&ApiKey>) -> Result<Call, Error> {
        let operation = format!("{method} {}", SafeUrl::new(url.clone()));
        let host = Host::of(url);
        let is_private = match url.scheme() {
            "https" => true,
            "http" => host.is_loopback() || self.shared.options.plain_http.contains(&host),
            _ => false,
        };
        let is_fit = is_private && url.username().is_empty() && url.password().is_none();
        if !is_fit {
            let why = "it is no address of an API that speaks https, or has a login in it";
            return Err(Error::local(operation, Class::Invalid, why.into()));
        }
        let mut headers = HeaderMap::new();
        headers.insert(ACCEPT, JSON);
        headers.extend(key.map(|ApiKey { header, key, .. }| (header.clone(), key.header())));
        Ok(Call {
            operation: operation.into(),
            method,
            url: url.clone(),
            need: Need { host, role: self.role, scopes: Vec::new() },
            headers,
            body: None,
            lane: Lane::Small,
            follow: false,
            redirects: 0,
            is_anonymous: true,
            subject: Subject::Api,
        })
    }
}

impl Error {
    /// Whether what was asked for may have been done all the same: the answer was lost, or says that something else went wrong.
    #[must_use]
    pub fn may_be_done(&self) -> bool {
        match self.kind() {
            Kind::Connect(_)
            | Kind::Certificate(_)
            | Kind::Nameless(_)
            | Kind::NotTls(_)
            | Kind::Unreached { .. }
            | Kind::Throttled(_)
            | Kind::Slowed { .. }
            | Kind::SeenByProxy(_)
            | Kind::Withheld
            | Kind::Local(_) => false,
            // 429 and other refusals are answers to what was not done.
            Kind::Refused(refused) => {
                refused.status.is_server_error() || refused.status == StatusCode::REQUEST_TIMEOUT
            }
            _ => true,
        }
    }
}
