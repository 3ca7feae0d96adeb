//! The mapping files that the same words of the command line stood for at another commit.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use gix::bstr::ByteSlice as _;
use gix::{Commit, Tree};

use super::SinceError;
use super::history::{History, directories};
use crate::mapping::files::Input;
use crate::mapping::set::MappingSet;

/// How deep directories lie within each other; links cannot make a tree endless.
const DEEPEST: usize = 64;

/// The files of `commit` that `inputs` stand for, under the names that they would have now. Those that are read now are
/// among them, where they were there.
pub(super) fn old_files(
    history: &History,
    commit: &Commit<'_>,
    set: &MappingSet,
    inputs: &[Input],
) -> Result<Vec<Input>, SinceError> {
    let tree = commit.tree().map_err(|error| history.failed(error))?;
    let mut found = Found { history, files: BTreeMap::new() };
    for file in &set.files {
        let Some(path) = &file.path else { continue };
        found.blob(&tree, &history.path_of(path)?, &file.name)?;
    }
    for word in directories(inputs) {
        let place = history.path_of(Path::new(word))?;
        let below =
            if place.as_os_str().is_empty() { Some(tree.clone()) } else { found.tree_at(&tree, &place)? };
        if let Some(below) = below {
            let is_mapping = |name: &Path| {
                name.file_name().is_some_and(|name| name.to_string_lossy().starts_with("mapping_"))
            };
            found.below(&below, (&place, Path::new(word)), &is_mapping, DEEPEST)?;
        }
    }
    for word in inputs {
        let Input::Word(word) = word else { continue };
        if let Ok(pattern) = glob::Pattern::new(word)
            && word.contains(['*', '?', '['])
            && !Path::new(word).exists()
        {
            found.matching(&tree, &pattern, Path::new(word))?;
        }
    }
    Ok(found.files.into_values().map(|(name, bytes)| Input::Text { name, bytes }).collect())
}

struct Found<'a> {
    history: &'a History,
    /// By their paths in the repository.
    files: BTreeMap<PathBuf, (Arc<str>, Vec<u8>)>,
}

impl Found<'_> {
    fn blob(&mut self, tree: &Tree<'_>, path: &Path, name: &Arc<str>) -> Result<(), SinceError> {
        let failed = |error| self.history.failed(error);
        let Some(entry) = tree.lookup_entry_by_path(path).map_err(failed)? else { return Ok(()) };
        if entry.mode().is_blob() {
            let bytes = entry.object().map_err(failed)?.detach().data;
            self.files.insert(path.to_owned(), (Arc::clone(name), bytes));
        }
        Ok(())
    }

    fn tree_at<'r>(&self, tree: &Tree<'r>, path: &Path) -> Result<Option<Tree<'r>>, SinceError> {
        let failed = |error| self.history.failed(error);
        let Some(entry) = tree.lookup_entry_by_path(path).map_err(failed)? else { return Ok(None) };
        if !entry.mode().is_tree() {
            return Ok(None);
        }
        Ok(Some(entry.object().map_err(failed)?.into_tree()))
    }

    /// Every file below `tree` whose shown name is `wanted`. `tree` lies at `place` in the repository, which is called
    /// `shown` on the command line.
    fn below(
        &mut self,
        tree: &Tree<'_>,
        (place, shown): (&Path, &Path),
        wanted: &dyn Fn(&Path) -> bool,
        depth: usize,
    ) -> Result<(), SinceError> {
        for entry in tree.iter() {
            let entry = entry.map_err(|error| self.history.failed(error))?;
            let name = entry.filename().to_str_lossy();
            let (path, shown) = (place.join(&*name), shown.join(&*name));
            let object = || entry.object().map_err(|error| self.history.failed(error));
            if entry.mode().is_tree() && depth > 0 && !name.starts_with("..") {
                let tree = object()?.into_tree();
                self.below(&tree, (&path, &shown), wanted, depth - 1)?;
            } else if entry.mode().is_blob() && wanted(&shown) && !self.files.contains_key(&path) {
                let bytes = object()?.detach().data;
                self.files.insert(path, (shown.display().to_string().into(), bytes));
            }
        }
        Ok(())
    }

    /// Every file that a glob would have stood for.
    fn matching(&mut self, tree: &Tree<'_>, pattern: &glob::Pattern, word: &Path) -> Result<(), SinceError> {
        let options = glob::MatchOptions {
            case_sensitive: true,
            require_literal_separator: true,
            require_literal_leading_dot: true,
        };
        let wanted = |shown: &Path| pattern.matches_path_with(shown, options);
        let root = self.history.root().to_owned();
        let around = if word.is_absolute() { root } else { seen_from_here(&root) };
        self.below(tree, (Path::new(""), &around), &wanted, DEEPEST)
    }
}

/// What the root of the repository is called from the working directory; nothing if that is the root itself.
fn seen_from_here(root: &Path) -> PathBuf {
    let here = Path::new(".").canonicalize().unwrap_or_default();
    match here.strip_prefix(root) {
        Ok(deeper) => deeper.components().map(|_| "..").collect(),
        Err(_) => root.strip_prefix(&here).unwrap_or(root).to_owned(),
    }
}
