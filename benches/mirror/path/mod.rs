//! What stands between a program and a registry: a delay line and a TLS front, in a process of their own, so that their
//! CPU and memory are not taken for anybody's.
//!
//! The benchmark starts itself again as that process and talks to it in lines of JSON; it ends with its input.

mod certificate;
mod delay;
mod front;
mod passed;

use std::collections::HashMap;
use std::io::{BufRead as _, BufReader, Write as _};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};
use std::time::Duration;

use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::Result;
use front::Front;
pub use passed::{Kind, Passed};

/// The word that makes this program be that process.
pub const PATH: &str = "--path";

#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Ask {
    /// A front to `upstream`, `HOST:PORT`; its host is answered.
    Open { upstream: String, rtt: Duration },
    /// What passed it since it was last asked.
    Take { host: String },
    /// Ends it, and all connections through it.
    Close { host: String },
}

/// The process, as the benchmark sees it.
#[derive(Debug)]
pub struct Fronts {
    child: Child,
    asks: ChildStdin,
    answers: BufReader<ChildStdout>,
    authority: PathBuf,
}

impl Fronts {
    /// Starts it; `folder` is where it writes the certificate of its authority.
    pub fn start(folder: &Path) -> Result<Self> {
        let mut command = Command::new(std::env::current_exe()?);
        command.arg(PATH).arg(folder).stdin(Stdio::piped()).stdout(Stdio::piped());
        let mut child = command.spawn()?;
        let asks = child.stdin.take().ok_or("no input")?;
        let mut answers = BufReader::new(child.stdout.take().ok_or("no output")?);
        let authority: PathBuf = read(&mut answers)?;
        Ok(Self { child, asks, answers, authority })
    }

    /// The certificate to trust, PEM. It is the only file of its folder.
    pub fn authority(&self) -> &Path {
        &self.authority
    }

    /// A new front to `upstream`; its `HOST:PORT`.
    pub fn open(&mut self, upstream: &str, rtt: Duration) -> Result<String> {
        self.ask(&Ask::Open { upstream: upstream.to_owned(), rtt })
    }

    /// What passed the front at `host` since the last call.
    pub fn take(&mut self, host: &str) -> Result<Passed> {
        self.ask(&Ask::Take { host: host.to_owned() })
    }

    pub fn close(&mut self, host: &str) -> Result<()> {
        self.ask(&Ask::Close { host: host.to_owned() })
    }

    fn ask<T: DeserializeOwned>(&mut self, ask: &Ask) -> Result<T> {
        writeln!(self.asks, "{}", serde_json::to_string(ask)?)?;
        read(&mut self.answers)
    }
}

impl Drop for Fronts {
    fn drop(&mut self) {
        // Both fail only where it has ended by itself.
        self.child.kill().ok();
        self.child.wait().ok();
    }
}

fn read<T: DeserializeOwned>(answers: &mut BufReader<ChildStdout>) -> Result<T> {
    let mut line = String::new();
    answers.read_line(&mut line)?;
    serde_json::from_str(&line).map_err(|error| format!("the fronts said `{}`: {error}", line.trim()).into())
}

/// The process itself.
pub fn child(folder: &Path) -> Result<()> {
    let (acceptor, pem) = certificate::loopback()?;
    let authority = folder.join("ca.crt");
    std::fs::write(&authority, pem)?;
    say(&serde_json::to_value(&authority)?)?;
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    let mut fronts = HashMap::new();
    for line in std::io::stdin().lock().lines() {
        let answer = match serde_json::from_str(&line?)? {
            Ask::Open { upstream, rtt } => {
                let front = runtime.block_on(Front::open(&upstream, rtt, acceptor.clone()))?;
                let host = front.host().to_owned();
                fronts.insert(host.clone(), front);
                host.into()
            }
            Ask::Take { host } => serde_json::to_value(fronts.get(&host).map(Front::take))?,
            Ask::Close { host } => {
                fronts.remove(&host);
                Value::Null
            }
        };
        say(&answer)?;
    }
    Ok(())
}

fn say(answer: &Value) -> Result<()> {
    let mut out = std::io::stdout().lock();
    writeln!(out, "{answer}")?;
    Ok(out.flush()?)
}
