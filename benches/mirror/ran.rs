//! What was run, and what it cost and sent.

use crate::fewest::Fewest;
use crate::measure::Cost;
use crate::path::Passed;

/// One run of a tool.
#[derive(Debug, Clone)]
pub struct Once {
    pub cost: Cost,
    /// Towards the source; everything, where source and target are one registry.
    pub source: Passed,
    pub target: Passed,
}

impl Once {
    pub fn both(&self) -> Passed {
        self.source.clone().and(&self.target)
    }
}

/// All runs of a tool in a scenario.
#[derive(Debug, Clone)]
pub struct Ran {
    pub scenario: &'static str,
    pub title: &'static str,
    pub who: String,
    pub fewest: Fewest,
    pub lines: u64,
    pub is_no_op: bool,
    pub has_tokens: bool,
    pub runs: Vec<Once>,
}

impl Ran {
    /// Half of the runs took longer than this.
    pub fn wall(&self) -> f64 {
        median(self.runs.iter().map(|once| once.cost.wall))
    }

    pub fn cpu(&self) -> f64 {
        median(self.runs.iter().map(|once| once.cost.cpu))
    }

    /// The most of all runs.
    pub fn memory(&self) -> u64 {
        self.runs.iter().map(|once| once.cost.memory).max().unwrap_or_default()
    }

    /// The run whose counts are shown: the one with the most requests.
    pub fn shown(&self) -> Option<&Once> {
        self.runs.iter().max_by_key(|once| once.both().total())
    }
}

/// What was run by `who` in the scenario.
pub fn find<'a>(ran: &'a [Ran], scenario: &str, who: &str) -> Option<&'a Ran> {
    ran.iter().find(|ran| ran.scenario == scenario && ran.who == who)
}

fn median(of: impl Iterator<Item = f64>) -> f64 {
    let mut sorted: Vec<_> = of.collect();
    sorted.sort_by(f64::total_cmp);
    let (lower, upper) = (sorted.len().saturating_sub(1) / 2, sorted.len() / 2);
    match (sorted.get(lower), sorted.get(upper)) {
        (Some(lower), Some(upper)) => f64::midpoint(*lower, *upper),
        _ => f64::NAN,
    }
}
