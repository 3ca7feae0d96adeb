//! Conditions on writing a target, and the rules of an operator that ask for them.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::digest::Digest;
use super::tag_template::TagTemplate;

/// A rule that an operator made, as it is named where it says no.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Rule {
    /// What it is called, if anything.
    pub name: Option<Arc<str>>,
    /// Where it is written: `mirror-policy.yaml:12`, or the flag.
    pub place: Arc<str>,
}

impl fmt::Display for Rule {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.name {
            Some(name) => write!(f, "rule `{name}` ({})", self.place),
            None if self.place.starts_with("--") => write!(f, "`{}`", self.place),
            None => write!(f, "the rule at {}", self.place),
        }
    }
}

/// One of the two images that a tag names when it moves.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Which {
    /// What the target is until now. There is none where the target is absent.
    Outgoing,
    /// What the target is to be.
    Incoming,
}

/// A condition on writing a target. It is looked at when the entry is planned and, where the target may have changed
/// since, again right before its name is written.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Guard {
    /// The target is not to be written at all, nor looked at.
    Forbidden,
    /// The target must not exist, unless it is already what it is to be.
    Absent,
    /// The target must still be what the plan was made against.
    Unmoved,
    /// The target must be this.
    Is(Digest),
    /// This image must have a further tag in the target's repository before the target's own tag moves; the engine gives it
    /// that tag.
    Tagged(Which, TagTemplate),
    /// The source must have been made at least so long ago.
    SourceAge {
        /// How long.
        least: Duration,
        /// Whether a source that does not say when it was made is old enough.
        unknown: bool,
    },
    /// A rule asks for the condition; a refusal names it.
    ByRule(Arc<Rule>, Box<Guard>),
}

impl Guard {
    /// The condition by itself.
    #[must_use]
    pub fn condition(&self) -> &Self {
        match self {
            Self::ByRule(_, guard) => guard.condition(),
            plain => plain,
        }
    }

    /// The rule that asks for it.
    #[must_use]
    pub fn rule(&self) -> Option<&Arc<Rule>> {
        match self {
            Self::ByRule(rule, _) => Some(rule),
            _ => None,
        }
    }

    /// Whether it hangs on what the target is.
    #[must_use]
    pub fn is_about_target(&self) -> bool {
        matches!(
            self.condition(),
            Self::Absent | Self::Unmoved | Self::Is(_) | Self::Tagged(Which::Outgoing, _)
        )
    }
}

impl fmt::Display for Guard {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Forbidden => f.write_str("nothing may be written there"),
            Self::Absent => f.write_str("it may be created, and is never changed"),
            Self::Unmoved => f.write_str("it is left alone if somebody else moves it during the run"),
            Self::Is(digest) => write!(f, "it is changed only while it is {digest}"),
            Self::Tagged(Which::Outgoing, tag) => {
                write!(f, "what it was is kept as `{tag}` when it is moved")
            }
            Self::Tagged(Which::Incoming, tag) => write!(f, "what it becomes is tagged `{tag}` too"),
            Self::SourceAge { least, .. } => {
                write!(f, "its source must be {} old", humantime::format_duration(*least))
            }
            Self::ByRule(rule, guard) => write!(f, "{rule}: {guard}"),
        }
    }
}
