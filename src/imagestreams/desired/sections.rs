//! What the sections of the configuration file ask for.

use std::sync::Arc;

use super::drafts::{Asker, Drafts};
use super::source::of_image;
use crate::imagestreams::asked::Asked;
use crate::imagestreams::config::{ArtRule, Config, Supplemental, ToCluster, Written};
use crate::imagestreams::selection::IsTag;
use crate::imagestreams::stream::ImageStream;
use crate::imagestreams::streams::Part;
use crate::model::{Origin, Span};

impl<'a> Drafts<'a> {
    /// All of them.
    pub(super) fn sections(&mut self) {
        let all: &'a Asked = self.asked;
        let Some(config) = &all.config else { return };
        for entry in &config.supplemental {
            self.supplemental(config, entry);
        }
        for rule in &config.art {
            self.art_rule(config, rule);
        }
        for entry in &config.to_cluster {
            self.back_to_cluster(config, entry);
        }
        if !self.streams.failures().is_empty() {
            config.art.iter().for_each(|rule| self.possible(config, rule));
        }
    }

    fn supplemental(&mut self, config: &Config, entry: &Supplemental) {
        let asker = asker(config, &entry.place, "supplementalCIImages");
        if let Some(ignored) = self.ignoring.entry_for(&entry.source) {
            let ends = (entry.source.to_string(), self.asked.names.shown(&entry.target));
            return self.leave(&asker, ends, ignored);
        }
        let found = match entry.source.istag() {
            Some(istag) => self.named(&istag),
            None => of_image(&entry.source.image),
        };
        self.want_in_target(&asker, &entry.target, found);
    }

    fn back_to_cluster(&mut self, config: &Config, entry: &ToCluster) {
        let asker = asker(config, &entry.place, "qciToAppCIImages");
        if let Some(ignored) = self.ignoring.entry_for(&entry.source()) {
            let ends = (entry.source().to_string(), self.asked.names.shown_in_cluster(&entry.target));
            return self.leave(&asker, ends, ignored);
        }
        self.want_in_cluster(&asker, &entry.target, of_image(&entry.image));
    }

    /// What the rule may ask for that other entries may contradict: of an ImageStream that could not be read nobody knows.
    fn possible(&mut self, config: &'a Config, rule: &ArtRule) {
        let asker = asker(config, &rule.place, "artImages");
        let keys = config.supplemental.iter().map(|entry| &entry.target);
        for key in keys.chain(config.to_cluster.iter().map(|entry| &entry.target)) {
            let is_known = self.streams.get(&key.namespace, &key.name).is_some();
            let Some(unread) = self.streams.failure_of(&key.namespace, &key.name) else { continue };
            if !is_known && rule.finds(key) && self.ignoring.entry_for(&Written::from(key)).is_none() {
                self.may_want_in_target(&asker, key, unread.failure.clone());
            }
        }
    }

    fn art_rule(&mut self, config: &Config, rule: &ArtRule) {
        let asker = asker(config, &rule.place, "artImages");
        let streams = self.streams;
        let mut matched = self.unread_of_rule(&asker, rule);
        for stream in streams.of_namespace(&rule.namespace).filter(|stream| rule.name.is_match(&stream.name))
        {
            for tag in &stream.tags {
                let istag = istag_of(stream, &tag.name);
                if !rule.finds(&istag) {
                    continue;
                }
                matched = true;
                let ignored = self.ignoring.entry_for(&Written::from(&istag));
                if !self.seen.insert(istag.clone()) {
                    continue;
                }
                if let Some(ignored) = ignored {
                    self.leave_tag(&asker, &istag, ignored);
                    continue;
                }
                let found = self.picked_tag(&istag, stream, tag);
                self.want_in_target(&asker, &istag, found);
            }
        }
        if !matched {
            let message = format!("this rule matches no tag of any ImageStream in `{}`", rule.namespace);
            self.warn(&asker, "matches-nothing", message);
        }
    }

    /// A row for each ImageStream of the rule that could not be read, or for all of them; whether there was any.
    fn unread_of_rule(&mut self, asker: &Asker<'_>, rule: &ArtRule) -> bool {
        let streams = self.streams;
        let mut found = false;
        for unread in streams.failures() {
            let is_meant = match &unread.part {
                Part::All => true,
                Part::Namespace(namespace) => *namespace == rule.namespace,
                Part::Stream(stream) => {
                    stream.namespace == rule.namespace && rule.name.is_match(&stream.name)
                }
                Part::Unnamed(_) => false,
            };
            if is_meant {
                found = true;
                let failure = unread.failure.clone().within("not all that the rule may match is known");
                self.fail(asker, &unread.part.described(), failure);
            }
        }
        found
    }
}

/// A tag of a stream.
pub(super) fn istag_of(stream: &ImageStream, tag: &Arc<str>) -> IsTag {
    let (namespace, name) = (Arc::clone(&stream.namespace), Arc::clone(&stream.name));
    IsTag { namespace, name, tag: Arc::clone(tag) }
}

fn asker<'c>(config: &Config, place: &'c Span, section: &'static str) -> Asker<'c> {
    let origin = Origin::Line { file: Arc::clone(&config.file), line: place.line };
    Asker { origin, owner: section, place: Some(place) }
}
