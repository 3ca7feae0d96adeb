//! `nightly`: a payload file in, ImageStreams, a report and an exit code out.
//!
//! 1. `asked`: find the payload file, read it, and lay the parameters over it; say everything that is wrong with them.
//! 2. [`run`]: all phases, or a retrigger in place of them.
//! 3. `notices`: texts for people where it failed. The report comes last, whatever happened.

mod asked;
mod mock;
mod notices;
mod retrigger;

use std::path::Path;

use super::connect;
use super::exit::Exit;
use super::output::Output;
use super::policies;
use super::report::{Began, Ended, conclude};
use super::rows;
use super::settings::{BackendSettings, Nightly, Pace};
use super::stop::{self, Patience};
use crate::cluster::{Access, Cluster};
use crate::engine::{Extent, Stop};
use crate::error::{Chain, advised};
use crate::model::{Outcome, Row};
use crate::nightly::imagestream::{Backend, ClusterStreams, StreamFiles};
use crate::nightly::parameters::Order;
use crate::nightly::run::{Finished, Setup, Verdict, run};
use crate::registry::Client;

use asked::{Asked, NothingAttempted, asked, refuse};

/// Does what `settings` say.
pub(super) async fn nightly(settings: Nightly, output: &Output) -> Exit {
    if settings.mock {
        return mock::mock(&settings.table, output);
    }
    let began = Began::now();
    match asked(&settings.parameters, output) {
        Ok(Asked::Payload(order)) => payload(&settings, &order, output, began).await,
        Ok(Asked::Retrigger(retrigger)) => retrigger::retrigger(&settings, &retrigger, output, began).await,
        Err(error) => {
            notices::without_payload(&settings, &refuse(&error, output));
            Exit::Usage
        }
    }
}

async fn payload(settings: &Nightly, order: &Order, output: &Output, began: Began) -> Exit {
    let (client, finished) = match bring(settings, order, output, began).await {
        Ok(finished) => finished,
        Err(error) => {
            notices::of_run(settings, &order.payload, &refuse(&error, output), false);
            return Exit::Usage;
        }
    };
    let Finished { rows, verdict } = finished;
    let exit = of_verdict(verdict).or(Exit::of(&rows));
    let errors = wrong_in(&rows);
    if exit == Exit::AsDesired {
        notices::of_success(settings, &order.payload);
    } else {
        notices::of_run(settings, &order.payload, &errors, verdict == Verdict::NotViable);
    }
    let (dry_run, wire) = (settings.dry_run, client.wire());
    let ended = Ended { command: "nightly", dry_run, began, part: None, rows, wire, exit, state: None };
    conclude(ended, settings.pace.artifacts.as_deref(), output)
}

/// Takes the payload to the nightlies, until done or asked to stop.
async fn bring(
    settings: &Nightly,
    order: &Order,
    output: &Output,
    began: Began,
) -> Result<(Client, Finished), NothingAttempted> {
    let file = Path::new(&*order.payload.file);
    let policies = policies::beside(&settings.policy, Some(file), output)?;
    let deadline = settings.pace.deadline.map(|after| began.clock + after);
    let client = connect::client(&settings.connection, deadline)?;
    let backend = backend(&settings.backend).await?;
    let (stop, signals, progress) = (Stop::default(), stop::signals()?, output.progress());
    let setup = Setup {
        client: &client,
        policies: &policies,
        backend: &*backend,
        observer: output.progress(),
        stop: stop.clone(),
        copying: rows::options(&settings.copying, settings.pace.jobs.get(), Extent::default()),
        artifacts: settings.artifacts(),
        is_dry_run: settings.dry_run,
        is_stand_in_required: settings.strict_pod,
        wait_import: settings.wait_import,
        build_url: &settings.build_url,
        source_date: settings.source_date_epoch,
        began: began.at,
    };
    let Pace { deadline, grace, .. } = settings.pace;
    let finished = tokio::select! {
        finished = Box::pin(run(order, &setup)) => finished,
        never = progress.show() => match never {},
        never = stop::watch(stop.clone(), signals, Patience { deadline, grace }) => match never {},
    };
    Ok((client, finished))
}

async fn backend(settings: &BackendSettings) -> Result<Box<dyn Backend>, NothingAttempted> {
    Ok(match settings {
        BackendSettings::Files(directory) => Box::new(StreamFiles::new(directory.clone())),
        BackendSettings::Cluster(access) => Box::new(cluster(access).await?),
    })
}

async fn cluster(access: &Access) -> Result<ClusterStreams, NothingAttempted> {
    let cluster = Cluster::connect(access).await;
    let cluster = cluster.map_err(|error| NothingAttempted::Cluster(advised(&error)))?;
    Ok(ClusterStreams::new(cluster))
}

fn of_verdict(verdict: Verdict) -> Exit {
    match verdict {
        Verdict::AsRowsSay => Exit::AsDesired,
        Verdict::NotViable | Verdict::Embargoed => Exit::Guarded,
        Verdict::BadInput => Exit::Usage,
    }
}

/// What rows say that went wrong, a line each.
fn wrong_in(rows: &[Row]) -> Vec<String> {
    let why = |row: &Row| match &row.outcome {
        Outcome::Failed(failure) => Some(Chain(failure.cause()).to_string()),
        Outcome::Refused(refusal) => Some(refusal.to_string()),
        Outcome::Unfinished(cause) => Some(cause.to_string()),
        _ => None,
    };
    rows.iter().filter_map(|row| Some(format!("{} -> {}: {}", row.source, row.target, why(row)?))).collect()
}
