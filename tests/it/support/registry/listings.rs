//! Lists: tags in pages, the catalog, referrers, and quay's own tag list.

use image_mirror::model::Digest;
use serde_json::{Value, json};

use super::QuayApi;
use super::reply::Reply;
use super::serve::Call;
use super::store::Repository;

pub(super) fn tags(call: &Call) -> Reply {
    let store = call.shared.store();
    let Some(repository) = store.repositories.get(call.repository()) else {
        return Reply::error(404, "NAME_UNKNOWN", json!({"name": call.repository()}));
    };
    let (page, next) = page(call, repository.tags.keys());
    let reply = Reply::json(&json!({"name": call.repository(), "tags": page}));
    linked(reply, &format!("/v2/{}/tags/list", call.repository()), next.as_ref())
}

pub(super) fn catalog(call: &Call) -> Reply {
    let store = call.shared.store();
    let (page, next) = page(call, store.repositories.keys());
    linked(Reply::json(&json!({"repositories": page})), "/v2/_catalog", next.as_ref())
}

type Next = (usize, String);

/// One page of names that come in order, and where the next begins.
fn page<'a>(call: &Call, names: impl Iterator<Item = &'a String>) -> (Vec<String>, Option<Next>) {
    let asked = call.query("n").and_then(|n| n.parse().ok()).unwrap_or(usize::MAX);
    let size = asked.min(call.config.page_size);
    let last = call.query("last").unwrap_or_default();
    let mut names: Vec<_> = names.filter(|name| name.as_str() > last).cloned().collect();
    let more = names.len() > size;
    names.truncate(size);
    let next = names.last().filter(|_| more).map(|name| (size, name.clone()));
    (names, next)
}

fn linked(reply: Reply, path: &str, next: Option<&Next>) -> Reply {
    let Some((size, last)) = next else { return reply };
    reply.with("link", format!("<{path}?n={size}&last={last}>; rel=\"next\""))
}

pub(super) fn referrers(call: &Call) -> Reply {
    if !call.config.referrers {
        return Reply::error(404, "UNSUPPORTED", Value::Null);
    }
    let store = call.shared.store();
    let repository = store.repositories.get(call.repository()).cloned().unwrap_or_default();
    let wanted = call.query("artifactType");
    let of_subject = repository
        .manifests
        .iter()
        .filter(|(_, stored)| stored.json["subject"]["digest"] == call.reference());
    let links = of_subject.map(|(digest, stored)| {
        let kind = stored.json["artifactType"].as_str().or(stored.json["config"]["mediaType"].as_str());
        json!({"mediaType": stored.media_type, "digest": digest, "size": stored.bytes.len(), "artifactType": kind})
    });
    let mut links: Vec<_> =
        links.filter(|link| wanted.is_none_or(|wanted| link["artifactType"] == wanted)).collect();
    let start: usize = call.query("page").and_then(|page| page.parse().ok()).unwrap_or_default();
    let size = call.config.referrers_page;
    let more = links.len() > start.saturating_add(size);
    links = links.into_iter().skip(start).take(size).collect();
    let index = "application/vnd.oci.image.index.v1+json";
    let mut reply = Reply::json(&json!({"schemaVersion": 2, "mediaType": index, "manifests": links}));
    if more {
        let path = format!("/v2/{}/referrers/{}", call.repository(), call.reference());
        reply.set("link", format!("<{path}?page={}>; rel=\"next\"", start + size));
    }
    reply.set("content-type", index);
    if wanted.is_some() {
        reply.set("oci-filters-applied", "artifactType");
    }
    reply
}

/// What quay's API says to who may not use it.
pub(super) fn refused(call: &Call) -> Option<Reply> {
    match &call.config.quay_api {
        QuayApi::Absent => Some(Reply::of_status(404)),
        QuayApi::Token(token) if call.header("authorization") != Some(format!("Bearer {token}").as_str()) => {
            Some(Reply::of_status(401))
        }
        QuayApi::Open | QuayApi::Token(_) => None,
    }
}

/// quay's `GET /api/v1/repository/{name}/tag/?limit=100&page=1&onlyActiveTags=true`.
pub(super) fn quay_tags(call: &Call) -> Reply {
    if let Some(refusal) = refused(call) {
        return refusal;
    }
    let number =
        |key: &str, otherwise: usize| call.query(key).and_then(|text| text.parse().ok()).unwrap_or(otherwise);
    let (limit, number) = (number("limit", 50).clamp(1, 100), number("page", 1).max(1));
    let store = call.shared.store();
    let Some(repository) = store.repositories.get(call.repository()) else { return Reply::of_status(404) };
    let tags = repository.tags.iter().skip((number - 1) * limit);
    let page: Vec<_> =
        tags.clone().take(limit).map(|(name, digest)| quay_tag(repository, name, digest)).collect();
    let more = tags.count() > limit;
    Reply::json(&json!({"tags": page, "page": number, "has_additional": more}))
}

fn quay_tag(repository: &Repository, name: &str, digest: &Digest) -> Value {
    let stored = repository.manifests.get(digest);
    json!({
        "name": name, "reversion": false, "start_ts": 1_700_000_000, "manifest_digest": digest,
        "is_manifest_list": stored.is_some_and(super::store::Stored::is_index),
        "size": null, "last_modified": "Tue, 14 Nov 2023 22:13:20 -0000",
    })
}
