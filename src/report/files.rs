//! Puts every format into the artifacts directory, under the names that Prow's viewers look for.

use std::error::Error;
use std::fs;
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use super::{Report, html, json, junit, metrics};

/// The report for programs.
pub const JSON_FILE: &str = "image-mirror-report.json";
/// One test case an entry; matches the JUnit viewer's `.*/junit.*\.xml`.
pub const JUNIT_FILE: &str = "junit_image-mirror.xml";
/// The page for people; matches the HTML viewer's `.*-summary.*\.html`.
pub const HTML_FILE: &str = "image-mirror-summary.html";
/// Prometheus' text format.
pub const METRICS_FILE: &str = "metrics.prom";

/// A report could not be put into one of its formats.
#[derive(Debug, thiserror::Error)]
#[error("could not render the report")]
pub struct RenderError(#[source] Box<dyn Error + Send + Sync>);

impl RenderError {
    pub(super) fn new(cause: impl Into<Box<dyn Error + Send + Sync>>) -> Self {
        Self(cause.into())
    }
}

/// A file of the report could not be written.
#[derive(Debug, thiserror::Error)]
pub enum ArtifactError {
    /// The format could not be made.
    #[error("could not make `{path}`")]
    Render {
        /// The file it was for.
        path: PathBuf,
        /// Why not.
        source: RenderError,
    },
    /// The file could not be written.
    #[error("could not write `{path}`: see that the artifacts directory is writable and not full")]
    Write {
        /// The file or directory.
        path: PathBuf,
        /// Why not.
        source: io::Error,
    },
}

/// Writes all formats into `directory`, which is made if it is not there. Each file is written under
/// another name and then renamed, so that a file with the right name is always whole.
///
/// # Errors
/// The first file that could not be written; the others are written all the same.
pub fn write_artifacts(report: &Report, directory: &Path) -> Result<Vec<PathBuf>, ArtifactError> {
    fs::create_dir_all(directory)
        .map_err(|source| ArtifactError::Write { path: directory.to_owned(), source })?;
    let formats: [(&str, Result<String, RenderError>); 4] = [
        (JSON_FILE, json(report)),
        (JUNIT_FILE, junit(report)),
        (HTML_FILE, html(report)),
        (METRICS_FILE, metrics(report)),
    ];
    let written: Vec<_> = formats
        .into_iter()
        .map(|(name, content)| write(directory.join(report.file_name(name)), content))
        .collect();
    written.into_iter().collect()
}

fn write(path: PathBuf, content: Result<String, RenderError>) -> Result<PathBuf, ArtifactError> {
    let content = match content {
        Ok(content) => content,
        Err(source) => return Err(ArtifactError::Render { path, source }),
    };
    match replace(&path, content.as_bytes()) {
        Ok(()) => Ok(path),
        Err(source) => Err(ArtifactError::Write { path, source }),
    }
}

fn replace(path: &Path, content: &[u8]) -> io::Result<()> {
    let mut file = readable_by_all().tempfile_in(path.parent().unwrap_or(Path::new(".")))?;
    file.write_all(content)?;
    file.persist(path)?;
    Ok(())
}

/// Temporary files are private by default, but Prow's sidecar uploads artifacts as another user.
#[cfg(unix)]
fn readable_by_all() -> tempfile::Builder<'static, 'static> {
    use std::os::unix::fs::PermissionsExt;
    let mut builder = tempfile::Builder::new();
    builder.prefix(".image-mirror-").permissions(fs::Permissions::from_mode(0o666));
    builder
}

#[cfg(not(unix))]
fn readable_by_all() -> tempfile::Builder<'static, 'static> {
    tempfile::Builder::new()
}
