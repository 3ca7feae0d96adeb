//! All that was asked for, by flags and by the configuration file, and which ImageStreams that takes.

use std::collections::BTreeSet;
use std::sync::Arc;

use super::config::{Config, Supplemental, ToCluster};
use super::ignoring::Ignoring;
use super::names::Names;
use super::selection::{IsTag, Selection, StreamName};

/// Everything that was asked for.
#[derive(Debug, Clone)]
pub struct Asked {
    /// The configuration file, if one was named.
    pub config: Option<Config>,
    /// What the flags pick.
    pub selection: Selection,
    /// Where images are and what they are called.
    pub names: Names,
}

/// Which ImageStreams must be read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Needed {
    /// All of the cluster.
    All,
    /// These.
    Only {
        /// All of these namespaces.
        namespaces: BTreeSet<Arc<str>>,
        /// And these, of other namespaces.
        streams: BTreeSet<StreamName>,
    },
}

impl Asked {
    /// The ImageStreams that [`wish`](super::wish) has to know. The sources of entries that are ignored are none of them.
    #[must_use]
    pub fn needed(&self) -> Needed {
        if self.selection.all_namespaces {
            return Needed::All;
        }
        let Selection { namespaces, streams, tags, .. } = &self.selection;
        let mut namespaces: BTreeSet<Arc<str>> = namespaces.iter().map(|one| Arc::clone(&one.0)).collect();
        namespaces.extend(
            self.config.iter().flat_map(|config| &config.art).map(|rule| Arc::clone(&rule.namespace)),
        );
        let ignoring = Ignoring::new(self.config.as_ref(), &self.names);
        let supplemental = self.supplemental(&ignoring).filter_map(|entry| entry.source.istag());
        let tags = tags.iter().map(IsTag::stream).chain(supplemental.map(|istag| istag.stream()));
        let streams = streams.iter().cloned().chain(tags);
        let streams = streams.filter(|stream| !namespaces.contains(&stream.namespace)).collect();
        Needed::Only { namespaces, streams }
    }

    /// The entries of `supplementalCIImages` whose sources are not ignored.
    pub(super) fn supplemental(&self, ignoring: &Ignoring<'_>) -> impl Iterator<Item = &Supplemental> {
        let entries = self.config.iter().flat_map(|config| &config.supplemental);
        entries.filter(|entry| ignoring.entry_for(&entry.source).is_none())
    }

    /// The entries of `qciToAppCIImages` whose sources are not ignored.
    pub(super) fn to_cluster(&self, ignoring: &Ignoring<'_>) -> impl Iterator<Item = &ToCluster> {
        let entries = self.config.iter().flat_map(|config| &config.to_cluster);
        entries.filter(|entry| ignoring.entry_for(&entry.source()).is_none())
    }
}

impl Needed {
    /// Whether no ImageStream is needed.
    #[must_use]
    pub fn is_nothing(&self) -> bool {
        matches!(self, Self::Only { namespaces, streams } if namespaces.is_empty() && streams.is_empty())
    }

    /// Whether the ImageStream of that name is among them.
    #[must_use]
    pub fn includes(&self, name: &StreamName) -> bool {
        match self {
            Self::All => true,
            Self::Only { namespaces, streams } => {
                namespaces.contains(&name.namespace) || streams.contains(name)
            }
        }
    }
}
