//! The sources of pins, and how all of them are read.

use std::future::Future;
use std::path::PathBuf;
use std::pin::Pin as Pinned;
use std::sync::Arc;

use bytes::Bytes;
use url::Url;

use super::error::{PinsError, Problem, Unread};
use super::git::{self, Git, History};
use super::reading::read_stream;
use super::{Pin, PinSet, PinnedBy, list};
use crate::error::Failure;
use crate::reading;
use crate::redact::SafeUrl;

/// Everything that says what is pinned.
#[derive(Debug, Clone)]
pub struct Sources {
    /// Stream files, in any envelope.
    pub streams: Vec<Place>,
    /// Explicit lists.
    pub lists: Vec<Place>,
    /// Histories of stream files.
    pub histories: Vec<Git>,
    /// Fetches what is named by a URL.
    pub fetch: Arc<dyn Fetch>,
}

/// Where a file is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Place {
    /// A file of this machine.
    File(PathBuf),
    /// A file of a web server.
    Url(Url),
}

/// What comes of a fetch, later.
pub type Fetching<'a> = Pinned<Box<dyn Future<Output = Result<Bytes, Failure>> + Send + 'a>>;

/// Fetches small files, whole or not at all; each time anew.
pub trait Fetch: Send + Sync + std::fmt::Debug {
    /// What is served at `url`.
    fn fetch<'a>(&'a self, url: &'a Url) -> Fetching<'a>;
}

/// Reads all sources, as often as is asked for.
#[derive(Debug)]
pub struct Reader<'a> {
    sources: &'a Sources,
    histories: Vec<History>,
}

impl Place {
    /// As people may see it.
    fn name(&self) -> Arc<str> {
        match self {
            Self::File(path) => path.display().to_string().into(),
            Self::Url(url) => SafeUrl::new(url.clone()).to_string().into(),
        }
    }
}

impl<'a> Reader<'a> {
    /// Nothing is read yet.
    #[must_use]
    pub fn new(sources: &'a Sources) -> Self {
        Self { sources, histories: sources.histories.iter().map(|_| History::default()).collect() }
    }

    /// What all sources pin now. Files and URLs are read anew; of histories the refs, and the commits that were not seen
    /// yet.
    ///
    /// # Errors
    /// When one of them cannot be read, with all that cannot; or when none pins anything.
    pub async fn read(&mut self) -> Result<PinSet, PinsError> {
        let (mut pins, mut unread) = (PinSet::default(), Vec::new());
        for place in &self.sources.streams {
            self.file(place, stream, (&mut pins, &mut unread)).await;
        }
        for place in &self.sources.lists {
            self.file(place, list::read, (&mut pins, &mut unread)).await;
        }
        for (git, history) in self.sources.histories.iter().zip(&mut self.histories) {
            match look(git, std::mem::take(history)).await {
                Ok(new) => {
                    *history = new;
                    pins.extend(history.pins.iter().cloned());
                }
                Err(problems) => {
                    let name = git.repository.display().to_string().into();
                    unread.extend(problems.into_iter().map(|problem| Unread::new(&name, problem)));
                }
            }
        }
        match (unread.is_empty(), pins.is_empty()) {
            (false, _) => Err(PinsError::Unread(unread)),
            (true, true) => Err(PinsError::Empty),
            (true, false) => Ok(pins),
        }
    }

    /// Files of old commits that were passed over since they are no stream files.
    #[must_use]
    pub fn ignored(&self) -> usize {
        self.histories.iter().map(|history| history.ignored).sum()
    }

    async fn file(
        &self,
        place: &Place,
        parse: impl Fn(&Arc<str>, &[u8]) -> Result<Vec<Pin>, Vec<crate::model::Finding>>,
        (pins, unread): (&mut PinSet, &mut Vec<Unread>),
    ) {
        let name = place.name();
        let read = match place {
            Place::File(path) => reading::plain(path).map(Bytes::from).map_err(Problem::File),
            Place::Url(url) => self.sources.fetch.fetch(url).await.map_err(Problem::Fetch),
        };
        match read.and_then(|bytes| parse(&name, &bytes).map_err(Problem::Content)) {
            Ok(more) => pins.extend(more),
            Err(problem) => unread.push(Unread::new(&name, problem)),
        }
    }
}

fn stream(file: &Arc<str>, bytes: &[u8]) -> Result<Vec<Pin>, Vec<crate::model::Finding>> {
    let by = PinnedBy::File { file: Arc::clone(file) };
    let named = read_stream(file, bytes)?;
    Ok(named.into_iter().map(|(arch, release)| Pin { arch: Some(arch), release, by: by.clone() }).collect())
}

/// Looks at a repository where that may wait for a disk. A history that could not be looked at to the end is gone: what it
/// counts as seen was not all taken in.
async fn look(git: &Git, mut history: History) -> Result<History, Vec<Problem>> {
    let git = git.clone();
    let looking = tokio::task::spawn_blocking(move || git::read(&git, &mut history).map(|()| history));
    match looking.await {
        Ok(read) => read,
        Err(error) => Err(vec![Problem::Git(error.into())]),
    }
}
