//! Everything that was measured, each run of its own, for programs.

use std::fs;
use std::path::Path;

use serde_json::{Value, json};

use crate::Result;
use crate::figures::Figure;
use crate::ran::Ran;

/// Writes it to `path`.
pub fn write(path: &Path, machine: &str, ran: &[Ran], figures: &[Figure]) -> Result<()> {
    if let Some(folder) = path.parent() {
        fs::create_dir_all(folder)?;
    }
    let ran: Vec<_> = ran.iter().map(one).collect();
    let all = json!({"machine": machine, "ran": ran, "figures": figures});
    Ok(fs::write(path, serde_json::to_vec_pretty(&all)?)?)
}

fn one(ran: &Ran) -> Value {
    let runs = ran.runs.iter();
    let runs = runs.map(|once| json!({"cost": once.cost, "source": once.source, "target": once.target}));
    json!({
        "scenario": ran.scenario, "title": ran.title, "who": ran.who, "lines": ran.lines,
        "wall": ran.wall(), "cpu": ran.cpu(), "memory": ran.memory(),
        "fewest": ran.fewest, "runs": runs.collect::<Vec<_>>(),
    })
}
