//! What the flags pick.

use std::collections::HashSet;
use std::hash::Hash;
use std::sync::Arc;

use super::EntryError;
use super::drafts::{Asker, Drafts};
use super::sections::istag_of;
use crate::error::{Failure, Stage};
use crate::imagestreams::asked::Asked;
use crate::imagestreams::config::Written;
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
            if self.may_pick(istag, &taken) {
                let found = self.named(istag);
                self.want_in_target(&of_tag(istag), istag, found);
                self.seen.insert(istag.clone());
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

    /// Whether the flags may pick `istag`.
    fn may_pick(&self, istag: &IsTag, taken: &HashSet<&IsTag>) -> bool {
        let is_ignored = self.ignoring.names(&Written::from(istag));
        !is_ignored && !taken.contains(istag) && !self.asked.selection.excludes(istag)
    }

    fn all_of(&mut self, stream: &ImageStream, taken: &HashSet<&IsTag>) {
        for tag in &stream.tags {
            let istag = istag_of(stream, &tag.name);
            if self.may_pick(&istag, taken) && self.seen.insert(istag.clone()) {
                let found = self.picked_tag(&istag, stream, tag);
                self.want_in_target(&of_tag(&istag), &istag, found);
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
