//! Finds and reads mapping files: paths, directories, globs, standard input, a mounted ConfigMap.
//!
//! It knows nothing of what stands in them.

use std::collections::{BTreeSet, HashSet};
use std::fmt;
use std::fs::File;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use crate::reading;

/// How often the files are read again because a mounted ConfigMap was changed meanwhile.
const SNAPSHOTS: u32 = 5;

/// Something to read mappings from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Input {
    /// A word that the user typed: a file, a directory, a glob, or `-` for standard input.
    Word(String),
    /// Text that is already here.
    Text {
        /// What to call it.
        name: Arc<str>,
        /// What it says.
        bytes: Vec<u8>,
    },
}

impl<T: Into<String>> From<T> for Input {
    fn from(word: T) -> Self {
        Self::Word(word.into())
    }
}

/// A mapping file as it was when it was read.
pub struct MappingFile {
    /// Its path as the user would type it; `-` for standard input.
    pub name: Arc<str>,
    /// Where it lies, unless it came through standard input.
    pub path: Option<PathBuf>,
    /// Who answers for it.
    pub owner: Option<Arc<str>>,
    bytes: Vec<u8>,
    /// Where each line begins.
    starts: Vec<usize>,
}

impl MappingFile {
    pub(super) fn new(name: Arc<str>, path: Option<PathBuf>, bytes: Vec<u8>) -> Self {
        let mut file = Self { name, path, owner: None, bytes, starts: Vec::new() };
        let first = if file.has_bom() { BOM.len() } else { 0 };
        let after_breaks = file.bytes.iter().enumerate().filter(|(_, b)| **b == b'\n').map(|(at, _)| at + 1);
        let last = file.bytes.len();
        file.starts = std::iter::once(first).chain(after_breaks).filter(|at| *at < last).collect();
        file
    }

    /// What the file holds, byte for byte.
    #[must_use]
    pub fn bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// Whether it begins with a byte order mark, which is no part of its first line.
    #[must_use]
    pub fn has_bom(&self) -> bool {
        self.bytes.starts_with(BOM)
    }

    /// How many lines it has.
    #[must_use]
    pub fn line_count(&self) -> u32 {
        u32::try_from(self.starts.len()).unwrap_or(u32::MAX)
    }

    /// A line, counted from 1, without its line break; empty when there is none such.
    #[must_use]
    pub fn line(&self, number: u32) -> &[u8] {
        let index = (number as usize).wrapping_sub(1);
        let Some(&start) = self.starts.get(index) else { return &[] };
        let end = self.starts.get(index + 1).copied().unwrap_or(self.bytes.len());
        let line = &self.bytes[start..end];
        let line = line.strip_suffix(b"\n").unwrap_or(line);
        line.strip_suffix(b"\r").unwrap_or(line)
    }

    /// The key that it has in a ConfigMap.
    #[must_use]
    pub fn base_name(&self) -> &str {
        self.name.rsplit('/').next().unwrap_or_default()
    }
}

/// Prints no content, so that a login typed into a file cannot appear in a log.
impl fmt::Debug for MappingFile {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("MappingFile").field("name", &self.name).finish_non_exhaustive()
    }
}

const BOM: &[u8] = b"\xef\xbb\xbf";

/// A file or directory that is there and cannot be read.
#[derive(Debug)]
pub(super) struct Unreadable {
    pub(super) name: Arc<str>,
    pub(super) path: PathBuf,
    pub(super) error: Arc<io::Error>,
}

/// What was found at one moment.
#[derive(Debug, Default)]
pub(super) struct Snapshot {
    pub(super) files: Vec<MappingFile>,
    pub(super) unreadable: Vec<Unreadable>,
    /// Directories named by the user that hold no mapping file.
    pub(super) empty: Vec<Arc<str>>,
}

/// A word of the command line that cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum WordError {
    /// There is no such file, or it cannot be read.
    #[error(
        "{path}: {error}; name a file, a directory or a quoted glob that is there, as words or by MAPPINGS"
    )]
    Path {
        /// As typed.
        path: String,
        /// Why.
        error: Arc<io::Error>,
    },
    /// The glob stands for nothing.
    #[error(
        "no mapping file matches `{0}`; see that the files are there (in a pod: that the ConfigMap is mounted), or name others"
    )]
    NoMatch(String),
    /// The glob is none.
    #[error("`{pattern}` is no glob")]
    Glob {
        /// As typed.
        pattern: String,
        /// Why.
        #[source]
        error: glob::PatternError,
    },
}

/// Nothing was read: words of the command line that cannot be used, all of them.
#[derive(Debug, thiserror::Error)]
#[error("{}", .words.iter().map(|word| crate::error::Chain(word).to_string()).collect::<Vec<_>>().join("; "))]
pub struct ReadError {
    /// What is wrong with each.
    pub words: Vec<WordError>,
}

/// Reads everything that `inputs` stand for, in their order and each file once.
pub(super) fn snapshot(inputs: &[Input]) -> Result<Snapshot, ReadError> {
    let inputs = with_stdin_read(inputs)?;
    let mut rounds = 0;
    loop {
        let mut search = Search::default();
        for input in &inputs {
            search.input(input);
        }
        rounds += 1;
        if rounds < SNAPSHOTS && search.moved() {
            continue;
        }
        if !search.errors.is_empty() {
            return Err(ReadError { words: search.errors });
        }
        return Ok(search.found);
    }
}

/// Standard input can be read only once, so it is read before the rounds begin.
fn with_stdin_read(inputs: &[Input]) -> Result<Vec<Input>, ReadError> {
    let mut read = Vec::new();
    for input in inputs {
        let Input::Word(word) = input else {
            read.push(input.clone());
            continue;
        };
        if word != "-" {
            read.push(input.clone());
        } else if !read.iter().any(|seen| matches!(seen, Input::Text { name, .. } if &**name == "-")) {
            let bytes = reading::whole(io::stdin().lock()).map_err(|error| ReadError {
                words: vec![WordError::Path { path: "-".to_owned(), error: Arc::new(error) }],
            })?;
            read.push(Input::Text { name: "-".into(), bytes });
        }
    }
    Ok(read)
}

#[derive(Debug, Default)]
struct Search {
    found: Snapshot,
    errors: Vec<WordError>,
    /// Canonical paths of what was read.
    seen: HashSet<PathBuf>,
    /// What `..data` pointed at in each directory, before its files were read.
    links: Vec<(PathBuf, PathBuf)>,
    /// What is being searched; links within it lead nowhere else. None: the user named a file.
    root: Option<PathBuf>,
}

impl Search {
    /// Whether a mounted ConfigMap was exchanged since its first file was read.
    fn moved(&self) -> bool {
        self.links.iter().any(|(link, before)| std::fs::read_link(link).ok().as_ref() != Some(before))
    }

    fn input(&mut self, input: &Input) {
        match input {
            Input::Text { name, bytes } => {
                self.found.files.push(MappingFile::new(Arc::clone(name), None, bytes.clone()));
            }
            Input::Word(word) => self.word(word),
        }
    }

    fn word(&mut self, word: &str) {
        let path = Path::new(word);
        match std::fs::metadata(path) {
            Ok(metadata) if metadata.is_dir() => {
                let before = self.count();
                self.root = path.canonicalize().ok();
                self.directory(path, &mut BTreeSet::new());
                if self.count() == before && !self.holds_something_read(path) {
                    self.found.empty.push(word.into());
                }
            }
            Ok(_) => {
                self.root = None;
                if let Some(unreadable) = self.file(path) {
                    let error = unreadable.error;
                    self.errors.push(WordError::Path { path: word.to_owned(), error });
                }
            }
            Err(_) if word.contains(['*', '?', '[']) => self.glob(word),
            Err(error) => {
                self.errors.push(WordError::Path { path: word.to_owned(), error: Arc::new(error) });
            }
        }
    }

    fn count(&self) -> usize {
        self.found.files.len() + self.found.unreadable.len()
    }

    /// A directory whose files another word had already brought is not an empty one.
    fn holds_something_read(&self, directory: &Path) -> bool {
        directory.canonicalize().is_ok_and(|root| self.seen.iter().any(|file| file.starts_with(&root)))
    }

    /// Expands as a shell would: sorted, and a leading dot must be written.
    fn glob(&mut self, pattern: &str) {
        let options = glob::MatchOptions {
            case_sensitive: true,
            require_literal_separator: true,
            require_literal_leading_dot: true,
        };
        let paths = match glob::glob_with(pattern, options) {
            Ok(paths) => paths,
            Err(error) => {
                self.errors.push(WordError::Glob { pattern: pattern.to_owned(), error });
                return;
            }
        };
        self.root = fixed_part(pattern).canonicalize().ok();
        let mut matched = false;
        for entry in paths {
            matched = true;
            match entry {
                Ok(path) if path.is_dir() => self.directory(&path, &mut BTreeSet::new()),
                Ok(path) => {
                    let unreadable = self.file(&path);
                    self.found.unreadable.extend(unreadable);
                }
                Err(error) => {
                    let path = error.path().to_owned();
                    self.unreadable(&path, error.into());
                }
            }
        }
        if !matched {
            self.errors.push(WordError::NoMatch(pattern.to_owned()));
        }
    }

    /// `visited` holds the directories that were searched: each once, whatever links lead there.
    fn directory(&mut self, directory: &Path, visited: &mut BTreeSet<PathBuf>) {
        self.note_link(&directory.join("OWNERS"));
        let names = match sorted_names(directory) {
            Ok(names) => names,
            Err(error) => return self.unreadable(directory, error),
        };
        let Ok(canonical) = directory.canonicalize() else { return };
        if !visited.insert(canonical.clone()) {
            return;
        }
        if let Err(error) = self.stays_within(&canonical) {
            return self.unreadable(directory, error);
        }
        for name in names {
            let path = directory.join(&name);
            if path.is_dir() {
                if !name.starts_with("..") && name != ".git" {
                    self.directory(&path, visited);
                }
            } else if name.starts_with("mapping_") {
                let unreadable = self.file(&path);
                self.found.unreadable.extend(unreadable);
            }
        }
    }

    fn unreadable(&mut self, path: &Path, error: io::Error) {
        self.found.unreadable.push(Unreadable {
            name: shown(path),
            path: path.to_owned(),
            error: Arc::new(error),
        });
    }

    fn file(&mut self, path: &Path) -> Option<Unreadable> {
        self.note_link(path);
        let canonical = path.canonicalize().unwrap_or_else(|_| path.to_owned());
        if !self.seen.insert(canonical.clone()) {
            return None;
        }
        let bytes = match self.root {
            Some(_) => self.stays_within(&canonical).and_then(|()| reading::plain(path)),
            // A pipe is fine where the user named it.
            None => File::open(path).and_then(reading::whole),
        };
        match bytes {
            Ok(bytes) => {
                self.found.files.push(MappingFile::new(shown(path), Some(path.to_owned()), bytes));
                None
            }
            Err(error) => {
                Some(Unreadable { name: shown(path), path: path.to_owned(), error: Arc::new(error) })
            }
        }
    }

    /// Whether what is being searched holds a path, if anything is.
    fn stays_within(&self, canonical: &Path) -> io::Result<()> {
        self.root.as_ref().map_or(Ok(()), |root| reading::stays_within(canonical, root))
    }

    /// A mounted ConfigMap is exchanged as a whole, by turning its link `..data`.
    fn note_link(&mut self, file: &Path) {
        let link = file.with_file_name("..data");
        if self.links.iter().any(|(known, _)| *known == link) {
            return;
        }
        if let Ok(points_at) = std::fs::read_link(&link) {
            self.links.push((link, points_at));
        }
    }
}

/// The directories of a glob before its first wildcard.
fn fixed_part(pattern: &str) -> PathBuf {
    let is_fixed =
        |part: &std::path::Component<'_>| !part.as_os_str().to_string_lossy().contains(['*', '?', '[']);
    Path::new(".").join(Path::new(pattern).components().take_while(is_fixed).collect::<PathBuf>())
}

fn sorted_names(directory: &Path) -> io::Result<Vec<String>> {
    let mut names = Vec::new();
    for entry in std::fs::read_dir(directory)? {
        // A name that is not UTF-8 cannot be that of a mapping file.
        if let Ok(name) = entry?.file_name().into_string() {
            names.push(name);
        }
    }
    names.sort();
    Ok(names)
}

fn shown(path: &Path) -> Arc<str> {
    path.display().to_string().into()
}
