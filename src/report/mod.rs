//! Renders rows; decides nothing. (STUB: bodies follow.)

use std::time::{Duration, SystemTime};

use crate::model::{Row, Wire};

/// What there is to report of a run.
#[derive(Debug, Clone)]
pub struct Report {
    /// The command, as typed: `run`, `plan`, ….
    pub command: String,
    /// Whether nothing was to be written.
    pub dry_run: bool,
    /// When the run began.
    pub started: SystemTime,
    /// How long it took.
    pub elapsed: Duration,
    /// What the program exits with.
    pub exit_code: u8,
    /// One row an entry.
    pub rows: Vec<Row>,
    /// What went over the wire.
    pub wire: Wire,
}
