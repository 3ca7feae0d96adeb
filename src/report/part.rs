//! Which part of a whole a report is, and what its files are called.

use super::Report;
use crate::model::{Digest, Shard};

/// Which part of a whole a report is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Part {
    /// The shard that was run.
    pub shard: Shard,
    /// Tells the mapping set that was divided from any other.
    pub set: Digest,
}

impl Report {
    /// What a file of this report is called that a whole one calls `name`: shards may share a directory.
    #[must_use]
    pub fn file_name(&self, name: &str) -> String {
        match (&self.part, name.rsplit_once('.')) {
            (Some(Part { shard, .. }), Some((stem, extension))) => {
                format!("{stem}-{}-of-{}.{extension}", shard.index(), shard.count())
            }
            _ => name.to_owned(),
        }
    }
}
