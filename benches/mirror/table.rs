//! Prints what was measured, as tables that can be pasted into a document.

use std::io::Write as _;

use comfy_table::{CellAlignment, Table, presets};

use crate::figures::{Due, Figure};
use crate::path::Kind;
use crate::ran::{Once, Ran, find};
use crate::tools::SKOPEO;

/// The first so many columns are words.
const WORDS: usize = 2;

const HEADS: [&str; 15] = [
    "scenario",
    "who",
    "runs",
    "wall s (min–max)",
    "CPU s",
    "MB of memory",
    "requests",
    "/ fewest",
    "/ floor's wall",
    "/ skopeo's wall",
    "MB down",
    "MB up",
    "connections",
    "in flight, source",
    "in flight, target",
];

/// What each run cost.
pub fn costs(all: &[Ran]) -> String {
    let mut table = new(&HEADS);
    for ran in all {
        table.add_row(cost(ran, all));
    }
    aligned(table)
}

fn cost(ran: &Ran, all: &[Ran]) -> Vec<String> {
    let walls = || ran.runs.iter().map(|once| once.cost.wall);
    let (least, most) = (walls().fold(f64::INFINITY, f64::min), walls().fold(0.0, f64::max));
    let to = |who: &str| {
        let other = find(all, ran.scenario, who).filter(|other| other.who != ran.who);
        other.map_or(String::new(), |other| format!("{:.2}", ran.wall() / other.wall()))
    };
    let mut cells = vec![
        format!("{} {}", ran.scenario, ran.title),
        ran.who.clone(),
        ran.runs.len().to_string(),
        format!("{:.2} ({least:.2}–{most:.2})", ran.wall()),
        format!("{:.2}", ran.cpu()),
        format!("{:.0}", mega(ran.memory())),
    ];
    let Some(once) = ran.shown() else { return cells };
    let both = once.both();
    cells.extend([both.total().to_string(), format!("{:.3}", ratio(both.total(), ran.fewest.requests))]);
    cells.extend([to("floor"), to(SKOPEO)]);
    cells.extend([both.down, both.up].map(|bytes| format!("{:.1}", mega(bytes))));
    cells.extend([both.connections, once.source.peak, once.target.peak].map(|count| count.to_string()));
    cells
}

/// Requests by what they are for, towards the source and towards the target.
pub fn requests(all: &[Ran]) -> String {
    let sides = |kind: Kind| {
        let made = |once: &Once| [once.source.count(kind) > 0, once.target.count(kind) > 0];
        let sides = all.iter().filter_map(Ran::shown).map(made);
        let made = sides.fold([false; 2], |all, some| [all[0] || some[0], all[1] || some[1]]);
        [false, true]
            .into_iter()
            .zip(made)
            .filter(|(_, made)| *made)
            .map(move |(is_target, _)| (kind, is_target))
    };
    let columns: Vec<_> = Kind::ALL.into_iter().flat_map(sides).collect();
    let heads = columns.iter().map(|(kind, is_target)| {
        format!("{}, {}", kind.name(), if *is_target { "target" } else { "source" })
    });
    let heads: Vec<_> = ["scenario", "who"].map(str::to_owned).into_iter().chain(heads).collect();
    let mut table = new(&heads);
    for (ran, once) in all.iter().filter_map(|ran| Some((ran, ran.shown()?))) {
        let side = |is_target: bool| if is_target { &once.target } else { &once.source };
        let counts = columns.iter().map(|(kind, is_target)| side(*is_target).count(*kind).to_string());
        table.add_row([ran.scenario.to_owned(), ran.who.clone()].into_iter().chain(counts));
    }
    aligned(table)
}

/// The figures, found and due.
pub fn figures(all: &[Figure]) -> String {
    let mut table = new(&["scenario", "figure", "found", "due", ""]);
    for figure in all {
        let due = match figure.due {
            Due::Exactly(due) => format!("= {due}"),
            Due::AtMost(due) => format!("≤ {due}"),
            Due::AtLeast(due) => format!("≥ {due}"),
            Due::Nothing => String::new(),
        };
        let found = format!("{}", (figure.found * 1e3).round() / 1e3);
        let met = match figure.due {
            Due::Nothing => "",
            _ if figure.is_met() => "met",
            _ => "not met",
        };
        table.add_row([figure.scenario, figure.what, &found, &due, met]);
    }
    aligned(table)
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

#[expect(clippy::cast_precision_loss, reason = "for people to read")]
pub fn ratio(count: u64, fewest: u64) -> f64 {
    if fewest == 0 { f64::NAN } else { count as f64 / fewest as f64 }
}

#[expect(clippy::cast_precision_loss, reason = "for people to read")]
pub fn mega(bytes: u64) -> f64 {
    bytes as f64 / 1e6
}

fn new<S: AsRef<str>>(heads: &[S]) -> Table {
    let mut table = Table::new();
    table.load_style(presets::ASCII_MARKDOWN).set_header(heads.iter().map(AsRef::as_ref));
    table
}

fn aligned(mut table: Table) -> String {
    for column in table.column_iter_mut().skip(WORDS) {
        column.set_cell_alignment(CellAlignment::Right);
    }
    table.to_string()
}
