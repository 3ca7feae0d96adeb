//! Whether a cluster has imported the images that tags name.

use std::collections::HashSet;
use std::time::Duration;

use serde_json::Value;
use tokio::time::Instant;

use super::backend::{Backend, BackendError, Put};
use super::definition::TagDefinition;
use super::object::{change_at, name_of, spec_tag, status_tag};
use crate::engine::Stop;
use crate::error::{Class, Classify};
use crate::nightly::StreamName;

/// How often is looked whether all is imported.
const PAUSE: Duration = Duration::from_secs(5);

/// How far the import of a tag is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Import {
    /// What the tag names is what was imported.
    Done,
    /// It is under way.
    Pending,
    /// It failed of this, in the cluster's words.
    Failed(String),
}

/// The import of a tag failed, and was not made good while we waited.
#[derive(Debug, thiserror::Error)]
#[error("the cluster could not import the image: {0}")]
pub(super) struct ImportFailed(pub(super) String);

impl Classify for ImportFailed {
    fn class(&self) -> Class {
        Class::Transient
    }

    fn advice(&self) -> Option<String> {
        Some(
            "the tag is written, and nothing is under it: see that the image is there and that the cluster may pull it \
             (`oc describe` of the ImageStream says more), then run again: a failed import is asked for once more"
                .to_owned(),
        )
    }
}

/// How far the import of the tag `name` is.
pub(super) fn import_of(object: &Value, name: &str) -> Import {
    let generation = |value: &Value| value.get("generation").and_then(Value::as_i64);
    let wanted = spec_tag(object, name).and_then(generation).unwrap_or(0);
    let status = status_tag(object, name);
    let list = |field: &str| status.and_then(|tag| tag.get(field)?.as_array()).map_or(&[][..], Vec::as_slice);
    let is_failure = |condition: &&Value| {
        let says = |field: &str, word: &str| condition.get(field).and_then(Value::as_str) == Some(word);
        says("type", "ImportSuccess")
            && says("status", "False")
            && generation(condition).is_none_or(|of| of >= wanted)
    };
    if let Some(failure) = list("conditions").iter().find(is_failure) {
        let message = failure.get("message").and_then(Value::as_str);
        return Import::Failed(message.unwrap_or("it does not say why").to_owned());
    }
    match list("items").first() {
        Some(newest) if generation(newest).unwrap_or(0) >= wanted => Import::Done,
        _ => Import::Pending,
    }
}

/// The object to write for these tags to be imported once more.
fn again(object: &Value, tags: &HashSet<&str>) -> Value {
    let mut object = object.clone();
    let Some(fields) = object.as_object_mut() else { return object };
    fields.remove("status");
    change_at(fields, "spec", |spec| {
        let all = spec.get_mut("tags").and_then(Value::as_array_mut).into_iter().flatten();
        for tag in all.filter(|tag| name_of(tag).is_some_and(|name| tags.contains(name))) {
            tag["generation"] = 0.into();
        }
    });
    object
}

/// Waits for the imports of one ImageStream.
#[derive(Debug)]
pub(super) struct Waiting<'a> {
    pub(super) backend: &'a dyn Backend,
    pub(super) name: &'a StreamName,
    /// The tags whose images are waited for.
    pub(super) tags: &'a [TagDefinition],
    /// Tags that were written just now: who imports them is at it.
    pub(super) fresh: HashSet<&'a str>,
    pub(super) patience: Duration,
    pub(super) stop: &'a Stop,
}

/// A tag, and how far it is.
pub(super) type Open = (usize, Import);

impl Waiting<'_> {
    /// Waits until all is imported, but not for ever; gives back which tags are not. What failed
    /// before this run is asked for once more, since nobody else does.
    pub(super) async fn wait(&self) -> Result<Vec<Open>, BackendError> {
        let until = Instant::now() + self.patience;
        let mut may_ask = true;
        loop {
            let now = self.backend.get(self.name).await?;
            let open = self.open(now.as_ref());
            let is_over = Instant::now() >= until || self.stop.gently.is_cancelled();
            if open.is_empty() || is_over {
                return Ok(open);
            }
            if may_ask && let Some(now) = &now {
                may_ask = !self.ask_again(now, &open).await?;
            }
            let pause = PAUSE.min(until.saturating_duration_since(Instant::now()));
            let _ = tokio::time::timeout(pause, self.stop.gently.cancelled()).await;
        }
    }

    fn open(&self, now: Option<&Value>) -> Vec<Open> {
        let import = |name: &str| now.map_or(Import::Pending, |now| import_of(now, name));
        let all = self.tags.iter().map(|tag| import(&tag.name)).enumerate();
        all.filter(|(_, import)| *import != Import::Done).collect()
    }

    /// Whether that is settled: asked for, or not needed.
    async fn ask_again(&self, now: &Value, open: &[Open]) -> Result<bool, BackendError> {
        let failed = open.iter().filter(|(_, import)| matches!(import, Import::Failed(_)));
        let names = failed.map(|(at, _)| &*self.tags[*at].name);
        let names: HashSet<&str> = names.filter(|name| !self.fresh.contains(name)).collect();
        if names.is_empty() {
            return Ok(true);
        }
        tracing::info!("asking the cluster to import {} tags of {} once more", names.len(), self.name);
        let put = self.backend.put(self.name, Some(now), &again(now, &names)).await?;
        Ok(put == Put::Stored)
    }
}
