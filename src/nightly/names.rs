//! What ImageStreams and images are called.

use std::fmt;
use std::sync::Arc;

use serde::Serialize;

use super::arch::Arch;
use super::payload::{self, AssemblyType, BuildSystem, Payload, STREAM};
use crate::model::{Digest, ImageRef, Origin, Reference, Repository, Tag, Version};

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

impl StreamName {
    /// Where what becomes of it, or of a tag of it, was asked for.
    #[must_use]
    pub fn origin(&self, tag: Option<&str>) -> Origin {
        Origin::ImageStreamTag { stream: self.to_string().into(), tag: tag.map(Arc::from) }
    }
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
    let assembly = &payload.assembly;
    if &*assembly.name == STREAM && assembly.kind == AssemblyType::Stream {
        return latest_name(payload.version, payload.build_system);
    }
    format!("{}-art-assembly-{}", series(payload.version, payload.build_system), assembly.name)
}

/// The name of the ImageStreams of the nightlies, to which [`suffix`] is added.
#[must_use]
pub fn latest_name(version: payload::Version, build_system: BuildSystem) -> String {
    format!("{}-art-latest", series(version, build_system))
}

/// What names begin with: builds of both systems lived side by side until 4.12.
fn series(version: payload::Version, build_system: BuildSystem) -> String {
    let is_apart = build_system == BuildSystem::Konflux && (version.major, version.minor) < (4, 12);
    format!("{version}{}", if is_apart { "-konflux" } else { "" })
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

/// The image by its digest, of a text that has one, or the tag that [`digest_tag`] makes of one; none: it has neither.
#[must_use]
pub fn pinned(text: &str) -> Option<ImageRef> {
    let reference = Reference::parse(text).ok()?;
    let of_tag = || Digest::parse(&reference.tag.as_ref()?.as_str().replacen('-', ":", 1)).ok();
    let digest = reference.digest.clone().or_else(of_tag)?;
    Some(by_digest(&reference.repository, &digest))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::nightly::sample;

    fn payload(
        (major, minor): (u32, u32),
        assembly: &str,
        kind: AssemblyType,
        build_system: BuildSystem,
    ) -> Payload {
        let mut payload =
            Payload { version: payload::Version { major, minor }, build_system, ..sample::payload() };
        (payload.assembly.name, payload.assembly.kind) = (assembly.into(), kind);
        payload
    }

    fn stream(version: (u32, u32)) -> Payload {
        payload(version, "stream", AssemblyType::Stream, BuildSystem::Brew)
    }

    fn named(payload: &Payload, arch: &str, privacy: Privacy) -> String {
        stream_name(payload, Arch::parse(arch).unwrap(), privacy).to_string()
    }

    #[test]
    fn nightlies_are_named_by_version_architecture_and_privacy() {
        let (public, private) = (Privacy::Public, Privacy::Private);
        let rows = [
            ((4, 19), "x86_64", public, "ocp/4.19-art-latest"), // 18.1
            ((4, 19), "amd64", public, "ocp/4.19-art-latest"),  // 18.1
            ((4, 20), "s390x", public, "ocp-s390x/4.20-art-latest-s390x"), // 18.2
            ((4, 19), "aarch64", private, "ocp-arm64-priv/4.19-art-latest-arm64-priv"), // 18.3
            ((4, 19), "arm64", private, "ocp-arm64-priv/4.19-art-latest-arm64-priv"), // 18.3
            ((4, 19), "x86_64", private, "ocp-priv/4.19-art-latest-priv"), // §6
            ((4, 19), "ppc64le", public, "ocp-ppc64le/4.19-art-latest-ppc64le"), // §6
            ((4, 19), "s390x", private, "ocp-s390x-priv/4.19-art-latest-s390x-priv"), // §6
        ];
        for (version, arch, privacy, wanted) in rows {
            assert_eq!(named(&stream(version), arch, privacy), wanted);
        }
        assert_eq!(multi_stream_name(&stream((4, 19))).to_string(), "ocp-multi/4.19-art-latest-multi");
        assert_eq!(Arch::parse("riscv64"), None, "18.8");
    }

    // 18.4
    #[test]
    fn a_name_of_ones_own_gets_the_suffixes_too() {
        let mut payload = stream((4, 19));
        payload.imagestream.name = Some("release".into());
        assert_eq!(named(&payload, "s390x", Privacy::Private), "ocp-s390x-priv/release-s390x-priv");
    }

    #[test]
    fn other_assemblies_are_named_by_theirs_whatever_their_type() {
        let (stream, standard) = (AssemblyType::Stream, AssemblyType::Standard);
        let rows = [
            ("4.19.3", standard, "ppc64le", "ocp-ppc64le/4.19-art-assembly-4.19.3-ppc64le"), // 18.5
            ("test", stream, "x86_64", "ocp/4.19-art-assembly-test"),                        // 18.6
            ("stream", standard, "x86_64", "ocp/4.19-art-assembly-stream"), // §6: both must hold
        ];
        for (assembly, kind, arch, wanted) in rows {
            let payload = payload((4, 19), assembly, kind, BuildSystem::Brew);
            assert_eq!(named(&payload, arch, Privacy::Public), wanted);
        }
    }

    // 18.7
    #[test]
    fn builds_of_konflux_have_names_of_their_own_below_4_12() {
        let rows =
            [((4, 11), "4.11-konflux-art-latest"), ((4, 12), "4.12-art-latest"), ((5, 0), "5.0-art-latest")];
        for (version, wanted) in rows {
            let konflux = payload(version, "stream", AssemblyType::Stream, BuildSystem::Konflux);
            assert_eq!(base_name(&konflux), wanted);
        }
        assert_eq!(base_name(&stream((4, 11))), "4.11-art-latest", "brew has none");
    }
}
