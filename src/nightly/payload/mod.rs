//! The payload file: which builds make the payload of one version and assembly, and where it goes.

mod load;
mod read;
#[cfg(test)]
pub(crate) mod tests;
mod words;

use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use super::arch::Arch;
use super::permits::Permit;
use crate::model::{Finding, Host, ImageRef, Repository};

pub use load::PayloadError;
pub use words::{NoVersion, is_assembly_name, is_repository_path};

/// A payload file that holds.
#[derive(Debug, Clone)]
pub struct Payload {
    /// The file, named as its reader would.
    pub file: Arc<str>,
    /// `version`.
    pub version: Version,
    /// `assembly`.
    pub assembly: Assembly,
    /// `arches`, in their order there; never empty.
    pub arches: Vec<Arch>,
    /// `build_system`.
    pub build_system: BuildSystem,
    /// `embargo.enabled`: whether any build can be embargoed.
    pub has_embargoes: bool,
    /// `destination`.
    pub destination: Destination,
    /// `imagestream`.
    pub imagestream: ImageStreamBase,
    /// `substitute_tag`: the tag of the image that stands in for those that an architecture lacks.
    pub substitute_tag: Arc<str>,
    /// `multi_arch`.
    pub multi_arch: MultiArch,
    /// `images`, in their order there, with unique names.
    pub images: Vec<ImageDefinition>,
    /// `rhcos`.
    pub rhcos: Rhcos,
    /// `rpms`.
    pub rpms: Vec<RpmDefinition>,
    /// What is odd in the file; nothing of it is an error.
    pub findings: Vec<Finding>,
}

/// `X.Y`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Version {
    /// X.
    pub major: u32,
    /// Y.
    pub minor: u32,
}

/// What is put together, and by which rules.
#[derive(Debug, Clone)]
pub struct Assembly {
    /// `name`.
    pub name: Arc<str>,
    /// `type`, else what follows of the name.
    pub kind: AssemblyType,
    /// `phase`.
    pub phase: Phase,
    /// `basis_event`, as it is written.
    pub basis_event: Option<Arc<str>>,
    /// `permits`.
    pub permits: Vec<Permit>,
    /// `prerelease_permits`.
    pub prerelease_permits: Vec<Permit>,
    /// `reference_releases`: releases that the payload must not differ from, by digest.
    pub reference_releases: BTreeMap<Arch, ImageRef>,
}

/// The assembly of the nightlies.
pub const STREAM: &str = "stream";

/// By which rules an assembly is judged; only stream has its own.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AssemblyType {
    /// What is newest.
    Stream,
    /// A release.
    Standard,
    /// A release candidate.
    Candidate,
    /// For one customer or one test.
    Custom,
    /// An early look.
    Preview,
}

/// Where a version is in its life.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Phase {
    /// Before its first release.
    PreRelease,
    /// Its images begin to be signed.
    Signing,
    /// Released.
    #[default]
    Release,
    /// No longer supported.
    Eol,
}

/// What made the builds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum BuildSystem {
    /// Brew.
    Brew,
    /// Konflux.
    Konflux,
}

/// Where images go.
#[derive(Debug, Clone)]
pub struct Destination {
    /// `registry`.
    pub registry: Host,
    /// `organization`.
    pub organization: Arc<str>,
    /// `repository`: what anyone may see.
    pub repository: Arc<str>,
    /// `private_repository`.
    pub private_repository: Arc<str>,
    /// `release_repository`: the release images of payloads for all architectures.
    pub release_repository: Arc<str>,
    /// `publish_registry`: where `PUBLISH` pushes release images.
    pub publish_registry: Host,
}

/// What the names of ImageStreams begin with.
#[derive(Debug, Clone)]
pub struct ImageStreamBase {
    /// `namespace`.
    pub namespace: Arc<str>,
    /// `name`; none: it follows of version and assembly.
    pub name: Option<Arc<str>>,
}

/// `multi_arch`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MultiArch {
    /// `enabled`.
    pub is_enabled: bool,
    /// `min_interval`: how far apart nightlies are.
    pub min_interval: Duration,
    /// `keep_recent`: so many of the last nightlies stay.
    pub keep_recent: usize,
    /// `keep_accepted`: of what stays, so many are accepted ones, if there are any.
    pub keep_accepted: usize,
}

/// An image of the payload, or one that is built with it.
#[derive(Debug, Clone)]
pub struct ImageDefinition {
    /// `name`: the key by which reports, permits and IMAGES name it.
    pub name: Arc<str>,
    /// `image_name`: its tag follows of it.
    pub image_name: Arc<str>,
    /// `payload_tag`: its tag, where that is written.
    pub payload_tag: Option<Arc<str>>,
    /// `for_payload`.
    pub is_for_payload: bool,
    /// `for_release`.
    pub is_for_release: bool,
    /// `arches`; none: all of the payload.
    pub arches: Option<Vec<Arch>>,
    /// `source`.
    pub source: SourceDefinition,
    /// `network_mode`: whether it is to be built without a network.
    pub is_hermetic: bool,
    /// `build`; none: no build was found.
    pub build: Option<Build>,
    /// `public_build`: the last build without anything embargoed.
    pub public_build: Option<Build>,
    /// The line where it begins.
    pub line: u32,
}

/// What an image is built from.
#[derive(Debug, Clone, Default)]
pub struct SourceDefinition {
    /// `git_url`.
    pub git_url: Option<Arc<str>>,
    /// `allow_mismatched_siblings`.
    pub allows_mismatched_siblings: bool,
}

/// A build of an image.
#[derive(Debug, Clone)]
pub struct Build {
    /// `nvr`: name, version and release.
    pub nvr: Nvr,
    /// `pullspec`: an image or an index; a tag is resolved once, at the start.
    pub pullspec: ImageRef,
    /// `arch_pullspecs`: instead of what the index says.
    pub arch_pullspecs: BTreeMap<Arch, ImageRef>,
    /// `embargoed`; none: it follows of the release.
    pub is_embargoed: Option<bool>,
    /// `hermetic`.
    pub is_hermetic: Option<bool>,
    /// `commit`; none: the image says it.
    pub commit: Option<Arc<str>>,
    /// `packages`: what is installed in it.
    pub packages: Option<Vec<Nvr>>,
    /// The line where it begins.
    pub line: u32,
}

/// Name, version and release.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Nvr {
    /// The name.
    pub name: Arc<str>,
    /// The version.
    pub version: Arc<str>,
    /// The release.
    pub release: Arc<str>,
}

/// `rhcos`.
#[derive(Debug, Clone, Default)]
pub struct Rhcos {
    /// `containers`; one of them is primary, unless there are none.
    pub containers: Vec<RhcosContainer>,
    /// `rpms`, of architectures whose images need not be read for them.
    pub rpms: BTreeMap<Arch, Vec<RhcosRpm>>,
    /// `require_consistency`: by ImageStream tag of RHCOS, by image definition, packages that must be the same in both.
    pub require_consistency: BTreeMap<Arc<str>, Requirements>,
}

/// Packages that must be the same in an image and in RHCOS, by the image's definition.
pub type Requirements = BTreeMap<Arc<str>, Vec<Arc<str>>>;

/// An image of RHCOS.
#[derive(Debug, Clone)]
pub struct RhcosContainer {
    /// `name`, which is its tag.
    pub name: Arc<str>,
    /// `primary`: the payload is nothing without it.
    pub is_primary: bool,
    /// `images`.
    pub images: BTreeMap<Arch, ImageRef>,
    /// The line where it begins.
    pub line: u32,
}

/// A package of RHCOS.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct RhcosRpm {
    /// Its name.
    pub name: Arc<str>,
    /// Its epoch, as it is written; empty where there is none.
    pub epoch: Arc<str>,
    /// Its version.
    pub version: Arc<str>,
    /// Its release.
    pub release: Arc<str>,
    /// Its architecture.
    pub arch: Arc<str>,
    /// The container that it is of: `rhel-coreos`.
    pub stream: Arc<str>,
}

/// An RPM that is built beside the images.
#[derive(Debug, Clone)]
pub struct RpmDefinition {
    /// `name`.
    pub name: Arc<str>,
    /// `git_url`.
    pub git_url: Option<Arc<str>>,
    /// `builds`, in their order there.
    pub builds: Vec<RpmBuild>,
}

/// A build of an RPM for one version of RHEL.
#[derive(Debug, Clone)]
pub struct RpmBuild {
    /// `el`.
    pub el: u32,
    /// `nvr`.
    pub nvr: Nvr,
    /// `release`, else that of the NVR.
    pub release: Arc<str>,
}

impl Destination {
    /// The repository for the images of a payload.
    #[must_use]
    pub fn components(&self, privacy: super::Privacy) -> Repository {
        self.repository_of(match privacy {
            super::Privacy::Public => &self.repository,
            super::Privacy::Private => &self.private_repository,
        })
    }

    /// The repository for the release images of payloads for all architectures.
    #[must_use]
    pub fn releases(&self) -> Repository {
        self.repository_of(&self.release_repository)
    }

    fn repository_of(&self, name: &str) -> Repository {
        Repository { host: self.registry.clone(), name: format!("{}/{name}", self.organization).into() }
    }
}

impl ImageDefinition {
    /// Its tag in the payload.
    #[must_use]
    pub fn tag(&self) -> &str {
        if let Some(tag) = &self.payload_tag {
            return tag;
        }
        let last = self.image_name.rsplit('/').next().unwrap_or_default();
        last.strip_prefix("ose-").unwrap_or(last)
    }

    /// Whether it is to be there for `arch`.
    #[must_use]
    pub fn is_for(&self, arch: Arch) -> bool {
        self.arches.as_ref().is_none_or(|arches| arches.contains(&arch))
    }
}

impl Nvr {
    /// Takes `name-version-release` apart.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let mut parts = text.rsplitn(3, '-');
        let (release, version, name) = (parts.next()?, parts.next()?, parts.next()?);
        let is_whole = [name, version, release].iter().all(|part| !part.is_empty());
        is_whole.then(|| Self { name: name.into(), version: version.into(), release: release.into() })
    }
}

impl fmt::Display for Nvr {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { name, version, release } = self;
        write!(f, "{name}-{version}-{release}")
    }
}

impl fmt::Display for Version {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}", self.major, self.minor)
    }
}
