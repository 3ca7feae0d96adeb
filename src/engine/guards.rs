//! Holds guards against what a target is when it is about to be written; `plan` has held them against what it was.

use std::sync::Arc;

use super::entry::Ending;
use super::fanout::Recipients;
use super::plan::{Action, Found, plan};
use super::{Check, Engine, Extent, Planned};
use crate::error::{Failure, Stage};
use crate::model::{Endpoint, Guard, Outcome, Row};
use crate::registry::counted;

impl Engine {
    /// As [`Engine::transfer`]. Where guards ask what the target is and the right to read did not show it, the right to
    /// write does first.
    pub(super) async fn transfer_guarded(
        &self,
        mut planned: Box<Planned>,
        recipients: &Arc<Recipients>,
    ) -> Row {
        let is_open = planned.found == Found::Unknown && asks_about_target(&planned.desired.guards);
        if is_open && self.options.extent == Extent::Mirror {
            let (ended, requests) = counted(self.look_to_write(&mut planned)).await;
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

    /// Plans anew by what the right to write shows; gives how the entry ended, if it did.
    async fn look_to_write(&self, planned: &mut Planned) -> Option<Outcome> {
        planned.found = match self.target_before_write(&planned.desired.target).await {
            Ok(found) => found,
            Err(failure) => return Some(self.failed(failure)),
        };
        let rewrite = self.options.check == Check::Rewrite;
        match plan(&planned.wanted.digest, &planned.found, &planned.desired.guards, rewrite) {
            Action::Copy(reason) => {
                planned.reason = reason;
                None
            }
            Action::Keep => Some(Outcome::Kept),
            Action::Refuse(refusal) => Some(Outcome::Refused(refusal)),
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

/// Whether a guard asks what the target is.
pub(super) fn asks_about_target(guards: &[Guard]) -> bool {
    guards.iter().any(Guard::is_about_target)
}
