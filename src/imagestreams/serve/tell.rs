//! What a resident service says in its log, where a run has a report.

use crate::model::{Finding, Outcome, Row};
use crate::report;

/// Says why an entry is not mirrored.
pub(super) fn complain(row: &Row) {
    if matches!(row.outcome, Outcome::Skipped(_)) {
        tracing::debug!("{}", report::failure_line(row));
    } else {
        let help = report::help(row).unwrap_or_default();
        tracing::error!("{}; {help}", report::failure_line(row));
    }
}

/// Says what is wrong or odd, in one line.
pub(super) fn tell(finding: &Finding) {
    let place = match finding.line() {
        0 => finding.file.to_string(),
        line => format!("{}:{line}", finding.file),
    };
    let hint = finding.hint.as_ref().map(|hint| format!("; {hint}")).unwrap_or_default();
    if finding.is_error() {
        tracing::error!("{place}: {finding}{hint}");
    } else {
        tracing::warn!("{place}: {finding}{hint}");
    }
}
