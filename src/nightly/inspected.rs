//! What registries say of the builds of a payload. Everything after this works with digests.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::arch::Arch;
use super::payload::{Build, ImageDefinition, RhcosRpm};
use crate::model::{Digest, ImageRef, Repository};

/// A payload's images as they are.
#[derive(Debug, Clone, Default)]
pub struct Inspected {
    /// The images of the payload that are for a release, in the order of the file.
    pub members: Vec<Member>,
    /// The RHCOS images that there are, by architecture and the name of their container, by digest.
    pub rhcos: BTreeMap<Arch, BTreeMap<Arc<str>, ImageRef>>,
    /// The build that the RHCOS images of an architecture say they are of, by the name of their container.
    pub rhcos_build_ids: BTreeMap<Arch, BTreeMap<Arc<str>, Arc<str>>>,
    /// The packages of RHCOS, of those architectures of which they are known.
    pub rhcos_rpms: BTreeMap<Arch, Vec<RhcosRpm>>,
}

/// An image of the payload and its builds.
#[derive(Debug, Clone)]
pub struct Member {
    /// As the file has it.
    pub definition: Arc<ImageDefinition>,
    /// Its build; none: there is none.
    pub build: Option<InspectedBuild>,
    /// Its last build without anything embargoed; looked at only where it is needed.
    pub public_build: Option<InspectedBuild>,
}

/// A build as it is.
#[derive(Debug, Clone)]
pub struct InspectedBuild {
    /// As the file has it.
    pub build: Arc<Build>,
    /// Where its images are.
    pub repository: Repository,
    /// The index that its images are in, if they are in one.
    pub list: Option<Digest>,
    /// Its images.
    pub images: BTreeMap<Arch, ArchImage>,
    /// Whether it must not become public.
    pub is_embargoed: bool,
    /// The commit that it was built from, if anything says so.
    pub commit: Option<Arc<str>>,
}

/// The image of a build for one architecture.
#[derive(Debug, Clone)]
pub struct ArchImage {
    /// The image, by digest.
    pub image: ImageRef,
    /// Its digest.
    pub digest: Digest,
    /// The labels of its config.
    pub labels: BTreeMap<String, String>,
    /// The environment of its config.
    pub env: BTreeMap<String, String>,
}
