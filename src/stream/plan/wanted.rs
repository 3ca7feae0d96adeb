//! Files under their keys, and the directories that they make up.

use std::sync::Arc;

use url::Url;

use crate::model::{Digest, Finding, Key};

/// Everything that is to be in a destination.
#[derive(Debug, Clone, Default)]
pub struct Plan {
    /// Files, each key once, in the order of the stream.
    pub files: Vec<Wanted>,
    /// Directories with a list of sums and a mark of completion, in the order of their keys. A flat layout has none.
    pub directories: Vec<Directory>,
    /// What people should know.
    pub warnings: Vec<Finding>,
}

/// A file that is to be under a key.
#[derive(Debug, Clone)]
pub struct Wanted {
    /// The artifacts that it is, by their places in the stream's list; the same file may be listed more than once.
    pub artifacts: Vec<usize>,
    /// Where it is now.
    pub source: Url,
    /// Where it belongs.
    pub key: Key,
    /// Further keys of the same directory under which it is to be found.
    pub aliases: Vec<Key>,
    /// What its bytes are.
    pub sha256: Digest,
    /// What they decompress to, if it is told.
    pub uncompressed: Option<Digest>,
    /// Whether another digest of what they decompress to is only worth a warning, since nobody says what it is the digest
    /// of (`gcp`'s `tar.gz`).
    pub is_uncompressed_doubtful: bool,
    /// Where its signature is now, and where it belongs.
    pub signature: Option<(Url, Key)>,
    /// Whether a file that is something else may never be replaced there.
    pub is_immutable: bool,
}

/// A directory of one build of one architecture. One that holds several is there once for each, and never whole.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Directory {
    /// Where it is; none: the root.
    pub key: Option<Key>,
    /// The architecture.
    pub arch: Arc<str>,
    /// The build, which its mark of completion holds.
    pub release: Arc<str>,
    /// Whether everything that the stream lists of this build is wanted, so that the directory may be marked complete.
    pub is_whole: bool,
}
