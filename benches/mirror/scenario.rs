//! What is measured.

use std::time::Duration;

use crate::fewest::Fewest;
use crate::set::Set;

/// Where the images go.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum To {
    /// So many other registries.
    Others(usize),
    /// `new/` of the source.
    Same,
}

/// One thing to measure.
#[derive(Debug, Clone)]
pub struct Scenario<'a> {
    pub id: &'static str,
    pub title: &'static str,
    /// What the source holds.
    pub set: &'a Set,
    /// What the targets hold before a run.
    pub before: Option<&'a Set>,
    pub to: To,
    pub rtt: Duration,
    pub runs: usize,
    pub fewest: Fewest,
    /// A run changes nothing, so that the same registries serve all of them, and the floor has something to say.
    pub is_no_op: bool,
    /// All registries want tokens.
    pub has_tokens: bool,
}
