//! Finds the policy files that govern mapping files: beside them and, as for OWNERS, in the directories above.

use std::collections::HashMap;
use std::fs::File;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::read::{about, read};
use super::{Policies, Policy, PolicyFile};
use crate::model::Finding;
use crate::reading;

/// What a policy file beside mapping files is called.
pub const FILE_NAME: &str = "mirror-policy.yaml";
/// A name that somebody may have meant.
const NEARLY: &str = "mirror-policy.yml";

/// The policies of `named` files, which govern everything, and of those found for each mapping file: its name, and where
/// it lies if it is a file. Each file is read once.
///
/// # Errors
/// What is wrong with any of them, a file that cannot be read included: a guard that cannot be read must not be open.
pub fn find<'a>(
    named: &[PathBuf],
    mapping_files: impl IntoIterator<Item = (&'a Arc<str>, Option<&'a Path>)>,
) -> Result<Policies, Vec<Finding>> {
    let mut search = Search::default();
    let mut policies = Policies::default();
    for path in named {
        let name: Arc<str> = path.display().to_string().into();
        // A pipe is fine where the user named it.
        match File::open(path).and_then(reading::whole) {
            Ok(bytes) => policies.general.extend(search.take(&name, &bytes)),
            Err(error) => search.unreadable(&name, &error),
        }
    }
    for (name, path) in mapping_files {
        let directory = path.map(|path| path.parent().filter(|parent| !parent.as_os_str().is_empty()));
        let Some(directory) = directory else { continue };
        let of_file = search.governing(directory.unwrap_or(Path::new(".")));
        if !of_file.is_empty() {
            policies.of_files.insert(Arc::clone(name), of_file);
        }
    }
    policies.found = search.found;
    if search.findings.is_empty() { Ok(policies) } else { Err(search.findings) }
}

#[derive(Debug, Default)]
struct Search {
    /// What lies in each directory that was looked into, by its path without links.
    known: HashMap<PathBuf, Option<Arc<Policy>>>,
    found: Vec<PolicyFile>,
    findings: Vec<Finding>,
}

impl Search {
    /// The policies in `directory` and above it, up to the root of its git repository.
    fn governing(&mut self, directory: &Path) -> Vec<Arc<Policy>> {
        // Whoever could read the mapping file can follow the path to it.
        let Ok(canonical) = directory.canonicalize() else { return Vec::new() };
        let mut policies = Vec::new();
        for above in canonical.ancestors() {
            policies.extend(self.of_directory(above));
            if above.join(".git").exists() {
                break;
            }
        }
        policies
    }

    fn of_directory(&mut self, directory: &Path) -> Option<Arc<Policy>> {
        if let Some(known) = self.known.get(directory) {
            return known.clone();
        }
        let policy = self.look(directory);
        self.known.insert(directory.to_owned(), policy.clone());
        policy
    }

    fn look(&mut self, directory: &Path) -> Option<Arc<Policy>> {
        if directory.join(NEARLY).symlink_metadata().is_ok() {
            let name = shown(&directory.join(NEARLY));
            self.findings
                .push(about(&name, "this file would not be read").hint(format!("call it `{FILE_NAME}`")));
        }
        let path = directory.join(FILE_NAME);
        let name = shown(&path);
        match reading::plain_within(&path, directory) {
            Ok(bytes) => {
                let policy = self.take(&name, &bytes);
                self.found.push(PolicyFile { name, path, bytes });
                policy
            }
            // A link that leads nowhere is there.
            Err(error) if is_absent(&error) && path.symlink_metadata().is_err() => None,
            Err(error) => {
                self.unreadable(&name, &error);
                None
            }
        }
    }

    fn take(&mut self, name: &Arc<str>, bytes: &[u8]) -> Option<Arc<Policy>> {
        let Ok(text) = std::str::from_utf8(bytes) else {
            self.findings.push(about(name, "this is not UTF-8 text"));
            return None;
        };
        match read(name, text) {
            Ok(policy) => Some(Arc::new(policy)),
            Err(findings) => {
                self.findings.extend(findings);
                None
            }
        }
    }

    fn unreadable(&mut self, name: &Arc<str>, error: &io::Error) {
        let finding = about(name, format!("this policy cannot be read: {error}"));
        self.findings.push(finding.hint("nothing is attempted without it: make it readable"));
    }
}

fn is_absent(error: &io::Error) -> bool {
    error.kind() == io::ErrorKind::NotFound
}

/// The path relative to the working directory, where it lies below that.
fn shown(path: &Path) -> Arc<str> {
    let here = Path::new(".").canonicalize().ok();
    let below = here.as_deref().and_then(|here| path.strip_prefix(here).ok());
    below.unwrap_or(path).display().to_string().into()
}
