//! Renders what became of a run's entries: text, JSON, JUnit, HTML and metrics, all from the same rows.
//!
//! It decides nothing: outcomes, classes and the exit code come from those who made the rows.
//! `docs/report-format.md` describes each format for those who read them.

mod advice;
mod causes;
mod files;
mod freshness;
mod group;
mod html;
mod json;
mod junit;
mod merge;
mod metrics;
mod part;
mod plan;
mod read;
mod text;
mod totals;
mod words;

use std::io;
use std::time::{Duration, SystemTime};

pub use advice::advice;
pub use causes::{Gathered, gather};
pub(crate) use files::replace;
pub use files::{
    ArtifactError, HTML_FILE, JSON_FILE, JUNIT_FILE, METRICS_FILE, RenderError, write_artifacts,
};
pub use html::html;
pub use json::{json, write_json};
pub use junit::{junit, write_junit};
pub use merge::{MergeError, Merged, merge};
pub use metrics::metrics;
pub use part::Part;
pub use plan::{markdown, plan_text};
pub use read::{ReadError, read};
pub use text::text;
pub use totals::{Counts, Totals};
pub use words::{bytes, clean, failure_line, help, name, number, place};

use crate::model::{Compared, Row, State, Wire};

/// What `write` writes, as a text.
fn text_of(write: impl FnOnce(&mut dyn io::Write) -> io::Result<()>) -> Result<String, RenderError> {
    let mut bytes = Vec::new();
    write(&mut bytes).map_err(RenderError::new)?;
    String::from_utf8(bytes).map_err(RenderError::new)
}

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
    /// Whether its files could not all be written.
    pub unwritten: bool,
    /// Which part of a whole this is; none: all of it.
    pub part: Option<Part>,
    /// What the files are compared with; none: all of their lines are looked at.
    pub compared: Option<Compared>,
    /// One row an entry.
    pub rows: Vec<Row>,
    /// What went over the wire.
    pub wire: Wire,
    /// What became of the state that is kept between runs; none: none is kept.
    pub state: Option<State>,
}

impl Report {
    /// The sums over all rows.
    #[must_use]
    pub fn totals(&self) -> Totals {
        Totals::of(&self.rows)
    }

    /// When it ended.
    fn ended(&self) -> SystemTime {
        self.started + self.elapsed
    }

    /// The rows by file and line, so that two reports of one set of files can be compared.
    fn sorted(&self) -> Vec<&Row> {
        let mut rows: Vec<&Row> = self.rows.iter().collect();
        // Targets are asked for only within a line: a name for each row would weigh as much as the rows.
        rows.sort_by(|one, other| {
            let by_target = || one.target.to_string().cmp(&other.target.to_string());
            one.origin.cmp(&other.origin).then_with(by_target)
        });
        rows
    }
}
