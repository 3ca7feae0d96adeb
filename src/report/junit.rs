//! The report for Prow's page: a suite a mapping file, a case an entry.
//!
//! A case that was not finished is a failure too, since not every reader of JUnit shows `<error>`. Cases are written one at
//! a time: a tree of them all would be the largest thing that a run holds.

use std::borrow::Cow;
use std::io::{self, Write};
use std::time::Duration;

use quick_xml::Writer;
use quick_xml::events::{BytesDecl, BytesEnd, BytesStart, BytesText, Event};

use crate::model::{Outcome, Row};

use super::freshness;
use super::totals::Counts;
use super::words::{change, full_reason, help, moved, pinned_source, place, title, verdict, would};
use super::{RenderError, Report, text_of};

/// Renders the report as JUnit XML; characters that XML does not allow are left out.
///
/// # Errors
/// When the XML cannot be written.
pub fn junit(report: &Report) -> Result<String, RenderError> {
    text_of(|to| write_junit(report, to))
}

/// As [`junit`], into `to`.
///
/// # Errors
/// When `to` does not take it.
pub fn write_junit(report: &Report, to: &mut dyn Write) -> io::Result<()> {
    let rows = report.sorted();
    let mut xml = Writer::new_with_indent(to, b' ', 4);
    xml.write_event(Event::Decl(BytesDecl::new("1.0", Some("UTF-8"), None)))?;
    let mut suites = BytesStart::new("testsuites");
    suites.push_attribute(("name", "image-mirror"));
    count(&mut suites, &rows, ["tests", "skipped", "failures", "errors"]);
    suites.push_attribute(("time", seconds(report.elapsed).as_str()));
    xml.write_event(Event::Start(suites))?;
    for rows in rows.chunk_by(|one, next| file(one) == file(next)) {
        suite(&mut xml, rows)?;
    }
    xml.write_event(Event::End(BytesEnd::new("testsuites")))?;
    xml.write_indent()
}

type Xml<'a> = Writer<&'a mut dyn Write>;

fn file(row: &Row) -> &str {
    row.origin.group()
}

/// Rows of one file, at least one.
fn suite(xml: &mut Xml<'_>, rows: &[&Row]) -> io::Result<()> {
    let mut suite = BytesStart::new("testsuite");
    let file = rows.first().map(|row| place(&row.origin).1).unwrap_or_default();
    suite.push_attribute(("name", &*allowed(&file)));
    count(&mut suite, rows, ["tests", "skipped", "errors", "failures"]);
    xml.write_event(Event::Start(suite))?;
    for row in rows {
        case(xml, row)?;
    }
    xml.write_event(Event::End(BytesEnd::new("testsuite")))
}

/// Adds how many rows there are of each of `kinds`.
fn count(tag: &mut BytesStart<'_>, rows: &[&Row], kinds: [&str; 4]) {
    let mut counts = Counts::default();
    for row in rows {
        counts.add(&row.outcome);
    }
    for kind in kinds {
        let number = match kind {
            "tests" => counts.all(),
            "skipped" => counts.skipped,
            "failures" => counts.failed + counts.refused + counts.unfinished,
            _ => 0,
        };
        tag.push_attribute((kind, number.to_string().as_str()));
    }
}

fn case(xml: &mut Xml<'_>, row: &Row) -> io::Result<()> {
    let file = place(&row.origin).1;
    let mut case = BytesStart::new("testcase");
    case.push_attribute(("name", &*allowed(&title(row))));
    case.push_attribute(("classname", &*allowed(&file)));
    case.push_attribute(("time", seconds(row.elapsed).as_str()));
    let verdict = verdict(row).unwrap_or_default();
    match &row.outcome {
        Outcome::Kept | Outcome::Deleted => return xml.write_event(Event::Empty(case)),
        Outcome::Copied(_) | Outcome::Planned(_) | Outcome::Updated(_) => {
            xml.write_event(Event::Start(case))?;
            element(xml, BytesStart::new("system-out"), &output(row, &full_reason(row)))?;
        }
        Outcome::Skipped(_) => {
            xml.write_event(Event::Start(case))?;
            let mut skipped = BytesStart::new("skipped");
            skipped.push_attribute(("message", &*allowed(&full_reason(row))));
            xml.write_event(Event::Empty(skipped))?;
        }
        Outcome::Failed(_) | Outcome::Refused(_) | Outcome::Unfinished(_) => {
            xml.write_event(Event::Start(case))?;
            failure(xml, row, &verdict)?;
        }
    }
    xml.write_event(Event::End(BytesEnd::new("testcase")))
}

fn failure(xml: &mut Xml<'_>, row: &Row, verdict: &str) -> io::Result<()> {
    let kind = match &row.outcome {
        Outcome::Failed(failure) => format!("{}/{}", failure.stage, failure.class),
        other => other.word().to_owned(),
    };
    let mut failure = BytesStart::new("failure");
    failure.push_attribute(("message", &*allowed(verdict)));
    failure.push_attribute(("type", kind.as_str()));
    let owner = row.owner.as_deref().unwrap_or("nobody is named");
    let help = help(row).unwrap_or_default();
    let stands = row.standing.map(|standing| format!("\n{}", freshness::told(&standing))).unwrap_or_default();
    let body = format!("{verdict}\n\nhelp: {help}\nowner: {owner}{}{stands}", source_line(row));
    element(xml, failure, &body)
}

fn output(row: &Row, reason: &str) -> String {
    let what = match &row.outcome {
        Outcome::Planned(reason) => would(*reason),
        other => other.word(),
    };
    if matches!(row.outcome, Outcome::Planned(planned) if !planned.copies()) {
        return format!("{what} ({reason})");
    }
    format!("{what} ({reason}): {}, {}{}", change(row), moved(row), source_line(row))
}

/// A line more for a source of which the name of the case leaves the digest out.
fn source_line(row: &Row) -> String {
    pinned_source(row).map(|source| format!("\nsource: {source}")).unwrap_or_default()
}

fn element(xml: &mut Xml<'_>, tag: BytesStart<'_>, text: &str) -> io::Result<()> {
    let end = tag.to_end().into_owned();
    xml.write_event(Event::Start(tag))?;
    xml.write_event(Event::Text(BytesText::new(&allowed(text))))?;
    xml.write_event(Event::End(end))
}

/// Without the characters that XML 1.0 has no way to write.
fn allowed(text: &str) -> Cow<'_, str> {
    let forbidden =
        |c: char| matches!(c, '\0'..='\x08' | '\x0b' | '\x0c' | '\x0e'..='\x1f' | '\u{fffe}' | '\u{ffff}');
    if text.contains(forbidden) { text.replace(forbidden, "").into() } else { text.into() }
}

fn seconds(elapsed: Duration) -> String {
    format!("{:.3}", elapsed.as_secs_f64())
}
