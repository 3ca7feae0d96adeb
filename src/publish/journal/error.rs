//! What can go wrong with a journal.

use std::io;
use std::path::{Path, PathBuf};

use crate::error::{Class, Classify};

/// Why a journal cannot be read or written.
#[derive(Debug, thiserror::Error)]
pub enum JournalError {
    /// The file system says no.
    #[error("{doing} {}", .path.display())]
    File {
        /// `reading`, `writing`.
        doing: &'static str,
        /// What.
        path: PathBuf,
        /// What it says.
        source: io::Error,
    },
    /// A line that this program did not write, or does not know.
    #[error("line {line} of the journal {} cannot be read: {what}", .path.display())]
    Line {
        /// The file.
        path: PathBuf,
        /// Which line, from 1.
        line: usize,
        /// What is wrong with it.
        what: String,
    },
}

impl JournalError {
    /// What to make of a failure of the file system while `doing` something to `path`.
    pub(super) fn file(doing: &'static str, path: &Path) -> impl FnOnce(io::Error) -> Self + use<> {
        let path = path.to_path_buf();
        move |source| Self::File { doing, path, source }
    }
}

impl Classify for JournalError {
    fn class(&self) -> Class {
        match self {
            // Without the folder nobody knows what was done, which is another thing than that nothing was.
            Self::File { source, .. } if source.kind() == io::ErrorKind::StorageFull => Class::Denied,
            Self::File { source, .. } => Class::of_file(source),
            Self::Line { .. } => Class::Protocol,
        }
    }

    fn advice(&self) -> Option<String> {
        Some(match self {
            Self::File { .. } => {
                "nothing is done that cannot be noted: make room or give the right to write there, and run it again"
                    .to_owned()
            }
            Self::Line { path, line, .. } => format!(
                "a newer version of this program may have written it: use that one; if the file was damaged, look at line {line} of it, \
                 move {} away and go on with `--adopt`",
                path.display()
            ),
        })
    }
}
