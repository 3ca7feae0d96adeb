//! The keys of a credential file: a registry, or a path within one. Matching only; no values.

use crate::model::Host;

/// A key of `auths` or `credHelpers`, normalised.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Key {
    pub(super) host: Host,
    /// Path components joined by `/`; empty for the whole registry.
    pub(super) path: Box<str>,
}

impl Key {
    pub(super) fn host(host: &Host) -> Self {
        Self { host: host.clone(), path: "".into() }
    }

    /// Reads `HOST[/PATH]`, also with a scheme, a trailing slash or docker's `/v1/` behind it.
    /// None: it is no such thing and can match nothing.
    pub(super) fn parse(text: &str) -> Option<Self> {
        let bare = without_scheme(text);
        let trimmed = bare.trim_end_matches('/');
        let (host, path) = trimmed.split_once('/').unwrap_or((trimmed, ""));
        let in_host = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '-' | '_' | ':' | '[' | ']');
        let in_path = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '-' | '_' | '/');
        if host.is_empty() || !host.chars().all(in_host) || !path.chars().all(in_path) {
            return None;
        }
        let host = Host::new(host);
        let is_api = matches!(path, "v1" | "v2") && (bare.len() < text.len() || host.is_docker_hub());
        Some(Self { host, path: if is_api { "".into() } else { path.into() } })
    }

    /// How many components of `host/name` the key covers; None if it is no prefix of it.
    pub(super) fn matches(&self, host: &Host, name: &str) -> Option<usize> {
        if self.host != *host {
            return None;
        }
        if self.path.is_empty() {
            return Some(1);
        }
        let rest = name.strip_prefix(&*self.path)?;
        (rest.is_empty() || rest.starts_with('/')).then(|| 2 + self.path.matches('/').count())
    }

    /// What a credential program is asked for: it knows Docker Hub by its old address only.
    pub(super) fn server(&self) -> String {
        if self.host.is_docker_hub() {
            return "https://index.docker.io/v1/".to_owned();
        }
        if self.path.is_empty() { self.host.to_string() } else { format!("{}/{}", self.host, self.path) }
    }
}

/// Whether `text` is written as plainly as a key can be; of two keys that mean the same it wins.
pub(super) fn is_plain(text: &str) -> bool {
    without_scheme(text).len() == text.len() && !text.ends_with('/')
}

fn without_scheme(text: &str) -> &str {
    let is_http = |scheme: &str| scheme.eq_ignore_ascii_case("https") || scheme.eq_ignore_ascii_case("http");
    match text.split_once("://") {
        Some((scheme, rest)) if is_http(scheme) => rest,
        _ => text,
    }
}
