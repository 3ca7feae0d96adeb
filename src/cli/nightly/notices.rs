//! Texts for people, in the artifacts; and how often it failed in a row.

use crate::cli::settings::Nightly;
use crate::error::Chain;
use crate::nightly::notices::{Audience, CounterKey, Failed, FailureCounter, Notice};
use crate::nightly::payload::{Payload, STREAM};

/// A run that failed and had no payload, or did not get as far.
pub(super) fn without_payload(settings: &Nightly, errors: &[String]) {
    let parameters = &settings.parameters;
    let failed = Failed {
        version: parameters.build_version,
        assembly: parameters.assembly.as_deref(),
        count: None,
        is_unviable: false,
        errors,
        build_url: &settings.build_url,
    };
    write(settings, &failed.notices(None));
}

/// A run that failed.
pub(super) fn of_run(settings: &Nightly, payload: &Payload, errors: &[String], is_unviable: bool) {
    let count = counter(settings, payload).and_then(|counter| told(counter.count(&CounterKey::of(payload))));
    let failed = Failed {
        version: Some(payload.version),
        assembly: Some(&payload.assembly.name),
        count,
        is_unviable,
        errors,
        build_url: &settings.build_url,
    };
    let audience = Audience { phase: payload.assembly.phase, build_system: payload.build_system };
    write(settings, &failed.notices(Some(audience)));
}

/// A run that succeeded: the count begins anew.
pub(super) fn of_success(settings: &Nightly, payload: &Payload) {
    let before = counter(settings, payload).and_then(|counter| told(counter.reset(&CounterKey::of(payload))));
    if let Some(before) = before.filter(|before| *before > 1) {
        tracing::info!("it succeeded after it had failed {before} times in a row");
    }
}

/// What counts failures: of nightlies only, and not what was only tried.
fn counter(settings: &Nightly, payload: &Payload) -> Option<FailureCounter> {
    let is_counted = &*payload.assembly.name == STREAM && !settings.dry_run;
    settings.state_file.as_deref().filter(|_| is_counted).map(FailureCounter::at)
}

fn told<T>(counted: Result<T, crate::nightly::notices::CounterError>) -> Option<T> {
    counted.inspect_err(|error| tracing::warn!("the failures are not counted: {}", Chain(error))).ok()
}

fn write(settings: &Nightly, notices: &[Notice]) {
    let Some(artifacts) = settings.pace.artifacts.as_deref() else { return };
    for Notice { path, text } in notices {
        if let Err(error) = crate::report::replace(&artifacts.join(path), text.as_bytes()) {
            tracing::warn!("the notice `{path}` could not be written: {error}");
        }
    }
}
