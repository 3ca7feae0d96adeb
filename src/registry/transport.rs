//! One request and its answer: permit, authorization, send, once more after a challenge.
//!
//! Nothing is tried again here but what a challenge asks for; [`super::retry`] does that.

use std::sync::Arc;
use std::time::Duration;

use bytes::{Bytes, BytesMut};
use http::header::{CONTENT_LENGTH, CONTENT_TYPE, LOCATION};
use http::{HeaderMap, Method, StatusCode};
use tokio::time::{Instant, timeout_at};
use url::Url;

use super::auth::{Action, Authorization, Holder, Need, Scope};
use super::clients::{Lane, Reach};
use super::endpoint::{leads_on, same_origin};
use super::error::{Error, Kind, Purpose};
use super::limit::{Connection, Permit};
use super::refusal::{BODY_LIMIT, Refused, Subject};
use super::wire::Tally;
use super::{Client, Role, Shared};
use crate::error::Right;
use crate::model::{Host, Repository};
use crate::redact::{Echo, SafeUrl};

const REDIRECTS: usize = 5;
/// Shorter values of a query are no secrets.
const SIGNATURE: usize = 16;
/// A small answer may take so many times as long as a byte may.
const WHOLE: u32 = 10;
/// How often one request is sent while its challenge changes: without, with an old and with a new token.
const SENDS: usize = 3;

/// A request, as often as it must be sent.
#[derive(Debug, Clone)]
pub(super) struct Call {
    /// What is done to what: `HEAD quay.io/a/b:v1`.
    pub(super) operation: Arc<str>,
    pub(super) method: Method,
    pub(super) url: Url,
    pub(super) need: Need,
    pub(super) headers: HeaderMap,
    pub(super) body: Option<Bytes>,
    pub(super) lane: Lane,
    /// Whether redirects are followed.
    pub(super) follow: bool,
    /// So many of them.
    pub(super) redirects: usize,
    /// Whatever is asked for, we do not say who we are.
    pub(super) is_anonymous: bool,
    pub(super) subject: Subject,
}

/// Where a call has got to.
struct Place {
    url: Url,
    /// It is the registry's own address, and no redirect has led away from there.
    is_home: bool,
    /// A redirect only put a slash behind the path.
    is_folder: bool,
}

/// An answer whose body is still to be read; it holds its permit until dropped.
#[derive(Debug)]
pub(super) struct Answer {
    pub(super) operation: Arc<str>,
    pub(super) status: StatusCode,
    pub(super) headers: HeaderMap,
    /// Where the answer came from, after redirects.
    pub(super) url: Url,
    /// Whether a redirect only put a slash behind the path.
    pub(super) is_folder: bool,
    host: Host,
    purpose: Option<Purpose>,
    subject: Subject,
    /// Who was refused, if anybody was.
    refused: Option<Holder>,
    /// What we showed to be let in.
    pub(super) sent: Option<Authorization>,
    body: Body,
}

/// The body of an answer.
#[derive(Debug)]
pub(super) struct Body {
    response: reqwest::Response,
    permit: Permit,
    tally: Tally,
    stall: Duration,
}

impl Call {
    /// A request to `repository` for which a token to pull from it is enough.
    pub(super) fn pull(role: Role, method: Method, repository: &Repository, url: Url, what: &str) -> Self {
        Self::new(role, Action::Pull, method, repository, url, what)
    }

    /// A request that writes to `repository`.
    pub(super) fn push(role: Role, method: Method, repository: &Repository, url: Url, what: &str) -> Self {
        let mut call = Self::new(role, Action::Push, method, repository, url, what);
        call.follow = false;
        call
    }

    /// A request that deletes something in `repository`.
    pub(super) fn delete(role: Role, repository: &Repository, url: Url, what: &str) -> Self {
        let mut call = Self::new(role, Action::Delete, Method::DELETE, repository, url, what);
        call.follow = false;
        call
    }

    #[expect(clippy::too_many_arguments, reason = "private; pull, push and delete are what is called")]
    fn new(
        role: Role,
        action: Action,
        method: Method,
        repository: &Repository,
        url: Url,
        what: &str,
    ) -> Self {
        let scope = Scope { name: Arc::clone(&repository.name), action };
        Self {
            operation: format!("{method} {what}").into(),
            method,
            url,
            need: Need { host: repository.host.clone(), role, scopes: vec![scope] },
            headers: HeaderMap::new(),
            body: None,
            lane: Lane::Small,
            follow: true,
            redirects: REDIRECTS,
            is_anonymous: false,
            subject: Subject::Name,
        }
    }

    pub(super) fn error(&self, kind: Kind) -> Error {
        Error::new(Arc::clone(&self.operation), Some(&self.need.host), kind).with_purpose(self.purpose())
    }

    /// None: it is about no repository.
    fn purpose(&self) -> Option<Purpose> {
        let strongest = self.need.scopes.iter().map(|scope| scope.action).max()?;
        let right = match strongest {
            Action::Pull => Right::Pull,
            Action::Push => Right::Push,
            Action::Delete => Right::Delete,
        };
        Some(Purpose { repository: self.need.subject().into(), right })
    }
}

impl Client {
    /// Sends `call` until it succeeds, with a permit for each try; statuses that are no success are errors.
    pub(super) async fn request(&self, call: &Call) -> Result<Answer, Error> {
        self.shared.retry.run(|| self.request_once(call)).await
    }

    /// Sends `call` once.
    pub(super) async fn request_once(&self, call: &Call) -> Result<Answer, Error> {
        let permit = self.shared.acquire(&call.need.host, &call.operation).await?;
        self.shared.send(call, permit).await?.or_refused().await
    }
}

impl Shared {
    pub(super) async fn acquire(&self, host: &Host, operation: &Arc<str>) -> Result<Permit, Error> {
        let acquired = self.hosts.get(host).acquire().await;
        acquired.map_err(|kind| Error::new(Arc::clone(operation), Some(host), kind))
    }

    /// Sends `call` under `permit`, once more if a challenge is met. Any status is an answer, but for a
    /// 401 that no token helps against.
    pub(super) async fn send(&self, call: &Call, permit: Permit) -> Result<Answer, Error> {
        let mut sends = 1;
        loop {
            let authorization = self.authorize(call).await?;
            self.may_send(call)?;
            let sent = self.exchange(call, authorization.as_ref(), &permit).await;
            let (response, place) = sent.map_err(|kind| call.error(kind))?;
            let own = sends < SENDS && place.is_home && !call.is_anonymous;
            let renewed =
                if own { self.renewed(call, authorization.as_ref(), &response).await } else { Ok(false) };
            // Only now may the others follow: they find the challenge known.
            permit.host().speaks(response.version());
            permit.host().answered(response.status(), response.headers(), Some(permit.epoch()));
            let mut answer = self.answer(call, response, place.url, permit.clone());
            (answer.sent, answer.is_folder) = (authorization, place.is_folder);
            if !renewed? {
                return Ok(answer);
            }
            sends += 1;
            answer.body.drain().await;
        }
    }

    /// The header for `call`; none where the host is open or its challenge not known yet.
    pub(super) async fn authorize(&self, call: &Call) -> Result<Option<Authorization>, Error> {
        if call.is_anonymous {
            return Ok(None);
        }
        let authorized = self.authorizer.authorize(&call.need, self).await;
        authorized.map_err(|error| call.error(Kind::Authorization(Box::new(error))))
    }

    /// Takes note of a refusal for want of a token, or of the right one; whether `call` is to be sent once more.
    pub(super) async fn renewed(
        &self,
        call: &Call,
        used: Option<&Authorization>,
        response: &reqwest::Response,
    ) -> Result<bool, Error> {
        match response.status() {
            StatusCode::UNAUTHORIZED => {
                let base = super::endpoint::base(&self.options, &call.need.host)?;
                let challenged =
                    self.authorizer.challenged(&call.need, used, response.headers(), &base).await;
                challenged.map_err(|error| call.error(Kind::Authorization(Box::new(error))))
            }
            StatusCode::FORBIDDEN => Ok(self.authorizer.forbidden(&call.need, used)),
            _ => Ok(false),
        }
    }

    pub(super) fn answer(
        &self,
        call: &Call,
        response: reqwest::Response,
        url: Url,
        permit: Permit,
    ) -> Answer {
        Answer {
            operation: Arc::clone(&call.operation),
            status: response.status(),
            headers: response.headers().clone(),
            url,
            is_folder: false,
            host: call.need.host.clone(),
            purpose: call.purpose(),
            subject: call.subject,
            refused: self.refused(call, response.status()),
            sent: None,
            body: Body { response, permit, tally: self.counters.tally(), stall: self.options.stall_timeout },
        }
    }

    fn refused(&self, call: &Call, status: StatusCode) -> Option<Holder> {
        let is_refused = matches!(status, StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN);
        is_refused.then(|| self.authorizer.holder(&call.need))
    }

    /// Sends `call` and follows redirects, with the authorization for its own host only. Who leads us away
    /// cannot use it by leading us back.
    async fn exchange(
        &self,
        call: &Call,
        authorization: Option<&Authorization>,
        permit: &Permit,
    ) -> Result<(reqwest::Response, Place), Kind> {
        let mut place = Place { url: call.url.clone(), is_home: true, is_folder: false };
        for _ in 0..=call.redirects {
            let mut headers = call.headers.clone();
            if let Some(authorization) = authorization.filter(|_| place.is_home) {
                self.disclose(authorization, &place.url, &mut headers)?;
            }
            let response = match self.hop(call, &place, headers, permit).await {
                Ok(response) => response,
                Err(kind) if place.is_home => return Err(permit.unanswered(kind)),
                // Who sends us elsewhere did answer.
                Err(cause) => {
                    return Err(Kind::Elsewhere { to: SafeUrl::new(place.url), cause: Box::new(cause) });
                }
            };
            match next_hop(&place.url, &response).filter(|_| call.follow) {
                None => return Ok((response, place)),
                Some(next) => {
                    // Whatever comes of it, the registry is not one that never answers.
                    permit.host().reached();
                    let url = next?;
                    let is_home = place.is_home && same_origin(&url, &call.url);
                    let is_folder = place.is_folder || url.path().strip_suffix('/') == Some(place.url.path());
                    place = Place { url, is_home, is_folder };
                }
            }
        }
        Err(Kind::Redirects(SafeUrl::new(place.url)))
    }

    /// One request to one address.
    async fn hop(
        &self,
        call: &Call,
        Place { url, is_home, .. }: &Place,
        headers: HeaderMap,
        permit: &Permit,
    ) -> Result<reqwest::Response, Kind> {
        let shared = call.lane == Lane::Small && *is_home;
        let connection = shared.then(|| permit.host().connection());
        let number = connection.as_ref().map_or(0, |connection| connection.number);
        let client = self.client_for(call.lane, (url, *is_home), number);
        let mut request = client.request(call.method.clone(), url.clone()).headers(headers);
        let tally = self.counters.tally();
        match &call.body {
            Some(body) => {
                tally.sent(body.len());
                request = request.header(CONTENT_LENGTH, body.len()).body(body.clone());
            }
            None if call.method == Method::POST => request = request.header(CONTENT_LENGTH, 0),
            None => {}
        }
        tally.request(&call.method);
        let stall = self.options.stall_timeout;
        match tokio::time::timeout(stall, request.send()).await {
            Ok(sent) => {
                let response = sent.map_err(Kind::of)?;
                connection.into_iter().for_each(Connection::answered);
                Ok(response)
            }
            Err(_) => Err(Kind::Stalled(stall)),
        }
    }

    /// Whether a request may be made now: one that changes something waits for nobody's leave but the gate's.
    pub(super) fn may_send(&self, call: &Call) -> Result<(), Error> {
        let is_write = !matches!(call.method, Method::GET | Method::HEAD);
        let is_shut = is_write && self.options.write_gate.as_ref().is_some_and(|gate| !gate.is_open());
        if is_shut { Err(call.error(Kind::Withheld)) } else { Ok(()) }
    }

    /// The client for a request to an address; who is not at `home` there is not shown who we are.
    pub(super) fn client_for(
        &self,
        lane: Lane,
        (url, home): (&Url, bool),
        connection: usize,
    ) -> &reqwest::Client {
        let loopback = url.host_str().is_some_and(|host| Host::new(host).is_loopback());
        let is_stranger = !home && self.options.client_certificate.is_some();
        let reach = match (loopback, url.scheme()) {
            (false, _) if is_stranger => Reach::Stranger,
            (false, _) => Reach::Remote,
            (true, "http") => Reach::LocalPlain,
            (true, _) if is_stranger => Reach::LocalStranger,
            (true, _) => Reach::Local,
        };
        self.clients.pick(lane, reach, connection)
    }
}

/// Whether the body is said to be HTML.
pub(super) fn is_html(headers: &HeaderMap) -> bool {
    let media_type = headers.get(CONTENT_TYPE).map_or(&[][..], http::HeaderValue::as_bytes);
    media_type.get(..9).is_some_and(|start| start.eq_ignore_ascii_case(b"text/html"))
}

/// Where a redirect leads; none: it is not one.
fn next_hop(from: &Url, response: &reqwest::Response) -> Option<Result<Url, Kind>> {
    if !matches!(response.status().as_u16(), 301 | 302 | 303 | 307 | 308) {
        return None;
    }
    let to = response.headers().get(LOCATION)?.to_str().ok()?;
    let Ok(next) = from.join(to) else {
        return Some(Err(Kind::Answer("redirected to something that is no address".to_owned())));
    };
    Some(if leads_on(from, &next) { Ok(next) } else { Err(Kind::Redirect(SafeUrl::new(next))) })
}

impl Answer {
    pub(super) fn error(&self, kind: Kind) -> Error {
        Error::new(Arc::clone(&self.operation), Some(&self.host), kind).with_purpose(self.purpose.clone())
    }

    /// The answer itself if it is a success, else what the registry says about it.
    pub(super) async fn or_refused(self) -> Result<Self, Error> {
        if self.status.is_success() {
            return Ok(self);
        }
        Err(self.refused().await)
    }

    /// The same answer, to a request that was made as `holder` by showing `sent`, whatever logins there are.
    pub(super) fn made_as(self, holder: Holder, sent: Authorization) -> Self {
        let is_refused = matches!(self.status, StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN);
        Self { refused: is_refused.then_some(holder), sent: Some(sent), ..self }
    }

    /// The answer itself, unless it is a page for people: no registry says anything that way.
    pub(super) fn or_page(self) -> Result<Self, Error> {
        if self.is_page() { Err(self.error(Kind::Page)) } else { Ok(self) }
    }

    /// Whether it calls itself HTML.
    pub(super) fn is_page(&self) -> bool {
        is_html(&self.headers)
    }

    /// The error that this answer is.
    pub(super) async fn refused(mut self) -> Error {
        let body = self.body.read_some(BODY_LIMIT).await;
        let right = self.purpose.as_ref().map_or(Right::Pull, |purpose| purpose.right);
        let refused = Refused::read(self.status, &self.headers, (&body, &self.echo()), right);
        let refused = refused.about(self.subject).with_holder(self.refused.take());
        self.error(Kind::Refused(Box::new(refused)))
    }

    /// What this answer may say back that nobody else is to know: the login, and the signature of an address.
    fn echo(&self) -> Echo {
        let sent = self.sent.iter().flat_map(Authorization::secrets);
        let signature = self.url.query_pairs().map(|(_, value)| value.into_owned());
        Echo::of(sent.chain(signature.filter(|value| value.len() >= SIGNATURE)))
    }

    /// The whole body, if it is no larger than `limit`.
    pub(super) async fn bytes(&mut self, limit: u64) -> Result<Bytes, Error> {
        let announced = self.length();
        if announced.is_some_and(|length| length > limit) {
            return Err(self.error(Kind::TooLarge(limit)));
        }
        let (mut all, whole) = (BytesMut::new(), self.body.stall * WHOLE);
        let end = Instant::now() + whole;
        loop {
            match timeout_at(end, self.body.frame()).await {
                Ok(Ok(Some(frame))) => all.extend_from_slice(&frame),
                Ok(Ok(None)) => return Ok(all.freeze()),
                Ok(Err(kind)) => return Err(self.error(kind)),
                // A byte now and then is no answer.
                Err(_) => return Err(self.error(Kind::Stalled(whole))),
            }
            if all.len() as u64 > limit {
                return Err(self.error(Kind::TooLarge(limit)));
            }
        }
    }

    /// What `Content-Length` says.
    pub(super) fn length(&self) -> Option<u64> {
        self.text(CONTENT_LENGTH.as_str())?.parse().ok()
    }

    /// A header as text.
    pub(super) fn text(&self, name: &str) -> Option<&str> {
        self.headers.get(name)?.to_str().ok()
    }

    pub(super) fn into_body(self) -> Body {
        self.body
    }
}

impl Body {
    /// The next bytes; none: the body ended as it should.
    pub(super) async fn frame(&mut self) -> Result<Option<Bytes>, Kind> {
        match tokio::time::timeout(self.stall, self.response.chunk()).await {
            Ok(Ok(Some(frame))) => {
                self.tally.received(frame.len());
                Ok(Some(frame))
            }
            Ok(Ok(None)) => Ok(None),
            Ok(Err(error)) => Err(Kind::of(error)),
            Err(_) => Err(Kind::Stalled(self.stall)),
        }
    }

    /// The permit that this body holds.
    pub(super) fn permit(&self) -> Permit {
        self.permit.clone()
    }

    /// As much of the body as there is within the time that one byte may take, up to `limit` bytes.
    async fn read_some(&mut self, limit: usize) -> Bytes {
        let (mut all, end) = (BytesMut::new(), Instant::now() + self.stall);
        while let Ok(Ok(Some(frame))) = timeout_at(end, self.frame()).await {
            all.extend_from_slice(&frame);
            if all.len() >= limit {
                all.truncate(limit);
                break;
            }
        }
        all.freeze()
    }

    /// Reads a small rest, so that the connection can be used again.
    pub(super) async fn drain(mut self) {
        self.read_some(BODY_LIMIT).await;
    }
}
