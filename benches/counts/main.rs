//! Counts requests and bytes of the program between real registries, beside the fewest possible and a peer.
//!
//! It fails where a figure is broken, where an image is not right afterwards, and where the program's own report differs
//! from what passed. Time, CPU and memory are printed for orientation and decide nothing, but for the limits on memory.

#![expect(unreachable_pub, reason = "`pub` here says: for the rest of the benchmark")]

mod bench;
mod direct;
mod floor;
mod measure;
mod proxy;
mod set;
#[path = "../../tests/it/support/mod.rs"]
mod support;
mod table;

use std::fmt::Write as _;
use std::process::{Command, ExitCode};
use std::sync::Arc;

use bench::{Bench, Registry, Result, Scenario, ours};
use floor::Floor;
use set::{Line, Set, Shape};
use support::image::Image;
use support::registry::FakeRegistry;
use support::run::Run;
use table::{note, say};

const SEED: u64 = 1;
/// 200 tags of 50 repositories; a thirtieth of the bytes of the images that it stands for.
const MAIN: Shape =
    Shape { repositories: 50, tags: 4, base: (32 << 10, 1 << 20), own: Some((4 << 10, 256 << 10)) };
/// 2,000 tags of 200 repositories, never read.
const MANY: Shape = Shape { repositories: 200, tags: 10, base: (512, 1024), own: None };
/// 200 tags of one repository.
const ONE: Shape = Shape { repositories: 1, tags: 200, base: (512, 1024), own: Some((512, 1024)) };
/// One tag in so many changes: 5 %.
const STEP: usize = 20;
const MIB: u64 = 1 << 20;
const MOST_MEMORY: u64 = 64 * MIB;
const ENTRIES: u64 = 10_000;

fn main() -> ExitCode {
    let words: Vec<_> = std::env::args().skip(1).collect();
    if words.first().is_some_and(|word| word == measure::MEASURE) {
        return measure::child(&words[1..]);
    }
    let mut bench = Bench::default();
    let runtime = tokio::runtime::Runtime::new();
    let ran = runtime.map_err(Into::into).and_then(|runtime| runtime.block_on(all(&mut bench)));
    say(&table::runs(&bench.runs));
    say("");
    say(&table::connections(&bench.runs));
    bench.wrong.extend(ran.err().map(|error| error.to_string()));
    for wrong in &bench.wrong {
        note(&format!("error: {wrong}"));
    }
    if bench.wrong.is_empty() { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

async fn all(bench: &mut Bench) -> Result<()> {
    say(&machine());
    main_set(bench).await?;
    one_repository(bench).await?;
    many(bench).await?;
    large_layer(bench).await?;
    many_entries(bench).await
}

async fn main_set(bench: &mut Bench) -> Result<()> {
    let set = Set::generate(MAIN, SEED);
    let source = Registry::filled(&set).await?;
    let (target, peers) = (Registry::start().await?, Registry::start().await?);
    let cold = |target| Scenario {
        name: "cold",
        set: &set,
        source: &source,
        target: Some(target),
        floor: Floor::cold(&set),
    };
    bench.ours(&cold(&target)).await?;
    bench.peer(&cold(&peers)).await?;
    let no_op = |target| Scenario { name: "no-op", floor: Floor::no_op(&set), ..cold(target) };
    bench.ours(&no_op(&target)).await?;
    bench.peer(&no_op(&peers)).await?;
    let here =
        Scenario { name: "same registry", target: None, floor: Floor::same_registry(&set), ..cold(&target) };
    bench.ours(&here).await?;
    let (after, new) = set.changed(MAIN, SEED + 1, STEP);
    source.direct()?.fill(&new).await?;
    let floor = Floor::changed(&set, &after, &new);
    bench.ours(&Scenario { name: "5 % changed", set: &after, floor, ..cold(&target) }).await
}

async fn one_repository(bench: &mut Bench) -> Result<()> {
    let set = Set::generate(ONE, SEED);
    let (source, target) = (Registry::filled(&set).await?, Registry::start().await?);
    let floor = Floor::cold(&set);
    let cold =
        Scenario { name: "one repository, cold", set: &set, source: &source, target: Some(&target), floor };
    bench.ours(&cold).await?;
    bench.ours(&Scenario { name: "one repository, no-op", floor: Floor::no_op(&set), ..cold }).await
}

async fn many(bench: &mut Bench) -> Result<()> {
    let set = Set::generate(MANY, SEED);
    let (source, target) = (Registry::filled(&set).await?, Registry::filled(&set).await?);
    let floor = Floor::no_op(&set);
    bench
        .ours(&Scenario {
            name: "2,000 lines, no-op",
            set: &set,
            source: &source,
            target: Some(&target),
            floor,
        })
        .await
}

async fn large_layer(bench: &mut Bench) -> Result<()> {
    let image = Image::oci().layer_of(1 << 30, SEED).build();
    let line = Line { repository: "set/large".to_owned(), tag: "v1".to_owned(), image: Arc::new(image) };
    let set = Set { lines: vec![line] };
    let (source, target) = (Registry::filled(&set).await?, Registry::start().await?);
    let floor = Floor::cold(&set);
    bench
        .ours(&Scenario { name: "1 GiB layer", set: &set, source: &source, target: Some(&target), floor })
        .await?;
    let memory = bench.runs.last().map_or(0, |ran| ran.cost.memory);
    bench.at_most("1 GiB layer: bytes of memory", memory, MOST_MEMORY);
    Ok(())
}

/// Memory over many entries; the registries are ours, in this process, since nothing else is looked at.
async fn many_entries(bench: &mut Bench) -> Result<()> {
    note("10,000 entries");
    let (source, target) = (FakeRegistry::start().await, FakeRegistry::start().await);
    let image = Image::example(SEED);
    let mut mapping = String::new();
    for number in 0..ENTRIES {
        let (repository, tag) = (format!("set/image-{:03}", number / 50), format!("v{}", number % 50));
        source.put_image(&repository, &tag, &image);
        target.put_image(&repository, &tag, &image);
        // Writing to a string cannot fail.
        writeln!(mapping, "{0}/{repository}:{tag} {1}/{repository}:{tag}", source.host(), target.host()).ok();
    }
    let run = Run::new(["run", "mapping_many"]).mapping("mapping_many", &mapping);
    let (cost, report) = ours(&run.command()).await?;
    let requests = (source.requests().len() + target.requests().len()) as u64;
    bench.at_most("10,000 entries: requests", requests, 2 * ENTRIES);
    bench.at_most("10,000 entries: bytes of memory", cost.memory, MOST_MEMORY + 1024 * ENTRIES);
    if report["totals"]["kept"] != ENTRIES {
        bench.wrong.push(format!("10,000 entries: kept {}", report["totals"]["kept"]));
    }
    say(&format!(
        "10,000 entries, no-op, against registries in this process: {requests} requests, {} MiB, {:.2} s, {:.2} s CPU\n",
        cost.memory / MIB,
        cost.wall,
        cost.cpu,
    ));
    Ok(())
}

fn machine() -> String {
    let cores = std::thread::available_parallelism().map_or(0, std::num::NonZero::get);
    let said = |program: &str| {
        let output = Command::new(program).arg("--version").output();
        output.map_or_else(
            |error| error.to_string(),
            |output| String::from_utf8_lossy(&output.stdout).trim().to_owned(),
        )
    };
    format!("{cores} cores; {}; {}\n", said("docker-registry"), said("skopeo"))
}
