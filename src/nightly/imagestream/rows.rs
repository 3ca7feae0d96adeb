//! Rows of ImageStreams and of their tags.

use std::sync::Arc;

use super::backend::Backend;
use super::definition::{Definition, TagDefinition};
use crate::model::{Locator, Origin, Outcome, Row};

/// The row of an ImageStream: its file among the artifacts, and where it is.
pub(in crate::nightly) fn of_stream(backend: &dyn Backend, definition: &Definition, outcome: Outcome) -> Row {
    let source = Locator::Text(definition.file_name().into());
    Row::of_nothing(origin(definition, None), None, (source, backend.place(&definition.name)), outcome)
}

/// The row of a tag of the definition.
pub(super) fn of_tag(definition: &Definition, tag: &TagDefinition, outcome: Outcome) -> Row {
    let ends = (Locator::Text(tag.from.as_str().into()), target(definition, &tag.name));
    Row::of_nothing(origin(definition, Some(&tag.name)), None, ends, outcome)
}

/// The row of a tag that should be gone.
pub(super) fn of_gone(definition: &Definition, tag: &Arc<str>, outcome: Outcome) -> Row {
    let ends = (Locator::Text("".into()), target(definition, tag));
    Row::of_nothing(origin(definition, Some(tag)), None, ends, outcome)
}

fn target(definition: &Definition, tag: &str) -> Locator {
    Locator::Text(format!("{}:{tag}", definition.name).into())
}

fn origin(definition: &Definition, tag: Option<&Arc<str>>) -> Origin {
    Origin::ImageStreamTag { stream: definition.name.to_string().into(), tag: tag.cloned() }
}
