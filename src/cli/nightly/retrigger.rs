//! `RETRIGGER_CURRENT_NIGHTLY`: a new nightly of what there is.

use super::asked::{NothingAttempted, refuse};
use super::{cluster, notices, wrong_in};
use crate::cli::exit::Exit;
use crate::cli::output::Output;
use crate::cli::report::{Began, Ended, conclude};
use crate::cli::settings::{BackendSettings, Nightly, Pace};
use crate::cli::stop::{self, Patience};
use crate::engine::Stop;
use crate::model::{Row, Wire};
use crate::nightly::parameters::Retrigger;
use crate::nightly::retrigger::{Options, RetriggerError, retrigger as put_and_delete};

/// Retriggers what `asked` says.
pub(super) async fn retrigger(settings: &Nightly, asked: &Retrigger, output: &Output, began: Began) -> Exit {
    let rows = match put(settings, asked, output).await {
        Ok(rows) => rows,
        Err(error) => {
            notices::without_payload(settings, &refuse(&error, output));
            return Exit::Usage;
        }
    };
    let (exit, dry_run, wire) = (Exit::of(&rows), settings.dry_run, Wire::default());
    if exit != Exit::AsDesired {
        notices::without_payload(settings, &wrong_in(&rows));
    }
    let ended = Ended { command: "nightly", dry_run, began, part: None, rows, wire, exit, state: None };
    conclude(ended, settings.pace.artifacts.as_deref(), output)
}

async fn put(settings: &Nightly, asked: &Retrigger, output: &Output) -> Result<Vec<Row>, NothingAttempted> {
    let BackendSettings::Cluster(access) = &settings.backend else {
        return Err(NothingAttempted::Parameters(vec![RetriggerError::Files.into()]));
    };
    let cluster = cluster(access).await?;
    let (stop, signals, progress) = (Stop::default(), stop::signals()?, output.progress());
    let options = Options { is_dry_run: settings.dry_run, wait: settings.retrigger_wait, stop: stop.clone() };
    let Pace { deadline, grace, .. } = settings.pace;
    Ok(tokio::select! {
        rows = put_and_delete(&cluster, &asked.streams, &options) => rows,
        never = progress.show() => match never {},
        never = stop::watch(stop.clone(), signals, Patience { deadline, grace }) => match never {},
    })
}
