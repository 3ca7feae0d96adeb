//! Reports of shards, taken in again and put together.

use assert_cmd::Command;
use image_mirror::model::{Digest, Outcome, Row, Shard};
use image_mirror::report::{self, MergeError, Part, ReadError, Report};
use serde_json::{Value, json};

use crate::report_sample::{alike, deletions, every_outcome, report, row, three_failed_of};

fn part(index: u32, count: u32) -> Part {
    Part { shard: Shard::new(index, count).unwrap(), set: Digest::of(b"the files") }
}

fn shard(index: u32, count: u32, rows: Vec<Row>) -> Report {
    Report { part: Some(part(index, count)), exit_code: 0, ..report(rows) }
}

fn named(reports: Vec<Report>) -> Vec<(String, Report)> {
    reports.into_iter().enumerate().map(|(at, report)| (format!("file {at}"), report)).collect()
}

fn taken_in(of: &Report) -> Report {
    report::read(report::json(of).unwrap().as_bytes()).unwrap()
}

#[test]
fn a_report_that_was_taken_in_again_says_the_same_in_every_form() {
    for of in [every_outcome(), alike(30), three_failed_of(40), deletions(), shard(1, 3, Vec::new())] {
        let again = taken_in(&of);
        assert_eq!(report::json(&again).unwrap(), report::json(&of).unwrap());
        assert_eq!(report::junit(&again).unwrap(), report::junit(&of).unwrap());
        assert_eq!(report::html(&again).unwrap(), report::html(&of).unwrap());
        assert_eq!(report::metrics(&again).unwrap(), report::metrics(&of).unwrap());
        assert_eq!(report::text(&again, None, false), report::text(&of, None, false));
    }
}

#[test]
fn what_is_no_report_of_this_version_is_not_taken_in() {
    let altered = |alter: fn(&mut Value)| {
        let mut value: Value = serde_json::from_str(&report::json(&every_outcome()).unwrap()).unwrap();
        alter(&mut value);
        report::read(value.to_string().as_bytes()).unwrap_err()
    };
    assert!(matches!(report::read(b"{}").unwrap_err(), ReadError::Json(_)));
    assert!(matches!(altered(|report| report["version"] = json!(2)), ReadError::Version(2)));
    let said = altered(|report| report["rows"][0]["outcome"] = json!("vanished")).to_string();
    assert!(said.contains("`outcome` says `vanished`"), "{said}");
    assert!(altered(|report| report["elapsed_seconds"] = json!(-1.0)).to_string().contains("elapsed"));
    let shard = altered(|report| report["shard"] = json!({"index": 4, "count": 4, "set": "sha256:0"}));
    assert!(matches!(shard, ReadError::Json(_)), "{shard}");
}

#[test]
fn parts_make_a_whole_and_what_is_missing_is_known() {
    let rows = |lines: [u32; 2]| lines.map(|line| row(line, Outcome::Kept)).to_vec();
    let late = |of: Report| Report { started: of.started + 2 * of.elapsed, ..of };
    let parts = vec![shard(2, 4, rows([1, 4])), late(shard(0, 4, rows([2, 3])))];
    let one = parts[0].clone();
    let merged = report::merge(named(parts)).unwrap();
    assert_eq!(merged.missing, [1, 3]);
    assert_eq!(merged.exit_codes, [0, 0]);
    let whole = merged.report;
    assert_eq!((whole.rows.len(), whole.part.clone()), (4, None));
    assert_eq!((whole.started, whole.elapsed), (one.started, 3 * one.elapsed));
    assert_eq!(whole.wire.requests.head, 2 * one.wire.requests.head);
    assert_eq!(whole.wire.received, 2 * one.wire.received);
}

#[test]
fn what_does_not_belong_together_is_not_put_together() {
    let of = |index, count| shard(index, count, Vec::new());
    let refused = |reports: Vec<Report>| report::merge(named(reports)).unwrap_err();
    assert_eq!(refused(Vec::new()), MergeError::Nothing);
    assert!(matches!(refused(vec![of(0, 2), report(Vec::new())]), MergeError::Whole { .. }));
    let twice = refused(vec![of(1, 2), of(0, 2), of(1, 2)]).to_string();
    assert!(twice.contains("`file 0` and `file 2` are both of shard 1/2"), "{twice}");
    assert!(refused(vec![of(0, 2), of(1, 3)]).to_string().contains("how many shards"));
    let plan = Report { command: "plan".to_owned(), ..of(1, 2) };
    assert!(refused(vec![of(0, 2), plan]).to_string().contains("the command"));
    let shard = Shard::new(1, 2).unwrap();
    let other = Report { part: Some(Part { shard, set: Digest::of(b"other files") }), ..of(1, 2) };
    assert!(refused(vec![of(0, 2), other]).to_string().contains("the mapping files"));
}

/// `report merge` over these reports; what it exits with, and what it says on stdout and stderr.
fn merge(reports: &[Report]) -> (Option<i32>, String, String) {
    let folder = tempfile::tempdir().unwrap();
    for (at, report) in reports.iter().enumerate() {
        std::fs::write(folder.path().join(format!("{at}.json")), report::json(report).unwrap()).unwrap();
    }
    let mut command = Command::cargo_bin("image-mirror").unwrap();
    command.env_clear().current_dir(folder.path()).args(["report", "merge", "-o", "whole", "*.json"]);
    let output = command.output().unwrap();
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
    let wrote = folder.path().join("whole/image-mirror-report.json").exists();
    assert_eq!(wrote, output.status.code() != Some(2), "a report is written unless nothing was merged");
    (output.status.code(), text(output.stdout), text(output.stderr))
}

#[test]
fn the_whole_exits_as_one_run_would_have() {
    let kept = || vec![row(1, Outcome::Kept)];
    assert_eq!(merge(&[shard(0, 2, kept()), shard(1, 2, Vec::new())]).0, Some(0));
    let checked = Report { exit_code: 1, ..shard(1, 2, Vec::new()) };
    assert_eq!(merge(&[shard(0, 2, kept()), checked]).0, Some(1), "what a shard's check found");
    let bad = three_failed_of(5).rows;
    assert_eq!(merge(&[shard(0, 2, kept()), shard(1, 2, bad.clone())]).0, Some(1));
    let (code, said, told) = merge(&[shard(1, 3, kept())]);
    assert_eq!(code, Some(3), "what became of the others is not known");
    assert!(said.contains("1 entry: 1 kept"), "{said}");
    assert!(told.starts_with("error: ") && told.contains("no report of shard 0, 2"), "{told}");
    assert_eq!(merge(&[shard(1, 3, bad)]).0, Some(1), "a failure weighs more");
}

#[test]
fn what_cannot_be_merged_is_bad_usage() {
    let (code, said, told) = merge(&[shard(0, 2, Vec::new()), shard(0, 2, Vec::new())]);
    assert_eq!((code, said.as_str()), (Some(2), ""));
    assert!(told.contains("are both of shard 0/2"), "{told}");
    assert_eq!(merge(&[]).0, Some(2), "a pattern that names no file");
    assert_eq!(merge(&[every_outcome()]).0, Some(2));
}
