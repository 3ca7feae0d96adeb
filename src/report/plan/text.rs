//! The diff in a terminal or a log.

use std::fmt::Write as _;

use super::entries::{change, dates, files, former, further, old_place, repository, sign, size};
use super::sums::{new_repositories, relocated, sums};
use crate::model::{Former, Row};
use crate::report::Report;
use crate::report::words::{name, place};

/// What would move, file by file, and what it comes to. `heading` is how a file's heading is painted.
pub(in crate::report) fn diff(report: &Report, rows: &[&Row], heading: anstyle::Style) -> String {
    let mut out = String::new();
    for (file, of_file) in files(report, rows) {
        let owner = of_file.owner.map_or("no owner".to_owned(), |owner| format!("owner {owner}"));
        let _ = writeln!(out, "{heading}{file} ({owner}){heading:#}");
        for row in &of_file.rows {
            entry(&mut out, report, row);
        }
        for old in &of_file.removed {
            gone(&mut out, report, old);
        }
        out.push('\n');
    }
    for text in relocated(report) {
        let _ = writeln!(out, "{text}");
    }
    for repository in new_repositories(report) {
        let _ = writeln!(out, "new repository: {repository}");
    }
    let _ = writeln!(out, "plan: {}", sums(report));
    out
}

fn entry(out: &mut String, report: &Report, row: &Row) {
    let parts = [Some(change(row)), size(row), dates(row).map(|dates| format!("made {dates}"))];
    let more = [repository(row).map(str::to_owned), further(row)];
    let told: Vec<String> = parts.into_iter().chain(more).flatten().collect();
    let _ = writeln!(out, "{} {}  {}", sign(row), name(&row.target), told.join(", "));
    let _ = writeln!(out, "    from {} ({})", name(&row.source), place(&row.origin).0);
    if let Some(old) = former(report, row) {
        let _ = writeln!(
            out,
            "    instead of {} -> {} ({})",
            name(&old.source),
            name(&old.target),
            old_place(report, old)
        );
        if old.leaves_target() {
            let _ = writeln!(
                out,
                "    {} is not kept up to date any more, and stays as it is",
                name(&old.target)
            );
        }
    }
}

fn gone(out: &mut String, report: &Report, old: &Former) {
    let _ = writeln!(out, "- {}  not kept up to date any more, and stays as it is", name(&old.target));
    let _ = writeln!(out, "    was from {} ({})", name(&old.source), old_place(report, old));
}
