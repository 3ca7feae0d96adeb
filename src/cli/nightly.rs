//! `nightly`: a payload file in, ImageStreams, a report and an exit code out.
//!
//! 1. Find the payload file, read it, and lay the parameters over it; say everything that is wrong with them.
//! 2. What follows is in [`nightly`](crate::nightly).

use std::fmt::Write as _;

use super::exit::Exit;
use super::output::Output;
use super::settings::{Nightly, Parameter};
use crate::error::{Chain, Classify};
use crate::nightly::parameters::{LocateError, Order, ParameterError, Parameters, Retrigger, locate};
use crate::nightly::payload::{Payload, PayloadError};

/// Why a run attempts nothing.
#[derive(Debug, thiserror::Error)]
enum NothingAttempted {
    #[error(transparent)]
    Locate(#[from] LocateError),
    #[error(transparent)]
    File(#[from] PayloadError),
    #[error("the parameters cannot be used: nothing was attempted")]
    Parameters(Vec<ParameterError>),
}

/// What a run is to do.
#[derive(Debug)]
enum Asked {
    Payload(Box<Order>),
    Retrigger(Retrigger),
}

/// Does what `settings` say.
pub(super) fn nightly(settings: &Nightly, output: &Output) -> Exit {
    if settings.mock {
        return mock(&settings.table, output);
    }
    let asked = match asked(&settings.parameters, output) {
        Ok(asked) => asked,
        Err(error) => return refuse(&error, output),
    };
    // The phases begin here.
    let line = match asked {
        Asked::Payload(order) => {
            let Payload { version, assembly, file, .. } = &order.payload;
            format!("{version} {} of {file}\n", assembly.name)
        }
        Asked::Retrigger(retrigger) => format!("{} is retriggered\n", retrigger.version),
    };
    output.data(&line)
}

/// What is asked for, with what is odd about it told.
fn asked(parameters: &Parameters, output: &Output) -> Result<Asked, NothingAttempted> {
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

/// Says everything that is wrong, and what to do about it.
fn refuse(error: &NothingAttempted, output: &Output) -> Exit {
    match error {
        NothingAttempted::Locate(error) => tracing::error!("{}", with_advice(error)),
        NothingAttempted::File(PayloadError::Wrong { findings, .. }) => {
            output.findings(findings);
            return output.refuse(error);
        }
        NothingAttempted::File(_) => return output.refuse(error),
        NothingAttempted::Parameters(errors) => {
            for error in errors {
                tracing::error!("{}", with_advice(error));
            }
        }
    }
    Exit::Usage
}

fn with_advice(error: &(impl Classify + 'static)) -> String {
    let advice = error.advice().map(|advice| format!("; {advice}")).unwrap_or_default();
    format!("{}{advice}", Chain(error))
}

/// Prints the parameters and does nothing, which is no success.
fn mock(table: &[Parameter], output: &Output) -> Exit {
    let width = |column: fn(&Parameter) -> usize| table.iter().map(column).max().unwrap_or_default();
    let (name_width, value_width) = (width(|row| row.name.len()), width(|row| row.value.chars().count()));
    let mut text = String::new();
    for Parameter { name, value, from } in table {
        let _ = writeln!(text, "{name:name_width$}  {value:value_width$}  {from}");
    }
    tracing::warn!("MOCK: nothing was attempted");
    Exit::Usage.or(output.data(&text))
}
