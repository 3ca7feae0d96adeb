//! The plan as a comment on a pull request.

use std::fmt::Write as _;

use super::entries::{FileDiff, change, dates, files, former, further, old_place, repository, sign, size};
use super::sums::{new_repositories, relocated, sums};
use crate::model::{Former, Outcome, Row};
use crate::redact::cut;
use crate::report::words::{failure_line, name, number, place};
use crate::report::{JSON_FILE, Report};

/// GitHub takes 65,536 characters in a comment; whoever posts it adds some.
const LIMIT: usize = 64_000;
/// What is kept free for headings and for what says what was left out.
const RESERVE: usize = 4_000;
/// A list of more than this is folded.
const LONG: usize = 20;
/// How much of one message is shown, in characters.
const MESSAGE: usize = 600;
const HEADER: &str = "| | target | image | made | bytes | source | line |\n|---|---|---|---|---|---|---|\n";

/// Renders a plan as Markdown that GitHub takes as a comment: what went wrong first, then a table for each file.
#[must_use]
pub fn markdown(report: &Report) -> String {
    let rows = report.sorted();
    let mut page =
        Page { out: format!("### image-mirror plan\n\n{}\n\n", escaped(&sums(report))), left_out: 0 };
    page.list("Errors", errors(&rows));
    for (file, of_file) in files(report, &rows) {
        page.file(report, &file, &of_file);
    }
    page.list("New repositories", new_repositories(report).iter().map(|name| code(name)).collect());
    page.list("Moved lines", relocated(report).map(|text| escaped(&text)).collect());
    page.ended(report)
}

struct Page {
    out: String,
    left_out: usize,
}

impl Page {
    /// Whether so much more fits.
    fn fits(&self, more: usize) -> bool {
        self.out.len() + more + RESERVE <= LIMIT
    }

    /// A heading and lines below it, as many as fit; folded where they are many.
    fn block(&mut self, heading: &str, header: &str, lines: &[String]) {
        if lines.is_empty() {
            return;
        }
        if !self.fits(heading.len() + header.len() + lines[0].len() + 200) {
            self.left_out += lines.len();
            return;
        }
        let is_long = lines.len() > LONG;
        let _ = write!(self.out, "#### {heading}\n\n");
        if is_long {
            let count = number(lines.len() as u64);
            let _ = write!(self.out, "<details><summary>{count} lines</summary>\n\n");
        }
        self.out.push_str(header);
        for line in lines {
            if self.left_out == 0 && self.fits(line.len() + 1) {
                self.out.push_str(line);
                self.out.push('\n');
            } else {
                self.left_out += 1;
            }
        }
        self.out.push_str(if is_long { "\n</details>\n\n" } else { "\n" });
    }

    fn list(&mut self, heading: &str, lines: Vec<String>) {
        let lines: Vec<String> = lines.into_iter().map(|line| format!("- {line}")).collect();
        self.block(heading, "", &lines);
    }

    fn file(&mut self, report: &Report, file: &str, of_file: &FileDiff<'_>) {
        let owner = of_file.owner.map_or("no owner".to_owned(), |owner| format!("owner {}", escaped(owner)));
        let heading = format!("{} ({owner})", code(file));
        let rows = of_file.rows.iter().map(|row| entry(report, row));
        let removed = of_file.removed.iter().map(|old| gone(report, old));
        self.block(&heading, HEADER, &rows.chain(removed).collect::<Vec<_>>());
    }

    fn ended(mut self, report: &Report) -> String {
        if self.left_out > 0 {
            let (count, file) = (number(self.left_out as u64), report.file_name(JSON_FILE));
            let _ =
                writeln!(self.out, "{count} more do not fit here: see <code>{file}</code> in the artifacts.");
        }
        let text = self.out.trim_end().to_owned();
        text + "\n"
    }
}

/// What went wrong, where it is written first.
fn errors(rows: &[&Row]) -> Vec<String> {
    let is_bad = |row: &&&Row| {
        matches!(row.outcome, Outcome::Failed(_) | Outcome::Refused(_) | Outcome::Unfinished(_))
    };
    let line =
        |row: &&Row| format!("{}: {}", code(&place(&row.origin).0), code(&cut(&failure_line(row), MESSAGE)));
    rows.iter().filter(is_bad).map(line).collect()
}

fn entry(report: &Report, row: &Row) -> String {
    let mut what = vec![escaped(&change(row))];
    what.extend(repository(row).map(escaped));
    what.extend(further(row).map(|text| escaped(&text)));
    let mut source = code(&name(&row.source));
    let mut line = code(&place(&row.origin).0);
    if let Some(old) = former(report, row) {
        let _ = write!(source, "<br>instead of {}", code(&name(&old.source)));
        if old.leaves_target() {
            let _ = write!(source, " → {}, which stays as it is", code(&name(&old.target)));
        }
        let _ = write!(line, "<br>{}", code(&old_place(report, old)));
    }
    let cell = |text: Option<String>| text.map(|text| escaped(&text)).unwrap_or_default();
    let (target, what, sign) = (code(&name(&row.target)), what.join("<br>"), code(&sign(row).to_string()));
    let (dates, size) = (cell(dates(row)), cell(size(row)));
    format!("| {sign} | {target} | {what} | {dates} | {size} | {source} | {line} |")
}

fn gone(report: &Report, old: &Former) -> String {
    let (target, source) = (code(&name(&old.target)), code(&name(&old.source)));
    let line = code(&old_place(report, old));
    format!(
        "| <code>-</code> | {target} | removed: not kept up to date any more, stays as it is | | | was from {source} | {line} |"
    )
}

/// A name, in which nothing means anything.
fn code(text: &str) -> String {
    format!("<code>{}</code>", escaped(text))
}

/// Text in which nothing is markup, of Markdown or of HTML, and nobody is mentioned.
fn escaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut before = ' ';
    for c in text.chars() {
        let is_plain =
            c.is_alphanumeric() || " -+.,:;/()=→%".contains(c) || (c == '_' && before.is_alphanumeric());
        if is_plain {
            out.push(c);
        } else {
            let _ = write!(out, "&#{};", u32::from(c));
        }
        before = c;
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_in_a_name_is_markup() {
        let text = escaped("a|b`c`<img src=x>&amp;*_d_* [x](y) @team #1 mapping_x\n\\~");
        assert!(!text.contains(['|', '`', '<', '>', '*', '[', '@', '\\', '~', '\n']), "{text}");
        assert!(text.starts_with("a&#124;b&#96;c&#96;&#60;img src=x&#62;&#38;amp"), "{text}");
        assert!(text.contains("mapping_x"), "{text}");
    }
}
