//! Where the journals lie: `HOST/REPOSITORY…/VERSION-N/` of the upload repository, below one folder.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use super::error::JournalError;
use super::file;
use super::story::Story;
use crate::model::Repository;
use crate::publish::names::{Number, ReleaseVersion};

/// The folder below which all journals lie.
#[derive(Debug, Clone)]
pub struct Folders(PathBuf);

/// A publication that was begun.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Begun {
    /// The upload repository.
    pub upload: Repository,
    /// The version.
    pub version: ReleaseVersion,
    /// The number.
    pub number: Number,
    /// What became of it.
    pub story: Story,
}

impl Folders {
    /// Journals below `root`, which need not be there.
    #[must_use]
    pub fn new(root: impl Into<PathBuf>) -> Self {
        Self(root.into())
    }

    /// The folder of an upload repository, where its lock is as well.
    #[must_use]
    pub fn of(&self, upload: &Repository) -> PathBuf {
        self.0.join(upload.host.as_str()).join(&*upload.name)
    }

    /// The folder of a number, to open its journal in.
    #[must_use]
    pub fn of_number(&self, upload: &Repository, version: &ReleaseVersion, number: Number) -> PathBuf {
        self.of(upload).join(format!("{version}-{number}"))
    }

    /// All publications of a version that were planned, by number, those that are done or did not pass included.
    ///
    /// # Errors
    /// When a journal of the repository cannot be read: then nobody knows what it planned.
    pub fn numbers(
        &self,
        upload: &Repository,
        version: &ReleaseVersion,
    ) -> Result<Vec<(Number, Story)>, JournalError> {
        let mut numbers = Vec::new();
        for folder in within(&self.of(upload))? {
            if let Some((_, number)) = named(&folder).filter(|(named, _)| named == version) {
                numbers.extend(planned(&folder)?.map(|story| (number, story)));
            }
        }
        numbers.sort_by_key(|(number, _)| *number);
        Ok(numbers)
    }

    /// All publications of an upload repository that were planned and are not done. Those that did not pass are among them
    /// ([`Story::has_failed`]): an exception may be granted.
    ///
    /// # Errors
    /// When a journal of it cannot be read.
    pub fn unfinished(&self, upload: &Repository) -> Result<Vec<Begun>, JournalError> {
        let mut found = Vec::new();
        for folder in within(&self.of(upload))? {
            let Some((version, number)) = named(&folder) else { continue };
            if let Some(story) = planned(&folder)?.filter(Story::is_unfinished) {
                found.push(Begun { upload: upload.clone(), version, number, story });
            }
        }
        Ok(found)
    }
}

/// The folders in `folder`, sorted, but for those that we keep for ourselves. One that is not there has none.
fn within(folder: &Path) -> Result<Vec<PathBuf>, JournalError> {
    let listed = || -> io::Result<Vec<PathBuf>> {
        let mut folders = Vec::new();
        for entry in fs::read_dir(folder)? {
            let entry = entry?;
            let is_hidden = entry.file_name().as_encoded_bytes().starts_with(b".");
            if entry.file_type()?.is_dir() && !is_hidden {
                folders.push(entry.path());
            }
        }
        folders.sort();
        Ok(folders)
    };
    match listed() {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(Vec::new()),
        listed => listed.map_err(JournalError::file("listing", folder)),
    }
}

/// The version and the number that a folder is called by; a version never ends as one with a number does.
fn named(folder: &Path) -> Option<(ReleaseVersion, Number)> {
    let (version, number) = folder.file_name()?.to_str()?.rsplit_once('-')?;
    Some((ReleaseVersion::parse(version).ok()?, Number::parse(number)?))
}

fn planned(folder: &Path) -> Result<Option<Story>, JournalError> {
    Ok(file::story(folder)?.filter(|story| story.planned.is_some()))
}

#[cfg(test)]
mod tests {
    use super::super::event::{Event, Plan};
    use super::super::file::Journal;
    use super::*;
    use crate::model::{Digest, Reference};

    fn upload(name: &str) -> Repository {
        Reference::parse(name).unwrap().repository
    }

    fn version(text: &str) -> ReleaseVersion {
        ReleaseVersion::parse(text).unwrap()
    }

    fn number(text: &str) -> Number {
        Number::parse(text).unwrap()
    }

    fn note(folders: &Folders, to: &str, (of, at): (&str, &str), events: &[Event]) {
        let folder = folders.of_number(&upload(to), &version(of), number(at));
        let mut journal = Journal::open(&folder).unwrap();
        for event in events {
            journal.note(event).unwrap();
        }
    }

    fn planned() -> Event {
        Event::Planned(Plan::sample(Digest::of(b"D"), "a"))
    }

    #[test]
    fn numbers_are_those_that_were_planned_of_one_version_whatever_became_of_them() {
        let root = tempfile::tempdir().unwrap();
        let folders = Folders::new(root.path());
        let to = "quay.io/redhat-isv-containers/abc";
        assert_eq!(folders.numbers(&upload(to), &version("7.6.1")).unwrap(), []);
        note(&folders, to, ("7.6.1", "10"), &[planned()]);
        note(&folders, to, ("7.6.1", "9"), &[planned(), Event::Done]);
        note(&folders, to, ("7.6.1", "11"), &[]);
        note(&folders, to, ("7.6.10", "12"), &[planned()]);
        note(&folders, "quay.io/redhat-isv-containers/abd", ("7.6.1", "13"), &[planned()]);
        let found = folders.numbers(&upload(to), &version("7.6.1")).unwrap();
        assert_eq!(found.iter().map(|(number, _)| number.to_string()).collect::<Vec<_>>(), ["9", "10"]);
        assert!(found[0].1.is_done && !found[1].1.is_done);
    }

    #[test]
    fn what_is_unfinished_is_found_of_the_repository_that_is_asked_for() {
        let root = tempfile::tempdir().unwrap();
        let folders = Folders::new(root.path());
        let to = "quay.io/redhat-isv-containers/abc";
        assert_eq!(folders.unfinished(&upload(to)).unwrap(), []);
        note(&folders, to, ("7.6.0-MP1", "2"), &[planned(), Event::Pushed]);
        note(&folders, to, ("7.6.1", "1"), &[planned(), Event::Done]);
        note(&folders, "quay.io/redhat-isv-containers/abd", ("7.6.1", "3"), &[planned()]);
        fs::create_dir_all(root.path().join(to).join(".image-mirror/7.6.1-7")).unwrap();
        let found = folders.unfinished(&upload(to)).unwrap();
        let names: Vec<_> = found.iter().map(|begun| format!("{}-{}", begun.version, begun.number)).collect();
        assert_eq!(names, ["7.6.0-MP1-2"]);
        assert!(found[0].story.is_pushed);
    }

    #[test]
    fn a_journal_that_cannot_be_read_is_never_taken_for_one_that_planned_nothing() {
        let root = tempfile::tempdir().unwrap();
        let folders = Folders::new(root.path());
        let to = upload("quay.io/redhat-isv-containers/abc");
        let folder = folders.of_number(&to, &version("7.6.1"), number("4"));
        fs::create_dir_all(&folder).unwrap();
        fs::write(folder.join("journal.jsonl"), "nonsense\n").unwrap();
        assert!(matches!(folders.numbers(&to, &version("7.6.1")), Err(JournalError::Line { line: 1, .. })));
        assert!(matches!(folders.unfinished(&to), Err(JournalError::Line { .. })));
    }
}
