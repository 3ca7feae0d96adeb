//! What a run says on stderr while it runs.

use std::io;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use image_mirror::cli::progress::{Lines, Progress, Shown};
use image_mirror::engine::Observer;
use image_mirror::error::{Class, Stage};
use image_mirror::model::{Cause, Outcome, Row};
use indicatif::{ProgressDrawTarget, TermLike};

use crate::report_sample::{broken, failed, row};

/// Keeps what was logged or drawn.
#[derive(Debug, Clone, Default)]
struct Paper(Arc<Mutex<Vec<u8>>>);

impl Paper {
    fn text(&self) -> String {
        String::from_utf8(self.0.lock().unwrap().clone()).unwrap()
    }

    fn lines(&self) -> Vec<String> {
        self.text().lines().map(str::to_owned).collect()
    }

    /// Has everything logged from now on, on this thread, written here as JSON.
    fn take_log(&self) -> tracing::subscriber::DefaultGuard {
        let paper = self.clone();
        let log = tracing_subscriber::fmt().json().flatten_event(true).with_writer(move || paper.clone());
        tracing::subscriber::set_default(log.finish())
    }
}

impl io::Write for Paper {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap().write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl TermLike for Paper {
    fn width(&self) -> u16 {
        100
    }
    fn height(&self) -> u16 {
        24
    }
    fn move_cursor_up(&self, _: usize) -> io::Result<()> {
        Ok(())
    }
    fn move_cursor_down(&self, _: usize) -> io::Result<()> {
        Ok(())
    }
    fn move_cursor_right(&self, _: usize) -> io::Result<()> {
        Ok(())
    }
    fn move_cursor_left(&self, _: usize) -> io::Result<()> {
        Ok(())
    }
    fn write_line(&self, text: &str) -> io::Result<()> {
        self.write_str(&format!("{text}\n"))
    }
    fn write_str(&self, text: &str) -> io::Result<()> {
        io::Write::write_all(&mut self.clone(), text.as_bytes())
    }
    fn clear_line(&self) -> io::Result<()> {
        self.write_str("\n")
    }
    fn flush(&self) -> io::Result<()> {
        Ok(())
    }
}

fn missing(line: u32) -> Row {
    row(line, failed(Stage::Resolve, broken(Class::Missing, 1, "HEAD quay.io/a/b:v1", "status 404")))
}

async fn shown_for(progress: &Progress, time: Duration) {
    let _ = tokio::time::timeout(time, progress.show()).await;
}

#[tokio::test(start_paused = true)]
async fn without_a_terminal_a_line_comes_when_something_changed_and_not_more_often_than_every_30_seconds() {
    let paper = Paper::default();
    let _log = paper.take_log();
    let progress = Progress::new(Shown::Plain, Lines::Words);
    let show = shown_for(&progress, Duration::from_secs(200));
    let work = async {
        progress.announced(1000);
        progress.finished(&row(1, Outcome::Kept));
        tokio::time::sleep(Duration::from_secs(29)).await;
        assert_eq!(paper.text(), "", "nothing before its time");
        tokio::time::sleep(Duration::from_secs(100)).await;
        progress.sent(3 << 20);
    };
    tokio::join!(show, work);
    let lines = paper.lines();
    assert_eq!(lines.len(), 2, "{lines:?}");
    assert!(lines[0].contains("1 of 1,000 entries, 0 failed, 0 B sent"), "{lines:?}");
    assert!(lines[1].contains("1 of 1,000 entries, 0 failed, 3.0 MiB sent"), "{lines:?}");
}

#[tokio::test(start_paused = true)]
async fn none_is_silent_but_for_failures() {
    let paper = Paper::default();
    let _log = paper.take_log();
    let progress = Progress::new(Shown::None, Lines::Words);
    progress.announced(2);
    progress.finished(&row(1, Outcome::Kept));
    shown_for(&progress, Duration::from_mins(10)).await;
    assert_eq!(paper.text(), "");
    progress.finished(&missing(2));
    assert_eq!(paper.lines().len(), 1);
}

#[test]
fn a_failure_is_logged_once_with_the_words_of_the_report_as_fields() {
    let paper = Paper::default();
    let _log = paper.take_log();
    let progress = Progress::new(Shown::None, Lines::Fields);
    progress.finished(&missing(14));
    let lines = paper.lines();
    assert_eq!(lines.len(), 1, "{lines:?}");
    let line: serde_json::Value = serde_json::from_str(&lines[0]).unwrap();
    let expected = [
        ("level", "ERROR"),
        ("origin", "mappings/knative/mapping_knative_v1_14:14"),
        ("owner", "knative-team"),
        ("source", "registry.ci.openshift.org/knative/part-14:v1.14"),
        ("stage", "resolve"),
        ("class", "missing"),
    ];
    for (field, value) in expected {
        assert_eq!(line[field], value, "{field} in {line}");
    }
    assert!(line["message"].as_str().unwrap().ends_with("resolve failed: HEAD quay.io/a/b:v1: status 404"));
}

#[test]
fn a_host_that_never_answers_is_named_once() {
    let paper = Paper::default();
    let _log = paper.take_log();
    let progress = Progress::new(Shown::None, Lines::Words);
    for line in 1..=100 {
        let cause = Cause::Unreachable { host: "quay.example".into(), error: "no such host".into() };
        progress.finished(&row(line, Outcome::Unfinished(cause)));
        progress.finished(&row(line + 100, Outcome::Unfinished(Cause::Deadline)));
    }
    assert_eq!(paper.lines().len(), 1, "{}", paper.text());
    assert!(paper.text().contains("quay.example never answered: no such host"), "{}", paper.text());
}

#[tokio::test(start_paused = true)]
async fn on_a_terminal_bars_show_entries_and_bytes() {
    let paper = Paper::default();
    let target = ProgressDrawTarget::term_like(Box::new(paper.clone()));
    let progress = Progress::drawn_on(target, Shown::Bar, Lines::Words);
    progress.announced(1000);
    shown_for(&progress, Duration::from_secs(1)).await;
    assert!(!paper.text().contains("MiB"), "no bar for bytes before bytes are expected: {}", paper.text());
    for line in 1..=3 {
        progress.finished(&row(line, Outcome::Kept));
    }
    progress.expected(8 << 20);
    progress.sent(2 << 20);
    shown_for(&progress, Duration::from_secs(1)).await;
    drop(progress);
    let drawn = paper.text();
    assert!(drawn.contains("3/1,000 entries"), "{drawn}");
    assert!(drawn.contains("2.00 MiB/8.00 MiB"), "{drawn}");
}
