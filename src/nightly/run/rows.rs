//! Rows of what ended before anything was looked at or written.

use std::sync::Arc;

use crate::error::{Class, Classify, Failure, Stage};
use crate::model::{Locator, Origin, Outcome, Row};
use crate::nightly::issue::{Code, Issue};
use crate::nightly::payload::Payload;

/// An inconsistency that nothing permits.
#[derive(Debug, thiserror::Error)]
#[error("{}: {}", .0.code, .0.message)]
pub(super) struct Inconsistent(pub(super) Issue);

impl Classify for Inconsistent {
    fn class(&self) -> Class {
        Class::Invalid
    }

    fn advice(&self) -> Option<String> {
        let Issue { code, component, .. } = &self.0;
        Some(if *code == Code::Impermissible {
            "mend it: no permit allows it".to_owned()
        } else {
            format!(
                "mend it, or add the permit `{{code: {code}, component: {component}}}` to the payload file"
            )
        })
    }
}

/// The row of something wrong with `component` of the payload.
pub(super) fn wrong(payload: &Payload, component: &str, outcome: Outcome) -> Row {
    let line = line_of(payload, component);
    let origin = Origin::Line { file: Arc::clone(&payload.file), line };
    of(payload, origin, component, outcome)
}

/// As [`wrong`], where the place in the file is known.
pub(super) fn of(payload: &Payload, origin: Origin, component: &str, outcome: Outcome) -> Row {
    let target = format!("the payload of {} for the assembly {}", payload.version, payload.assembly.name);
    let ends = (Locator::Text(component.into()), Locator::Text(target.into()));
    Row::of_nothing(origin, None, ends, outcome)
}

/// The failure of something that keeps the payload from being made.
pub(super) fn failed(error: impl Classify) -> Outcome {
    Outcome::Failed(Failure::new(Stage::Plan, error))
}

/// Where a component is in the file; 0: nowhere by itself.
fn line_of(payload: &Payload, component: &str) -> u32 {
    let image = payload.images.iter().find(|image| *image.name == *component);
    let container = || payload.rhcos.containers.iter().find(|container| *container.name == *component);
    image.map(|image| image.line).or_else(|| container().map(|container| container.line)).unwrap_or_default()
}
