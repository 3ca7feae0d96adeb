//! The journal of one number, which is written.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use super::error::JournalError;
use super::event::Event;
use super::lines;
use super::story::Story;
use crate::reading;

/// What a journal is called in its folder.
const NAME: &str = "journal.jsonl";

/// The journal of one number, open to be gone on with. Nobody else may write it meanwhile: the lock of the upload repository is held.
///
/// What was noted is on the disk, and stays there through a kill and a loss of power. A kill at any byte leaves a journal that can
/// be read, at most without what was being noted.
#[derive(Debug)]
pub struct Journal {
    folder: PathBuf,
    path: PathBuf,
    file: File,
    /// How many bytes are whole lines.
    whole: u64,
    /// Whether something may be behind them.
    is_torn: bool,
    story: Story,
}

impl Journal {
    /// Opens the journal in `folder`, which is the one of a number, and makes both where there is none. A last line that was cut
    /// off is removed, with a warning.
    ///
    /// # Errors
    /// When it cannot be read or written, or a line of it is none of ours.
    pub fn open(folder: &Path) -> Result<Self, JournalError> {
        let path = folder.join(NAME);
        make(folder).map_err(JournalError::file("making the folder", folder))?;
        let file = OpenOptions::new().append(true).create(true).open(&path);
        let file = file.map_err(JournalError::file("opening the journal", &path))?;
        flush(folder).map_err(JournalError::file("writing down the folder", folder))?;
        let text = reading::plain(&path).map_err(JournalError::file("reading the journal", &path))?;
        let lines::Held { story, whole } = lines::read(&path, &text)?;
        let is_torn = whole < text.len();
        if is_torn {
            tracing::warn!(
                journal = %path.display(),
                "the last line of the journal was cut off when a run was killed; what it was about was not done"
            );
        }
        let (folder, whole) = (folder.to_path_buf(), whole as u64);
        let mut journal = Self { folder, path, file, whole, is_torn, story };
        journal.mend()?;
        Ok(journal)
    }

    /// Notes `event`: once it returns, that is on the disk. It waits for the disk, and cannot be interrupted halfway.
    ///
    /// # Errors
    /// When it cannot be written; then it was not noted, and what it is about must not be done.
    pub fn note(&mut self, event: &Event) -> Result<(), JournalError> {
        let writing = JournalError::file("writing the journal", &self.path);
        self.mend()?;
        self.append(event).map_err(writing)?;
        self.story.add(event);
        Ok(())
    }

    fn append(&mut self, event: &Event) -> io::Result<()> {
        let line = lines::written(SystemTime::now(), event)?;
        self.is_torn = true;
        self.file.write_all(&line)?;
        self.file.sync_data()?;
        self.is_torn = false;
        self.whole += line.len() as u64;
        Ok(())
    }

    /// What it comes to.
    #[must_use]
    pub fn story(&self) -> &Story {
        &self.story
    }

    /// The folder of the number, where other files of the publication lie as well.
    #[must_use]
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    /// Removes what is behind the last whole line.
    fn mend(&mut self) -> Result<(), JournalError> {
        if self.is_torn {
            self.file
                .set_len(self.whole)
                .and_then(|()| self.file.sync_data())
                .map_err(JournalError::file("mending the journal", &self.path))?;
            self.is_torn = false;
        }
        Ok(())
    }
}

/// What the journal in `folder` comes to; none: there is none. It is only read.
///
/// # Errors
/// When it cannot be read, or a line of it is none of ours.
pub(super) fn story(folder: &Path) -> Result<Option<Story>, JournalError> {
    let path = folder.join(NAME);
    match reading::plain(&path) {
        Ok(text) => Ok(Some(lines::read(&path, &text)?.story)),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(JournalError::file("reading the journal", &path)(error)),
    }
}

/// Makes a folder, with those above it, so that all of them stay through a loss of power.
fn make(folder: &Path) -> io::Result<()> {
    if folder.is_dir() {
        return Ok(());
    }
    let above = folder.parent().filter(|above| !above.as_os_str().is_empty());
    let above = above.unwrap_or(Path::new("."));
    make(above)?;
    match fs::create_dir(folder) {
        Err(error) if error.kind() != io::ErrorKind::AlreadyExists => Err(error),
        _ => flush(above),
    }
}

/// Waits until a file system has written down what is in a folder.
fn flush(folder: &Path) -> io::Result<()> {
    File::open(folder)?.sync_all()
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::super::event::{Certified, Plan, Platformed};
    use super::*;
    use crate::error::Classify as _;
    use crate::model::{Digest, Tag};

    /// Everything that can be noted, in its order.
    fn events() -> Vec<Event> {
        let (digest, tag) = (Digest::of(b"D"), Tag::parse("7.6.1").unwrap());
        let passed = Certified { passed: true, image_id: Some("65".into()) };
        let child = Platformed { platform: "linux/amd64".into(), digest: Digest::of(b"c") };
        vec![
            Event::Planned(Plan {
                children: vec![child],
                unique: true,
                ..Plan::sample(digest.clone(), "registry.example.com/a@sha256:aa")
            }),
            Event::PushStarted,
            Event::Pushed,
            Event::PreflightStarted {
                attempt: 1,
                version: "1.14.1".into(),
                architectures: vec!["amd64".into()],
            },
            Event::PreflightResult { attempt: 1, results: BTreeMap::from([("amd64".to_owned(), passed)]) },
            Event::Submitted,
            Event::PublicSeen,
            Event::FloatingBefore { tag: tag.clone(), upload: Some(digest), public: None },
            Event::FloatingPushed { tag: tag.clone() },
            Event::FloatingSeen { tag },
            Event::Done,
        ]
    }

    /// What the first events come to, for each number of them.
    fn stories(events: &[Event]) -> Vec<Story> {
        let mut story = Story::default();
        let mut stories = vec![story.clone()];
        for event in events {
            story.add(event);
            stories.push(story.clone());
        }
        stories
    }

    #[test]
    fn what_is_noted_is_found_again_by_the_next_run() {
        let root = tempfile::tempdir().unwrap();
        let folder = root.path().join("quay.io/a/b/7.6.1-2");
        let expected = stories(&events());
        for (at, event) in events().iter().enumerate() {
            let mut journal = Journal::open(&folder).unwrap();
            assert_eq!(*journal.story(), expected[at]);
            journal.note(event).unwrap();
            assert_eq!(*journal.story(), expected[at + 1]);
        }
        let journal = Journal::open(&folder).unwrap();
        assert!(journal.story().is_done && journal.folder() == folder);
        let text = fs::read_to_string(folder.join(NAME)).unwrap();
        assert_eq!(text.lines().count(), events().len());
        let second = text.lines().nth(1).unwrap();
        assert!(
            second.starts_with("{\"at\":\"20") && second.ends_with("Z\",\"event\":\"push_started\"}"),
            "{second}"
        );
    }

    #[test]
    fn a_kill_at_any_byte_leaves_a_journal_that_is_read_and_gone_on_with() {
        let (root, cut) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
        let mut journal = Journal::open(root.path()).unwrap();
        for event in events() {
            journal.note(&event).unwrap();
        }
        let text = fs::read(root.path().join(NAME)).unwrap();
        let expected = stories(&events());
        for length in 0..=text.len() {
            let whole = text[..length].split(|byte| *byte == b'\n').count() - 1;
            let held = lines::read(cut.path(), &text[..length]).unwrap();
            assert_eq!(held.story, expected[whole], "{length} bytes");
            // Each of these waits for the disk.
            if length % 11 == 0 {
                fs::write(cut.path().join(NAME), &text[..length]).unwrap();
                assert_eq!(story(cut.path()).unwrap().as_ref(), Some(&expected[whole]), "{length} bytes");
                let mut journal = Journal::open(cut.path()).unwrap();
                assert_eq!(*journal.story(), expected[whole], "{length} bytes");
                journal.note(&Event::Pushed).unwrap();
                let after = fs::read(cut.path().join(NAME)).unwrap();
                let held = lines::read(cut.path(), &after).unwrap();
                assert!(held.whole == after.len() && held.story.is_pushed, "{length} bytes");
            }
        }
    }

    #[test]
    fn a_line_that_is_none_of_ours_is_an_error_that_names_it_and_nothing_is_changed() {
        let root = tempfile::tempdir().unwrap();
        Journal::open(root.path()).unwrap().note(&Event::PushStarted).unwrap();
        let good = fs::read_to_string(root.path().join(NAME)).unwrap();
        for bad in ["{", "{\"at\":\"2027-01-15T08:00:00Z\",\"event\":\"flown\"}", "\0\0\0", ""] {
            let text = format!("{good}{bad}\n{good}");
            fs::write(root.path().join(NAME), &text).unwrap();
            let error = Journal::open(root.path()).unwrap_err();
            assert!(error.to_string().starts_with("line 2 of the journal "), "{error}");
            assert!(error.advice().is_some_and(|advice| advice.contains("--adopt")));
            assert_eq!(fs::read_to_string(root.path().join(NAME)).unwrap(), text);
        }
    }

    #[test]
    fn what_a_failed_write_left_is_removed_before_the_next_one() {
        let root = tempfile::tempdir().unwrap();
        let mut journal = Journal::open(root.path()).unwrap();
        journal.note(&Event::PushStarted).unwrap();
        // As a disk that was full leaves it.
        journal.file.write_all(b"{\"at\":\"20").unwrap();
        journal.is_torn = true;
        journal.note(&Event::Pushed).unwrap();
        assert!(story(root.path()).unwrap().is_some_and(|story| story.is_pushed));
    }
}
