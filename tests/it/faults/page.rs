//! The part of `docs/reliability.md` that the table is printed as, and the test that it is what the table says.

use std::collections::HashSet;
use std::fmt::Write as _;
use std::path::PathBuf;

use super::cell::{Cell, Ends};
use super::operation::{ALL, Operation};
use super::table::{LEFT_OUT, cells};
use super::wrong::Wrong;

const BEGIN: &str = "<!-- faults: begin; written by the tests -->\n";
const END: &str = "<!-- faults: end -->\n";
/// Says that the page is to be written rather than checked.
const WRITE: &str = "WRITE_PAGES";
const COMMAND: &str = "WRITE_PAGES=1 cargo test --locked --test it faults::page";

/// What is done about each status: which ones, what, and how a line fails when it stays so.
const POLICY: [(&[u16], &str, &[&str]); 11] = [
    (
        &[400],
        "taken at its word; `DIGEST_INVALID` in answer to a write is tried once more",
        &["protocol", "corrupt"],
    ),
    (
        &[401, 403],
        "taken at its word, once a new token was tried; at a look at the target it means that only the push can tell; to a mount it means that the blob is sent",
        &["denied"],
    ),
    (
        &[404],
        "taken at its word; to an upload under way it means that a new one is opened",
        &["missing", "transient", "protocol"],
    ),
    (&[405], "to a mount, that the blob is sent; to an upload, that it is sent in parts", &["protocol"]),
    (&[408, 500, 502, 504], "tried again", &["transient"]),
    (&[409], "to a write: tried again; else taken at its word", &["transient", "protocol"]),
    (&[413], "to a blob: sent in parts; else taken at its word", &["protocol"]),
    (
        &[416],
        "to a download: read again from its start; to an upload: a new one is opened",
        &["protocol", "transient"],
    ),
    (
        &[429],
        "the whole host pauses, as long as `Retry-After` asks for (seconds or a date), else longer each time; no attempt is used; then requests follow each other more slowly",
        &["throttled"],
    ),
    (
        &[503],
        "with `Retry-After` as 429; without it tried again, with half as many requests at a time",
        &["transient", "throttled"],
    ),
    (
        &[200, 202],
        "a page of HTML, or a success that is not the one due: tried again, and never believed",
        &["protocol"],
    ),
];

fn render() -> String {
    let cells = cells();
    let mut page = intro(&cells);
    page.push_str("\n| status | what is done | class, if it stays so |\n|---|---|---|\n");
    for (statuses, done, classes) in POLICY {
        let statuses: Vec<String> = statuses.iter().map(u16::to_string).collect();
        writeln!(page, "| {} | {done} | {} |", statuses.join(", "), classes.join(", ")).unwrap();
    }
    page.push_str("\nLeft out, since nothing would be learnt:\n\n");
    for (what, why) in LEFT_OUT {
        writeln!(page, "- {what}: {why}.").unwrap();
    }
    for operation in ALL {
        page.push_str(&section(operation, &cells));
    }
    page
}

fn intro(cells: &[Cell]) -> String {
    let real = cells.iter().filter(|cell| cell.is_real).count();
    format!(
        "{} cells, each a fault in one operation of a line that moves a tag from an old image to a new one; all run in \
         the tests against registries in the test's process, and {real} also with Debian's `docker-registry` behind a \
         proxy that makes the faults (marked *real*). Each cell is run with `--attempts {}`. *Once*: the first such \
         request goes wrong; *always*: each does. A line that took longer than a minute looks at its target once more \
         before it moves the tag, which counts as a request more.\n\n\
         The tables are printed from the data that the tests run. To write them anew: `{COMMAND}`.\n",
        cells.len(),
        super::ATTEMPTS
    )
}

fn section(operation: Operation, cells: &[Cell]) -> String {
    let mut text = format!("\n### {}\n\n", operation.title());
    text.push_str("| fault | how often | the line ends | it took | |\n|---|---|---|---|---|\n");
    for cell in cells.iter().filter(|cell| cell.operation == operation) {
        let real = if cell.is_real { "real" } else { "" };
        let (fault, ends, cost) = (cell.fault.title(), cell.ends.words(), cell.ends.cost());
        writeln!(text, "| {fault} | {} | {ends} | {cost} | {real} |", cell.times.word()).unwrap();
    }
    text
}

fn path() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("docs/reliability.md")
}

#[test]
#[expect(clippy::disallowed_methods, reason = "the tests' own switch, not one of the program")]
fn the_page_is_what_the_table_says() {
    let page = std::fs::read_to_string(path()).unwrap();
    let (before, rest) = page.split_once(BEGIN).expect("the page has the first marker");
    let (found, after) = rest.split_once(END).expect("the page has the second marker");
    let wanted = format!("\n{}\n", render());
    if std::env::var_os(WRITE).is_some() {
        std::fs::write(path(), format!("{before}{BEGIN}{wanted}{END}{after}")).unwrap();
        return;
    }
    assert!(found == wanted, "docs/reliability.md is not what the table says; write it anew: {COMMAND}");
}

#[test]
fn the_table_has_enough_rows_and_no_row_twice() {
    let cells = cells();
    assert!(cells.len() >= 200, "{}", cells.len());
    let mut seen = HashSet::new();
    for cell in &cells {
        let key = format!("{:?} {:?} {:?}", cell.operation, cell.fault, cell.times);
        assert!(seen.insert(key.clone()), "{key} is there twice");
    }
    for operation in ALL {
        assert!(cells.iter().any(|cell| cell.operation == operation), "{operation:?} has no row");
    }
}

#[test]
fn every_class_that_a_status_leads_to_is_in_the_table_of_statuses() {
    for cell in cells() {
        let Wrong::Status(status, _) = cell.fault else { continue };
        let Ends::Failed { class, .. } = cell.ends else { continue };
        let classes =
            POLICY.iter().find(|(statuses, ..)| statuses.contains(&status)).map(|(_, _, classes)| classes);
        let listed = classes.is_some_and(|classes| classes.contains(&class.to_string().as_str()));
        // A token service refuses for want of a right, whatever the status.
        let token = matches!(cell.operation, Operation::PullToken | Operation::PushToken);
        assert!(listed || token, "{status} leads to {class}: {:?}", cell.operation);
    }
}
