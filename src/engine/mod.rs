//! Takes entries through the stages: resolve → plan → transfer → verify. (STUB: bodies follow.)
#![allow(missing_docs, clippy::all, clippy::pedantic, unused_variables, dead_code, reason = "stub")]

mod observer;

use std::sync::Arc;

use futures_util::Stream;
use tokio_util::sync::CancellationToken;

pub use observer::{Observer, Silent};

use crate::model::{Batch, Row};
use crate::registry::Client;

/// How a run is to be done.
#[derive(Debug, Clone)]
pub struct Options {
    /// Entries being transferred at a time; it bounds memory, not load.
    pub jobs: usize,
    /// Look, and write nothing.
    pub dry_run: bool,
    /// Write every manifest again and check every blob (implies `verify_content`).
    pub force: bool,
    /// Walk the tree of kept entries and send what is missing.
    pub verify_content: bool,
    /// A source that does not exist is skipped.
    pub skip_missing: bool,
    /// Never mount.
    pub skip_mount: bool,
    /// Only the platforms `os/arch[/variant]` that match.
    pub filter_by_os: Option<regex::Regex>,
}

/// How a run is asked to stop.
#[derive(Debug, Clone, Default)]
pub struct Stop {
    /// No new entry starts.
    pub gently: CancellationToken,
    /// Running entries are given up.
    pub now: CancellationToken,
    /// Whether it was the deadline (else a signal).
    pub deadline: Arc<std::sync::atomic::AtomicBool>,
}

/// One run's engine.
#[derive(Debug)]
pub struct Engine;

impl Engine {
    pub fn new(client: Client, options: Options, observer: Arc<dyn Observer>, stop: Stop) -> Self {
        todo!()
    }
    /// Every entry of every batch ends as exactly one row. Batches are taken as they come; entries of a batch start
    /// at once, without waiting for later batches.
    pub async fn run(&self, batches: impl Stream<Item = Batch> + Send) -> Vec<Row> {
        todo!()
    }
}
