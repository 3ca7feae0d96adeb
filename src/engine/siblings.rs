//! Entries of one source that go to several registries are moved together, so that what they share is read once.

use std::collections::{HashMap, HashSet};

use super::Planned;
use crate::model::{Desired, Endpoint, Host};

/// Entries that are moved together.
pub(super) type Group = Vec<Box<Planned>>;

/// The sources of a run that go to several registries.
#[derive(Debug, Default)]
pub(super) struct Siblings(HashMap<Endpoint, Gathering>);

/// The entries of one source.
#[derive(Debug, Default)]
struct Gathering {
    /// How many are still to be looked at.
    ahead: usize,
    /// Those that are to be moved.
    planned: Group,
}

impl Siblings {
    /// Takes note of `entries` and puts those of one source next to each other where they are moved together, in
    /// the order in which the first of them came.
    pub(super) fn note(&mut self, entries: Vec<Desired>) -> Vec<Desired> {
        let hosts: HashSet<&Host> = entries.iter().filter_map(|entry| entry.target.host()).collect();
        if hosts.len() < 2 {
            return entries;
        }
        let places = places(&entries);
        for entry in entries.iter().filter(|entry| places.contains_key(&entry.source)) {
            self.0.entry(entry.source.clone()).or_default().ahead += 1;
        }
        let stands =
            |(at, entry): (usize, Desired)| (places.get(&entry.source).copied().unwrap_or(at), entry);
        let mut sorted: Vec<_> = entries.into_iter().enumerate().map(stands).collect();
        sorted.sort_by_key(|(at, _)| *at);
        sorted.into_iter().map(|(_, entry)| entry).collect()
    }

    /// An entry of `source` was looked at and is to be moved, or has ended. Gives those that may be moved now.
    pub(super) fn looked(&mut self, source: &Endpoint, planned: Option<Box<Planned>>) -> Group {
        let Some(gathering) = self.0.get_mut(source) else { return planned.into_iter().collect() };
        gathering.planned.extend(planned);
        gathering.ahead = gathering.ahead.saturating_sub(1);
        if gathering.ahead > 0 {
            return Group::new();
        }
        self.0.remove(source).map(|gathering| gathering.planned).unwrap_or_default()
    }

    /// Gives up waiting: all that were to be moved.
    pub(super) fn take(&mut self) -> impl Iterator<Item = Box<Planned>> {
        std::mem::take(&mut self.0).into_values().flat_map(|gathering| gathering.planned)
    }

    /// Whether there are sources of which not all entries were looked at.
    pub(super) fn are_waiting(&self) -> bool {
        !self.0.is_empty()
    }
}

/// Where the first entry stands of each source that goes to several registries.
fn places(entries: &[Desired]) -> HashMap<Endpoint, usize> {
    let mut sources: HashMap<&Endpoint, (usize, HashSet<&Host>)> = HashMap::new();
    for (at, entry) in entries.iter().enumerate() {
        let (_, hosts) = sources.entry(&entry.source).or_insert_with(|| (at, HashSet::new()));
        hosts.extend(entry.target.host());
    }
    let several = sources.into_iter().filter(|(_, (_, hosts))| hosts.len() > 1);
    several.map(|(source, (at, _))| (source.clone(), at)).collect()
}
