//! What the flags pick.

use std::collections::HashSet;
use std::hash::Hash;
use std::sync::Arc;

use super::EntryError;
use super::drafts::{Asker, Drafts};
use super::sections::istag_of;
use super::source::{Ended, Found};
use crate::error::{Failure, Stage};
use crate::imagestreams::asked::Asked;
use crate::imagestreams::config::{Ignored, Written};
use crate::imagestreams::selection::{IsTag, StreamName};
use crate::imagestreams::stream::ImageStream;
use crate::imagestreams::streams::Part;
use crate::model::Origin;

const OWNER: &str = "selection";

impl<'a> Drafts<'a> {
    /// All of it. The configuration file goes first: what it has a source for is not picked again.
    pub(super) fn picked(&mut self) {
        let asked: &'a Asked = self.asked;
        let streams = self.streams;
        let supplemental = asked.supplemental(&self.ignoring).map(|entry| &entry.target);
        let taken = supplemental.chain(asked.to_cluster(&self.ignoring).map(|entry| &entry.target));
        let taken: HashSet<&IsTag> = taken.collect();
        for istag in once(&asked.selection.tags) {
            let (is_meant, ignored) = self.means(istag, &taken);
            if is_meant {
                self.seen.insert(istag.clone());
                self.pick(istag, ignored, |drafts| drafts.named(istag));
            }
        }
        for name in once(&asked.selection.streams) {
            match streams.get(&name.namespace, &name.name) {
                Some(stream) => self.all_of(stream, &taken),
                None => self.no_stream(name),
            }
        }
        for namespace in once(&asked.selection.namespaces) {
            self.note_if_empty(namespace.as_str());
            streams.of_namespace(namespace.as_str()).for_each(|stream| self.all_of(stream, &taken));
        }
        if asked.selection.all_namespaces {
            streams.iter().for_each(|stream| self.all_of(stream, &taken));
        }
    }

    /// Whether the flags mean `istag`, and what says to leave it alone. Both are asked: each wants to know whether it is of use.
    fn means(&self, istag: &IsTag, taken: &HashSet<&IsTag>) -> (bool, Option<&'a Ignored>) {
        let is_excluded = self.excluding.names(istag);
        (!is_excluded && !taken.contains(istag), self.ignoring.entry_for(&Written::from(istag)))
    }

    fn pick(
        &mut self,
        istag: &IsTag,
        ignored: Option<&Ignored>,
        found: impl FnOnce(&Self) -> Result<Found, Ended>,
    ) {
        if let Some(ignored) = ignored {
            return self.leave_tag(&of_tag(istag), istag, ignored);
        }
        let found = found(self);
        self.want_in_target(&of_tag(istag), istag, found);
    }

    fn all_of(&mut self, stream: &ImageStream, taken: &HashSet<&IsTag>) {
        for tag in &stream.tags {
            let istag = istag_of(stream, &tag.name);
            let (is_meant, ignored) = self.means(&istag, taken);
            if is_meant && self.seen.insert(istag.clone()) {
                self.pick(&istag, ignored, |drafts| drafts.picked_tag(&istag, stream, tag));
            }
        }
    }

    fn no_stream(&mut self, name: &StreamName) {
        let failure = match self.streams.failure_of(&name.namespace, &name.name) {
            // It has its row.
            Some(unread) if unread.part == Part::Stream(name.clone()) => return,
            Some(unread) => unread.failure.clone().within("the ImageStream is not known"),
            None => Failure::new(Stage::Read, EntryError::NoStream(name.clone())),
        };
        let name: Arc<str> = name.to_string().into();
        let asker = asker(Arc::clone(&name), None);
        self.fail(&asker, &name, failure);
    }

    fn note_if_empty(&mut self, namespace: &str) {
        let is_known = self.streams.failure_of_namespace(namespace).is_none();
        if is_known && self.streams.of_namespace(namespace).next().is_none() {
            let message = format!("there is no ImageStream in the namespace `{namespace}`");
            self.warn(&asker(namespace.into(), None), "matches-nothing", message);
        }
    }
}

/// Each of `all`, however often it was given.
fn once<T: Eq + Hash>(all: &[T]) -> impl Iterator<Item = &T> {
    let mut known = HashSet::new();
    all.iter().filter(move |one| known.insert(*one))
}

fn of_tag(istag: &IsTag) -> Asker<'static> {
    asker(istag.stream().to_string().into(), Some(Arc::clone(&istag.tag)))
}

fn asker(stream: Arc<str>, tag: Option<Arc<str>>) -> Asker<'static> {
    Asker { origin: Origin::ImageStreamTag { stream, tag }, owner: OWNER, place: None }
}
