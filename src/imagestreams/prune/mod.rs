//! Deletes the tags that kept an image for a while, once they are old enough: the tags alone, by their names.
//!
//! 1. [`tag`]: what a name says of its age.
//! 2. [`plan`]: which tags are old enough, and whether so many may be deleted.
//! 3. `delete`: deletes them, each a row.
//!
//! What decides is the list of tags and the time that is handed in, so that a dry run says what a run would do.

mod delete;
pub mod plan;
pub mod tag;

use std::sync::Arc;
use std::time::SystemTime;

pub use plan::{Bounds, Plan, Rule};
pub use tag::{Dated, Scheme};

use crate::engine::{Observer, Stop};
use crate::error::{Class, Failure, Stage};
use crate::model::{ImageRef, Locator, Moved, Origin, Outcome, Reason, Repository, Row, Skip, Tag, Version};
use crate::registry::{self, Client, DeleteBy, counted};

/// What is to be done.
#[derive(Debug, Clone)]
pub struct Order {
    /// Where.
    pub repository: Repository,
    /// Which tags.
    pub rule: Rule,
    /// How many at most.
    pub bounds: Bounds,
    /// By which API; none: nothing is deleted, and rows say what would be.
    pub by: Option<DeleteBy>,
    /// Requests that may be due at a time; the registry's own limits hold besides.
    pub jobs: usize,
}

/// What became of it.
#[derive(Debug, Default)]
pub struct Pruned {
    /// One for each tag that was, would be or could not be deleted. Tags that are to be kept have none.
    pub rows: Vec<Row>,
    /// A bound was passed, and nothing was deleted.
    pub is_guarded: bool,
    /// The registry cannot delete a tag alone, and nothing more was asked of it.
    pub is_unable: bool,
}

/// Who is told, and who says when to stop.
#[derive(Debug, Clone, Copy)]
pub struct Watch<'a> {
    /// Told of each row.
    pub observer: &'a dyn Observer,
    /// No new tag is deleted, or nothing is waited for, when it says so.
    pub stop: &'a Stop,
}

/// Deletes the tags of a repository that are too old `now`, with the credentials of `client`.
pub async fn prune(client: &Client, order: &Order, now: SystemTime, watch: Watch<'_>) -> Pruned {
    let listed = watch.stop.gently.run_until_cancelled(counted(client.tags(&order.repository))).await;
    let tags = match listed {
        Some((Ok(tags), _)) => tags,
        Some((Err(error), requests)) => {
            let outcome = Outcome::of_failure(order.unlisted(error));
            let moved = Moved { requests, ..Moved::default() };
            return unlisted(Row { moved, ..order.row(None, outcome) }, watch);
        }
        None => return unlisted(order.row(None, Outcome::Unfinished(watch.stop.cause())), watch),
    };
    let plan = Plan::of(tags, order.rule, now);
    order.tell(&plan);
    order.carry_out(client, plan, watch).await
}

impl Order {
    async fn carry_out(&self, client: &Client, plan: Plan, watch: Watch<'_>) -> Pruned {
        let refusal = plan.refusal(self.bounds);
        let skipped = plan.undated.iter().map(|tag| self.row(Some(tag), Outcome::Skipped(Skip::NoSuchDate)));
        let mut pruned = Pruned { rows: skipped.collect(), ..Pruned::default() };
        watch.observer.announced(pruned.rows.len() + plan.expired.len());
        pruned.rows.iter().for_each(|row| watch.observer.finished(row));
        let outcome = match (refusal, self.by) {
            (Some(refusal), _) => {
                // Once, and not for each of what may be all tags.
                tracing::error!("{}: {refusal}; nothing is deleted", self.repository);
                pruned.is_guarded = true;
                Outcome::Refused(refusal)
            }
            (None, Some(by)) => {
                delete::all(self, by, (client, plan.expired, watch), &mut pruned).await;
                return pruned;
            }
            (None, None) => Outcome::Planned(Reason::Expired),
        };
        pruned.rows.extend(plan.expired.iter().map(|tag| self.row(Some(tag), outcome.clone())));
        pruned
    }

    /// What it comes to that the tags could not be listed.
    fn unlisted(&self, error: registry::Error) -> Failure {
        let mut failure = Failure::new(Stage::Read, error);
        if failure.class == Class::Missing {
            let repository = &self.repository;
            let advice =
                format!("check the name: `{repository}` does not exist, or this login may not know of it");
            failure.advice = Some(advice.into());
        }
        failure
    }

    fn tell(&self, plan: &Plan) {
        let Plan { expired, undated, kept, others } = plan;
        tracing::info!(
            "{}: {} tags: {} old enough to be deleted, {kept} not old enough, {} without a date that exists, {others} of \
             other names",
            self.repository,
            plan.tags(),
            expired.len(),
            undated.len()
        );
    }

    /// The row of a tag, or of the repository where its tags are not known.
    fn row(&self, tag: Option<&Tag>, outcome: Outcome) -> Row {
        let target = match tag {
            Some(tag) => Locator::Image(ImageRef::new(self.repository.clone(), Version::Tag(tag.clone()))),
            None => Locator::Text(self.repository.to_string().into()),
        };
        let origin = Origin::Repository { repository: self.repository.to_string().into() };
        Row::of_nothing(origin, None, (Locator::Text(Arc::from("")), target), outcome)
    }
}

fn unlisted(row: Row, watch: Watch<'_>) -> Pruned {
    watch.observer.announced(1);
    watch.observer.finished(&row);
    Pruned { rows: vec![row], ..Pruned::default() }
}
