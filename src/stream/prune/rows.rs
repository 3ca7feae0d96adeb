//! Rows: one for each directory, and one for each build that is pinned and not there.

use std::sync::Arc;

use super::holes::Hole;
use super::judge::{Class, Judged};
use super::plan::{Planned, Step};
use crate::error::{Class as Kind, Classify, Failure, Stage};
use crate::model::{Key, Locator, Origin, Outcome, Reason, Row, Skip, Update};
use crate::objects::Store;

/// The row of a directory.
pub(super) fn of(store: &Store, directory: &Key, outcome: Outcome, note: impl Into<Arc<str>>) -> Row {
    let origin = Origin::Directory { directory: directory.as_str().into() };
    let ends = (Locator::Text("".into()), store.locator(directory));
    Row { note: Some(note.into()), ..Row::of_nothing(origin, None, ends, outcome) }
}

/// The row of a directory with which nothing was done yet, and, where `done` is said, of one with which what it says was.
pub(super) fn planned(store: &Store, planned: &Planned, is_done: bool) -> Row {
    let Planned { judged, step } = planned;
    let outcome = match (step, is_done) {
        (Step::Keep, _) if judged.class == Class::Unknown => Outcome::Skipped(Skip::NoRelease),
        (Step::Keep | Step::Wait { .. }, _) => Outcome::Kept,
        (Step::Mark, true) => Outcome::Updated(Update::Marked),
        (Step::Mark, false) => Outcome::Planned(Reason::Stray),
        (Step::Unmark, true) => Outcome::Updated(Update::Unmarked),
        (Step::Unmark, false) => Outcome::Planned(Reason::Reclaimed),
        (Step::Delete { .. }, true) => Outcome::Deleted,
        (Step::Delete { .. }, false) => Outcome::Planned(Reason::Orphan),
    };
    of(store, &judged.directory, outcome, note(judged, *step))
}

fn note(judged: &Judged, step: Step) -> String {
    match step {
        Step::Wait { since } | Step::Delete { since } => {
            format!("{}; marked on {}", judged.note(), humantime::format_rfc3339_seconds(since))
        }
        Step::Keep | Step::Mark | Step::Unmark => judged.note(),
    }
}

/// The row of a directory of which something could not be written or deleted.
pub(super) fn failed(store: &Store, judged: &Judged, error: impl Classify) -> Row {
    let error = Undone { directory: judged.directory.clone(), class: error.class(), source: Box::new(error) };
    let outcome = Outcome::Failed(Failure::new(Stage::Delete, error));
    of(store, &judged.directory, outcome, judged.note())
}

/// The row of a build that is pinned and not there; where that is `checked`, it is a failure.
pub(super) fn hole(hole: &Hole, is_checked: bool) -> Row {
    let name: Arc<str> = format!("{}/{}", hole.arch.as_deref().unwrap_or("*"), hole.release).into();
    let outcome = if is_checked {
        Outcome::Failed(Failure::new(Stage::Verify, Absent))
    } else {
        Outcome::Skipped(Skip::Unmirrored)
    };
    let ends = (Locator::Text("".into()), Locator::Text(Arc::clone(&name)));
    let row = Row::of_nothing(Origin::Directory { directory: name }, None, ends, outcome);
    Row { note: Some(hole.note.as_str().into()), ..row }
}

/// Something of a directory could not be done.
#[derive(Debug, thiserror::Error)]
#[error("not all of `{directory}` could be changed")]
struct Undone {
    directory: Key,
    class: Kind,
    source: Box<dyn std::error::Error + Send + Sync>,
}

impl Classify for Undone {
    fn class(&self) -> Kind {
        self.class
    }

    fn advice(&self) -> Option<String> {
        Some(
            "run again: what is left of it has no mark of completion and goes first; if it stays, see that the login may \
             write and delete there"
                .to_owned(),
        )
    }
}

/// A build is not in the mirror.
#[derive(Debug, thiserror::Error)]
#[error("it is pinned, and no directory of the mirror holds it and is complete")]
struct Absent;

impl Classify for Absent {
    fn class(&self) -> Kind {
        Kind::Missing
    }

    fn advice(&self) -> Option<String> {
        Some(
            "mirror this build again, with `image-mirror stream mirror` and the stream that pins it"
                .to_owned(),
        )
    }
}
