//! Entries of one source that go to several registries are moved together, so that what they share is read once.

use std::collections::{HashMap, HashSet};

use super::Planned;
use super::store::{Place, Store};
use crate::model::{Desired, Endpoint};

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
        let mut registries: HashMap<&Endpoint, HashSet<Place>> = HashMap::new();
        let all: HashSet<Place> = entries.iter().map(|entry| Store::registry_of(&entry.target)).collect();
        if all.len() < 2 {
            return entries;
        }
        for entry in &entries {
            registries.entry(&entry.source).or_default().insert(Store::registry_of(&entry.target));
        }
        registries.retain(|_, registries| registries.len() > 1);
        let several: HashSet<Endpoint> = registries.into_keys().cloned().collect();
        let mut places: HashMap<Endpoint, usize> = HashMap::new();
        let mut order: Vec<Vec<Desired>> = Vec::with_capacity(entries.len());
        for entry in entries {
            if !several.contains(&entry.source) {
                order.push(vec![entry]);
                continue;
            }
            self.0.entry(entry.source.clone()).or_default().ahead += 1;
            let at = *places.entry(entry.source.clone()).or_insert(order.len());
            match order.get_mut(at) {
                Some(siblings) => siblings.push(entry),
                None => order.push(vec![entry]),
            }
        }
        order.into_iter().flatten().collect()
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

    /// Whether entries wait for their siblings.
    pub(super) fn are_waiting(&self) -> bool {
        self.0.values().any(|gathering| !gathering.planned.is_empty())
    }
}
