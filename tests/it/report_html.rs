//! The page that people open from Prow.

use image_mirror::error::{Class, Stage};
use image_mirror::model::{Locator, Origin, Outcome, Reason, Row};
use image_mirror::report::{self, Report};

use crate::report_sample::{alike, broken, every_outcome, failed, report, row, three_failed_of};

fn page(of: &Report) -> String {
    report::html(of).unwrap()
}

/// Leaves the page where a browser can open it.
fn keep(name: &str, page: &str) {
    let directory = std::path::Path::new(env!("CARGO_TARGET_TMPDIR")).join("summary");
    std::fs::create_dir_all(&directory).unwrap();
    std::fs::write(directory.join(name), page).unwrap();
}

#[test]
fn the_page_of_every_outcome_names_each_failure_with_its_line_owner_and_help() {
    let page = page(&every_outcome());
    keep("every.html", &page);
    for expected in [
        "resolve failed after 3 attempts: HEAD registry.ci.openshift.org/knative/part-14:v1.14: status 503",
        "mappings/knative/mapping_knative_v1_14:14",
        "owner: knative-team, 3 entries",
        "owner: nobody is named, 1 entry",
        "give the account <code>robot$knative</code> write access",
        "3 entries copied",
        "it is tagged 20260102_sha256_new too",
        "at least one entry failed or was refused",
    ] {
        assert!(page.contains(expected), "{expected}");
    }
    assert_eq!(page.matches("registry.example.com never answered").count(), 1, "a shared cause is told once");
}

#[test]
fn the_page_needs_no_script_and_fetches_nothing() {
    let page = page(&every_outcome());
    for forbidden in ["<script", "<link", "<img", "src=", "url(", "@import", "http://", "https://", "onclick"]
    {
        assert!(!page.contains(forbidden), "{forbidden}");
    }
}

#[test]
fn hostile_text_stays_text() {
    let bait = "<script>alert(\"x\")</script>' onload='y";
    let error = broken(Class::Denied, 1, bait, bait).advising(bait);
    let hostile = Row {
        origin: Origin::Line { file: bait.into(), line: 1 },
        owner: Some(bait.into()),
        source: Locator::Text(bait.into()),
        target: Locator::Text(bait.into()),
        ..row(1, failed(Stage::Read, error))
    };
    let hostile = report(vec![hostile, Row { target: Locator::Text(bait.into()), ..row(2, Outcome::Kept) }]);
    let page = page(&hostile);
    assert!(!page.contains("<script") && !page.contains("alert(\""), "{page}");
    assert!(!page.contains("' onload='"), "{page}");
    assert!(page.contains("&#60;script&#62;"), "it is shown all the same");
}

#[test]
fn what_needs_nobody_is_folded_and_what_needs_somebody_is_not() {
    let page = page(&three_failed_of(3000));
    keep("3000.html", &page);
    let kept = page.find("2,997 entries kept").unwrap();
    let fold = page[..kept].rfind("<details").unwrap();
    assert!(!page[fold..kept].contains("open"), "kept rows are folded");
    let first_failure = page.find("part-2998:v1.14: status 404").unwrap();
    assert!(!page[..first_failure].contains("<details"), "failures are not");
    assert!(!page.contains("are not on this page"));
}

#[test]
fn the_page_stays_light_with_any_number_of_rows() {
    let mut rows = Vec::new();
    for line in 1..=10_000 {
        let error = broken(Class::Missing, 1, &format!("HEAD part-{line}"), &"very long ".repeat(1_000));
        let short = broken(Class::Missing, 1, &format!("HEAD part-{line}"), "status 404");
        rows.push(row(line, failed(Stage::Resolve, if line < 500 { error } else { short })));
        rows.push(row(line + 10_000, Outcome::Copied(Reason::Absent)));
        rows.push(row(line + 20_000, Outcome::Kept));
    }
    let heavy = page(&report(rows));
    keep("30000.html", &heavy);
    assert!(heavy.len() < 3_000_000, "{}", heavy.len());
    assert!(heavy.contains("more</strong> are not on this page"));
    assert!(heavy.contains("10,000 entries kept"), "every row is counted");
}

#[test]
fn many_failures_for_one_cause_are_one_block() {
    let page = page(&alike(400));
    keep("alike.html", &page);
    assert_eq!(page.matches("<article").count(), 1);
    assert_eq!(page.matches("status 401").count(), 1);
    assert!(page.contains("<summary>and 390 more</summary>"), "the rest is folded");
}

#[test]
fn three_rows_make_a_small_page() {
    let rows = vec![row(1, Outcome::Copied(Reason::Absent)), row(2, Outcome::Kept), row(3, Outcome::Kept)];
    let page = page(&Report { exit_code: 0, ..report(rows) });
    keep("3.html", &page);
    assert!(page.len() < 10_000, "{}", page.len());
    assert!(page.contains("everything is as desired"));
    assert!(!page.contains("Needs somebody"));
}
