//! `report`: what is done with reports that were written.

use std::path::PathBuf;

use clap::Subcommand;
use serde::Deserialize;

use super::value;

/// `report`.
#[derive(Debug, clap::Args)]
pub struct ReportCommand {
    /// What is done.
    #[command(subcommand)]
    pub action: ReportAction,
}

/// What is done with reports.
#[derive(Debug, Subcommand)]
pub enum ReportAction {
    /// Put the reports of all shards of a run together
    #[command(long_about = MERGE, after_long_help = MERGE_EXAMPLES)]
    Merge(MergeCommand),
}

/// `report merge`.
#[derive(Debug, clap::Args)]
pub struct MergeCommand {
    /// The JSON reports of the shards: files, or globs (quote them: the program expands them)
    #[arg(value_name = "FILE|GLOB", required = true)]
    pub files: Vec<String>,
    /// Where the whole goes.
    #[command(flatten)]
    pub whole: WholeArgs,
}

/// Where the whole goes.
#[derive(Debug, Clone, Default, clap::Args, Deserialize)]
#[serde(default)]
#[command(next_help_heading = "Running")]
pub struct WholeArgs {
    /// Where the report files go (JSON, JUnit, HTML, metrics) [default: none are written]
    #[arg(short = 'o', long, value_name = "DIR")]
    #[serde(deserialize_with = "value::one")]
    pub artifacts: Option<PathBuf>,
}

impl WholeArgs {
    /// What was typed, over `under`.
    #[must_use]
    pub fn over(self, under: Self) -> Self {
        Self { artifacts: self.artifacts.or(under.artifacts) }
    }
}

const MERGE: &str = "\
Put the reports of all shards of a run together.

Prints the summary and writes the report files that one run over the whole mapping set would have \
written: the rows of all shards, their costs added up. The reports must be of one run: of the same command, \
the same mapping files and the same number of shards, each shard once.";

const MERGE_EXAMPLES: &str = "\
Examples:
  image-mirror report merge '/artifacts/image-mirror-report-*.json'
  image-mirror report merge -o whole report-0-of-2.json report-1-of-2.json

Exit codes:
  0  one run over the whole set would have exited with 0
  1  one run over the whole set would have exited with 1
  2  a file is no report, or they are not of one run: nothing was written
  3  a shard has no report, or was not finished; what is there is reported";
