//! What a release image is made of.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::SystemTime;

use super::name::{NameError, ReleaseName, repository};
use crate::model::{self, ImageRef};
use crate::nightly::entries::Slice;
use crate::nightly::names::stream_name;
use crate::nightly::payload::AssemblyType;
use crate::nightly::{Payload, StreamName};

/// The tag of the image that a release image is made from.
pub const BASE: &str = "cluster-version-operator";

/// A release image that is to be.
#[derive(Debug, Clone)]
pub struct Release {
    /// Its name.
    pub name: ReleaseName,
    /// `release.openshift.io/architecture` in its metadata: `multi`, of a release for all of them.
    pub architecture: Option<Arc<str>>,
    /// The ImageStream that it is made from.
    pub stream: StreamName,
    /// The image that it is made from, by digest; none: that of the member [`BASE`].
    pub base: Option<ImageRef>,
    /// The images of the payload, by their tags.
    pub members: BTreeMap<Arc<str>, ReleaseMember>,
    /// Where it goes.
    pub target: ImageRef,
    /// `SOURCE_DATE_EPOCH`: all times in it; none: when its base was made.
    pub created: Option<SystemTime>,
    /// Whether its name may be another release until now: the assembly of nightlies has one name for all of its releases.
    pub may_move: bool,
}

/// An image of the payload.
#[derive(Debug, Clone)]
pub struct ReleaseMember {
    /// Which part of the payload it is, by the name of its definition.
    pub component: Arc<str>,
    /// The image of one architecture, by digest, where it can be read. In a dry run nothing was mirrored yet, so that is its
    /// source; the release is the same.
    pub image: ImageRef,
    /// How the release names it.
    pub pull_spec: Arc<str>,
}

impl Release {
    /// The release of one payload, as `PUBLISH` makes it.
    ///
    /// # Errors
    /// When its assembly has a name that no version can have.
    pub fn of(
        payload: &Payload,
        slice: &Slice,
        members: BTreeMap<Arc<str>, ReleaseMember>,
        created: Option<SystemTime>,
    ) -> Result<Self, NameError> {
        let name = ReleaseName::of_assembly(payload.version, &payload.assembly.name)?;
        let stream = stream_name(payload, slice.arch, slice.privacy);
        let repository = repository(&payload.destination.publish_registry, &stream.namespace);
        let target = ImageRef::new(repository, model::Version::Tag(name.tag().clone()));
        let may_move = payload.assembly.kind == AssemblyType::Stream;
        Ok(Self { name, architecture: None, stream, base: None, members, target, created, may_move })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::nightly::payload::AssemblyType;
    use crate::nightly::sample;
    use crate::nightly::{Arch, Privacy};

    fn payload(assembly: &str) -> Payload {
        let mut payload = sample::payload();
        payload.assembly.name = assembly.into();
        payload.assembly.kind = AssemblyType::Candidate;
        payload
    }

    fn slice() -> Slice {
        let (entries, left_out) = (Vec::new(), Vec::new());
        Slice { arch: Arch::Aarch64, privacy: Privacy::Private, entries, left_out }
    }

    #[test]
    fn a_private_release_goes_to_the_private_namespace_of_its_architecture() {
        // 18.111
        let release = Release::of(&payload("rc.1"), &slice(), BTreeMap::new(), None).unwrap();
        let target = "registry.ci.openshift.org/ocp-arm64-priv/release-arm64-priv:4.19.0-rc.1";
        assert_eq!(release.target.to_string(), target);
        assert_eq!(release.stream.to_string(), "ocp-arm64-priv/4.19-art-assembly-rc.1-arm64-priv");
        // 18.113
        assert!(Release::of(&payload("my_hotfix"), &slice(), BTreeMap::new(), None).is_err());
    }
}
