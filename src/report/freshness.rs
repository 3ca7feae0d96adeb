//! How fresh targets are: since when each was right, where runs keep track of that.

use std::time::{Duration, SystemTime};

use crate::model::{Row, Standing};

use super::Report;
use super::words::{clean, entries, name, number, place};

/// The entry of a mapping file whose target was last right longest ago.
pub(super) struct Oldest<'a> {
    pub(super) file: String,
    pub(super) owner: Option<&'a str>,
    pub(super) row: &'a Row,
    pub(super) standing: Standing,
}

/// The rows of which it is known how they stand.
pub(super) fn known<'a>(rows: &[&'a Row]) -> impl Iterator<Item = (&'a Row, Standing)> {
    rows.iter().filter_map(|row| Some((*row, row.standing?)))
}

/// Each file's oldest entry, in the order in which the files come. `rows` are those of a file together.
pub(super) fn by_file<'a>(rows: &[&'a Row]) -> Vec<Oldest<'a>> {
    let mut files: Vec<Oldest<'a>> = Vec::new();
    for (row, standing) in known(rows) {
        let (file, owner) = (place(&row.origin).1, row.owner.as_deref());
        match files.iter_mut().rfind(|known| known.file == file && known.owner == owner) {
            Some(oldest) if right(&oldest.standing) <= right(&standing) => {}
            Some(oldest) => (oldest.row, oldest.standing) = (row, standing),
            None => files.push(Oldest { file, owner, row, standing }),
        }
    }
    files
}

/// Since when its age is counted.
fn right(standing: &Standing) -> SystemTime {
    standing.verified.unwrap_or(standing.first_seen)
}

/// All entries in one line; none where nobody keeps track.
pub(super) fn summary(report: &Report, rows: &[&Row]) -> Option<String> {
    let now = report.ended();
    // Times are kept to the second.
    let is_late = |verified: SystemTime| verified + Duration::from_secs(1) <= report.started;
    let late: Vec<_> = known(rows).filter(|(_, standing)| standing.verified.is_none_or(is_late)).collect();
    known(rows).next()?;
    let Some((row, oldest)) = late.iter().min_by_key(|(_, standing)| right(standing)) else {
        return Some("every entry was verified in this run".to_owned());
    };
    let place = place(&row.origin).0;
    Some(format!(
        "{} not verified in this run, the oldest for {}: {} ({place})",
        entries(late.len()),
        span(oldest.age(now)),
        name(&row.target),
    ))
}

/// How an entry that did not end well stands: `failed in 3 runs in a row; last right at 2026-11-20T03:00:00Z`.
pub(super) fn told(standing: &Standing) -> String {
    let time = |at| humantime::format_rfc3339_seconds(at).to_string();
    let failures = match standing.failures {
        0 => String::new(),
        1 => "failed for the first time; ".to_owned(),
        more => format!("failed in {} runs in a row; ", number(u64::from(more))),
    };
    match standing.verified {
        Some(verified) => clean(&format!("{failures}last right at {}", time(verified))),
        None => {
            clean(&format!("{failures}never right since it was first seen at {}", time(standing.first_seen)))
        }
    }
}

/// A time in its two largest units.
fn span(age: Duration) -> String {
    let text = humantime::format_duration(Duration::from_secs(age.as_secs())).to_string();
    text.split(' ').take(2).collect::<Vec<_>>().join(" ")
}
