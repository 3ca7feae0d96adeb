//! Puts every format into the artifacts directory, under the names that Prow's viewers look for.

use std::error::Error;
use std::fs;
use std::io::{self, BufWriter, Write};
use std::path::{Path, PathBuf};

use super::{Report, html, metrics, write_json, write_junit};

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
#[error("could not write `{path}`: see that the artifacts directory is writable and not full")]
pub struct ArtifactError {
    /// The file or directory.
    pub path: PathBuf,
    /// Why not.
    pub source: io::Error,
}

/// Writes all formats into `directory`, which is made if it is not there. Each file is written under
/// another name and then renamed, so that a file with the right name is always whole.
///
/// # Errors
/// The first file that could not be written; the others are written all the same.
pub fn write_artifacts(report: &Report, directory: &Path) -> Result<Vec<PathBuf>, ArtifactError> {
    fs::create_dir_all(directory).map_err(|source| ArtifactError { path: directory.to_owned(), source })?;
    let formats: [(&str, Format); 4] = [
        (JSON_FILE, write_json),
        (JUNIT_FILE, write_junit),
        (HTML_FILE, |report, to| write_text(html(report), to)),
        (METRICS_FILE, |report, to| write_text(metrics(report), to)),
    ];
    let write = |(name, format): (&str, Format)| {
        let path = directory.join(report.file_name(name));
        match replace_by(&path, |to| format(report, to)) {
            Ok(()) => Ok(path),
            Err(source) => Err(ArtifactError { path, source }),
        }
    };
    let written: Vec<_> = formats.into_iter().map(write).collect();
    written.into_iter().collect()
}

/// How a report is put into a format. Large ones are written as they are made, never held whole.
type Format = fn(&Report, &mut dyn Write) -> io::Result<()>;

fn write_text(text: Result<String, RenderError>, to: &mut dyn Write) -> io::Result<()> {
    to.write_all(text.map_err(io::Error::other)?.as_bytes())
}

/// Puts `bytes` into the place of a file, whose folder is made if it is not there: under another name first, so that a
/// file with the right name is always whole. What is no plain file, such as a pipe or `/dev/null`, takes them itself: it must
/// not become one.
pub(crate) fn replace(path: &Path, bytes: &[u8]) -> io::Result<()> {
    if fs::metadata(path).is_ok_and(|metadata| !metadata.is_file()) {
        return fs::OpenOptions::new().write(true).open(path)?.write_all(bytes);
    }
    fs::create_dir_all(path.parent().unwrap_or(Path::new(".")))?;
    replace_by(path, |to| to.write_all(bytes))
}

fn replace_by(path: &Path, write: impl FnOnce(&mut dyn Write) -> io::Result<()>) -> io::Result<()> {
    let mut file = BufWriter::new(readable_by_all().tempfile_in(path.parent().unwrap_or(Path::new(".")))?);
    write(&mut file)?;
    file.into_inner()?.persist(path)?;
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

#[cfg(test)]
mod tests {
    use std::os::unix::fs::FileTypeExt as _;
    use std::thread;

    use super::*;

    #[test]
    fn a_pipe_takes_what_is_written_and_stays_one() {
        let folder = tempfile::tempdir().unwrap();
        let pipe = folder.path().join("pipe");
        assert!(std::process::Command::new("mkfifo").arg(&pipe).status().unwrap().success());
        let reader = {
            let pipe = pipe.clone();
            thread::spawn(move || fs::read(pipe).unwrap())
        };
        replace(&pipe, b"text").unwrap();
        assert_eq!(reader.join().unwrap(), b"text");
        assert!(fs::symlink_metadata(&pipe).unwrap().file_type().is_fifo());
        let file = folder.path().join("new/file");
        replace(&file, b"one").unwrap();
        replace(&file, b"two").unwrap();
        assert_eq!(fs::read(&file).unwrap(), b"two");
    }
}
