//! The report for programs: JSON against its schema, JUnit, metrics, and the files they end up in.

use std::collections::HashMap;
use std::path::Path;

use image_mirror::model::{Origin, Row};
use image_mirror::report;
use quick_xml::events::Event;
use serde_json::{Value, json};

use crate::report_sample::{alike, deletions, every_outcome, report, three_failed_of};

fn schema() -> Value {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/report.schema.json");
    serde_json::from_str(&std::fs::read_to_string(path).unwrap()).unwrap()
}

fn parsed(of: &report::Report) -> Value {
    serde_json::from_str(&report::json(of).unwrap()).unwrap()
}

/// Where a report does not keep the schema.
pub(crate) fn violations(document: &Value) -> Vec<String> {
    let validator = jsonschema::validator_for(&schema()).unwrap();
    validator.iter_errors(document).map(|error| format!("{}: {error}", error.instance_path())).collect()
}

#[test]
fn the_json_of_every_outcome_is_as_it_was() {
    insta::assert_snapshot!(report::json(&every_outcome()).unwrap());
}

#[test]
fn the_junit_of_every_outcome_is_as_it_was() {
    insta::assert_snapshot!(report::junit(&every_outcome()).unwrap());
}

#[test]
fn real_reports_keep_the_schema_and_it_refuses_what_it_does_not_name() {
    for of in [every_outcome(), three_failed_of(100), alike(3), deletions(), report(Vec::new())] {
        assert_eq!(violations(&parsed(&of)), Vec::<String>::new());
    }
    let mut release = parsed(&every_outcome());
    let origin = Origin::Release { product: "server".into(), release: "7.6.1-2".into() };
    release["rows"][0]["origin"] = json!(origin);
    assert_eq!(violations(&release), Vec::<String>::new());
    assert_eq!(serde_json::from_value::<Origin>(json!(origin)).unwrap(), origin, "no other form is like it");
    assert_eq!((origin.to_string(), &**origin.group()), ("server 7.6.1-2".to_owned(), "server"));
    let mut extra = parsed(&every_outcome());
    extra["rows"][0]["surprise"] = json!(1);
    assert_eq!(violations(&extra).len(), 1, "a field that the schema does not name");
    let mut missing = parsed(&every_outcome());
    missing["totals"].as_object_mut().unwrap().remove("failed");
    assert_eq!(violations(&missing).len(), 1, "a count that is not there");
    let mut stage = parsed(&every_outcome());
    stage["rows"][0]["stage"] = json!("resolve");
    assert_ne!(violations(&stage).len(), 0, "a stage on a row that did not fail");
}

#[test]
fn the_schema_names_every_class_stage_and_outcome() {
    let document = parsed(&every_outcome());
    let outcomes = &schema()["$defs"]["row"]["properties"]["outcome"]["enum"];
    let seen: Vec<&Value> = document["rows"].as_array().unwrap().iter().map(|row| &row["outcome"]).collect();
    for outcome in outcomes.as_array().unwrap() {
        assert!(seen.contains(&outcome), "{outcome} has no row in the sample");
        assert!(document["totals"][outcome.as_str().unwrap()].as_u64().unwrap() > 0);
    }
    assert_eq!(outcomes.as_array().unwrap().len(), 9);
}

/// How often each element begins, and the attributes of the root.
fn elements(xml: &str) -> (HashMap<String, usize>, HashMap<String, String>) {
    let mut reader = quick_xml::Reader::from_str(xml);
    let (mut counts, mut root) = (HashMap::new(), HashMap::new());
    loop {
        match reader.read_event().unwrap() {
            Event::Start(element) | Event::Empty(element) => {
                let name = String::from_utf8(element.name().as_ref().to_vec()).unwrap();
                for attribute in element.attributes() {
                    let attribute = attribute.unwrap();
                    let key = String::from_utf8(attribute.key.as_ref().to_vec()).unwrap();
                    let value =
                        attribute.normalized_value(quick_xml::XmlVersion::default()).unwrap().into_owned();
                    if name == "testsuites" {
                        root.insert(key, value);
                    }
                }
                *counts.entry(name).or_default() += 1;
            }
            Event::Eof => return (counts, root),
            _ => {}
        }
    }
}

#[test]
fn a_thousand_rows_are_a_thousand_cases_of_which_three_failed() {
    let (counts, root) = elements(&report::junit(&three_failed_of(1000)).unwrap());
    assert_eq!(counts["testcase"], 1000);
    assert_eq!(counts["failure"], 3);
    assert_eq!((root["tests"].as_str(), root["failures"].as_str()), ("1000", "3"));
    assert!(!counts.contains_key("error") && !counts.contains_key("skipped"));
}

#[test]
fn a_source_that_moves_keeps_the_name_of_its_case_and_its_digest_is_told_within() {
    let digest = every_outcome().rows.pop().unwrap().digest.unwrap();
    let read_back = report::read(report::json(&every_outcome()).unwrap().as_bytes()).unwrap();
    for of in [every_outcome(), read_back] {
        let xml = report::junit(&of).unwrap();
        let name = "part-16:v1.14 &lt;- registry.ci.openshift.org/ci/tool (";
        assert!(xml.contains(name), "{xml}");
        let names = xml.lines().filter(|line| line.contains("<testcase "));
        assert!(names.clone().count() > 10 && names.clone().all(|name| !name.contains("sha256:")), "{xml}");
        let told = format!("\nsource: registry.ci.openshift.org/ci/tool@{digest}</");
        assert_eq!(xml.matches(&told).count(), 2, "what was copied and what was not: {xml}");
    }
}

#[test]
fn what_xml_cannot_say_is_left_out_of_the_junit_and_the_rest_is_escaped() {
    let hostile =
        Row { owner: Some("a\u{1b}[31m<b>\u{ffff}&\0c".into()), ..three_failed_of(3).rows.remove(0) };
    let xml = report::junit(&report(vec![hostile])).unwrap();
    assert!(xml.contains("owner: a[31m&lt;b&gt;&amp;c</failure>"), "{xml}");
    assert_eq!(elements(&xml).0["failure"], 1);
}

#[test]
fn the_metrics_are_in_the_format_and_count_what_the_report_counts() {
    let text = report::metrics(&every_outcome()).unwrap();
    let value = |name: &str| {
        let line = text.lines().find(|line| line.starts_with(&format!("{name} "))).expect(name);
        line.rsplit(' ').next().unwrap().parse::<f64>().unwrap()
    };
    assert!((value("image_mirror_entries{outcome=\"failed\"}") - 3.0).abs() < 1e-9);
    assert!((value("image_mirror_entries{outcome=\"kept\"}") - 2.0).abs() < 1e-9);
    assert!((value("image_mirror_requests{kind=\"head\"}") - 2004.0).abs() < 1e-9);
    assert!((value("image_mirror_run_seconds") - 3.217).abs() < 1e-9);
    assert!((value("image_mirror_exit_code") - 1.0).abs() < 1e-9);
    let file = "image_mirror_file_failures{file=\"mappings/ocp/mapping_origin_4_12\",owner=\"\"}";
    assert!((value(file) - 2.0).abs() < 1e-9);
    for line in text.lines().filter(|line| !line.starts_with('#')) {
        assert!(line.starts_with("image_mirror_"), "{line}");
        assert!(line.rsplit(' ').next().unwrap().parse::<f64>().is_ok(), "{line}");
    }
}

#[test]
fn the_files_are_whole_readable_by_others_and_alone_in_their_directory() {
    let directory = tempfile::tempdir().unwrap();
    let artifacts = directory.path().join("not/there/yet");
    let written = report::write_artifacts(&every_outcome(), &artifacts).unwrap();
    let again = report::write_artifacts(&every_outcome(), &artifacts).unwrap();
    assert_eq!(written, again);
    let mut names: Vec<String> = std::fs::read_dir(&artifacts)
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    names.sort();
    let expected =
        ["image-mirror-report.json", "image-mirror-summary.html", "junit_image-mirror.xml", "metrics.prom"];
    assert_eq!(names, expected, "no temporary file stays behind");
    for path in written {
        assert!(std::fs::metadata(&path).unwrap().len() > 0, "{}", path.display());
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt;
            let mode = std::fs::metadata(&path).unwrap().permissions().mode();
            assert_eq!(mode & 0o044, 0o044, "another user uploads the artifacts");
        }
    }
}

#[test]
fn a_directory_that_cannot_be_made_is_named() {
    let file = tempfile::NamedTempFile::new().unwrap();
    let error = report::write_artifacts(&every_outcome(), &file.path().join("below")).unwrap_err();
    assert!(error.to_string().contains(&file.path().join("below").display().to_string()), "{error}");
}
