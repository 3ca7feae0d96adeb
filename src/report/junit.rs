//! The report for Prow's page: a suite a mapping file, a case an entry.
//!
//! A case that was not finished is a failure too, since not every reader of JUnit shows `<error>`.

use std::collections::BTreeMap;

use quick_junit::{NonSuccessKind, TestCase, TestCaseStatus, TestSuite};

use crate::model::{Outcome, Row};

use super::words::{change, help, moved, name, place, verdict};
use super::{RenderError, Report};

/// Renders the report as JUnit XML; characters that XML does not allow are left out.
///
/// # Errors
/// When the XML cannot be written.
pub fn junit(report: &Report) -> Result<String, RenderError> {
    let mut suites: BTreeMap<String, TestSuite> = BTreeMap::new();
    for row in report.sorted() {
        let file = place(&row.origin).1;
        let suite = suites.entry(file.clone()).or_insert_with(|| TestSuite::new(file));
        suite.add_test_case(case(row));
    }
    let mut document = quick_junit::Report::new("image-mirror");
    document.set_time(report.elapsed);
    document.add_test_suites(suites.into_values());
    document.to_string().map_err(RenderError::new)
}

fn case(row: &Row) -> TestCase {
    let (place, file) = place(&row.origin);
    let name = format!("{} <- {} ({place})", name(&row.target), name(&row.source));
    let mut case = TestCase::new(name, status(row));
    case.set_classname(file).set_time(row.elapsed);
    if let Some(out) = output(row) {
        case.set_system_out(out);
    }
    case
}

fn status(row: &Row) -> TestCaseStatus {
    let verdict = verdict(row).unwrap_or_default();
    let kind = match &row.outcome {
        Outcome::Failed(failure) => format!("{}/{}", failure.stage, failure.class),
        Outcome::Refused(_) | Outcome::Unfinished(_) => row.outcome.word().to_owned(),
        Outcome::Skipped(_) => {
            let mut status = TestCaseStatus::skipped();
            status.set_message(verdict);
            return status;
        }
        Outcome::Kept | Outcome::Copied(_) | Outcome::Planned(_) | Outcome::Updated(_) | Outcome::Deleted => {
            return TestCaseStatus::success();
        }
    };
    let mut status = TestCaseStatus::non_success(NonSuccessKind::Failure);
    let owner = row.owner.as_deref().unwrap_or("nobody is named");
    let body = format!("{verdict}\n\nhelp: {}\nowner: {owner}", help(row).unwrap_or_default());
    status.set_message(verdict).set_type(kind).set_description(body);
    status
}

fn output(row: &Row) -> Option<String> {
    let what = match &row.outcome {
        Outcome::Planned(_) => "would be copied",
        Outcome::Copied(_) => "copied",
        Outcome::Updated(_) => "updated",
        _ => return None,
    };
    let reason = verdict(row).unwrap_or_default();
    Some(format!("{what} ({reason}): {}, {}", change(row), moved(row)))
}
