//! What was true when the program was built.

use std::env::consts::{ARCH, OS};
use std::fmt;

use serde::Serialize;

/// Which build of the program this is. It says nothing of the time or the place of the build, so that the same sources
/// give the same program.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Build {
    /// The version of the program.
    pub version: &'static str,
    /// The commit of its sources: `SOURCE_COMMIT` when it was built, else `unknown`.
    pub commit: &'static str,
    /// The operating system it was built for.
    pub os: &'static str,
    /// The architecture it was built for.
    pub arch: &'static str,
}

impl Build {
    /// The build that is running.
    #[must_use]
    pub fn of_this_program() -> Self {
        let given = option_env!("SOURCE_COMMIT").unwrap_or_default();
        let commit = if given.is_empty() { "unknown" } else { given };
        Self { version: env!("CARGO_PKG_VERSION"), commit, os: OS, arch: ARCH }
    }
}

impl fmt::Display for Build {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { version, commit, os, arch } = self;
        write!(f, "image-mirror {version}\ncommit {commit}\nfor {os} {arch}\n")
    }
}
