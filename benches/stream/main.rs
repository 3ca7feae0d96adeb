//! Memory and time of `stream mirror` with files of 1 GiB, beside `curl | tee | sha256sum`: docs/performance.md.
//!
//! `SIZE_MIB`, `PAIRS` and `IMAGE_MIRROR_BIN` choose otherwise; `BENCH_DIR` says where the files go, on the disk that is to be
//! measured.

#![allow(unreachable_pub, reason = "`pub` there says: for the other bench as well")]

#[path = "../mirror/measure.rs"]
mod measure;
mod served;

use std::error::Error;
use std::fs;
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitCode, Stdio};
use std::{env, thread, time};

use measure::{Cost, MEASURE, child, measured};
use served::{Served, serve};

/// What is measured at once.
const FILES: usize = 4;

type Fallible<T> = Result<T, Box<dyn Error>>;

fn main() -> ExitCode {
    let words: Vec<String> = env::args().collect();
    if words.get(1).is_some_and(|word| word == MEASURE) {
        return child(&words[2..].iter().map(String::as_str).collect::<Vec<_>>());
    }
    match bench() {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            writeln!(io::stderr(), "error: {error}").ok();
            ExitCode::FAILURE
        }
    }
}

fn bench() -> Fallible<()> {
    let mib: u64 = number("SIZE_MIB", 1024)?;
    let pairs: usize = number("PAIRS", 5)?;
    let base = variable("BENCH_DIR").map_or_else(env::temp_dir, PathBuf::from);
    let folder = tempfile::tempdir_in(base)?;
    let served = serve(folder.path(), FILES, mib)?;
    let mut out = io::stdout().lock();
    writeln!(out, "{FILES} files of {mib} MiB\n\n| destination | memory, MB | wall, s |\n|---|---:|---:|")?;
    let cost = ours(&served, FILES, folder.path().join("all").to_str().unwrap_or_default(), &[])?;
    row(&mut out, "a directory", cost)?;
    let moto = Moto::start(folder.path())?;
    let cost = ours(&served, FILES, "s3://bench/all", &moto.variables())?;
    row(&mut out, "a bucket (moto)", cost)?;
    drop(moto);
    fs::remove_dir_all(folder.path().join("all"))?;
    writeln!(out, "\n| pair | `stream mirror --jobs 1`, s | `curl`, s | ratio |\n|---:|---:|---:|---:|")?;
    let mut ratios = Vec::new();
    for pair in 1..=pairs {
        let (first, second) = (folder.path().join("ours"), folder.path().join("theirs"));
        let ours = ours(&served, 1, first.to_str().unwrap_or_default(), &[])?.wall;
        let curl = curl(&served, &second)?.wall;
        ratios.push(ours / curl);
        writeln!(out, "| {pair} | {ours:.2} | {curl:.2} | {:.2} |", ours / curl)?;
        fs::remove_dir_all(first)?;
        fs::remove_file(second)?;
    }
    ratios.sort_by(f64::total_cmp);
    writeln!(out, "\nmedian ratio: {:.2}", ratios.get(pairs / 2).copied().unwrap_or(f64::NAN))?;
    Ok(())
}

fn variable(name: &str) -> Option<String> {
    env::vars_os().find(|(own, _)| own == name).and_then(|(_, value)| value.into_string().ok())
}

fn number<T: std::str::FromStr>(name: &str, otherwise: T) -> Fallible<T> {
    let Some(text) = variable(name) else { return Ok(otherwise) };
    text.parse().map_err(|_| format!("{name} is no number: {text}").into())
}

#[expect(clippy::cast_precision_loss, reason = "megabytes")]
fn row(out: &mut impl io::Write, what: &str, cost: Cost) -> io::Result<()> {
    writeln!(out, "| {what} | {:.1} | {:.1} |", cost.memory as f64 / 1e6, cost.wall)
}

/// Mirrors the first `count` files.
fn ours(served: &Served, count: usize, to: &str, variables: &[(String, String)]) -> Fallible<Cost> {
    let program = variable("IMAGE_MIRROR_BIN");
    let program = program.unwrap_or_else(|| env!("CARGO_BIN_EXE_image-mirror").to_owned());
    let mut command = Command::new(program);
    command.args(["stream", "mirror", "--src"]).arg(served.stream(count)?);
    command.args(["--dest", to, "--layout", "build", "--ocp", "4.16", "--progress", "none"]);
    command.arg("--jobs").arg(count.to_string());
    command.envs(variables.iter().cloned()).env("PATH", variable("PATH").unwrap_or_default());
    succeeded(&command)
}

/// The same by hand, one file: fetched, stored, hashed, and on the disk.
fn curl(served: &Served, to: &Path) -> Fallible<Cost> {
    let (url, to) = (served.url(0), to.display());
    let mut command = Command::new("/bin/sh");
    command.args(["-c", &format!("curl -sS {url} | tee {to} | sha256sum && sync {to}")]);
    command.env("PATH", variable("PATH").unwrap_or_default());
    succeeded(&command)
}

fn succeeded(command: &Command) -> Fallible<Cost> {
    let (cost, output) = measured(command)?;
    if output.status.success() {
        return Ok(cost);
    }
    let said = [output.stdout, output.stderr].map(|bytes| String::from_utf8_lossy(&bytes).into_owned());
    Err(format!("{command:?} failed: {}", said.concat()).into())
}

/// A server that speaks S3, as the tests install it.
struct Moto {
    child: Child,
    endpoint: String,
}

impl Moto {
    fn start(folder: &Path) -> Fallible<Self> {
        let program = Path::new(env!("CARGO_MANIFEST_DIR")).join("target/moto/bin/moto_server");
        let log = folder.join("moto.log");
        let mut command = Command::new(program);
        command.args(["-H", "127.0.0.1", "-p", "0"]).stdin(Stdio::null()).stdout(Stdio::null());
        let child = command.stderr(fs::File::create(&log)?).spawn()?;
        let mut moto = Self { child, endpoint: String::new() };
        moto.endpoint = moto.announced(&log)?;
        let made =
            Command::new("curl").args(["-sSf", "-X", "PUT", &format!("{}/bench", moto.endpoint)]).status()?;
        if made.success() { Ok(moto) } else { Err("moto made no bucket".into()) }
    }

    fn announced(&mut self, log: &Path) -> Fallible<String> {
        loop {
            let text = fs::read_to_string(log)?;
            let line = text.lines().find_map(|line| line.split("Running on ").nth(1));
            if let Some(address) = line.filter(|_| text.contains("Press CTRL+C")) {
                return Ok(address.trim().to_owned());
            }
            if let Some(status) = self.child.try_wait()? {
                return Err(format!("moto_server ended: {status}; .ci/moto installs it").into());
            }
            thread::sleep(time::Duration::from_millis(50));
        }
    }

    fn variables(&self) -> Vec<(String, String)> {
        let of = |(name, value): (&str, &str)| (name.to_owned(), value.to_owned());
        [
            ("AWS_ENDPOINT_URL", self.endpoint.as_str()),
            ("AWS_REGION", "us-east-1"),
            ("AWS_ACCESS_KEY_ID", "bench"),
            ("AWS_SECRET_ACCESS_KEY", "bench"),
        ]
        .map(of)
        .into()
    }
}

impl Drop for Moto {
    fn drop(&mut self) {
        self.child.kill().ok();
        self.child.wait().ok();
    }
}
