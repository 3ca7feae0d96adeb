//! Reports: given out at the end of a run, and put together from those of its shards.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use tokio::time::Instant;

use super::args::PlanFormat;
use super::exit::Exit;
use super::output::Output;
use super::settings::Merge;
use crate::error::Chain;
use crate::model::{Compared, Row, State, Wire};
use crate::report::{self, MergeError, Merged, Part, ReadError, Report};

/// Why reports cannot be put together.
#[derive(Debug, thiserror::Error)]
enum NothingMerged {
    #[error("`{name}` is no pattern")]
    Pattern { name: String, source: glob::PatternError },
    #[error(
        "no file is called `{name}`; name the reports of the shards, `image-mirror-report.json` each, or a quoted glob"
    )]
    Nothing { name: String },
    #[error("cannot read `{name}`")]
    File { name: String, source: io::Error },
    #[error("cannot take in `{name}`")]
    Report { name: String, source: ReadError },
    #[error(transparent)]
    Merge(#[from] MergeError),
}

/// Puts the reports of shards together, as `settings` say.
pub(super) fn merge(settings: &Merge, output: &Output) -> Exit {
    let merged = read_all(&settings.files).and_then(|parts| Ok(report::merge(parts)?));
    let Merged { mut report, exit_codes, missing } = match merged {
        Ok(merged) => merged,
        Err(error) => return output.refuse(&error),
    };
    let mut exit = exit_codes.into_iter().filter_map(Exit::of_code).fold(Exit::of(&report.rows), Exit::or);
    if !missing.is_empty() {
        let missing: Vec<String> = missing.iter().map(u32::to_string).collect();
        let shards = missing.join(", ");
        tracing::error!("there is no report of shard {shards}: what became of its entries is not known");
        exit = exit.or(Exit::Unfinished);
    }
    report.exit_code = exit.code();
    give_out(report, exit, settings.artifacts.as_deref(), output)
}

fn read_all(names: &[String]) -> Result<Vec<(String, Report)>, NothingMerged> {
    let mut parts = Vec::new();
    for name in names {
        for path in paths(name)? {
            let name = path.display().to_string();
            let report = match fs::read(&path) {
                Ok(bytes) => report::read(&bytes),
                Err(source) => return Err(NothingMerged::File { name, source }),
            };
            match report {
                Ok(report) => parts.push((name, report)),
                Err(source) => return Err(NothingMerged::Report { name, source }),
            }
        }
    }
    Ok(parts)
}

/// The files that a word stands for: the one of this name, else all that it matches.
fn paths(name: &str) -> Result<Vec<PathBuf>, NothingMerged> {
    if Path::new(name).exists() {
        return Ok(vec![name.into()]);
    }
    let found =
        glob::glob(name).map_err(|source| NothingMerged::Pattern { name: name.to_owned(), source })?;
    let found: Vec<PathBuf> = found
        .map(|path| path.map_err(|error| NothingMerged::File { name: name.to_owned(), source: error.into() }))
        .collect::<Result<_, _>>()?;
    if found.is_empty() { Err(NothingMerged::Nothing { name: name.to_owned() }) } else { Ok(found) }
}

/// When a command began.
#[derive(Debug, Clone, Copy)]
pub(super) struct Began {
    pub(super) at: SystemTime,
    pub(super) clock: Instant,
}

impl Began {
    /// Now.
    pub(super) fn now() -> Self {
        Self { at: SystemTime::now(), clock: Instant::now() }
    }

    /// The name of this run, which no other has: in containers many have the same number, and begin in the same second.
    pub(super) fn run(self) -> String {
        format!("{}-{}", humantime::format_rfc3339_nanos(self.at), std::process::id())
    }
}

/// What a command came to.
pub(super) struct Ended {
    pub(super) command: &'static str,
    pub(super) dry_run: bool,
    pub(super) began: Began,
    pub(super) part: Option<Part>,
    pub(super) rows: Vec<Row>,
    pub(super) wire: Wire,
    /// What it exits with, as far as its rows and its question go.
    pub(super) exit: Exit,
    /// What became of the state that is kept between runs, if one is.
    pub(super) state: Option<State>,
}

/// Ends a command that made rows: progress gives way to the report.
pub(super) fn conclude(ended: Ended, artifacts: Option<&Path>, output: &Output) -> Exit {
    let (report, exit) = report_of(ended, None, output);
    give_out(report, exit, artifacts, output)
}

/// As [`conclude`], for a plan: it is printed for those who review it.
pub(super) fn conclude_plan(
    ended: Ended,
    compared: Option<Compared>,
    format: PlanFormat,
    artifacts: Option<&Path>,
    output: &Output,
) -> Exit {
    let (report, exit) = report_of(ended, compared, output);
    let print = |report: &Report| match format {
        PlanFormat::Text => report::plan_text(report, output.width(), output.has_colors()),
        PlanFormat::Markdown => report::markdown(report),
    };
    give_out_as(report, exit, artifacts, (output, &print))
}

fn report_of(ended: Ended, compared: Option<Compared>, output: &Output) -> (Report, Exit) {
    let Ended { command, dry_run, began, part, rows, wire, exit, state } = ended;
    output.progress().clear();
    output.progress().sum_up();
    let report = Report {
        command: command.to_owned(),
        dry_run,
        started: began.at,
        elapsed: began.clock.elapsed(),
        exit_code: exit.code(),
        unwritten: false,
        part,
        compared,
        rows,
        wire,
        state,
    };
    (report, exit)
}

/// Gives a report out, on stdout and in the artifacts directory; `exit` is what the run came to.
fn give_out(report: Report, exit: Exit, artifacts: Option<&Path>, output: &Output) -> Exit {
    let print = |report: &Report| report::text(report, output.width(), output.has_colors());
    give_out_as(report, exit, artifacts, (output, &print))
}

fn give_out_as(
    mut report: Report,
    exit: Exit,
    artifacts: Option<&Path>,
    (output, print): (&Output, &dyn Fn(&Report) -> String),
) -> Exit {
    let written = artifacts.map_or(Exit::AsDesired, |directory| write(&report, directory));
    let exit = exit.or(written);
    (report.exit_code, report.unwritten) = (exit.code(), written != Exit::AsDesired);
    exit.or(output.data(&print(&report)))
}

fn write(report: &Report, directory: &Path) -> Exit {
    match report::write_artifacts(report, directory) {
        Ok(files) => {
            tracing::debug!(files = files.len(), "wrote the report to {}", directory.display());
            Exit::AsDesired
        }
        Err(error) => {
            tracing::error!("{}", Chain(&error));
            Exit::Failed
        }
    }
}
