//! The way of a request through the registry: written down, stopped or held, spoilt, carried out, answered.

use std::collections::BTreeMap;
use std::sync::atomic::Ordering;
use std::sync::{Arc, PoisonError};

use axum::body::{Body, BodyDataStream};
use axum::extract::{ConnectInfo, Request, State};
use axum::http::{HeaderMap, Method};
use axum::response::Response;
use bytes::Bytes;
use futures_util::StreamExt as _;
use serde_json::{Value, json};

use super::fault::{Admission, Answer, Effect, Stop, StreamFault};
use super::log::{Entry, Kind, Target};
use super::reply::{self, Reply};
use super::wire::{Connection, Side};
use super::{Config, Shared, blobs, front, listings, manifests};

/// A request on its way.
#[derive(Debug)]
pub(super) struct Call {
    pub(super) shared: Arc<Shared>,
    pub(super) config: Config,
    pub(super) target: Target,
    pub(super) method: Method,
    pub(super) headers: HeaderMap,
    pub(super) path: String,
    pub(super) side: Side,
}

impl Call {
    pub(super) fn repository(&self) -> &str {
        self.target.repository.as_deref().unwrap_or_default()
    }

    pub(super) fn reference(&self) -> &str {
        self.target.reference.as_deref().unwrap_or_default()
    }

    pub(super) fn query(&self, key: &str) -> Option<&str> {
        self.target.query.get(key).map(String::as_str)
    }

    pub(super) fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name).and_then(|value| value.to_str().ok())
    }
}

/// No answer is to be had.
#[derive(Debug)]
pub(super) enum Cut {
    /// The connection is to be reset in the middle of the request's body, or was by the client.
    Reset,
    /// The same for one stream of HTTP/2, or for all of them.
    Stream(StreamFault),
}

/// The body of a request, counted as it comes in.
#[derive(Debug)]
pub(super) struct Incoming {
    stream: BodyDataStream,
    entry: Arc<Entry>,
    left: u64,
}

impl Incoming {
    pub(super) async fn chunk(&mut self) -> Result<Option<Bytes>, Cut> {
        if self.left == 0 {
            return Err(Cut::Reset);
        }
        let Some(chunk) = self.stream.next().await else { return Ok(None) };
        let mut chunk = chunk.map_err(|_| Cut::Reset)?;
        chunk.truncate(usize::try_from(self.left).unwrap_or(usize::MAX));
        self.left -= chunk.len() as u64;
        self.entry.received.fetch_add(chunk.len() as u64, Ordering::SeqCst);
        Ok(Some(chunk))
    }

    pub(super) async fn whole(&mut self) -> Result<Bytes, Cut> {
        let mut whole = Vec::new();
        while let Some(chunk) = self.chunk().await? {
            whole.extend_from_slice(&chunk);
        }
        Ok(whole.into())
    }
}

pub(super) async fn answer(
    State(shared): State<Arc<Shared>>,
    ConnectInfo(connection): ConnectInfo<Connection>,
    request: Request<Body>,
) -> Response {
    let (parts, body) = request.into_parts();
    let target = target_of(connection.side, &parts.method, parts.uri.path(), parts.uri.query());
    let path = parts.uri.path().to_owned();
    let entry = shared.log.open(parts.method.clone(), path.clone(), target.clone(), parts.headers.clone());
    let stop = shared.stop();
    let admission = stop.as_ref().map_or(Admission::Answered, |stop| stop.admit(target.kind.is_write()));
    if admission == Admission::Refused {
        return reply::reset(&connection);
    }
    for barrier in shared.barriers() {
        barrier.pass(&target).await;
    }
    let effect = shared.faults.take(&target);
    let left = effect.upload_reset_after.unwrap_or(u64::MAX);
    let incoming = Incoming { stream: body.into_data_stream(), entry: Arc::clone(&entry), left };
    let (config, method, headers) = (shared.config(), parts.method, parts.headers);
    let call = Call { shared, config, target, method, headers, path, side: connection.side };
    let outcome = outcome(&call, &effect, incoming, &entry).await;
    if let Some(stop) = stop.filter(|_| admission == Admission::Unanswered) {
        stop.lost();
        return reply::reset(&connection);
    }
    match outcome {
        Ok(reply) => reply.spoil(&effect).send(&call.method, &effect, &entry, &connection),
        Err(Cut::Reset) => reply::reset(&connection),
        Err(Cut::Stream(fault)) => reply::without_answer(fault),
    }
}

async fn outcome(call: &Call, effect: &Effect, mut incoming: Incoming, entry: &Entry) -> Result<Reply, Cut> {
    let usual = effect.status.is_none() && effect.answer == Answer::Given;
    let done = if usual || effect.carried_out {
        carry_out(call, &mut incoming, entry).await?
    } else {
        incoming.whole().await?;
        Reply::new(200)
    };
    match effect.answer {
        Answer::Given => Ok(effect.status.map_or(done, Reply::of_status)),
        Answer::Reset => Err(Cut::Reset),
        Answer::Stream(fault) => Err(Cut::Stream(fault)),
        Answer::Stall => std::future::pending().await,
        Answer::Redirect => Ok(elsewhere(call)),
        Answer::Expired => Ok(call.shared.access.challenge(call, Some("invalid_token"))),
    }
}

async fn carry_out(call: &Call, incoming: &mut Incoming, entry: &Entry) -> Result<Reply, Cut> {
    let reply = dispatch(call, incoming, entry).await?;
    if call.target.kind.is_write() && call.config.check_every_write {
        call.shared.note_broken_tags(call.repository(), entry.number);
    }
    if call.target.kind.is_write() {
        call.shared.watchers.tell(&call.shared, call.repository());
    }
    Ok(reply)
}

async fn dispatch(call: &Call, incoming: &mut Incoming, entry: &Entry) -> Result<Reply, Cut> {
    if call.side == Side::Registry {
        match call.shared.access.admit(call) {
            Ok((None, _)) if call.config.tags_for_logins && call.target.kind == Kind::Tags => {
                return Ok(call.shared.access.challenge(call, Some("insufficient_scope")));
            }
            Ok(identity) => drop(entry.identity.set(identity)),
            Err(refusal) => {
                incoming.whole().await?;
                return Ok(*refusal);
            }
        }
    }
    let kind = match call.side {
        Side::Registry => call.target.kind,
        Side::Elsewhere => target_of(Side::Registry, &call.method, &call.path, None).kind,
    };
    if call.config.redirect_blobs
        && call.side == Side::Registry
        && matches!(kind, Kind::GetBlob | Kind::HeadBlob)
    {
        return Ok(elsewhere(call));
    }
    if let Some(behind) = &call.shared.behind {
        return front::pass_on(call, behind, incoming).await;
    }
    for view in call.shared.views.iter().filter(|_| !kind.is_write()) {
        view.refresh(&call.shared, &call.target);
    }
    Ok(match kind {
        Kind::Ping => Reply::json(&json!({})).with("docker-distribution-api-version", "registry/2.0"),
        Kind::HeadManifest | Kind::GetManifest => manifests::get(call),
        Kind::PutManifest => manifests::put(call, &incoming.whole().await?),
        Kind::DeleteManifest => manifests::delete(call),
        Kind::HeadBlob | Kind::GetBlob => blobs::get(call),
        Kind::DeleteBlob => blobs::delete(call),
        Kind::PostUpload | Kind::PostMount => blobs::open(call),
        Kind::PatchUpload => blobs::append(call, incoming).await?,
        Kind::PutBlob => blobs::finish(call, incoming).await?,
        Kind::GetUpload => blobs::status(call),
        Kind::DeleteUpload => blobs::cancel(call),
        Kind::Tags => listings::tags(call),
        Kind::Catalog => listings::catalog(call),
        Kind::Referrers => listings::referrers(call),
        Kind::QuayTags => listings::quay_tags(call),
        Kind::QuayDeleteTag => manifests::quay_delete(call),
        Kind::Token | Kind::Elsewhere | Kind::Other => Reply::error(404, "UNSUPPORTED", Value::Null),
    })
}

/// To the same path at the second host.
fn elsewhere(call: &Call) -> Reply {
    let address = format!(
        "{}://{}{}?X-Signature=secret-of-the-redirect",
        call.shared.scheme, call.shared.elsewhere, call.path
    );
    Reply::new(307).with("location", address)
}

/// Reads method, path and query.
pub(super) fn target_of(side: Side, method: &Method, path: &str, query: Option<&str>) -> Target {
    let query: BTreeMap<String, String> =
        url::form_urlencoded::parse(query.unwrap_or_default().as_bytes()).into_owned().collect();
    let (kind, repository, reference) = route(method, path, query.contains_key("mount"));
    let kind = if side == Side::Elsewhere { Kind::Elsewhere } else { kind };
    let repository = repository.map(str::to_owned);
    let reference = reference.map(|reference| reference.replace("%3A", ":").replace("%3a", ":"));
    Target { kind, repository, reference, query }
}

type Route<'a> = (Kind, Option<&'a str>, Option<&'a str>);

fn route<'a>(method: &Method, path: &'a str, mount: bool) -> Route<'a> {
    let unknown = (Kind::Other, None, None);
    if let Some(rest) = path.strip_prefix("/api/v1/repository/") {
        return match rest.rsplit_once("/tag/") {
            Some((name, "")) => (Kind::QuayTags, Some(name), None),
            Some((name, tag)) if method == Method::DELETE => (Kind::QuayDeleteTag, Some(name), Some(tag)),
            _ => unknown,
        };
    }
    let Some(rest) = path.strip_prefix("/v2/") else { return unknown };
    let split = |word: &str| rest.rsplit_once(word).map(|(name, reference)| (Some(name), Some(reference)));
    if rest.is_empty() {
        (Kind::Ping, None, None)
    } else if rest == "_catalog" {
        (Kind::Catalog, None, None)
    } else if let Some(name) = rest.strip_suffix("/tags/list") {
        (Kind::Tags, Some(name), None)
    } else if let Some((name, session)) = split("/blobs/uploads/") {
        (upload_kind(method, mount), name, session.filter(|session| !session.is_empty()))
    } else if let Some((name, reference)) = split("/manifests/") {
        (manifest_kind(method), name, reference)
    } else if let Some((name, digest)) = split("/blobs/") {
        (blob_kind(method), name, digest)
    } else if let Some((name, digest)) = split("/referrers/") {
        (Kind::Referrers, name, digest)
    } else {
        unknown
    }
}

fn upload_kind(method: &Method, mount: bool) -> Kind {
    match method.as_str() {
        "POST" if mount => Kind::PostMount,
        "POST" => Kind::PostUpload,
        "PATCH" => Kind::PatchUpload,
        "PUT" => Kind::PutBlob,
        "GET" => Kind::GetUpload,
        "DELETE" => Kind::DeleteUpload,
        _ => Kind::Other,
    }
}

fn manifest_kind(method: &Method) -> Kind {
    match method.as_str() {
        "HEAD" => Kind::HeadManifest,
        "GET" => Kind::GetManifest,
        "PUT" => Kind::PutManifest,
        "DELETE" => Kind::DeleteManifest,
        _ => Kind::Other,
    }
}

fn blob_kind(method: &Method) -> Kind {
    match method.as_str() {
        "HEAD" => Kind::HeadBlob,
        "GET" => Kind::GetBlob,
        "DELETE" => Kind::DeleteBlob,
        _ => Kind::Other,
    }
}

impl Shared {
    fn stop(&self) -> Option<Stop> {
        self.stop.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}
