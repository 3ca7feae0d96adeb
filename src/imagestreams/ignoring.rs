//! Which sources the configuration file says to leave alone.

use std::cell::Cell;
use std::collections::HashMap;

use super::config::{Config, Ignored, Written};
use super::names::{CLUSTER_REGISTRY, Names};

/// The entries of `ignoredSources`, by what they name. Texts are compared as they are written.
#[derive(Debug)]
pub(super) struct Ignoring<'a> {
    entries: Vec<(&'a Ignored, Cell<bool>)>,
    images: HashMap<&'a str, Vec<usize>>,
    istags: HashMap<String, Vec<usize>>,
    /// What stands before an ImageStream in a pull spec of the cluster's registry.
    registries: Vec<String>,
}

impl<'a> Ignoring<'a> {
    pub(super) fn new(config: Option<&'a Config>, names: &Names) -> Self {
        let entries = config.map_or(&[][..], |config| &config.ignored);
        let mut registries = vec![format!("{CLUSTER_REGISTRY}/"), format!("{}/", names.cluster_host())];
        registries.dedup();
        let (mut images, mut istags) = (HashMap::<_, Vec<_>>::new(), HashMap::<_, Vec<_>>::new());
        for (at, entry) in entries.iter().enumerate() {
            if !entry.source.image.is_empty() {
                images.entry(entry.source.image.as_str()).or_default().push(at);
            }
            if !entry.source.namespace.is_empty() {
                istags.entry(entry.source.istag_text()).or_default().push(at);
            }
        }
        let entries = entries.iter().map(|entry| (entry, Cell::new(false))).collect();
        Self { entries, images, istags, registries }
    }

    /// The entry that names `source`: as an image or as a tag of an ImageStream, and whichever of the two it is.
    pub(super) fn entry_for(&self, source: &Written) -> Option<&'a Ignored> {
        let istag = source.istag_text();
        let pulled = self.registries.iter().map(|registry| format!("{registry}{istag}"));
        let images = pulled.filter_map(|image| self.images.get(image.as_str()));
        let images = images.chain(self.images.get(source.image.as_str()));
        let istags =
            self.registries.iter().filter_map(|registry| source.image.strip_prefix(registry.as_str()));
        let istags = istags.chain([istag.as_str()]).filter_map(|istag| self.istags.get(istag));
        let mut found = None;
        for at in images.chain(istags).flatten() {
            let (entry, used) = &self.entries[*at];
            used.set(true);
            found.get_or_insert(*entry);
        }
        found
    }

    /// The entries that named nothing so far.
    pub(super) fn unused(&self) -> impl Iterator<Item = &'a Ignored> {
        self.entries.iter().filter(|(_, used)| !used.get()).map(|(entry, _)| *entry)
    }
}
