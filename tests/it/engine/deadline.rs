//! Only what would be through before the deadline starts.

use std::collections::HashSet;
use std::num::NonZeroU32;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::{Duration, SystemTime};

use image_mirror::engine::{Options, Stop};
use image_mirror::model::{Cause, Desired, Outcome, Past, Row, Standing};
use tokio::time::{Instant, sleep_until};

use super::{Pair, mirror, word};
use crate::support::{FakeRegistry, Gate, Image, Kind, writes};

const SECOND: Duration = Duration::from_secs(1);

/// Keeps a paused clock where it is until it is dropped, whatever is waited for: it moves only by `advance`.
struct Still(Option<std::sync::mpsc::Sender<()>>);

impl Still {
    fn begin() -> Self {
        let (sender, receiver) = std::sync::mpsc::channel::<()>();
        // A paused clock does not leap while such work is under way.
        tokio::task::spawn_blocking(move || receiver.recv().is_err());
        Self(Some(sender))
    }
}

impl Drop for Still {
    fn drop(&mut self) {
        self.0.take();
    }
}

/// Each tag that is written takes `pace` of the clock, from when it is asked for until it is there.
async fn tick(gate: &Gate, pace: Duration) {
    for n in 1.. {
        gate.arrived(n).await;
        tokio::time::advance(pace).await;
        gate.let_through(1);
    }
}

/// What the program does at the deadline.
async fn stop_at(deadline: Instant, stop: &Stop) {
    sleep_until(deadline).await;
    stop.deadline.store(true, Ordering::Relaxed);
    stop.gently.cancel();
}

/// Mirrors while the clock goes by the tags that `target` is given, until `deadline`.
async fn mirror_until(
    deadline: Duration,
    target: &FakeRegistry,
    entries: Vec<Desired>,
    options: Options,
) -> Vec<Row> {
    let (gate, stop) = (target.hold(Kind::PutManifest), Stop::default());
    let end = Instant::now() + deadline;
    let options = Options { jobs: 1, deadline: Some(end), ..options };
    tokio::select! {
        rows = mirror(entries, options, stop.clone()) => rows,
        () = tick(&gate, SECOND) => unreachable!(),
        () = async { stop_at(end, &stop).await; std::future::pending().await } => unreachable!(),
    }
}

fn image(size: usize, seed: u64) -> Image {
    Image::oci().layer_of(size, seed).build()
}

/// Entries of images of `sizes`, in repositories of their own.
fn offer(pair: &Pair, sizes: &[usize]) -> Vec<Desired> {
    let entry = |(n, size): (usize, &usize)| {
        pair.source.put_image("org/app", &format!("v{n}"), &image(*size, n as u64));
        pair.entry(&format!("org/app:v{n}"), &format!("mirror/app{n}:v1"))
    };
    sizes.iter().enumerate().map(entry).collect()
}

/// Earlier runs, in which each entry was last right so many days ago (none: the last one did not come to it).
fn past(entries: &[Desired], days: impl Fn(usize) -> Option<u64>) -> Arc<Past> {
    let mut past = Past::new(NonZeroU32::new(3).unwrap());
    let ago = |days: u64| SystemTime::UNIX_EPOCH + Duration::from_hours(24 * (10_000 - days));
    for (n, entry) in entries.iter().enumerate() {
        let standing = Standing {
            first_seen: ago(100),
            verified: days(n).map(ago),
            failures: 0,
            unfinished: days(n).is_none(),
            quarantined: false,
        };
        past.note(entry.source.to_string(), entry.target.to_string(), standing);
    }
    Arc::new(past)
}

fn target(row: &Row) -> String {
    row.target.to_string()
}

fn is_left_by_the_deadline(row: &Row) -> bool {
    matches!(row.outcome, Outcome::Unfinished(Cause::Deadline))
}

/// The repositories that were given a tag, in the order they were.
fn tagged(registry: &FakeRegistry) -> Vec<String> {
    let put = registry.requests_on(Kind::PutManifest);
    put.iter().map(|request| request.repository.clone().unwrap_or_default()).collect()
}

#[tokio::test(start_paused = true)]
async fn of_100_entries_of_a_second_40_are_through_after_40_seconds_and_the_next_run_begins_with_the_other_60()
 {
    let _still = Still::begin();
    let pair = Pair::start().await;
    let entries = offer(&pair, &[1000; 100]);
    // Else what is left would come first because it is absent.
    for n in 0..100 {
        pair.target.put_image(&format!("mirror/app{n}"), "v1", &image(10, 5000 + n));
    }
    let began = Instant::now();
    let rows = mirror_until(40 * SECOND, &pair.target, entries.clone(), pair.options.clone()).await;

    assert_eq!(began.elapsed(), 40 * SECOND);
    assert_eq!(rows.len(), 100);
    assert_eq!(rows.iter().filter(|row| word(row) == "copied").count(), 40);
    let left: HashSet<String> = rows.iter().filter(|row| is_left_by_the_deadline(row)).map(target).collect();
    assert_eq!(left.len(), 60, "some are not named");
    assert_eq!(tagged(&pair.target).len(), 40);

    let is_left = |n: usize| left.contains(&entries[n].target.to_string());
    for n in (0..100).filter(|n| !is_left(*n)) {
        assert!(pair.target.holds(&format!("mirror/app{n}"), "v1", &image(1000, n as u64)), "app{n}");
        pair.source.put_image("org/app", &format!("v{n}"), &image(1000, 1000 + n as u64));
    }
    pair.clear_logs();
    let known = past(&entries, |n| if is_left(n) { None } else { Some(1) });
    let options = Options { jobs: 1, past: Some(known), ..pair.options.clone() };
    let rows = mirror(entries.clone(), options, Stop::default()).await;

    assert!(rows.iter().all(|row| word(row) == "copied"));
    let first: HashSet<String> =
        tagged(&pair.target)[..60].iter().map(|name| format!("{}/{name}:v1", pair.target.host())).collect();
    assert_eq!(first, left, "others came before those that were left");
    assert_eq!(tagged(&pair.target).len(), 100);
}

#[tokio::test(start_paused = true)]
async fn what_does_not_fit_is_not_begun_and_a_smaller_one_behind_it_is() {
    let _still = Still::begin();
    let pair = Pair::start().await;
    let entries = offer(&pair, &[100_000, 10_000_000, 100_000]);
    let order = past(&entries, |n| [None, Some(20), Some(10)][n]);
    let options = Options { past: Some(order), ..pair.options.clone() };
    let rows = mirror_until(10 * SECOND, &pair.target, entries.clone(), options).await;

    let ends: Vec<_> = rows.iter().map(|row| (target(row), word(row))).collect();
    let named = |n: usize| entries[n].target.to_string();
    assert_eq!(ends, [(named(0), "copied"), (named(1), "unfinished"), (named(2), "copied")]);
    assert!(is_left_by_the_deadline(&rows[1]));
    assert_eq!(rows[1].note.as_deref(), Some("needs about 1m 39s at 0.1 MiB/s, 9s are left"));
    assert_eq!(rows[1].moved.bytes.copied, 0);
    assert_eq!(pair.target.count(writes().repository("mirror/app1")), 0);
    assert_eq!(pair.target.open_uploads(), 0);
}

#[tokio::test(start_paused = true)]
async fn only_what_is_missing_counts() {
    let _still = Still::begin();
    let pair = Pair::start().await;
    let entries = offer(&pair, &[100_000, 10_000_000]);
    let (old, new) = (image(10_000_000, 1), Image::oci().layer_of(10_000_000, 1).layer_of(50, 2).build());
    pair.target.put_image("mirror/app1", "v1", &old);
    pair.source.put_image("org/app", "v1", &new);
    let options = Options { past: Some(past(&entries, |n| [None, Some(1)][n])), ..pair.options.clone() };
    let rows = mirror_until(10 * SECOND, &pair.target, entries, options).await;

    assert!(rows.iter().all(|row| word(row) == "copied"), "{rows:#?}");
    assert!(pair.target.holds("mirror/app1", "v1", &new));
    assert_eq!(rows[1].note, None);
}

#[tokio::test(start_paused = true)]
async fn the_first_entry_starts_however_large_it_is_and_without_a_deadline_every_one_does() {
    let _still = Still::begin();
    let pair = Pair::start().await;
    let entries = offer(&pair, &[10_000_000]);
    let rows = mirror_until(SECOND / 2, &pair.target, entries, pair.options.clone()).await;
    assert_eq!(word(&rows[0]), "copied");

    let entries = offer(&pair, &[100_000, 0, 0, 10_000_000]);
    let options = Options {
        past: Some(past(&entries, |n| [None, Some(3), Some(2), Some(1)][n])),
        ..pair.options.clone()
    };
    let (gate, began) = (pair.target.hold(Kind::PutManifest), Instant::now());
    let options = Options { jobs: 1, ..options };
    let rows = tokio::select! {
        rows = mirror(entries, options, Stop::default()) => rows,
        () = tick(&gate, SECOND) => unreachable!(),
    };
    assert!(rows.iter().all(|row| word(row) == "copied" && row.note.is_none()), "{rows:#?}");
    assert_eq!(began.elapsed(), 4 * SECOND);
}
