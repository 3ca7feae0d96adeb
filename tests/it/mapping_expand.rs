//! Wildcards: what waits, what does not, what each row says.

use std::sync::Arc;

use futures_util::StreamExt as _;
use image_mirror::mapping::{ExpandOptions, batches};

use crate::mapping_support::{Tags, arrivals, outcomes, read_text, row_line};

fn entries(arrival: &image_mirror::mapping::Arrival) -> Vec<String> {
    arrival.batch.entries().iter().map(|entry| format!("{} > {}", entry.source, entry.target)).collect()
}

#[tokio::test]
async fn only_entries_beside_a_wildcard_wait_for_its_tags() {
    let set = read_text(
        "quay.io/a/b:v* quay.io/c/d\nquay.io/x/y:v9 quay.io/c/d:v9\nquay.io/x/y:v1 quay.io/e/f:v1\nquay.io/A/b:v1 quay.io/c/d:v7\n",
    );
    let came = arrivals(set, Tags::default().with("quay.io/a/b", &["v1", "v2", "w"])).await;
    assert_eq!(came.len(), 2);
    assert_eq!(entries(&came[0]), ["quay.io/x/y:v1 > quay.io/e/f:v1"]);
    assert_eq!(came[0].rows.len(), 1, "the rows of the set come first");
    assert_eq!(
        entries(&came[1]),
        [
            "quay.io/x/y:v9 > quay.io/c/d:v9",
            "quay.io/a/b:v1 > quay.io/c/d:v1",
            "quay.io/a/b:v2 > quay.io/c/d:v2"
        ]
    );
    assert_eq!((came[1].rows.len(), came[1].findings.len()), (0, 0));
}

#[tokio::test]
async fn a_repository_is_listed_once_however_many_lines_name_it() {
    let set = read_text("quay.io/a/b:v* quay.io/c/d quay.io/e/f\nquay.io/a/b:w* quay.io/c/d\n");
    let tags = Arc::new(Tags::default().with("quay.io/a/b", &["v1", "w1"]));
    let came: Vec<_> = batches(set, Arc::clone(&tags), ExpandOptions::default()).collect().await;
    assert_eq!(*tags.asked.lock().unwrap(), ["quay.io/a/b"]);
    assert_eq!(came.iter().map(|arrival| arrival.batch.len()).sum::<usize>(), 3);
}

#[tokio::test]
async fn a_target_with_two_wildcards_waits_for_both_and_conflicts_tag_by_tag() {
    let set = read_text("quay.io/a/b:* quay.io/c/d\nquay.io/x/y:* quay.io/c/d\n");
    let tags = Tags::default().with("quay.io/a/b", &["v1", "v2"]).with("quay.io/x/y", &["v2", "v3"]);
    let found = outcomes(set, tags).await;
    assert_eq!(found.entries, ["quay.io/a/b:v1 > quay.io/c/d:v1", "quay.io/x/y:v3 > quay.io/c/d:v3"]);
    assert_eq!(
        found.row_lines(),
        [
            "m:1 quay.io/a/b:v2 > quay.io/c/d:v2: failed read invalid",
            "m:2 quay.io/x/y:v2 > quay.io/c/d:v2: failed read invalid"
        ]
    );
}

#[tokio::test]
async fn a_wildcard_adds_nothing_to_a_target_that_lines_quarrel_about() {
    let set = read_text(
        "quay.io/a/b:v1 quay.io/c/d:v1\nquay.io/x/y:v1 quay.io/c/d:v1\nquay.io/e/f:* quay.io/c/d\n",
    );
    let found = outcomes(set, Tags::default().with("*", &["v1", "v2"])).await;
    assert_eq!(found.entries, ["quay.io/e/f:v2 > quay.io/c/d:v2"]);
    let rows = found.row_lines();
    assert_eq!(rows.len(), 3, "each line is one row: {rows:?}");
}

#[tokio::test]
async fn a_wildcard_that_repeats_a_line_is_one_entry_and_a_warning() {
    let set = read_text("quay.io/a/b:v1 quay.io/c/d:v1\nquay.io/a/b:* quay.io/c/d\n");
    let found = outcomes(set, Tags::default().with("*", &["v1"])).await;
    assert_eq!(found.lines(), ["quay.io/a/b:v1 > quay.io/c/d:v1", "warning duplicate 2:15"]);
    assert!(found.rows.is_empty());
}

#[tokio::test]
async fn a_list_that_cannot_be_read_fails_its_own_lines_only() {
    let set = read_text(
        "quay.io/a/b:* quay.io/c/d quay.io/e/f\nquay.io/x/y:v1 quay.io/c/d:v1\nquay.io/x/y:n* quay.io/x/z\n",
    );
    let found = outcomes(set, Tags::default().with("quay.io/x/y", &["v1"])).await;
    assert_eq!(found.entries, ["quay.io/x/y:v1 > quay.io/c/d:v1"]);
    assert_eq!(
        found.row_lines(),
        [
            "m:1 quay.io/a/b:* > quay.io/c/d: failed read missing",
            "m:1 quay.io/a/b:* > quay.io/e/f: failed read missing",
            "m:3 quay.io/x/y:n* > quay.io/x/z: skipped matched nothing"
        ]
    );
}

#[tokio::test]
async fn a_wildcard_may_not_add_more_tags_than_allowed() {
    let set = read_text("quay.io/a/b:* quay.io/c/d\nquay.io/a/b:v1* quay.io/e/f\n");
    let options = ExpandOptions { max_wildcard_tags: 2 };
    let came: Vec<_> = batches(set, Tags::default().with("*", &["v1", "v2", "v3"]), options).collect().await;
    let rows: Vec<String> = came.iter().flat_map(|arrival| &arrival.rows).map(row_line).collect();
    assert_eq!(rows, ["m:1 quay.io/a/b:* > quay.io/c/d: failed read invalid"]);
    let all: Vec<String> = came.iter().flat_map(entries).collect();
    assert_eq!(all, ["quay.io/a/b:v1 > quay.io/e/f:v1"]);
}
