//! One entry through its stages, up to its row.

use std::sync::{Arc, PoisonError};

use tokio::time::Instant;

use super::fanout::Recipients;
use super::filter::{Filtered, filter};
use super::guards::{FurtherTag, Tags};
use super::meanwhile::End;
use super::plan::{Action, Found, forbidden, plan};
use super::store::Store;
use super::transfer::{Mode, Tally, Transfer};
use super::{Check, Engine, Error, Extent, Looked, Planned};
use crate::error::{Class, Failure, Stage};
use crate::model::{
    Cause, Descriptor, Desired, Digest, Foreseen, Manifest, Moved, Outcome, Reason, Row, Skip,
};
use crate::registry::counted;

/// The manifest that a target should name.
struct Wanted {
    descriptor: Descriptor,
    rewritten: Option<Manifest>,
}

/// What is to be done about an entry.
pub(super) struct Choice {
    pub(super) reason: Reason,
    /// Whether the target is right already and only what belongs to it is to be seen to.
    pub(super) check_only: bool,
    pub(super) further: Vec<FurtherTag>,
}

/// What resolving led to.
enum Resolved {
    Wanted(Box<Wanted>),
    Skip(Skip),
}

impl Engine {
    /// Resolves and plans an entry; nothing is written.
    pub(super) async fn look(&self, desired: Desired) -> Looked {
        let started = Instant::now();
        self.observer.started(&desired);
        if let Some(refusal) = forbidden(&desired.guards) {
            return ended(Ending::before(desired, Outcome::Refused(refusal), 0, started));
        }
        let (looked, requests) = counted(self.look_at(&desired)).await;
        let (wanted, found) = match looked {
            Ok((Resolved::Wanted(wanted), found)) => (wanted, found),
            Ok((Resolved::Skip(skip), _)) => {
                return ended(Ending::before(desired, Outcome::Skipped(skip), requests, started));
            }
            Err(failure) => {
                let outcome = Outcome::of_failure(failure);
                return ended(Ending::before(desired, outcome, requests, started));
            }
        };
        let digest = wanted.descriptor.digest.clone();
        if self.options.extent == Extent::Sources {
            let ending = Ending::before(desired, Outcome::Planned(Reason::Unknown), requests, started);
            return ended(ending.comparing(digest, &found));
        }
        let Wanted { descriptor: wanted, rewritten } = *wanted;
        let (choice, more) = counted(self.choose(&desired, (&wanted, rewritten.as_ref()), &found)).await;
        let requests = requests + more;
        let Choice { reason, check_only, further } = match choice {
            Ok(choice) => choice,
            Err(outcome) => {
                let ending = Ending::before(desired, *outcome, requests, started);
                return ended(ending.comparing(digest, &found));
            }
        };
        if self.options.extent == Extent::Compare {
            let ending = Ending::before(desired, Outcome::Planned(reason), requests, started);
            return ended(ending.comparing(digest, &found));
        }
        Looked::ToDo(Box::new(Planned {
            desired,
            wanted,
            rewritten,
            found,
            reason,
            check_only,
            further,
            requests,
            started,
        }))
    }

    /// What is to be done about an entry of which both ends are known; else how it ended.
    pub(super) async fn choose(
        &self,
        desired: &Desired,
        (wanted, rewritten): (&Descriptor, Option<&Manifest>),
        found: &Found,
    ) -> Result<Choice, Box<Outcome>> {
        let rewrite = self.options.check == Check::Rewrite;
        match plan(&wanted.digest, found, &desired.guards, rewrite) {
            Action::Copy(reason) => {
                let further = self.ready(desired, (wanted, rewritten), found).await?;
                Ok(Choice { reason, check_only: false, further })
            }
            Action::Keep if self.is_checked_when_kept(desired) => {
                Ok(Choice { reason: Reason::Referrers, check_only: true, further: Vec::new() })
            }
            Action::Keep => Err(Box::new(Outcome::Kept)),
            Action::Refuse(refusal) => Err(Box::new(Outcome::Refused(refusal))),
        }
    }

    /// Whether there is something to see to at a target that is right.
    fn is_checked_when_kept(&self, desired: &Desired) -> bool {
        (self.options.check == Check::Content && self.writes()) || self.has_referrers(desired)
    }

    fn writes(&self) -> bool {
        self.options.extent == Extent::Mirror
    }

    async fn look_at(&self, desired: &Desired) -> Result<(Resolved, Found), Failure> {
        if self.options.extent == Extent::Sources {
            return Ok((self.resolve(desired).await?, Found::Unknown));
        }
        if self.options.filter_by_os.is_some() {
            let resolved = self.resolve(desired).await?;
            return match resolved {
                Resolved::Skip(_) => Ok((resolved, Found::Absent)),
                Resolved::Wanted(_) => Ok((resolved, self.target_now(&desired.target).await?)),
            };
        }
        let (resolved, found) = tokio::join!(self.resolve(desired), self.target_now(&desired.target));
        Ok((resolved?, found?))
    }

    async fn resolve(&self, desired: &Desired) -> Result<Resolved, Failure> {
        match self.source_now(&desired.source).await? {
            Some(descriptor) => Box::pin(self.filtered(desired, descriptor)).await,
            None if self.options.skip_missing => Ok(Resolved::Skip(Skip::SourceMissing)),
            None => Err(Failure::new(Stage::Resolve, Error::SourceMissing(desired.source.clone()))),
        }
    }

    async fn filtered(&self, desired: &Desired, descriptor: Descriptor) -> Result<Resolved, Failure> {
        let whole = |descriptor| Ok(Resolved::Wanted(Box::new(Wanted { descriptor, rewritten: None })));
        let Some(platforms) = &self.options.filter_by_os else { return whole(descriptor) };
        let store = Store::of(&desired.source, &self.source);
        let Some(node) = self.manifests.get(&store, &descriptor).await? else {
            return Err(Failure::new(Stage::Resolve, Error::SourceMissing(desired.source.clone())));
        };
        match filter(&node, platforms) {
            Ok(Filtered::Whole) => whole(descriptor),
            Ok(Filtered::One(child)) => whole(child),
            Ok(Filtered::Nothing) => Ok(Resolved::Skip(Skip::FilteredOut)),
            Ok(Filtered::Some(manifest)) => {
                let descriptor = manifest.descriptor();
                Ok(Resolved::Wanted(Box::new(Wanted { descriptor, rewritten: Some(manifest) })))
            }
            Err(error) => Err(Failure::new(Stage::Resolve, Error::Filter(error))),
        }
    }

    /// Transfers and verifies a planned entry, one of several that share their source.
    pub(super) async fn transfer(&self, planned: &Planned, recipients: &Arc<Recipients>) -> Row {
        let tally = Tally::default();
        let mode = self.mode(planned);
        let transfer = Transfer::new(self, planned, recipients, (mode, &tally));
        let began = Instant::now();
        let ((result, foreseen), requests) = counted(transfer.run_and_foresee()).await;
        if let Some(host) = planned.desired.target.host() {
            self.fanout.left(recipients, host);
        }
        let (mut digest, mut before) = (planned.wanted.digest.clone(), planned.found.clone());
        let mut note = None;
        let outcome = match result {
            Ok(End::TooLate(why)) => {
                note = Some(why);
                Outcome::Unfinished(Cause::Deadline)
            }
            Ok(End::Refused(refusal)) => Outcome::Refused(refusal),
            Ok(End::Overtaken(now)) => {
                digest = now;
                Outcome::Skipped(Skip::Overtaken)
            }
            Ok(End::Done(found)) => {
                before = found;
                // A transfer that failed spent its time on other things.
                self.rate.note(tally.bytes().copied, began.elapsed());
                transfer.outcome()
            }
            Err(failure) if failure.class == Class::Missing && self.is_vanished(&failure) => {
                Outcome::Skipped(Skip::SourceMissing)
            }
            Err(failure) => Outcome::of_failure(failure),
        };
        let desired = planned.desired.clone();
        let mut ending = Ending::before(desired, outcome, planned.requests + requests, planned.started);
        ending.moved.bytes = tally.bytes();
        ending.moved += transfer.attached.moved();
        ending.further = transfer.further.into_inner().unwrap_or_else(PoisonError::into_inner);
        ending.note = note;
        ending.foreseen = foreseen;
        ending.comparing(digest, &before).row()
    }

    fn mode(&self, planned: &Planned) -> Mode {
        match self.options.check {
            _ if !self.writes() => Mode::Foresee,
            Check::Content if planned.check_only => Mode::Check,
            Check::Rewrite => Mode::Force,
            Check::Names | Check::Content => Mode::Fill,
        }
    }

    /// A source pinned by digest that is not there shows only when it is fetched.
    pub(super) fn is_vanished(&self, failure: &Failure) -> bool {
        self.options.skip_missing
            && matches!(failure.cause().downcast_ref(), Some(Error::SourceVanished { .. }))
    }
}

fn ended(ending: Ending) -> Looked {
    Looked::Ended(Box::new(ending.row()))
}

/// What is known of an entry when it ends.
pub(super) struct Ending {
    desired: Desired,
    outcome: Outcome,
    digest: Option<Digest>,
    previous: Option<Digest>,
    further: Tags,
    note: Option<Arc<str>>,
    moved: Moved,
    started: Instant,
    foreseen: Option<Foreseen>,
}

impl Ending {
    /// An entry that ended before its two sides could be compared.
    pub(super) fn before(desired: Desired, outcome: Outcome, requests: u32, started: Instant) -> Self {
        let moved = Moved { requests, ..Moved::default() };
        Self {
            desired,
            outcome,
            digest: None,
            previous: None,
            further: Tags::default(),
            note: None,
            moved,
            started,
            foreseen: None,
        }
    }

    /// An entry that ended once it was planned and before anything was moved.
    pub(super) fn of(planned: Planned, outcome: Outcome) -> Self {
        let Planned { desired, wanted, found, requests, started, .. } = planned;
        Self::before(desired, outcome, requests, started).comparing(wanted.digest, &found)
    }

    fn comparing(mut self, digest: Digest, found: &Found) -> Self {
        // One text for both where they are equal: of many entries all is in place.
        self.previous = found.digest().map(|found| if *found == digest { &digest } else { found }).cloned();
        self.digest = Some(digest);
        self
    }

    pub(super) fn row(self) -> Row {
        let attempts = match &self.outcome {
            Outcome::Failed(failure) => failure.attempts,
            _ => 1,
        };
        Row {
            origin: self.desired.origin,
            owner: self.desired.owner,
            source: self.desired.source.into(),
            target: self.desired.target.into(),
            digest: self.digest,
            previous: self.previous,
            outcome: self.outcome,
            backups: self.further.outgoing,
            note: self.note,
            tags: self.further.incoming,
            moved: self.moved,
            attempts,
            elapsed: self.started.elapsed(),
            standing: None,
            foreseen: self.foreseen,
        }
    }
}
