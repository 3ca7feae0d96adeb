//! From a mapping set to rows: entries go through the engine, and every wish ends as a row even when the
//! run is stopped before its tags are known.

use std::collections::HashSet;
use std::sync::{Arc, Mutex, PoisonError};

use futures_util::{Stream, StreamExt as _, stream};
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

use super::settings::Copying;
use crate::engine::{Check, Engine, Extent, Observer, Options, SourceCheck, Stop};
use crate::error::{Class, Classify, Failure, Stage};
use crate::mapping::{self, Arrival, Destination, ExpandOptions, Finding, MappingSet, Wish};
use crate::model::{Batch, Cause, Locator, Origin, Outcome, Past, Row, Skip};
use crate::policy::Policies;
use crate::registry::{Client, Role};

/// How entries go through the engine.
pub(super) struct Way<'a> {
    pub(super) copying: &'a Copying,
    /// What may be written.
    pub(super) policies: &'a Policies,
    pub(super) jobs: usize,
    pub(super) extent: Extent,
    /// Targets are in repositories that exist, so one that we may not see is a failure.
    pub(super) visible_targets: bool,
    /// Whether sources still are what entries say.
    pub(super) source_check: Option<SourceCheck>,
    /// When no new entry starts any more.
    pub(super) deadline: Option<Instant>,
    /// Whether entries that would move are told with when their images were made.
    pub(super) dates: bool,
    /// What earlier runs know of the entries, if anybody keeps track.
    pub(super) past: Option<Arc<Past>>,
    pub(super) observer: Arc<dyn Observer>,
    pub(super) stop: Stop,
    /// Told what is found to be wrong on the way, when tags become known.
    pub(super) tell: &'a (dyn Fn(Vec<Finding>) + Send + Sync),
}

/// A wildcard that matches nothing, with `--fail-on-empty-match`.
#[derive(Debug, thiserror::Error)]
#[error("the wildcard matches no tag")]
struct EmptyMatch;

impl Classify for EmptyMatch {
    fn class(&self) -> Class {
        Class::Missing
    }

    fn advice(&self) -> Option<String> {
        Some("correct or remove the line, or run without `--fail-on-empty-match`".to_owned())
    }
}

impl Way<'_> {
    /// Everything that `set` asks for, as rows: exactly one an entry, those that never started included.
    pub(super) async fn take(&self, set: MappingSet, client: &Client) -> Vec<Row> {
        let awaited = awaited(&set);
        let before = Arc::new(Mutex::new(Vec::new()));
        let expand = ExpandOptions { max_wildcard_tags: self.copying.max_wildcard_tags.get() };
        let mut arrivals = Box::pin(mapping::batches(set, client.with_role(Role::Source), expand));
        // What waits for no tag list is known already: it has its rows even where there is no time for anything.
        let known = stream::iter(arrivals.next().await);
        let listed = until(arrivals, self.stop.gently.clone());
        let batches = known.chain(listed).map(|arrival| self.receive(arrival, &before));
        let mut rows = self.take_batches(batches, client).await;
        rows.append(&mut before.lock().unwrap_or_else(PoisonError::into_inner));
        let never = never_started(awaited, &rows, &self.stop.cause());
        rows.extend(never);
        rows
    }

    /// As [`Way::take`], for entries that wait for no tag list.
    pub(super) async fn take_batches(
        &self,
        batches: impl Stream<Item = Batch> + Send,
        client: &Client,
    ) -> Vec<Row> {
        let batches = batches.map(|batch| batch.guarded(|desired| self.policies.guards(desired)));
        Engine::new(client, self.options(), Arc::clone(&self.observer), self.stop.clone()).run(batches).await
    }

    fn options(&self) -> Options {
        Options {
            visible_targets: self.visible_targets,
            source_check: self.source_check.clone(),
            deadline: self.deadline,
            dates: self.dates,
            past: self.past.clone(),
            ..options(self.copying, self.jobs, self.extent)
        }
    }

    /// Keeps the rows of what ended before the engine, and hands on what may start.
    fn receive(&self, arrival: Arrival, before: &Mutex<Vec<Row>>) -> Batch {
        if !arrival.findings.is_empty() {
            (self.tell)(arrival.findings);
        }
        self.observer.announced(arrival.rows.len());
        let mut before = before.lock().unwrap_or_else(PoisonError::into_inner);
        for mut row in arrival.rows {
            if self.copying.fail_on_empty_match
                && matches!(row.outcome, Outcome::Skipped(Skip::MatchedNothing))
            {
                row.outcome = Outcome::Failed(Failure::new(Stage::Read, EmptyMatch));
            }
            self.observer.finished(&row);
            before.push(row);
        }
        arrival.batch
    }
}

/// How the engine is to copy what `copying` says.
pub(super) fn options(copying: &Copying, jobs: usize, extent: Extent) -> Options {
    let check = match (copying.force, copying.verify_content) {
        (true, _) => Check::Rewrite,
        (false, true) => Check::Content,
        (false, false) => Check::Names,
    };
    Options {
        jobs,
        extent,
        check,
        skip_missing: copying.skip_missing,
        skip_mount: copying.skip_mount,
        referrers: copying.referrers,
        filter_by_os: copying.filter_by_os.clone(),
        ..Options::default()
    }
}

/// What `arrivals` gives until `stop`. What they wait for is dropped then, with the permits that it holds, for which
/// entries may be waiting that are to be finished.
fn until<T>(arrivals: impl Stream<Item = T> + Unpin, stop: CancellationToken) -> impl Stream<Item = T> {
    stream::unfold((arrivals, stop), async |(mut arrivals, stop)| {
        let next = stop.run_until_cancelled(arrivals.next()).await??;
        Some((next, (arrivals, stop)))
    })
}

/// Wishes that wait for a tag list: wildcards, and what goes where a wildcard goes.
fn awaited(set: &MappingSet) -> Vec<Wish> {
    let wishes = || set.entries().iter().map(|entry| &entry.wish);
    let of_wildcards: HashSet<&Destination> = wishes()
        .filter_map(|wish| match wish {
            Wish::Wildcard(wildcard) => Some(&wildcard.target),
            Wish::Exact(_) => None,
        })
        .collect();
    let waits = |wish: &&Wish| match wish {
        Wish::Wildcard(_) => true,
        Wish::Exact(desired) => of_wildcards.contains(&Destination::of(&desired.target)),
    };
    wishes().filter(waits).cloned().collect()
}

/// Rows for those of `awaited` that have none.
fn never_started(awaited: Vec<Wish>, rows: &[Row], cause: &Cause) -> Vec<Row> {
    let origins: HashSet<&Origin> = awaited.iter().map(Wish::origin).collect();
    let of_ours = rows.iter().filter(|row| origins.contains(&row.origin));
    let known: HashSet<(Origin, String)> =
        of_ours.flat_map(|row| names(&row.target).map(|name| (row.origin.clone(), name))).collect();
    let is_missing = |wish: &Wish| !known.contains(&(wish.origin().clone(), ends(wish).1.to_string()));
    awaited.into_iter().filter(is_missing).map(|wish| unfinished(&wish, cause)).collect()
}

/// What a target may be asked for as: itself, and the repository or directory that it lies in.
fn names(target: &Locator) -> impl Iterator<Item = String> + use<> {
    let around = match target {
        Locator::Image(image) => Some(image.repository.to_string()),
        Locator::Layout(layout) => Some(Destination::Layout(layout.path.clone()).to_string()),
        Locator::Path(_) | Locator::Url(_) | Locator::Object(_) | Locator::Text(_) => None,
    };
    std::iter::once(target.to_string()).chain(around)
}

fn ends(wish: &Wish) -> (Locator, Locator) {
    match wish {
        Wish::Exact(desired) => (desired.source.clone().into(), desired.target.clone().into()),
        Wish::Wildcard(wildcard) => {
            let source = format!("{}:{}", wildcard.source, wildcard.pattern.as_str());
            (Locator::Text(source.into()), Locator::Text(wildcard.target.to_string().into()))
        }
    }
}

fn unfinished(wish: &Wish, cause: &Cause) -> Row {
    let owner = match wish {
        Wish::Exact(desired) => desired.owner.clone(),
        Wish::Wildcard(wildcard) => wildcard.owner.clone(),
    };
    Row::of_nothing(wish.origin().clone(), owner, ends(wish), Outcome::Unfinished(cause.clone()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::mapping::{Input, ReadOptions};

    fn set(text: &str) -> MappingSet {
        let input = Input::Text { name: "mapping_x".into(), bytes: text.as_bytes().to_vec() };
        mapping::read(&[input], &ReadOptions::default()).unwrap()
    }

    #[test]
    fn a_wish_whose_tags_were_never_known_is_a_row_all_the_same() {
        let set = set("q.io/a/b:* q.io/t/b\nq.io/c/d:v1 q.io/t/b:v9\nq.io/e/f:v1 q.io/t/f:v1\n");
        let awaited = awaited(&set);
        assert_eq!(awaited.len(), 2, "the third line waits for nothing");
        let rows = never_started(awaited.clone(), &[], &Cause::Interrupted);
        let targets: Vec<_> = rows.iter().map(|row| row.target.to_string()).collect();
        assert_eq!(targets, ["q.io/t/b", "q.io/t/b:v9"]);
        assert!(rows.iter().all(|row| matches!(row.outcome, Outcome::Unfinished(Cause::Interrupted))));
        assert!(never_started(awaited, &rows, &Cause::Interrupted).is_empty(), "a wish had two rows");
    }

    #[test]
    fn a_wildcard_that_was_expanded_is_not_reported_again() {
        let awaited = awaited(&set("q.io/a/b:* q.io/t/b\n"));
        let mut row = unfinished(&awaited[0], &Cause::Deadline);
        let image = crate::model::Reference::parse("q.io/t/b:v1").unwrap();
        let version = crate::model::Version::Tag(image.tag.unwrap());
        row.target = Locator::Image(crate::model::ImageRef::new(image.repository, version));
        assert!(never_started(awaited, &[row], &Cause::Deadline).is_empty());
    }
}
