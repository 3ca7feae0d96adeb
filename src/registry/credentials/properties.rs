//! What holds for every docker config, whatever is in it. For the fuzz target and its twin.

use std::path::Path;
use std::sync::Arc;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::Value;

use super::{Credentials, Entry, Inner, LoadError, file, login};
use crate::model::{Host, Repository};

/// What is used for a repository is the entry with the longest key that is it or contains it; and what is printed does
/// not depend on any secret of the file.
pub(crate) fn docker_config(input: &[u8]) {
    let credentials = match load(input) {
        Ok(credentials) => credentials,
        Err(error) => return assert!(error.to_string().len() < 400, "{error}"),
    };
    let before = shown(&credentials);
    for (host, name) in repositories(&credentials) {
        chosen_is_longest(&credentials, &host, &name);
    }
    let Ok(mut other) = serde_json::from_slice::<Value>(input) else { return };
    with_other_secrets(&mut other);
    let other = load(other.to_string().as_bytes()).expect("other secrets are as good");
    assert_eq!(before, shown(&other), "what is printed depends on a secret");
}

fn load(bytes: &[u8]) -> Result<Credentials, LoadError> {
    let mut inner = Inner::default();
    inner.add(file::read_bytes(Path::new("config.json"), bytes)?);
    Ok(Credentials(Arc::new(inner)))
}

/// For each key the repository that it is, one below, one that only begins the same, and the one above.
fn repositories(credentials: &Credentials) -> Vec<(Host, String)> {
    let keys = credentials.0.entries.iter().map(|entry| entry.key());
    keys.flat_map(|key| {
        let parent = key.path.rsplit_once('/').map_or("", |(parent, _)| parent);
        let names =
            [key.path.to_string(), format!("{}/x", key.path), format!("{}x/y", key.path), parent.to_owned()];
        names.map(|name| (key.host.clone(), name))
    })
    .take(200)
    .collect()
}

fn chosen_is_longest(credentials: &Credentials, host: &Host, name: &str) {
    let whole = format!("{host}/{name}/");
    // The key as a text that ends with a slash is how the whole begins, or it covers nothing of it.
    let covered = |entry: &Arc<Entry>| {
        let key = entry.key();
        let slash = if key.path.is_empty() { "" } else { "/" };
        let key = format!("{}/{}{slash}", key.host, key.path);
        whole.starts_with(&key).then_some(key.len())
    };
    let longest = credentials.0.entries.iter().filter_map(covered).max();
    let chosen = credentials.choose(host, name);
    match (longest, chosen) {
        (Some(longest), Some(chosen)) => assert_eq!(covered(&chosen), Some(longest), "{whole}: {chosen}"),
        (Some(_), None) => panic!("{whole} has no entry"),
        (None, Some(chosen)) => assert!(credentials.0.store.is_some(), "{whole}: {chosen}"),
        (None, None) => {}
    }
}

/// Everything that anyone may come to see of `credentials`.
fn shown(credentials: &Credentials) -> String {
    let mut all = format!("{credentials:?} {:?}", credentials.warnings());
    for (host, name) in repositories(credentials) {
        all += &credentials.describe(&Repository { host, name: name.into() });
    }
    all
}

/// Another secret in the place of each, of no other length than it must be.
fn with_other_secrets(config: &mut Value) {
    let entries = config.get_mut("auths").and_then(Value::as_object_mut).into_iter().flatten();
    for (_, fields) in entries {
        for (name, value) in fields.as_object_mut().into_iter().flatten() {
            let Value::String(text) = value else { continue };
            match name.as_str() {
                "password" | "identitytoken" | "registrytoken" if !text.trim().is_empty() => {
                    *text = format!("other-{}", text.len());
                }
                "auth" => *text = other_auth(text),
                _ => {}
            }
        }
    }
}

fn other_auth(auth: &str) -> String {
    match login::decode_auth(auth) {
        Ok(Some((user, password))) if !password.is_empty() => {
            STANDARD.encode(format!("{user}:other-{}", password.len()))
        }
        _ => auth.to_owned(),
    }
}
