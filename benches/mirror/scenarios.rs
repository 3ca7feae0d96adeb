//! What is measured, in order.

use std::time::Duration;

use crate::Result;
use crate::bench::Bench;
use crate::fewest::Fewest;
use crate::scenario::{Scenario, To};
use crate::set::{MAIN, MANY, ONE, Set};

const SEED: u64 = 1;
/// One tag in so many changes: 5 %.
const STEP: usize = 20;
const RUNS: usize = 5;
/// For those that move gigabytes.
const FEW_RUNS: usize = 3;

pub fn all(bench: &mut Bench) -> Result<()> {
    main_set(bench)?;
    many(bench)?;
    one_repository(bench)?;
    large_layer(bench)
}

fn wants(bench: &Bench, scenarios: &[&str]) -> bool {
    scenarios.iter().any(|scenario| bench.settings.wants(scenario))
}

fn run(bench: &mut Bench, scenario: &Scenario<'_>) -> Result<()> {
    if bench.settings.wants(scenario.id) { bench.run(scenario) } else { Ok(()) }
}

fn main_set(bench: &mut Bench) -> Result<()> {
    if !wants(bench, &["A", "B", "C", "D", "I", "JA", "JB"]) {
        return Ok(());
    }
    let set = Set::generate(&bench.grounds.pool, MAIN, SEED)?;
    let (after, new) = set.changed(&bench.grounds.pool, MAIN, SEED + 1, STEP)?;
    let cold = Scenario {
        id: "A",
        title: "cold",
        set: &set,
        before: None,
        to: To::Others(1),
        rtt: bench.settings.rtt,
        runs: FEW_RUNS,
        fewest: Fewest::cold(&set, 1),
        is_no_op: false,
        has_tokens: false,
    };
    run(bench, &cold)?;
    run(bench, &no_op("B", "nothing changed", &cold))?;
    let fewest = Fewest::changed(&set, &after, &new);
    let changed = Scenario {
        id: "C",
        title: "5 % changed",
        set: &after,
        before: Some(&set),
        runs: RUNS,
        fewest,
        ..cold.clone()
    };
    run(bench, &changed)?;
    let fewest = Fewest::same_registry(&set);
    run(
        bench,
        &Scenario { id: "D", title: "same registry", to: To::Same, runs: RUNS, fewest, ..cold.clone() },
    )?;
    let fewest = Fewest::cold(&set, 3);
    run(
        bench,
        &Scenario { id: "I", title: "three registries, cold", to: To::Others(3), fewest, ..cold.clone() },
    )?;
    run(bench, &Scenario { id: "JA", title: "cold, with tokens", has_tokens: true, ..cold.clone() })?;
    let no_op = no_op("JB", "nothing changed, with tokens", &cold);
    run(bench, &Scenario { has_tokens: true, ..no_op })
}

fn no_op<'a>(id: &'static str, title: &'static str, cold: &Scenario<'a>) -> Scenario<'a> {
    let (before, fewest) = (Some(cold.set), Fewest::no_op(cold.set));
    Scenario { id, title, before, runs: RUNS, fewest, is_no_op: true, ..cold.clone() }
}

fn many(bench: &mut Bench) -> Result<()> {
    if !wants(bench, &["E", "E0", "JE"]) {
        return Ok(());
    }
    let set = Set::generate(&bench.grounds.pool, MANY, SEED)?;
    let scenario = Scenario {
        id: "E",
        title: "2,000 lines, nothing changed",
        set: &set,
        before: Some(&set),
        to: To::Others(1),
        rtt: bench.settings.rtt,
        runs: RUNS,
        fewest: Fewest::no_op(&set),
        is_no_op: true,
        has_tokens: false,
    };
    run(bench, &scenario)?;
    let title = "2,000 lines, nothing changed, no round trip";
    run(bench, &Scenario { id: "E0", title, rtt: Duration::ZERO, ..scenario.clone() })?;
    let title = "2,000 lines, nothing changed, with tokens";
    run(bench, &Scenario { id: "JE", title, has_tokens: true, ..scenario })
}

fn one_repository(bench: &mut Bench) -> Result<()> {
    if !wants(bench, &["F", "G"]) {
        return Ok(());
    }
    let set = Set::generate(&bench.grounds.pool, ONE, SEED)?;
    let cold = Scenario {
        id: "G",
        title: "one repository, cold",
        set: &set,
        before: None,
        to: To::Others(1),
        rtt: bench.settings.rtt,
        runs: RUNS,
        fewest: Fewest::cold(&set, 1),
        is_no_op: false,
        has_tokens: false,
    };
    run(bench, &no_op("F", "one repository, nothing changed", &cold))?;
    run(bench, &cold)
}

fn large_layer(bench: &mut Bench) -> Result<()> {
    if !wants(bench, &["H"]) {
        return Ok(());
    }
    let set = Set::one_layer(&bench.grounds.pool, 2 << 30, SEED)?;
    let scenario = Scenario {
        id: "H",
        title: "one layer of 2 GiB",
        set: &set,
        before: None,
        to: To::Others(1),
        rtt: bench.settings.rtt,
        runs: FEW_RUNS,
        fewest: Fewest::cold(&set, 1),
        is_no_op: false,
        has_tokens: false,
    };
    run(bench, &scenario)
}
