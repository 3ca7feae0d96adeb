//! The report for Prometheus: gauges of one run, in the text format.

use prometheus::{Encoder, Gauge, GaugeVec, IntGauge, IntGaugeVec, Opts, Registry, TextEncoder};

use super::group::by_file;
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
    files(registry, report)
}

fn run(registry: &Registry, report: &Report) -> Filled {
    let started = report.started.duration_since(std::time::UNIX_EPOCH).unwrap_or_default();
    let end = started + report.elapsed;
    let seconds = Gauge::with_opts(opts("run_seconds", "How long the run took, in seconds."))?;
    seconds.set(report.elapsed.as_secs_f64());
    registry.register(Box::new(seconds))?;
    let when = opts("run_timestamp_seconds", "When the run ended, in seconds since 1970-01-01 UTC.");
    let timestamp = IntGauge::with_opts(when)?;
    timestamp.set(whole(end.as_secs()));
    registry.register(Box::new(timestamp))?;
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
