//! STUB of the authorization of requests; another branch brings the real one.
#![allow(missing_docs, clippy::all, clippy::pedantic, unused_variables, dead_code, reason = "stub")]

use std::sync::Arc;

use bytes::Bytes;
use futures_util::future::BoxFuture;

use super::credentials::Credentials;
use super::{Role, error};
use crate::error::Class;
use crate::model::{Host, Repository};
use crate::redact::Secret;

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum Action {
    Pull,
    Push,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(crate) struct Scope {
    pub(crate) name: Arc<str>,
    pub(crate) action: Action,
}

#[derive(Debug, Clone)]
pub(crate) struct Need {
    pub(crate) host: Host,
    pub(crate) role: Role,
    pub(crate) scopes: Vec<Scope>,
}

#[derive(Debug, Clone)]
pub(crate) struct Authorization(http::HeaderValue);

impl Authorization {
    pub(crate) fn header(&self) -> http::HeaderValue {
        self.0.clone()
    }
}

#[derive(Debug)]
pub(crate) struct TokenRequest {
    pub(crate) url: url::Url,
    pub(crate) form: Option<Vec<(String, Secret)>>,
    pub(crate) basic: Option<(String, Secret)>,
}

#[derive(Debug)]
pub(crate) struct TokenAnswer {
    pub(crate) status: http::StatusCode,
    pub(crate) body: Bytes,
}

pub(crate) trait TokenService: Send + Sync {
    fn fetch(&self, request: TokenRequest) -> BoxFuture<'_, Result<TokenAnswer, error::Error>>;
}

#[derive(Debug, thiserror::Error)]
#[error("authorization failed")]
pub struct Error;

impl Error {
    pub fn class(&self) -> Class {
        Class::Denied
    }
    pub fn advice(&self) -> Option<String> {
        None
    }
}

#[derive(Debug)]
pub(crate) struct Authorizer;

impl Authorizer {
    pub(crate) fn new(source: Credentials, target: Credentials) -> Self {
        Self
    }
    pub(crate) fn announce(&self, role: Role, repository: &Repository) {}
    pub(crate) async fn authorize(
        &self,
        need: &Need,
        service: &dyn TokenService,
    ) -> Result<Option<Authorization>, Error> {
        Ok(None)
    }
    pub(crate) async fn challenged(
        &self,
        need: &Need,
        used: Option<&Authorization>,
        headers: &http::HeaderMap,
        registry: &url::Url,
    ) -> Result<bool, Error> {
        Ok(false)
    }
}
