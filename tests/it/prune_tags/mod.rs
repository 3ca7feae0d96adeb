//! `prune-tags` against whole registries: which tags go, which never do, and that nothing else is touched.

mod bounds;
mod deleting;
mod quay;
mod real;
mod rights;
mod stopping;
mod unable;

use std::collections::BTreeSet;

use serde_json::Value;

use crate::support::{FakeRegistry, Image, Kind, Ran, Run};

const REPOSITORY: &str = "openshift/ci";

/// Old enough by any rule.
fn expired(count: usize) -> Vec<String> {
    (0..count).map(|number| format!("202001010000{number:02}_prune_ci_image{number}_latest")).collect()
}

/// Tags that are never deleted by `--scheme backup`, whatever else there is.
const KEPT: [&str; 5] = [
    "20900101000000_prune_ci_future_latest",
    "20201301000000_prune_ci_impossible_latest",
    "20200101_sha256_0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef",
    "ci_boskos_latest",
    "x20200101000000_prune_ci",
];

/// A repository with so many tags that are old enough, and those of [`KEPT`].
fn fill(registry: &FakeRegistry, count: usize) {
    // Two tags an image, so that a manifest that is deleted would be missed.
    let tags = expired(count);
    for (number, tag) in tags.iter().map(String::as_str).chain(KEPT).enumerate() {
        let image = Image::oci().layer(format!("layer {}", number / 2)).build();
        registry.put_image(REPOSITORY, tag, &image);
    }
}

async fn filled(count: usize) -> FakeRegistry {
    let registry = FakeRegistry::start().await;
    fill(&registry, count);
    registry
}

/// The program, for tags that are older than 60 days, however many.
fn prune(registry: &FakeRegistry, words: &[&str]) -> Run {
    let repository = format!("{}/{REPOSITORY}", registry.host());
    let rule = ["--scheme", "backup", "--older-than", "60days", "--max-fraction", "1"];
    Run::new(["prune-tags", &repository]).args(rule).args(words)
}

/// The tags that are left, sorted.
fn left(registry: &FakeRegistry) -> BTreeSet<String> {
    registry.tags(REPOSITORY).into_iter().collect()
}

/// All that there was but `deleted`.
fn all_but(count: usize, deleted: &[String]) -> BTreeSet<String> {
    let all = expired(count).into_iter().chain(KEPT.map(str::to_owned));
    all.filter(|tag| !deleted.contains(tag)).collect()
}

/// The tags of rows with this outcome.
fn tags_of(ran: &Ran, outcome: &str) -> BTreeSet<String> {
    let tag = |row: Value| row["target"].as_str().unwrap().rsplit_once(':').unwrap().1.to_owned();
    ran.rows_that(outcome).into_iter().map(tag).collect()
}

fn set(tags: &[String]) -> BTreeSet<String> {
    tags.iter().cloned().collect()
}

/// No request that deletes something was made.
#[track_caller]
fn assert_untouched(registry: &FakeRegistry, count: usize) {
    assert_eq!(registry.count([Kind::DeleteManifest, Kind::DeleteBlob, Kind::QuayDeleteTag]), 0);
    assert_eq!(left(registry), all_but(count, &[]));
}

/// Every tag failed since the registry cannot do it, which is told once.
#[track_caller]
fn assert_all_fail_alike(ran: &Ran, count: usize, host: &str) {
    let failed = ran.rows_that("failed");
    assert_eq!(failed.len(), count, "{ran}");
    let sentence = format!("`{host}` cannot delete a tag alone");
    assert!(failed.iter().all(|row| row["reason"].as_str().unwrap().starts_with(&sentence)), "{ran}");
    assert_eq!(ran.stderr.matches(": DELETE tag ").count(), 1, "told once: {ran}");
    assert!(ran.stdout.contains("nothing was lost"), "{ran}");
}
