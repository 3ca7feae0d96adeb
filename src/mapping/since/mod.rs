//! Keeps of a set what a change adds or alters, and tells what it takes away: the files as they are against the files of
//! the commit where the change began.
//!
//! What lines ask for is compared, over all files: a line that was moved, in its file or into another, and a comment are
//! no change. The history is read by a library, so that nobody needs a git program.

mod difference;
mod history;
mod old_files;

use super::files::Input;
use super::set::{MappingSet, ReadOptions, read};
use crate::model::Compared;
use history::History;

/// Why it cannot be told what a change adds.
#[derive(Debug, thiserror::Error)]
pub enum SinceError {
    /// There is no history.
    #[error(
        "`{place}` is in no git repository, so there is nothing to compare it with (a mounted ConfigMap has no history): \
         run it in a clone, or leave out `--since`"
    )]
    NoRepository {
        /// What was to be compared.
        place: String,
        /// Why there is none.
        #[source]
        source: Box<gix::Error>,
    },
    /// A repository without files beside it.
    #[error("the git repository of `{0}` has no work tree to compare with: run it in a clone")]
    Bare(String),
    /// Two repositories.
    #[error("`{place}` is outside of the git repository `{repository}`: run once for each repository")]
    Outside {
        /// What is outside.
        place: String,
        /// The repository.
        repository: String,
    },
    /// The revision is not there.
    #[error(
        "`{revision}` names no commit of `{repository}`{}", more(*.shallow)
    )]
    Revision {
        /// As typed.
        revision: String,
        /// Where it was looked for.
        repository: String,
        /// Whether the clone is shallow.
        shallow: bool,
        /// What the library said.
        #[source]
        source: Box<gix::Error>,
    },
    /// They have nothing in common.
    #[error(
        "`{revision}` and HEAD have no commit in common in `{repository}`{}", more(*.shallow)
    )]
    Unrelated {
        /// As typed.
        revision: String,
        /// Where it was looked for.
        repository: String,
        /// Whether the clone is shallow.
        shallow: bool,
    },
    /// The history cannot be read.
    #[error("cannot read the history of `{repository}`{}", more(*.shallow))]
    History {
        /// Where.
        repository: String,
        /// Whether the clone is shallow.
        shallow: bool,
        /// What the library said.
        #[source]
        source: Box<gix::Error>,
    },
    /// The old files cannot be read.
    #[error("cannot read the mapping files as they were")]
    Old(#[from] super::files::ReadError),
}

/// What to do where a commit is not there.
fn more(shallow: bool) -> &'static str {
    if shallow {
        "; the clone is shallow: fetch more of it (`git fetch --unshallow`), or that commit (`git fetch --depth=1 origin COMMIT`)"
    } else {
        "; fetch it first (`git fetch origin`), or correct the name"
    }
}

/// The part of `set`, which was read from `inputs`, that is not in the commit where HEAD and `revision` parted; and what
/// that has and `set` has not. A file that was not there then, and standard input, are new as a whole; findings about
/// whole files stay.
///
/// # Errors
/// When there is no history, or the revision is not in it.
pub fn since(
    mut set: MappingSet,
    inputs: &[Input],
    revision: &str,
) -> Result<(MappingSet, Option<Compared>), SinceError> {
    let Some(history) = History::open(&set, inputs)? else { return Ok((set, None)) };
    let commit = history.base(revision)?;
    let old = read(&old_files::old_files(&history, &commit, &set, inputs)?, &ReadOptions::default())?;
    let (removed, relocated) = difference::keep_new(&mut set, &old);
    Ok((set, Some(Compared { commit: commit.id.to_string().into(), removed, relocated })))
}
