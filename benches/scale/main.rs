//! What the number of entries costs: time, CPU and memory of the program over mapping sets of which all is in place, and
//! the straight line through them.
//!
//! Each is printed as it comes; sizes other than the usual ones may be named. It fails where the program asks more than
//! twice an entry, keeps less than all, or takes more memory than is promised.

#![expect(unreachable_pub, reason = "`pub` here says: for the rest of the benchmark")]

mod fit;
#[path = "../mirror/measure.rs"]
mod measure;
mod registry;

use std::error::Error;
use std::fmt::Write as _;
use std::io::Write as _;
use std::path::Path;
use std::process::{Command, ExitCode};

use measure::{Cost, measured};
use registry::Registry;

const REPOSITORIES: u32 = 2_000;
const ENTRIES: [u32; 4] = [12_500, 25_000, 50_000, 100_000];
/// The most memory that an entry may take, in bytes, and what a run may take besides.
const MOST: (u64, u64) = (2_048, 64 << 20);

type Result<T> = std::result::Result<T, Box<dyn Error + Send + Sync>>;

/// A run over so many entries.
struct Point {
    entries: u32,
    requests: u64,
    cost: Cost,
}

fn main() -> ExitCode {
    let words: Vec<_> = std::env::args().skip(1).collect();
    let words: Vec<_> = words.iter().map(String::as_str).collect();
    if let [measure::MEASURE, ..] = words[..] {
        return measure::child(&words[1..]);
    }
    let named: Vec<u32> = words.iter().filter_map(|word| word.parse().ok()).collect();
    let sizes = if named.is_empty() { ENTRIES.to_vec() } else { named };
    let runtime = tokio::runtime::Runtime::new();
    match runtime.map_err(Into::into).and_then(|runtime| runtime.block_on(all(sizes))) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            // Where nobody listens there is nobody to be told.
            writeln!(std::io::stderr(), "error: {error}").ok();
            ExitCode::FAILURE
        }
    }
}

async fn all(sizes: Vec<u32>) -> Result<()> {
    let ends = (Registry::start().await?, Registry::start().await?);
    let mut points = Vec::new();
    say("| entries | requests | wall s | CPU s | MiB | KiB an entry |\n|---:|---:|---:|---:|---:|---:|")?;
    for entries in sizes {
        points.push(run(&ends, entries).await?);
        points.last().map_or(Ok(()), |point| say(&row(point)))?;
    }
    if points.len() > 1 {
        say(&fits(&points))?;
    }
    let Some(last) = points.last() else { return Ok(()) };
    let most = MOST.1 + MOST.0 * u64::from(last.entries);
    if last.cost.memory > most {
        return Err(format!("{} bytes of memory, at most {most}", last.cost.memory).into());
    }
    Ok(())
}

async fn run((source, target): &(Registry, Registry), entries: u32) -> Result<Point> {
    let folder = tempfile::tempdir()?;
    std::fs::write(folder.path().join("mapping_scale"), mapping(&source.host, &target.host, entries))?;
    let program = program(folder.path());
    let (cost, output) = tokio::task::spawn_blocking(move || measured(&program)).await??;
    let report = std::fs::read(folder.path().join("artifacts/image-mirror-report.json"))
        .map_err(|error| format!("{error}: {}", String::from_utf8_lossy(&output.stderr)))?;
    let report: serde_json::Value = serde_json::from_slice(&report)?;
    let requests = source.requests() + target.requests();
    if report["totals"]["kept"] != entries || requests != 2 * u64::from(entries) {
        return Err(
            format!("{entries} entries: kept {}, {requests} requests", report["totals"]["kept"]).into()
        );
    }
    Ok(Point { entries, requests, cost })
}

fn program(folder: &Path) -> Command {
    let mut program = Command::new(env!("CARGO_BIN_EXE_image-mirror"));
    program.env_clear().env("HOME", folder).current_dir(folder);
    program.args(["run", "--progress=none", "--artifacts=artifacts", "mapping_scale"]);
    program
}

/// Names as long as they are in the world, a tag of every repository in turn.
fn mapping(source: &str, target: &str, entries: u32) -> String {
    let mut text = String::from("# owner: scale\n");
    for number in 0..entries {
        let (repository, tag) = (number % REPOSITORIES, number / REPOSITORIES);
        let name = format!("openshift/component-{repository:04}:v4.{tag}.0-202611200000");
        // Writing to a string cannot fail.
        writeln!(text, "{source}/{name} {target}/{name}").ok();
    }
    text
}

#[expect(clippy::cast_precision_loss, reason = "bytes of memory")]
fn row(Point { entries, requests, cost }: &Point) -> String {
    let kib = cost.memory as f64 / 1024.0;
    let (mib, each) = (kib / 1024.0, kib / f64::from(*entries));
    format!("| {entries} | {requests} | {:.2} | {:.2} | {mib:.0} | {each:.2} |", cost.wall, cost.cpu)
}

#[expect(clippy::cast_precision_loss, reason = "bytes of memory")]
fn fits(points: &[Point]) -> String {
    let of = |value: fn(&Cost) -> f64| {
        let points: Vec<_> =
            points.iter().map(|point| (f64::from(point.entries), value(&point.cost))).collect();
        fit::line(&points)
    };
    let mut text =
        String::from("\n| by least squares | at 0 entries | a further 1,000 | r² |\n|---|---:|---:|---:|\n");
    let all = [
        ("wall s", of(|cost| cost.wall)),
        ("CPU s", of(|cost| cost.cpu)),
        ("MiB", of(|cost| cost.memory as f64 / 1024.0 / 1024.0)),
    ];
    for (name, line) in all {
        writeln!(text, "| {name} | {:.2} | {:.3} | {:.4} |", line.start, line.slope * 1000.0, line.r2).ok();
    }
    text
}

fn say(text: &str) -> Result<()> {
    Ok(writeln!(std::io::stdout(), "{text}")?)
}
