//! What ImageStreams and images are called.

use std::fmt;
use std::sync::Arc;

use serde::Serialize;

use super::arch::Arch;
use super::payload::{AssemblyType, BuildSystem, Payload};
use crate::model::{Digest, ImageRef, Repository, Tag, Version};

/// Which of the two payloads of an architecture.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Privacy {
    /// Whoever wants may see it: nothing embargoed is in it.
    Public,
    /// With what is embargoed.
    Private,
}

impl Privacy {
    /// Both.
    pub const BOTH: [Self; 2] = [Self::Public, Self::Private];
}

impl fmt::Display for Privacy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Public => "public",
            Self::Private => "private",
        })
    }
}

/// An ImageStream.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize)]
pub struct StreamName {
    /// Its namespace.
    pub namespace: Arc<str>,
    /// Its name.
    pub name: Arc<str>,
}

impl fmt::Display for StreamName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.namespace, self.name)
    }
}

/// What stands for all architectures at once in the names of ImageStreams.
const MULTI: &str = "-multi";

/// What an architecture and a privacy add to a name.
#[must_use]
pub fn suffix(arch: Arch, privacy: Privacy) -> String {
    let arch = match arch {
        Arch::X86_64 => String::new(),
        other => format!("-{}", other.go()),
    };
    match privacy {
        Privacy::Public => arch,
        Privacy::Private => arch + "-priv",
    }
}

/// The name of an assembly's ImageStreams, to which [`suffix`] is added.
#[must_use]
pub fn base_name(payload: &Payload) -> String {
    if let Some(name) = &payload.imagestream.name {
        return name.to_string();
    }
    let version = payload.version;
    let is_apart = payload.build_system == BuildSystem::Konflux && (version.major, version.minor) < (4, 12);
    let konflux = if is_apart { "-konflux" } else { "" };
    let assembly = &payload.assembly;
    if &*assembly.name == "stream" && assembly.kind == AssemblyType::Stream {
        format!("{version}{konflux}-art-latest")
    } else {
        format!("{version}{konflux}-art-assembly-{}", assembly.name)
    }
}

/// The ImageStream of one payload.
#[must_use]
pub fn stream_name(payload: &Payload, arch: Arch, privacy: Privacy) -> StreamName {
    with_suffix(payload, &suffix(arch, privacy))
}

/// The ImageStream of the payload for all architectures, which is never private.
#[must_use]
pub fn multi_stream_name(payload: &Payload) -> StreamName {
    with_suffix(payload, MULTI)
}

fn with_suffix(payload: &Payload, suffix: &str) -> StreamName {
    let namespace = format!("{}{suffix}", payload.imagestream.namespace);
    StreamName { namespace: namespace.into(), name: (base_name(payload) + suffix).into() }
}

/// `sha256-HEX`: the tag by which an image is kept, and which says nothing of what it is.
#[must_use]
pub fn digest_tag(digest: &Digest) -> Option<Tag> {
    Tag::parse(&digest.as_str().replacen(':', "-", 1)).ok()
}

/// The image of `digest` in a repository, by [`digest_tag`].
#[must_use]
pub fn by_tag(repository: &Repository, digest: &Digest) -> Option<ImageRef> {
    Some(ImageRef::new(repository.clone(), Version::Tag(digest_tag(digest)?)))
}

/// The image of `digest` in a repository, by the digest.
#[must_use]
pub fn by_digest(repository: &Repository, digest: &Digest) -> ImageRef {
    ImageRef::new(repository.clone(), Version::Digest(digest.clone()))
}
