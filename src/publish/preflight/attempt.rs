//! The folder of one attempt: what the program wrote, which is kept whatever comes of it.
//!
//! ```text
//! preflight-K/artifacts/ARCH/results.json
//! preflight-K/logs/RUN/{preflight,stdout,stderr}.log    RUN: an architecture, or `all`
//! ```

use std::fs::{DirBuilder, File};
use std::io;
use std::os::unix::fs::DirBuilderExt as _;
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use super::check::Check;
use super::error::local;
use super::scrub::Secrets;
use crate::publish::Fault;

/// One attempt. When it is dropped the secrets are struck out of all that is in its folder.
pub(super) struct Attempt {
    folder: PathBuf,
    docker_config: PathBuf,
    secrets: Secrets,
}

/// The logs of one run of the program.
pub(super) struct Logs {
    folder: PathBuf,
    /// What is older was not written by this run. By the clock of the file system, as what it is compared with.
    pub(super) start: SystemTime,
}

impl Attempt {
    /// Makes its folder, which is new: what is in it is of this attempt.
    pub(super) fn begin(check: &Check) -> Result<Self, Fault> {
        let secrets = Secrets::of(check)
            .map_err(local(format!("read the docker config {}", check.docker_config.display())))?;
        let what = format!("make a folder for the attempt in {}", check.folder.display());
        let docker_config = std::path::absolute(&check.docker_config).map_err(local(&what))?;
        let folder = new_folder(&check.folder, check.attempt).map_err(local(&what))?;
        Ok(Self { folder, docker_config, secrets })
    }

    pub(super) fn folder(&self) -> &Path {
        &self.folder
    }

    pub(super) fn docker_config(&self) -> &Path {
        &self.docker_config
    }

    pub(super) fn artifacts(&self) -> PathBuf {
        self.folder.join("artifacts")
    }

    /// Where the results of an architecture are written.
    pub(super) fn results(&self, architecture: &str) -> PathBuf {
        self.artifacts().join(architecture).join("results.json")
    }

    /// `text` without the secrets.
    pub(super) fn strike(&self, text: &str) -> String {
        self.secrets.strike(text)
    }

    /// Makes the folder of the logs of a run, without which the program cannot submit, and begins its output.
    pub(super) fn logs(&self, run: &str) -> io::Result<(Logs, File, File)> {
        let folder = self.folder.join("logs").join(run);
        std::fs::create_dir_all(&folder)?;
        let (stdout, stderr) =
            (File::create_new(folder.join(STDOUT))?, File::create_new(folder.join(STDERR))?);
        let start = stdout.metadata()?.modified()?;
        Ok((Logs { folder, start }, stdout, stderr))
    }
}

const STDOUT: &str = "stdout.log";
const STDERR: &str = "stderr.log";

impl Logs {
    /// Where the program is told to write its log.
    pub(super) fn log(&self) -> PathBuf {
        self.folder.join("preflight.log")
    }

    /// Where it may have said something, the fullest first: what it logs is printed on stderr, too.
    pub(super) fn all(&self) -> [PathBuf; 3] {
        [self.folder.join(STDERR), self.log(), self.folder.join(STDOUT)]
    }
}

impl Drop for Attempt {
    fn drop(&mut self) {
        if let Err(error) = self.secrets.scrub(&self.folder) {
            let folder = self.folder.display();
            tracing::error!("secrets may be left in {folder}, delete it once it was looked at: {error}");
        }
    }
}

/// `preflight-K` in `parent`, or the next that is free: where a journal was lost, the folders may still be there.
fn new_folder(parent: &Path, number: u32) -> io::Result<PathBuf> {
    let parent = std::path::absolute(parent)?;
    std::fs::create_dir_all(&parent)?;
    let mut number = number;
    loop {
        let folder = parent.join(format!("preflight-{number}"));
        match DirBuilder::new().mode(0o700).create(&folder) {
            Ok(()) => return Ok(folder),
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists && number < u32::MAX => number += 1,
            Err(error) => return Err(error),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_folder_of_an_attempt_is_never_one_that_was_there() {
        let parent = tempfile::tempdir().unwrap();
        let name = |path: PathBuf| path.file_name().unwrap().to_owned();
        assert_eq!(name(new_folder(parent.path(), 2).unwrap()), "preflight-2");
        std::fs::write(parent.path().join("preflight-2/kept"), "").unwrap();
        assert_eq!(name(new_folder(parent.path(), 2).unwrap()), "preflight-3");
        assert!(parent.path().join("preflight-2/kept").exists());
    }
}
