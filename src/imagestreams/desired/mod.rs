//! From what was asked for and the ImageStreams that are known to entries for the engine.
//!
//! 1. `sections` and `picked`: the entries of the configuration file, and those that the flags pick.
//! 2. `source`: where the image of an entry is.
//! 3. `claim`, `judged`: those that contradict one another, and the order of those that do not.

mod claim;
mod drafts;
mod error;
mod judged;
mod picked;
mod sections;
mod source;

use std::time::SystemTime;

pub use error::EntryError;

use super::asked::Asked;
use super::loops::Places;
use super::selection::IsTag;
use super::streams::Streams;
use crate::model::{Desired, Finding, Row};

/// An entry, and what else is known about it.
#[derive(Debug, Clone)]
pub struct Wanted {
    /// The entry.
    pub desired: Desired,
    /// The tag of an ImageStream that its source is; none: its source is another image.
    pub istag: Option<IsTag>,
    /// When that tag was moved to the image.
    pub created: Option<SystemTime>,
    /// How many other entries must be done before, one after the other, for its source to be right.
    pub level: usize,
}

/// What was asked for comes down to this.
#[derive(Debug, Default)]
pub struct Wish {
    /// The entries, each once; no two want different things of one target, and no chain of them is a ring.
    pub wanted: Vec<Wanted>,
    /// Those that ended here, failed or skipped, and what could not be read.
    pub rows: Vec<Row>,
    /// What is odd and has no row. What is odd in the configuration file by itself is with [`Config`](super::Config).
    pub findings: Vec<Finding>,
}

/// What to mirror, given all that was [`needed`](Asked::needed).
///
/// The configuration file comes first, then what the flags pick besides. Each entry is wanted or has a row; what is
/// excluded has neither.
#[must_use]
pub fn wish(asked: &Asked, streams: &Streams) -> Wish {
    let mut drafts = drafts::Drafts::new(asked, streams);
    drafts.what_is_unread();
    drafts.sections();
    drafts.picked();
    drafts.unused();
    let (wish, claims) = drafts.finish();
    judged::judged(wish, claims, &Places::new(&asked.names, streams))
}
