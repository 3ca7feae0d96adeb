//! What a run is asked for beside the payload file, and what follows of both.
//!
//! Names here are those of the parameters, which are flags and variables alike.

mod error;
mod locate;
mod retrigger;
mod settle;
#[cfg(test)]
mod tests;

use std::collections::BTreeSet;
use std::sync::Arc;

pub use error::ParameterError;
pub use locate::{LocateError, locate};
pub use retrigger::Retrigger;

use super::arch::Arch;
use super::payload::{Payload, Version};

/// The parameters of a run, each of which may be left out.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
#[expect(clippy::struct_excessive_bools, reason = "each is a parameter of its own; none excludes another")]
pub struct Parameters {
    /// ASSEMBLY; none: that of the payload file.
    pub assembly: Option<Arc<str>>,
    /// `BUILD_VERSION`; none: that of the payload file.
    pub build_version: Option<Version>,
    /// `DOOZER_DATA_PATH`: where the payload file is.
    pub data_path: Option<String>,
    /// `RETRIGGER_CURRENT_NIGHTLY`.
    pub retrigger: bool,
    /// PUBLISH.
    pub publish: bool,
    /// IMAGES: names of image definitions; none of them: all.
    pub images: Vec<Arc<str>>,
    /// `EXCLUDE_ARCHES`, as they are written.
    pub exclude_arches: Vec<Arc<str>>,
    /// `EMERGENCY_IGNORE_ISSUES`.
    pub emergency: bool,
    /// ORGANIZATION; none: that of the payload file.
    pub organization: Option<Arc<str>>,
    /// REPOSITORY; none: that of the payload file.
    pub repository: Option<Arc<str>>,
    /// As REPOSITORY, for what is not public.
    pub private_repository: Option<Arc<str>>,
    /// As REPOSITORY, for release images for all architectures.
    pub release_repository: Option<Arc<str>>,
    /// `EMBARGO_PERMIT_ACK`.
    pub embargo_ack: bool,
    /// `SKIP_MULTI_ARCH_PAYLOAD`; none (`auto`): as the payload file says, and not where IMAGES or `EXCLUDE_ARCHES` leave
    /// something out.
    pub skip_multi: Option<bool>,
}

/// What a run is to do: a payload file, and the parameters that fit it.
#[derive(Debug, Clone)]
#[expect(clippy::struct_excessive_bools, reason = "each is a parameter of its own; none excludes another")]
pub struct Order {
    /// The payload, with the destination that the parameters name.
    pub payload: Payload,
    /// Only these image definitions; none: all. What is updated is then partial.
    pub images: Option<BTreeSet<Arc<str>>>,
    /// The architectures of the payload that are not excluded, in their order there; never empty.
    pub arches: Vec<Arch>,
    /// Inconsistencies stop nothing. Only for assemblies of type stream.
    pub emergency: bool,
    /// Release images are made and pushed.
    pub publish: bool,
    /// Embargoed builds with a permit may become public.
    pub embargo_ack: bool,
    /// A payload for all architectures is made.
    pub multi: bool,
    /// What whoever runs this should know.
    pub notes: Vec<String>,
}

/// The words of a list: separated by commas, blanks, tabs and line ends, in any number. Other characters that cannot be
/// seen are dropped: they come with what is pasted.
#[must_use]
pub fn list(text: &str) -> Vec<Arc<str>> {
    let words = text.split(|c: char| c == ',' || c.is_whitespace());
    let seen = |word: &str| word.chars().filter(|c| !is_invisible(*c)).collect::<String>();
    words.map(seen).filter(|word| !word.is_empty()).map(Arc::from).collect()
}

fn is_invisible(c: char) -> bool {
    c.is_control() || matches!(c, '\u{ad}' | '\u{200b}'..='\u{200f}' | '\u{2060}'..='\u{2064}' | '\u{feff}')
}
