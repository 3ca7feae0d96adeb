//! What became of what is kept between runs.

use std::sync::Arc;

use serde::{Deserialize, Serialize};

/// What was found where the state of earlier runs is kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum StateFound {
    /// It was read.
    Found,
    /// There is none.
    Absent,
    /// It could not be read, or what is there is no state.
    Unreadable,
}

/// What a run did with the state that is kept between runs.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct State {
    /// Where it is kept.
    pub place: Arc<str>,
    /// What was found there.
    pub found: StateFound,
    /// Whether it was written.
    pub written: bool,
    /// How many requests it took; they are in no other sum.
    pub requests: u32,
}
