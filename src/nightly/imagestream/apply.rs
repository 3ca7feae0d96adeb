//! Makes ImageStreams what their definitions say, and reads back whether they are.

use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use futures_util::future::join_all;
use serde_json::Value;
use tokio::time::Instant;

use super::artifacts::write_object;
use super::backend::{Backend, BackendError, Put};
use super::definition::{Definition, TagDefinition};
use super::import::{Import, ImportFailed, Waiting};
use super::merge::{Merge, Merged, merge};
use super::rows;
use super::verify::{NotApplied, Unverified, compare};
use crate::engine::Stop;
use crate::error::{Chain, Class, Classify, Failure, Stage};
use crate::model::{Cause, Outcome, Reason, Row, Skip, Update};
use crate::nightly::StreamName;

/// How often an ImageStream is written that others change at the same time.
const TRIES: u32 = 5;
/// At most so long, at random, before it is tried again; longer each time.
const PAUSE: Duration = Duration::from_millis(500);

/// How ImageStreams are to be written.
#[derive(Debug, Clone)]
pub struct Options {
    /// Where objects are put as they were before, and as they are to be after.
    pub artifacts: PathBuf,
    /// How long a cluster has to import what is new; none: that is not waited for.
    pub wait_import: Option<Duration>,
    /// Once asked, nothing is begun.
    pub stop: Stop,
}

/// Others changed an ImageStream each time it was to be written.
#[derive(Debug, thiserror::Error)]
#[error("someone else changed {0} each time it was about to be written")]
struct Contended(StreamName);

impl Classify for Contended {
    fn class(&self) -> Class {
        Class::Transient
    }

    fn attempts(&self) -> u32 {
        TRIES
    }

    fn advice(&self) -> Option<String> {
        Some("see what else writes it, perhaps another run of this job, then run again".to_owned())
    }
}

/// What one ImageStream is to become.
#[derive(Clone, Copy)]
pub(in crate::nightly) struct Change<'a> {
    /// Which one.
    pub(in crate::nightly) name: &'a StreamName,
    /// What it is made of, as reports have it.
    pub(in crate::nightly) source: &'a str,
    /// The tags that are written, and read back afterwards.
    pub(in crate::nightly) tags: &'a [TagDefinition],
    /// What becomes of the object that is there (none: there is none); asked anew when someone else changed it meanwhile.
    pub(in crate::nightly) merge: &'a (dyn Fn(Option<&Value>) -> Merge + Sync),
}

/// Writes what differs, all ImageStreams at the same time; one that fails hurts no other. A row for each, in the order of
/// `definitions`, and after it one for each of its tags that is not as it should be.
pub async fn apply(backend: &dyn Backend, definitions: &[Definition], options: &Options) -> Vec<Row> {
    let rows = definitions.iter().map(|definition| async move {
        let (name, source, tags) = (&definition.name, &*definition.file_name(), &*definition.tags);
        let merge = |live: Option<&Value>| merge(live, definition);
        change(backend, Change { name, source, tags, merge: &merge }, options).await
    });
    join_all(rows).await.concat()
}

/// As [`apply`], of one ImageStream, whatever it is to become.
pub(in crate::nightly) async fn change(
    backend: &dyn Backend,
    change: Change<'_>,
    options: &Options,
) -> Vec<Row> {
    Applying { backend, change, options }.rows().await
}

/// One ImageStream on its way.
struct Applying<'a> {
    backend: &'a dyn Backend,
    change: Change<'a>,
    options: &'a Options,
}

/// What was written.
struct Written {
    merged: Merged,
    /// None: nothing was to be written.
    update: Option<Outcome>,
    /// The object that was written, among the artifacts.
    artifact: Option<PathBuf>,
}

impl Applying<'_> {
    async fn rows(self) -> Vec<Row> {
        let began = Instant::now();
        let stop = &self.options.stop;
        let mut rows = tokio::select! {
            biased;
            () = stop.now.cancelled() => vec![self.row(Outcome::Unfinished(stop.cause()))],
            rows = self.applied() => rows,
        };
        for row in &mut rows {
            row.elapsed = began.elapsed();
        }
        rows
    }

    fn row(&self, outcome: Outcome) -> Row {
        rows::of_stream(self.backend, (self.change.name, self.change.source), outcome)
    }

    async fn applied(&self) -> Vec<Row> {
        let written = match self.write().await {
            Ok(written) => written,
            Err(outcome) => return vec![self.row(outcome)],
        };
        self.tell(&written.merged);
        let failed = self.prune(&written.merged.pruned).await;
        let mut rows = if written.is_nothing() {
            vec![self.row(Outcome::Kept)]
        } else {
            match self.backend.get(self.change.name).await {
                Ok(now) => self.verified(&written, failed, now.as_ref()),
                Err(error) => return vec![self.row(failure(Stage::Verify, error))],
            }
        };
        let is_applied = rows.iter().all(|row| !matches!(row.outcome, Outcome::Failed(_)));
        if let Some(patience) = self.options.wait_import
            && is_applied
            && self.backend.imports()
        {
            rows.extend(self.imported(&written.merged, patience).await);
        }
        rows
    }

    async fn write(&self) -> Result<Written, Outcome> {
        let mut artifact = None;
        for tries in 1..=TRIES {
            self.unless_stopped()?;
            let live = self.backend.get(self.change.name).await;
            let live = live.map_err(|error| failure(Stage::Plan, error))?;
            let Merge::Merged(merged) = (self.change.merge)(live.as_ref()) else {
                tracing::warn!("{} is locked: it is left as it is", self.change.name);
                return Err(Outcome::Skipped(Skip::Locked));
            };
            if !merged.changes {
                // After a conflict: someone else wrote the same, or we did, and the answer was lost.
                let update = artifact.is_some().then_some(Outcome::Updated(Update::ImageStream));
                return Ok(Written { merged: *merged, update, artifact });
            }
            artifact = Some(self.keep_artifacts(live.as_ref(), &merged.object)?);
            self.unless_stopped()?;
            let put = self.backend.put(self.change.name, live.as_ref(), &merged.object).await;
            if put.map_err(|error| failure(Stage::Transfer, error))? == Put::Stored {
                let changed = |_| Outcome::Updated(Update::ImageStream);
                let update = Some(live.map_or(Outcome::Copied(Reason::Absent), changed));
                return Ok(Written { merged: *merged, update, artifact });
            }
            tracing::debug!(tries, "{} was changed by someone else: merging anew", self.change.name);
            tokio::time::sleep(PAUSE.mul_f64(f64::from(tries) * fastrand::f64())).await;
        }
        Err(Outcome::Failed(Failure::new(Stage::Transfer, Contended(self.change.name.clone()))))
    }

    fn unless_stopped(&self) -> Result<(), Outcome> {
        let stop = &self.options.stop;
        if stop.gently.is_cancelled() { Err(Outcome::Unfinished(stop.cause())) } else { Ok(()) }
    }

    /// What is there is kept before it is replaced; else nothing is. Gives back the file of what it is to be.
    fn keep_artifacts(&self, live: Option<&Value>, object: &Value) -> Result<PathBuf, Outcome> {
        let write = |when, object| write_object(&self.options.artifacts, self.change.name, when, object);
        let before = live.map_or(Ok(()), |live| write("before", live).map(drop));
        let after = before.and_then(|()| write("after", object));
        after.map_err(|error| Outcome::Failed(Failure::new(Stage::Plan, error)))
    }

    fn tell(&self, merged: &Merged) {
        let Merged { added, changed, pruned, reverted, warnings, .. } = merged;
        let (name, [added, changed, pruned, reverted]) =
            (self.change.name, [added.len(), changed.len(), pruned.len(), reverted.len()]);
        tracing::info!(
            "{name}: {added} tags added, {changed} changed, {pruned} to delete, {reverted} stay reverted"
        );
        for warning in warnings {
            tracing::warn!("{warning}");
        }
    }

    /// Deletes tags, each by itself; what failed.
    async fn prune(&self, tags: &[Arc<str>]) -> HashMap<Arc<str>, BackendError> {
        let mut failed = HashMap::new();
        for tag in tags {
            if let Err(error) = self.backend.delete_tag(self.change.name, tag).await {
                tracing::warn!("{}:{tag} was not deleted: {}", self.change.name, Chain(&error));
                failed.insert(Arc::clone(tag), error);
            }
        }
        failed
    }

    /// The row of the ImageStream, and those of its tags that are not as they were to be.
    fn verified(
        &self,
        written: &Written,
        mut failed: HashMap<Arc<str>, BackendError>,
        now: Option<&Value>,
    ) -> Vec<Row> {
        let Unverified { stream, tags, left } = compare(now, &written.merged, self.change.tags);
        let mut rows = match &written.artifact {
            Some(artifact) => self.verified_write(stream, &tags, artifact),
            // Without a write nothing but the deletions is ours.
            None => Vec::new(),
        };
        if rows.is_empty() {
            let update = written.update.clone().unwrap_or(Outcome::Updated(Update::ImageStream));
            rows.push(self.row(update));
        }
        rows.extend(
            left.iter().map(|tag| rows::of_gone(self.change.name, tag, self.left(tag, failed.remove(tag)))),
        );
        rows
    }

    /// None: all is as it was written.
    fn verified_write(
        &self,
        stream: Option<String>,
        tags: &[(Arc<str>, String)],
        artifact: &Path,
    ) -> Vec<Row> {
        let name = self.change.name;
        let not_applied = |what: String| {
            let advice = self.backend.by_hand(name, artifact);
            Outcome::Failed(Failure::new(Stage::Verify, NotApplied { what, advice }))
        };
        let told = |what: &String| not_applied(format!("the tag was written without an error, and {what}"));
        let Some(what) = stream else { return Vec::new() };
        let mut rows =
            vec![self.row(not_applied(format!("{name} was written without an error, and {what}")))];
        for (tag, what) in tags {
            let defined = self.change.tags.iter().find(|defined| defined.name == *tag);
            rows.extend(defined.map(|defined| rows::of_tag(self.change.name, defined, told(what))));
        }
        rows
    }

    /// What became of a tag that should be gone and is not.
    fn left(&self, tag: &str, error: Option<BackendError>) -> Outcome {
        if let Some(error) = error {
            return failure(Stage::Delete, error);
        }
        let StreamName { namespace, name } = self.change.name;
        let what = "the tag was deleted without an error, and is still there".to_owned();
        let advice =
            format!("delete it by hand with `oc delete -n {namespace} istag {name}:{tag}`, then run again");
        Outcome::Failed(Failure::new(Stage::Delete, NotApplied { what, advice }))
    }

    /// A row for each tag whose image is not imported in time.
    async fn imported(&self, merged: &Merged, patience: Duration) -> Vec<Row> {
        let changed = merged.changed.iter().map(|change| &change.tag);
        let fresh = changed.chain(&merged.added).map(|tag| &**tag).collect();
        let (backend, stop, Change { name, tags, .. }) = (self.backend, &self.options.stop, self.change);
        let open = match (Waiting { backend, name, tags, fresh, patience, stop }).wait().await {
            Ok(open) => open,
            Err(error) => return vec![self.row(failure(Stage::Verify, error))],
        };
        let row = |(at, import): (usize, Import)| {
            let outcome = match import {
                Import::Failed(why) => Outcome::Failed(Failure::new(Stage::Verify, ImportFailed(why))),
                _ if stop.gently.is_cancelled() => Outcome::Unfinished(stop.cause()),
                _ => Outcome::Unfinished(Cause::TimedOut {
                    after: patience,
                    awaited: "the cluster to import the image".into(),
                }),
            };
            rows::of_tag(name, &tags[at], outcome)
        };
        open.into_iter().map(row).collect()
    }
}

impl Written {
    fn is_nothing(&self) -> bool {
        self.update.is_none() && self.merged.pruned.is_empty()
    }
}

fn failure(stage: Stage, error: BackendError) -> Outcome {
    Outcome::of_failure(Failure::new(stage, error))
}
