//! Others write the same target too: what became of its name while the image was copied.
//!
//! The target is what it was when it was looked at, as far as we know, for [`HOLDS`]. A name that is written later, or
//! under a guard that asks what it is, is looked at once more just before. Registries offer no exchange on a condition, so
//! between a look and the write remains the time of one request; a name that was moved in that time is compared anew
//! by the next run.

use std::sync::Arc;
use std::time::Duration;

use super::guards::asks_about_target;
use super::plan::{Found, refusal_now};
use super::transfer::Transfer;
use super::{Engine, Error};
use crate::error::{Failure, Stage};
use crate::layout::Layout;
use crate::model::{Descriptor, Digest, Endpoint, Refusal};

/// So long a look at a target is taken to hold: an image that moves in less costs no request more.
const HOLDS: Duration = Duration::from_mins(1);

/// What a transfer came to.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum End {
    /// It was done; where a name was written, this is what it was before.
    Done(Found),
    /// A guard forbade the write at the last moment.
    Refused(Refusal),
    /// The source moved, and someone else made the target what it is now.
    Overtaken(Digest),
    /// It was not begun, since it would not be through in time; says why.
    TooLate(Arc<str>),
}

impl Transfer<'_> {
    /// Whether the target may be given its name: `Ok` with what it is now, as far as we know, or how the transfer ends
    /// instead.
    pub(super) async fn last_look(&self) -> Result<Result<Found, End>, Failure> {
        let (entry, planned) = (&self.planned.desired, &self.planned.found);
        let found = if asks_about_target(&entry.guards) {
            self.engine.target_before_write(&entry.target).await?
        } else if self.planned.started.elapsed() < HOLDS {
            return Ok(Ok(planned.clone()));
        } else {
            self.engine.target_changed(&entry.target);
            // Nobody asked for this look.
            self.engine.target_now(&entry.target).await.unwrap_or_else(|_| planned.clone())
        };
        if found != *planned
            && let Some(overtaken) = self.overtaken(found.digest()).await
        {
            return Ok(Err(overtaken));
        }
        let refusal = refusal_now(&entry.guards, &self.planned.wanted.digest, planned, &found);
        Ok(refusal.map_or(Ok(found), |refusal| Err(End::Refused(refusal))))
    }

    /// What to make of a target that names `found` right after it was written as `written`.
    pub(super) async fn named_otherwise(
        &self,
        written: &Digest,
        found: Option<Digest>,
    ) -> Result<End, Failure> {
        if let Some(overtaken) = self.overtaken(found.as_ref()).await {
            return Ok(overtaken);
        }
        let (target, written) = (self.planned.desired.target.clone(), written.clone());
        let by_digest = Descriptor::of_digest(written.clone());
        let is_there = self.target.has_manifest(&by_digest).await.unwrap_or(false);
        let is_new = found.as_ref().is_some_and(|found| self.planned.found.digest() != Some(found));
        let found = found.map_or_else(|| "absent".to_owned(), |found| found.to_string());
        let error = if is_there {
            Error::MovedMeanwhile { target, written, found }
        } else if is_new {
            Error::OtherDigest { target, expected: written, answered: found }
        } else {
            Error::Unwritten { target, expected: written, found }
        };
        Err(Failure::new(Stage::Verify, error))
    }

    /// Whether the target names `found` because that is what the source is now, if it is not what it was. Best effort.
    async fn overtaken(&self, found: Option<&Digest>) -> Option<End> {
        let found = found.filter(|found| **found != self.planned.wanted.digest)?;
        if self.planned.rewritten.is_some() {
            return None;
        }
        let now = self.engine.source_anew(&self.planned.desired.source).await?;
        (now == *found).then_some(End::Overtaken(now))
    }
}

impl Engine {
    /// What `source` is at this moment, whatever was known of it.
    async fn source_anew(&self, source: &Endpoint) -> Option<Digest> {
        let found = match source {
            Endpoint::Registry(image) => self.source.head_manifest(image).await.ok(),
            Endpoint::Layout(layout) => Layout::new(&layout.path).find(layout.tag.as_ref()).await.ok(),
        };
        found.flatten().map(|descriptor| descriptor.digest)
    }
}
