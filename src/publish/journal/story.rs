//! What the notes of a journal come to.

use std::collections::BTreeMap;

use super::event::{Certified, Event, Plan};
use crate::model::{Digest, Tag};

/// What is known of a publication by its journal.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
#[expect(clippy::struct_excessive_bools, reason = "each is a step of its own")]
pub struct Story {
    /// What was last planned.
    pub planned: Option<Plan>,
    /// Whether the unique tag was written.
    pub is_pushed: bool,
    /// How many times the preflight program was started.
    pub attempts: u32,
    /// What it found of each architecture, when it last did.
    pub results: BTreeMap<String, Certified>,
    /// Whether an attempt was begun whose results are not known.
    pub is_untold: bool,
    /// Whether all platforms passed and the catalog was told, in the last attempt or before it.
    pub is_submitted: bool,
    /// Whether the public registry served the image.
    pub is_public: bool,
    /// Floating tags that were going to be moved, in order.
    pub floating: Vec<Moving>,
    /// Whether everything was done.
    pub is_done: bool,
}

/// A floating tag on its way.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Moving {
    /// The tag.
    pub tag: Tag,
    /// What it was in the upload registry.
    pub upload: Option<Digest>,
    /// What it was in the public registry.
    pub public: Option<Digest>,
    /// Whether it was moved in the upload registry.
    pub is_pushed: bool,
    /// Whether the public registry followed.
    pub is_seen: bool,
}

impl Story {
    /// Takes in what happened next.
    pub fn add(&mut self, event: &Event) {
        match event.clone() {
            Event::Planned(plan) => {
                let attempts = self.attempts;
                *self = std::mem::take(self).of(&plan.digest);
                (self.planned, self.attempts, self.is_done) = (Some(plan), attempts, false);
            }
            Event::PushStarted => {}
            Event::Pushed => self.is_pushed = true,
            Event::PreflightStarted { attempt, .. } => {
                self.attempts = self.attempts.max(attempt);
                (self.is_untold, self.is_submitted) = (true, false);
            }
            Event::PreflightResult { results, .. } => {
                self.results.extend(results);
                self.is_untold = false;
            }
            Event::Submitted => self.is_submitted = true,
            Event::PublicSeen => self.is_public = true,
            Event::FloatingBefore { tag, upload, public } => self.begin(tag, upload, public),
            Event::FloatingPushed { tag } => self.moving(&tag, |moving| moving.is_pushed = true),
            Event::FloatingSeen { tag } => self.moving(&tag, |moving| moving.is_seen = true),
            Event::Done => self.is_done = true,
        }
    }

    /// What it says of the image `digest`: nothing, if another one was planned.
    #[must_use]
    pub fn of(self, digest: &Digest) -> Self {
        let is_other = self.planned.as_ref().is_some_and(|planned| planned.digest != *digest);
        if is_other { Self::default() } else { self }
    }

    /// Whether something was planned, and not all of it was done.
    #[must_use]
    pub fn is_unfinished(&self) -> bool {
        self.planned.is_some() && !self.is_done
    }

    /// Whether the image did not pass its checks, so that its number is used up and nothing is left to do. An exception may still
    /// be granted.
    #[must_use]
    pub fn has_failed(&self) -> bool {
        !self.is_submitted && !self.is_public && self.results.values().any(|result| !result.passed)
    }

    /// What the tag was first counts: what it was the second time may be our own doing.
    fn begin(&mut self, tag: Tag, upload: Option<Digest>, public: Option<Digest>) {
        if self.floating.iter().all(|moving| moving.tag != tag) {
            self.floating.push(Moving { tag, upload, public, is_pushed: false, is_seen: false });
        }
    }

    fn moving(&mut self, tag: &Tag, change: impl FnOnce(&mut Moving)) {
        if let Some(moving) = self.floating.iter_mut().find(|moving| moving.tag == *tag) {
            change(moving);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn planned(image: &[u8]) -> Event {
        Event::Planned(Plan::sample(Digest::of(image), "registry.example.com/a@sha256:aa"))
    }

    #[test]
    fn what_was_done_to_another_image_is_not_done_to_the_one_that_is_planned_now() {
        let mut story = Story::default();
        let started = Event::PreflightStarted { attempt: 3, version: "1.14.1".into(), architectures: vec![] };
        for event in [planned(b"one"), Event::Pushed, started, Event::Submitted, Event::PublicSeen] {
            story.add(&event);
        }
        let before = story.clone();
        story.add(&planned(b"one"));
        assert_eq!(story, before, "the same image is gone on with");
        story.add(&planned(b"another"));
        assert!(!story.is_pushed && !story.is_submitted && !story.is_public && !story.is_untold);
        assert_eq!(story.attempts, 3);
    }
}
