//! What a run is to do, and everything that is wrong with what it was asked for.

use crate::cli::connect::ConnectError;
use crate::cli::output::Output;
use crate::cli::policies::UnusablePolicy;
use crate::error::{Chain, advised};
use crate::nightly::parameters::{LocateError, Order, ParameterError, Parameters, Retrigger, locate};
use crate::nightly::payload::{Payload, PayloadError};

/// Why a run attempts nothing.
#[derive(Debug, thiserror::Error)]
pub(super) enum NothingAttempted {
    #[error(transparent)]
    Locate(#[from] LocateError),
    #[error(transparent)]
    File(#[from] PayloadError),
    #[error("the parameters cannot be used: nothing was attempted")]
    Parameters(Vec<ParameterError>),
    #[error("cannot reach the cluster: {0}")]
    Cluster(String),
    #[error(transparent)]
    Policy(#[from] UnusablePolicy),
    #[error("cannot listen for signals")]
    Signals(#[from] std::io::Error),
    #[error(transparent)]
    Connect(#[from] ConnectError),
}

/// What a run is to do.
#[derive(Debug)]
pub(super) enum Asked {
    Payload(Box<Order>),
    Retrigger(Retrigger),
}

/// What is asked for, with what is odd about it told.
pub(super) fn asked(parameters: &Parameters, output: &Output) -> Result<Asked, NothingAttempted> {
    if parameters.retrigger {
        let retrigger = parameters.settle_retrigger().map_err(NothingAttempted::Parameters)?;
        warn(&retrigger.notes);
        return Ok(Asked::Retrigger(retrigger));
    }
    let Parameters { data_path, build_version, assembly, .. } = parameters;
    let path = locate(data_path.as_deref(), *build_version, assembly.as_deref())?;
    let payload = Payload::load(&path)?;
    output.findings(&payload.findings);
    let order = parameters.settle(payload).map_err(NothingAttempted::Parameters)?;
    warn(&order.notes);
    Ok(Asked::Payload(Box::new(order)))
}

fn warn(notes: &[String]) {
    for note in notes {
        tracing::warn!("{note}");
    }
}

/// Says everything that is wrong, and what to do about it; gives what it said.
pub(super) fn refuse(error: &NothingAttempted, output: &Output) -> Vec<String> {
    let mut said = match error {
        NothingAttempted::Locate(error) => vec![advised(error)],
        NothingAttempted::File(error) => vec![advised(error)],
        NothingAttempted::Parameters(errors) => errors.iter().map(advised).collect(),
        other => vec![Chain(other).to_string()],
    };
    if let NothingAttempted::File(PayloadError::Wrong { findings, .. }) = error {
        output.findings(findings);
    }
    for error in &said {
        tracing::error!("{error}");
    }
    if let NothingAttempted::File(PayloadError::Wrong { findings, .. }) = error {
        said.extend(findings.iter().filter(|finding| finding.is_error()).map(ToString::to_string));
    }
    said
}
