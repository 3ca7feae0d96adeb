//! `RETRIGGER_CURRENT_NIGHTLY`: a new nightly of what the ImageStreams hold already. It needs no payload file.

use super::{ParameterError, Parameters};
use crate::nightly::StreamName;
use crate::nightly::payload::{BuildSystem, STREAM, Version};
use crate::nightly::retrigger::{RetriggerError, streams};

/// Which nightlies are made again.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Retrigger {
    /// Of which version.
    pub version: Version,
    /// Their ImageStreams; never none.
    pub streams: Vec<StreamName>,
    /// What whoever runs this should know.
    pub notes: Vec<String>,
}

impl Parameters {
    /// Which nightlies are made again: those of `BUILD_VERSION` but of `EXCLUDE_ARCHES`. All other parameters say nothing
    /// here, which is noted. No payload file says what made the builds, so below 4.12 the plain names are meant.
    ///
    /// # Errors
    /// Everything about the parameters that does not fit.
    pub fn settle_retrigger(&self) -> Result<Retrigger, Vec<ParameterError>> {
        let mut errors = Vec::new();
        if let Some(assembly) = self.assembly.as_deref().filter(|assembly| *assembly != STREAM) {
            errors.push(RetriggerError::Assembly(assembly.to_owned()).into());
        }
        let excluded: Vec<_> = self.excluded(&mut errors).into_iter().collect();
        let Some(version) = self.build_version else {
            errors.push(ParameterError::RetriggerWithoutVersion);
            return Err(errors);
        };
        match streams((version, BuildSystem::Brew), STREAM, &excluded) {
            Ok(streams) if errors.is_empty() => Ok(Retrigger { version, streams, notes: self.idle() }),
            Ok(_) => Err(errors),
            Err(error) => {
                errors.push(error.into());
                Err(errors)
            }
        }
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
