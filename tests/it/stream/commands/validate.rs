//! `stream validate`: exit codes that Prow goes by, and reports that name what is missing.

use super::sample;
use crate::support::FileFault;
use crate::support::run::{Ran, Run};

async fn validate(text: &str, words: &[&str]) -> Ran {
    let run = Run::new(["stream", "validate", "--src", "s.json", "--attempts", "2"]);
    run.args(words).file("s.json", text).run().await
}

// 14.58
#[tokio::test]
async fn a_stream_whose_files_are_all_there_is_fine() {
    let server = sample::served().await;
    let text = sample::text(&sample::stream(&sample::base(&server)));
    let prefix = sample::base(&server);
    let ran = validate(&text, &["--require-prefix", &prefix]).await.exits(0);
    assert_eq!(ran.rows_that("kept").len(), 4);
    assert!(
        server.asked().iter().all(|asked| asked.method == "GET" && asked.sent <= 1),
        "{:?}",
        server.asked()
    );
    validate(&text, &["--level", "deep"]).await.exits(0);
}

// 14.59
#[tokio::test]
async fn one_that_is_missing_blocks_and_is_named_in_the_reports() {
    let server = sample::served().await;
    let (base, path) = (sample::base(&server), sample::path("s390x", "metal"));
    let text = sample::text(&sample::stream(&base));
    server.remove(&path).missing(403);
    let ran = validate(&text, &["--require-prefix", &base]).await.exits(1);
    let [row] = ran.rows_that("failed").try_into().unwrap();
    assert_eq!(row["class"], "missing");
    assert!(ran.artifact("junit_image-mirror.xml").contains("s390x/metal/raw.gz/disk"), "{ran}");
    assert!(ran.stdout.contains("s390x/metal/raw.gz/disk") && !ran.stdout.contains("x86_64/qemu"), "{ran}");
}

// 14.62 14.63
#[tokio::test]
async fn no_answer_is_a_reason_to_try_again_unless_something_is_known_to_be_missing() {
    let server = sample::served().await;
    let text = sample::text(&sample::stream(&sample::base(&server)));
    server.always(&sample::path("x86_64", "qemu"), FileFault::status(503));
    let ran = validate(&text, &[]).await.exits(3);
    assert_eq!((ran.rows_that("unfinished").len(), ran.rows_that("failed").len()), (1, 0));
    server.remove(&sample::path("s390x", "qemu"));
    let ran = validate(&text, &[]).await.exits(1);
    assert_eq!((ran.rows_that("unfinished").len(), ran.rows_that("failed").len()), (1, 1));
    assert!(ran.stdout.contains("x86_64/qemu") && ran.stdout.contains("s390x/qemu"), "{ran}");
}

#[tokio::test]
async fn only_what_an_older_stream_does_not_have_is_asked_for() {
    let server = sample::served().await;
    let base = sample::base(&server);
    let (old, path) = (sample::text(&sample::stream(&base)), sample::path("x86_64", "qemu"));
    let new = old.replace(&path, "/elsewhere/9.6.20250121-0/x");
    let run = |old: &str| {
        let run = Run::new(["stream", "validate", "--src", "s.json", "--changed-since", "old.json"]);
        run.file("s.json", &new).file("old.json", old).run()
    };
    let ran = run(&old).await.exits(1);
    assert_eq!(ran.rows().len(), 1);
    assert_eq!(
        server.asked().len(),
        server.count("/elsewhere/9.6.20250121-0/x"),
        "nothing else was asked for"
    );
    let same = run(&new).await.exits(0);
    assert!(same.rows().is_empty(), "{same}");
}
