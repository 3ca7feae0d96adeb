//! What the public registry shows of the upload registry.

use std::collections::BTreeSet;

use image_mirror::model::Digest;

use super::state::State;
use crate::support::registry::{Glance, Shown};

impl State {
    /// All that customers get at this moment. A look at a tag may be the one that a lag or a stale answer ends with.
    pub(super) fn show(&mut self, glance: &Glance<'_>) -> Shown {
        let mut shown = Shown::default();
        for tag in glance.tags().keys().cloned().collect::<Vec<_>>() {
            let is_look = glance.tag == Some(tag.as_str());
            if let Some(digest) = self.answer(glance, &tag, is_look) {
                shown.tags.insert(tag, digest);
            }
        }
        let manifests: Vec<Digest> = glance.manifests().cloned().collect();
        let published = manifests.into_iter().filter(|digest| self.is_published(glance, digest, false));
        shown.manifests = published.collect::<BTreeSet<_>>();
        for (tag, (image, looks)) in self.instead.iter_mut().filter(|(_, (_, looks))| *looks > 0) {
            shown.tags.insert(tag.clone(), image.digest.clone());
            shown.besides.push(image.clone());
            if glance.tag == Some(tag.as_str()) && *looks != usize::MAX {
                *looks -= 1;
            }
        }
        if glance.tag.is_some() {
            self.let_customers_pull(glance);
        }
        shown
    }

    /// What a tag is for customers, without a look at it.
    pub(super) fn served(&mut self, glance: &Glance<'_>, tag: &str) -> Option<Digest> {
        match self.instead.get(tag).filter(|(_, looks)| *looks > 0) {
            Some((image, _)) => Some(image.digest.clone()),
            None => self.answer(glance, tag, false),
        }
    }

    fn answer(&mut self, glance: &Glance<'_>, tag: &str, is_look: bool) -> Option<Digest> {
        let now = glance.tags().get(tag)?;
        if !self.is_published(glance, now, is_look) {
            return None;
        }
        let before = self.settled.get(tag).filter(|before| *before != now).cloned();
        let left = self.stale.get_mut(tag).filter(|left| **left > 0);
        if let (Some(before), Some(left)) = (before, left) {
            *left -= usize::from(is_look);
            return Some(before);
        }
        self.settled.insert(tag.to_owned(), now.clone());
        Some(now.clone())
    }
}
