//! How entries stand over several runs, in all formats of the report.

use std::time::{Duration, SystemTime};

use image_mirror::error::{Class, Stage};
use image_mirror::model::{Cause, Outcome, Reason, Row, Standing};
use image_mirror::report::{self, Report};

use crate::report_files::violations;
use crate::report_sample::{broken, failed, image, report, row};

/// So many seconds before the report's run began.
fn before(report: &Report, seconds: u64) -> SystemTime {
    report.started - Duration::from_secs(seconds)
}

/// A week of runs: one entry kept, one copied, one that fails for the second time, one that is dead, one unfinished.
fn week() -> Report {
    let mut week = report(Vec::new());
    let ended = week.started + week.elapsed;
    let standing = |verified, failures| Standing {
        first_seen: week.started - Duration::from_hours(7 * 24),
        verified,
        failures,
        unfinished: false,
        quarantined: failures >= 3,
    };
    let dead = || failed(Stage::Resolve, broken(Class::Missing, 1, "HEAD gone:v1", "status 404"));
    let rows = [
        (Outcome::Kept, standing(Some(ended), 0)),
        (Outcome::Copied(Reason::Differs), standing(Some(ended), 0)),
        (dead(), standing(Some(before(&week, 7_200)), 2)),
        (dead(), standing(None, 12)),
        (Outcome::Unfinished(Cause::Deadline), standing(Some(before(&week, 90_000)), 0)),
    ];
    let rows = (1..)
        .zip(rows)
        .map(|(line, (outcome, standing))| Row { standing: Some(standing), ..row(line, outcome) });
    week.rows = rows.collect();
    week
}

#[test]
fn what_is_quarantined_is_told_apart_with_how_long_it_has_been_so() {
    insta::assert_snapshot!(report::text(&week(), None, false));
    let html = report::html(&week()).unwrap();
    let (_, apart) = html.split_once("Quarantined: failed in many runs").expect("a heading");
    assert!(
        apart.contains("part-4:v1.14") && apart.contains("failed in 12 runs in a row; never right"),
        "{apart}"
    );
    assert!(!apart.contains("part-3:v1.14"), "{apart}");
    let junit = report::junit(&week()).unwrap();
    assert!(junit.contains("failed in 2 runs in a row; last right at 2026-01-02T01:04:05Z"), "{junit}");
}

#[test]
fn where_nobody_keeps_track_no_format_says_how_anything_stands() {
    let mut week = week();
    for row in &mut week.rows {
        row.standing = None;
    }
    let all = [
        report::text(&week, None, false),
        report::html(&week).unwrap(),
        report::junit(&week).unwrap(),
        report::json(&week).unwrap(),
        report::metrics(&week).unwrap(),
    ];
    for format in all {
        for word in ["verified", "in a row", "freshness", "oldest", "uarantine"] {
            assert!(!format.contains(word), "{word} in {format}");
        }
    }
}

#[test]
fn the_json_has_how_each_entry_stands_and_is_read_back_as_it_was() {
    let text = report::json(&week()).unwrap();
    let document: serde_json::Value = serde_json::from_str(&text).unwrap();
    assert_eq!(violations(&document), Vec::<String>::new());
    let dead = &document["rows"][3]["standing"];
    let week_and_more = 7 * 24 * 3600 + 3;
    assert_eq!(
        *dead,
        serde_json::json!({
            "first_seen": "2025-12-26T03:04:05Z", "verified": null, "age_seconds": week_and_more, "failures": 12,
            "quarantined": true
        })
    );
    assert_eq!(document["rows"][0]["standing"]["age_seconds"], 0);
    let again = report::read(text.as_bytes()).unwrap();
    assert_eq!(again.rows[3].standing, week().rows[3].standing);
    assert!(again.rows[3].is_quarantined() && !again.rows[2].is_quarantined());
}

#[test]
fn metrics_have_the_age_of_each_target_and_of_the_oldest_entry_of_each_file() {
    let mut week = week();
    week.rows[2].target = image("quay.io/other/tool:v1");
    let metrics = report::metrics(&week).unwrap();
    let file = r#"file="mappings/knative/mapping_knative_v1_14",owner="knative-team""#;
    let has = |line: &str| assert!(metrics.lines().any(|have| have == line), "{line}\n{metrics}");
    has(&format!(r#"image_mirror_target_age_seconds{{{file},target="quay.io/other/tool:v1"}} 7203"#));
    let never = r#"target="quay.io/openshift-knative/part-4:v1.14""#;
    has(&format!("image_mirror_target_verified_timestamp_seconds{{{file},{never}}} 0"));
    has(&format!("image_mirror_file_oldest_age_seconds{{{file}}} {}", 7 * 24 * 3600 + 3));
    has(&format!("image_mirror_file_oldest_timestamp_seconds{{{file}}} {}", 1_767_323_045 - 7 * 24 * 3600));
    has(&format!("image_mirror_file_quarantined{{{file}}} 1"));
    has(&format!("image_mirror_file_failures{{{file}}} 3"));
}

#[test]
fn a_run_in_which_nothing_failed_but_what_is_quarantined_does_not_say_that_all_is_well() {
    let mut week = week();
    week.exit_code = 0;
    week.rows.retain(Row::is_quarantined);
    let text = report::text(&week, None, false);
    assert!(text.ends_with("exit code 0: nothing failed but what is quarantined\n"), "{text}");
}
