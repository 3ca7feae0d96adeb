//! The report for programs: a versioned contract, described by `docs/report.schema.json`.

use serde::Serialize;

use crate::error::{Class, Stage};
use crate::model::{Bytes, Digest, Origin, Outcome, Requests, Row};

use super::totals::Counts;
use super::words::{name, reason};
use super::{RenderError, Report};

/// Raised when a reader of the old form would misread the new one; fields may be added without it
/// only together with the schema.
const VERSION: u32 = 1;

#[derive(Serialize)]
struct Document<'a> {
    version: u32,
    command: &'a str,
    dry_run: bool,
    started: String,
    elapsed_seconds: f64,
    exit_code: u8,
    rows: Vec<RowFields<'a>>,
    totals: TotalFields,
}

#[derive(Serialize)]
struct RowFields<'a> {
    origin: &'a Origin,
    owner: Option<&'a str>,
    source: String,
    target: String,
    digest: Option<&'a Digest>,
    previous: Option<&'a Digest>,
    outcome: &'static str,
    reason: Option<String>,
    stage: Option<Stage>,
    class: Option<Class>,
    attempts: u32,
    bytes: Bytes,
    requests: u32,
    elapsed_seconds: f64,
}

#[derive(Serialize)]
struct TotalFields {
    #[serde(flatten)]
    counts: Counts,
    bytes: Bytes,
    wire: WireFields,
    requests: Requests,
}

#[derive(Serialize)]
struct WireFields {
    received: u64,
    sent: u64,
}

impl<'a> RowFields<'a> {
    fn of(row: &'a Row) -> Self {
        let failure = match &row.outcome {
            Outcome::Failed(failure) => Some(failure),
            _ => None,
        };
        Self {
            origin: &row.origin,
            owner: row.owner.as_deref(),
            source: name(&row.source),
            target: name(&row.target),
            digest: row.digest.as_ref(),
            previous: row.previous.as_ref(),
            outcome: row.outcome.word(),
            reason: reason(row),
            stage: failure.map(|failure| failure.stage),
            class: failure.map(|failure| failure.class),
            attempts: row.attempts,
            bytes: row.moved.bytes,
            requests: row.moved.requests,
            elapsed_seconds: seconds(row.elapsed),
        }
    }
}

/// Renders the report as JSON, one object, ending in a newline.
///
/// # Errors
/// When a value has no form in JSON; none of today's values is such.
pub fn json(report: &Report) -> Result<String, RenderError> {
    let totals = report.totals();
    let wire = report.wire;
    let document = Document {
        version: VERSION,
        command: &report.command,
        dry_run: report.dry_run,
        started: humantime::format_rfc3339_seconds(report.started).to_string(),
        elapsed_seconds: seconds(report.elapsed),
        exit_code: report.exit_code,
        rows: report.sorted().into_iter().map(RowFields::of).collect(),
        totals: TotalFields {
            counts: totals.counts,
            bytes: totals.bytes,
            wire: WireFields { received: wire.received, sent: wire.sent },
            requests: wire.requests,
        },
    };
    let mut text = serde_json::to_string_pretty(&document).map_err(RenderError::new)?;
    text.push('\n');
    Ok(text)
}

/// Seconds with milliseconds: more digits would say more than was measured.
fn seconds(elapsed: std::time::Duration) -> f64 {
    (elapsed.as_secs_f64() * 1000.0).round() / 1000.0
}
