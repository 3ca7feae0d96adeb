//! The calls that the API knows.

use std::collections::BTreeMap;

use image_mirror::model::Digest;
use serde_json::{Value, json};

use super::pyxis::PROJECT;
use super::record::Record;
use super::requests::Asked;
use super::state::State;
use crate::support::registry::Glance;

/// Status and body.
#[derive(Debug)]
pub(super) struct Reply(pub(super) u16, pub(super) Value);

/// A call, without what is before `/v1`.
#[derive(Debug)]
pub(super) struct Call<'a> {
    pub(super) method: &'a str,
    pub(super) path: &'a str,
    pub(super) query: &'a BTreeMap<String, String>,
    pub(super) body: &'a Value,
}

pub(super) fn refused(status: u16, detail: &str) -> Reply {
    Reply(status, json!({"status": status, "detail": detail, "title": "refused"}))
}

pub(super) fn not_found() -> Reply {
    refused(404, "the requested resource was not found")
}

impl State {
    pub(super) fn carry_out_call(&mut self, call: &Call<'_>, glance: &Glance<'_>) -> Reply {
        let words: Vec<&str> = call.path.trim_start_matches('/').split('/').collect();
        match (call.method, words.as_slice()) {
            ("GET", ["v1", "tools"]) => Reply(200, self.tools.clone().unwrap_or_else(tools)),
            ("GET", ["v1", "projects", "certification", "id", PROJECT]) => Reply(200, project()),
            ("GET", ["v1", "projects", "certification", "id", PROJECT, "images"]) => {
                self.images(call, glance)
            }
            ("POST", ["v1", "projects", "certification", "id", PROJECT, "requests", "images"]) => {
                self.ask(call.body, glance)
            }
            ("GET", ["v1", "images", "id", id]) => match self.of_id(id) {
                Some(record) => Reply(200, self.json(record, glance)),
                None => not_found(),
            },
            ("GET", ["v1", "images", "id", id, "requests"]) => self.requests(id, call),
            ("POST", ["test", "submit"]) => self.submit(call, glance),
            _ => not_found(),
        }
    }

    fn of_id(&self, id: &str) -> Option<&Record> {
        self.records.iter().find(|record| record.id == id)
    }

    fn images(&self, call: &Call<'_>, glance: &Glance<'_>) -> Reply {
        let all = self.records.iter().map(|record| self.json(record, glance));
        list(all.collect(), call)
    }

    fn requests(&self, id: &str, call: &Call<'_>) -> Reply {
        if self.of_id(id).is_none() {
            return not_found();
        }
        list(self.asked.iter().filter(|asked| asked.image == id).map(Asked::json).collect(), call)
    }

    /// As a preflight program submits what it found for one platform of a tag. Without `arch` it is all of them.
    fn submit(&mut self, call: &Call<'_>, glance: &Glance<'_>) -> Reply {
        let of = |name: &str| call.query.get(name).map(String::as_str);
        let Some(digest) = of("tag").and_then(|tag| glance.tags().get(tag)) else { return not_found() };
        let children: Vec<(Option<String>, Digest)> = glance.children(digest).into_iter().collect();
        let is_asked = |architecture: &Option<String>| {
            of("arch").is_none_or(|asked| architecture.as_deref().is_none_or(|own| own == asked))
        };
        let chosen: Vec<_> =
            children.into_iter().filter(|(architecture, _)| is_asked(architecture)).collect();
        if chosen.is_empty() {
            return not_found();
        }
        if chosen.iter().any(|(_, child)| self.published.contains(child)) {
            return refused(409, "a published image cannot be changed");
        }
        let mut ids = Vec::new();
        for (architecture, child) in &chosen {
            let architecture = architecture.as_deref().or(of("arch"));
            if of("passed") != Some("false") {
                self.certify(child, architecture);
            }
            let record = self.record(child, architecture);
            record.tags = of("tag").into_iter().map(str::to_owned).collect();
            ids.push(record.id.clone());
        }
        Reply(201, json!({"ids": ids}))
    }
}

fn project() -> Value {
    json!({
        "_id": PROJECT, "name": "server", "project_status": "active", "type": "Containers",
        "container": {"hosted_registry": true, "type": "container", "isv_pid": "0123"},
    })
}

fn tools() -> Value {
    let name = "github.com/redhat-openshift-ecosystem/openshift-preflight";
    let tool = |version: &str, is_enabled: bool| json!({"name": name, "version": version, "commit": "703ac27", "enabled_for_testing": is_enabled});
    json!({"data": [tool("1.14.0", false), tool("1.18.0", true), tool("1.18.1", true)]})
}

/// A page of what the filter lets through: `a==b;c!=d`.
fn list(all: Vec<Value>, call: &Call<'_>) -> Reply {
    let number = |name: &str, otherwise: usize| {
        call.query.get(name).and_then(|text| text.parse().ok()).unwrap_or(otherwise)
    };
    let (size, page) = (number("page_size", 100).min(100), number("page", 0));
    let filter = call.query.get("filter").map(String::as_str).unwrap_or_default();
    let passes = |value: &Value| {
        filter.split(';').filter(|term| !term.is_empty()).all(|term| {
            let (name, wanted, is_equal) = match (term.split_once("=="), term.split_once("!=")) {
                (Some((name, wanted)), _) => (name, wanted, true),
                (None, Some((name, wanted))) => (name, wanted, false),
                (None, None) => return false,
            };
            let own = value[name].as_str().map_or_else(|| value[name].to_string(), str::to_owned);
            (own == wanted) == is_equal
        })
    };
    let all: Vec<_> = all.into_iter().filter(passes).collect();
    let total = all.len();
    let data: Vec<_> = all.into_iter().skip(page * size).take(size).collect();
    Reply(200, json!({"data": data, "page": page, "page_size": size, "total": total}))
}
