//! Who answers for a mapping file: the nearest OWNERS file's approvers.
//!
//! The comment `# owner: NAME` within a file is read with the file; it goes before this.

use std::collections::{BTreeMap, HashMap};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use serde::Deserialize;

use super::finding::{Finding, Severity};
use crate::reading;

#[derive(Debug, Default, Deserialize)]
struct Owners {
    #[serde(default)]
    approvers: Option<Vec<String>>,
    #[serde(default)]
    filters: Option<BTreeMap<String, Owners>>,
}

impl Owners {
    /// All approvers, those of `filters:` included; a filter is about changes of files, not about who answers.
    fn approvers(&self) -> Vec<&str> {
        let filtered = self.filters.iter().flat_map(BTreeMap::values).flat_map(Self::approvers);
        let mut names: Vec<&str> = Vec::new();
        for name in self.approvers.iter().flatten().map(String::as_str).chain(filtered) {
            if !names.contains(&name) {
                names.push(name);
            }
        }
        names
    }
}

/// Finds owners, reading each OWNERS file once.
#[derive(Debug, Default)]
pub(super) struct OwnerFinder {
    known: HashMap<PathBuf, Option<Arc<str>>>,
    /// What was wrong with the files read.
    pub(super) findings: Vec<Finding>,
}

impl OwnerFinder {
    /// The approvers named by the OWNERS file nearest to `file`, upwards to the root of its git repository.
    pub(super) fn nearest(&mut self, file: &Path) -> Option<Arc<str>> {
        let directory = match file.parent() {
            Some(parent) if !parent.as_os_str().is_empty() => parent,
            _ => Path::new("."),
        };
        self.of_directory(&directory.canonicalize().ok()?)
    }

    fn of_directory(&mut self, directory: &Path) -> Option<Arc<str>> {
        if let Some(known) = self.known.get(directory) {
            return known.clone();
        }
        let owner = self.read(&directory.join("OWNERS")).or_else(|| {
            let root = directory.join(".git").exists();
            if root { None } else { directory.parent().and_then(|parent| self.of_directory(parent)) }
        });
        self.known.insert(directory.to_owned(), owner.clone());
        owner
    }

    fn read(&mut self, path: &Path) -> Option<Arc<str>> {
        let text = String::from_utf8(reading::plain(path).ok()?).ok()?;
        let Ok(owners) = serde_yaml::from_str::<Option<Owners>>(&text) else {
            let file: Arc<str> = path.display().to_string().into();
            let message = "this OWNERS file is not the YAML that it should be; it is left out";
            self.findings.push(
                Finding::about(&file, Severity::Warning, "owners-unreadable", message)
                    .hint("it needs a list `approvers:`"),
            );
            return None;
        };
        let owners = owners.unwrap_or_default();
        let names = owners.approvers();
        (!names.is_empty()).then(|| names.join(",").into())
    }
}
