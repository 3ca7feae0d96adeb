//! Asks a token service for one token: how the question is put, and what the answer means.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use http::StatusCode;
use serde::Deserialize;

use super::challenge::Realm;
use super::error::Error;
use super::scope::ScopeSet;
use super::token::Token;
use super::{TokenAnswer, TokenRequest, TokenService};
use crate::model::Host;
use crate::redact::{Echo, SafeUrl, Secret, cut, mask_logins, one_line};
use crate::registry::credentials::{Entry, Login};

/// How we name ourselves where `OAuth2` wants a name.
const CLIENT_ID: &str = "image-mirror";

/// So much of what a token service says about a refusal is shown.
const DETAIL_LENGTH: usize = 200;

/// Whom to ask for tokens, and as whom.
pub(super) struct Ask<'a> {
    pub(super) realm: &'a Realm,
    pub(super) service: &'a dyn TokenService,
    pub(super) entry: Option<&'a Entry>,
    pub(super) host: &'a Host,
    /// Whose login is used.
    pub(super) subject: &'a str,
    /// The service was seen not to know the POST of `OAuth2`.
    pub(super) no_post: &'a AtomicBool,
}

impl Ask<'_> {
    /// A new token for `scopes`.
    pub(super) async fn token(&self, scopes: &ScopeSet) -> Result<Token, Error> {
        let login = self.login().await?;
        let answer = self.put(login.as_deref(), scopes).await?;
        match answer.status {
            status if status.is_success() => Token::read(&answer.body, scopes.clone())
                .ok_or_else(|| Error::Answer { realm: self.shown(), status }),
            StatusCode::TOO_MANY_REQUESTS | StatusCode::REQUEST_TIMEOUT => Err(self.unusable(&answer)),
            status if status.is_client_error() => Err(self.refused(&answer, scopes)),
            _ => Err(self.unusable(&answer)),
        }
    }

    async fn login(&self) -> Result<Option<Arc<Login>>, Error> {
        let Some(entry) = self.entry else { return Ok(None) };
        entry.login().await.map_err(|source| Error::login(self.host, self.subject, source))
    }

    async fn put(&self, login: Option<&Login>, scopes: &ScopeSet) -> Result<TokenAnswer, Error> {
        let basic = match login {
            Some(Login::Identity { user, password, token }) => {
                let pair = user.clone().zip(password.clone());
                if !self.no_post.load(Ordering::Relaxed) || pair.is_none() {
                    let answer = self.send(self.post(token, scopes)).await?;
                    let unknown =
                        matches!(answer.status, StatusCode::NOT_FOUND | StatusCode::METHOD_NOT_ALLOWED);
                    if !unknown || pair.is_none() {
                        return Ok(answer);
                    }
                    self.no_post.store(true, Ordering::Relaxed);
                }
                pair
            }
            Some(Login::Password { user, password }) => Some((user.clone(), password.clone())),
            // A token that goes to the registry as it is never comes here.
            Some(Login::Bearer { .. }) | None => None,
        };
        self.send(self.get(basic, scopes)).await
    }

    async fn send(&self, request: TokenRequest) -> Result<TokenAnswer, Error> {
        self.service
            .fetch(request)
            .await
            .map_err(|source| Error::Service { realm: self.shown(), source: Arc::new(source) })
    }

    /// Docker's token protocol.
    fn get(&self, basic: Option<(String, Secret)>, scopes: &ScopeSet) -> TokenRequest {
        let mut url = self.realm.url.clone();
        {
            let mut query = url.query_pairs_mut();
            if let Some((user, _)) = &basic {
                query.append_pair("account", user);
            }
            for scope in scopes.texts() {
                query.append_pair("scope", &scope);
            }
            if let Some(service) = &self.realm.service {
                query.append_pair("service", service);
            }
        }
        TokenRequest { url, form: None, basic }
    }

    /// `OAuth2`, the only way to use an identity token.
    fn post(&self, token: &Secret, scopes: &ScopeSet) -> TokenRequest {
        let mut form: Vec<(String, Secret)> = Vec::new();
        let mut add = |name: &str, value: String| form.push((name.to_owned(), value.into()));
        add("grant_type", "refresh_token".to_owned());
        add("client_id", CLIENT_ID.to_owned());
        if let Some(service) = &self.realm.service {
            add("service", service.clone());
        }
        if scopes.len() > 0 {
            add("scope", scopes.texts().collect::<Vec<_>>().join(" "));
        }
        form.push(("refresh_token".to_owned(), token.clone()));
        TokenRequest { url: self.realm.url.clone(), form: Some(form), basic: None }
    }

    pub(super) fn shown(&self) -> Arc<SafeUrl> {
        Arc::new(SafeUrl::new(self.realm.url.clone()))
    }

    fn unusable(&self, answer: &TokenAnswer) -> Error {
        Error::Answer { realm: self.shown(), status: answer.status }
    }

    fn refused(&self, answer: &TokenAnswer, scopes: &ScopeSet) -> Error {
        Error::Refused {
            realm: self.shown(),
            status: answer.status,
            what: scopes.shown(self.host).into(),
            login: self.entry.map(Entry::name),
            whole: false,
            detail: detail(&answer.body, &answer.echo)
                .map_or_else(|| "".into(), |said| format!(": {said}").into()),
        }
    }
}

#[derive(Deserialize)]
struct Said {
    #[serde(default)]
    errors: Vec<SaidError>,
    #[serde(alias = "details", alias = "message")]
    error_description: Option<String>,
}

#[derive(Deserialize)]
struct SaidError {
    message: Option<String>,
}

/// What the service said, if it said it in one of the forms in use.
pub(super) fn detail(body: &[u8], echo: &Echo) -> Option<String> {
    let said: Said = serde_json::from_slice(body).ok()?;
    let text = said.errors.into_iter().find_map(|error| error.message).or(said.error_description)?;
    let line = mask_logins(&one_line(&echo.strike(&text)));
    Some(cut(&line, DETAIL_LENGTH)).filter(|line| !line.is_empty())
}
