//! What a plan knows of an entry that would move, beside its digests.

use std::time::SystemTime;

/// What is known of an entry that would be written. Nothing depends on it: it is for those who review a change.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Foreseen {
    /// When the source was made; none: it does not say, or could not be read.
    pub created: Option<SystemTime>,
    /// When the image was made that the target names until now; none: as above, or there is none.
    pub previous_created: Option<SystemTime>,
    /// Whether the target's repository is there; none: nobody asked, since something in it is.
    pub repository: Option<Presence>,
}

/// Whether a repository exists.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Presence {
    /// It does not: the first copy makes it.
    New,
    /// It does.
    Exists,
    /// The registry does not say so to this login.
    Untold,
}
