//! What a change of the mapping files took away, beside what it adds: the lines of an older revision.

use std::sync::Arc;

use super::desired::Origin;
use super::row::Locator;

/// What files are compared with, and what only the older ones have.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Compared {
    /// The commit, as its whole id.
    pub commit: Arc<str>,
    /// Lines that are not there any more, or otherwise.
    pub removed: Vec<Former>,
    /// Lines that are as they were, in another file.
    pub relocated: Vec<Relocated>,
}

/// What a line of the older revision asked for, and nothing asks for now.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Former {
    /// Where it stood then.
    pub origin: Origin,
    /// What was copied.
    pub source: Locator,
    /// Where to.
    pub target: Locator,
    /// The line that stands in its place: with the same target or the same source; none: it was removed.
    pub now: Option<Replacement>,
}

/// The line that took the place of another.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Replacement {
    /// Where it stands.
    pub origin: Origin,
    /// Its target.
    pub target: Locator,
}

impl Former {
    /// Whether its target is not kept up to date any more.
    #[must_use]
    pub fn leaves_target(&self) -> bool {
        self.now.as_ref().is_none_or(|now| now.target != self.target)
    }
}

/// Lines that only went to another file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Relocated {
    /// Where they were.
    pub from: Arc<str>,
    /// Where they are.
    pub to: Arc<str>,
    /// How many.
    pub count: usize,
}
