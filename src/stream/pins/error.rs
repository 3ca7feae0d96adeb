//! Why it is not known what is pinned.

use std::error::Error;
use std::fmt;
use std::io;
use std::sync::Arc;

use crate::error::{Class, Classify, Failure};
use crate::model::Finding;

/// Why it is not known what is pinned.
#[derive(Debug)]
pub enum PinsError {
    /// These sources cannot be used. As an error it is told by all their names and by the first one's problem.
    Unread(Vec<Unread>),
    /// All sources were read, and none pins anything.
    Empty,
}

/// A source that cannot be used.
#[derive(Debug, thiserror::Error)]
#[error("the pins of `{source_name}` cannot be read")]
pub struct Unread {
    /// The source.
    pub source_name: Arc<str>,
    /// Why.
    #[source]
    pub problem: Problem,
}

/// What is wrong with a source.
#[derive(Debug, thiserror::Error)]
pub enum Problem {
    /// A file.
    #[error(transparent)]
    File(io::Error),
    /// A URL.
    #[error("it cannot be fetched")]
    Fetch(#[source] Failure),
    /// What it says makes no sense.
    #[error("{}", first(.0))]
    Content(Vec<Finding>),
    /// A repository.
    #[error("its history cannot be read")]
    Git(#[source] Box<dyn Error + Send + Sync>),
    /// It was cloned without its history.
    #[error("it is a shallow clone: not all of its history is there")]
    Shallow,
    /// No ref is named so.
    #[error("no ref matches `{0}`")]
    NoRef(Arc<str>),
    /// No file is named so at any of the refs.
    #[error("no file matches `{0}` at any ref that was named")]
    NoPath(Arc<str>),
    /// No refs or no paths are asked for.
    #[error("it is not said which refs and which paths of it pin builds")]
    Unasked,
    /// A directory of the destination.
    #[error("nothing in it says which build it holds")]
    NoMark,
}

impl fmt::Display for PinsError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unread(all) => {
                let mut names: Vec<String> = all.iter().map(|one| format!("`{}`", one.source_name)).collect();
                names.dedup();
                write!(f, "the pins of {} cannot be read", names.join(", "))
            }
            Self::Empty => f.write_str("none of the sources of pins pins anything"),
        }
    }
}

impl Error for PinsError {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        match self {
            Self::Unread(all) => all.first().map(|one| &one.problem as &(dyn Error + 'static)),
            Self::Empty => None,
        }
    }
}

fn first(findings: &[Finding]) -> String {
    let place = |finding: &Finding| match finding.line() {
        0 => format!("{}: {}", finding.file, finding.message),
        line => format!("{}:{line}: {}", finding.file, finding.message),
    };
    let more = findings.len().saturating_sub(1);
    match (findings.first().map(place), more) {
        (Some(one), 0) => one,
        (Some(one), more) => format!("{one} (and {more} more)"),
        (None, _) => "it makes no sense".to_owned(),
    }
}

impl Unread {
    /// `problem` of the source `name`.
    pub(in crate::stream) fn new(name: &Arc<str>, problem: Problem) -> Self {
        Self { source_name: Arc::clone(name), problem }
    }

    /// What to do about it.
    #[must_use]
    pub fn advice(&self) -> String {
        let name = &self.source_name;
        match &self.problem {
            Problem::File(_) => format!("nothing was deleted: see that `{name}` is there and may be read"),
            Problem::Fetch(failure) => failure.advice.as_deref().map_or_else(
                || format!("nothing was deleted: see that `{name}` can be fetched, then run again"),
                str::to_owned,
            ),
            Problem::Content(_) => format!(
                "nothing was deleted: correct `{name}`; if it is no stream file, see that the paths that are searched do \
                 not match it"
            ),
            Problem::Git(_) => {
                format!(
                    "nothing was deleted: see that `{name}` is a whole clone that `git fsck` has no fault with"
                )
            }
            Problem::Shallow => format!("nothing was deleted: run `git fetch --unshallow` in `{name}`"),
            Problem::NoRef(_) | Problem::NoPath(_) => format!(
                "nothing was deleted: see whether branches or files of `{name}` were renamed, and name the new ones, or see \
                 that they were fetched"
            ),
            Problem::Unasked => format!("name at least one ref and one path of `{name}`"),
            Problem::NoMark => format!(
                "nothing was deleted: run again what writes `{name}`, or delete it if nobody needs it"
            ),
        }
    }
}

impl Classify for PinsError {
    fn class(&self) -> Class {
        match self {
            Self::Unread(all) => all.first().map_or(Class::Invalid, Classify::class),
            Self::Empty => Class::Invalid,
        }
    }

    fn advice(&self) -> Option<String> {
        Some(match self {
            Self::Unread(all) => all.iter().map(Unread::advice).collect::<Vec<_>>().join("; "),
            Self::Empty => {
                "nothing was deleted: name the stream files, histories and lists that pin builds".to_owned()
            }
        })
    }
}

impl Classify for Unread {
    fn class(&self) -> Class {
        match &self.problem {
            Problem::File(error) => Class::of_file(error),
            Problem::Fetch(failure) => failure.class,
            Problem::Git(_) => Class::Corrupt,
            Problem::NoRef(_) | Problem::NoPath(_) | Problem::Shallow | Problem::NoMark => Class::Missing,
            Problem::Content(_) | Problem::Unasked => Class::Invalid,
        }
    }

    fn advice(&self) -> Option<String> {
        Some(Unread::advice(self))
    }
}
