//! Prints what was counted, as tables that can be pasted into a document.

use std::io::Write as _;

use comfy_table::{CellAlignment, Table, presets};

use crate::floor::Floor;
use crate::measure::Cost;
use crate::proxy::{Kind, Passed};

/// One run, ours or a peer's.
#[derive(Debug, Clone)]
pub struct Ran {
    pub scenario: &'static str,
    pub who: String,
    pub cost: Cost,
    /// Towards the source; everything, where source and target are one registry.
    pub source: Passed,
    pub target: Passed,
    pub floor: Floor,
}

const HEADS: [&str; 19] = [
    "scenario",
    "who",
    "requests",
    "fewest",
    "ratio",
    "HEAD source",
    "HEAD target",
    "GET manifest",
    "GET blob",
    "HEAD blob",
    "POST",
    "PUT blob",
    "PUT manifest",
    "other",
    "MB down",
    "MB up",
    "wall s",
    "CPU s",
    "MiB",
];
/// The first so many columns are words.
const WORDS: usize = 2;

/// One table of all runs.
pub fn runs(runs: &[Ran]) -> String {
    let mut table = new(&HEADS);
    for ran in runs {
        table.add_row(row(ran));
    }
    aligned(table, WORDS)
}

/// A table of connections and of requests under way.
pub fn connections(runs: &[Ran]) -> String {
    let heads = ["scenario", "who", "connections", "in flight at the source", "in flight at the target"];
    let mut table = new(&heads);
    for ran in runs {
        let connections = ran.source.connections + ran.target.connections;
        let cells = [connections, ran.source.peak, ran.target.peak].map(|count| count.to_string());
        table.add_row([ran.scenario.to_owned(), ran.who.clone()].into_iter().chain(cells));
    }
    aligned(table, WORDS)
}

/// Writes to standard output.
pub fn say(text: &str) {
    // Where nobody listens there is nobody to be told.
    writeln!(std::io::stdout(), "{text}").ok();
}

/// Says on standard error what is being done.
pub fn note(text: &str) {
    writeln!(std::io::stderr(), "{text}").ok();
}

fn row(ran: &Ran) -> Vec<String> {
    let both = ran.source.clone().and(&ran.target);
    let manifest = |kind| kind == Kind::Manifest;
    let sent = |kind| kind == Kind::Upload;
    let fetched = both.count("GET", |kind| kind == Kind::Blob);
    let counts = [
        ran.source.count("HEAD", manifest),
        ran.target.count("HEAD", manifest),
        both.count("GET", manifest),
        fetched,
        both.count("HEAD", |kind| kind == Kind::Blob),
        both.method("POST"),
        both.count("PUT", sent) + both.count("PATCH", sent),
        both.count("PUT", manifest),
    ];
    let other = both.total() - counts.iter().sum::<u64>();
    let mut cells = vec![ran.scenario.to_owned(), ran.who.clone(), both.total().to_string()];
    cells.extend([ran.floor.requests.to_string(), format!("{:.3}", ratio(both.total(), ran.floor.requests))]);
    cells.extend(counts.iter().chain([&other]).map(u64::to_string));
    cells.extend([both.down(), both.up].map(|bytes| format!("{:.2}", mega(bytes))));
    cells.extend([ran.cost.wall, ran.cost.cpu].map(|seconds| format!("{seconds:.2}")));
    cells.push((ran.cost.memory >> 20).to_string());
    cells
}

#[expect(clippy::cast_precision_loss, reason = "for people to read")]
fn ratio(count: u64, fewest: u64) -> f64 {
    if fewest == 0 { f64::NAN } else { count as f64 / fewest as f64 }
}

#[expect(clippy::cast_precision_loss, reason = "for people to read")]
fn mega(bytes: u64) -> f64 {
    bytes as f64 / 1e6
}

fn new(heads: &[&str]) -> Table {
    let mut table = Table::new();
    table.load_style(presets::ASCII_MARKDOWN).set_header(heads.iter().copied());
    table
}

fn aligned(mut table: Table, words: usize) -> String {
    for column in table.column_iter_mut().skip(words) {
        column.set_cell_alignment(CellAlignment::Right);
    }
    table.to_string()
}
