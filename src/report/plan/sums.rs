//! What a plan comes to, as one line.

use std::collections::BTreeSet;

use super::entries::removed;
use crate::model::{Locator, Outcome, Presence, Row};
use crate::report::Report;
use crate::report::words::{bytes, clean, number};

/// What would happen, in numbers.
pub(super) fn sums(report: &Report) -> String {
    let planned = |row: &&Row| matches!(row.outcome, Outcome::Planned(reason) if reason.copies());
    let (moves, first): (Vec<&Row>, Vec<&Row>) =
        report.rows.iter().filter(planned).partition(|row| row.previous.is_some());
    let sum = first.iter().fold(0_u64, |sum, row| sum.saturating_add(row.moved.bytes.copied));
    let kept = report.rows.iter().filter(|row| matches!(row.outcome, Outcome::Kept)).count();
    let mut parts = vec![
        count(moves.len(), "tag moves", "tags move"),
        format!("{} ({})", count(first.len(), "first copy", "first copies"), bytes(sum)),
        count(repositories(report, Presence::New).len(), "new repository", "new repositories"),
        format!("{} unchanged", number(kept as u64)),
    ];
    let untold = repositories(report, Presence::Untold).len();
    if untold > 0 {
        parts.push(format!(
            "{} of which nobody says whether it exists",
            count(untold, "repository", "repositories")
        ));
    }
    if report.compared.is_some() {
        let gone = removed(report).filter(|former| former.now.is_none()).count();
        parts.push(format!("{} removed", count(gone, "line", "lines")));
    }
    parts.join(", ")
}

/// The repositories that would be made, by name.
pub(super) fn new_repositories(report: &Report) -> BTreeSet<String> {
    repositories(report, Presence::New)
}

/// What is told of files whose lines are as they were in another file.
pub(super) fn relocated(report: &Report) -> impl Iterator<Item = String> {
    report.compared.iter().flat_map(|compared| &compared.relocated).map(|relocated| {
        let lines = count(relocated.count, "line is as it was", "lines are as they were");
        format!("{lines}, now in {} instead of {}", clean(&relocated.to), clean(&relocated.from))
    })
}

fn repositories(report: &Report, presence: Presence) -> BTreeSet<String> {
    let is_so = |row: &&Row| row.foreseen.is_some_and(|foreseen| foreseen.repository == Some(presence));
    let name = |row: &Row| match &row.target {
        Locator::Image(image) => image.repository.to_string(),
        other => clean(&other.to_string()),
    };
    report.rows.iter().filter(is_so).map(name).collect()
}

fn count(count: usize, one: &str, many: &str) -> String {
    format!("{} {}", number(count as u64), if count == 1 { one } else { many })
}
