//! The figures that we hold ourselves to. Those that do not hang on time decide over the benchmark; those that do are shown.

use serde::Serialize;

use crate::path::Kind;
use crate::ran::{Once, Ran, find};
use crate::table::{mega, ratio};
use crate::tools::{CURL, FLOOR, OURS, SKOPEO};

/// A figure, found and due.
#[derive(Debug, Clone, Serialize)]
pub struct Figure {
    pub scenario: &'static str,
    pub what: &'static str,
    pub found: f64,
    pub due: Due,
    /// Whether the benchmark fails with it.
    pub decides: bool,
}

/// What a figure is held against.
#[derive(Debug, Clone, Copy, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Due {
    Exactly(f64),
    AtMost(f64),
    AtLeast(f64),
    /// Nothing: for orientation.
    Nothing,
}

impl Figure {
    pub fn is_met(&self) -> bool {
        match self.due {
            Due::Exactly(due) => (self.found - due).abs() < f64::EPSILON,
            Due::AtMost(due) => self.found <= due,
            Due::AtLeast(due) => self.found >= due,
            Due::Nothing => true,
        }
    }
}

/// All that apply to what was run.
pub fn figures(all: &[Ran]) -> Vec<Figure> {
    let ours = all.iter().filter(|ran| ran.who == OURS);
    ours.flat_map(|ran| counts(ran).into_iter().chain(memory(ran)).chain(time(ran, all))).collect()
}

/// Requests over the fewest that a copy may have.
fn allowance(scenario: &str) -> Option<f64> {
    match scenario {
        "A" | "JA" | "G" | "I" => Some(1.05),
        "C" => Some(1.06),
        "D" => Some(1.09),
        _ => None,
    }
}

fn counts(ran: &Ran) -> Vec<Figure> {
    let fewest = &ran.fewest;
    let decides = |what, found, due| Figure { scenario: ran.scenario, what, found, due, decides: true };
    // The worst of all runs: a figure that holds now and then does not hold.
    let most = |count: fn(&Once) -> u64| exact(ran.runs.iter().map(count).max().unwrap_or_default());
    let mut figures = vec![
        decides(
            "bytes of blobs from the source",
            most(|once| once.source.blobs_down),
            Due::Exactly(exact(fewest.blob_bytes)),
        ),
        decides(
            "GETs of blobs",
            most(|once| once.both().count(Kind::GetBlob)),
            Due::Exactly(exact(fewest.blobs)),
        ),
        decides(
            "PUTs of manifests",
            most(|once| once.both().count(Kind::PutManifest)),
            Due::Exactly(exact(fewest.writes)),
        ),
    ];
    if ran.is_no_op {
        figures.push(decides(
            "requests a line, 401s aside",
            most(requests) / exact(ran.lines),
            Due::Exactly(2.0),
        ));
        figures.push(decides("writes", most(|once| once.both().writes()), Due::Exactly(0.0)));
    }
    if let Some(allowed) = allowance(ran.scenario) {
        let found = most(requests) / exact(fewest.requests);
        figures.push(decides("requests, times the fewest", found, Due::AtMost(allowed)));
    }
    if ran.scenario == "D" {
        figures.push(decides("bytes of blobs sent", most(|once| once.both().blobs_up), Due::Exactly(0.0)));
    }
    if ran.has_tokens {
        let a_registry = ran.lines.div_ceil(20) + 2;
        let allowed = 2 * if ran.is_no_op { a_registry } else { 2 * a_registry };
        figures.push(decides(
            "tokens",
            most(|once| once.both().count(Kind::Token)),
            Due::AtMost(exact(allowed)),
        ));
        figures.push(decides("401s", most(unauthorized), Due::AtMost(2.0)));
    }
    figures
}

/// Without those for tokens, and those that only brought a challenge.
fn requests(once: &Once) -> u64 {
    let both = once.both();
    both.total() - both.count(Kind::Token) - unauthorized(once)
}

fn unauthorized(once: &Once) -> u64 {
    once.both().refused.get(&401).copied().unwrap_or_default()
}

fn memory(ran: &Ran) -> Option<Figure> {
    let most = match ran.scenario {
        "E" => 25.0,
        "A" | "H" => 64.0,
        _ => return None,
    };
    let found = mega(ran.memory());
    Some(Figure {
        scenario: ran.scenario,
        what: "MB of memory",
        found,
        due: Due::AtMost(most),
        decides: true,
    })
}

fn time(ran: &Ran, all: &[Ran]) -> Vec<Figure> {
    let shown = |what, found, due| Figure { scenario: ran.scenario, what, found, due, decides: false };
    let to = |who: &str| find(all, ran.scenario, who);
    let mut figures = Vec::new();
    if matches!(ran.scenario, "B" | "E" | "F") {
        let floor = to(FLOOR)
            .map(|floor| shown("wall, times the floor's", ran.wall() / floor.wall(), Due::AtMost(1.25)));
        let peer =
            to(SKOPEO).map(|peer| shown("wall, times skopeo's", ran.wall() / peer.wall(), Due::AtMost(0.05)));
        figures.extend(floor.into_iter().chain(peer));
    }
    if let Some(peer) = to(SKOPEO).filter(|_| ran.scenario == "A") {
        figures.push(shown("wall, times skopeo's", ran.wall() / peer.wall(), Due::AtMost(0.4)));
        figures.push(shown("CPU, times skopeo's", ran.cpu() / peer.cpu(), Due::AtMost(0.4)));
    }
    if let Some(pipe) = to(CURL) {
        let bytes = mega(ran.fewest.blob_bytes);
        figures.push(shown("throughput, MB/s", bytes / ran.wall(), Due::Nothing));
        figures.push(shown("curl's throughput, MB/s", bytes / pipe.wall(), Due::Nothing));
        figures.push(shown("throughput, times curl's", pipe.wall() / ran.wall(), Due::AtLeast(0.9)));
    }
    figures
}

fn exact(count: u64) -> f64 {
    ratio(count, 1)
}
