//! What is to be run, from the environment.

use std::path::PathBuf;
use std::time::Duration;

use serde::Deserialize;

use crate::Result;
use crate::tools::{Peer, SKOPEO};

#[derive(Debug, Deserialize)]
#[serde(default)]
struct Variables {
    scenarios: Vec<String>,
    runs: Option<usize>,
    peers: Vec<String>,
    rtt_ms: u64,
    bench_json: PathBuf,
    image_mirror_bin: PathBuf,
}

impl Default for Variables {
    fn default() -> Self {
        Self {
            scenarios: Vec::new(),
            runs: None,
            peers: vec![SKOPEO.to_owned()],
            rtt_ms: 30,
            bench_json: PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join("../bench/bench.json"),
            image_mirror_bin: PathBuf::from(env!("CARGO_BIN_EXE_image-mirror")),
        }
    }
}

/// What is to be run.
#[derive(Debug)]
pub struct Settings {
    /// The scenarios to run; empty: all.
    scenarios: Vec<String>,
    /// How often; None: as often as a scenario says.
    pub runs: Option<usize>,
    pub peers: Vec<Peer>,
    pub rtt: Duration,
    /// Where the figures go.
    pub json: PathBuf,
    /// Our program.
    pub program: PathBuf,
}

impl Settings {
    pub fn read() -> Result<Self> {
        let variables = std::env::vars_os().filter_map(|(name, value)| {
            Some((name.into_string().ok()?, value.into_string().ok().filter(|value| !value.is_empty())?))
        });
        let read: Variables = envy::from_iter(variables)?;
        let peers = read.peers.iter().filter(|peer| *peer != "none").map(|peer| peer.parse());
        Ok(Self {
            scenarios: read.scenarios,
            runs: read.runs,
            peers: peers.collect::<Result<_>>()?,
            rtt: Duration::from_millis(read.rtt_ms),
            json: read.bench_json,
            program: read.image_mirror_bin,
        })
    }

    pub fn wants(&self, scenario: &str) -> bool {
        self.scenarios.is_empty() || self.scenarios.iter().any(|wanted| wanted == scenario)
    }
}
