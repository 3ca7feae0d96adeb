//! `jobs/prometheus/`: alerts, tried by Prometheus' own program on times that were made up, over metrics that we write.

use std::collections::BTreeSet;
use std::process::Command;
use std::time::SystemTime;

use image_mirror::report;

use super::{root, text};
use crate::report_sample::every_outcome;

#[test]
fn the_alerts_are_such_that_prometheus_takes_and_call_when_they_should() {
    let promtool = |words: &[&str]| {
        let output = Command::new("promtool").args(words).current_dir(root()).output();
        let output = output.expect("promtool, which `make test` installs (Debian's `prometheus`)");
        let said = String::from_utf8_lossy(&output.stdout) + String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "{words:?}: {said}");
        said.into_owned()
    };
    let checked = promtool(&["check", "rules", "jobs/prometheus/rules.yaml"]);
    assert!(checked.contains("5 rules found"), "{checked}");
    let tested = promtool(&["test", "rules", "jobs/prometheus/rules_test.yaml"]);
    assert!(tested.contains("SUCCESS"), "{tested}");
}

#[test]
fn the_alerts_ask_for_metrics_that_a_report_has_and_each_of_them_is_tried() {
    let mut report = every_outcome();
    for row in &mut report.rows {
        row.standing = Some(image_mirror::model::Standing {
            first_seen: SystemTime::UNIX_EPOCH,
            verified: None,
            failures: 0,
            unfinished: false,
            quarantined: false,
        });
    }
    let metrics = report::metrics(&report).unwrap();
    let rules = text("jobs/prometheus/rules.yaml");
    let words = regex::Regex::new(r"image_mirror_[a-z_]+").unwrap();
    let asked: BTreeSet<&str> = words.find_iter(&rules).map(|word| word.as_str()).collect();
    assert_eq!(asked.len(), 4, "{asked:?}");
    for name in asked {
        assert!(metrics.contains(&format!("# TYPE {name} gauge")), "{name} is no metric of ours");
    }
    let tests = text("jobs/prometheus/rules_test.yaml");
    let alerts: Vec<&str> = rules.lines().filter_map(|line| line.trim().strip_prefix("- alert: ")).collect();
    assert_eq!(alerts.len(), 4);
    for alert in alerts {
        assert!(tests.matches(&format!("alertname: {alert}\n")).count() >= 3, "{alert}: quiet and called");
    }
}
