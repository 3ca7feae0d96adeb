//! What can be wrong with parameters.

use std::sync::Arc;

use crate::error::{Class, Classify};
use crate::model::ImageRef;
use crate::nightly::arch::Arch;
use crate::nightly::payload::Version;
use crate::nightly::retrigger::RetriggerError;
use crate::redact::mask_logins;

/// A parameter that does not fit the payload file, or another parameter.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub enum ParameterError {
    /// The file is of another version.
    #[error("BUILD_VERSION is {asked}, and the payload file `{file}` is of {own}")]
    OtherVersion {
        /// What was asked for.
        asked: Version,
        /// That of the file.
        own: Version,
        /// The file.
        file: Arc<str>,
    },
    /// The file is of another assembly.
    #[error("ASSEMBLY is `{asked}`, and the payload file `{file}` is of `{own}`")]
    OtherAssembly {
        /// What was asked for.
        asked: Arc<str>,
        /// That of the file.
        own: Arc<str>,
        /// The file.
        file: Arc<str>,
    },
    /// IMAGES names what is nowhere.
    #[error("IMAGES has `{}`, and `{file}` has no image definition of that name", mask_logins(.name))]
    UnknownImage {
        /// What was named.
        name: Arc<str>,
        /// The file.
        file: Arc<str>,
    },
    /// `EXCLUDE_ARCHES` names what is no architecture.
    #[error("EXCLUDE_ARCHES has `{}`, which is no architecture", mask_logins(.0))]
    UnknownArch(Arc<str>),
    /// `EXCLUDE_ARCHES` names an architecture that the payload does not have anyway.
    #[error("EXCLUDE_ARCHES has {arch}, which is none of those of `{file}`")]
    OtherArch {
        /// The architecture.
        arch: Arch,
        /// The file.
        file: Arc<str>,
    },
    /// Nothing is left.
    #[error("EXCLUDE_ARCHES leaves no architecture")]
    NoArch,
    /// Inconsistencies of a release.
    #[error("EMERGENCY_IGNORE_ISSUES is for assemblies of type stream, and `{assembly}` is of type {kind}")]
    Emergency {
        /// The assembly.
        assembly: Arc<str>,
        /// Its type.
        kind: &'static str,
    },
    /// A payload for all architectures that lacks some.
    #[error(
        "SKIP_MULTI_ARCH_PAYLOAD=false asks for a payload for all architectures, and IMAGES or EXCLUDE_ARCHES leave \
         something out of it"
    )]
    MultiOfPart,
    /// One repository for what is embargoed and for what is not.
    #[error("`{0}` would be both the public and the private repository")]
    OneRepository(String),
    /// RHCOS is what it is in public, too.
    #[error(
        "`{name}` (line {line} of `{file}`) is {image}, which is in the private repository, and public ImageStreams would name it"
    )]
    PrivateRhcos {
        /// The container.
        name: Arc<str>,
        /// Where it is written.
        line: u32,
        /// The file.
        file: Arc<str>,
        /// The image.
        image: ImageRef,
    },
    /// Nothing can be retriggered.
    #[error(transparent)]
    Retrigger(#[from] RetriggerError),
    /// Of which version?
    #[error("RETRIGGER_CURRENT_NIGHTLY needs BUILD_VERSION, such as 4.19")]
    RetriggerWithoutVersion,
}

impl Classify for ParameterError {
    fn class(&self) -> Class {
        Class::Invalid
    }

    fn advice(&self) -> Option<String> {
        let advice = match self {
            Self::OtherVersion { .. } | Self::OtherAssembly { .. } => {
                "name the file that is meant by DOOZER_DATA_PATH (--data-path), or leave the parameter out"
            }
            Self::UnknownImage { .. } => "IMAGES takes the `name` of image definitions, not their tags",
            Self::UnknownArch(_) => {
                "the architectures are x86_64 (amd64), s390x, ppc64le and aarch64 (arm64)"
            }
            Self::OtherArch { .. } => "take it out of the list",
            Self::NoArch => "exclude fewer",
            Self::Emergency { .. } => "permit what is wrong in the payload file: `assembly.permits`",
            Self::MultiOfPart => "set SKIP_MULTI_ARCH_PAYLOAD to true or auto, or leave out the other two",
            Self::PrivateRhcos { .. } => {
                "name an RHCOS that anyone may see, or set --private-repository to another"
            }
            Self::OneRepository(_) => "set --private-repository too",
            Self::Retrigger(error) => return error.advice(),
            Self::RetriggerWithoutVersion => return None,
        };
        Some(advice.to_owned())
    }
}
