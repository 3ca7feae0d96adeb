//! What can go wrong with a destination.

use std::error::Error as StdError;
use std::fmt;
use std::io;

use crate::error::{Class, Classify};
use crate::model::{Digest, KeyError};

/// A failed operation on a destination.
#[derive(Debug)]
pub struct Error {
    operation: String,
    kind: Kind,
}

/// Why an operation failed.
#[derive(Debug, thiserror::Error)]
pub enum Kind {
    /// The file system says no.
    #[error(transparent)]
    Io(io::Error),
    /// There is something that was not to be replaced.
    #[error("somebody else wrote it meanwhile")]
    Changed,
    /// The bytes are not what they were to be.
    #[error("the bytes have the digest {found}, not {expected}")]
    Digest {
        /// What was asked for.
        expected: Digest,
        /// What came.
        found: Digest,
    },
    /// It is too large to be what it should be.
    #[error("it is larger than the {0} bytes allowed")]
    TooLarge(u64),
    /// A link leads out of the destination.
    #[error("a symbolic link in it leads elsewhere")]
    Link,
    /// A name that is no key.
    #[error(transparent)]
    Key(KeyError),
}

impl Error {
    /// `operation` names what was done to what: `writing /srv/a/b`.
    pub(super) fn new(operation: impl Into<String>, kind: Kind) -> Self {
        Self { operation: operation.into(), kind }
    }

    /// The cause.
    #[must_use]
    pub fn kind(&self) -> &Kind {
        &self.kind
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.operation)
    }
}

impl StdError for Error {
    fn source(&self) -> Option<&(dyn StdError + 'static)> {
        Some(&self.kind)
    }
}

impl Classify for Error {
    fn class(&self) -> Class {
        match &self.kind {
            Kind::Io(error) => Class::of_file(error),
            Kind::Changed | Kind::Link => Class::Denied,
            Kind::Digest { .. } => Class::Corrupt,
            Kind::TooLarge(_) | Kind::Key(_) => Class::Protocol,
        }
    }
}
