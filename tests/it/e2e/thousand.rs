//! A thousand lines of which three are wrong, each in its own way.

use std::fmt::Write as _;

use serde_json::Value;

use super::{outcomes, reason, tiny};
use crate::support::{FakeRegistry, Grant, Run};

const BAD: usize = 101;
const MISSING: usize = 501;
const DENIED: usize = 901;

/// A thousand lines after an owner's; line `n + 1` of the file is the `n`th.
fn thousand(source: &FakeRegistry, target: &FakeRegistry) -> String {
    let (source, target) = (source.host(), target.host());
    let mut text = String::from("# owner: team-a\n");
    for line in 2..=1001 {
        let (from, to) = (format!("{source}/org/app:v{line}"), format!("{target}/mirror/app:v{line}"));
        match line {
            BAD => writeln!(text, "{from} {target}/mirror/UPPER:not//a:tag"),
            DENIED => writeln!(text, "{from} {target}/forbidden/app:v{line}"),
            _ => writeln!(text, "{from} {to}"),
        }
        .unwrap();
    }
    text
}

fn schema_errors(report: &Value) -> Vec<String> {
    let schema = serde_json::from_str(include_str!("../../../docs/report.schema.json")).unwrap();
    let validator = jsonschema::validator_for(&schema).unwrap();
    validator.iter_errors(report).map(|error| error.to_string()).collect()
}

#[tokio::test]
async fn a_thousand_lines_with_three_wrong_ones_are_997_copies_and_three_rows_that_say_why() {
    let source = FakeRegistry::start().await;
    let grants = [Grant::push("mirror"), Grant::pull("")];
    let target = FakeRegistry::builder().basic_account("robot", "secret", grants).start().await;
    for line in (2..=1001).filter(|line| *line != MISSING) {
        source.put_image("org/app", &format!("v{line}"), &tiny(line));
    }
    let run = Run::new(["run", "mapping_x"]).mapping("mapping_x", &thousand(&source, &target));
    let ran = run.logins(&[(target.host(), "robot", "secret")]).run().await.exits(1);

    assert_eq!(outcomes(&ran), [("copied".to_owned(), 997), ("failed".to_owned(), 3)].into(), "{ran}");
    let failed = ran.rows_that("failed");
    let expected =
        [(BAD, "read", "invalid"), (MISSING, "resolve", "missing"), (DENIED, "transfer", "denied")];
    for (row, (line, stage, class)) in failed.iter().zip(expected) {
        assert_eq!(row["origin"], serde_json::json!({"file": "mapping_x", "line": line}));
        assert_eq!(row["owner"], "team-a");
        assert_eq!([&row["stage"], &row["class"]], [stage, class], "{row}");
        assert!(!reason(row).is_empty());
        // What a person reads: where, what, and what to do about it.
        let place = format!("mapping_x:{line}");
        let told = ran.stdout.split("\nerror: ").find(|block| block.contains(&place));
        let told = told.unwrap_or_else(|| panic!("{place} is not in the summary\n{}", ran.stdout));
        assert!(told.contains("help: "), "{told}");
        assert!(ran.stdout.contains("team-a"));
    }
    assert!(reason(&failed[1]).contains(&format!("org/app:v{MISSING}")), "{}", failed[1]);

    assert_eq!(schema_errors(&ran.report()), Vec::<String>::new());
    let junit = ran.artifact("junit_image-mirror.xml");
    assert_eq!(junit.matches("<testcase ").count(), 1000);
    assert_eq!(junit.matches("<failure ").count(), 3);
    assert_eq!(target.tags("mirror/app").len(), 997);
    assert_eq!(target.repositories(), ["mirror/app"], "something was written where nothing may be");
    target.assert_tags_were_always_whole();
}
