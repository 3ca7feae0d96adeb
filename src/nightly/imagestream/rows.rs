//! Rows of ImageStreams and of their tags.

use super::backend::Backend;
use super::definition::TagDefinition;
use crate::model::{Locator, Outcome, Row};
use crate::nightly::StreamName;

/// The row of an ImageStream: what it is made of (a file among the artifacts, where there is one), and where it is.
pub(in crate::nightly) fn of_stream(
    backend: &dyn Backend,
    (name, source): (&StreamName, &str),
    outcome: Outcome,
) -> Row {
    let ends = (Locator::Text(source.into()), backend.place(name));
    Row::of_nothing(name.origin(None), None, ends, outcome)
}

/// The row of a tag that was written.
pub(super) fn of_tag(name: &StreamName, tag: &TagDefinition, outcome: Outcome) -> Row {
    let ends = (Locator::Text(tag.from.as_str().into()), target(name, &tag.name));
    Row::of_nothing(name.origin(Some(&tag.name)), None, ends, outcome)
}

/// The row of a tag that should be gone.
pub(super) fn of_gone(name: &StreamName, tag: &str, outcome: Outcome) -> Row {
    let ends = (Locator::Text("".into()), target(name, tag));
    Row::of_nothing(name.origin(Some(tag)), None, ends, outcome)
}

fn target(name: &StreamName, tag: &str) -> Locator {
    Locator::Text(format!("{name}:{tag}").into())
}
