//! A mapping set divided among runs: together they do what one run does, and none does another's share.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;

use serde_json::{Value, json};

use super::lines;
use crate::support::{FakeRegistry, Kind, Named, Ran, Run, fleet, writes};

const COUNT: usize = 4;

/// A source, and the same target twice: one for a whole run, one for its shards.
struct Division {
    source: FakeRegistry,
    whole: FakeRegistry,
    divided: FakeRegistry,
    images: Vec<Named>,
}

impl Division {
    async fn start() -> Self {
        let images = fleet(24, 7);
        let (source, whole, divided) =
            tokio::join!(FakeRegistry::start(), FakeRegistry::start(), FakeRegistry::start());
        super::put(&source, &images);
        // Some are in place, and one of them is something else.
        for target in [&whole, &divided] {
            super::put_mirrored(target, &images[..6]);
            target.put_image("mirror/org/image-003", "v1", &super::tiny(3));
        }
        Self { source, whole, divided, images }
    }

    /// What both are asked for: images, a wildcard, a layout, and everything that can be wrong with a line.
    fn mapping(&self, target: &FakeRegistry) -> String {
        let (from, to) = (self.source.host(), target.host());
        let mut text = lines(&self.images, from, to);
        write!(
            text,
            "{from}/org/image-001:v* {to}/all/one {to}/all/two\n{from}/org/image-002:v1 oci:kept/two:v1\n\
             {from}/org/image-000:v1 {to}/mirror/late:v1 {to}/mirror/later:v1\n\
             not a=line\n{from}/org/image-001:v1 {to}/no/tag/BAD\n{from}/org/gone:v1 {to}/mirror/gone:v1\n\
             {from}/org/image-001:v1 {to}/mirror/torn:v1\n{from}/org/image-002:v1 {to}/mirror/torn:v1\n\
             {from}/org/image-001:x* {to}/all/none\n"
        )
        .unwrap();
        text
    }

    fn run(&self, words: &[&str], target: &FakeRegistry) -> Run {
        Run::new(words).mapping("mapping_x", &self.mapping(target))
    }
}

/// The report of a shard, as it was written.
fn report_of(ran: &Ran, index: usize) -> String {
    ran.artifact(&format!("image-mirror-report-{index}-of-{COUNT}.json"))
}

/// What rows say that hangs on neither time nor who of two that share something came first, targets without their host.
fn said(rows: &Value, target: &FakeRegistry) -> BTreeSet<String> {
    let told = |row: &Value| {
        let mut row = row.clone();
        row["elapsed_seconds"].take();
        row["requests"].take();
        row["bytes"] = row["bytes"]
            .as_object()
            .unwrap()
            .values()
            .map(|bytes| bytes.as_u64().unwrap())
            .sum::<u64>()
            .into();
        row.to_string().replace(target.host(), "TARGET")
    };
    rows.as_array().unwrap().iter().map(told).collect()
}

/// The repositories that were written to, and those that were named in mounts.
fn touched(registry: &FakeRegistry) -> (BTreeSet<String>, BTreeSet<String>) {
    let requests = registry.requests();
    let written = requests.iter().filter(|r| r.kind.is_write()).filter_map(|r| r.repository.clone());
    let named = requests.iter().filter_map(|request| request.query.get("from").cloned());
    (written.collect(), named.collect())
}

#[tokio::test]
async fn four_shards_do_what_one_run_does_and_none_touches_a_repository_of_another() {
    let division = Division::start().await;
    let whole = division.run(&["run", "mapping_x"], &division.whole).run().await.exits(1);

    let (mut reports, mut taken, mut mounts) = (Vec::new(), BTreeSet::new(), 0);
    for index in 0..COUNT {
        division.divided.clear_log();
        let shard = format!("--shard={index}/{COUNT}");
        let ran = division.run(&["run", &shard, "mapping_x"], &division.divided).run().await;
        let (written, named) = touched(&division.divided);
        assert!(written.is_disjoint(&taken), "shard {index} wrote to another's: {written:?} {taken:?}");
        mounts += named.len();
        let asked: BTreeSet<_> =
            division.divided.requests().iter().filter_map(|r| r.repository.clone()).collect();
        assert!(named.is_subset(&asked), "shard {index} mounted from what it does not take: {named:?}");
        taken.extend(asked);
        reports.push((format!("{index}.json"), report_of(&ran, index)));
        assert!(ran.artifacts().iter().all(|name| name.contains("-of-4.")), "{:?}", ran.artifacts());
        assert!(ran.stdout.contains(&format!("shard {index}/4: ")), "{ran}");
    }
    assert!(mounts > 0, "no shard mounted anything, so nothing was shown");

    let merge = Run::new(["report", "merge", "?.json"]);
    let merge = reports.iter().fold(merge, |merge, (name, text)| merge.file(name, text));
    let merged = merge.run().await.exits(1);
    let (one, four) = (whole.report(), merged.report());
    assert_eq!(said(&four["rows"], &division.divided), said(&one["rows"], &division.whole));
    assert_eq!(four["rows"].as_array().unwrap().len(), one["rows"].as_array().unwrap().len());
    for word in ["kept", "copied", "skipped", "failed", "unfinished"] {
        assert_eq!(four["totals"][word], one["totals"][word], "{word}");
    }
    assert_eq!((&four["shard"], &one["shard"]), (&Value::Null, &Value::Null));
    assert_eq!(merged.artifacts(), whole.artifacts());
    assert_eq!(division.divided.repositories(), division.whole.repositories());
}

#[tokio::test]
async fn a_shard_with_nothing_to_do_writes_its_report_and_is_no_mistake() {
    let (source, target) = (FakeRegistry::start().await, FakeRegistry::start().await);
    source.put_image("org/app", "v1", &super::tiny(1));
    let mapping = format!("# owner: us\n{}/org/app:v1 {}/org/app:v1\n", source.host(), target.host());
    let mut rows = BTreeMap::new();
    for index in 0..3 {
        let run = Run::new(["run", "mapping_x"]).mapping("mapping_x", &mapping);
        let run = run.env("JOB_COMPLETION_INDEX", index.to_string()).env("JOB_COMPLETIONS", "3");
        let ran = run.run().await.exits(0);
        let report: Value =
            serde_json::from_str(&ran.artifact(&format!("image-mirror-report-{index}-of-3.json"))).unwrap();
        assert_eq!(report["shard"]["index"], json!(index));
        rows.insert(index, report["rows"].as_array().unwrap().len());
    }
    assert_eq!(rows.values().sum::<usize>(), 1, "{rows:?}");
    assert_eq!(target.count(Kind::PutManifest), 1);

    let empty = Run::new(["run", "--shard=0/3", "mapping_x"]).mapping("mapping_x", "# owner: us\n");
    let ran = empty.run().await.exits(2);
    assert!(ran.stderr.contains("no mapping file has an entry"), "{ran}");
}

#[tokio::test]
async fn strict_holds_every_shard_back_for_a_bad_line_of_any() {
    let division = Division::start().await;
    for index in 0..COUNT {
        let shard = format!("--shard={index}/{COUNT}");
        let words = ["run", "--strict", &shard, "mapping_x"];
        division.run(&words, &division.divided).run().await.exits(2);
    }
    assert_eq!(division.divided.count(writes()), 0);
}
