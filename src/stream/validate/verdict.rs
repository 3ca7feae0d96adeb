//! What is wrong with a file, or that nobody can tell.

use std::sync::Arc;

use super::Prefix;
use crate::error::{Chain, Class, Classify, Failure, Stage};
use crate::model::{Cause, Digest, Outcome};
use crate::registry::{Error, Kind};
use crate::stream::sums::SumsError;

/// Why a file of a stream is not as it should be.
#[derive(Debug, thiserror::Error)]
pub enum Unmirrored {
    /// What the stream says of it is of no use.
    #[error("it cannot be checked: {0}")]
    Unusable(String),
    /// It is listed somewhere else than it must be.
    #[error("it is not below {}", shown(.0))]
    WrongPrefix(Vec<Prefix>),
    /// The server says that it has no such file.
    #[error("it is missing: status {0}")]
    Status(u16),
    /// The server has a folder of that name, or files whose names go on.
    #[error("it is missing: the server answers for a folder of that name")]
    Folder,
    /// HTML is no file that a stream lists.
    #[error("it is missing: a page of HTML comes in its place")]
    Page,
    /// Something that belongs to it is missing.
    #[error("{0} is missing")]
    Missing(&'static str, #[source] Error),
    /// The container image is not there.
    #[error("there is no such image")]
    NoImage,
    /// It has no bytes.
    #[error("it is empty")]
    Empty,
    /// The server refuses in a way that no file gives rise to.
    #[error("the server answers with status {0}")]
    Answer(u16),
    /// What is beside it is no list of sums.
    #[error("the sha256sum.txt beside it is no list of sums")]
    List(#[source] SumsError),
    /// The list of sums beside it leaves it out.
    #[error("the sha256sum.txt beside it does not list it")]
    Unlisted,
    /// The list of sums beside it says something else.
    #[error("the sha256sum.txt beside it says {found}, not {expected}")]
    Listed {
        /// What the stream says.
        expected: Digest,
        /// What the list says.
        found: Digest,
    },
}

/// A file that did not turn out to be as it should be.
#[derive(Debug, Clone)]
pub(super) enum Verdict {
    /// It is not.
    Bad(Failure),
    /// It may be; in words.
    Untold(Arc<str>),
    /// There was no time to find out.
    Stopped(Cause),
}

fn shown(prefixes: &[Prefix]) -> String {
    prefixes.iter().map(Prefix::to_string).collect::<Vec<_>>().join(" or ")
}

impl Verdict {
    /// What an error in reading `what` comes to, where the statuses in `missing` say that it is not there.
    pub(super) fn of(error: Error, what: &'static str, missing: &[u16]) -> Self {
        let is_missing = error.status().is_some_and(|status| missing.contains(&status)) || error.is_missing();
        if is_missing {
            return Self::from(Unmirrored::Missing(what, error));
        }
        if is_untold(&error) {
            let host = error.host().map_or_else(String::new, |host| format!("{host}: "));
            return Self::Untold(format!("{host}{}", Chain(error.kind())).into());
        }
        Self::Bad(Failure::new(Stage::Verify, error))
    }

    pub(super) fn into_outcome(self) -> Outcome {
        match self {
            Self::Bad(failure) => Outcome::Failed(failure),
            Self::Untold(said) => Outcome::Unfinished(Cause::Untold(said)),
            Self::Stopped(cause) => Outcome::Unfinished(cause),
        }
    }
}

impl From<Unmirrored> for Verdict {
    fn from(unmirrored: Unmirrored) -> Self {
        Self::Bad(Failure::new(Stage::Verify, unmirrored))
    }
}

/// Whether an error says nothing about what was asked for: no answer, none to us, or none at this time.
fn is_untold(error: &Error) -> bool {
    match error.class() {
        Class::Transient | Class::Throttled | Class::Denied | Class::Interrupted => true,
        Class::Invalid | Class::Missing | Class::Corrupt | Class::Protocol => is_silence(error.kind()),
    }
}

/// Whether no connection came about that an answer could be trusted of.
fn is_silence(kind: &Kind) -> bool {
    match kind {
        Kind::Certificate(_) | Kind::Nameless(_) | Kind::NotTls(_) | Kind::Unreached { .. } => true,
        Kind::Elsewhere { cause, .. } => is_silence(cause),
        _ => false,
    }
}

impl Classify for Unmirrored {
    fn class(&self) -> Class {
        match self {
            Self::Unusable(_) | Self::WrongPrefix(_) => Class::Invalid,
            Self::Status(_)
            | Self::Folder
            | Self::Page
            | Self::Missing(..)
            | Self::NoImage
            | Self::Unlisted => Class::Missing,
            Self::Empty | Self::Listed { .. } => Class::Corrupt,
            Self::List(_) | Self::Answer(_) => Class::Protocol,
        }
    }

    fn attempts(&self) -> u32 {
        match self {
            Self::Missing(_, error) => error.attempts(),
            _ => 1,
        }
    }

    fn advice(&self) -> Option<String> {
        let advice = match self {
            Self::Unusable(_) => "mend the stream file",
            Self::WrongPrefix(_) => "rewrite the stream to where it was mirrored to (`stream rewrite --url`)",
            Self::Status(_) | Self::Folder | Self::Page | Self::Missing(..) | Self::Unlisted => {
                "mirror the stream (`stream mirror`); if that was done, see whether the mirror shows it yet"
            }
            Self::NoImage => "copy the container image (`stream mirror --containers`)",
            Self::Empty | Self::List(_) | Self::Listed { .. } => {
                "mirror the stream again: what is there is something else, whoever put it there"
            }
            Self::Answer(_) => "ask the operator of the server what this answer means",
        };
        Some(advice.to_owned())
    }
}
