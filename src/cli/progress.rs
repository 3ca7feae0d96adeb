//! What a run shows on stderr while it runs: bars on a terminal, else a quiet line now and then.
//!
//! A failure is logged here, once, at the moment when it becomes a row. The summary is not shown here:
//! it goes to stdout when the run is over ([`crate::report`]).

use std::collections::HashSet;
use std::convert::Infallible;
use std::io::{self, Write};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, OnceLock, PoisonError};
use std::time::Duration;

use indicatif::{MultiProgress, ProgressBar, ProgressDrawTarget, ProgressStyle};
use tokio::time::MissedTickBehavior;

use super::told::Told;
use crate::engine::Observer;
use crate::error::{Class, Stage};
use crate::model::{Cause, Desired, Outcome, Row};
use crate::report;

/// Time between two quiet lines; Prow keeps every line of a log for months.
const QUIET: Duration = Duration::from_secs(30);
/// Time between two looks at the bars, so that rates fall when nothing moves.
const TICK: Duration = Duration::from_millis(250);

/// How progress is shown, once it is known whether there is a terminal.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Shown {
    /// Bars, drawn over and over.
    Bar,
    /// A line now and then.
    Plain,
    /// Failures only.
    None,
}

/// What a log line is made of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Lines {
    /// One sentence that says everything: for people.
    Words,
    /// The sentence, and its parts as fields: for programs.
    Fields,
}

/// Counts what the engine does and shows it. Everything it says it logs, so that `-q` silences it.
#[derive(Debug)]
pub struct Progress {
    lines: Lines,
    shown: Shown,
    bars: Bars,
    known: AtomicU64,
    running: AtomicU64,
    finished: AtomicU64,
    failed: AtomicU64,
    sent: AtomicU64,
    silent_hosts: Mutex<HashSet<Cause>>,
    told: Told,
}

#[derive(Debug, Clone)]
struct Bars {
    all: MultiProgress,
    entries: ProgressBar,
    /// There from the first byte that is expected on.
    bytes: OnceLock<ProgressBar>,
}

/// Where log lines go while bars are drawn: above them.
#[derive(Debug, Clone)]
pub struct AboveBars(MultiProgress);

impl Progress {
    /// Progress of a run, drawn on stderr if `shown` asks for bars.
    #[must_use]
    pub fn new(shown: Shown, lines: Lines) -> Self {
        let target = match shown {
            Shown::Bar => ProgressDrawTarget::stderr_with_hz(8),
            Shown::Plain | Shown::None => ProgressDrawTarget::hidden(),
        };
        Self::drawn_on(target, shown, lines)
    }

    /// As [`Progress::new`], with the bars drawn on `target`.
    #[must_use]
    pub fn drawn_on(target: ProgressDrawTarget, shown: Shown, lines: Lines) -> Self {
        Self {
            lines,
            shown,
            bars: Bars::new(target),
            known: AtomicU64::new(0),
            running: AtomicU64::new(0),
            finished: AtomicU64::new(0),
            failed: AtomicU64::new(0),
            sent: AtomicU64::new(0),
            silent_hosts: Mutex::default(),
            told: Told::default(),
        }
    }

    /// A stderr that does not write into the bars; log lines must go there.
    #[must_use]
    pub fn stderr(&self) -> AboveBars {
        AboveBars(self.bars.all.clone())
    }

    /// Shows progress for as long as it is polled, and never returns: race the run against it.
    pub async fn show(&self) -> Infallible {
        match self.shown {
            Shown::Bar => self.redraw().await,
            Shown::Plain => self.log_now_and_then().await,
            Shown::None => std::future::pending().await,
        }
    }

    /// Takes the bars away; what is printed afterwards stands where they were.
    pub fn clear(&self) {
        self.bars.entries.finish_and_clear();
        if let Some(bytes) = self.bars.bytes.get() {
            bytes.finish_and_clear();
        }
    }

    /// Says of how many entries each cause is that was told with its first one only.
    pub fn sum_up(&self) {
        for (cause, count) in self.told.rest() {
            let line = format!("{}: {} entries in all", report::clean(&cause), report::number(count as u64));
            match self.lines {
                Lines::Words => tracing::error!("{line}"),
                Lines::Fields => tracing::error!(entries = count, "{line}"),
            }
        }
    }

    async fn redraw(&self) -> Infallible {
        let mut ticks = every(TICK);
        loop {
            ticks.tick().await;
            self.bars.entries.tick();
            if let Some(bytes) = self.bars.bytes.get() {
                bytes.tick();
            }
        }
    }

    async fn log_now_and_then(&self) -> Infallible {
        let mut ticks = every(QUIET);
        ticks.tick().await;
        let mut said = State::default();
        loop {
            ticks.tick().await;
            let now = self.state();
            if now != said {
                self.log(now);
                said = now;
            }
        }
    }

    fn state(&self) -> State {
        let [known, finished, failed, sent] = [&self.known, &self.finished, &self.failed, &self.sent]
            .map(|count| count.load(Ordering::Relaxed));
        State { known, finished, failed, sent }
    }

    fn log(&self, State { known, finished, failed, sent }: State) {
        let line = format!(
            "{} of {} entries, {} failed, {} sent",
            report::number(finished),
            report::number(known),
            report::number(failed),
            report::bytes(sent)
        );
        match self.lines {
            Lines::Words => tracing::info!("{line}"),
            Lines::Fields => tracing::info!(finished, known, failed, sent, "{line}"),
        }
    }

    fn failed(&self, row: &Row, stage: Option<Stage>, class: Option<Class>) {
        let line = report::failure_line(row);
        if self.lines == Lines::Words {
            tracing::error!("{line}");
            return;
        }
        let (origin, _) = report::place(&row.origin);
        tracing::error!(
            origin,
            owner = row.owner.as_deref(),
            source = report::name(&row.source),
            target = report::name(&row.target),
            stage = stage.map(tracing::field::display),
            class = class.map(tracing::field::display),
            attempts = row.attempts,
            "{line}"
        );
    }

    /// A host that never answers is named once, not once for each of its entries. That the deadline
    /// was reached has been said by whoever watches it.
    fn unfinished(&self, cause: &Cause) {
        let Cause::Unreachable { host, .. } = cause else { return };
        let new = self.silent_hosts.lock().unwrap_or_else(PoisonError::into_inner).insert(cause.clone());
        if new {
            tracing::error!("{cause}; what needs `{host}` is left unfinished");
        }
    }

    fn draw(&self) {
        let (running, failed) = (self.running.load(Ordering::Relaxed), self.failed.load(Ordering::Relaxed));
        let running = format!("{} running", report::number(running));
        let words =
            if failed == 0 { running } else { format!("{running}, {} failed", report::number(failed)) };
        self.bars.entries.set_message(words);
    }
}

#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
struct State {
    known: u64,
    finished: u64,
    failed: u64,
    sent: u64,
}

impl Observer for Progress {
    fn announced(&self, count: usize) {
        self.known.fetch_add(count as u64, Ordering::Relaxed);
        self.bars.entries.inc_length(count as u64);
    }

    fn started(&self, _entry: &Desired) {
        self.running.fetch_add(1, Ordering::Relaxed);
        self.draw();
    }

    fn expected(&self, bytes: u64) {
        self.bars.bytes().inc_length(bytes);
    }

    fn sent(&self, bytes: u64) {
        self.sent.fetch_add(bytes, Ordering::Relaxed);
        self.bars.bytes().inc(bytes);
    }

    fn finished(&self, row: &Row) {
        self.finished.fetch_add(1, Ordering::Relaxed);
        // Rows of lines that do not parse end without having begun.
        let _ = self.running.fetch_update(Ordering::Relaxed, Ordering::Relaxed, |n| n.checked_sub(1));
        match &row.outcome {
            // A bad line was shown with a caret when the files were read; the log of a machine has it again.
            Outcome::Failed(failure) if failure.is_bad_input() && self.lines == Lines::Words => {}
            Outcome::Failed(failure) => {
                self.failed.fetch_add(1, Ordering::Relaxed);
                if failure.blame.as_ref().is_none_or(|blame| self.told.note(blame)) {
                    self.failed(row, Some(failure.stage), Some(failure.class));
                }
            }
            Outcome::Refused(_) => {
                self.failed.fetch_add(1, Ordering::Relaxed);
                self.failed(row, None, None);
            }
            Outcome::Unfinished(cause) => self.unfinished(cause),
            _ => {}
        }
        self.bars.entries.inc(1);
        self.draw();
    }
}

impl Drop for Progress {
    fn drop(&mut self) {
        self.clear();
    }
}

impl Bars {
    fn new(target: ProgressDrawTarget) -> Self {
        let all = MultiProgress::with_draw_target(target);
        let entries =
            all.add(ProgressBar::new(0).with_style(style("{human_pos}/{human_len} entries, {msg}")));
        Self { all, entries, bytes: OnceLock::new() }
    }

    fn bytes(&self) -> &ProgressBar {
        let words = "{binary_bytes}/{binary_total_bytes}, {binary_bytes_per_sec}";
        self.bytes.get_or_init(|| self.all.add(ProgressBar::new(0).with_style(style(words))))
    }
}

fn style(words: &str) -> ProgressStyle {
    ProgressStyle::with_template(&format!("[{{bar:30}}] {words}"))
        .unwrap_or_else(|_| ProgressStyle::default_bar())
        .progress_chars("=> ")
}

fn every(period: Duration) -> tokio::time::Interval {
    let mut ticks = tokio::time::interval(period);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    ticks
}

impl Write for AboveBars {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.suspend(|| io::stderr().write(bytes))
    }

    fn flush(&mut self) -> io::Result<()> {
        io::stderr().flush()
    }
}
