//! Why a file did not get where it belongs.

use crate::error::{Class, Classify};
use crate::model::{Digest, Finding};
use crate::objects;
use crate::registry;
use crate::state::{LockError, StateError};
use crate::stream::document::EditError;
use crate::stream::sums::SumsError;
use crate::stream::uncompressed::UncompressedError;

/// Why a file is not in a destination.
#[derive(Debug, thiserror::Error)]
pub enum MirrorError {
    /// Where it comes from.
    #[error(transparent)]
    Source(#[from] registry::Error),
    /// Where it goes.
    #[error(transparent)]
    Store(#[from] objects::Error),
    /// What is kept of it.
    #[error(transparent)]
    State(#[from] StateError),
    /// It decompresses to something else than the stream says.
    #[error("what it decompresses to has the digest {found}, and the stream says {expected}")]
    OtherInside {
        /// What the stream says.
        expected: Digest,
        /// What came.
        found: Digest,
    },
    /// It does not decompress.
    #[error("it cannot be decompressed")]
    Inside(#[from] UncompressedError),
    /// A signature that must be there is not, or nobody can tell.
    #[error("its signature cannot be had")]
    NoSignature(#[source] registry::Error),
    /// The list of sums that lies there.
    #[error(transparent)]
    Sums(#[from] SumsError),
    /// The stream file that would say where files are.
    #[error("the stream file cannot be rewritten")]
    Edit(#[from] EditError),
    /// What is wrong with it.
    #[error("the stream file cannot be rewritten: {}", messages(.0))]
    Findings(Vec<Finding>),
    /// What is wrong with the one that lies where it is to be published.
    #[error("what is published is no stream file: {}", messages(.0))]
    Published(Vec<Finding>),
    /// Somebody else has the destination.
    #[error(transparent)]
    Lock(#[from] LockError),
}

fn messages(findings: &[Finding]) -> String {
    findings.iter().map(|finding| &*finding.message).collect::<Vec<_>>().join("; ")
}

impl MirrorError {
    /// Whether the bytes were wrong, so that they may be right the next time.
    pub(super) fn is_of_content(&self) -> bool {
        self.class() == Class::Corrupt
    }
}

impl Classify for MirrorError {
    fn class(&self) -> Class {
        match self {
            Self::Source(error) | Self::NoSignature(error) => error.class(),
            Self::Store(error) => error.class(),
            Self::State(error) => error.class(),
            Self::OtherInside { .. } => Class::Corrupt,
            Self::Inside(error) => error.class(),
            Self::Sums(error) => error.class(),
            Self::Edit(_) | Self::Findings(_) | Self::Published(_) => Class::Invalid,
            Self::Lock(error) => error.class(),
        }
    }

    fn attempts(&self) -> u32 {
        match self {
            Self::Source(error) | Self::NoSignature(error) => error.attempts(),
            Self::Store(error) => error.attempts(),
            Self::State(error) => error.attempts(),
            _ => 1,
        }
    }

    fn advice(&self) -> Option<String> {
        match self {
            Self::NoSignature(error) if error.class() == Class::Missing => {
                Some("leave `--signatures require` out if the build has none".to_owned())
            }
            Self::Source(error) | Self::NoSignature(error) => error.advice(),
            Self::Store(error) => error.advice(),
            Self::State(error) => error.advice(),
            Self::OtherInside { .. } => {
                Some("the stream and the file do not belong together: ask who made the stream".to_owned())
            }
            Self::Inside(error) => error.advice(),
            Self::Sums(error) => error.advice(),
            Self::Edit(_) | Self::Findings(_) => None,
            Self::Published(_) => Some("look at it; `--force` puts the new one in its place".to_owned()),
            Self::Lock(error) => error.advice(),
        }
    }

    fn unreached(&self) -> Option<&str> {
        match self {
            Self::Source(error) | Self::NoSignature(error) => error.unreached(),
            _ => None,
        }
    }
}
