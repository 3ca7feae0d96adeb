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
    /// There is no room for more; what is there of a file is kept for the next run.
    #[error(transparent)]
    NoSpace(io::Error),
    /// Below the root of a directory another file system is mounted, and a file would have to be renamed into it.
    #[error(transparent)]
    OtherFileSystem(io::Error),
    /// The store of a bucket says no, or nothing.
    #[error(transparent)]
    Refused(Refused),
    /// There is something that was not to be replaced.
    #[error("somebody else wrote it meanwhile")]
    Changed,
    /// A directory or file lies where a link is to be.
    #[error("there is a real directory or file, not a link")]
    NotALink,
    /// The bytes are not what they were to be.
    #[error("the bytes have the digest {found}, not {expected}")]
    Digest {
        /// What was asked for.
        expected: Digest,
        /// What came.
        found: Digest,
    },
    /// Nobody noted what the bytes are.
    #[error("the store does not know its sha256")]
    Unknown,
    /// It is too large to be what it should be, or for what is done to it.
    #[error("it is larger than the {0} bytes allowed")]
    TooLarge(u64),
    /// A link leads out of the destination.
    #[error("a symbolic link in it leads elsewhere")]
    Link,
    /// A name that is no key.
    #[error(transparent)]
    Key(KeyError),
    /// A bucket cannot be opened as it was described.
    #[error("{0}")]
    Settings(String),
}

/// What the store of a bucket answered, fit to be printed: on one line, not too long, without the secrets that we sent.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{text}")]
pub struct Refused {
    pub(super) class: Class,
    pub(super) text: String,
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

impl Kind {
    /// What a failure of the file system means here.
    pub(super) fn of(error: io::Error) -> Self {
        match error.kind() {
            io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded | io::ErrorKind::FileTooLarge => {
                Self::NoSpace(error)
            }
            io::ErrorKind::CrossesDevices => Self::OtherFileSystem(error),
            _ => Self::Io(error),
        }
    }
}

impl From<io::Error> for Kind {
    fn from(error: io::Error) -> Self {
        Self::of(error)
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
            Kind::Refused(refused) => refused.class,
            // None of them is another a moment later.
            Kind::NoSpace(_) | Kind::OtherFileSystem(_) | Kind::Changed | Kind::Link | Kind::NotALink => {
                Class::Denied
            }
            Kind::Digest { .. } => Class::Corrupt,
            Kind::TooLarge(_) | Kind::Key(_) | Kind::Unknown => Class::Protocol,
            Kind::Settings(_) => Class::Invalid,
        }
    }

    fn advice(&self) -> Option<String> {
        let text = match &self.kind {
            Kind::NoSpace(_) => "make room at the destination and run it again: it goes on where it stopped",
            Kind::OtherFileSystem(_) => {
                "mount nothing below the root of the destination: files are renamed from its .image-mirror/ into place"
            }
            Kind::Link => "remove the link, or name the directory that it leads to as the destination",
            Kind::NotALink => "move it away: this program replaces links only",
            Kind::Unknown => "delete the object, so that it is brought again and its sha256 is noted",
            Kind::Io(_)
            | Kind::Refused(_)
            | Kind::Changed
            | Kind::Digest { .. }
            | Kind::TooLarge(_)
            | Kind::Key(_)
            | Kind::Settings(_) => return None,
        };
        Some(text.to_owned())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_full_disk_a_quota_and_a_limit_of_size_are_no_reason_to_try_again() {
        for number in [28, 122, 27] {
            let error = Error::new("writing a", Kind::of(io::Error::from_raw_os_error(number)));
            assert!(matches!(error.kind(), Kind::NoSpace(_)), "{number}");
            assert_eq!(error.class(), Class::Denied);
            assert!(error.advice().is_some_and(|advice| advice.contains("make room")));
        }
        let elsewhere = Error::new("writing a", Kind::of(io::Error::from_raw_os_error(18)));
        assert!(elsewhere.advice().is_some_and(|advice| advice.contains("mount nothing")));
        let other = Error::new("writing a", Kind::of(io::Error::from_raw_os_error(5)));
        assert_eq!(other.class(), Class::Transient);
    }
}
