//! The whole program against whole registries: what a person is promised, held by what was seen on the wire.
//!
//! The program is the one that was built, run as Prow runs it, unless a test says otherwise.

mod blame;
mod budget;
mod cold;
mod figures;
mod hosts;
mod interrupted;
mod killed;
mod knative;
mod listing;
mod logins;
mod memory;
mod real;
mod referrers;
mod set;
mod shapes;
mod shards;
mod silent;
mod stopping;
mod thousand;
mod together;
mod unreachable;

use std::collections::BTreeMap;
use std::fmt::Write as _;

use serde_json::Value;

use crate::support::{FakeRegistry, Grant, Image, Named, Ran, Run, TokenServer};

/// Two registries behind a token server each: a robot may read at the source and write at the target.
struct Guarded {
    source: FakeRegistry,
    target: FakeRegistry,
    source_tokens: TokenServer,
    target_tokens: TokenServer,
}

impl Guarded {
    async fn start() -> Self {
        let tokens = |grant: Grant| TokenServer::builder().account("robot", "secret", [grant]).start();
        let (source_tokens, target_tokens) = (tokens(Grant::pull("")).await, tokens(Grant::push("")).await);
        let source = FakeRegistry::builder().bearer(&source_tokens).start().await;
        let target = FakeRegistry::builder().bearer(&target_tokens).start().await;
        Self { source, target, source_tokens, target_tokens }
    }

    /// The program with these words, with the robot's login for both.
    fn run(&self, words: &[&str], mapping: &str) -> Run {
        let logins = [(self.source.host(), "robot", "secret"), (self.target.host(), "robot", "secret")];
        Run::new(words).logins(&logins).mapping("mapping_x", mapping)
    }

    fn clear_logs(&self) {
        self.source.clear_log();
        self.target.clear_log();
        self.source_tokens.clear_log();
        self.target_tokens.clear_log();
    }

    /// How many tokens were asked for, at both.
    fn tokens(&self) -> usize {
        self.source_tokens.count() + self.target_tokens.count()
    }
}

/// A mapping file with a line an image: from `source/ORG/NAME` to `target/mirror/ORG/NAME`.
fn lines(images: &[Named], source: &str, target: &str) -> String {
    let mut text = String::from("# owner: us\n");
    for Named { repository, tag, .. } in images {
        writeln!(text, "{source}/{repository}:{tag} {target}/mirror/{repository}:{tag}").unwrap();
    }
    text
}

/// How many rows ended how.
fn outcomes(ran: &Ran) -> BTreeMap<String, usize> {
    let mut outcomes = BTreeMap::new();
    for row in ran.rows() {
        *outcomes.entry(row["outcome"].as_str().unwrap().to_owned()).or_default() += 1;
    }
    outcomes
}

/// That many rows, all with this outcome.
#[track_caller]
fn assert_all(ran: &Ran, count: usize, outcome: &str) {
    assert_eq!(outcomes(ran), BTreeMap::from([(outcome.to_owned(), count)]), "{ran}");
}

/// What the report says that was asked: reads, writes, tokens.
fn asked(ran: &Ran) -> [usize; 3] {
    let requests = &ran.report()["totals"]["requests"];
    let count = |kind: &&str| usize::try_from(requests[kind].as_u64().unwrap()).unwrap();
    let sum = |kinds: &[&str]| kinds.iter().map(count).sum();
    [sum(&["head", "get"]), sum(&["post", "patch", "put", "delete"]), sum(&["token"])]
}

/// The reason of a row.
fn reason(row: &Value) -> &str {
    row["reason"].as_str().unwrap_or_default()
}

/// Puts images in as a mirror of `source`'s, as an earlier run would have.
fn put_mirrored(target: &FakeRegistry, images: &[Named]) {
    for Named { repository, tag, image } in images {
        target.put_image(&format!("mirror/{repository}"), tag, image);
    }
}

/// Puts images in as they are named.
fn put(registry: &FakeRegistry, images: &[Named]) {
    for Named { repository, tag, image } in images {
        registry.put_image(repository, tag, image);
    }
}

/// The smallest image there is: a config and one layer of a few bytes.
fn tiny(number: usize) -> Image {
    Image::oci().layer(format!("layer {number}")).build()
}
