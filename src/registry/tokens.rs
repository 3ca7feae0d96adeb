//! Requests to token services: the same retry loop, no permits, no redirects.
//!
//! They take no permit because requests that hold one wait for them, and both may be of one host.

use std::sync::Arc;

use bytes::Bytes;
use futures_util::future::BoxFuture;
use secrecy::ExposeSecret as _;

use super::Shared;
use super::auth::{TokenAnswer, TokenRequest, TokenService};
use super::clients::Lane;
use super::error::{Error, Kind};
use super::limit::HostState;
use super::refusal::Refused;
use super::transport::is_html;
use super::wire::for_others;
use crate::error::Right;
use crate::model::Host;

/// No token is larger.
const LIMIT: usize = 1 << 20;

impl TokenService for Shared {
    fn fetch(&self, request: TokenRequest) -> BoxFuture<'_, Result<TokenAnswer, Error>> {
        // Tokens are shared, and so is the failure to get one.
        Box::pin(for_others(async move { self.retry.run(|| self.token_once(&request)).await }))
    }
}

impl Shared {
    async fn token_once(&self, request: &TokenRequest) -> Result<TokenAnswer, Error> {
        let host = Host::of(&request.url);
        let failed = |kind| Error::new(format!("token from {host}"), Some(&host), kind);
        if request.basic.is_some() || request.form.is_some() {
            self.private(&request.url).map_err(failed)?;
        }
        let state = self.hosts.get(&host);
        state.wait_for_pause().await.map_err(failed)?;
        let answer = match self.ask_for_token(request, &state).await {
            Ok(answer) => answer,
            Err(kind) => return Err(failed(state.silent(kind))),
        };
        let (head, body) = answer;
        if matches!(head.status.as_u16(), 408 | 429 | 500..) {
            let refused = Refused::read(head.status, &head.headers, (&body, &request.echo()), Right::Pull);
            return Err(failed(Kind::Refused(Box::new(refused))));
        }
        if head.status.is_success() && is_html(&head.headers) {
            return Err(failed(Kind::Page));
        }
        if head.status.is_success() && serde_json::from_slice::<serde::de::IgnoredAny>(&body).is_err() {
            return Err(failed(Kind::Answer("the answer is no JSON".to_owned())));
        }
        Ok(TokenAnswer { status: head.status, body, echo: request.echo() })
    }

    async fn ask_for_token(
        &self,
        request: &TokenRequest,
        state: &Arc<HostState>,
    ) -> Result<(Head, Bytes), Kind> {
        let client = self.client_for(Lane::Small, (&request.url, true), 0);
        let mut sending = match &request.form {
            Some(form) => {
                let form: Vec<_> = form.iter().map(|(name, value)| (name, value.expose_secret())).collect();
                client.post(request.url.clone()).form(&form)
            }
            None => client.get(request.url.clone()),
        };
        if let Some((user, password)) = &request.basic {
            sending = sending.basic_auth(user, Some(password.expose_secret()));
        }
        let tally = self.counters.tally();
        tally.token();
        let stall = self.options.stall_timeout;
        let reading = async {
            let mut response = sending.send().await?;
            let head = Head { status: response.status(), headers: response.headers().clone() };
            state.answered(head.status, &head.headers, None);
            let mut body = Vec::new();
            while let Some(frame) = response.chunk().await? {
                tally.received(frame.len());
                body.extend_from_slice(&frame);
                if body.len() > LIMIT {
                    return Ok(Err(Kind::TooLarge(LIMIT as u64)));
                }
            }
            Ok(Ok((head, Bytes::from(body))))
        };
        match tokio::time::timeout(stall, reading).await {
            Ok(read) => read.map_err(Kind::of)?,
            Err(_) => Err(Kind::Stalled(stall)),
        }
    }
}

struct Head {
    status: http::StatusCode,
    headers: http::HeaderMap,
}
