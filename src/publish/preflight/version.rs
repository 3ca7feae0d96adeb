//! Which version the program is of.

use std::fs::File;
use std::path::Path;
use std::time::Duration;

use super::auth::private_folder;
use super::error::local;
use super::{Preflight, program};
use crate::publish::Fault;
use crate::reading;
use crate::redact::{cut, one_line};

/// A program that only says its version needs no longer.
const PATIENCE: Duration = Duration::from_mins(1);
/// No version is longer, by far.
const LONGEST: usize = 64;

impl Preflight {
    /// The version of the program, as it says it: `1.14.0`.
    ///
    /// # Errors
    /// [`Fault::Unsuitable`] when it cannot be run, is no preflight, or is not of the version that it must be of.
    pub async fn version(&self) -> Result<String, Fault> {
        let folder = private_folder().map_err(local("make a temporary folder"))?;
        let said = self.said(folder.path()).await?;
        let Some(found) = parsed(&said) else {
            return Err(Fault::unsuitable(
                format!(
                    "`{} --version` says `{}`, as no preflight does",
                    self.command.display(),
                    cut(&one_line(&said), 200)
                ),
                "name the preflight program of openshift-preflight in the settings: others are called so too",
            ));
        };
        match &self.version {
            Some(pinned) if without_v(pinned) != found => Err(Fault::unsuitable(
                format!("{} is preflight {found}, and {pinned} is required", self.command.display()),
                format!(
                    "install {pinned} with `image-mirror publish preflight install`, or change the version in the settings"
                ),
            )),
            _ => Ok(found.to_owned()),
        }
    }

    async fn said(&self, folder: &Path) -> Result<String, Fault> {
        let path = folder.join("version");
        let output = File::create(&path).map_err(local("make a temporary file"))?;
        let mut command = self.command().map_err(|error| self.unusable(&error))?;
        command.arg("--version").envs(self.inherited()).current_dir(folder);
        command.stdout(output).stderr(std::process::Stdio::null());
        program::run(command, PATIENCE).await.map_err(|error| self.unusable(&error))?;
        let said = reading::plain(&path).map_err(local("read what `preflight --version` says"))?;
        Ok(String::from_utf8_lossy(&said).into_owned())
    }
}

/// `1.14.0` of `preflight version 1.14.0 <commit: 0123456>`.
fn parsed(said: &str) -> Option<&str> {
    let rest = said.lines().find_map(|line| line.trim().strip_prefix("preflight version "))?;
    // It is noted and printed.
    let is_plain = |word: &&str| word.len() <= LONGEST && word.bytes().all(|byte| byte.is_ascii_graphic());
    rest.split_whitespace().next().filter(is_plain).map(without_v)
}

fn without_v(version: &str) -> &str {
    version.strip_prefix('v').unwrap_or(version)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_version_is_what_preflight_says_and_no_other_program() {
        assert_eq!(parsed("preflight version 1.14.0 <commit: 0123abc>\n"), Some("1.14.0"));
        assert_eq!(parsed("preflight version v1.0.4 <commit: x>"), Some("1.0.4"));
        for other in ["", "preflight version ", "Replicated Troubleshoot 0.9\n", "1.14.0\n"] {
            assert_eq!(parsed(other), None, "{other}");
        }
        let long = format!("preflight version {}", "1".repeat(65));
        for odd in ["preflight version \u{1b}[2J1.14.0", "preflight version 1.14.0\u{7}", &long] {
            assert_eq!(parsed(odd), None, "{odd:?} would be printed");
        }
    }
}
