//! Holds guards against what a target is when it is about to be written; `plan` has held them against what it was. Gives
//! images the further tags that guards ask for.

use std::sync::{Arc, PoisonError};

use super::entry::{Choice, Ending};
use super::fanout::Recipients;
use super::manifests::Node;
use super::plan::{Found, by_rule};
use super::transfer::Transfer;
use super::{Engine, Error, Extent, Planned};
use crate::error::{Failure, Stage};
use crate::model::{
    Cause, Descriptor, Desired, Digest, Endpoint, Guard, Manifest, Outcome, Reason, Refusal, Row, Skip, Tag,
    Which,
};
use crate::registry::counted;

/// A tag that an image is to have before the target's own tag moves.
#[derive(Debug)]
pub(super) struct FurtherTag {
    which: Which,
    tag: Tag,
    /// Who asks for it.
    guard: Guard,
}

/// The further tags that the two images of a move have got, or would get.
#[derive(Debug, Default)]
pub(super) struct Tags {
    /// The one that goes.
    pub(super) outgoing: Vec<Tag>,
    /// The one that comes.
    pub(super) incoming: Vec<Tag>,
}

/// What is asked beyond what the target is, before anything is sent.
impl Engine {
    /// The further tags of a copy; else how it ended, because a guard says no to its source or to their names.
    pub(super) async fn ready(
        &self,
        desired: &Desired,
        (wanted, rewritten): (&Descriptor, Option<&Manifest>),
        found: &Found,
    ) -> Result<Vec<FurtherTag>, Box<Outcome>> {
        let young = self.too_young(desired, wanted, rewritten).await.unwrap_or_else(|failure| {
            let vanished = self.is_vanished(&failure);
            Some(if vanished { Outcome::Skipped(Skip::SourceMissing) } else { Outcome::of_failure(failure) })
        });
        match young {
            Some(outcome) => Err(Box::new(outcome)),
            None => self
                .further_tags(desired, &wanted.digest, found)
                .map_err(|refusal| Box::new(Outcome::Refused(refusal))),
        }
    }

    async fn too_young(
        &self,
        desired: &Desired,
        wanted: &Descriptor,
        rewritten: Option<&Manifest>,
    ) -> Result<Option<Outcome>, Failure> {
        let asks = |guard: &&Guard| matches!(guard.condition(), Guard::SourceAge { .. });
        if !desired.guards.iter().any(|guard| asks(&guard)) {
            return Ok(None);
        }
        let node = match rewritten {
            Some(rewritten) => Node::new(rewritten.clone()).map(Arc::new),
            None => Ok(self.source_node(desired, wanted).await?),
        };
        let node = node.map_err(|error| Failure::new(Stage::Resolve, error))?;
        let age = self.age(desired, &node).await?;
        Ok(desired.guards.iter().find_map(|guard| match (guard.condition(), age) {
            (Guard::SourceAge { unknown: false, .. }, None) => {
                Some(Outcome::Refused(by_rule(guard, Refusal::AgeUnknown)))
            }
            (Guard::SourceAge { least, .. }, Some(age)) if age < *least => {
                Some(Outcome::Skipped(Skip::TooYoung { least: *least, rule: guard.rule().cloned() }))
            }
            _ => None,
        }))
    }

    /// A push by digest moves no tag, and neither does one of what is there.
    fn further_tags(
        &self,
        desired: &Desired,
        wanted: &Digest,
        found: &Found,
    ) -> Result<Vec<FurtherTag>, Refusal> {
        let moving = desired.target.tag().filter(|_| found.digest() != Some(wanted));
        let mut further: Vec<FurtherTag> = Vec::new();
        for guard in &desired.guards {
            let (Guard::Tagged(which, template), Some(moving)) = (guard.condition(), moving) else {
                continue;
            };
            let image = match which {
                Which::Outgoing => found.digest(),
                Which::Incoming => Some(wanted),
            };
            let Some(image) = image else { continue };
            let tag = template.render(self.options.began, moving, image);
            let tag = tag.map_err(|text| by_rule(guard, Refusal::NoTag(text.into())))?;
            if further.iter().all(|known| known.tag != tag) {
                further.push(FurtherTag { which: *which, tag, guard: guard.clone() });
            }
        }
        Ok(further)
    }
}

/// What the right to write shows.
impl Engine {
    /// As [`Engine::transfer`]. Where guards ask what the target is and the right to read did not show it, the right to
    /// write does first.
    pub(super) async fn transfer_guarded(
        &self,
        mut planned: Box<Planned>,
        recipients: &Arc<Recipients>,
    ) -> Row {
        if self.options.extent == Extent::Mirror {
            let (ended, requests) = counted(self.look_before(&mut planned)).await;
            planned.requests += requests;
            if let Some(outcome) = ended {
                if let Some(host) = planned.desired.target.host() {
                    self.fanout.left(recipients, host);
                }
                return Ending::of(*planned, outcome).row();
            }
        }
        self.transfer(&planned, recipients).await
    }

    /// What has to be looked at once more before anything is sent; gives how the entry ended, if it did.
    async fn look_before(&self, planned: &mut Planned) -> Option<Outcome> {
        if planned.found == Found::Unknown && asks_about_target(&planned.desired.guards) {
            return self.look_to_write(planned).await;
        }
        let check = self.options.source_check.as_ref().filter(|_| planned.reason == Reason::Differs)?;
        match check.is_current(&planned.desired).await {
            Ok(true) => None,
            Ok(false) => Some(Outcome::Unfinished(Cause::SourceMoved)),
            Err(failure) => Some(Outcome::of_failure(failure)),
        }
    }

    /// Plans anew by what the right to write shows; gives how the entry ended, if it did.
    async fn look_to_write(&self, planned: &mut Planned) -> Option<Outcome> {
        planned.found = match self.target_before_write(&planned.desired.target).await {
            Ok(found) => found,
            Err(failure) => return Some(Outcome::of_failure(failure)),
        };
        let image = (&planned.wanted, planned.rewritten.as_ref());
        match self.choose(&planned.desired, image, &planned.found).await {
            Ok(Choice { reason, check_only, further }) => {
                (planned.reason, planned.check_only, planned.further) = (reason, check_only, further);
                None
            }
            Err(outcome) => Some(*outcome),
        }
    }

    /// What `target` is at this moment, by the right to write it, which is about to be used.
    pub(super) async fn target_before_write(&self, target: &Endpoint) -> Result<Found, Failure> {
        let Endpoint::Registry(image) = target else { return self.target_now(target).await };
        let found = self.target.head_manifest_to_write(image).await;
        let found = found.map_err(|error| Failure::new(Stage::Plan, error))?;
        Ok(found.map_or(Found::Absent, |found| Found::Is(found.digest)))
    }
}

impl Transfer<'_> {
    /// Gives the two images of a move their further tags and sees that each names what it should. A tag that is there and
    /// is another image stays what it is.
    pub(super) async fn tag_further(&self, root: &Node) -> Result<Option<Refusal>, Failure> {
        for further in &self.planned.further {
            let incoming = &root.manifest;
            let manifest = match further.which {
                Which::Incoming => incoming,
                Which::Outgoing => self.outgoing().await?.ok_or_else(|| self.nothing_to_keep())?,
            };
            let name = self.planned.desired.target.tagged(further.tag.clone());
            match self.engine.target_before_write(&name).await? {
                Found::Is(found) if found == manifest.digest => {}
                Found::Is(found) => {
                    let taken = Refusal::Taken { tag: further.tag.clone(), found };
                    return Ok(Some(by_rule(&further.guard, taken)));
                }
                Found::Absent | Found::Unknown => self.name_further(further, root, manifest, &name).await?,
            }
            self.note_further(further);
        }
        Ok(None)
    }

    async fn name_further(
        &self,
        further: &FurtherTag,
        root: &Node,
        manifest: &Manifest,
        name: &Endpoint,
    ) -> Result<(), Failure> {
        let stored = match further.which {
            Which::Incoming => self.put_under(root, name).await?,
            Which::Outgoing => {
                let answer = self.target.put(manifest, Some(name)).await;
                self.engine.target_changed(name);
                answer.map_err(|error| Failure::new(Stage::Transfer, error))?
            }
        };
        self.assert_further(name, manifest, stored.digest).await
    }

    /// Says which further tags a run would make.
    pub(super) fn foresee_further(&self) {
        self.planned.further.iter().for_each(|further| self.note_further(further));
    }

    fn note_further(&self, further: &FurtherTag) {
        let mut tags = self.further.lock().unwrap_or_else(PoisonError::into_inner);
        let tags = match further.which {
            Which::Outgoing => &mut tags.outgoing,
            Which::Incoming => &mut tags.incoming,
        };
        tags.push(further.tag.clone());
    }

    fn nothing_to_keep(&self) -> Failure {
        let target = self.planned.desired.target.clone();
        match self.planned.found.digest().cloned() {
            Some(digest) => Failure::new(Stage::Transfer, Error::OutgoingMissing { target, digest }),
            None => Failure::new(Stage::Transfer, Error::SourceMissing(target)),
        }
    }
}

/// Whether a guard asks what the target is.
pub(super) fn asks_about_target(guards: &[Guard]) -> bool {
    guards.iter().any(Guard::is_about_target)
}
