//! The summary that people read.

use image_mirror::error::{Class, Stage};
use image_mirror::model::{Cause, Locator, Outcome, Reason, Row};
use image_mirror::report::{self, Report};

use crate::report_sample::{alike, broken, deletions, every_outcome, failed, report, row, three_failed_of};

#[test]
fn every_outcome_reads_well() {
    insta::assert_snapshot!(report::text(&every_outcome(), None, false));
}

#[test]
fn deletions_read_well_and_name_no_second_end() {
    let text = report::text(&deletions(), None, false);
    assert!(!text.contains(" -> "), "{text}");
    insta::assert_snapshot!(text);
    let junit = report::junit(&deletions()).unwrap();
    assert!(junit.contains(r#"name="quay.io/openshift/ci:tag-2 (quay.io/openshift/ci)""#), "{junit}");
    assert!(junit.contains("would be deleted (old enough to be deleted)</system-out>"), "{junit}");
    let html = report::html(&deletions()).unwrap();
    assert!(html.contains("1 would be deleted") && !html.contains("would be copied"), "{html}");
    assert!(html.contains(">quay.io/openshift/ci:tag-5<") && !html.contains("&rarr; quay.io"), "{html}");
}

#[test]
fn a_failure_begins_its_line_with_error_and_says_what_to_do() {
    let text = report::text(&three_failed_of(1000), None, false);
    let errors: Vec<&str> = text.lines().filter(|line| line.starts_with("error: ")).collect();
    assert_eq!(errors.len(), 3);
    assert_eq!(
        errors[0],
        "error: registry.ci.openshift.org/knative/part-998:v1.14 -> \
         quay.io/openshift-knative/part-998:v1.14 (mappings/knative/mapping_knative_v1_14:998): \
         resolve failed: HEAD part-998:v1.14: status 404"
    );
    assert_eq!(text.matches("\n  help: the source does not exist").count(), 3);
    assert!(text.contains("mapping_knative_v1_14 (owner knative-team): 3 failed"), "{text}");
    assert!(text.contains("1,000 entries: 997 kept, 3 failed"), "{text}");
    assert!(!text.contains("part-997"), "kept lines are counted, not listed");
}

#[test]
fn one_cause_of_many_failures_is_told_once() {
    let text = report::text(&alike(400), None, false);
    assert_eq!(text.matches("status 401").count(), 1);
    assert_eq!(text.matches("help:").count(), 1);
    assert_eq!(text.lines().filter(|line| line.contains(" -> ")).count(), 20);
    assert!(text.contains("  and 380 more (see image-mirror-report.json)"), "{text}");
}

#[test]
fn one_cause_of_a_thousand_unfinished_entries_is_told_once() {
    let rows = (1..=1000).map(|line| row(line, Outcome::Unfinished(Cause::Deadline))).collect();
    let text = report::text(&report(rows), None, false);
    assert_eq!(text.matches("the deadline was reached").count(), 1);
    assert!(text.starts_with("error: 1,000 entries alike: unfinished: the deadline was reached\n"), "{text}");
    assert!(text.lines().count() < 40, "{text}");
}

#[test]
fn colour_adds_nothing_that_the_words_do_not_say() {
    let plain = report::text(&every_outcome(), None, false);
    let coloured = report::text(&every_outcome(), None, true);
    assert!(coloured.contains("\x1b[1m\x1b[31merror:\x1b[0m "), "{coloured:?}");
    assert_eq!(anstyle_free(&coloured), plain);
    assert!(!plain.contains('\x1b'));
}

fn anstyle_free(text: &str) -> String {
    let mut parts = text.split('\x1b');
    let first = parts.next().unwrap_or_default().to_owned();
    parts.fold(first, |all, part| all + part.split_once('m').map_or("", |(_, rest)| rest))
}

#[test]
fn a_table_fits_the_terminal_it_is_shown_on() {
    let text = report::text(&every_outcome(), Some(80), false);
    let table: Vec<&str> = text.lines().filter(|line| line.starts_with("  ")).collect();
    assert!(!table.is_empty());
    for line in text.lines().skip_while(|line| !line.ends_with(" copied")).take(6) {
        assert!(line.chars().count() <= 80, "{line}");
    }
}

#[test]
fn a_dry_run_says_would() {
    let dry =
        Report { dry_run: true, exit_code: 0, ..report(vec![row(1, Outcome::Planned(Reason::Absent))]) };
    let text = report::text(&dry, None, false);
    assert!(text.contains("1 entry: 1 would be copied"), "{text}");
    assert!(text.contains("exit code 0: nothing failed; this was a dry run, nothing was written"), "{text}");
    assert!(!text.contains("1 copied") && !text.contains("B copied"), "nothing was copied: {text}");
}

#[test]
fn text_from_outside_can_neither_steer_the_terminal_nor_show_a_login() {
    let error =
        broken(Class::Denied, 1, "GET https://me:hunter2@quay.io/v2/", "\x1b]0;owned\x07\nerror: fake");
    let hostile = Row {
        source: Locator::Text("me:hunter2@quay.io/a:v1".into()),
        ..row(1, failed(Stage::Resolve, error))
    };
    let hostile = report(vec![hostile]);
    let all = [
        report::text(&hostile, None, false),
        report::json(&hostile).unwrap(),
        report::junit(&hostile).unwrap(),
        report::html(&hostile).unwrap(),
    ];
    for shown in &all {
        assert!(!shown.contains("hunter2"), "{shown}");
        assert!(!shown.contains('\x1b'), "{shown}");
    }
    assert_eq!(all[0].lines().filter(|line| line.starts_with("error:")).count(), 1);
}
