//! Asked to stop, or out of time: what runs is finished, the rest is a row, and the report is there.

use std::fmt::Write as _;

use super::{outcomes, reason, tiny};
use crate::support::{FakeRegistry, Fault, Gate, Kind, Run};

const LINES: usize = 30;

/// Thirty entries, one at a time, of which the first is held at its last request.
async fn held() -> (FakeRegistry, FakeRegistry, String, Gate) {
    let (source, target) = (FakeRegistry::start().await, FakeRegistry::start().await);
    let mut mapping = String::from("# owner: us\n");
    for number in 0..LINES {
        source.put_image("org/app", &format!("v{number}"), &tiny(number));
        let (from, to) = (source.host(), target.host());
        writeln!(mapping, "{from}/org/app:v{number} {to}/mirror/app:v{number}").unwrap();
    }
    let gate = target.hold(Kind::PutManifest);
    (source, target, mapping, gate)
}

fn expected(copied: usize) -> std::collections::BTreeMap<String, usize> {
    [("copied".to_owned(), copied), ("unfinished".to_owned(), LINES - copied)].into()
}

#[tokio::test]
async fn a_signal_in_the_middle_finishes_what_runs_and_reports_the_rest() {
    let (_source, target, mapping, gate) = held().await;
    let run = Run::new(["run", "--jobs", "1", "mapping_x"]).mapping("mapping_x", &mapping);
    let mut running = run.start();
    gate.arrived(1).await;
    running.terminate();
    running.says("asked to stop").await;
    gate.release();
    let ran = running.ended().await.exits(1 + 2);

    assert_eq!(outcomes(&ran), expected(1), "{ran}");
    let left = &ran.rows_that("unfinished")[0];
    assert!(reason(left).contains("interrupted") || reason(left).contains("asked to stop"), "{left}");
    assert_eq!(left["owner"], "us");
    assert_eq!(target.tags("mirror/app").len(), 1);
    assert_eq!(ran.artifact("junit_image-mirror.xml").matches("<testcase ").count(), LINES);
}

#[tokio::test]
async fn what_does_not_end_within_the_grace_is_given_up() {
    let (_source, target, mapping, gate) = held().await;
    let words = ["run", "--jobs", "1", "--grace", "100ms", "mapping_x"];
    let running = Run::new(words).mapping("mapping_x", &mapping).start();
    gate.arrived(1).await;
    running.terminate();
    let ran = running.ended().await.exits(3);

    assert_eq!(outcomes(&ran), [("unfinished".to_owned(), LINES)].into(), "{ran}");
    assert_eq!(target.tags("mirror/app"), Vec::<String>::new());
}

#[tokio::test]
async fn the_deadline_ends_a_run_and_the_next_one_finishes_it() {
    let (_source, target, mapping, gate) = held().await;
    let words = ["run", "--jobs", "1", "--deadline", "1s", "--grace", "100ms", "mapping_x"];
    let ran = Run::new(words).mapping("mapping_x", &mapping).run().await.exits(3);
    assert_eq!(outcomes(&ran), [("unfinished".to_owned(), LINES)].into(), "{ran}");
    assert!(ran.rows().iter().all(|row| reason(row).contains("deadline")), "{ran}");
    assert_eq!(ran.report()["exit_code"], 3);

    gate.release();
    let ran = Run::new(["run", "mapping_x"]).mapping("mapping_x", &mapping).run().await.exits(0);
    assert_eq!(outcomes(&ran), expected(LINES).into_iter().filter(|(_, count)| *count > 0).collect());
    assert_eq!(target.tags("mirror/app").len(), LINES);
    target.assert_tags_were_always_whole();
}

#[tokio::test]
async fn a_pause_beyond_the_deadline_is_not_waited_for() {
    let (_source, target, mapping, gate) = held().await;
    gate.release();
    target.fault(Fault::on(Kind::HeadManifest).always().status(429).header("retry-after", "600"));
    let words = ["run", "--deadline", "60s", "mapping_x"];
    let ran = Run::new(words).mapping("mapping_x", &mapping).run().await.exits(1);

    assert_eq!(outcomes(&ran), [("failed".to_owned(), LINES)].into(), "{ran}");
    assert!(ran.rows().iter().all(|row| row["class"] == "throttled"), "{ran}");
    assert!(ran.report()["elapsed_seconds"].as_f64().unwrap() < 30.0);
    assert_eq!(target.repositories(), Vec::<String>::new());
}
