//! Where the payload file is.

use std::path::{Path, PathBuf};

use crate::error::{Class, Classify};
use crate::nightly::payload::{STREAM, Version};
use crate::redact::mask_logins;

const FILE: &str = "payload.yaml";

/// Why no payload file is found.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum LocateError {
    /// The build data of the job that this one replaces.
    #[error("DOOZER_DATA_PATH is the address `{0}`, and nothing is fetched from there")]
    Address(String),
    /// A directory without one.
    #[error("the directory `{directory}` has no payload file: it would be `{}`", tried.join("` or `"))]
    None {
        /// The directory.
        directory: String,
        /// What was looked for in it.
        tried: Vec<String>,
    },
}

impl Classify for LocateError {
    fn class(&self) -> Class {
        match self {
            Self::Address(_) => Class::Invalid,
            Self::None { .. } => Class::Missing,
        }
    }

    fn advice(&self) -> Option<String> {
        let advice = match self {
            Self::Address(_) => {
                "name a payload file (docs/nightly.md), or a directory that holds BUILD_VERSION/ASSEMBLY.yaml or \
                 payload.yaml"
            }
            Self::None { .. } => {
                "check BUILD_VERSION and ASSEMBLY, or name the file itself by DOOZER_DATA_PATH"
            }
        };
        Some(advice.to_owned())
    }
}

/// The payload file that `data_path` names, or that the directory of that name holds: `VERSION/ASSEMBLY.yaml`, else
/// `payload.yaml`. Without a path it is `payload.yaml` here. A file need not be there.
///
/// # Errors
/// When it is an address, or a directory without such a file.
pub fn locate(
    data_path: Option<&str>,
    version: Option<Version>,
    assembly: Option<&str>,
) -> Result<PathBuf, LocateError> {
    let Some(text) = data_path else { return Ok(FILE.into()) };
    if is_address(text) {
        return Err(LocateError::Address(mask_logins(text)));
    }
    let path = Path::new(text);
    if !path.is_dir() {
        return Ok(path.to_owned());
    }
    let assembly = assembly.unwrap_or(STREAM);
    let own = version.map(|version| format!("{version}/{assembly}.yaml"));
    let tried: Vec<String> = own.into_iter().chain([FILE.to_owned()]).collect();
    let found = tried.iter().map(|name| path.join(name)).find(|path| path.exists());
    found.ok_or_else(|| LocateError::None { directory: text.to_owned(), tried })
}

/// `https://…`, `ssh://…`, `git@github.com:…`.
fn is_address(text: &str) -> bool {
    text.contains("://") || (text.starts_with("git@") && text.contains(':'))
}
