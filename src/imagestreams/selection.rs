//! What flags pick: namespaces, ImageStreams and tags, and how those are written.

use std::fmt;
use std::str::FromStr;
use std::sync::Arc;

/// A namespace.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Namespace(pub(super) Arc<str>);

/// An ImageStream: `namespace/name`.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct StreamName {
    /// Its namespace.
    pub namespace: Arc<str>,
    /// Its name within.
    pub name: Arc<str>,
}

/// A tag of an ImageStream: `namespace/name:tag`.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct IsTag {
    /// The namespace of the ImageStream.
    pub namespace: Arc<str>,
    /// Its name.
    pub name: Arc<str>,
    /// The tag.
    pub tag: Arc<str>,
}

/// What is never picked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Exclusion {
    /// All ImageStreams of a namespace.
    Namespace(Namespace),
    /// All tags of an ImageStream.
    Stream(StreamName),
    /// One tag.
    Tag(IsTag),
}

/// What the flags pick, besides the configuration file.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Selection {
    /// All ImageStreams of the cluster.
    pub all_namespaces: bool,
    /// All ImageStreams of these namespaces.
    pub namespaces: Vec<Namespace>,
    /// All tags of these ImageStreams.
    pub streams: Vec<StreamName>,
    /// These tags.
    pub tags: Vec<IsTag>,
    /// What these do not pick. The configuration file has its own `ignoredSources`.
    pub exclude: Vec<Exclusion>,
}

/// A text that names no namespace, ImageStream or tag.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("expected {expected}")]
pub struct NameError {
    expected: &'static str,
}

impl Exclusion {
    /// Whether `istag` is what it names, or within.
    pub(super) fn covers(&self, istag: &IsTag) -> bool {
        match self {
            Self::Namespace(namespace) => namespace.0 == istag.namespace,
            Self::Stream(stream) => stream.namespace == istag.namespace && stream.name == istag.name,
            Self::Tag(tag) => tag == istag,
        }
    }
}

impl IsTag {
    /// The ImageStream.
    #[must_use]
    pub fn stream(&self) -> StreamName {
        StreamName { namespace: Arc::clone(&self.namespace), name: Arc::clone(&self.name) }
    }
}

impl Namespace {
    /// As it is written.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for Namespace {
    type Err = NameError;

    fn from_str(text: &str) -> Result<Self, NameError> {
        if is_part(text) { Ok(Self(text.into())) } else { Err(NameError { expected: "a namespace" }) }
    }
}

impl FromStr for StreamName {
    type Err = NameError;

    fn from_str(text: &str) -> Result<Self, NameError> {
        match text.split_once('/') {
            Some((namespace, name)) if is_part(namespace) && is_part(name) => {
                Ok(Self { namespace: namespace.into(), name: name.into() })
            }
            _ => Err(NameError { expected: "an ImageStream: `namespace/name`" }),
        }
    }
}

impl FromStr for IsTag {
    type Err = NameError;

    fn from_str(text: &str) -> Result<Self, NameError> {
        let wrong = NameError { expected: "a tag of an ImageStream: `namespace/name:tag`" };
        let (stream, tag) = text.split_once(':').ok_or_else(|| wrong.clone())?;
        let stream: StreamName = stream.parse().map_err(|_| wrong.clone())?;
        let StreamName { namespace, name } = stream;
        if is_part(tag) { Ok(Self { namespace, name, tag: tag.into() }) } else { Err(wrong) }
    }
}

impl FromStr for Exclusion {
    type Err = NameError;

    fn from_str(text: &str) -> Result<Self, NameError> {
        let namespace = || text.parse().map(Self::Namespace);
        let stream = || text.parse().map(Self::Stream);
        let tag = || text.parse().map(Self::Tag);
        let wrong = NameError { expected: "`namespace`, `namespace/name` or `namespace/name:tag`" };
        namespace().or_else(|_| stream()).or_else(|_| tag()).map_err(|_: NameError| wrong)
    }
}

/// Whether `text` has what a tag may have, and something of it.
fn is_part(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|b| b.is_ascii_alphanumeric() || b"._-".contains(&b))
}

impl fmt::Display for Namespace {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Display for StreamName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.namespace, self.name)
    }
}

impl fmt::Display for IsTag {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}:{}", self.namespace, self.name, self.tag)
    }
}

impl fmt::Display for Exclusion {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Namespace(namespace) => namespace.fmt(f),
            Self::Stream(stream) => stream.fmt(f),
            Self::Tag(tag) => tag.fmt(f),
        }
    }
}
