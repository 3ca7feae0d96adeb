//! What can go wrong with the catalog's API.

use std::sync::Arc;

use crate::error::{Blame, Class, Classify};
use crate::registry::Error;

/// Why the catalog did not tell, or did not do.
#[derive(Debug, thiserror::Error)]
pub enum CatalogError {
    /// The address of the API is none.
    #[error("the address of the catalog's API is none that has paths")]
    Base,
    /// The key cannot be sent.
    #[error("the key for the catalog's API has characters that cannot be sent: {place}")]
    Key {
        /// Where it is from.
        place: Arc<str>,
    },
    /// It was asked, and refused or did not answer.
    #[error(transparent)]
    Asked(#[from] Error),
    /// It answered something else than what was asked for. What that is is not shown.
    #[error("{asked}: the catalog's answer is not what it should be (line {line}, column {column})")]
    Answer {
        /// What was asked.
        asked: String,
        /// Where it begins to be something else.
        line: usize,
        /// As that.
        column: usize,
    },
    /// A list goes on and on.
    #[error("{asked}: the catalog's list has no end")]
    Endless {
        /// What was asked.
        asked: String,
    },
    /// It may not be asked to change anything.
    #[error("the catalog is only read by this run, and was not asked to {operation}")]
    ReadOnly {
        /// What was wanted of it.
        operation: &'static str,
    },
    /// It was asked to do something, and nobody knows whether it will. It is not asked twice.
    #[error("the catalog was asked to {operation}, and may or may not do it")]
    Unanswered {
        /// What was wanted of it.
        operation: &'static str,
        /// Why it is not known.
        #[source]
        cause: Error,
    },
}

impl Classify for CatalogError {
    fn class(&self) -> Class {
        match self {
            Self::Base | Self::Key { .. } | Self::ReadOnly { .. } => Class::Invalid,
            Self::Asked(error) | Self::Unanswered { cause: error, .. } => error.class(),
            Self::Answer { .. } | Self::Endless { .. } => Class::Protocol,
        }
    }

    fn attempts(&self) -> u32 {
        match self {
            Self::Asked(error) | Self::Unanswered { cause: error, .. } => error.attempts(),
            _ => 1,
        }
    }

    fn advice(&self) -> Option<String> {
        match self {
            Self::Asked(error) => error.advice(),
            Self::Base => Some("it looks like https://catalog.redhat.com/api/containers".to_owned()),
            Self::Key { .. } => Some("see that it was copied whole, and nothing with it".to_owned()),
            Self::ReadOnly { .. } => Some("let the run write to the catalog, if it is meant to".to_owned()),
            Self::Unanswered { .. } => Some(
                "look in the catalog whether the request is there before it is made again; nothing else depends on it"
                    .to_owned(),
            ),
            Self::Answer { .. } | Self::Endless { .. } => None,
        }
    }

    fn unreached(&self) -> Option<&str> {
        match self {
            Self::Asked(error) => error.unreached(),
            _ => None,
        }
    }

    fn blame(&self) -> Option<Blame> {
        match self {
            Self::Asked(error) => error.blame(),
            _ => None,
        }
    }
}
