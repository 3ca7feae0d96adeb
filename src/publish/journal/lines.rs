//! A journal as text: a JSON object a line, with the time at which it was noted.

use std::path::Path;
use std::time::SystemTime;

use serde::{Deserialize, Serialize};

use super::error::JournalError;
use super::event::Event;
use super::story::Story;
use crate::state::time;

/// A line.
#[derive(Debug, Serialize, Deserialize)]
struct Line {
    /// When.
    #[serde(with = "time")]
    at: SystemTime,
    /// What.
    #[serde(flatten)]
    event: Event,
}

/// What a journal holds.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Held {
    /// What its lines come to.
    pub(super) story: Story,
    /// How many bytes the lines have that are whole. What is behind them was cut off when a run was killed: it was about to be
    /// done, and was not, since nothing is done before the whole line is on the disk.
    pub(super) whole: usize,
}

/// What the journal at `path` holds by its `text`.
///
/// # Errors
/// When a line is whole and cannot be read.
pub(super) fn read(path: &Path, text: &[u8]) -> Result<Held, JournalError> {
    let whole = text.iter().rposition(|byte| *byte == b'\n').map_or(0, |last| last + 1);
    let mut story = Story::default();
    for (at, line) in text[..whole].split_inclusive(|byte| *byte == b'\n').enumerate() {
        let line: Line = serde_json::from_slice(line).map_err(|error| JournalError::Line {
            path: path.to_path_buf(),
            line: at + 1,
            what: said(&error),
        })?;
        story.add(&line.event);
    }
    Ok(Held { story, whole })
}

/// The line of `event`, with its end.
pub(super) fn written(at: SystemTime, event: &Event) -> serde_json::Result<Vec<u8>> {
    let mut line = serde_json::to_vec(&Line { at, event: event.clone() })?;
    line.push(b'\n');
    Ok(line)
}

/// What is wrong with a line, but for the number that it has by itself.
fn said(error: &serde_json::Error) -> String {
    error.to_string().split(" at line ").next().unwrap_or_default().to_owned()
}
