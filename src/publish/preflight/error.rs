//! Why it is not known whether an image passed.

use std::io;
use std::path::PathBuf;

use crate::error::{Class, Classify, Failure, Stage};
use crate::publish::Fault;

/// Why it is not known whether an image passed.
#[derive(Debug, thiserror::Error)]
pub enum PreflightError {
    /// Something on this machine.
    #[error("cannot {what}")]
    Local {
        /// What was about to be done, and on what.
        what: String,
        /// What the system says.
        source: io::Error,
    },
    /// The program ended, or was ended, and did not say of every platform whether it passed.
    #[error("the preflight program gave no verdict on {image}: {why}{}", tail_of(.said))]
    NoVerdict {
        /// What it was to check.
        image: String,
        /// What is lacking, for which platform.
        why: String,
        /// What it printed last; empty: nothing.
        said: String,
        /// Where its logs and results are.
        folder: PathBuf,
    },
}

fn tail_of(said: &str) -> String {
    if said.is_empty() { "; it printed nothing".to_owned() } else { format!("; it said last: {said}") }
}

impl Classify for PreflightError {
    fn class(&self) -> Class {
        match self {
            Self::Local { source, .. } => Class::of_file(source),
            Self::NoVerdict { .. } => Class::Transient,
        }
    }

    fn advice(&self) -> Option<String> {
        match self {
            Self::Local { .. } => None,
            Self::NoVerdict { folder, .. } => Some(format!(
                "what it wrote is in {}; run it again: only the certification is repeated",
                folder.display()
            )),
        }
    }
}

/// Nobody told.
pub(super) fn untold(error: PreflightError) -> Fault {
    Fault::Untold(Failure::new(Stage::Verify, error))
}

/// Something on this machine could not be done: `what`.
pub(super) fn local(what: impl Into<String>) -> impl FnOnce(io::Error) -> Fault {
    let what = what.into();
    |source| untold(PreflightError::Local { what, source })
}
