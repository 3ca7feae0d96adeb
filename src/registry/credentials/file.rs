//! Reads one credential file (`config.json`, `auth.json`, the content of `.dockerconfigjson`).
//!
//! It decides what each key means; which key is used for what is decided by the caller.

use std::path::Path;
use std::sync::Arc;

use serde_json::{Map, Value};

use super::entry::Entry;
use super::error::LoadError;
use super::key::{self, Key};
use super::login::{self, Fault};
use crate::redact::mask_logins;

/// What a file holds.
pub(super) struct Parsed {
    pub(super) file: Arc<Path>,
    /// Of equally long keys the first wins.
    pub(super) entries: Vec<Entry>,
    pub(super) store: Option<String>,
    pub(super) warnings: Vec<String>,
}

/// Reads `path`. An empty file (`/dev/null`) holds no logins and is none the worse for it.
pub(super) fn read(path: &Path) -> Result<Parsed, LoadError> {
    let bytes =
        std::fs::read(path).map_err(|source| LoadError::Read { path: path.display().to_string(), source })?;
    read_bytes(path, &bytes)
}

/// Reads what `path` holds.
pub(super) fn read_bytes(path: &Path, bytes: &[u8]) -> Result<Parsed, LoadError> {
    let bytes = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes);
    if bytes.trim_ascii().is_empty() {
        return parse(path, &Value::Object(Map::new()));
    }
    let value = serde_json::from_slice(bytes)
        .map_err(|source| LoadError::Json { path: path.display().to_string(), source })?;
    parse(path, &value)
}

fn parse(path: &Path, value: &Value) -> Result<Parsed, LoadError> {
    let shown = || path.display().to_string();
    let Value::Object(top) = value else { return Err(LoadError::Shape { path: shown() }) };
    if !["auths", "credHelpers", "credsStore"].iter().any(|name| top.contains_key(*name)) && !top.is_empty() {
        let is_legacy = top.values().any(|value| value.get("auth").is_some());
        return Err(if is_legacy {
            LoadError::Legacy { path: shown() }
        } else {
            LoadError::Shape { path: shown() }
        });
    }
    let store = top.get("credsStore").and_then(Value::as_str).filter(|name| !name.is_empty());
    let mut reader = Reader { path, store, entries: Vec::new(), warnings: Vec::new() };
    reader.section(top, "credHelpers", Reader::program);
    reader.section(top, "auths", Reader::auth);
    // Keys that say the same: the plain one before one that was an address (stable: programs first).
    reader.entries.sort_by_key(|(is_plain, _)| !is_plain);
    Ok(Parsed {
        file: path.into(),
        entries: reader.entries.into_iter().map(|(_, entry)| entry).collect(),
        store: store.map(str::to_owned),
        warnings: reader.warnings,
    })
}

struct Reader<'a> {
    path: &'a Path,
    store: Option<&'a str>,
    entries: Vec<(bool, Entry)>,
    warnings: Vec<String>,
}

impl Reader<'_> {
    fn section(
        &mut self,
        top: &Map<String, Value>,
        name: &str,
        read: impl Fn(&Self, Key, Arc<str>, &Value) -> Option<Entry>,
    ) {
        let fields = match top.get(name) {
            None | Some(Value::Null) => return,
            Some(Value::Object(fields)) => fields,
            Some(_) => {
                let warning = format!("`{name}` of {} is not an object; it is not used", self.path.display());
                return self.warnings.push(warning);
            }
        };
        for (text, value) in fields {
            let id = format!("entry `{}` of {}", mask_logins(text), self.path.display());
            let Some(key) = Key::parse(text) else {
                self.warnings.push(format!("{id} names no registry and no path in one; it is not used"));
                continue;
            };
            if let Some(entry) = read(self, key, id.into(), value) {
                self.entries.push((key::is_plain(text), entry));
            }
        }
    }

    fn program(_: &Self, key: Key, id: Arc<str>, value: &Value) -> Option<Entry> {
        match value {
            Value::Null => None,
            Value::String(name) if name.is_empty() => None,
            Value::String(name) => Some(Entry::program(key, id, name)),
            _ => Some(Entry::broken(key, id, Fault::NotText("credHelpers"))),
        }
    }

    /// An entry that says nothing stands for what the store holds, if there is one.
    fn auth(&self, key: Key, id: Arc<str>, value: &Value) -> Option<Entry> {
        match login::decode(value) {
            Ok(Some(login)) => Some(Entry::ready(key, id, login)),
            Ok(None) => self.store.map(|name| Entry::program(key, id, name)),
            Err(fault) => Some(Entry::broken(key, id, fault)),
        }
    }
}
