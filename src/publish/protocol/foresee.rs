//! What a dry run says: the steps that a run would take, in its order, and what becomes of each tag.

use crate::model::{ImageRef, Moved, Outcome, Reason, Version};
use crate::publish::Fault;
use crate::publish::journal::Story;

use super::account::Account;
use super::floating::{Moves, foresee_tags};
use super::order::{Means, Order, Until};
use super::prepare::Numbered;
use super::steps::Next;

/// A publication that is only told of.
pub(super) struct Foreseen<'a> {
    pub(super) order: &'a Order,
    pub(super) means: &'a Means,
    pub(super) numbered: &'a Numbered,
    pub(super) story: &'a Story,
    pub(super) next: &'a Next,
}

impl Foreseen<'_> {
    /// Says all of it. Reads, and writes nothing.
    ///
    /// # Errors
    /// As the run, where it can be told by now.
    pub(super) async fn tell(&self, account: &mut Account) -> Result<(), Fault> {
        for line in self.lines() {
            account.say(line);
        }
        let outcome = match self.next {
            Next::Upload => Outcome::Planned(Reason::Absent),
            _ => Outcome::Kept,
        };
        account.became(outcome, Moved::default());
        if self.order.until < Until::Done {
            return Ok(());
        }
        account.go_on();
        let (tags, image) = (self.order.tags()?, &self.numbered.image);
        let (version, number) = (&self.order.version, Some(self.numbered.number));
        let moves = Moves { means: self.means, image, version, tags: &tags, number };
        foresee_tags(&moves, self.story, account).await
    }

    /// What is done before the tags that customers use are moved.
    fn lines(&self) -> Vec<String> {
        let (tag, until) = (&self.numbered.tag, self.order.until);
        let mut lines = Vec::new();
        if *self.next == Next::Upload {
            lines.extend(self.order.precheck.then(|| self.precheck()));
            lines.push(format!("upload {} as {tag}", self.numbered.image.digest()));
        }
        if until >= Until::Certified {
            match self.next {
                Next::Upload => lines.push(format!("certify {tag}")),
                Next::Certify(all) if all.is_empty() => lines.push(format!("certify {tag}")),
                Next::Certify(some) => lines.push(format!("certify {tag} for {}", some.join(", "))),
                Next::AwaitPublic | Next::MoveTags | Next::Nothing => {}
            }
        }
        if until >= Until::Public && *self.next != Next::MoveTags {
            lines.push(format!("wait until {tag} is public"));
        }
        lines
    }

    fn precheck(&self) -> String {
        let digest = Version::Digest(self.numbered.resolved.clone());
        let source = ImageRef::new(self.order.source.repository.clone(), digest);
        format!("check {source}, and tell the catalog nothing of it")
    }
}
