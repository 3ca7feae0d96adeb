//! One file on its way to the destinations that lack it: copied where they have it elsewhere, fetched once for all others.

use std::sync::Arc;
use std::time::Duration;

use tokio::time::Instant;

use super::error::MirrorError;
use super::fetch::Fetch;
use super::order::{Order, Setup};
use crate::error::{Failure, Stage};
use crate::model::{Key, Moved, Outcome, Reason};
use crate::objects::{Expected, Kind, Over, Stamp, Store};
use crate::registry::counted;
use crate::stream::plan::Wanted;

/// A destination that lacks a file.
#[derive(Debug, Clone)]
pub(super) struct Lacking<'a> {
    /// Which of the destinations.
    pub(super) number: usize,
    pub(super) store: &'a Store,
    /// What may be replaced there.
    pub(super) over: Over,
    /// A key of it that holds the same bytes.
    pub(super) elsewhere: Option<&'a Key>,
}

/// What became of a file in one destination.
#[derive(Debug, Clone)]
pub(super) struct Done {
    pub(super) number: usize,
    pub(super) outcome: Outcome,
    /// What it is recognised by from now on; none: it is not there.
    pub(super) stamp: Option<Stamp>,
    pub(super) note: Option<Arc<str>>,
    pub(super) moved: Moved,
    /// How often all of it was asked for.
    pub(super) attempts: u32,
    pub(super) elapsed: Duration,
}

/// Brings `wanted` to all that lack it.
pub(super) async fn bring(
    order: &Order<'_>,
    setup: &Setup<'_>,
    wanted: &Wanted,
    lacking: Vec<Lacking<'_>>,
) -> Vec<Done> {
    let began = Instant::now();
    let (near, far): (Vec<_>, Vec<_>) = lacking.into_iter().partition(|lacking| lacking.elsewhere.is_some());
    let mut done = Vec::new();
    for lacking in near {
        done.push(copy(wanted, &lacking).await);
    }
    if !far.is_empty() {
        let mut fetch = Fetch::new(order, setup, wanted, far);
        let ((), requests) = counted(Box::pin(fetch.run())).await;
        // What several share counts once.
        if let Some(first) = fetch.done.first_mut() {
            first.moved.requests += requests;
        }
        done.append(&mut fetch.done);
    }
    for one in &mut done {
        one.elapsed = began.elapsed();
    }
    done
}

/// What is to be there, and how it is served.
pub(super) fn expected(wanted: &Wanted, over: &Over) -> Expected {
    let kind = if wanted.is_immutable { Kind::Immutable } else { Kind::Mutable };
    Expected { sha256: wanted.sha256.clone(), size: None, kind, over: over.clone() }
}

async fn copy(wanted: &Wanted, lacking: &Lacking<'_>) -> Done {
    let from = lacking.elsewhere.unwrap_or(&wanted.key);
    let copied = lacking.store.copy(from, &wanted.key, &expected(wanted, &lacking.over)).await;
    let note = Some(format!("copied from {from} of the same destination").into());
    match copied {
        Ok(stamp) => Done { note, ..Done::new(lacking, Outcome::Copied(lacking.reason()), Some(stamp)) },
        Err(error) => Done::new(lacking, failed(error), None),
    }
}

/// What a failure on the way comes to.
pub(super) fn failed(error: impl Into<MirrorError>) -> Outcome {
    Outcome::of_failure(Failure::new(Stage::Transfer, error.into()))
}

impl Lacking<'_> {
    /// Why it is written.
    pub(super) fn reason(&self) -> Reason {
        if self.over == Over::Nothing { Reason::Absent } else { Reason::Differs }
    }
}

impl Done {
    /// What nothing was moved for.
    pub(super) fn of(number: usize, outcome: Outcome) -> Self {
        let (moved, elapsed) = (Moved::default(), Duration::ZERO);
        Self { number, outcome, stamp: None, note: None, moved, attempts: 1, elapsed }
    }

    /// What became of it where it was lacking.
    pub(super) fn new(lacking: &Lacking<'_>, outcome: Outcome, stamp: Option<Stamp>) -> Self {
        Self { stamp, ..Self::of(lacking.number, outcome) }
    }
}
