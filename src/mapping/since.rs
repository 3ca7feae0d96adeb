//! Keeps of a set what was written since a git revision: the lines that a change adds or alters.
//!
//! Lines are compared as text, so that a line that was only moved is not new. Needs the program `git`.

use std::collections::HashMap;
use std::io;
use std::path::Path;
use std::process::Command;

use super::files::MappingFile;
use super::finding::Finding;
use super::set::MappingSet;
use crate::model::Origin;

/// Why the lines that a change adds cannot be told.
#[derive(Debug, thiserror::Error)]
pub enum SinceError {
    /// There is no git.
    #[error("cannot run `git`; install it, or leave out `--since`")]
    NoGit(#[source] io::Error),
    /// The revision is not there.
    #[error("`{revision}` is no commit that git knows in `{directory}`: {said}")]
    Revision {
        /// As typed.
        revision: String,
        /// Where git was asked.
        directory: String,
        /// What git said.
        said: String,
    },
    /// Git failed at a file.
    #[error("git cannot show `{file}` as of `{revision}`: {said}")]
    File {
        /// The file.
        file: String,
        /// As typed.
        revision: String,
        /// What git said.
        said: String,
    },
}

/// The part of `set` that was written since `revision`. A file that was not there then, and standard
/// input, are new as a whole; findings about whole files stay.
///
/// # Errors
/// When git is missing, or does not know the revision.
pub fn since(mut set: MappingSet, revision: &str) -> Result<MappingSet, SinceError> {
    let mut new: HashMap<String, Vec<bool>> = HashMap::new();
    for file in &set.files {
        let before = match &file.path {
            Some(path) => content_at(path, revision)?,
            None => None,
        };
        new.insert(file.name.to_string(), new_lines(file, before.as_deref().unwrap_or_default()));
    }
    let is_new = |file: &str, line: u32| {
        line == 0 || new.get(file).and_then(|lines| lines.get(line as usize - 1)).copied().unwrap_or(true)
    };
    let origin_is_new = |origin: &Origin| origin.line().is_none_or(|(file, line)| is_new(file, line));
    set.entries.retain(|entry| origin_is_new(entry.wish.origin()));
    set.rows.retain(|row| origin_is_new(&row.origin));
    set.findings.retain(|finding: &Finding| is_new(&finding.file, finding.line()));
    Ok(set)
}

/// Whether each line of `file` is one more of its text than `before` had.
fn new_lines(file: &MappingFile, before: &[u8]) -> Vec<bool> {
    let before = MappingFile::new("".into(), None, before.to_vec());
    let mut known: HashMap<&[u8], u32> = HashMap::new();
    for number in 1..=before.line_count() {
        *known.entry(before.line(number)).or_default() += 1;
    }
    let mut is_new = |line: &[u8]| match known.get_mut(line) {
        Some(left) if *left > 0 => {
            *left -= 1;
            false
        }
        _ => true,
    };
    (1..=file.line_count()).map(|number| is_new(file.line(number))).collect()
}

/// The file as of `revision`; none if it was not there.
fn content_at(path: &Path, revision: &str) -> Result<Option<Vec<u8>>, SinceError> {
    let path = path.canonicalize().unwrap_or_else(|_| path.to_owned());
    let directory = path.parent().unwrap_or(Path::new("."));
    let name = format!("./{}", path.file_name().unwrap_or_default().to_string_lossy());
    let commit = commit(directory, revision)?;
    let failed = |said: &[u8]| SinceError::File {
        file: path.display().to_string(),
        revision: revision.to_owned(),
        said: first_line(said),
    };
    let list = git(directory, &["ls-tree", "--name-only", &commit, "--", &name])?;
    if !list.status.success() {
        return Err(failed(&list.stderr));
    }
    if list.stdout.is_empty() {
        return Ok(None);
    }
    let shown = git(directory, &["show", &format!("{commit}:{name}")])?;
    if shown.status.success() { Ok(Some(shown.stdout)) } else { Err(failed(&shown.stderr)) }
}

/// The commit that `revision` means; a revision cannot be taken for an option.
fn commit(directory: &Path, revision: &str) -> Result<String, SinceError> {
    let named = format!("{revision}^{{commit}}");
    let output = git(directory, &["rev-parse", "--verify", "--end-of-options", &named])?;
    let commit = String::from_utf8_lossy(&output.stdout).trim().to_owned();
    if output.status.success() && !commit.is_empty() {
        return Ok(commit);
    }
    let directory = directory.display().to_string();
    Err(SinceError::Revision { revision: revision.to_owned(), directory, said: first_line(&output.stderr) })
}

fn git(directory: &Path, arguments: &[&str]) -> Result<std::process::Output, SinceError> {
    Command::new("git").arg("-C").arg(directory).args(arguments).output().map_err(SinceError::NoGit)
}

fn first_line(said: &[u8]) -> String {
    String::from_utf8_lossy(said).lines().next().unwrap_or_default().to_owned()
}
