//! What can be wrong with a file, besides all that can go wrong on the way to it.

use crate::error::Class;
use crate::model::Digest;
use crate::registry::error::Verdict;

/// What is wrong with a file of a web server.
#[derive(Debug, thiserror::Error)]
pub enum FileFault {
    /// It is no address that a file can be asked of.
    #[error("it is no address of a web server, or has a login in it")]
    Address,
    /// HTML came for a file that cannot be HTML.
    #[error("a page of HTML in the place of the file")]
    Page,
    /// It has no bytes.
    #[error("the file is empty")]
    Empty,
    /// A success that brings no file.
    #[error("status {0} instead of the file")]
    Status(u16),
    /// The server sent more than it had announced.
    #[error("more than the {0} bytes that were announced")]
    Longer(u64),
    /// All bytes came, and they are not those of the file that was asked for.
    #[error("the bytes have the digest {found}, not {expected}{}", if *.is_page { "; they look like HTML" } else { "" })]
    Digest {
        /// What was asked for.
        expected: Digest,
        /// What came.
        found: Digest,
        /// The server called them HTML.
        is_page: bool,
    },
}

impl FileFault {
    pub(in crate::registry) fn verdict(&self) -> Verdict {
        match self {
            // One of the machines behind a name may have a damaged copy.
            Self::Longer(_) | Self::Digest { .. } => Verdict::Again,
            Self::Address | Self::Page | Self::Empty | Self::Status(_) => Verdict::Final,
        }
    }

    pub(in crate::registry) fn class(&self) -> Class {
        match self {
            Self::Address => Class::Invalid,
            Self::Page => Class::Missing,
            Self::Empty | Self::Longer(_) | Self::Digest { .. } => Class::Corrupt,
            Self::Status(_) => Class::Protocol,
        }
    }

    pub(in crate::registry) fn advice(&self, host: &str) -> Option<String> {
        match self {
            Self::Address => {
                Some("name it as http://HOST/PATH or https://HOST/PATH, without a login".to_owned())
            }
            Self::Page | Self::Digest { is_page: true, .. } => Some(format!(
                "see in a browser what {host} shows at this address: it may lack the file, or ask people to sign in"
            )),
            Self::Digest { is_page: false, .. } | Self::Empty => Some(format!(
                "{host} serves another file than the one that was asked for: see whether it is damaged there, or the \
                 digest is of another build"
            )),
            Self::Status(_) | Self::Longer(_) => None,
        }
    }
}
