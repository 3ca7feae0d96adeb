//! The report for Prometheus: gauges of one run, in the text format.

use std::time::{SystemTime, UNIX_EPOCH};

use prometheus::{Encoder, Gauge, GaugeVec, IntGauge, IntGaugeVec, Opts, Registry, TextEncoder};

use super::freshness::{by_file as by_file_age, known};
use super::group::by_file;
use super::words::{name, place};
use super::{RenderError, Report};
use crate::model::Outcome;

/// Renders the report in Prometheus' text format; `docs/report-format.md` lists names and units.
///
/// # Errors
/// When a metric is defined twice or the text cannot be written.
pub fn metrics(report: &Report) -> Result<String, RenderError> {
    let registry = registry(report).map_err(RenderError::new)?;
    fill(&registry, report).map_err(RenderError::new)?;
    let mut text = Vec::new();
    TextEncoder::new().encode(&registry.gather(), &mut text).map_err(RenderError::new)?;
    String::from_utf8(text).map_err(RenderError::new)
}

/// The series of two shards differ, so that both can be scraped from one directory.
fn registry(report: &Report) -> Result<Registry, prometheus::Error> {
    let shard = report.part.as_ref().map(|part| ("shard".to_owned(), part.shard.to_string()));
    Registry::new_custom(None, shard.map(|label| [label].into()))
}

type Filled = Result<(), prometheus::Error>;

fn fill(registry: &Registry, report: &Report) -> Filled {
    let totals = report.totals();
    let (bytes, wire) = (totals.bytes, report.wire);
    let requests = wire.requests;
    labelled(registry, "entries", "Entries by outcome.", "outcome", &totals.counts.by_word())?;
    labelled(
        registry,
        "bytes",
        "Bytes of blobs and manifests by what was done for them.",
        "kind",
        &[("copied", bytes.copied), ("mounted", bytes.mounted), ("present", bytes.present)],
    )?;
    labelled(
        registry,
        "requests",
        "HTTP requests by kind, retries included.",
        "kind",
        &[
            ("token", requests.token),
            ("head", requests.head),
            ("get", requests.get),
            ("post", requests.post),
            ("patch", requests.patch),
            ("put", requests.put),
            ("delete", requests.delete),
        ],
    )?;
    labelled(
        registry,
        "wire_bytes",
        "Bytes of HTTP bodies by direction.",
        "direction",
        &[("received", wire.received), ("sent", wire.sent)],
    )?;
    run(registry, report)?;
    files(registry, report)?;
    freshness(registry, report)
}

fn run(registry: &Registry, report: &Report) -> Filled {
    let seconds = Gauge::with_opts(opts("run_seconds", "How long the run took, in seconds."))?;
    seconds.set(report.elapsed.as_secs_f64());
    registry.register(Box::new(seconds))?;
    let when = opts("run_timestamp_seconds", "When the run ended, in seconds since 1970-01-01 UTC.");
    let ended = IntGauge::with_opts(when)?;
    ended.set(timestamp(report.ended()));
    registry.register(Box::new(ended))?;
    let code = IntGauge::with_opts(opts("exit_code", "The exit code of the run."))?;
    code.set(i64::from(report.exit_code));
    registry.register(Box::new(code))?;
    let dry = GaugeVec::new(
        opts("run_info", "Always 1; the labels say which run it was."),
        &["command", "dry_run"],
    )?;
    dry.with_label_values(&[report.command.as_str(), if report.dry_run { "true" } else { "false" }]).set(1.0);
    registry.register(Box::new(dry))
}

fn files(registry: &Registry, report: &Report) -> Filled {
    let about = opts("file_failures", "Entries of a file that failed, were refused or not finished.");
    let failures = IntGaugeVec::new(about, &["file", "owner"])?;
    let bad = |outcome: &Outcome| {
        matches!(outcome, Outcome::Failed(_) | Outcome::Refused(_) | Outcome::Unfinished(_))
    };
    for group in by_file(&report.sorted(), bad) {
        let labels = [group.file.as_str(), group.owner.unwrap_or_default()];
        failures.with_label_values(&labels).set(whole(group.len() as u64));
    }
    registry.register(Box::new(failures))
}

/// Since when targets are right, as far as runs keep track of that. Times do not age where nothing runs any more, and so say
/// more to an alert than ages do.
fn freshness(registry: &Registry, report: &Report) -> Filled {
    let (rows, ended) = (report.sorted(), report.ended());
    if known(&rows).next().is_none() {
        return Ok(());
    }
    let gauge = |name: &str, about: &str, labels: &[&str]| {
        let gauge = IntGaugeVec::new(opts(name, about), labels)?;
        registry.register(Box::new(gauge.clone()))?;
        Ok::<_, prometheus::Error>(gauge)
    };
    let of_target = ["target", "file", "owner"];
    let about =
        "When a target was last verified equal to its source, in seconds since 1970-01-01 UTC; 0: never.";
    let verified = gauge("target_verified_timestamp_seconds", about, &of_target)?;
    let about =
        "Seconds since a target was last verified, or since it was first seen, at the end of the run.";
    let age = gauge("target_age_seconds", about, &of_target)?;
    let about = "Entries of a file that failed in so many runs in a row that they are set apart.";
    let quarantined = gauge("file_quarantined", about, &["file", "owner"])?;
    for (row, standing) in known(&rows) {
        let (file, owner) = (place(&row.origin).1, row.owner.as_deref().unwrap_or_default());
        let labels = [&*name(&row.target), &file, owner];
        verified.with_label_values(&labels).set(standing.verified.map_or(0, timestamp));
        age.with_label_values(&labels).set(whole(standing.age(ended).as_secs()));
        quarantined.with_label_values(&labels[1..]).add(row.is_quarantined().into());
    }
    let about = "Seconds since the file's oldest entry was last verified, at the end of the run.";
    let oldest = gauge("file_oldest_age_seconds", about, &["file", "owner"])?;
    let about =
        "When the file's oldest entry was last verified or first seen, in seconds since 1970-01-01 UTC.";
    let since = gauge("file_oldest_timestamp_seconds", about, &["file", "owner"])?;
    for file in by_file_age(&rows) {
        let labels = [&*file.file, file.owner.unwrap_or_default()];
        oldest.with_label_values(&labels).set(whole(file.standing.age(ended).as_secs()));
        since
            .with_label_values(&labels)
            .set(timestamp(file.standing.verified.unwrap_or(file.standing.first_seen)));
    }
    Ok(())
}

fn timestamp(at: SystemTime) -> i64 {
    whole(at.duration_since(UNIX_EPOCH).unwrap_or_default().as_secs())
}

fn labelled(
    registry: &Registry,
    name: &str,
    about: &str,
    label: &str,
    values: &[(&'static str, u64)],
) -> Filled {
    let gauge = IntGaugeVec::new(opts(name, about), &[label])?;
    for (value, count) in values {
        gauge.with_label_values(&[*value]).set(whole(*count));
    }
    registry.register(Box::new(gauge))
}

fn opts(name: &str, about: &str) -> Opts {
    Opts::new(name, about).namespace("image_mirror")
}

fn whole(count: u64) -> i64 {
    i64::try_from(count).unwrap_or(i64::MAX)
}
