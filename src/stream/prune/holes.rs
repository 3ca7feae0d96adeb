//! Builds that are pinned and not in the mirror. Pure.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use super::scan::Scan;
use crate::model::Key;
use crate::stream::pins::{Pin, PinSet, canonical};

/// A build that is pinned, and that no complete directory holds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Hole {
    /// The architecture; none: it is pinned for all, and there for none.
    pub(super) arch: Option<Arc<str>>,
    /// The build.
    pub(super) release: Arc<str>,
    /// Who pins it, and what there is of it.
    pub(super) note: String,
}

/// What is missing of `arches`; what is `gone` is not there any more.
pub(super) fn holes(scan: &Scan, pins: &PinSet, arches: &[Arc<str>], gone: &BTreeSet<Key>) -> Vec<Hole> {
    let mut wanted: BTreeMap<(&Option<Arc<str>>, &Arc<str>), &Pin> = BTreeMap::new();
    for pin in pins.iter().filter(|pin| pin.by.is_wanted()) {
        wanted.entry((&pin.arch, &pin.release)).or_insert(pin);
    }
    let is_ours =
        |pin: &Pin| pin.arch.as_deref().is_none_or(|own| arches.iter().any(|arch| canonical(arch) == own));
    wanted.into_values().filter(|pin| is_ours(pin)).filter_map(|pin| hole(scan, pin, gone)).collect()
}

fn hole(scan: &Scan, pin: &Pin, gone: &BTreeSet<Key>) -> Option<Hole> {
    let holds = |directory: &&super::scan::Directory| {
        pin.arch.as_deref().is_none_or(|own| canonical(&directory.arch) == own)
            && (directory.release.as_ref() == Some(&pin.release) || directory.name() == &*pin.release)
    };
    let there: Vec<_> = scan.directories.iter().filter(holds).collect();
    if there.iter().any(|directory| directory.is_complete() && !gone.contains(&directory.key)) {
        return None;
    }
    let state = match there.first() {
        Some(directory) if gone.contains(&directory.key) => {
            format!("; {} was deleted by this run", directory.key)
        }
        Some(directory) => format!("; {} is not complete", directory.key),
        None => String::new(),
    };
    let note = format!("pinned by {}{state}", pin.by);
    Some(Hole { arch: pin.arch.clone(), release: Arc::clone(&pin.release), note })
}
