//! Deletes release directories that nothing pins any more, after a while, and never one that is pinned.
//!
//! 1. [`scan`]: which directories there are, and what is none.
//! 2. [`judge`]: what each of them is; pure.
//! 3. [`plan`]: which are marked, which were marked for long enough to go, and whether so many may; pure.
//! 4. `sweep`: reads the pins again before each directory, and deletes it.
//!
//! What decides is the listing, the pins, the tombstones and the time that is handed in, so that a dry run says what a run
//! would do.

mod delete;
mod folders;
mod holes;
pub mod judge;
pub mod plan;
mod refused;
mod rows;
mod run;
pub mod scan;
mod settings;
mod sweep;

pub use refused::{Refused, Unable};
pub use run::prune;
pub use settings::{ARCHES, Policy, PruneSettings};

use crate::model::Row;

/// What became of it.
#[derive(Debug)]
pub struct Pruned {
    /// One for each directory, and one for each build that is pinned and not there.
    pub rows: Vec<Row>,
    /// What is to be said of the whole.
    pub verdict: Verdict,
    /// Files of old commits that were passed over since they are no stream files.
    pub ignored: usize,
}

/// What is to be said of the whole run.
#[derive(Debug)]
pub enum Verdict {
    /// What its rows say.
    AsRowsSay,
    /// It was not safe to delete anything, or anything more.
    Refused(Refused),
    /// The destination did not let it be known what there is, so nothing was done.
    Unable(Unable),
}
