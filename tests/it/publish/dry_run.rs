//! A dry run: nobody is written to, and what it says is what the run then does.

use std::collections::BTreeMap;
use std::path::Path;

use super::stage::{Stage, writes};
use crate::support::{FakeRegistry, Fault, Image, Kind, Ran, on};

/// All files below a folder, with what is in them.
fn files(folder: &Path) -> BTreeMap<String, Vec<u8>> {
    let mut found = BTreeMap::new();
    for entry in std::fs::read_dir(folder).unwrap().map(Result::unwrap) {
        let path = entry.path();
        if entry.file_type().unwrap().is_dir() {
            found.insert(path.display().to_string(), Vec::new());
            found.extend(files(&path));
        } else {
            found.insert(path.display().to_string(), std::fs::read(&path).unwrap());
        }
    }
    found
}

/// A dry run, after which everything is as it was, and of which everybody was only read.
async fn foretold(stage: &Stage, words: &[&str]) -> Ran {
    let registries = [&stage.sources, &stage.world.upload, &stage.world.public];
    let before = (files(&stage.state()), stage.preflight.runs().len());
    let asked = stage.world.pyxis.requests().len();
    for registry in registries {
        registry.clear_log();
    }
    let ran = stage.image(words).args(["--dry-run"]).run().await;
    let methods = registries.map(FakeRegistry::requests).into_iter().flatten().map(|request| request.method);
    let mut methods: Vec<_> = methods.map(|method| method.to_string()).collect();
    methods.extend(stage.world.pyxis.requests().into_iter().skip(asked).map(|request| request.method));
    assert!(methods.iter().all(|method| method == "GET" || method == "HEAD"), "{methods:?}");
    assert_eq!((files(&stage.state()), stage.preflight.runs().len()), before, "{ran}");
    assert_eq!(writes(stage), []);
    assert_eq!(ran.report()["dry_run"], true);
    ran
}

/// What each tag came to, where what is planned counts as done.
fn outcomes(ran: &Ran) -> Vec<(String, String, String)> {
    let text = |row: &serde_json::Value, name: &str| row[name].as_str().unwrap_or_default().to_owned();
    let one = |row: &serde_json::Value| {
        let outcome = text(row, "outcome").replace("planned", "copied");
        (text(row, "target"), outcome, text(row, "previous"))
    };
    ran.rows().iter().map(one).collect()
}

/// The lines of the plan, in their order.
fn plan(ran: &Ran) -> Vec<String> {
    let begins = ["check ", "upload ", "certify ", "wait until ", "point "];
    let lines = ran.stderr.lines().map(|line| line.strip_prefix("note: ").unwrap_or(line));
    lines.filter(|line| begins.iter().any(|begin| line.starts_with(begin))).map(ToOwned::to_owned).collect()
}

/// A dry run says `lines`, and the run then does what it said: the same exit code, the same tags, in the same order.
async fn follows(stage: &Stage, words: &[&str], code: i32, lines: &[&str]) {
    let foretold = foretold(stage, words).await.exits(code);
    assert_eq!(plan(&foretold), lines, "{foretold}");
    let runs = stage.preflight.runs().len();
    let ran = stage.publish(words).await.exits(code);
    assert_eq!(outcomes(&foretold), outcomes(&ran), "{foretold}\n{ran}");
    let written: Vec<_> = writes(stage).into_iter().map(|(tag, _)| tag).collect();
    let tag = |line: &&str| {
        let words: Vec<&str> = line.split(' ').collect();
        match words[0] {
            "upload" => Some(words[3].to_owned()),
            "point" => Some(words[1].to_owned()),
            _ => None,
        }
    };
    assert_eq!(written, lines.iter().filter_map(tag).collect::<Vec<_>>());
    let checks =
        lines.iter().filter(|line| line.starts_with("check ") || line.starts_with("certify ")).count();
    assert_eq!(stage.preflight.runs().len() - runs, checks);
}

/// Before a tag is moved each platform must be public, also where the index is.
const WAIT: &str = "wait until 7.6.1-1 is public";

fn point(tag: &str, image: &Image) -> String {
    format!("point {tag} at {}, and wait until it is public", image.digest)
}

#[tokio::test]
async fn of_a_first_publication_and_of_one_that_is_done() {
    let stage = Stage::new().await;
    let image = stage.source("7.6.1-rel", 1);
    let source = stage.sources.image(super::stage::SOURCE, "");
    let check = format!(
        "check {}@{}, and tell the catalog nothing of it",
        source.trim_end_matches(':'),
        image.digest
    );
    let upload = format!("upload {} as 7.6.1-1", image.digest);
    let [version, rhcc, latest] = ["7.6.1", "7.6.1-rhcc", "latest"].map(|tag| point(tag, &image));
    let lines =
        [&check, &upload, "certify 7.6.1-1", "wait until 7.6.1-1 is public", &version, &rhcc, &latest];
    follows(&stage, &["--latest"], 0, &lines).await;
    follows(&stage, &["--latest"], 0, &[]).await;
    follows(&stage, &["--latest", "--rebuild", "1"], 0, &[]).await;
}

#[tokio::test]
async fn of_a_publication_that_ended_after_each_of_its_steps() {
    let mut stage = Stage::new().await;
    stage.settings = "precheck: false\n".to_owned();
    stage.world.published("7.6.1", &stage.source("old", 9));
    let image = stage.source("7.6.1-rel", 1);
    let upload = format!("upload {} as 7.6.1-1", image.digest);
    follows(&stage, &["--stop-after", "3"], 0, &[&upload]).await;
    follows(&stage, &["--stop-after", "4"], 0, &["certify 7.6.1-1"]).await;
    follows(&stage, &["--stop-after", "4"], 0, &[]).await;
    let [version, rhcc] = ["7.6.1", "7.6.1-rhcc"].map(|tag| point(tag, &image));
    follows(&stage, &[], 0, &[WAIT, &version, &rhcc]).await;
}

#[tokio::test]
async fn of_a_publication_that_ended_between_the_tags_that_customers_use() {
    let stage = Stage::new().await;
    let image = stage.source("7.6.1-rel", 1);
    stage.world.upload.fault(Fault::on(on(Kind::PutManifest).reference("7.6.1-rhcc")).always().status(503));
    stage.publish(&["--attempts", "1"]).await.exits(3);
    stage.world.upload.clear_faults();
    writes(&stage);
    follows(&stage, &[], 0, &[WAIT, &point("7.6.1-rhcc", &image)]).await;
}

#[tokio::test]
async fn of_content_that_customers_have() {
    let stage = Stage::new().await;
    stage.source("7.6.1-rel", 1);
    stage.publish(&["--make-unique"]).await.exits(0);
    writes(&stage);
    let ran = foretold(&stage, &[]).await.exits(0);
    assert!(ran.stderr.contains("nothing to publish"), "{ran}");
    assert_eq!(ran.rows_that("skipped").len(), 3, "{ran}");
    follows(&stage, &[], 0, &[]).await;
}

#[tokio::test]
async fn of_one_that_is_refused() {
    let stage = Stage::new().await;
    let image = stage.source("7.6.1-rel", 1);
    stage.world.uploaded("7.6.1-2", &stage.source("theirs", 9));
    follows(&stage, &["--rebuild", "2"], 4, &[]).await;
    follows(&stage, &["--rebuild", "1"], 4, &[]).await;
    stage.world.uploaded("7.6.0-4", &image);
    follows(&stage, &[], 4, &[]).await;
    let ran = foretold(&stage, &[]).await.exits(4);
    assert!(ran.stderr.contains("--make-unique"), "{ran}");
}

#[tokio::test]
async fn of_one_that_was_passed_by_a_later_number() {
    let stage = Stage::new().await;
    stage.source("7.6.1-rel", 1);
    stage.publish(&["--stop-after", "5"]).await.exits(0);
    writes(&stage);
    stage.world.published("7.6.1-2", &stage.source("later", 2));
    follows(&stage, &[], 4, &[WAIT]).await;
    let ran = foretold(&stage, &[]).await.exits(4);
    assert!(ran.stderr.contains("7.6.1-2 is there already"), "{ran}");
}

#[tokio::test]
async fn of_one_that_did_not_pass() {
    let stage = Stage::new().await;
    stage.source("7.6.1-rel", 1);
    stage.steer(&serde_json::json!({ "mode": "fail" }));
    stage.publish(&["--precheck=false"]).await.exits(1);
    writes(&stage);
    follows(&stage, &[], 1, &[]).await;
}

#[tokio::test]
async fn of_what_cannot_be_told() {
    let stage = Stage::new().await;
    stage.source("7.6.1-rel", 1);
    stage.world.public.fault(Fault::on(Kind::GetManifest).always().status(503));
    follows(&stage, &["--attempts", "2"], 3, &[]).await;
}
