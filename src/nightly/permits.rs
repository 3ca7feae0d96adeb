//! Which inconsistencies an assembly may have.

use std::sync::Arc;

use super::issue::{Code, Issue};
use super::payload::{Assembly, Phase};

/// Allows issues.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Permit {
    /// Of this kind; none (`*`): of every kind that can be allowed.
    pub code: Option<Code>,
    /// Of this part; none (`*`): of every part.
    pub component: Option<Arc<str>>,
    /// Why, for people; it plays no part in matching.
    pub why: Option<Arc<str>>,
    /// Where it is written: `payload.yaml:12`.
    pub place: Arc<str>,
}

impl Permit {
    /// Whether it allows `issue`. Names are compared as they are: no patterns, no folding of case.
    #[must_use]
    pub fn allows(&self, issue: &Issue) -> bool {
        issue.code != Code::Impermissible
            && self.code.is_none_or(|code| code == issue.code)
            && self.component.as_ref().is_none_or(|component| *component == issue.component)
    }

    /// Whether it lets an embargoed build of `component` become public: only one that says so literally does.
    #[must_use]
    pub fn allows_embargoed(&self, component: &str) -> bool {
        self.code == Some(Code::EmbargoedContent)
            && self.component.as_ref().is_none_or(|own| &**own == component)
    }
}

/// The permits that count in the assembly's phase: before the release its own ones, where there are any.
#[must_use]
pub fn in_force(assembly: &Assembly) -> &[Permit] {
    let is_early = assembly.phase == Phase::PreRelease && !assembly.prerelease_permits.is_empty();
    if is_early { &assembly.prerelease_permits } else { &assembly.permits }
}
