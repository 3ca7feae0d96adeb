//! What would become of ImageStreams, found out without a write.

use std::sync::Arc;

use futures_util::future::join_all;
use serde::Serialize;

use super::backend::Backend;
use super::definition::Definition;
use super::merge::{Merge, Merged, TagChange, merge};
use crate::error::{Chain, Failure, Stage};
use crate::model::{Outcome, Reason, Row, Skip};
use crate::nightly::StreamName;

/// What would be done with an ImageStream.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Action {
    /// Nothing: it is as it is to be.
    Keep,
    /// It is not there, and would be made.
    Create,
    /// It would be changed.
    Change,
    /// Nothing: somebody locked it.
    Locked,
    /// It cannot be read.
    Unknown,
}

/// What would become of an ImageStream.
#[derive(Debug, Clone, Serialize)]
pub struct StreamPlan {
    /// Which one.
    pub stream: StreamName,
    /// The file of its definition among the artifacts.
    pub file: String,
    /// Whether other tags than those of the definition stay.
    pub partial: bool,
    /// What would be done.
    pub action: Action,
    /// Tags that are not there.
    pub added: Vec<Arc<str>>,
    /// Tags that would be others.
    pub changed: Vec<TagChange>,
    /// Tags that would go.
    pub pruned: Vec<Arc<str>>,
    /// Tags that stay what somebody took them back to.
    pub reverted: Vec<Arc<str>>,
    /// What a person should know.
    pub warnings: Vec<String>,
    /// Why it cannot be read.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub error: Option<String>,
    /// Its row in the report of a dry run.
    #[serde(skip)]
    pub row: Row,
}

/// What [`apply`](super::apply()) would do, in the order of `definitions`. Only reads.
pub async fn plan(backend: &dyn Backend, definitions: &[Definition]) -> Vec<StreamPlan> {
    join_all(definitions.iter().map(|definition| of_one(backend, definition))).await
}

async fn of_one(backend: &dyn Backend, definition: &Definition) -> StreamPlan {
    let with = |action, outcome| unchanged(definition, action, definition.row(backend, outcome));
    let live = match backend.get(&definition.name).await {
        Ok(live) => live,
        Err(error) => {
            let failure = Failure::new(Stage::Plan, error);
            let error = Some(Chain(failure.cause()).to_string());
            return StreamPlan { error, ..with(Action::Unknown, Outcome::of_failure(failure)) };
        }
    };
    let merged = match merge(live.as_ref(), definition) {
        Merge::Locked => return with(Action::Locked, Outcome::Skipped(Skip::Locked)),
        Merge::Merged(merged) => *merged,
    };
    let plan = match (&live, merged.changes || !merged.pruned.is_empty()) {
        (None, _) => with(Action::Create, Outcome::Planned(Reason::Absent)),
        (Some(_), true) => with(Action::Change, Outcome::Planned(Reason::Differs)),
        (Some(_), false) => with(Action::Keep, Outcome::Kept),
    };
    let Merged { added, changed, pruned, reverted, warnings, .. } = merged;
    StreamPlan { added, changed, pruned, reverted, warnings, ..plan }
}

fn unchanged(definition: &Definition, action: Action, row: Row) -> StreamPlan {
    StreamPlan {
        stream: definition.name.clone(),
        file: definition.file_name(),
        partial: definition.is_partial,
        action,
        added: Vec::new(),
        changed: Vec::new(),
        pruned: Vec::new(),
        reverted: Vec::new(),
        warnings: Vec::new(),
        error: None,
        row,
    }
}
