//! A payload file from its path or its text.

use std::io;
use std::path::Path;
use std::sync::Arc;

use super::{Payload, read};
use crate::error::{Class, Classify};
use crate::model::{Finding, Severity};
use crate::reading;

/// Why there is no payload.
#[derive(Debug, thiserror::Error)]
pub enum PayloadError {
    /// There is no such file, or it cannot be read.
    #[error("the payload file `{file}` cannot be read")]
    Unreadable {
        /// The file.
        file: Arc<str>,
        /// Why.
        #[source]
        cause: io::Error,
    },
    /// It says something wrong: all that is wrong or odd in it.
    #[error("the payload file `{file}` holds errors: nothing was attempted")]
    Wrong {
        /// The file.
        file: Arc<str>,
        /// Each with its place.
        findings: Vec<Finding>,
    },
}

impl Classify for PayloadError {
    fn class(&self) -> Class {
        match self {
            Self::Unreadable { cause, .. } => Class::of_file(cause),
            Self::Wrong { .. } => Class::Invalid,
        }
    }

    fn advice(&self) -> Option<String> {
        let advice = "name a payload file (docs/nightly.md) by DOOZER_DATA_PATH (--data-path), which this process may read";
        matches!(self, Self::Unreadable { .. }).then(|| advice.to_owned())
    }
}

impl Payload {
    /// The payload of the plain file at `path`.
    ///
    /// # Errors
    /// When it cannot be read, or anything in it is wrong.
    pub fn load(path: &Path) -> Result<Self, PayloadError> {
        let file: Arc<str> = path.display().to_string().into();
        let bytes = reading::plain(path)
            .map_err(|cause| PayloadError::Unreadable { file: Arc::clone(&file), cause })?;
        let read = match std::str::from_utf8(&bytes) {
            Ok(text) => Self::read(&file, text),
            Err(_) => Err(vec![no_text(&file)]),
        };
        read.map_err(|findings| PayloadError::Wrong { file, findings })
    }

    /// The payload that `text` holds; `file` is what its reader calls it.
    ///
    /// # Errors
    /// Everything that is wrong with it, and what is odd, in the order of its lines.
    pub fn read(file: &Arc<str>, text: &str) -> Result<Self, Vec<Finding>> {
        read::read(file, text)
    }
}

fn no_text(file: &Arc<str>) -> Finding {
    Finding::about(file, Severity::Error, read::CODE, "this is not UTF-8 text")
        .hint("unpack it first if it is compressed")
}
