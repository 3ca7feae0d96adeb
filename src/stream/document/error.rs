//! Why a stream file could not be changed.

use std::sync::Arc;

use crate::error::{Class, Classify};

/// Why a stream file could not be changed; nothing was.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum EditError {
    /// A change names what the stream does not list.
    #[error("a change is about something that the stream does not list")]
    Unlisted,
    /// What is to be changed is no object, so that nothing can be put into it.
    #[error("`{path}` is {kind}, and only an object can be changed")]
    NoObject {
        /// The keys that lead there.
        path: String,
        /// What it is.
        kind: &'static str,
    },
    /// The file was read again after the edit and does not say what it should.
    #[error("an edit of `{file}` would have changed more, or less, than was meant")]
    Unproven {
        /// The file.
        file: Arc<str>,
    },
}

impl Classify for EditError {
    fn class(&self) -> Class {
        match self {
            Self::Unlisted | Self::NoObject { .. } | Self::Unproven { .. } => Class::Invalid,
        }
    }

    fn advice(&self) -> Option<String> {
        match self {
            Self::Unlisted | Self::NoObject { .. } => None,
            Self::Unproven { .. } => Some(
                "give the stream as plain JSON, or write the text of the ConfigMap as a block (`|`)"
                    .to_owned(),
            ),
        }
    }
}
