//! The repository in which mapping files are, and the commit that they are compared with.

use std::path::{Path, PathBuf};

use gix::{Commit, Repository};

use super::SinceError;
use crate::mapping::files::Input;
use crate::mapping::set::MappingSet;

/// The repository that has all files of a set.
pub(super) struct History {
    repository: Repository,
    /// Its work tree, without links.
    root: PathBuf,
}

impl History {
    /// Opens the repository around what `set` was read from; none where that is standard input only.
    pub(super) fn open(set: &MappingSet, inputs: &[Input]) -> Result<Option<Self>, SinceError> {
        let mut places: Vec<PathBuf> = set.files.iter().filter_map(|file| file.path.clone()).collect();
        places.extend(directories(inputs).map(PathBuf::from));
        let Some(first) = places.first() else { return Ok(None) };
        let found = discover(first)?;
        let shown = first.display().to_string();
        let workdir = found.workdir().ok_or_else(|| SinceError::Bare(shown))?;
        let root = workdir.canonicalize().unwrap_or_else(|_| workdir.to_owned());
        let history = Self { repository: found, root };
        for place in &places {
            history.path_of(place)?;
        }
        Ok(Some(history))
    }

    /// Where a path of the file system lies in the repository.
    pub(super) fn path_of(&self, path: &Path) -> Result<PathBuf, SinceError> {
        let canonical = path.canonicalize().unwrap_or_else(|_| path.to_owned());
        canonical
            .strip_prefix(&self.root)
            .map(Path::to_owned)
            .map_err(|_| SinceError::Outside { place: path.display().to_string(), repository: self.name() })
    }

    /// Its work tree.
    pub(super) fn root(&self) -> &Path {
        &self.root
    }

    /// The commit where HEAD and `revision` parted: what others did since is none of this change. `REF...` is the same.
    pub(super) fn base(&self, revision: &str) -> Result<Commit<'_>, SinceError> {
        let named = revision.strip_suffix("HEAD").filter(|rest| rest.ends_with("...")).unwrap_or(revision);
        let named = named.strip_suffix("...").unwrap_or(named);
        let unknown = |source| SinceError::Revision {
            revision: revision.to_owned(),
            repository: self.name(),
            shallow: self.is_shallow(),
            source: Box::new(source),
        };
        let id = self.repository.rev_parse_single(named).map_err(unknown)?;
        let tip = id.object().map_err(unknown)?.peel_to_commit().map_err(unknown)?;
        let head = self.repository.head_id().map_err(|error| self.failed(error))?;
        let base = self.repository.merge_base(tip.id, head).map_err(|error| self.failed(error))?;
        let base = base.ok_or_else(|| SinceError::Unrelated {
            revision: revision.to_owned(),
            repository: self.name(),
            shallow: self.is_shallow(),
        })?;
        self.repository.find_commit(base).map_err(|error| self.failed(error))
    }

    /// An error of the library.
    pub(super) fn failed(&self, source: gix::Error) -> SinceError {
        SinceError::History { repository: self.name(), shallow: self.is_shallow(), source: Box::new(source) }
    }

    fn is_shallow(&self) -> bool {
        self.repository.is_shallow().unwrap_or_default()
    }

    fn name(&self) -> String {
        self.root.display().to_string()
    }
}

/// The words that are directories.
pub(super) fn directories(inputs: &[Input]) -> impl Iterator<Item = &str> {
    inputs.iter().filter_map(|input| match input {
        Input::Word(word) if Path::new(word).is_dir() => Some(word.as_str()),
        Input::Word(_) | Input::Text { .. } => None,
    })
}

/// Neither the environment nor the user's settings have a say in which repository that is. A clone that another user
/// made, as Prow's init container does, is as good.
fn discover(place: &Path) -> Result<Repository, SinceError> {
    let canonical = place.canonicalize().unwrap_or_else(|_| place.to_owned());
    let directory =
        if canonical.is_dir() { canonical.as_path() } else { canonical.parent().unwrap_or(&canonical) };
    let options = || gix::open::Options::isolated();
    let trusted = gix::sec::trust::Mapping { full: options(), reduced: options() };
    let found = gix::ThreadSafeRepository::discover_opts(
        directory,
        gix::discover::upwards::Options::default(),
        trusted,
    );
    found.map(Into::into).map_err(|source| SinceError::NoRepository {
        place: place.display().to_string(),
        source: Box::new(source),
    })
}
