//! Prints how the limiter of the program meets registries with a limit, in virtual time: docs/performance.md.
//!
//! The figures that must hold are asserted by the suite, with the same simulation.

#![allow(unreachable_pub, reason = "`pub` there says: for the suite as well")]

#[path = "../../tests/it/support/capacity.rs"]
mod capacity;

use std::io::{self, Write as _};

use capacity::{Case, ROUND_TRIP, Rule, Seen, WARM_UP, cases, simulate};

const HEAD: &str = "\
| registry | `Retry-After` | found after, s | refused in the warm-up | later | % | time above, % | most in a second | capacity used | time |
|---|---|---:|---:|---:|---:|---:|---:|---:|---:|";

fn main() -> io::Result<()> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_time().start_paused(true).build()?;
    let mut out = io::stdout().lock();
    let open = Case { rate: f64::INFINITY, rule: Rule::Open, retry_after: false, requests: 2_000 };
    let seen = runtime.block_on(simulate(open));
    writeln!(out, "Round trip {} ms, warm-up {} s.", ROUND_TRIP.as_millis(), WARM_UP.as_secs())?;
    writeln!(
        out,
        "No limit: {} at a time {} ms after the first answer, {} requests in {:.2} s.\n\n{HEAD}",
        seen.at_a_time,
        seen.full_after.as_millis(),
        open.requests,
        seen.seconds
    )?;
    for (name, case) in cases() {
        let seen = runtime.block_on(simulate(case));
        writeln!(out, "| {name} | {} | {} |", if case.retry_after { "yes" } else { "no" }, figures(&seen))?;
    }
    Ok(())
}

fn figures(seen: &Seen) -> String {
    let percent = |share: f64| format!("{:.1}", share * 100.0);
    let first = format!("{:.1} | {}", seen.found, seen.refused_first);
    let later = format!("{} | {}", seen.refused_later, percent(seen.refused_share));
    let above = format!("{} | {:.2}", percent(seen.above), seen.most);
    format!("{first} | {later} | {above} | {:.3} | {:.2}", seen.used, seen.times_ideal)
}
