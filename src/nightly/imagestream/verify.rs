//! Whether what was written is what is there: servers have taken objects without an error and changed nothing.

use std::sync::Arc;

use serde_json::Value;

use super::definition::TagDefinition;
use super::merge::Merged;
use super::object::{annotation, difference, has_tag, image_of, spec_tag};
use crate::error::{Class, Classify};
use crate::nightly::annotations::INCONSISTENCY;

/// So many tags are named in one sentence.
const NAMED: usize = 3;

/// What was written without an error, and is not there.
#[derive(Debug, thiserror::Error)]
#[error("not-applied: {what}")]
pub(super) struct NotApplied {
    /// What is there instead.
    pub(super) what: String,
    /// What a person does about it.
    pub(super) advice: String,
}

impl Classify for NotApplied {
    fn class(&self) -> Class {
        Class::Protocol
    }

    fn advice(&self) -> Option<String> {
        Some(self.advice.clone())
    }
}

/// What is not as it was written.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Unverified {
    /// What is wrong with the ImageStream, its tags included that were to be there; none: nothing.
    pub(super) stream: Option<String>,
    /// The tags that are not as they were written, and what they are.
    pub(super) tags: Vec<(Arc<str>, String)>,
    /// The tags that should be gone.
    pub(super) left: Vec<Arc<str>>,
}

/// Holds what is there now (none: nothing) against what was written, these `tags` of it.
pub(super) fn compare(now: Option<&Value>, merged: &Merged, tags: &[TagDefinition]) -> Unverified {
    let Some(now) = now else {
        return Unverified { stream: Some("it is not there".to_owned()), ..Unverified::default() };
    };
    let (all, names) = (tags.len(), tags.iter().map(|tag| &tag.name));
    let tags: Vec<_> =
        names.filter_map(|name| Some((Arc::clone(name), wrong(now, &merged.object, name)?))).collect();
    let left = merged.pruned.iter().filter(|tag| has_tag(now, tag)).cloned().collect();
    let is_annotated = annotation(now, INCONSISTENCY) == annotation(&merged.object, INCONSISTENCY);
    let annotated = (!is_annotated).then(|| format!("its annotation `{INCONSISTENCY}` is another"));
    let stream = (!tags.is_empty()).then(|| several(&tags, all)).or(annotated);
    Unverified { stream, tags, left }
}

/// What is wrong with a tag; none: nothing.
fn wrong(now: &Value, written: &Value, name: &str) -> Option<String> {
    let wanted = spec_tag(written, name)?;
    let Some(found) = spec_tag(now, name) else { return Some("it is not there".to_owned()) };
    let image = |tag| image_of(tag).unwrap_or("nothing").to_owned();
    Some(match difference(found, wanted)? {
        _ if image_of(found) != image_of(wanted) => format!("it is {}", image(found)),
        other => format!("{other} is not what was written"),
    })
}

fn several(tags: &[(Arc<str>, String)], all: usize) -> String {
    let names: Vec<&str> = tags.iter().take(NAMED).map(|(name, _)| &**name).collect();
    let more = if tags.len() > NAMED { ", …" } else { "" };
    format!("{} of {all} tags are not what was written ({}{more})", tags.len(), names.join(", "))
}
