//! Blobs: served whole or from an offset, uploaded in one or many requests, mounted.

use bytes::Bytes;
use image_mirror::model::Digest;
use serde_json::{Value, json};

use super::reply::Reply;
use super::serve::{Call, Cut, Incoming};
use super::store::Session;
use super::{Locations, MountPolicy};
use crate::support::image::digest_like;

pub(super) fn get(call: &Call) -> Reply {
    let digest = Digest::parse(call.reference()).ok();
    let Some(bytes) = digest.and_then(|digest| call.shared.store().blob(call.repository(), &digest)) else {
        return Reply::error(404, "BLOB_UNKNOWN", json!({"digest": call.reference()}));
    };
    let mut reply = Reply::new(200).with("content-type", "application/octet-stream");
    reply.set("docker-content-digest", call.reference());
    if !call.config.ranges {
        return reply.body(bytes);
    }
    reply.set("accept-ranges", "bytes");
    match call.header("range").and_then(|range| range.strip_prefix("bytes=")) {
        Some(range) => part(reply, range, &bytes),
        None => reply.body(bytes),
    }
}

fn part(mut reply: Reply, range: &str, bytes: &Bytes) -> Reply {
    let (first, last) = range.split_once('-').unwrap_or((range, ""));
    let first = first.parse().unwrap_or(usize::MAX);
    let end = last.parse().map_or(bytes.len(), |last: usize| bytes.len().min(last + 1));
    if first >= end {
        return Reply::new(416).with("content-range", format!("bytes */{}", bytes.len()));
    }
    reply.status = 206;
    reply.set("content-range", format!("bytes {first}-{}/{}", end - 1, bytes.len()));
    reply.body(bytes.slice(first..end))
}

pub(super) fn delete(call: &Call) -> Reply {
    let digest = Digest::parse(call.reference()).ok();
    let gone =
        digest.and_then(|digest| call.shared.store().repository(call.repository()).blobs.remove(&digest));
    gone.map_or_else(|| Reply::of_status(404), |_| Reply::new(202))
}

/// `POST …/blobs/uploads/`: a mount, if it can be, else a session.
pub(super) fn open(call: &Call) -> Reply {
    if let Some(digest) = call.query("mount").and_then(|mount| Digest::parse(mount).ok())
        && let Some(bytes) = mountable(call, &digest)
    {
        call.shared.store().repository(call.repository()).blobs.insert(digest.clone(), bytes);
        return created(call, &digest);
    }
    let mut store = call.shared.store();
    store.repository(call.repository());
    store.last_session += 1;
    let id = format!("session-{}", store.last_session);
    let session = Session { repository: call.repository().to_owned(), ..Session::default() };
    store.sessions.insert(id.clone(), session.clone());
    drop(store);
    progress(call, &id, &session, 202)
}

fn mountable(call: &Call, digest: &Digest) -> Option<Bytes> {
    let from = call.query("from");
    let store = call.shared.store();
    match (call.config.mounts, from) {
        (MountPolicy::Never, _) => None,
        (MountPolicy::OnlyOtherRepositories, Some(from)) if from == call.repository() => None,
        (MountPolicy::Anywhere, _) => {
            store.repositories.values().find_map(|held| held.blobs.get(digest).cloned())
        }
        (_, Some(from)) => store.blob(from, digest),
        (_, None) => None,
    }
}

fn created(call: &Call, digest: &Digest) -> Reply {
    let location = format!("/v2/{}/blobs/{digest}", call.repository());
    Reply::new(201).with("location", location).with("docker-content-digest", digest.as_str())
}

/// `PATCH`: more bytes.
pub(super) async fn append(call: &Call, incoming: &mut Incoming) -> Result<Reply, Cut> {
    if let Err(refused) = session(call) {
        incoming.whole().await?;
        return Ok(*refused);
    }
    take_in(call, incoming).await?;
    Ok(session_after(call)
        .map_or_else(|| refused(call), |session| progress(call, call.reference(), &session, 202)))
}

/// `PUT`: the last bytes, or all, and the digest.
pub(super) async fn finish(call: &Call, incoming: &mut Incoming) -> Result<Reply, Cut> {
    if let Err(refused) = session(call) {
        incoming.whole().await?;
        return Ok(*refused);
    }
    take_in(call, incoming).await?;
    let Some(session) = call.shared.store().sessions.remove(call.reference()) else {
        return Ok(refused(call));
    };
    let Some(digest) = call.query("digest").and_then(|digest| Digest::parse(digest).ok()) else {
        return Ok(Reply::error(400, "DIGEST_INVALID", "no digest"));
    };
    let found = digest_like(&digest, &session.bytes);
    if found != digest {
        return Ok(Reply::error(400, "DIGEST_INVALID", json!({"digest": digest, "found": found})));
    }
    call.shared.store().repository(call.repository()).blobs.insert(digest.clone(), session.bytes.into());
    Ok(created(call, &digest))
}

/// `GET` of a session.
pub(super) fn status(call: &Call) -> Reply {
    match session(call) {
        Ok(session) => progress(call, call.reference(), &session, 204),
        Err(refused) => *refused,
    }
}

/// `DELETE` of a session.
pub(super) fn cancel(call: &Call) -> Reply {
    match session(call) {
        Ok(_) => {
            call.shared.store().sessions.remove(call.reference());
            Reply::new(204)
        }
        Err(refused) => *refused,
    }
}

fn refused(call: &Call) -> Reply {
    Reply::error(404, "BLOB_UPLOAD_UNKNOWN", json!({"session": call.reference()}))
}

/// The session that the request names, if the request continues it where it is.
fn session(call: &Call) -> Result<Session, Box<Reply>> {
    let sessions = call.shared.store().sessions.get(call.reference()).cloned();
    let session = sessions
        .filter(|session| session.repository == call.repository())
        .ok_or_else(|| Box::new(refused(call)))?;
    if call.config.locations.has_query() && call.query("_state") != Some(session.state.to_string().as_str()) {
        return Err(Box::new(Reply::error(
            404,
            "BLOB_UPLOAD_INVALID",
            "not the address that was given last",
        )));
    }
    let start = call.header("content-range").and_then(|range| range.split('-').next()?.parse().ok());
    if start.is_some_and(|start: usize| start != session.bytes.len()) {
        return Err(Box::new(progress(call, call.reference(), &session, 416)));
    }
    Ok(session)
}

fn session_after(call: &Call) -> Option<Session> {
    let mut store = call.shared.store();
    let session = store.sessions.get_mut(call.reference())?;
    session.state += 1;
    Some(session.clone())
}

/// Keeps each chunk as it comes, so that what was sent before a cut is there.
async fn take_in(call: &Call, incoming: &mut Incoming) -> Result<(), Cut> {
    while let Some(chunk) = incoming.chunk().await? {
        if let Some(session) = call.shared.store().sessions.get_mut(call.reference()) {
            session.bytes.extend_from_slice(&chunk);
        }
    }
    Ok(())
}

fn progress(call: &Call, id: &str, session: &Session, status: u16) -> Reply {
    let path = format!("/v2/{}/blobs/uploads/{id}", call.repository());
    let query = format!("?_state={}", session.state);
    let (scheme, host, elsewhere) = (call.shared.scheme, &call.shared.host, &call.shared.elsewhere);
    let location = match call.config.locations {
        Locations::Relative => path,
        Locations::RelativeWithQuery => path + &query,
        Locations::Absolute => format!("{scheme}://{host}{path}"),
        Locations::AbsoluteWithQuery => format!("{scheme}://{host}{path}{query}"),
        Locations::Elsewhere => format!("{scheme}://{elsewhere}{path}{query}"),
    };
    let last = session.bytes.len().saturating_sub(1);
    Reply::new(status)
        .with("location", location)
        .with("range", format!("0-{last}"))
        .with("docker-upload-uuid", id)
        .body(if status == 416 { Bytes::from(Value::Null.to_string()) } else { Bytes::new() })
}
