//! What `serve` tells Prometheus.

use std::time::SystemTime;

use prometheus::{Encoder, IntCounter, IntCounterVec, IntGauge, Opts, Registry, TextEncoder};

/// The metrics of one instance; `docs/imagestreams.md` lists names and units.
#[derive(Debug)]
pub(super) struct Metrics {
    registry: Registry,
    queued: IntGauge,
    oldest: IntGauge,
    leads: IntGauge,
    looked: IntGauge,
    failed: IntGauge,
    mirrored: IntCounterVec,
    passes: IntCounterVec,
    watch_troubles: IntCounter,
}

/// What is read when somebody asks.
#[derive(Debug, Clone, Copy)]
pub(super) struct Moment {
    /// How many targets are not as they should be.
    pub(super) queued: usize,
    /// Since when the first of them is known to be so.
    pub(super) oldest: Option<SystemTime>,
    /// Whether this instance may write.
    pub(super) leads: bool,
}

impl Metrics {
    /// All at nothing.
    ///
    /// # Errors
    /// A name that is there twice; there is none.
    pub(super) fn new() -> Result<Self, prometheus::Error> {
        let gauge = |name, about| IntGauge::with_opts(opts(name, about));
        let metrics = Self {
            registry: Registry::new(),
            queued: gauge("queue_targets", "Targets that are not as they should be.")?,
            oldest: gauge("queue_oldest_seconds", "How long the first of them has been known to be so.")?,
            leads: gauge("leader", "1 while this instance may write.")?,
            looked: gauge(
                "pass_timestamp_seconds",
                "When everything was last looked through completely, since 1970-01-01 UTC.",
            )?,
            failed: gauge(
                "failed_entries",
                "Entries that the last look through everything found no way to mirror.",
            )?,
            mirrored: IntCounterVec::new(
                opts("mirrored_total", "Turns of targets by outcome."),
                &["outcome"],
            )?,
            passes: IntCounterVec::new(
                opts("passes_total", "Looks through everything by result."),
                &["result"],
            )?,
            watch_troubles: IntCounter::with_opts(opts(
                "watch_troubles_total",
                "Watches that broke or were refused.",
            ))?,
        };
        let Self { registry, queued, oldest, leads, looked, failed, mirrored, passes, watch_troubles } =
            &metrics;
        for gauge in [queued, oldest, leads, looked, failed] {
            registry.register(Box::new(gauge.clone()))?;
        }
        for counters in [mirrored, passes] {
            registry.register(Box::new(counters.clone()))?;
        }
        registry.register(Box::new(watch_troubles.clone()))?;
        Ok(metrics)
    }

    /// A target had its turn.
    pub(super) fn mirrored(&self, outcome: &str) {
        self.mirrored.with_label_values(&[outcome]).inc();
    }

    /// Everything was looked through, `completely` or not; so many entries have no way to be mirrored.
    pub(super) fn passed(&self, completely: bool, failed: usize) {
        self.passes.with_label_values(&[if completely { "complete" } else { "in_part" }]).inc();
        self.failed.set(i64::try_from(failed).unwrap_or(i64::MAX));
        if completely {
            let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH);
            self.looked.set(seconds(now.unwrap_or_default()));
        }
    }

    /// A watch broke.
    pub(super) fn watch_trouble(&self) {
        self.watch_troubles.inc();
    }

    /// All of it as text, with what is so `now`.
    ///
    /// # Errors
    /// When it cannot be written.
    pub(super) fn text(&self, now: Moment) -> Result<String, prometheus::Error> {
        let waited = now.oldest.and_then(|first| SystemTime::now().duration_since(first).ok());
        self.queued.set(i64::try_from(now.queued).unwrap_or(i64::MAX));
        self.oldest.set(seconds(waited.unwrap_or_default()));
        self.leads.set(i64::from(now.leads));
        let mut text = Vec::new();
        TextEncoder::new().encode(&self.registry.gather(), &mut text)?;
        Ok(String::from_utf8_lossy(&text).into_owned())
    }
}

fn seconds(time: std::time::Duration) -> i64 {
    i64::try_from(time.as_secs()).unwrap_or(i64::MAX)
}

fn opts(name: &str, about: &str) -> Opts {
    Opts::new(name, about).namespace("image_mirror").subsystem("serve")
}
