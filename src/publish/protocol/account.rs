//! What became of each tag of a publication: its rows.

use std::sync::Arc;

use tokio::time::Instant;

use crate::error::{Chain, Classify as _, Failure, Stage};
use crate::model::{Cause, Digest, ImageRef, Locator, Moved, Origin, Outcome, Refusal, Row, Skip, Tag};
use crate::publish::{Fault, ReleaseVersion};

/// The tags of a publication, in the order in which they are written.
#[derive(Debug)]
pub(super) struct Account {
    product: Arc<str>,
    release: Arc<str>,
    source: ImageRef,
    digest: Option<Digest>,
    started: Instant,
    entries: Vec<Entry>,
    has_begun: bool,
    said: Vec<String>,
    /// Which of them is worked on.
    at: usize,
}

#[derive(Debug)]
struct Entry {
    target: ImageRef,
    previous: Option<Digest>,
    outcome: Option<Outcome>,
    moved: Moved,
}

impl Account {
    /// Nothing is known yet but what is asked for.
    pub(super) fn new(
        (product, version): (&Arc<str>, &ReleaseVersion),
        source: ImageRef,
        target: ImageRef,
    ) -> Self {
        Self {
            product: Arc::clone(product),
            release: version.as_str().into(),
            source,
            digest: None,
            started: Instant::now(),
            entries: vec![Entry::new(target)],
            has_begun: false,
            said: Vec::new(),
            at: 0,
        }
    }

    /// It comes from there.
    pub(super) fn from(&mut self, source: ImageRef) {
        self.source = source;
    }

    /// The tags are these; the first is the unique one.
    pub(super) fn begin(
        &mut self,
        unique: &Tag,
        digest: &Digest,
        targets: impl IntoIterator<Item = ImageRef>,
    ) {
        self.release = unique.as_str().into();
        self.digest = Some(digest.clone());
        self.entries = targets.into_iter().map(Entry::new).collect();
        self.at = 0;
    }

    /// From now on something is done.
    pub(super) fn set_begun(&mut self) {
        self.has_begun = true;
    }

    /// Whether something was done, rather than only looked at.
    pub(super) fn has_begun(&self) -> bool {
        self.has_begun
    }

    /// Adds a line on what is, or would be, done.
    pub(super) fn say(&mut self, line: String) {
        self.said.push(line);
    }

    /// What was said.
    pub(super) fn said(&self) -> Vec<String> {
        self.said.clone()
    }

    /// The tag worked on was this before.
    pub(super) fn was(&mut self, previous: Option<Digest>) {
        if let Some(entry) = self.entries.get_mut(self.at) {
            entry.previous = previous;
        }
    }

    /// This is what became of the tag worked on, so far.
    pub(super) fn became(&mut self, outcome: Outcome, moved: Moved) {
        if let Some(entry) = self.entries.get_mut(self.at) {
            entry.outcome = Some(outcome);
            entry.moved += moved;
        }
    }

    /// The next tag is worked on.
    pub(super) fn go_on(&mut self) {
        self.at += 1;
    }

    /// What becomes of all tags that nothing is known of.
    pub(super) fn rest(&mut self, outcome: &Outcome) {
        for entry in self.entries.iter_mut().filter(|entry| entry.outcome.is_none()) {
            entry.outcome = Some(outcome.clone());
        }
    }

    /// Where it was asked for.
    pub(super) fn origin(&self) -> Origin {
        Origin::Release { product: Arc::clone(&self.product), release: Arc::clone(&self.release) }
    }

    /// The tag worked on met a fault, and the others were not got to.
    pub(super) fn met(&mut self, fault: &Arc<Fault>) {
        let at = self.at.min(self.entries.len().saturating_sub(1));
        if let Some(entry) = self.entries.get_mut(at) {
            entry.outcome = Some(outcome_of(fault));
        }
        match &**fault {
            // All of it, not only the first of its tags.
            Fault::Deferred { .. } => self.rest(&outcome_of(fault)),
            _ => self.rest(&Outcome::Unfinished(Cause::NotAllThere)),
        }
    }

    /// A row for each tag; `requests` were made for all of them.
    pub(super) fn rows(self, requests: u32) -> Vec<Row> {
        let (origin, elapsed) = (self.origin(), self.started.elapsed());
        let source = Locator::Image(self.source);
        let of_entry = |(at, entry): (usize, Entry)| {
            let outcome = entry.outcome.unwrap_or(Outcome::Kept);
            let row = Row::of_nothing(
                origin.clone(),
                None,
                (source.clone(), Locator::Image(entry.target)),
                outcome,
            );
            let mut moved = entry.moved;
            moved.requests = if at == 0 { requests } else { 0 };
            Row { digest: self.digest.clone(), previous: entry.previous, moved, elapsed, ..row }
        };
        self.entries.into_iter().enumerate().map(of_entry).collect()
    }
}

impl Entry {
    fn new(target: ImageRef) -> Self {
        Self { target, previous: None, outcome: None, moved: Moved::default() }
    }
}

/// What a tag comes to that met a fault.
#[must_use]
pub fn outcome_of(fault: &Arc<Fault>) -> Outcome {
    match &**fault {
        Fault::Refused(refused) => {
            let advice = refused.advice().unwrap_or_default().into();
            Outcome::Refused(Refusal::Guarded { why: refused.to_string().into(), advice })
        }
        Fault::NotPassed { .. } => Outcome::Failed(Failure::shared(Stage::Verify, fault)),
        Fault::Unsuitable { .. } => Outcome::Failed(Failure::shared(Stage::Read, fault)),
        Fault::Untold(failure) => Outcome::Unfinished(Cause::Untold(Chain(failure).to_string().into())),
        Fault::TimedOut { after, awaited, .. } => {
            Outcome::Unfinished(Cause::TimedOut { after: *after, awaited: Arc::clone(awaited) })
        }
        Fault::Deferred { why, is_asked: true } => Outcome::Skipped(Skip::Deferred(Arc::clone(why))),
        Fault::Deferred { why, is_asked: false } => Outcome::Unfinished(Cause::Deferred(Arc::clone(why))),
        Fault::Stopped(cause) => Outcome::Unfinished(cause.clone()),
    }
}
