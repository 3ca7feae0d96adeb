//! From what was asked for and the ImageStreams that are known to entries for the engine.

use std::time::SystemTime;

use super::selection::{Asked, IsTag};
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
    /// The entries; no two want different things of one target, and no chain of them is a ring.
    pub wanted: Vec<Wanted>,
    /// Those that ended here, failed or skipped.
    pub rows: Vec<Row>,
    /// What is odd and has no row. What is odd in the configuration file alone is with [`Config`](super::Config).
    pub findings: Vec<Finding>,
}

/// Why an entry cannot be one.
#[derive(Debug, thiserror::Error)]
#[error("")]
pub enum EntryError {
    ///
    NoTag {
        ///
        tag: std::sync::Arc<str>,
    },
}

/// What to mirror, given all that was [`needed`](Asked::needed).
#[must_use]
pub fn wish(_asked: &Asked, _streams: &Streams) -> Wish {
    unimplemented!()
}
