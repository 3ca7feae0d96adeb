//! Why a part of a payload could not be inspected.

use std::error::Error;
use std::fmt;
use std::sync::Arc;

use crate::error::{Chain, Class, Classify, Failure};
use crate::model::{Cause, ImageRef, Origin};
use crate::nightly::arch::Arch;
use crate::nightly::payload::{ImageDefinition, Nvr, Payload};

/// What is wrong about an image that could be read, or about what the payload file says of it.
#[derive(Debug, thiserror::Error)]
pub enum FactError {
    /// An image is for an architecture that its build lacks.
    #[error("`{name}` is for {arch}, and its build {nvr} has no image for it: {image} has {}", listed(.there))]
    NoImageForArch {
        /// The image.
        name: Arc<str>,
        /// The architecture.
        arch: Arch,
        /// The build.
        nvr: Nvr,
        /// What was read.
        image: ImageRef,
        /// For which architectures there are images.
        there: Vec<Arch>,
    },
    /// Nothing public can take the place of an embargoed build.
    #[error(
        "the build {nvr} of `{name}` is embargoed, and the payload file names no public build that could take its place"
    )]
    NoPublicBuild {
        /// The image.
        name: Arc<str>,
        /// The embargoed build.
        nvr: Nvr,
    },
    /// What is to take the place of an embargoed build is embargoed.
    #[error("the public build {nvr} of `{name}` is embargoed itself")]
    PublicIsEmbargoed {
        /// The image.
        name: Arc<str>,
        /// The build.
        nvr: Nvr,
    },
    /// An image for no architecture that we know.
    #[error("the image {image} is for {}, which is no architecture of payloads", .arch.as_deref().unwrap_or("nothing that it says"))]
    UnknownArch {
        /// The image.
        image: ImageRef,
        /// What its config says.
        arch: Option<Arc<str>>,
    },
    /// A file of an image that is not what it should be.
    #[error("the file {path} of {image} cannot be read")]
    File {
        /// The image.
        image: ImageRef,
        /// The file.
        path: Arc<str>,
        /// Why.
        #[source]
        cause: serde_json::Error,
    },
}

fn listed(arches: &[Arch]) -> String {
    if arches.is_empty() {
        return "none".to_owned();
    }
    arches.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ")
}

impl Classify for FactError {
    fn class(&self) -> Class {
        match self {
            Self::NoImageForArch { .. } | Self::NoPublicBuild { .. } | Self::PublicIsEmbargoed { .. } => {
                Class::Invalid
            }
            Self::UnknownArch { .. } | Self::File { .. } => Class::Protocol,
        }
    }

    fn advice(&self) -> Option<String> {
        let advice = match self {
            Self::NoImageForArch { .. } => {
                "correct `arches` or `pullspec`, name the image under `arch_pullspecs`, or leave the architecture out (EXCLUDE_ARCHES)"
            }
            Self::NoPublicBuild { .. } => {
                "give it a `public_build`: its last build without anything embargoed"
            }
            Self::PublicIsEmbargoed { .. } => "name a build without anything embargoed as `public_build`",
            Self::UnknownArch { .. } => "correct `pullspec`",
            Self::File { .. } => "give the packages under `rhcos.rpms` instead",
        };
        Some(advice.to_owned())
    }
}

/// A part of a payload that could not be inspected.
#[derive(Debug, Clone)]
pub struct Unread {
    /// Where the payload file names it.
    pub origin: Origin,
    /// The image definition, or the RHCOS container.
    pub component: Arc<str>,
    /// What was to be read.
    pub image: ImageRef,
    /// What came of it: what the registry answered, and what to do.
    pub failure: Failure,
}

impl Unread {
    pub(super) fn new(
        payload: &Payload,
        definition: &ImageDefinition,
        (line, image): (u32, &ImageRef),
        failure: Failure,
    ) -> Self {
        let origin = Origin::Line { file: Arc::clone(&payload.file), line };
        Self { origin, component: Arc::clone(&definition.name), image: image.clone(), failure }
    }
}

impl fmt::Display for Unread {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { origin, component, failure, .. } = self;
        write!(f, "{origin}: `{component}`: {}", Chain(failure))?;
        failure.advice.as_ref().map_or(Ok(()), |advice| write!(f, " ({advice})"))
    }
}

/// Why a payload could not be inspected.
#[derive(Debug, Clone, Default)]
pub struct Uninspected {
    /// What could not be.
    pub failures: Vec<Unread>,
    /// Why we stopped, if we were told to before the end.
    pub stopped: Option<Cause>,
}

impl fmt::Display for Uninspected {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} images of the payload could not be inspected", self.failures.len())?;
        self.stopped.as_ref().map_or(Ok(()), |cause| write!(f, ": {cause}"))
    }
}

impl Error for Uninspected {}
