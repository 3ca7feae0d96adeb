//! Why a publication ends before it is done. The kind decides the exit code.

use std::sync::Arc;
use std::time::Duration;

use crate::error::{Class, Classify, Failure, Stage};
use crate::model::{Cause, Digest, ReferenceError, Tag};

use super::journal::JournalError;
use super::names::{Number, ReleaseVersion};
use super::number::NumberError;

/// Why a publication ends before it is done.
#[derive(Debug, thiserror::Error)]
pub enum Fault {
    /// A guard says no (exit 4). Nothing was written because of it.
    #[error(transparent)]
    Refused(#[from] Refused),
    /// The image did not pass the certification (exit 1). Customers see nothing of it.
    #[error("{report}")]
    NotPassed {
        /// Which checks failed, for which platform, in lines.
        report: String,
        /// Whether a number is used up by it: the image was uploaded.
        burned: Option<Tag>,
    },
    /// The source, the settings or the preflight program cannot be used (exit 2).
    #[error("{what}")]
    Unsuitable {
        /// What is wrong.
        what: String,
        /// What to do about it.
        advice: Option<String>,
    },
    /// Somebody who must be asked did not tell (exit 3). It is safe to run again.
    #[error(transparent)]
    Untold(#[from] Failure),
    /// The catalog did not get there in time (exit 5). A run later goes on from there.
    #[error("timed out after {} waiting for {awaited}", humantime::format_duration(*.after))]
    TimedOut {
        /// How long was waited.
        after: Duration,
        /// What was waited for and what was seen last: `quay.io/a:1 to be public, which is absent`.
        awaited: Arc<str>,
        /// What to do about it.
        advice: Option<String>,
    },
    /// It was not begun: the run had begun enough (exit 0), or the catalog does not get to what was (exit 3).
    #[error("not begun: {why}")]
    Deferred {
        /// Why.
        why: Arc<str>,
        /// Whether that was asked for.
        is_asked: bool,
    },
    /// The run was asked to stop (exit 3).
    #[error("{0}")]
    Stopped(Cause),
}

/// What a guard says no to.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Refused {
    /// The unique tag is another image.
    #[error("{tag} is another image at {place}: {found}")]
    NumberInUse {
        /// The tag.
        tag: Tag,
        /// The repository.
        place: Arc<str>,
        /// What it is there.
        found: Digest,
        /// The unique tag of the next number that is free, if it is known.
        next: Option<Tag>,
    },
    /// The unique tag is the image already, and nobody knows that it was us.
    #[error("{tag} is this image already at {place}, and no journal here says that we put it there")]
    NotOurs {
        /// The tag.
        tag: Tag,
        /// The repository.
        place: Arc<str>,
    },
    /// The unique tag is there in the public registry, and not in the one that is written.
    #[error("{tag} is in use at {place}, and absent where it would be uploaded")]
    UsedInPublic {
        /// The tag.
        tag: Tag,
        /// The public repository.
        place: Arc<str>,
    },
    /// The image, or one of its children, is known already.
    #[error("{what} {digest} is known already at {place}")]
    Known {
        /// `the image`, or `the image for linux/arm64`.
        what: String,
        /// Its digest.
        digest: Digest,
        /// Who knows it.
        place: Arc<str>,
    },
    /// Somebody else wrote the unique tag while we did.
    #[error("{tag} was written by somebody else meanwhile: it is {found}, not {expected}")]
    Overwritten {
        /// The tag.
        tag: Tag,
        /// What we wrote.
        expected: Digest,
        /// What it is; `absent` where it is nothing.
        found: Arc<str>,
    },
    /// The public registry serves another image under the unique tag.
    #[error("{place} serves {found} as {tag}, and not {expected}")]
    ServesAnother {
        /// The tag.
        tag: Tag,
        /// The public repository.
        place: Arc<str>,
        /// What was uploaded.
        expected: Digest,
        /// What is served.
        found: Digest,
    },
    /// A later rebuild is there already.
    #[error("{newer} is there already: the tags of {version} are not moved back to {number}")]
    Superseded {
        /// The version.
        version: ReleaseVersion,
        /// The number that was published.
        number: Number,
        /// The unique tag of the later one.
        newer: Tag,
    },
    /// A number below one that was used already was asked for.
    #[error("{version}-{wanted} was passed already: the next one is {version}-{next}")]
    NumberPassed {
        /// The version.
        version: ReleaseVersion,
        /// The number that was asked for.
        wanted: Number,
        /// The next one.
        next: Number,
    },
    /// A publication of another image is not done yet.
    #[error("the publication of {version}-{number} is not done, and it is of another image: {planned}")]
    Unfinished {
        /// The version.
        version: ReleaseVersion,
        /// Its number.
        number: Number,
        /// Where its image comes from.
        planned: String,
    },
    /// Any other guard, in its words.
    #[error("{what}")]
    Other {
        /// What is refused and why.
        what: String,
        /// What to do about it.
        advice: String,
    },
}

impl From<NumberError> for Fault {
    fn from(error: NumberError) -> Self {
        Self::Unsuitable { what: error.to_string(), advice: error.advice() }
    }
}

impl From<JournalError> for Fault {
    fn from(error: JournalError) -> Self {
        Self::Untold(Failure::new(Stage::Read, error))
    }
}

impl From<ReferenceError> for Fault {
    fn from(error: ReferenceError) -> Self {
        Self::Unsuitable { what: error.to_string(), advice: None }
    }
}

impl Fault {
    /// The same, with other advice where it was not told.
    #[must_use]
    pub fn with_advice(self, advice: &str) -> Self {
        match self {
            Self::Untold(mut failure) => {
                failure.advice = Some(advice.into());
                Self::Untold(failure)
            }
            other => other,
        }
    }

    /// There is nowhere to keep a journal.
    #[must_use]
    pub fn no_state_dir() -> Self {
        Self::unsuitable("there is nowhere to keep a journal", "pass `--state-dir`")
    }

    /// The input cannot be used.
    pub fn unsuitable(what: impl Into<String>, advice: impl Into<String>) -> Self {
        Self::Unsuitable { what: what.into(), advice: Some(advice.into()) }
    }
}

impl Refused {
    fn said(&self) -> String {
        match self {
            Self::NumberInUse { next: Some(next), .. } => {
                format!("a number is never used twice, and the next one is {next}: publish with `--rebuild next`")
            }
            Self::NumberInUse { next: None, .. } => {
                "a number is never used twice: publish with `--rebuild next`".into()
            }
            Self::NotOurs { .. } => {
                "if it was put there by a run whose journal is lost, go on with `--adopt`; else publish with \
                                     `--rebuild next`"
                    .into()
            }
            Self::UsedInPublic { .. } => {
                "the number was used by somebody who removed it from the upload registry: publish with \
                                          `--rebuild next`"
                    .into()
            }
            Self::Known { .. } => {
                "the catalog takes no image twice: rebuild it, or publish it with `--make-unique`".into()
            }
            Self::Overwritten { .. } => {
                "somebody else publishes to the same project: find out who, and see with `publish status` what \
                                         its tags are now"
                    .into()
            }
            Self::ServesAnother { .. } => {
                "somebody else wrote this tag: find out who; nothing was moved that customers use".into()
            }
            Self::Superseded { .. } => {
                "nothing is to be done if the later one is right; `publish rollback` moves the tags back"
                    .into()
            }
            Self::NumberPassed { next, .. } => {
                format!("the tags that customers use would move back: publish with `--rebuild {next}` or `--rebuild next`")
            }
            Self::Unfinished { .. } => {
                "`publish resume` brings it to its end; to leave it as it is, name the number that this image is to have".into()
            }
            Self::Other { advice, .. } => advice.clone(),
        }
    }
}

impl Classify for Refused {
    fn class(&self) -> Class {
        Class::Denied
    }

    fn advice(&self) -> Option<String> {
        Some(self.said())
    }
}

impl Classify for Fault {
    fn class(&self) -> Class {
        match self {
            Self::Refused(refused) => refused.class(),
            Self::NotPassed { .. } | Self::Unsuitable { .. } => Class::Invalid,
            Self::Untold(failure) => failure.class,
            Self::TimedOut { .. } | Self::Deferred { .. } => Class::Transient,
            Self::Stopped(_) => Class::Interrupted,
        }
    }

    fn attempts(&self) -> u32 {
        if let Self::Untold(failure) = self { failure.attempts } else { 1 }
    }

    fn advice(&self) -> Option<String> {
        match self {
            Self::Refused(refused) => refused.advice(),
            Self::NotPassed { burned, .. } => Some(match burned {
                Some(tag) => format!(
                    "mend the image and publish it with the next number; {tag} is used up, and nothing points at it"
                ),
                None => "mend the image; nothing was uploaded, and no number is used up".to_owned(),
            }),
            Self::Unsuitable { advice, .. } | Self::TimedOut { advice, .. } => advice.clone(),
            Self::Untold(failure) => failure.advice.as_deref().map(ToOwned::to_owned),
            Self::Stopped(_) => Some("run it again: it goes on where it was".to_owned()),
            Self::Deferred { .. } => Some("nothing was changed for it: the next run begins it".to_owned()),
        }
    }
}
