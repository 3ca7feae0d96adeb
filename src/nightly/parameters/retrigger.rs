//! `RETRIGGER_CURRENT_NIGHTLY`: a new nightly of what the ImageStreams hold already. It needs no payload file.

use std::sync::Arc;

use super::{ParameterError, Parameters};
use crate::nightly::arch::Arch;
use crate::nightly::names::{Privacy, StreamName, suffix};
use crate::nightly::payload::Version;

/// From this version on, nightlies of aarch64 have tests that block.
const WITH_AARCH64: (u32, u32) = (4, 11);

/// Which nightlies are made again.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Retrigger {
    /// Of which version.
    pub version: Version,
    /// Of which architectures; never empty.
    pub arches: Vec<Arch>,
    /// What whoever runs this should know.
    pub notes: Vec<String>,
}

impl Retrigger {
    /// The ImageStream of one architecture.
    #[must_use]
    pub fn stream(&self, arch: Arch) -> StreamName {
        let suffix = suffix(arch, Privacy::Public);
        let name = format!("{}-art-latest{suffix}", self.version);
        StreamName { namespace: format!("ocp{suffix}").into(), name: name.into() }
    }
}

impl Parameters {
    /// Which nightlies are made again: those of `BUILD_VERSION` but of `EXCLUDE_ARCHES`. All other parameters say nothing here,
    /// which is noted.
    ///
    /// # Errors
    /// Everything about the parameters that does not fit.
    pub fn settle_retrigger(&self) -> Result<Retrigger, Vec<ParameterError>> {
        let mut errors = Vec::new();
        if let Some(assembly) = self.assembly.as_ref().filter(|assembly| &***assembly != "stream") {
            errors.push(ParameterError::RetriggerOf(Arc::clone(assembly)));
        }
        let excluded = self.excluded(&mut errors);
        let Some(version) = self.build_version else {
            errors.push(ParameterError::RetriggerWithoutVersion);
            return Err(errors);
        };
        let has_aarch64 = (version.major, version.minor) >= WITH_AARCH64;
        let tested = [Arch::X86_64].into_iter().chain(has_aarch64.then_some(Arch::Aarch64));
        let arches: Vec<_> = tested.filter(|arch| !excluded.contains(arch)).collect();
        if arches.is_empty() {
            errors.push(ParameterError::NoArch);
        }
        if errors.is_empty() { Ok(Retrigger { version, arches, notes: self.idle() }) } else { Err(errors) }
    }

    /// One note for all parameters that say nothing to a retrigger.
    fn idle(&self) -> Vec<String> {
        let given = [
            ("DOOZER_DATA_PATH", self.data_path.is_some()),
            ("PUBLISH", self.publish),
            ("IMAGES", !self.images.is_empty()),
            ("EMERGENCY_IGNORE_ISSUES", self.emergency),
            ("ORGANIZATION", self.organization.is_some()),
            ("REPOSITORY", self.repository.is_some()),
            ("--private-repository", self.private_repository.is_some()),
            ("--release-repository", self.release_repository.is_some()),
            ("SKIP_MULTI_ARCH_PAYLOAD", self.skip_multi.is_some()),
            ("EMBARGO_PERMIT_ACK", self.embargo_ack),
        ];
        let names: Vec<_> = given.iter().filter(|(_, is_given)| *is_given).map(|(name, _)| *name).collect();
        if names.is_empty() {
            return Vec::new();
        }
        let names = names.join(", ");
        vec![format!("RETRIGGER_CURRENT_NIGHTLY changes no payload, so these say nothing here: {names}")]
    }
}
