//! Many products at once: what is planned, what is published, in which order, and what one of them does to the others.

use serde_json::{Value, json};

use super::several::{Pace, Several, publics, uploads};
use super::site::example;
use crate::report_files::violations;
use crate::support::{Fault, Image, Index, Kind, Ran, on};

/// `(product, release, outcome)` of each row, sorted.
fn told(ran: &Ran) -> Vec<(String, String, String)> {
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let row = |row: &Value| {
        let origin = &row["origin"];
        (text(&origin["product"]), text(&origin["release"]), text(&row["outcome"]))
    };
    let mut rows: Vec<_> = ran.rows().iter().map(row).collect();
    rows.sort();
    rows.dedup();
    rows
}

fn row(product: &str, release: &str, outcome: &str) -> (String, String, String) {
    (product.to_owned(), release.to_owned(), outcome.to_owned())
}

/// The tags of a second rebuild of 7.6.1, in the order in which they are written.
fn second(product: &str) -> Vec<String> {
    ["7.6.1-2", "7.6.1", "7.6.1-rhcc"].map(|tag| format!("{product}:{tag}")).to_vec()
}

/// The same to whoever runs it as `example(seed)`, and another image to the catalog.
fn rebuilt(seed: u64) -> Image {
    let child = |platform: &str| {
        Image::oci().platform(platform).layer_of(100, seed).annotation("built", "again").build()
    };
    Index::oci().child(&child("linux/amd64")).child(&child("linux/arm64")).build()
}

// 19.84
#[tokio::test]
async fn one_that_does_not_pass_keeps_none_of_the_others() {
    let several = Several::of(&["one", "two", "three"]).await;
    let [one, _, three] = ["one", "two", "three"].map(|product| several.due(product));
    several.preflight.steer(&json!({ "mode": "fail", "image": "cb-rhcc/two" }));
    let ran = several.run(&[]).run().await.exits(1);
    assert_eq!(several.writes(), [second("one"), second("three")].concat());
    assert_eq!(several.attempts("two"), 0, "nothing of it went out");
    assert_eq!(several.tag("one", "7.6.1-rhcc"), Some(one.digest));
    assert_eq!(several.tag("three", "7.6.1-rhcc"), Some(three.digest));
    assert!(ran.stderr.contains("HasLicense") && ran.stderr.contains("no number is used up"), "{ran}");
    let runs = several.preflight.arguments();
    assert!(!runs.iter().any(|line| line.contains("--submit") && line.contains(&uploads("two"))), "{runs:?}");
}

// 19.85
#[tokio::test]
async fn what_customers_have_already_is_skipped_whatever_its_digest_is() {
    let several = Several::of(&["one", "two"]).await;
    several.published("one", &["7.6.1-1", "7.6.1", "7.6.1-rhcc"], &example(0));
    several.source("one", "7.6.1", &rebuilt(0));
    several.due("two");
    let planned = several.command("plan").run().await.exits(0);
    let same = row("one", "7.6.1-2", "skipped");
    assert_eq!(told(&planned), [same.clone(), row("two", "7.6.1-2", "planned")]);
    let reasons: Vec<_> = planned.rows_that("skipped").iter().map(|row| row["reason"].clone()).collect();
    let is_why = |reason: &Value| reason == "customers get the same content already";
    assert!(reasons.iter().all(is_why) && !reasons.is_empty(), "{reasons:?}");
    assert_eq!((several.writes(), several.preflight.runs().len()), (Vec::new(), 0), "a plan is only a plan");

    let ran = several.run(&[]).run().await.exits(0);
    assert_eq!(told(&ran), [same, row("two", "7.6.1-2", "copied")]);
    assert_eq!(several.writes(), second("two"));
    assert_eq!(several.attempts("one"), 0);
}

// 19.86
#[tokio::test]
async fn what_cannot_be_told_of_one_is_not_published_and_keeps_none_of_the_others() {
    for kind in [Kind::Tags, Kind::GetManifest] {
        let several = Several::of(&["one", "two", "three"]).await;
        for product in ["one", "two", "three"] {
            several.due(product);
        }
        several.public.fault(Fault::on(on(kind).repository(publics("two"))).status(503).always());
        let planned = several.command("plan").run().await.exits(3);
        assert_eq!(planned.rows_that("planned").len(), 6, "{planned}");
        let ran = several.run(&[]).run().await.exits(3);
        assert_eq!(several.writes(), [second("one"), second("three")].concat(), "{kind:?}");
        assert_eq!(several.attempts("two"), 0, "{kind:?}: it is not taken for one that has to be published");
        let unfinished: Vec<_> = ran.rows_that("unfinished");
        assert!(unfinished.iter().all(|row| row["origin"]["product"] == "two"), "{ran}");
        assert!(ran.stderr.contains("503"), "{ran}");
    }
}

// 19.87
#[tokio::test]
async fn after_two_projects_in_a_row_that_the_catalog_did_not_get_to_nothing_more_is_begun() {
    let several = Several::of(&["four", "one", "three", "two"]).await;
    let products = ["four", "one", "three", "two"];
    for product in products {
        several.due(product);
        several.pace(product, Pace::Never);
    }
    let ran = several.run(&["--publish-timeout=200ms"]).run().await.exits(5);
    assert_eq!(
        several.writes(),
        ["four:7.6.1-2", "one:7.6.1-2"],
        "no tag that customers use, and no third project"
    );
    for product in ["three", "two"] {
        assert_eq!(several.attempts(product), 0);
        let runs = several.preflight.arguments();
        assert!(!runs.iter().any(|line| line.contains(&format!("cb-rhcc/{product}@"))), "{runs:?}");
    }
    let unfinished = ran.rows_that("unfinished");
    let why: Vec<_> = unfinished
        .iter()
        .filter(|row| row["origin"]["product"] == "two")
        .map(|row| row["reason"].as_str().unwrap().to_owned())
        .collect();
    let expected = "not begun: the catalog did not get to four and one in time";
    assert!(!why.is_empty() && why.iter().all(|why| why.contains(expected)), "{why:?}");

    for product in products {
        several.pace(product, Pace::Soon);
    }
    let runs = several.preflight.runs().len();
    several.run(&[]).run().await.exits(0);
    let resumed = ["four:7.6.1", "four:7.6.1-rhcc", "one:7.6.1", "one:7.6.1-rhcc"].map(ToOwned::to_owned);
    assert_eq!(several.writes(), [resumed.to_vec(), second("three"), second("two")].concat());
    assert_eq!(several.preflight.runs().len() - runs, 4, "what was certified is not certified again");
}

// 19.88
#[tokio::test]
async fn planned_are_the_plain_versions_from_the_minimum_on_that_are_public() {
    let mut several = Several::of(&["one"]).await;
    several.settings = "products: { one: { minimum: 7.1.3 } }\n".to_owned();
    several.published("one", &["7.1.2", "7.1.3", "7.6.1", "7.6.1-1", "7.6.1-rhcc", "beta"], &example(1));
    for (version, seed) in [("7.1.2", 2), ("7.1.3", 3), ("7.6.1", 4), ("beta", 5)] {
        several.source("one", version, &example(seed));
    }
    let planned = several.command("plan").run().await.exits(0);
    assert_eq!(told(&planned), [row("one", "7.1.3-1", "planned"), row("one", "7.6.1-2", "planned")]);
    for line in ["upload sha256:", "point 7.6.1-rhcc at sha256:", "other layers for linux/amd64"] {
        assert!(planned.stderr.contains(line), "{line}: {planned}");
    }
    assert_eq!((several.writes(), several.preflight.runs().len()), (Vec::new(), 0));
    assert!(!several.folder("one").exists(), "nothing is noted either");
}

// 19.89
#[tokio::test]
async fn what_is_unfinished_is_gone_on_with_before_anything_new_is_begun_in_any_project() {
    let several = Several::of(&["one", "two"]).await;
    let image = several.due("two");
    several.pace("two", Pace::Never);
    several.run(&["--product=two", "--publish-timeout=200ms"]).run().await.exits(5);
    assert_eq!(several.writes(), ["two:7.6.1-2"]);

    several.pace("two", Pace::Soon);
    several.due("one");
    // What the source has become since is not what was begun.
    several.source("two", "7.6.1", &example(77));
    several.run(&[]).run().await.exits(0);
    let resumed = ["two:7.6.1", "two:7.6.1-rhcc"].map(ToOwned::to_owned);
    assert_eq!(several.writes(), [resumed.to_vec(), second("one")].concat());
    assert_eq!(several.tag("two", "7.6.1"), Some(image.digest));
    assert_eq!(several.tag("two", "7.6.1-3"), None);
}

#[tokio::test]
async fn what_is_unfinished_is_gone_on_with_where_tags_are_not_listed() {
    let several = Several::of(&["one"]).await;
    several.due("one");
    several.pace("one", Pace::Never);
    several.run(&["--publish-timeout=200ms"]).run().await.exits(5);
    several.writes();
    several.pace("one", Pace::Soon);
    several.public.fault(Fault::on(Kind::Tags).status(403).always());
    let ran = several.run(&[]).run().await.exits(3);
    assert_eq!(several.writes(), ["one:7.6.1", "one:7.6.1-rhcc"]);
    assert!(ran.stderr.contains("registry_service_account"), "{ran}");
}

#[tokio::test]
async fn no_more_are_published_than_were_asked_for_and_the_rest_is_left_for_the_next_run() {
    let several = Several::of(&["one", "two"]).await;
    several.due("one");
    several.due("two");
    let ran = several.run(&["--max-publish=1"]).run().await.exits(0);
    assert_eq!(several.writes(), second("one"));
    assert_eq!(several.attempts("two"), 0);
    assert_eq!(told(&ran), [row("one", "7.6.1-2", "copied"), row("two", "7.6.1-2", "skipped")]);
    several.run(&["--max-publish=1"]).run().await.exits(0);
    assert_eq!(several.writes(), second("two"));
}

#[tokio::test]
async fn projects_wait_for_the_catalog_side_by_side() {
    let several = Several::of(&["one", "two"]).await;
    several.due("one");
    several.due("two");
    // The first is public once the second is done, which it never is where one waits for the other.
    several.pace("one", Pace::After("two"));
    several.run(&["--jobs=2"]).run().await.exits(0);
    let writes = several.writes();
    assert_eq!(writes.len(), 6, "{writes:?}");
    let at = |tag: &str| writes.iter().position(|write| write == tag).unwrap();
    assert!(at("two:7.6.1-rhcc") < at("one:7.6.1"), "{writes:?}");
}

#[tokio::test]
async fn the_worst_that_became_of_one_decides_the_exit_code() {
    // What becomes of each product, by its name.
    let products = ["guarded", "late", "missing", "unknown", "unpassed"];
    let several = Several::of(&products).await;
    for product in products {
        several.due(product);
    }
    let known = example(500);
    several.upload.put_image(&uploads("guarded"), "scratch", &known);
    several.source("guarded", "7.6.1", &known);
    several.pace("late", Pace::Never);
    several.sources.delete_tag("cb-rhcc/missing", "7.6.1-rel");
    several.public.fault(Fault::on(on(Kind::Tags).repository(publics("unknown"))).status(503).always());
    several.preflight.steer(&json!({ "mode": "fail", "image": "cb-rhcc/unpassed" }));
    for (which, exit) in [
        ("unknown", 3),
        ("late,unknown", 5),
        ("late,unknown,unpassed", 1),
        ("guarded,late,unknown,unpassed", 4),
        ("guarded,late,missing,unknown,unpassed", 2),
    ] {
        let ran = several.run(&["--product", which, "--publish-timeout=200ms"]).run().await;
        assert_eq!(ran.code, Some(exit), "{which}: {ran}");
    }
    assert_eq!(several.writes(), ["late:7.6.1-2"], "and nothing that customers use was moved");
}

#[tokio::test]
async fn the_reports_of_a_batch_say_which_release_of_which_product_each_row_is_about() {
    let several = Several::of(&["one", "two", "three"]).await;
    for product in ["one", "two", "three"] {
        several.due(product);
    }
    several.preflight.steer(&json!({ "mode": "fail", "image": "cb-rhcc/two" }));
    several.public.fault(Fault::on(on(Kind::Tags).repository(publics("three"))).status(503).always());
    let ran = several.run(&[]).run().await.exits(1);
    let report = ran.report();
    assert_eq!(violations(&report), Vec::<String>::new());
    assert_eq!((&report["command"], &report["exit_code"]), (&json!("publish run"), &json!(1)));
    let rows = told(&ran);
    assert!(rows.contains(&row("one", "7.6.1-2", "copied")), "{rows:?}");
    assert!(rows.contains(&row("two", "7.6.1-2", "failed")), "{rows:?}");
    assert!(rows.contains(&row("three", "*", "unfinished")), "{rows:?}");
    let junit = ran.artifact("junit_image-mirror.xml");
    for suite in [r#"<testsuite name="one""#, r#"<testsuite name="two""#, r#"<testsuite name="three""#] {
        assert_eq!(junit.matches(suite).count(), 1, "{suite}: {junit}");
    }
    assert!(junit.contains("7.6.1-2") && junit.contains("HasLicense"), "{junit}");
    assert!(!junit.contains("r0bot") && !ran.artifact("image-mirror-report.json").contains("t0ken"));
}

// 19.69
#[tokio::test]
async fn without_the_token_of_the_catalog_nothing_is_asked_of_anybody() {
    let several = Several::of(&["one"]).await;
    several.due("one");
    let project =
        json!({ "image_basename": "one", "project_id": "0123456789abcdef01234567", "registry_key": "r0bot" });
    let metadata = json!({ "rhcc": { "api_key": null }, "products": { "one": project } }).to_string();
    let ran = several.run(&[]).file("products.json", &metadata).run().await.exits(2);
    assert!(ran.stderr.contains("`rhcc.api_key`"), "{ran}");
    let words = ["--state-dir=state", "-p=one", "-t=7.6.1-rel", "-r=7.6.1"];
    let image = several.command("image").args(words).file("products.json", &metadata);
    image.run().await.exits(2);
    for registry in [&several.sources, &several.upload, &several.public] {
        assert_eq!(registry.requests().len(), 0, "{}", registry.host());
    }
    assert_eq!(several.preflight.runs().len(), 0, "it would check the image and tell nobody");
}

// 19.73
#[tokio::test]
async fn a_batch_that_is_asked_to_stop_while_it_looks_what_is_due_leaves_no_login_behind() {
    for command in ["plan", "run"] {
        let several = Several::of(&["one", "two"]).await;
        several.due("one");
        let folder = tempfile::tempdir().unwrap();
        let gate = several.public.hold(on(Kind::Tags));
        let run = if command == "run" { several.run(&[]) } else { several.command(command) };
        let running = run.env("TMPDIR", folder.path().to_str().unwrap()).start();
        gate.arrived(1).await;
        assert_ne!(std::fs::read_dir(folder.path()).unwrap().count(), 0, "logins are there while it runs");
        running.terminate();
        let ran = running.ended().await.exits(3);
        assert!(ran.stderr.contains("interrupted"), "{ran}");
        assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 0, "{command}: {ran}");
        assert_eq!((several.writes(), several.attempts("one")), (Vec::new(), 0));
    }
}
