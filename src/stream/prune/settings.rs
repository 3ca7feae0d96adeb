//! What is to be kept for how long.

use std::sync::Arc;
use std::time::Duration;

use crate::model::{Key, KeyError};

const DAY: Duration = Duration::from_hours(24);
/// The architectures that are mirrored.
pub const ARCHES: [&str; 4] = ["aarch64", "ppc64le", "s390x", "x86_64"];

/// What is to be kept of a tree although nothing pins it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Policy {
    /// So many of the newest of each architecture and version.
    pub keep_latest: usize,
    /// What has a file that is younger.
    pub min_age: Duration,
}

/// What is to be done.
#[derive(Debug, Clone)]
#[expect(clippy::struct_excessive_bools, reason = "each is a flag of its own")]
pub struct PruneSettings {
    /// The folder in which the architectures are; none: the root of the destination.
    pub root: Option<Key>,
    /// The architectures to look at, by the names of their folders.
    pub arches: Vec<Arc<str>>,
    /// For `rhcos/X.Y/`.
    pub release: Policy,
    /// For `rhcos/pre-release/`.
    pub pre_release: Policy,
    /// Whether directories of releases that are generally available may go too.
    pub include_ga: bool,
    /// So many pins there must be.
    pub min_pins: usize,
    /// Whether there may be far fewer pins than the last time.
    pub accept_pin_drop: bool,
    /// How long a directory must have been one that nothing pins.
    pub grace: Duration,
    /// So many directories may go in one run.
    pub max_delete: usize,
    /// So much of all release directories, from 0 to 1.
    pub max_fraction: f64,
    /// How long what was deleted from a directory on disk is kept aside.
    pub trash_ttl: Duration,
    /// Whether a build that is pinned and not there is a failure.
    pub check: bool,
    /// Whether anything is written and deleted at all.
    pub delete: bool,
}

impl Default for Policy {
    fn default() -> Self {
        Self { keep_latest: 3, min_age: 30 * DAY }
    }
}

impl Default for PruneSettings {
    fn default() -> Self {
        Self {
            root: None,
            arches: ARCHES.map(Arc::from).to_vec(),
            release: Policy::default(),
            pre_release: Policy::default(),
            include_ga: false,
            min_pins: 1,
            accept_pin_drop: false,
            grace: 14 * DAY,
            max_delete: 20,
            max_fraction: 0.25,
            trash_ttl: 7 * DAY,
            check: false,
            delete: false,
        }
    }
}

impl PruneSettings {
    /// The folder of an architecture in which releases are.
    ///
    /// # Errors
    /// When its name could not be one of a folder.
    pub(super) fn folder(&self, arch: &str) -> Result<Key, KeyError> {
        let below = format!("{arch}/dependencies/rhcos");
        match &self.root {
            Some(root) => root.join(&below),
            None => Key::parse(&below),
        }
    }
}
