//! Why a state cannot be had.

use super::record::Unreadable;
use crate::error::{Class, Classify, Failure, Stage};
use crate::redact::{cut, one_line};

/// Why a state cannot be had.
#[derive(Debug, thiserror::Error)]
pub(super) enum Fault {
    /// Whoever keeps it did not hand it out.
    #[error("{}", crate::error::Chain(.0.cause()))]
    Unread(Failure),
    /// What is there is somebody else's.
    #[error("what is there is no state of image-mirror but {}", cut(&one_line(.0), 100))]
    Foreign(String),
    /// What is there cannot be used.
    #[error("what is there is damaged: {0}")]
    Damaged(String),
    /// More than any state is.
    #[error("what is there has {size} bytes, and no state has more than {most}")]
    TooLarge {
        /// How many bytes there are.
        size: u64,
        /// How many there may be.
        most: u64,
    },
}

impl Fault {
    pub(super) fn unread(error: impl Classify) -> Self {
        Self::Unread(Failure::new(Stage::Read, error))
    }

    /// Whether what is there is to stay: it may be whole, or somebody else's.
    pub(super) fn leaves_it(&self) -> bool {
        match self {
            Self::Unread(failure) => {
                matches!(failure.class, Class::Transient | Class::Throttled | Class::Interrupted)
                    || failure.unreached.is_some()
            }
            Self::Foreign(_) => true,
            Self::Damaged(_) | Self::TooLarge { .. } => false,
        }
    }

    /// Whether nothing is known of what is there.
    pub(super) fn is_unread(&self) -> bool {
        matches!(self, Self::Unread(_))
    }

    /// What to do about it.
    pub(super) fn advice(&self) -> String {
        match self {
            Self::Unread(failure) => {
                failure.advice.as_deref().unwrap_or("see that it can be read").to_owned()
            }
            Self::Foreign(_) => {
                "name a place of its own with `--state`; this one is left as it is".to_owned()
            }
            Self::Damaged(_) | Self::TooLarge { .. } => {
                "see who else writes there; a run that writes replaces it".to_owned()
            }
        }
    }
}

impl From<Unreadable> for Fault {
    fn from(error: Unreadable) -> Self {
        Self::Damaged(crate::error::Chain(&error).to_string())
    }
}
