//! Gives a manifest a name, which moves only where that is what it is for.

use std::sync::Arc;

use crate::engine::Error;
use crate::error::{Failure, Stage};
use tokio::time::Instant;

use crate::model::{
    Desired, Digest, Endpoint, Guard, ImageRef, Locator, Manifest, Moved, Origin, Outcome, Reason, Refusal,
    Row,
};
use crate::registry::{Client, Role};

use super::Means;

/// A manifest that is to be under a name.
pub(in crate::nightly) struct Naming<'a> {
    /// By which means.
    pub(in crate::nightly) means: &'a Means,
    /// The name.
    pub(in crate::nightly) target: &'a ImageRef,
    /// The manifest.
    pub(in crate::nightly) manifest: &'a Manifest,
    /// Whether the name may be another image now.
    pub(in crate::nightly) may_move: bool,
}

/// What became of a name.
#[derive(Debug)]
pub(in crate::nightly) struct Named {
    /// How it ended.
    pub(in crate::nightly) outcome: Outcome,
    /// What the name was before.
    pub(in crate::nightly) previous: Option<Digest>,
    /// What it cost.
    pub(in crate::nightly) moved: Moved,
}

impl Named {
    /// How something ended whose name was not looked at.
    pub(in crate::nightly) fn unnamed(outcome: Outcome) -> Self {
        ended(outcome, None)
    }

    /// The row of it: `ends` are what it was made of and where it goes, `digest` what it is.
    pub(in crate::nightly) fn row(
        self,
        origin: Origin,
        ends: (Locator, Locator),
        digest: Option<Digest>,
        (requests, started): (u32, Instant),
    ) -> Row {
        let mut moved = self.moved;
        moved.requests += requests;
        let row = Row::of_nothing(origin, None, ends, self.outcome);
        Row { digest, previous: self.previous, moved, elapsed: started.elapsed(), ..row }
    }
}

impl Naming<'_> {
    /// Sees to it that the name is the manifest, of which `bring` brings the parts. A name that is right is left alone, and so is one that
    /// is something else, unless it may move: whoever has pulled it would not get it again. In a dry run nothing is brought.
    pub(in crate::nightly) async fn run(
        &self,
        bring: impl Future<Output = Result<Moved, Box<Outcome>>>,
    ) -> Named {
        if self.means.stop.gently.is_cancelled() {
            return ended(Outcome::Unfinished(self.means.stop.cause()), None);
        }
        if let Some(refusal) = self.refusal() {
            return ended(Outcome::Refused(refusal), None);
        }
        let (previous, reason) = match self.look().await {
            Ok(looked) => looked,
            Err(failure) => return ended(Outcome::of_failure(failure), None),
        };
        if let Some(outcome) = self.settled(previous.as_ref()) {
            return ended(outcome, previous);
        }
        if self.means.is_dry_run {
            return ended(Outcome::Planned(reason), previous);
        }
        let moved = match bring.await {
            Ok(moved) => moved,
            Err(outcome) => return ended(*outcome, previous),
        };
        match self.name().await {
            Ok(None) => {
                Named { outcome: Outcome::Copied(reason), previous, moved: self.with_manifest(moved) }
            }
            Ok(Some((found, outcome))) => Named { outcome, previous: Some(found), moved },
            Err(failure) => Named { outcome: Outcome::of_failure(failure), previous, moved },
        }
    }

    /// What the name is, and why it would be written. What the right to pull may not see, the right to push will tell.
    async fn look(&self) -> Result<(Option<Digest>, Reason), Failure> {
        match self.client().head_manifest(self.target).await {
            Ok(Some(found)) => Ok((Some(found.digest), Reason::Differs)),
            Ok(None) => Ok((None, Reason::Absent)),
            Err(error) if error.is_denied() => Ok((None, Reason::Unknown)),
            Err(error) => Err(Failure::new(Stage::Plan, error)),
        }
    }

    /// How it ends where the name is something already.
    fn settled(&self, found: Option<&Digest>) -> Option<Outcome> {
        let found = found?;
        if *found == self.manifest.digest {
            return Some(Outcome::Kept);
        }
        (!self.may_move).then_some(Outcome::Refused(Refusal::Exists))
    }

    /// What keeps it from being written, if an operator does not allow images there.
    fn refusal(&self) -> Option<Refusal> {
        let target = Endpoint::Registry(self.target.clone());
        let entry = Desired {
            origin: Origin::Line { file: Arc::clone(&self.means.file), line: 0 },
            owner: None,
            source: target.clone(),
            target,
            guards: Vec::new(),
        };
        let guards = self.means.policies.guards(&entry);
        let forbidden = guards.into_iter().find(|guard| *guard.condition() == Guard::Forbidden)?;
        Some(match forbidden.rule() {
            Some(rule) => Refusal::ByRule(Arc::clone(rule), Box::new(Refusal::Forbidden)),
            None => Refusal::Forbidden,
        })
    }

    /// Writes the name, unless someone else did meanwhile: what it is then.
    async fn name(&self) -> Result<Option<(Digest, Outcome)>, Failure> {
        let client = self.client();
        let now = client.head_manifest_to_write(self.target).await;
        if let Some(found) = now.map_err(|error| Failure::new(Stage::Plan, error))?
            && let Some(outcome) = self.settled(Some(&found.digest))
        {
            return Ok(Some((found.digest, outcome)));
        }
        let answered = client.put_manifest(self.target, self.manifest).await;
        let answered = match answered.map_err(|error| Failure::new(Stage::Transfer, error))? {
            Some(digest) => Some(digest),
            None => self.named_now().await?,
        };
        if answered.as_ref() == Some(&self.manifest.digest) {
            return Ok(None);
        }
        Err(Failure::new(Stage::Verify, self.other(answered.as_ref())))
    }

    async fn named_now(&self) -> Result<Option<Digest>, Failure> {
        let found = self.client().head_manifest(self.target).await;
        Ok(found.map_err(|error| Failure::new(Stage::Verify, error))?.map(|found| found.digest))
    }

    fn other(&self, answered: Option<&Digest>) -> Error {
        let answered = answered.map_or("that it is absent", Digest::as_str).to_owned();
        let (target, expected) = (Endpoint::Registry(self.target.clone()), self.manifest.digest.clone());
        Error::OtherDigest { target, expected, answered }
    }

    fn client(&self) -> Client {
        self.means.client.with_role(Role::Target)
    }

    fn with_manifest(&self, mut moved: Moved) -> Moved {
        moved.bytes.copied += self.manifest.bytes.len() as u64;
        moved
    }
}

fn ended(outcome: Outcome, previous: Option<Digest>) -> Named {
    Named { outcome, previous, moved: Moved::default() }
}
