//! What registries say of the builds, and what is inconsistent about them.

use std::collections::BTreeSet;
use std::sync::Arc;

use super::rows::{Inconsistent, failed, of, wrong};
use super::{Finished, Setup, Verdict};
use crate::error::Class;
use crate::model::{Origin, Outcome, Row};
use crate::nightly::annotations::Unspoken;
use crate::nightly::checks::{CheckInput, Checked, check, tags_of};
use crate::nightly::embargo;
use crate::nightly::entries::{Asked, Slice, SliceError, slices};
use crate::nightly::facts::{Extent, Uninspected, Unread, inspect_all, references};
use crate::nightly::inspected::Inspected;
use crate::nightly::issue::{Code, Issue};
use crate::nightly::names::Privacy;
use crate::nightly::parameters::Order;
use crate::nightly::payload::Payload;
use crate::nightly::permits;
use crate::nightly::report::{self, Report, ReportInput, Substituted};

/// A payload that can be made, and what is inconsistent about it.
#[derive(Debug)]
pub(super) struct Judged {
    /// Its builds.
    pub(super) inspected: Inspected,
    /// What each tag is.
    pub(super) slices: Vec<Slice>,
    /// What is inconsistent, and what permits it.
    pub(super) issues: permits::Judged,
    /// What no public ImageStream says.
    pub(super) unspoken: Unspoken,
}

impl Judged {
    /// Whether everything inconsistent is permitted.
    pub(super) fn is_viable(&self) -> bool {
        self.issues.is_viable
    }

    /// Says what is inconsistent although the run goes on.
    pub(super) fn tell(&self, is_emergency: bool) {
        for judged in &self.issues.issues {
            let Issue { code, component, message } = &judged.issue;
            match &judged.permit {
                Some(permit) => {
                    tracing::warn!("{component}: {code}: {message}; {} permits it", permit.place);
                }
                None if is_emergency => {
                    tracing::warn!("{component}: {code}: {message}; EMERGENCY_IGNORE_ISSUES ignores it");
                }
                None => {}
            }
        }
    }

    /// A row for each inconsistency that nothing permits.
    pub(super) fn complaints(&self, payload: &Payload) -> Vec<Row> {
        let row = |issue: &Issue| wrong(payload, &issue.component, failed(Inconsistent(issue.clone())));
        self.issues.refused().map(row).collect()
    }
}

/// Looks at the builds and judges them; writes the assembly report.
pub(super) async fn judge(order: &Order, setup: &Setup<'_>) -> Result<Judged, Finished> {
    let payload = &order.payload;
    let extent = Extent { payload, arches: &order.arches, images: order.images.as_ref() };
    let inspected = inspect_all(setup.client, extent, &setup.stop).await;
    let inspected = inspected.map_err(|uninspected| not_read(payload, uninspected))?;
    let references = tokio::select! {
        biased;
        () = setup.stop.gently.cancelled() => {
            let stopped = Some(setup.stop.cause());
            return Err(not_read(payload, Uninspected { stopped, ..Uninspected::default() }));
        }
        references = references(setup.client, payload, &order.arches) => references,
    };

    let asked = asked(order, setup);
    let whole = slices(payload, &inspected, &asked);
    let tags = whole.as_deref().map(tags_of).unwrap_or_default();
    let arches = &order.arches;
    let input = CheckInput { payload, inspected: &inspected, arches, tags: &tags, references: &references };
    let checked = check(&input);
    tell(&checked);
    let whole = whole.map_err(|errors| impossible(payload, &checked, &errors))?;
    if !checked.errors.is_empty() {
        return Err(impossible(payload, &checked, &[]));
    }
    let slices = if checked.excluded.is_empty() {
        whole
    } else {
        let asked = Asked { excluded: checked.excluded.clone(), ..asked };
        slices(payload, &inspected, &asked).map_err(|errors| impossible(payload, &checked, &errors))?
    };
    let issues = permits::judge(payload, &checked.issues);
    let judged = Judged { unspoken: Unspoken::of(&inspected), inspected, slices, issues };
    write_report(order, setup, &judged, &checked)?;
    embargo::acknowledged(payload, &judged.issues, order.embargo_ack).map_err(|error| Finished {
        rows: vec![wrong(payload, "", failed(error))],
        verdict: Verdict::Embargoed,
    })?;
    Ok(judged)
}

fn asked(order: &Order, setup: &Setup<'_>) -> Asked {
    Asked {
        arches: order.arches.clone(),
        images: order.images.clone(),
        is_embargo_acknowledged: order.embargo_ack,
        is_stand_in_required: setup.is_stand_in_required,
        excluded: BTreeSet::new(),
    }
}

fn tell(checked: &Checked) {
    for warning in &checked.warnings {
        tracing::warn!("{warning}");
    }
    let codes: BTreeSet<_> = checked.undone.iter().map(|undone| undone.code).collect();
    if !codes.is_empty() {
        let codes: Vec<_> = codes.into_iter().map(Code::name).collect();
        let file = report::FILE;
        tracing::info!(
            "not checked, wholly or in part: {}; `checks_not_done` in `{file}` says why",
            codes.join(", ")
        );
    }
}

fn not_read(payload: &Payload, uninspected: Uninspected) -> Finished {
    let is_bad_input = uninspected.failures.iter().any(|unread| unread.failure.class == Class::Invalid);
    let verdict = if is_bad_input { Verdict::BadInput } else { Verdict::AsRowsSay };
    let row =
        |unread: Unread| of(payload, unread.origin, &unread.component, Outcome::of_failure(unread.failure));
    let mut rows: Vec<Row> = uninspected.failures.into_iter().map(row).collect();
    rows.extend(uninspected.stopped.map(|cause| wrong(payload, "", Outcome::Unfinished(cause))));
    Finished { rows, verdict }
}

/// The payload cannot be made: all that keeps it from that.
fn impossible(payload: &Payload, checked: &Checked, errors: &[SliceError]) -> Finished {
    let of_slices = errors.iter().map(|error| {
        let origin = Origin::Line { file: Arc::clone(&payload.file), line: error.line().unwrap_or_default() };
        of(payload, origin, error.component(), failed(error.clone()))
    });
    let of_checks = checked
        .errors
        .iter()
        .map(|error| of(payload, error.origin.clone(), &error.origin.to_string(), failed(error.clone())));
    Finished { rows: of_slices.chain(of_checks).collect(), verdict: Verdict::BadInput }
}

fn write_report(
    order: &Order,
    setup: &Setup<'_>,
    judged: &Judged,
    checked: &Checked,
) -> Result<(), Finished> {
    let substituted = substituted(&judged.slices);
    let input = ReportInput {
        payload: &order.payload,
        inspected: &judged.inspected,
        judged: &judged.issues,
        undone: &checked.undone,
        excluded: &checked.excluded,
        substituted: &substituted,
    };
    let text = Report::new(&input).to_yaml().map_err(std::io::Error::other);
    let written = text.and_then(|text| setup.write(report::FILE, &text));
    written.map_err(|cause| setup.not_written(&order.payload, report::FILE, cause))
}

fn substituted(slices: &[Slice]) -> Vec<Substituted> {
    let private = slices.iter().filter(|slice| slice.privacy == Privacy::Private);
    let of_slice = |slice: &Slice| {
        let arch = slice.arch;
        let entries = slice.entries.iter();
        let substituted = entries.filter_map(move |entry| {
            Some(Substituted { tag: Arc::clone(&entry.tag), arch, by: entry.substituted_by.clone()? })
        });
        substituted.collect::<Vec<_>>()
    };
    private.flat_map(of_slice).collect()
}
