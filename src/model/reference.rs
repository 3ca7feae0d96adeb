//! Image references in the grammar of `oc`: `[HOST/]NAME[:TAG][@DIGEST]`.
//!
//! A parsed reference is normalised, so that two of them name one thing exactly when they are equal:
//! the host is folded to lower case, Docker Hub's three names become `docker.io`, a `:443` goes, and
//! Hub's `library/` is added. What a mapping line may say beyond that (wildcards, schemes, layouts)
//! is the business of `mapping`.

use std::fmt;
use std::ops::Range;
use std::sync::Arc;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::digest::{Digest, DigestError};

/// A registry's host and port, normalised.
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Host(Arc<str>);

impl Host {
    /// Normalises a host that is known to be one: folds case, Hub's aliases and the default port.
    ///
    /// `:443` stays where it says something: on this machine, which speaks plain http, and behind a
    /// name that without its port would read as a part of a path.
    #[must_use]
    pub fn new(text: &str) -> Self {
        let folded = text.to_ascii_lowercase();
        let named = Self(folded.as_str().into());
        let bare = named.0.strip_suffix(":443").filter(|name| name.contains('.') && !named.is_loopback());
        match bare.unwrap_or(&named.0) {
            "index.docker.io" | "registry-1.docker.io" => Self("docker.io".into()),
            other => Self(other.into()),
        }
    }

    /// The host and the port of an address.
    #[must_use]
    pub fn of(url: &url::Url) -> Self {
        let name = url.host_str().unwrap_or_default();
        Self::new(&url.port().map_or_else(|| name.to_owned(), |port| format!("{name}:{port}")))
    }

    /// The host as it is printed and compared.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The host without its port.
    #[must_use]
    pub fn name(&self) -> &str {
        self.0.rsplit_once(':').map_or(&self.0, |(name, _)| name)
    }

    /// Whether requests to it stay on this machine (they speak plain http unless told otherwise).
    #[must_use]
    pub fn is_loopback(&self) -> bool {
        self.name() == "localhost" || self.name().parse::<std::net::IpAddr>().is_ok_and(|ip| ip.is_loopback())
    }

    /// Whether this is Docker Hub, whose API lives on another host.
    #[must_use]
    pub fn is_docker_hub(&self) -> bool {
        &*self.0 == "docker.io"
    }
}

impl fmt::Display for Host {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Debug for Host {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// A repository of a registry.
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Repository {
    /// The registry.
    pub host: Host,
    /// The name within the registry, as in `/v2/<name>/manifests/…`.
    pub name: Arc<str>,
}

impl fmt::Display for Repository {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.host, self.name)
    }
}

impl fmt::Debug for Repository {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// A tag: `[A-Za-z0-9_][A-Za-z0-9_.-]{0,127}` (OCI distribution spec §Pull).
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Tag(Arc<str>);

impl Tag {
    /// Checks `text` and keeps it.
    ///
    /// # Errors
    /// [`ReferenceError::Tag`] when it is empty, too long or has other characters.
    pub fn parse(text: &str) -> Result<Self, ReferenceError> {
        let word = |b: u8| b.is_ascii_alphanumeric() || b == b'_';
        let ok = (1..=128).contains(&text.len())
            && text.bytes().enumerate().all(|(i, b)| word(b) || (i > 0 && (b == b'.' || b == b'-')));
        if ok { Ok(Self(text.into())) } else { Err(ReferenceError::Tag) }
    }

    /// The tag as written.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The tag under which registries without a referrers API list what refers to `subject` (OCI distribution
    /// spec, referrers tag schema): `sha256-HEX`, of the hex digits 64 at most.
    #[must_use]
    pub fn of_referrers(subject: &Digest) -> Self {
        let hex = subject.hex();
        Self(format!("{}-{}", subject.algorithm(), hex.get(..64).unwrap_or(hex)).into())
    }

    /// The tag under which cosign keeps what belongs to `subject`: `sha256-HEX.sig`. None: it would be too long.
    #[must_use]
    pub fn of_cosign(subject: &Digest, suffix: &str) -> Option<Self> {
        Self::parse(&format!("{}-{}.{suffix}", subject.algorithm(), subject.hex())).ok()
    }
}

impl Serialize for Tag {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.0)
    }
}

impl<'de> Deserialize<'de> for Tag {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        Self::parse(&text).map_err(serde::de::Error::custom)
    }
}

impl fmt::Display for Tag {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Debug for Tag {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// Which manifest of a repository.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Version {
    /// What the tag names now.
    Tag(Tag),
    /// This content and no other.
    Digest(Digest),
}

impl Version {
    /// As it stands in a request path: the tag or the digest.
    #[must_use]
    pub fn as_str(&self) -> &str {
        match self {
            Self::Tag(tag) => tag.as_str(),
            Self::Digest(digest) => digest.as_str(),
        }
    }
}

impl fmt::Display for Version {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// One image of one registry, fully named.
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct ImageRef {
    /// Where.
    pub repository: Repository,
    /// Which.
    pub version: Version,
}

impl ImageRef {
    /// The image of `repository` that `version` names.
    #[must_use]
    pub fn new(repository: Repository, version: Version) -> Self {
        Self { repository, version }
    }

    /// The registry.
    #[must_use]
    pub fn host(&self) -> &Host {
        &self.repository.host
    }
}

impl fmt::Display for ImageRef {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.version {
            Version::Tag(tag) => write!(f, "{}:{tag}", self.repository),
            Version::Digest(digest) => write!(f, "{}@{digest}", self.repository),
        }
    }
}

impl fmt::Debug for ImageRef {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// Why a text is no reference.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum ReferenceError {
    /// The text does not have the form of a reference.
    #[error("not a valid image reference")]
    Format,
    /// The host part has characters or a port that no host has.
    #[error("not a valid registry host")]
    Host,
    /// A path component breaks the rules.
    #[error("not a valid repository name")]
    Name,
    /// A repository name has an upper-case letter.
    #[error("repository name must be lowercase")]
    Uppercase,
    /// The name, with its host, is longer than 255 characters.
    #[error("repository name must not be more than 255 characters")]
    Length,
    /// There is a host and nothing behind it.
    #[error("a registry without a repository")]
    NoRepository,
    /// The tag breaks the rules.
    #[error("not a valid tag")]
    Tag,
    /// The digest breaks the rules.
    #[error("{0}")]
    Digest(DigestError),
}

/// The rule that a text breaks, and the bytes that break it.
pub type Misread = (ReferenceError, Range<usize>);

/// A reference as somebody wrote it: the tag and the digest are both optional, and both may be there.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reference {
    /// Where, normalised.
    pub repository: Repository,
    /// The tag, if one was written.
    pub tag: Option<Tag>,
    /// The digest, if one was written.
    pub digest: Option<Digest>,
    /// Whether a host was written; without one Docker Hub is meant.
    pub has_host: bool,
}

impl Reference {
    /// Parses `text` as a whole.
    ///
    /// # Errors
    /// The rule that is broken and the bytes of `text` that break it.
    pub fn parse(text: &str) -> Result<Self, Misread> {
        let (rest, digest) = split_digest(text)?;
        let (name, tag) = split_tag(rest)?;
        let (host, path) = split_host(name);
        let repository = repository(host, path);
        // As it is printed, and asked for: Hub's own parts, which few write, count too.
        if repository.host.as_str().len() + 1 + repository.name.len() > 255 {
            return Err((ReferenceError::Length, 0..name.len()));
        }
        let start = name.len() - path.len();
        if path.is_empty() {
            return Err((ReferenceError::NoRepository, 0..name.len()));
        }
        if let Some(host) = host {
            check_host(host).map_err(|error| (error, 0..host.len()))?;
        }
        check_path(path).map_err(|(error, span)| (error, start + span.start..start + span.end))?;
        Ok(Self { repository, tag, digest, has_host: host.is_some() })
    }
}

fn repository(host: Option<&str>, path: &str) -> Repository {
    let host = Host::new(host.unwrap_or("docker.io"));
    let official = host.is_docker_hub() && !path.contains('/');
    let name = if official { format!("library/{path}").into() } else { path.into() };
    Repository { host, name }
}

fn split_digest(text: &str) -> Result<(&str, Option<Digest>), Misread> {
    let Some((rest, digest)) = text.split_once('@') else { return Ok((text, None)) };
    let span = rest.len() + 1..text.len();
    match Digest::parse(digest) {
        Ok(digest) => Ok((rest, Some(digest))),
        Err(error) => Err((ReferenceError::Digest(error), span)),
    }
}

/// The tag follows the last `:` behind the last `/`; a `:` before that belongs to a port.
fn split_tag(text: &str) -> Result<(&str, Option<Tag>), Misread> {
    let slash = text.rfind('/').map_or(0, |at| at + 1);
    let Some(colon) = text[slash..].find(':').map(|at| slash + at) else { return Ok((text, None)) };
    match Tag::parse(&text[colon + 1..]) {
        Ok(tag) => Ok((&text[..colon], Some(tag))),
        Err(error) => Err((error, colon + 1..text.len())),
    }
}

/// The text before the first `/` is a host if it has a `.` or a `:` or is `localhost`. A name
/// without any `/` that has a dot or begins with `localhost` is a host with nothing behind it.
fn split_host(name: &str) -> (Option<&str>, &str) {
    match name.split_once('/') {
        Some((first, path)) if first.contains(['.', ':']) || first == "localhost" => (Some(first), path),
        None if name.contains('.') || name.starts_with("localhost") => (Some(name), ""),
        _ => (None, name),
    }
}

fn check_host(host: &str) -> Result<(), ReferenceError> {
    let (name, port) = host.split_once(':').map_or((host, None), |(name, port)| (name, Some(port)));
    let label = |l: &str| {
        !l.is_empty()
            && l.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-')
            && !l.starts_with('-')
            && !l.ends_with('-')
    };
    let port_ok = port.is_none_or(|port| !port.is_empty() && port.bytes().all(|b| b.is_ascii_digit()));
    if name.split('.').all(label) && port_ok { Ok(()) } else { Err(ReferenceError::Host) }
}

fn check_path(path: &str) -> Result<(), Misread> {
    let mut start = 0;
    for component in path.split('/') {
        let span = start..start + component.len();
        if component.bytes().any(|b| b.is_ascii_uppercase()) {
            return Err((ReferenceError::Uppercase, span));
        }
        if !is_path_component(component) {
            return Err((ReferenceError::Name, span));
        }
        start = span.end + 1;
    }
    Ok(())
}

/// `[a-z0-9]+` runs joined by `.`, `_`, `__` or any number of `-`.
fn is_path_component(component: &str) -> bool {
    let alphanumeric = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit();
    let bytes = component.as_bytes();
    let (Some(&first), Some(&last)) = (bytes.first(), bytes.last()) else { return false };
    if !alphanumeric(first) || !alphanumeric(last) {
        return false;
    }
    component
        .split(|c: char| c.is_ascii_lowercase() || c.is_ascii_digit())
        .all(|separator| matches!(separator, "" | "." | "_" | "__") || separator.bytes().all(|b| b == b'-'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hosts_are_folded_and_lose_a_port_only_where_it_says_nothing() {
        let same = [
            ("QUAY.io:443", "quay.io"),
            ("index.docker.io", "docker.io"),
            ("registry-1.docker.io:443", "docker.io"),
            ("quay.io:8443", "quay.io:8443"),
            ("localhost:443", "localhost:443"),
            ("127.0.0.1:443", "127.0.0.1:443"),
            ("registry:443", "registry:443"),
        ];
        for (written, normal) in same {
            assert_eq!(Host::new(written).as_str(), normal);
        }
    }

    #[test]
    fn a_port_or_a_dot_makes_a_host_and_anything_else_is_docker_hub() {
        let read = |text| Reference::parse(text).map(|reference| reference.repository.to_string());
        assert_eq!(read("registry:443/a:v1"), Ok("registry:443/a".to_owned()));
        assert_eq!(read("myhost/a:v1"), Ok("docker.io/myhost/a".to_owned()));
        assert_eq!(read("localhost/a:v1"), Ok("localhost/a".to_owned()));
        assert_eq!(read("quay.io:v1"), Err((ReferenceError::NoRepository, 0..7)));
        assert_eq!(read("quay.io/a/B:v1"), Err((ReferenceError::Uppercase, 10..11)));
    }
}
