//! Manifests: served by tag or digest, taken in only when all they name is there.

use bytes::Bytes;
use image_mirror::model::Digest;
use serde_json::{Value, json};

use super::listings;
use super::reply::Reply;
use super::serve::Call;
use super::store::Stored;
use crate::support::image::{digest_like, digest_of};

pub(super) fn get(call: &Call) -> Reply {
    let store = call.shared.store();
    let Some((digest, stored)) = store.manifest(call.repository(), call.reference()) else {
        return unknown(call);
    };
    if !accepts(call, &stored.media_type) {
        return unknown(call);
    }
    let reply = Reply::new(200).with("content-type", &stored.media_type).body(stored.bytes.clone());
    with_digest(call, reply, &digest)
}

fn unknown(call: &Call) -> Reply {
    Reply::error(404, "MANIFEST_UNKNOWN", json!({"Tag": call.reference()}))
}

/// As Distribution: a type that the client does not name is not found; a client that names none gets all.
fn accepts(call: &Call, media_type: &str) -> bool {
    let accepted: Vec<_> =
        call.headers.get_all("accept").iter().filter_map(|value| value.to_str().ok()).collect();
    let mut words = accepted
        .iter()
        .flat_map(|value| value.split(','))
        .map(|word| word.split(';').next().unwrap_or(word).trim());
    accepted.is_empty() || words.any(|word| word == media_type || word == "*/*")
}

fn with_digest(call: &Call, reply: Reply, digest: &Digest) -> Reply {
    if call.config.digest_header { reply.with("docker-content-digest", digest.as_str()) } else { reply }
}

pub(super) fn put(call: &Call, bytes: &Bytes) -> Reply {
    let invalid = |why: &str| Reply::error(400, "MANIFEST_INVALID", why);
    let Some(media_type) =
        call.header("content-type").map(|text| text.split(';').next().unwrap_or(text).trim())
    else {
        return invalid("no Content-Type");
    };
    if media_type.contains("manifest.v1+") && media_type.contains("docker") {
        return invalid("schema 1 is not supported");
    }
    let stored = match Stored::read(media_type, bytes.clone()) {
        Ok(stored) => stored,
        Err(why) => return invalid(&why),
    };
    let by_digest = Digest::parse(call.reference()).ok();
    let digest = by_digest.as_ref().map_or_else(|| digest_of(bytes), |digest| digest_like(digest, bytes));
    if by_digest.as_ref().is_some_and(|asked| *asked != digest) {
        return Reply::error(400, "DIGEST_INVALID", format!("the manifest is {digest}"));
    }
    keep(call, stored, &digest)
}

fn keep(call: &Call, stored: Stored, digest: &Digest) -> Reply {
    let mut store = call.shared.store();
    let missing = store.missing(call.repository(), &stored);
    if !missing.is_empty() {
        let details = missing.iter().map(|digest| Value::from(digest.as_str()));
        return Reply::errors(400, "MANIFEST_BLOB_UNKNOWN", details);
    }
    let subject =
        stored.json["subject"]["digest"].as_str().filter(|_| call.config.referrers).map(str::to_owned);
    let subject = subject.filter(|_| call.config.subject_header);
    store.repository(call.repository()).manifests.insert(digest.clone(), stored);
    if Digest::parse(call.reference()).is_err() {
        store.write_tag(call.repository(), call.reference(), digest);
    }
    let location = format!("/v2/{}/manifests/{digest}", call.repository());
    let mut reply = with_digest(call, Reply::new(201).with("location", location), digest);
    if let Some(subject) = subject {
        reply.set("oci-subject", subject);
    }
    reply
}

/// As quay's API: a tag alone, for its token.
pub(super) fn quay_delete(call: &Call) -> Reply {
    if let Some(refusal) = listings::refused(call) {
        return refusal;
    }
    let gone = call.shared.store().repository(call.repository()).tags.remove(call.reference()).is_some();
    Reply::of_status(if gone { 204 } else { 404 })
}

pub(super) fn delete(call: &Call) -> Reply {
    let refused = call.config.refuse_tag_deletion.filter(|_| Digest::parse(call.reference()).is_err());
    if let Some(status) = refused {
        return Reply::error(status, "UNSUPPORTED", "a tag is not deleted alone");
    }
    let mut store = call.shared.store();
    let repository = store.repository(call.repository());
    let gone = match Digest::parse(call.reference()) {
        Ok(digest) => {
            repository.tags.retain(|_, tagged| *tagged != digest);
            repository.manifests.remove(&digest).is_some()
        }
        Err(_) => repository.tags.remove(call.reference()).is_some(),
    };
    drop(store);
    if gone { Reply::new(202) } else { unknown(call) }
}
