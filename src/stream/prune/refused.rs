//! Why nothing, or nothing more, may be deleted.

use std::io;
use std::path::PathBuf;

use crate::error::{Class, Classify};
use crate::model::KeyError;
use crate::objects;
use crate::state::StateError;
use crate::stream::pins::PinsError;
use crate::stream::state::PinCount;

/// Why it was not safe to delete anything, or anything more.
#[derive(Debug, thiserror::Error)]
pub enum Refused {
    /// It is not known what is pinned.
    #[error("it is not known what is pinned, so nothing was deleted")]
    Pins(#[source] PinsError),
    /// It was known, and is not any more.
    #[error("it is not known any more what is pinned, so nothing more was deleted")]
    Meanwhile(#[source] PinsError),
    /// What is there may be another architecture's.
    #[error("{} is a symbolic link, and what it leads to may be pinned for another architecture", .link.display())]
    Linked {
        /// The link, on the way to the builds of an architecture.
        link: PathBuf,
    },
    /// There are fewer pins than there must be.
    #[error("there are {pins} pins, and there must be at least {least}")]
    TooFewPins {
        /// So many there are.
        pins: usize,
        /// So many there must be.
        least: usize,
    },
    /// There are far fewer pins than the last time.
    #[error("there are {pins} pins, and there were {} on {}", .last.pins, humantime::format_rfc3339_seconds(.last.at))]
    Dropped {
        /// So many there are.
        pins: usize,
        /// The last time.
        last: PinCount,
    },
    /// More would be deleted than one run may delete.
    #[error("{due} of {directories} release directories are due, which is more than `{bound}` allows")]
    TooMany {
        /// So many would be deleted.
        due: usize,
        /// So many there are.
        directories: usize,
        /// The flag that sets the bound, with its value.
        bound: String,
    },
}

/// Why it is not known what there is in the destination.
#[derive(Debug, thiserror::Error)]
pub enum Unable {
    /// It cannot be listed, or something that we keep there cannot be read or written.
    #[error(transparent)]
    State(#[from] StateError),
    /// Its folders cannot be looked at.
    #[error("the folders of the destination cannot be looked at")]
    Folders(#[from] io::Error),
}

/// Fewer pins than this part of the last time's are too few, in percent.
const LEAST_PERCENT: usize = 80;

impl Refused {
    /// Whether `pins` pins are enough to go by.
    ///
    /// # Errors
    /// When they are not.
    pub(super) fn unless_enough(
        pins: usize,
        least: usize,
        before: Option<PinCount>,
        accept_drop: bool,
    ) -> Result<(), Self> {
        if pins < least {
            return Err(Self::TooFewPins { pins, least });
        }
        match before {
            Some(count)
                if !accept_drop && pins.saturating_mul(100) < count.pins.saturating_mul(LEAST_PERCENT) =>
            {
                Err(Self::Dropped { pins, last: count })
            }
            _ => Ok(()),
        }
    }
}

impl From<objects::Error> for Unable {
    fn from(error: objects::Error) -> Self {
        Self::State(error.into())
    }
}

impl From<KeyError> for Unable {
    fn from(error: KeyError) -> Self {
        Self::State(error.into())
    }
}

impl Classify for Refused {
    fn class(&self) -> Class {
        match self {
            Self::Pins(error) | Self::Meanwhile(error) => error.class(),
            Self::Linked { .. } | Self::TooFewPins { .. } | Self::Dropped { .. } | Self::TooMany { .. } => {
                Class::Denied
            }
        }
    }

    fn advice(&self) -> Option<String> {
        match self {
            Self::Pins(error) | Self::Meanwhile(error) => error.advice(),
            Self::Linked { .. } => Some(
                "nothing was deleted: put a directory in the place of the link, or name with `--root` where it leads"
                    .to_owned(),
            ),
            Self::TooFewPins { .. } => Some(
                "nothing was deleted: see whether a source of pins is missing or shrank; if not, lower `--min-pins`"
                    .to_owned(),
            ),
            Self::Dropped { .. } => Some(
                "nothing was deleted: see whether a source of pins is missing or shrank; if so many pins are gone for good, \
                 say so once with `--accept-pin-drop`"
                    .to_owned(),
            ),
            Self::TooMany { .. } => Some(
                "nothing was deleted: see that these directories are the right ones, then allow as many by that flag"
                    .to_owned(),
            ),
        }
    }
}

impl Classify for Unable {
    fn class(&self) -> Class {
        match self {
            Self::State(error) => error.class(),
            Self::Folders(error) => Class::of_file(error),
        }
    }

    fn advice(&self) -> Option<String> {
        match self {
            Self::State(error) => error.advice(),
            Self::Folders(_) => None,
        }
    }
}

/// Why a run ends before its end.
#[derive(Debug)]
pub(super) enum Ended {
    Refused(Refused),
    Unable(Unable),
}

impl From<Unable> for Ended {
    fn from(error: Unable) -> Self {
        Self::Unable(error)
    }
}

impl From<StateError> for Ended {
    fn from(error: StateError) -> Self {
        Self::Unable(error.into())
    }
}

impl From<Refused> for Ended {
    fn from(refused: Refused) -> Self {
        Self::Refused(refused)
    }
}
