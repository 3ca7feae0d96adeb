//! Looks at a mapping set as a whole for what reads well and is wrong. No network.
//!
//! What is wrong with a line by itself is a finding of the set already and is not repeated here.

mod jobs;
mod lines;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::configmap;
use super::files::MappingFile;
use super::finding::{Finding, Severity};
use super::set::MappingSet;

/// What to look for beyond what is always looked for.
#[derive(Debug, Clone, Default)]
pub struct LintOptions {
    /// A directory of Prow jobs that select mapping files.
    pub jobs_dir: Option<PathBuf>,
}

/// Why a set cannot be looked at.
#[derive(Debug, thiserror::Error)]
pub enum LintError {
    /// The jobs cannot be read.
    #[error("cannot read the jobs in `{}`; name their directory by `--jobs-dir`", .path.display())]
    Jobs {
        /// The directory or file.
        path: PathBuf,
        /// Why.
        #[source]
        error: std::io::Error,
    },
}

/// Findings that `set` does not have by itself.
///
/// # Errors
/// Options that cannot be used.
pub fn lint(set: &MappingSet, options: &LintOptions) -> Result<Vec<Finding>, LintError> {
    let mut findings = Vec::new();
    for file in set.files() {
        of_file(file, &mut findings);
    }
    clashes(set.files(), &mut findings);
    size(set.files(), &mut findings);
    lines::look(set, &mut findings);
    if let Some(directory) = &options.jobs_dir {
        jobs::look(set.files(), directory, &mut findings)?;
    }
    Ok(findings)
}

fn of_file(file: &Arc<MappingFile>, findings: &mut Vec<Finding>) {
    let Some(path) = &file.path else { return };
    if file.owner.is_none() {
        findings.push(
            Finding::about(&file.name, Severity::Warning, "no-owner", "nobody answers for this file")
                .hint("put an OWNERS file beside it, or begin it with `# owner: NAME`"),
        );
    }
    if !configmap::is_key(file.base_name()) {
        let message = format!("`{}` cannot be a key of a ConfigMap", file.base_name());
        findings.push(
            Finding::about(&file.name, Severity::Error, "configmap-key", message)
                .hint("use letters, digits, `-`, `_` and `.` only, and at most 253 of them"),
        );
    }
    if let Some(set) = set_directory(path)
        && !in_convention(file.base_name(), &set)
    {
        let message = format!("the name does not begin with `mapping_{set}`, as its directory suggests");
        findings.push(
            Finding::about(&file.name, Severity::Warning, "naming", message)
                .hint("jobs select files by the set's name: `mapping_<set>*` in the directory `<set>`"),
        );
    }
}

/// The name of the directory that a file lies in; none for a mounted ConfigMap, where directories mean nothing.
fn set_directory(path: &Path) -> Option<String> {
    let directory = path.parent()?;
    if std::fs::symlink_metadata(directory.join("..data")).is_ok() {
        return None;
    }
    Some(directory.file_name()?.to_str()?.to_owned()).filter(|name| name != "mappings")
}

/// `-` and `_` are the same here, as the file names in use have it.
fn in_convention(base_name: &str, set: &str) -> bool {
    let folded = |text: &str| text.replace('-', "_");
    folded(base_name).starts_with(&format!("mapping_{}", folded(set)))
}

fn clashes(files: &[Arc<MappingFile>], findings: &mut Vec<Finding>) {
    let mut known: BTreeMap<&str, &Arc<MappingFile>> = BTreeMap::new();
    for file in files.iter().filter(|file| file.path.is_some()) {
        let Some(other) = known.insert(file.base_name(), file) else { continue };
        let message = format!("`{}` has the same base name", other.name);
        findings.push(
            Finding::about(&file.name, Severity::Error, "base-name-clash", message)
                .hint("directories vanish in a ConfigMap: one of the two would be lost; rename one"),
        );
    }
}

fn size(files: &[Arc<MappingFile>], findings: &mut Vec<Finding>) {
    let total: usize = files.iter().map(|file| file.base_name().len() + file.bytes().len()).sum();
    let Some(last) = files.last().filter(|_| total > configmap::LIMIT) else { return };
    let most = configmap::LIMIT;
    let message = format!("with this file the set has {total} bytes, and a ConfigMap holds {most}");
    findings.push(
        Finding::about(&last.name, Severity::Error, "configmap-size", message)
            .hint("split the set; `image-mirror configmap` prints several"),
    );
}
