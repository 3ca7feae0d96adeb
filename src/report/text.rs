//! The summary on standard output: what needs a person first, what it cost last.
//!
//! Lines that begin with `error:` are what Prow's log viewer points at. Colour only repeats what the
//! words say.

use std::fmt;

use anstyle::{AnsiColor, Style};
use comfy_table::{ContentArrangement, Table, presets};

use crate::error::Stage;
use crate::model::{Outcome, Reason, Refusal, Row};

use super::Report;
use super::files::JSON_FILE;
use super::freshness;
use super::group::{Group, Trouble, by_cause, by_file, shared};
use super::plan::diff;
use super::words::{
    blobs, bodies, change, duration, edge, entries, exit_meaning, full_reason, moved, name, number, place,
    requests, short, spoken, verdict,
};

/// How many rows of one cause are named before the rest is counted.
const NAMED: usize = 20;

/// Renders the summary. Tables are fitted to `width` columns; without one, each row stays on its
/// line, however long, so that it can be searched for.
#[must_use]
pub fn text(report: &Report, width: Option<u16>, color: bool) -> String {
    Summary { report, rows: report.sorted(), width, paint: Paint::new(color), is_diff: false }.to_string()
}

/// As [`text`], with a diff in the place of the table of what would be copied.
pub(super) fn with_diff(report: &Report, width: Option<u16>, color: bool) -> String {
    Summary { report, rows: report.sorted(), width, paint: Paint::new(color), is_diff: true }.to_string()
}

struct Summary<'a> {
    report: &'a Report,
    rows: Vec<&'a Row>,
    width: Option<u16>,
    paint: Paint,
    is_diff: bool,
}

#[derive(Default)]
struct Paint {
    error: Style,
    help: Style,
    heading: Style,
}

impl Paint {
    fn new(color: bool) -> Self {
        if !color {
            return Self::default();
        }
        Self {
            error: AnsiColor::Red.on_default().bold(),
            help: AnsiColor::Cyan.on_default().bold(),
            heading: Style::new().bold(),
        }
    }
}

impl fmt::Display for Summary<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (apart, rows): (Vec<&Row>, Vec<&Row>) = self.rows.iter().partition(|row| row.is_quarantined());
        let (causes, others) = shared(&rows);
        for cause in &causes {
            self.cause(f, cause)?;
        }
        for group in by_file(&others, |outcome| matches!(outcome, Outcome::Failed(_))) {
            self.group(f, &group, "failed")?;
        }
        for group in by_file(&rows, |outcome| matches!(outcome, Outcome::Refused(_))) {
            self.group(f, &group, "refused")?;
        }
        for group in by_file(&apart, Outcome::is_failure) {
            self.group(f, &group, "quarantined")?;
        }
        for trouble in by_cause(&self.rows, |outcome| matches!(outcome, Outcome::Unfinished(_))) {
            self.trouble(f, &trouble)?;
            writeln!(f)?;
        }
        self.changes(f, "copied", |outcome| matches!(outcome, Outcome::Copied(_)))?;
        self.would_be_copied(f)?;
        self.changes(f, "updated", |outcome| matches!(outcome, Outcome::Updated(_)))?;
        self.deletions(f, "deleted", |outcome| matches!(outcome, Outcome::Deleted))?;
        self.deletions(f, "would be deleted", |outcome| {
            matches!(outcome, Outcome::Planned(Reason::Expired | Reason::Orphan))
        })?;
        self.deletions(f, "would be marked", |outcome| matches!(outcome, Outcome::Planned(Reason::Stray)))?;
        self.deletions(f, "would lose their marks", |outcome| {
            matches!(outcome, Outcome::Planned(Reason::Reclaimed))
        })?;
        self.skipped(f)?;
        self.totals(f)
    }
}

impl Summary<'_> {
    fn group(&self, f: &mut fmt::Formatter<'_>, group: &Group<'_>, what: &str) -> fmt::Result {
        let owner = group.owner.map_or("no owner".to_owned(), |owner| format!("owner {owner}"));
        let heading = format!("{} ({owner}): {} {what}", group.file, number(group.len() as u64));
        self.heading(f, &heading)?;
        for trouble in &group.troubles {
            self.trouble(f, trouble)?;
            writeln!(f)?;
        }
        Ok(())
    }

    fn heading(&self, f: &mut fmt::Formatter<'_>, text: &str) -> fmt::Result {
        let style = self.paint.heading;
        writeln!(f, "{style}{text}{style:#}")
    }

    fn trouble(&self, f: &mut fmt::Formatter<'_>, trouble: &Trouble<'_>) -> fmt::Result {
        let (error, help) = (self.paint.error, self.paint.help);
        let subject = match trouble.rows[..] {
            [row] => edge(row),
            _ => format!("{} alike", entries(trouble.rows.len())),
        };
        writeln!(f, "{error}error:{error:#} {subject}: {}", trouble.verdict)?;
        if let [row] = trouble.rows[..] {
            unchanged(f, row)?;
            stands(f, row)?;
        }
        writeln!(f, "  {help}help:{help:#} {}", trouble.help)?;
        if trouble.rows.len() > 1 {
            self.named(f, &trouble.rows)?;
        }
        Ok(())
    }

    /// A cause that rows share, also of several files and owners.
    fn cause(&self, f: &mut fmt::Formatter<'_>, cause: &Trouble<'_>) -> fmt::Result {
        let (error, help) = (self.paint.error, self.paint.help);
        writeln!(f, "{error}error:{error:#} {}: {}", cause.verdict, entries(cause.rows.len()))?;
        if let Some(verdict) = cause.rows.first().and_then(|row| verdict(row)) {
            writeln!(f, "  such as: {verdict}")?;
        }
        writeln!(f, "  {help}help:{help:#} {}", cause.help)?;
        for concerned in cause.concerned() {
            writeln!(f, "  in {concerned}")?;
        }
        self.named(f, &cause.rows)?;
        writeln!(f)
    }

    fn named(&self, f: &mut fmt::Formatter<'_>, rows: &[&Row]) -> fmt::Result {
        for row in rows.iter().take(NAMED) {
            writeln!(f, "  {}", edge(row))?;
        }
        match rows.len().saturating_sub(NAMED) {
            0 => Ok(()),
            more => {
                let file = self.report.file_name(JSON_FILE);
                writeln!(f, "  and {} more (see {file})", number(more as u64))
            }
        }
    }

    fn changes(&self, f: &mut fmt::Formatter<'_>, what: &str, wanted: fn(&Outcome) -> bool) -> fmt::Result {
        let rows: Vec<&Row> = self.rows.iter().copied().filter(|row| wanted(&row.outcome)).collect();
        if rows.is_empty() {
            return Ok(());
        }
        let mut table = self.table(["target", "old -> new", "reason", "bytes"]);
        for row in &rows {
            table.add_row([name(&row.target), change(row), full_reason(row), moved(row)]);
        }
        self.section(f, rows.len(), what, &table)
    }

    fn would_be_copied(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.is_diff {
            return writeln!(f, "{}", diff(self.report, &self.rows, self.paint.heading));
        }
        let wanted: fn(&Outcome) -> bool =
            |outcome| matches!(outcome, Outcome::Planned(reason) if reason.copies());
        self.changes(f, "would be copied", wanted)
    }

    /// Names only: of what is deleted nothing else is looked at.
    fn deletions(&self, f: &mut fmt::Formatter<'_>, what: &str, wanted: fn(&Outcome) -> bool) -> fmt::Result {
        let rows: Vec<&Row> = self.rows.iter().copied().filter(|row| wanted(&row.outcome)).collect();
        if rows.is_empty() {
            return Ok(());
        }
        self.heading(f, &format!("{} {what}", entries(rows.len())))?;
        for row in rows {
            writeln!(f, "  {}", name(&row.target))?;
        }
        writeln!(f)
    }

    fn skipped(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let wanted = |row: &&Row| matches!(row.outcome, Outcome::Skipped(_));
        let rows: Vec<&Row> = self.rows.iter().copied().filter(wanted).collect();
        if rows.is_empty() {
            return Ok(());
        }
        let mut table = self.table(["line", "source", "target", "reason"]);
        for row in &rows {
            table.add_row([place(&row.origin).0, name(&row.source), name(&row.target), full_reason(row)]);
        }
        self.section(f, rows.len(), "skipped", &table)
    }

    fn table(&self, header: [&str; 4]) -> Table {
        let mut table = Table::new();
        table.load_style(presets::NOTHING).set_header(header);
        if let Some(width) = self.width {
            table.set_content_arrangement(ContentArrangement::Dynamic).set_width(width);
        }
        table
    }

    fn section(&self, f: &mut fmt::Formatter<'_>, count: usize, what: &str, table: &Table) -> fmt::Result {
        self.heading(f, &format!("{} {what}", entries(count)))?;
        for line in table.lines() {
            writeln!(f, " {}", line.trim_end())?;
        }
        writeln!(f)
    }

    fn totals(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let totals = self.report.totals();
        let counts: Vec<String> = totals
            .counts
            .by_word()
            .iter()
            .filter(|(_, count)| *count > 0)
            .map(|(word, count)| format!("{} {}", number(*count), spoken(self.report, word)))
            .collect();
        let shard = self.report.part.as_ref().map(|part| format!("shard {}: ", part.shard));
        let all = shard.unwrap_or_default() + &entries(self.rows.len());
        if counts.is_empty() {
            writeln!(f, "{all}")?;
        } else {
            writeln!(f, "{all}: {}", counts.join(", "))?;
        }
        let (report, wire) = (self.report, &self.report.wire);
        if let Some(freshness) = freshness::summary(report, &self.rows) {
            writeln!(f, "freshness: {freshness}")?;
        }
        writeln!(f, "blobs: {}", blobs(report))?;
        writeln!(f, "wire: {}; {}; {}", requests(wire), bodies(wire), duration(report.elapsed))?;
        writeln!(f, "exit code {}: {}", self.report.exit_code, exit_meaning(self.report))
    }
}

/// Since when it is so, where runs keep track.
fn stands(f: &mut fmt::Formatter<'_>, row: &Row) -> fmt::Result {
    row.standing.map_or(Ok(()), |standing| writeln!(f, "  {}", freshness::told(&standing)))
}

/// Says that the target is as it was, where that is certain: the tag is written last. Of an entry that is refused for
/// what its target is, what both ends are.
fn unchanged(f: &mut fmt::Formatter<'_>, row: &Row) -> fmt::Result {
    let certain = matches!(&row.outcome, Outcome::Failed(failure) if failure.stage < Stage::Verify);
    match (&row.previous, &row.digest, &row.outcome) {
        (Some(target), Some(source), Outcome::Refused(refusal)) if *refusal.reason() == Refusal::Exists => {
            writeln!(f, "  the target is {}, the source is {}", short(target), short(source))
        }
        (Some(previous), ..) if certain => writeln!(f, "  the target is as it was: {}", short(previous)),
        _ => Ok(()),
    }
}
