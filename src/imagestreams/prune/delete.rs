//! Deletes tags, a few at a time, and gives back a row for each, whatever happens.

use std::sync::{Arc, OnceLock};

use futures_util::{StreamExt as _, stream};
use tokio::time::Instant;

use super::{Order, Pruned, Watch};
use crate::error::{Blame, Class, Classify, Failure, Stage};
use crate::model::{Host, ImageRef, Moved, Outcome, Row, Skip, Tag, Version};
use crate::registry::{self, Client, DeleteBy, TagDeletion, counted};

/// The registry refuses to delete a tag without what is under it.
#[derive(Debug, thiserror::Error)]
#[error("`{host}` cannot delete a tag alone")]
struct Unable {
    host: Host,
    by: DeleteBy,
    #[source]
    answer: registry::Error,
}

impl Classify for Unable {
    fn class(&self) -> Class {
        Class::Protocol
    }

    fn advice(&self) -> Option<String> {
        let Self { host, by, .. } = self;
        Some(match by {
            DeleteBy::Distribution => format!(
                "nothing was lost, and nothing more was asked for: `{host}` deletes a tag only with its manifest, which \
                 other tags may need; of a Quay, pass `--quay-token-file`; Distribution can do it from version 3 on"
            ),
            DeleteBy::Quay => format!(
                "nothing was lost, and nothing more was asked for: see that `{host}` is a Quay and the repository one \
                 that may be written to"
            ),
        })
    }

    fn blame(&self) -> Option<Blame> {
        Some(Blame::Host { host: self.host.as_str().into(), what: self.to_string().into() })
    }
}

/// The registry says that a tag is not there, and it is.
#[derive(Debug, thiserror::Error)]
#[error("`{host}` says that there is no such tag (status 404), and has it")]
struct StillThere {
    host: Host,
}

impl Classify for StillThere {
    fn class(&self) -> Class {
        Class::Protocol
    }

    fn advice(&self) -> Option<String> {
        Some(format!(
            "`{}` does not know this way to delete a tag, or hides the repository from the login: with \
             `--quay-token-file` see that it is a Quay and that the token may write to the repository",
            self.host
        ))
    }

    fn blame(&self) -> Option<Blame> {
        let what = format!("`{}` says of tags that it has that they are not there", self.host);
        Some(Blame::Host { host: self.host.as_str().into(), what: what.into() })
    }
}

/// One run's deletions.
struct Deletions<'a> {
    order: &'a Order,
    client: &'a Client,
    by: DeleteBy,
    watch: Watch<'a>,
    /// Set once the registry says that it cannot delete a tag alone: all tags fail for that.
    unable: OnceLock<Failure>,
}

/// Deletes `tags`. The first goes alone: a registry that cannot do it is asked once.
pub(super) async fn all(
    order: &Order,
    by: DeleteBy,
    (client, tags, watch): (&Client, Vec<Tag>, Watch<'_>),
    pruned: &mut Pruned,
) {
    let deletions = Deletions { order, client, by, watch, unable: OnceLock::new() };
    let mut tags = tags.into_iter();
    if let Some(first) = tags.next() {
        pruned.rows.push(deletions.row(first).await);
    }
    let rows = stream::iter(tags).map(|tag| deletions.row(tag)).buffer_unordered(order.jobs);
    pruned.rows.extend(rows.collect::<Vec<_>>().await);
    pruned.is_unable = deletions.unable.get().is_some();
}

impl Deletions<'_> {
    async fn row(&self, tag: Tag) -> Row {
        let began = Instant::now();
        let (outcome, requests) = counted(Box::pin(self.outcome(&tag))).await;
        let attempts = if let Outcome::Failed(failure) = &outcome { failure.attempts } else { 1 };
        let row = Row {
            moved: Moved { requests, ..Moved::default() },
            attempts,
            elapsed: began.elapsed(),
            ..self.order.row(Some(&tag), outcome)
        };
        self.watch.observer.finished(&row);
        row
    }

    async fn outcome(&self, tag: &Tag) -> Outcome {
        if let Some(failure) = self.unable.get() {
            return Outcome::Failed(failure.clone());
        }
        let stop = self.watch.stop;
        if stop.gently.is_cancelled() {
            return Outcome::Unfinished(stop.cause());
        }
        let deleted = stop.now.run_until_cancelled(self.delete(tag)).await;
        deleted.unwrap_or_else(|| Outcome::Unfinished(stop.cause()))
    }

    async fn delete(&self, tag: &Tag) -> Outcome {
        match self.client.delete_tag(&self.order.repository, tag, self.by).await {
            Ok(TagDeletion::Deleted) => Outcome::Deleted,
            Ok(TagDeletion::Absent { again }) => Box::pin(self.absent(tag, again)).await,
            Err(error) => self.failed(error),
        }
    }

    /// What is not there was in the list a moment ago; what does not know the request says the same, so it is looked at.
    async fn absent(&self, tag: &Tag, again: bool) -> Outcome {
        let image = ImageRef::new(self.order.repository.clone(), Version::Tag(tag.clone()));
        match self.client.head_manifest(&image).await {
            Ok(None) if again => Outcome::Deleted,
            Ok(None) => Outcome::Skipped(Skip::Gone),
            Ok(Some(_)) => {
                let host = self.order.repository.host.clone();
                Outcome::Failed(Failure::new(Stage::Delete, StillThere { host }))
            }
            Err(error) => ended(error),
        }
    }

    fn failed(&self, error: registry::Error) -> Outcome {
        if error.refuses_tag_deletion() {
            let host = self.order.repository.host.clone();
            let unable = Arc::new(Unable { host, by: self.by, answer: error });
            return Outcome::Failed(
                self.unable.get_or_init(|| Failure::shared(Stage::Delete, &unable)).clone(),
            );
        }
        ended(error)
    }
}

/// What a tag comes to for `error`.
fn ended(error: registry::Error) -> Outcome {
    let failure = Failure::new(Stage::Delete, error);
    Outcome::of_failure(failure)
}
