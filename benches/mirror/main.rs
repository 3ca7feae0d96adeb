//! Measures the program between real registries, behind TLS and a delay line, beside what the machine can do and beside
//! peers: time, CPU, memory, requests and bytes. `docs/performance.md` says how and what the figures mean.
//!
//! It fails where a figure that does not hang on time is broken, where an image is not right afterwards, and where the
//! program's own report differs from what passed.

#![expect(unreachable_pub, reason = "`pub` here says: for the rest of the benchmark")]

mod bench;
mod check;
mod fewest;
mod figures;
mod floor;
mod ground;
mod image;
mod json;
mod measure;
mod path;
mod pool;
mod ran;
mod registry;
mod scenario;
mod scenarios;
mod set;
mod settings;
mod store;
#[path = "../../tests/it/support/mod.rs"]
mod support;
mod table;
mod tokens;
mod tools;

use std::path::Path;
use std::process::{Command, ExitCode};

use bench::Bench;
use settings::Settings;
use table::{note, say};

type Result<T> = std::result::Result<T, Box<dyn std::error::Error + Send + Sync>>;

fn main() -> ExitCode {
    let words: Vec<_> = std::env::args().skip(1).collect();
    let words: Vec<_> = words.iter().map(String::as_str).collect();
    let ended = match words[..] {
        [measure::MEASURE, ..] => return measure::child(&words[1..]),
        [path::PATH, folder] => path::child(Path::new(folder)),
        [floor::FLOOR, authority, list] => floor::child(Path::new(authority), Path::new(list)),
        _ => all(),
    };
    match ended {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            note(&format!("error: {error}"));
            ExitCode::FAILURE
        }
    }
}

fn all() -> Result<()> {
    let settings = Settings::read()?;
    let machine = machine(&settings);
    say(&machine);
    let mut bench = Bench::new(settings)?;
    let ended = scenarios::all(&mut bench);
    say(&table::costs(&bench.ran));
    say("");
    say(&table::requests(&bench.ran));
    say("");
    let figures = figures::figures(&bench.ran);
    say(&table::figures(&figures));
    json::write(&bench.settings.json, machine.trim(), &bench.ran, &figures)?;
    let broken = figures.iter().filter(|figure| figure.decides && !figure.is_met());
    bench
        .wrong
        .extend(broken.map(|figure| format!("{}: {}: {}", figure.scenario, figure.what, figure.found)));
    bench.wrong.extend(ended.err().map(|error| error.to_string()));
    for wrong in &bench.wrong {
        note(&format!("error: {wrong}"));
    }
    if bench.wrong.is_empty() { Ok(()) } else { Err(format!("{} wrong", bench.wrong.len()).into()) }
}

fn machine(settings: &Settings) -> String {
    let cores = std::thread::available_parallelism().map_or(0, std::num::NonZero::get);
    let said = |program: &str| {
        let output = Command::new(program).arg("--version").output();
        output.map_or_else(
            |error| error.to_string(),
            |output| String::from_utf8_lossy(&output.stdout).trim().to_owned(),
        )
    };
    let rtt = settings.rtt.as_millis();
    format!("{cores} cores; {rtt} ms round trip; {}; {}\n", said("docker-registry"), said("skopeo"))
}
