//! `stream prune`: a dry run unless told otherwise, marks, deletions, and what is refused.

use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use serde_json::Value;
use tempfile::TempDir;

use super::sample::{self, RELEASE};
use crate::support::FileFault;
use crate::support::run::{Ran, Run};

const DAY: Duration = Duration::from_hours(24);

/// A mirror on disk with builds that nothing pins, one of each month of 2023, and the one of the sample.
struct Mirror(TempDir);

impl Mirror {
    fn of(builds: usize) -> Self {
        let mirror = Self(tempfile::tempdir().unwrap());
        let orphans = (0..builds).map(build).map(|build| format!("x86_64/dependencies/rhcos/4.19/{build}"));
        let pinned = format!("x86_64/dependencies/rhcos/4.19/{RELEASE}");
        for directory in orphans.chain([pinned]) {
            let folder = mirror.path(&directory);
            fs::create_dir_all(&folder).unwrap();
            for name in ["a.iso", "rhcos-id.txt"] {
                let file = File::create(folder.join(name)).unwrap();
                file.set_modified(SystemTime::now() - 400 * DAY).unwrap();
            }
        }
        mirror
    }

    fn path(&self, key: &str) -> PathBuf {
        self.0.path().join(key)
    }

    fn has(&self, build: &str) -> bool {
        self.path(&format!("x86_64/dependencies/rhcos/4.19/{build}/a.iso")).exists()
    }

    fn run(&self, words: &[&str]) -> Run {
        let run = Run::new([
            "stream",
            "prune",
            "--pin-stream",
            "s.json",
            "--keep-latest",
            "0",
            "--max-fraction",
            "1",
        ]);
        run.args(["--dest", self.0.path().to_str().unwrap()])
            .args(words)
            .file("s.json", sample::text(&sample::stream("https://a.example")))
    }

    /// Lets the marks be as old as `age`.
    fn age(&self, age: Duration) {
        for path in files(&self.path(".image-mirror/tombstones")) {
            let mut mark: Value = serde_json::from_slice(&fs::read(&path).unwrap()).unwrap();
            mark["since"] = humantime::format_rfc3339_seconds(SystemTime::now() - age).to_string().into();
            fs::write(&path, mark.to_string()).unwrap();
        }
    }
}

fn build(at: usize) -> String {
    format!("9.6.2023{:02}{:02}-0", 1 + at / 28, 1 + at % 28)
}

/// All files below a folder.
fn files(folder: &Path) -> Vec<PathBuf> {
    let Ok(entries) = fs::read_dir(folder) else { return Vec::new() };
    let paths = entries.map(|entry| entry.unwrap().path());
    paths.flat_map(|path| if path.is_dir() { files(&path) } else { vec![path] }).collect()
}

fn reasons(ran: &Ran) -> String {
    let lines =
        ran.rows().into_iter().map(|row| format!("{} {} {}", row["outcome"], row["reason"], row["note"]));
    lines.collect::<Vec<_>>().join("\n")
}

#[tokio::test]
async fn nothing_is_written_without_the_flag_and_dry_run_beats_it() {
    let mirror = Mirror::of(1);
    let before = files(mirror.0.path());
    let ran = mirror.run(&[]).run().await.exits(0);
    assert_eq!(ran.rows_that("planned").len(), 1, "{}", reasons(&ran));
    let dry = mirror.run(&["--delete"]).env("DRY_RUN", "1").run().await.exits(0);
    assert_eq!(dry.rows_that("planned").len(), 1, "{}", reasons(&dry));
    assert_eq!(dry.report()["dry_run"], true);
    assert_eq!(files(mirror.0.path()), before, "not even a mark");
}

// 14.82 14.83
#[tokio::test]
async fn a_build_is_marked_first_and_deleted_once_its_mark_is_old() {
    let mirror = Mirror::of(1);
    let marked = mirror.run(&["--delete"]).run().await.exits(0);
    assert!(mirror.has(&build(0)) && reasons(&marked).contains("it was marked"), "{}", reasons(&marked));
    mirror.age(13 * DAY);
    mirror.run(&["--delete"]).run().await.exits(0);
    assert!(mirror.has(&build(0)), "the mark is not old enough");
    mirror.age(15 * DAY);
    let dry = mirror.run(&[]).run().await.exits(0);
    assert!(mirror.has(&build(0)) && reasons(&dry).contains("nothing pins it any more"), "{}", reasons(&dry));
    let ran = mirror.run(&["--delete"]).run().await.exits(0);
    assert_eq!(ran.rows_that("deleted").len(), 1, "{}", reasons(&ran));
    assert!(!mirror.has(&build(0)) && mirror.has(RELEASE), "what is pinned stays");
    assert!(
        files(&mirror.path(".image-mirror/trash")).iter().any(|path| path.ends_with("a.iso")),
        "it can be had back"
    );
}

// 14.79
#[tokio::test]
async fn a_source_that_cannot_be_read_refuses_everything() {
    let (mirror, server) = (Mirror::of(1), sample::served().await);
    mirror.run(&["--delete"]).run().await.exits(0);
    mirror.age(15 * DAY);
    server.always("/s.json", FileFault::status(500));
    let url = server.url("/s.json").to_string();
    let ran = mirror.run(&["--delete", "--attempts", "1", "--pin-stream", &url]).run().await.exits(4);
    assert!(mirror.has(&build(0)) && ran.stderr.contains(&url), "{ran}");
}

// 14.87
#[tokio::test]
async fn more_than_may_go_at_once_is_refused_as_a_whole() {
    let mirror = Mirror::of(21);
    mirror.run(&["--delete"]).run().await.exits(0);
    mirror.age(15 * DAY);
    let ran = mirror.run(&["--delete"]).run().await.exits(4);
    assert!((0..21).map(build).all(|build| mirror.has(&build)), "{}", reasons(&ran));
    assert!(ran.stderr.contains("--max-delete"), "{ran}");
    mirror.run(&["--delete", "--max-delete", "21"]).run().await.exits(0);
    assert!(!(0..21).map(build).any(|build| mirror.has(&build)) && mirror.has(RELEASE));
}

// 14.91
#[tokio::test]
async fn a_pinned_build_that_is_not_there_is_told_and_fails_only_a_check() {
    let mirror = Mirror::of(0);
    let told = mirror.run(&[]).run().await.exits(0);
    assert!(reasons(&told).contains("it is pinned and not mirrored"), "{}", reasons(&told));
    let checked = mirror.run(&["--check"]).run().await.exits(1);
    assert_eq!(
        checked.rows_that("failed").len() + checked.rows_that("refused").len(),
        1,
        "{}",
        reasons(&checked)
    );
}
