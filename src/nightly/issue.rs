//! What can be inconsistent about a payload.

use std::fmt;
use std::sync::Arc;

/// What kind of inconsistency. [`Code::name`] is how permits and reports write it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[expect(missing_docs, reason = "`docs/nightly.md` has a line for each")]
pub enum Code {
    Impermissible,
    ConflictingInheritedDependency,
    ConflictingGroupRpmInstalled,
    MismatchedSiblings,
    OutdatedRpmsInStreamBuild,
    InconsistentRhcosRpms,
    MissingInheritedDependency,
    MissingRhcosContainer,
    FailedConsistencyRequirement,
    FailedCrossRpmVersionsRequirement,
    EmbargoedContent,
    UnshippableKernel,
    MismatchedNetworkMode,
    MismatchedRpmImageSiblings,
}

impl Code {
    /// All of them, in the order of the specification.
    pub const ALL: [Self; 14] = [
        Self::Impermissible,
        Self::ConflictingInheritedDependency,
        Self::ConflictingGroupRpmInstalled,
        Self::MismatchedSiblings,
        Self::OutdatedRpmsInStreamBuild,
        Self::InconsistentRhcosRpms,
        Self::MissingInheritedDependency,
        Self::MissingRhcosContainer,
        Self::FailedConsistencyRequirement,
        Self::FailedCrossRpmVersionsRequirement,
        Self::EmbargoedContent,
        Self::UnshippableKernel,
        Self::MismatchedNetworkMode,
        Self::MismatchedRpmImageSiblings,
    ];

    /// Its name.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Impermissible => "IMPERMISSIBLE",
            Self::ConflictingInheritedDependency => "CONFLICTING_INHERITED_DEPENDENCY",
            Self::ConflictingGroupRpmInstalled => "CONFLICTING_GROUP_RPM_INSTALLED",
            Self::MismatchedSiblings => "MISMATCHED_SIBLINGS",
            Self::OutdatedRpmsInStreamBuild => "OUTDATED_RPMS_IN_STREAM_BUILD",
            Self::InconsistentRhcosRpms => "INCONSISTENT_RHCOS_RPMS",
            Self::MissingInheritedDependency => "MISSING_INHERITED_DEPENDENCY",
            Self::MissingRhcosContainer => "MISSING_RHCOS_CONTAINER",
            Self::FailedConsistencyRequirement => "FAILED_CONSISTENCY_REQUIREMENT",
            Self::FailedCrossRpmVersionsRequirement => "FAILED_CROSS_RPM_VERSIONS_REQUIREMENT",
            Self::EmbargoedContent => "EMBARGOED_CONTENT",
            Self::UnshippableKernel => "UNSHIPPABLE_KERNEL",
            Self::MismatchedNetworkMode => "MISMATCHED_NETWORK_MODE",
            Self::MismatchedRpmImageSiblings => "MISMATCHED_RPM_IMAGE_SIBLINGS",
        }
    }

    /// The code of a name, which must be written exactly so.
    #[must_use]
    pub fn of_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|code| code.name() == name)
    }
}

impl fmt::Display for Code {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// Something inconsistent about a payload.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Issue {
    /// What kind.
    pub code: Code,
    /// Of which part: the name of an image definition, `rhcos`, the name of an RHCOS container, `reference-releases`…
    pub component: Arc<str>,
    /// What it is, in a sentence without a full stop.
    pub message: String,
}
