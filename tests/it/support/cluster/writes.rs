//! Writes of ImageStreams and of their tags, as the API server of OpenShift does them, or as a test says.
//!
//! The status is nobody's to write. A tag gets the ImageStream's new generation when its image changes or when 0 is asked for,
//! and is then imported, if anybody imports. A tag that is no longer wanted stays in the status until it is deleted.

use std::collections::{BTreeMap, BTreeSet};

use axum::http::header::RETRY_AFTER;
use axum::response::Response;
use serde_json::{Value, json};

use super::serve::{Call, Kind, nothing};
use super::store::{Name, Store};
use super::{FakeCluster, Script, status};

/// What goes wrong with writes.
#[derive(Debug, Default)]
pub(super) struct WriteScript {
    /// What somebody else makes of an ImageStream right before it is next replaced or created.
    meddling: Vec<(Name, Value)>,
    /// Writes to come, by method, that fail with this status, and are done all the same.
    failures: Vec<(&'static str, u16, bool)>,
    /// So many writes to come, by method, are answered as if they were done, and are not.
    ignored: Vec<&'static str>,
    /// Whether images are imported.
    imports: bool,
    /// Tags whose import fails.
    broken: BTreeSet<String>,
    /// Tags may only be created, and this is said to who replaces one.
    no_tag_put: Option<u16>,
    /// Namespaces where nothing is written, and what is said to who tries.
    out_of_order: BTreeMap<String, u16>,
}

impl FakeCluster {
    /// Before the ImageStream is next replaced or created, somebody else makes this of it.
    pub fn meddle(&self, namespace: &str, name: &str, object: Value) {
        let name = (namespace.to_owned(), name.to_owned());
        self.shared.script().writes.meddling.push((name, object));
    }

    /// The next writes by `method` fail, and nothing is done.
    pub fn fail_writes(&self, method: &'static str, times: usize, status: u16) {
        self.shared.script().writes.failures.extend(std::iter::repeat_n((method, status, false), times));
    }

    /// The next write by `method` is done, and its answer is lost.
    pub fn lose_answer(&self, method: &'static str) {
        self.shared.script().writes.failures.push((method, 504, true));
    }

    /// The next writes by `method` are answered as if they were done, and are not.
    pub fn ignore_writes(&self, method: &'static str, times: usize) {
        self.shared.script().writes.ignored.extend(std::iter::repeat_n(method, times));
    }

    /// From now on images are imported as soon as a tag changes, but for the tags `broken`.
    pub fn import_all_but(&self, broken: &[&str]) {
        let mut script = self.shared.script();
        script.writes.imports = true;
        script.writes.broken = broken.iter().map(|tag| (*tag).to_owned()).collect();
    }

    /// Who replaces a tag is refused with this status; tags may be created.
    pub fn without_put_of_tags(&self, status: u16) {
        self.shared.script().writes.no_tag_put = Some(status);
    }

    /// Nobody may write anything in a namespace.
    pub fn deny_writes(&self, namespace: &str) {
        self.shared.script().read_only.insert(namespace.to_owned());
    }

    /// From now on all writes in a namespace fail; who tries may do so again at once.
    pub fn break_writes(&self, namespace: &str, status: u16) {
        self.shared.script().writes.out_of_order.insert(namespace.to_owned(), status);
    }

    /// An ImageStream as it is.
    pub fn stream(&self, namespace: &str, name: &str) -> Option<Value> {
        self.shared.store().streams.get(&(namespace.to_owned(), name.to_owned())).cloned()
    }

    /// The requests that can change something: `METHOD last/two-words`.
    pub fn writes(&self) -> Vec<String> {
        let requests = self.requests();
        let writes = requests.iter().filter(|request| request.is_write());
        let text = |path: &str| path.rsplit("/namespaces/").next().unwrap_or_default().to_owned();
        writes.map(|request| format!("{} {}", request.method, text(&request.path))).collect()
    }
}

pub(super) fn answer(call: &Call) -> Response {
    let mut script = call.shared.script();
    let is_it = |method: &str| method == call.method;
    if script.absent {
        return nothing();
    }
    if let Some(code) = call.namespace.as_ref().and_then(|name| script.writes.out_of_order.get(name)) {
        let mut answer = failed(*code);
        answer.headers_mut().insert(RETRY_AFTER, 0.into());
        return answer;
    }
    let failure = script.writes.failures.iter().position(|(method, ..)| is_it(method));
    let failure = failure.map(|at| script.writes.failures.remove(at));
    if let Some((_, code, false)) = failure {
        return failed(code);
    }
    let ignored = script.writes.ignored.iter().position(|method| is_it(method));
    if ignored.map(|at| script.writes.ignored.remove(at)).is_some() {
        return status::answer(200, &call.body);
    }
    let done = done(call, &mut script);
    call.shared.news.send_replace(());
    failure.map_or(done, |(_, code, _)| failed(code))
}

fn failed(code: u16) -> Response {
    status::refuse(code, "Timeout", "the server was unable to return a response in time", &json!({}))
}

fn done(call: &Call, script: &mut Script) -> Response {
    let namespace = call.namespace.clone().expect("ImageStreams are in namespaces");
    let name = call.name.as_deref().or(call.body["metadata"]["name"].as_str()).unwrap_or_default().to_owned();
    let mut store = call.shared.store();
    if call.kind == Kind::ImageStreamTags {
        return tag(call, &mut store, script, (namespace, name));
    }
    let place = (namespace, name);
    if let Some(at) = script.writes.meddling.iter().position(|(name, _)| *name == place) {
        let (_, object) = script.writes.meddling.remove(at);
        store.put(&place.0, &place.1, object);
    }
    let name = &place.1;
    let found = store.streams.get(&place).cloned();
    let version = |object: &Value| object["metadata"]["resourceVersion"].clone();
    match (call.method.as_str(), found) {
        ("POST", Some(_)) => conflict("AlreadyExists", name),
        ("POST", None) => {
            status::answer(201, &store_stream(&mut store, script, &place, &call.body, &Value::Null))
        }
        ("PUT", None) => status::not_found(Kind::ImageStreams, name),
        ("PUT", Some(_)) if version(&call.body).is_null() => status::refuse(
            422,
            "Invalid",
            "metadata.resourceVersion: must be specified for an update",
            &json!({}),
        ),
        ("PUT", Some(there)) if version(&there) != version(&call.body) => conflict("Conflict", name),
        ("PUT", Some(there)) => {
            status::answer(200, &store_stream(&mut store, script, &place, &call.body, &there))
        }
        _ => nothing(),
    }
}

/// Stores what was sent in the place of what is there (null: of nothing), as far as clients may say it.
fn store_stream(store: &mut Store, script: &Script, place: &Name, sent: &Value, there: &Value) -> Value {
    let mut object = sent.clone();
    for field in ["uid", "creationTimestamp"] {
        object["metadata"][field] = there["metadata"][field].clone();
    }
    object["status"] = if there["status"].is_object() { there["status"].clone() } else { json!({}) };
    let next = there["metadata"]["generation"].as_i64().unwrap_or(0) + 1;
    let is_new = generations(&mut object, there, next);
    let were = |object: &Value| object["spec"]["tags"].as_array().map_or(0, Vec::len);
    let changes = is_new || were(&object) != were(there);
    object["metadata"]["generation"] = if changes { next } else { next - 1 }.into();
    if script.writes.imports {
        import(&mut object, &script.writes.broken);
    }
    store.put(&place.0, &place.1, object);
    store.streams[place].clone()
}

/// Numbers tags whose image is another; whether there are any.
fn generations(object: &mut Value, there: &Value, next: i64) -> bool {
    let mut is_new = false;
    for tag in object["spec"]["tags"].as_array_mut().into_iter().flatten() {
        let old =
            there["spec"]["tags"].as_array().into_iter().flatten().find(|old| old["name"] == tag["name"]);
        let same = old.filter(|old| old["from"]["name"] == tag["from"]["name"] && tag["generation"] != 0);
        is_new |= same.is_none();
        tag["generation"] = same.map_or(json!(next), |old| old["generation"].clone());
        tag["referencePolicy"] = json!({"type": "Source"});
    }
    is_new
}

/// Imports the images of all tags that are newer than what is under them.
fn import(object: &mut Value, broken: &BTreeSet<String>) {
    for tag in object["spec"]["tags"].as_array().cloned().unwrap_or_default() {
        let name = tag["name"].as_str().unwrap_or_default();
        if !object["status"]["tags"].is_array() {
            object["status"]["tags"] = json!([]);
        }
        let all = object["status"]["tags"].as_array_mut().expect("a list");
        if all.iter().all(|status| status["tag"] != name) {
            all.push(json!({"tag": name, "items": []}));
        }
        let status = all.iter_mut().find(|status| status["tag"] == name).expect("it was put there");
        let generation = tag["generation"].as_i64().unwrap_or(0);
        if status["items"][0]["generation"].as_i64().is_some_and(|newest| newest >= generation) {
            continue;
        }
        if broken.contains(name) {
            status["conditions"] = json!([{
                "type": "ImportSuccess", "status": "False", "generation": generation, "reason": "Unauthorized",
                "message": "you may not have access to the container image",
            }]);
        } else {
            let item = json!({"generation": generation, "dockerImageReference": tag["from"]["name"]});
            status["items"].as_array_mut().expect("a list").insert(0, item);
            status["conditions"] = Value::Null;
        }
    }
}

fn tag(call: &Call, store: &mut Store, script: &Script, (namespace, name): Name) -> Response {
    let (stream, tag) = name.split_once(':').unwrap_or((&name, ""));
    let place = (namespace, stream.to_owned());
    let Some(there) = store.streams.get(&place).cloned() else {
        return status::not_found(Kind::ImageStreams, stream);
    };
    let mut object = there.clone();
    match (call.method.as_str(), script.writes.no_tag_put) {
        ("PUT", Some(code)) => {
            return status::refuse(code, "Refused", "tags may only be created", &json!({}));
        }
        ("PUT" | "POST", _) => {
            remove(&mut object, "spec", "name", tag);
            if !object["spec"]["tags"].is_array() {
                object["spec"]["tags"] = json!([]);
            }
            object["spec"]["tags"].as_array_mut().expect("a list").push(call.body["tag"].clone());
        }
        ("DELETE", _) => {
            if !(remove(&mut object, "spec", "name", tag) | remove(&mut object, "status", "tag", tag)) {
                let no = if script.terse { status::not_found_without_details } else { status::not_found };
                return no(Kind::ImageStreamTags, &name);
            }
            store.put(&place.0, &place.1, object);
            return status::answer(200, &json!({"kind": "Status", "status": "Success"}));
        }
        _ => return nothing(),
    }
    store_stream(store, script, &place, &object, &there);
    status::answer(200, &call.body)
}

fn remove(object: &mut Value, part: &str, field: &str, tag: &str) -> bool {
    let Some(tags) = object[part]["tags"].as_array_mut() else { return false };
    let before = tags.len();
    tags.retain(|one| one[field] != tag);
    tags.len() != before
}

fn conflict(reason: &str, name: &str) -> Response {
    let message = format!("Operation cannot be fulfilled on imagestreams.image.openshift.io \"{name}\"");
    status::refuse(
        409,
        reason,
        &message,
        &json!({"name": name, "group": "image.openshift.io", "kind": "imagestreams"}),
    )
}
