//! The certification of an image, by an outside program: `preflight`.
//!
//! Its exit code does not tell whether an image passed, so only the results that it writes are believed: those of every
//! platform, new, and of our image. It is started with an environment and a directory of its own; what it writes is
//! kept, without secrets.

mod attempt;
mod auth;
mod check;
mod environment;
mod error;
pub mod install;
mod log;
mod program;
mod results;
mod scrub;
mod supported;
mod verdict;
mod version;

use std::ffi::OsString;
use std::path::PathBuf;
use std::time::Duration;

pub use auth::{auth_file, private_folder};
pub use check::{Check, Project, Scope};
pub use environment::INHERITED;
pub use error::PreflightError;
pub use supported::{Supported, TOOL};
pub use verdict::{Checked, FailedCheck, PlatformResult};

/// The preflight program, and how it is run.
#[derive(Debug, Clone)]
pub struct Preflight {
    /// Its path; a name without `/` is searched in the `PATH` that it inherits.
    pub command: PathBuf,
    /// The only version that may be used, if there is one.
    pub version: Option<String>,
    /// So long one run of it may take, all platforms of an index together.
    pub timeout: Duration,
    /// Which catalog it talks to: `prod`, `uat`, `qa` or `stage`.
    pub pyxis_env: String,
    /// Host and path of a catalog, in the place of the one that `pyxis_env` names.
    pub pyxis_host: Option<String>,
    /// What it inherits of our environment; what is not in [`INHERITED`] is left out.
    pub inherit: Vec<(String, OsString)>,
}
