//! What of a report is part of the diff, by file, and how each entry of it reads.

use std::collections::BTreeMap;
use std::time::SystemTime;

use crate::model::{Foreseen, Former, Outcome, Presence, Reason, Row};
use crate::report::Report;
use crate::report::words::{bytes, clean, full_reason, moved, name, place, short};

/// The lines of one file that are part of the diff.
#[derive(Default)]
pub(super) struct FileDiff<'a> {
    /// Who answers for the file.
    pub(super) owner: Option<&'a str>,
    /// In the order of their lines.
    pub(super) rows: Vec<&'a Row>,
    /// Lines of the older revision that nothing stands in for.
    pub(super) removed: Vec<&'a Former>,
}

/// The files that have something to tell, by name.
pub(super) fn files<'a>(report: &'a Report, rows: &[&'a Row]) -> BTreeMap<String, FileDiff<'a>> {
    let mut files: BTreeMap<String, FileDiff<'a>> = BTreeMap::new();
    for row in rows.iter().copied().filter(|row| is_told(report, row)) {
        let file = files.entry(place(&row.origin).1).or_default();
        file.owner = file.owner.or(row.owner.as_deref());
        file.rows.push(row);
    }
    for former in removed(report).filter(|former| former.now.is_none()) {
        files.entry(place(&former.origin).1).or_default().removed.push(former);
    }
    files
}

/// The lines that only the older revision has.
pub(super) fn removed(report: &Report) -> impl Iterator<Item = &Former> {
    report.compared.iter().flat_map(|compared| &compared.removed)
}

/// What would move; of a change also those of its lines whose targets are right already.
fn is_told(report: &Report, row: &Row) -> bool {
    match row.outcome {
        Outcome::Planned(reason) => reason.copies(),
        Outcome::Kept => report.compared.is_some(),
        _ => false,
    }
}

/// The sign before an entry.
pub(super) fn sign(row: &Row) -> char {
    match row.outcome {
        Outcome::Kept => '=',
        _ if row.previous.is_none() => '+',
        _ => '~',
    }
}

/// What the target is and would be.
pub(super) fn change(row: &Row) -> String {
    let digest = |digest: &Option<_>| digest.as_ref().map_or_else(|| "unknown".to_owned(), short);
    match (&row.outcome, &row.previous) {
        (Outcome::Kept, _) => format!("{} already", digest(&row.digest)),
        (Outcome::Planned(Reason::Unknown), None) => {
            format!("{} (the target is not readable)", digest(&row.digest))
        }
        (_, None) => format!("new tag {}", digest(&row.digest)),
        (_, Some(old)) if row.digest.as_ref() == Some(old) => {
            format!("{} ({})", short(old), full_reason(row))
        }
        (_, Some(old)) => format!("{} → {}", short(old), digest(&row.digest)),
    }
}

/// When the images were made; none for an entry that does not move.
pub(super) fn dates(row: &Row) -> Option<String> {
    let Outcome::Planned(_) = row.outcome else { return None };
    let Foreseen { created, previous_created, .. } = row.foreseen.unwrap_or_default();
    match row.previous {
        Some(_) if row.previous != row.digest => {
            Some(format!("{} → {}", day(previous_created), day(created)))
        }
        _ => Some(day(created)),
    }
}

fn day(at: Option<SystemTime>) -> String {
    at.map_or_else(
        || "unknown".to_owned(),
        |at| format!("{:.10}", humantime::format_rfc3339_seconds(at).to_string()),
    )
}

/// The bytes of an entry that moves.
pub(super) fn size(row: &Row) -> Option<String> {
    match row.outcome {
        Outcome::Planned(_) if row.previous.is_none() => {
            Some(format!("first copy, {}", bytes(row.moved.bytes.copied)))
        }
        Outcome::Planned(_) => Some(moved(row)).filter(|text| text != "-"),
        _ => None,
    }
}

/// What the first copy makes, where the repository was asked for.
pub(super) fn repository(row: &Row) -> Option<&'static str> {
    match row.foreseen?.repository? {
        Presence::New => Some("new repository"),
        Presence::Exists => None,
        Presence::Untold => Some("cannot tell whether the repository exists"),
    }
}

/// What is to be said of an entry besides: further tags, backups.
pub(super) fn further(row: &Row) -> Option<String> {
    (!row.tags.is_empty() || !row.backups.is_empty()).then(|| full_reason(row))
}

/// The old line in whose place the line of this row stands.
pub(super) fn former<'a>(report: &'a Report, row: &Row) -> Option<&'a Former> {
    removed(report).find(|former| {
        former.now.as_ref().is_some_and(|now| {
            now.origin == row.origin && (now.target == row.target || is_wildcard_of(row, &name(&now.target)))
        })
    })
}

/// Whether a row came of a wildcard whose targets lie in `repository`.
fn is_wildcard_of(row: &Row, repository: &str) -> bool {
    name(&row.target).strip_prefix(repository).is_some_and(|rest| rest.starts_with(':'))
}

/// Where a line of the older revision stood.
pub(super) fn old_place(report: &Report, former: &Former) -> String {
    let commit = report.compared.as_ref().map_or("", |compared| &compared.commit);
    format!("{} at {:.12}", place(&former.origin).0, clean(commit))
}
