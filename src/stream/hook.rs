//! Programs of the operator's that are told what changed: paths on their standard input, a line each.

use std::io;
use std::path::Path;
use std::process::{ExitStatus, Stdio};

use tokio::io::AsyncWriteExt as _;
use tokio::process::Command;

use crate::error::{Class, Classify};

/// Why a program did not do what it was to do.
#[derive(Debug, thiserror::Error)]
pub enum HookError {
    /// It could not be run.
    #[error("cannot run {program}")]
    Start {
        /// Which.
        program: String,
        /// What the system says.
        source: io::Error,
    },
    /// It says that it failed.
    #[error("{program} failed: {status}")]
    Failed {
        /// Which.
        program: String,
        /// What it ended with.
        status: ExitStatus,
    },
}

impl Classify for HookError {
    fn class(&self) -> Class {
        match self {
            Self::Start { source, .. } => Class::of_file(source),
            Self::Failed { .. } => Class::Transient,
        }
    }

    fn advice(&self) -> Option<String> {
        let what = "what it printed is in the log above; the files are stored, and the next run tells it again only what \
                    changes then: once it is mended run it by hand for this run's paths";
        matches!(self, Self::Failed { .. }).then(|| what.to_owned())
    }
}

/// Runs `program` in `directory` with `word` as its only argument and `paths` as its input, and waits for its end. What it
/// prints goes where ours goes, on stderr. When nobody waits for it any more, it is killed.
///
/// # Errors
/// When it cannot be run, or does not end with 0.
pub async fn run(
    program: &Path,
    directory: Option<&Path>,
    word: &str,
    paths: &[String],
) -> Result<(), HookError> {
    let name = program.display().to_string();
    let mut command = Command::new(program);
    command.arg(word).stdin(Stdio::piped()).stdout(io::stderr()).kill_on_drop(true);
    if let Some(directory) = directory {
        command.current_dir(directory);
    }
    let input: Vec<&str> = paths.iter().flat_map(|path| [path, "\n"]).collect();
    let ended = told(command, &input.concat()).await;
    let status = ended.map_err(|source| HookError::Start { program: name.clone(), source })?;
    if status.success() { Ok(()) } else { Err(HookError::Failed { program: name, status }) }
}

async fn told(mut command: Command, input: &str) -> io::Result<ExitStatus> {
    let mut child = command.spawn()?;
    if let Some(mut stdin) = child.stdin.take() {
        // One that does not read its input may have no need of it.
        match stdin.write_all(input.as_bytes()).await {
            Err(error) if error.kind() != io::ErrorKind::BrokenPipe => return Err(error),
            _ => {}
        }
    }
    child.wait().await
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::os::unix::fs::PermissionsExt as _;

    use super::*;

    fn script(folder: &Path, text: &str) -> std::path::PathBuf {
        let path = folder.join("hook");
        fs::write(&path, format!("#!/bin/sh\n{text}\n")).unwrap();
        fs::set_permissions(&path, fs::Permissions::from_mode(0o755)).unwrap();
        path
    }

    #[tokio::test]
    async fn a_program_is_told_the_paths_a_line_each() {
        let folder = tempfile::tempdir().unwrap();
        let program = script(folder.path(), "cat > told; echo \"$1\" >> told");
        run(&program, Some(folder.path()), "data", &["a b".into(), "c".into()]).await.unwrap();
        assert_eq!(fs::read_to_string(folder.path().join("told")).unwrap(), "a b\nc\ndata\n");
    }

    #[tokio::test]
    async fn one_that_fails_or_is_not_there_is_an_error_and_one_that_does_not_listen_is_not() {
        let folder = tempfile::tempdir().unwrap();
        let many = vec!["x".repeat(1000); 1000];
        run(&script(folder.path(), "exit 0"), None, "data", &many).await.unwrap();
        let failed = run(&script(folder.path(), "exit 3"), None, "data", &[]).await.unwrap_err();
        assert!(matches!(failed, HookError::Failed { .. }), "{failed}");
        let absent = run(&folder.path().join("none"), None, "data", &[]).await.unwrap_err();
        assert_eq!(absent.class(), Class::Missing);
    }
}
