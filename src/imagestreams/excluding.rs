//! What the flags say not to pick.

use std::cell::Cell;

use super::selection::{Exclusion, IsTag, Selection};

/// The exclusions of a selection.
#[derive(Debug)]
pub(super) struct Excluding<'a>(Vec<(&'a Exclusion, Cell<bool>)>);

impl<'a> Excluding<'a> {
    pub(super) fn new(selection: &'a Selection) -> Self {
        Self(selection.exclude.iter().map(|exclusion| (exclusion, Cell::new(false))).collect())
    }

    /// Whether any of them is about `istag`, which would be picked.
    pub(super) fn names(&self, istag: &IsTag) -> bool {
        let about = self.0.iter().filter(|(exclusion, _)| exclusion.covers(istag));
        about.map(|(_, used)| used.set(true)).count() > 0
    }

    /// Those that were about nothing so far.
    pub(super) fn unused(&self) -> impl Iterator<Item = &'a Exclusion> {
        self.0.iter().filter(|(_, used)| !used.get()).map(|(exclusion, _)| *exclusion)
    }
}
