//! What is kept between runs: streaks and ages, in each of the places, whole, lost and damaged.

mod damaged;
mod place;
mod shelves;
mod streaks;
mod told;
mod wire;

use std::io::{Read as _, Write as _};

use flate2::read::GzDecoder;
use flate2::write::GzEncoder;
use serde_json::Value;

use crate::support::{FakeRegistry, Image, Ran, Run};
use shelves::Shelf;

/// A line that is right, one that is dead, and one that does not parse.
struct World {
    source: FakeRegistry,
    target: FakeRegistry,
}

impl World {
    async fn start() -> Self {
        let (source, target) = (FakeRegistry::start().await, FakeRegistry::start().await);
        source.put_image("org/app", "v1", &Image::example(1));
        Self { source, target }
    }

    fn mapping(&self) -> String {
        let (source, target) = (self.source.host(), self.target.host());
        format!("{source}/org/app:v1 {target}/mirror/app:v1\n{source}/org/gone:v1 {target}/mirror/gone:v1\n")
    }

    /// The program over both lines with its state there.
    fn run(&self, at: &Shelf, words: &[&str]) -> Run {
        self.run_as("run", at, words)
    }

    fn run_as(&self, command: &str, at: &Shelf, words: &[&str]) -> Run {
        let run = Run::new([command, "mapping_x", "--state", &at.place()]).args(words);
        at.reach(run.mapping("mapping_x", &self.mapping()))
    }

    /// The target of the dead line.
    fn dead(&self) -> String {
        self.target.image("mirror/gone", "v1")
    }

    /// What `explain` says of the dead line.
    async fn explain(&self, at: &Shelf) -> Ran {
        let run = Run::new(["explain", &self.dead(), "-f", "mapping_x", "--state", &at.place()]);
        at.reach(run.mapping("mapping_x", &self.mapping())).run().await
    }
}

fn packed(json: &str) -> Vec<u8> {
    let mut gzip = GzEncoder::new(Vec::new(), flate2::Compression::default());
    gzip.write_all(json.as_bytes()).unwrap();
    gzip.finish().unwrap()
}

fn unpacked(bytes: &[u8]) -> Value {
    let mut json = String::new();
    GzDecoder::new(bytes).read_to_string(&mut json).unwrap();
    serde_json::from_str(&json).unwrap()
}

/// The entry of `target` in what is kept.
fn entry(kept: &Value, target: &str) -> Value {
    let entries = kept["entries"].as_array().unwrap();
    let of_target: Vec<_> = entries.iter().filter(|entry| entry["target"] == target).collect();
    assert_eq!(of_target.len(), 1, "{kept}");
    of_target[0].clone()
}

/// How rows ended, and why, whatever it took.
fn ended(ran: &Ran) -> Vec<Value> {
    let kept = ["target", "outcome", "stage", "class"];
    ran.rows().iter().map(|row| kept.iter().map(|key| row[key].clone()).collect()).collect()
}
