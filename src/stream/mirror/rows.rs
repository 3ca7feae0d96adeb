//! What became of each artifact in each destination.

use std::sync::Arc;
use std::time::Duration;

use super::order::Order;
use super::side::Side;
use super::transfer::Done;
use crate::model::{Locator, Moved, Origin, Outcome, Row};
use crate::redact::SafeUrl;
use crate::stream::plan::Wanted;

/// The rows of a file in one destination: one for each artifact that it is. Only the first of them moved anything.
pub(super) fn of(order: &Order<'_>, side: &Side<'_>, wanted: &Wanted, done: &Done) -> Vec<Row> {
    let rows = wanted.artifacts.iter().enumerate().map(|(at, artifact)| {
        let mut row = plain(order, side, wanted, *artifact, done.outcome.clone());
        row.note.clone_from(&done.note);
        row.attempts = row.attempts.max(done.attempts);
        row.elapsed = done.elapsed;
        row.moved = if at == 0 { done.moved } else { Moved::default() };
        row
    });
    rows.collect()
}

fn plain(order: &Order<'_>, side: &Side<'_>, wanted: &Wanted, artifact: usize, outcome: Outcome) -> Row {
    let stream = order.document.stream();
    let place = stream.artifacts.get(artifact).map(|artifact| artifact.place.to_string());
    let origin =
        Origin::Artifact { file: Arc::clone(&stream.file), artifact: place.unwrap_or_default().into() };
    let source = Locator::Url(SafeUrl::new(wanted.source.clone()));
    let target = side.store.locator(&wanted.key);
    let mut row = Row::of_nothing(origin, None, (source, target), outcome);
    row.digest = Some(wanted.sha256.clone());
    row.previous = side.held.digests.get(&wanted.key).cloned();
    row
}

/// The row of something that a run writes beside files: a list of sums, a mark, a stream file.
pub(super) fn besides(directory: &str, (source, target): (&str, Locator), outcome: Outcome) -> Row {
    let origin = Origin::Directory { directory: directory.into() };
    let mut row = Row::of_nothing(origin, None, (Locator::Text(source.into()), target), outcome);
    row.elapsed = Duration::ZERO;
    row
}
