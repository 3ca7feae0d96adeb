//! `imagestreams`: the ImageStreams of a cluster in, a report and an exit code out.
//!
//! 1. Read the configuration; say everything that is wrong with it.
//! 2. Read the ImageStreams; make entries of both.
//! 3. Compare and copy, until done or asked to stop.
//! 4. Report, whatever happened.

use std::collections::{BTreeMap, HashSet};

use futures_util::{Stream, stream};

use super::connect;
use super::exit::Exit;
use super::output::Output;
use super::policies::{self, UnusablePolicy};
use super::report::{Began, Ended, conclude};
use super::rows::Way;
use super::settings::{ImageStreams, Listed, Pace, WantedSettings};
use super::stop::{self, Patience};
use crate::cluster::Cluster;
use crate::engine::{Extent, Observer as _, Stop};
use crate::error::advised;
use crate::imagestreams::{
    Asked, Config, ConfigError, FileError, Inventory, Part, Wanted, Wish, announce, source_check, wish,
};
use crate::model::{Batch, Cause, Desired, Endpoint, Locator, Origin, Outcome, Row};
use crate::policy::Policies;
use crate::registry::Client;

/// Why a run attempts nothing.
#[derive(Debug, thiserror::Error)]
pub(super) enum NothingAttempted {
    #[error(
        "neither the configuration nor the flags pick an image, so nothing would ever be mirrored; name others, or pass \
         `--allow-empty` if that is right"
    )]
    Empty,
    #[error(
        "neither the configuration nor the flags pick an image, or `--exclude` leaves out all that the flags pick, so nothing \
         would ever be mirrored; exclude less, name others, or pass `--allow-empty` if that is right"
    )]
    Excluded,
    #[error("the configuration cannot be used: nothing was attempted")]
    Config,
    #[error(transparent)]
    File(#[from] Box<ConfigError>),
    #[error(transparent)]
    Streams(#[from] FileError),
    #[error("cannot reach the cluster: {0}")]
    Cluster(String),
    #[error(transparent)]
    Policy(#[from] UnusablePolicy),
    #[error("cannot listen for signals")]
    Signals(#[from] std::io::Error),
    #[error(transparent)]
    Connect(#[from] connect::ConnectError),
}

/// What a run is to do, and what it does it with.
struct Prepared {
    asked: Asked,
    inventory: Inventory,
    policies: Policies,
    client: Client,
    /// When no new entry starts any more.
    deadline: Option<tokio::time::Instant>,
}

/// Does what `settings` say.
pub(super) async fn imagestreams(settings: ImageStreams, output: &Output) -> Exit {
    let began = Began::now();
    let prepared = prepare(&settings, output, began).await;
    let prepared = prepared.and_then(|prepared| Ok((prepared, stop::signals()?)));
    let (prepared, signals) = match prepared {
        Ok(prepared) => prepared,
        Err(error) => return output.refuse(&error),
    };
    let rows = match mirror(&settings, output, &prepared, signals).await {
        Ok(rows) => rows,
        Err(error) => return output.refuse(&error),
    };
    let (exit, wire) = (Exit::of(&rows), prepared.client.wire());
    let dry_run = settings.dry_run;
    let ended = Ended { command: "imagestreams", dry_run, began, part: None, rows, wire, exit, state: None };
    conclude(ended, settings.pace.artifacts.as_deref(), output)
}

async fn prepare(
    settings: &ImageStreams,
    output: &Output,
    began: Began,
) -> Result<Prepared, NothingAttempted> {
    let asked = asked(&settings.wanted, output)?;
    // A configuration that names images of registries only needs no cluster.
    let inventory = if asked.needed().is_nothing() {
        Inventory::Files(Vec::new())
    } else {
        inventory(&settings.wanted).await?
    };
    let policies = policies::beside(&settings.policy, settings.wanted.config.as_deref(), output)?;
    let deadline = settings.pace.deadline.map(|after| began.clock + after);
    let client = connect::client(&settings.connection, deadline)?;
    Ok(Prepared { asked, inventory, policies, client, deadline })
}

/// What was asked for, with what is odd in the configuration told.
pub(super) fn asked(settings: &WantedSettings, output: &Output) -> Result<Asked, NothingAttempted> {
    let config = settings.config.as_ref().map(|path| Config::load(path, &settings.names)).transpose();
    let config = match config {
        Ok(config) => config,
        Err(ConfigError::Wrong(findings)) => {
            output.findings(&findings);
            return Err(NothingAttempted::Config);
        }
        Err(error) => return Err(Box::new(error).into()),
    };
    output.findings(config.as_ref().map_or(&[], |config| &config.findings));
    Ok(Asked { config, selection: settings.selection.clone(), names: settings.names.clone() })
}

/// Where ImageStreams are read; nothing is sent yet.
pub(super) async fn inventory(settings: &WantedSettings) -> Result<Inventory, NothingAttempted> {
    match &settings.listed {
        Listed::Files(paths) => Ok(Inventory::Files(paths.clone())),
        Listed::Cluster(access) => {
            let cluster = Cluster::connect(access).await;
            cluster.map(Inventory::Cluster).map_err(|error| NothingAttempted::Cluster(advised(&error)))
        }
    }
}

/// Takes everything that was asked for through the engine, until done or stopped.
async fn mirror(
    settings: &ImageStreams,
    output: &Output,
    prepared: &Prepared,
    signals: impl Stream<Item = ()>,
) -> Result<Vec<Row>, NothingAttempted> {
    let stop = Stop::default();
    let Pace { deadline, grace, .. } = settings.pace;
    let progress = output.progress();
    tokio::select! {
        rows = rows(settings, output, prepared, &stop) => rows,
        never = progress.show() => match never {},
        never = stop::watch(stop.clone(), signals, Patience { deadline, grace }) => match never {},
    }
}

async fn rows(
    settings: &ImageStreams,
    output: &Output,
    prepared: &Prepared,
    stop: &Stop,
) -> Result<Vec<Row>, NothingAttempted> {
    let Some(wish) = read(prepared, stop).await? else { return Ok(vec![not_read(&prepared.asked, stop)]) };
    let Wish { wanted, rows: mut ended, findings } = wish;
    output.findings(&findings);
    if wanted.is_empty() && ended.is_empty() && !settings.wanted.allow_empty {
        let is_cut_down = !prepared.asked.selection.exclude.is_empty();
        return Err(if is_cut_down { NothingAttempted::Excluded } else { NothingAttempted::Empty });
    }
    let observer = output.progress();
    observer.announced(ended.len());
    for row in &ended {
        observer.finished(row);
    }
    ended.extend(take(settings, output, prepared, (wanted, stop)).await);
    let moved: HashSet<Locator> =
        ended.iter().filter(|row| moved_on(row)).map(|row| row.target.clone()).collect();
    if moved.is_empty() || stop.gently.is_cancelled() {
        return Ok(ended);
    }
    // Once more for those, by what is there now.
    let Some(Wish { mut wanted, .. }) = read(prepared, stop).await? else { return Ok(ended) };
    let is_moved = |target: &Endpoint| moved.contains(&Locator::from(target.clone()));
    wanted.retain(|wanted| is_moved(&wanted.desired.target));
    let again: HashSet<Locator> =
        wanted.iter().map(|wanted| Locator::from(wanted.desired.target.clone())).collect();
    ended.retain(|row| !(moved_on(row) && again.contains(&row.target)));
    ended.extend(take(settings, output, prepared, (wanted, stop)).await);
    Ok(ended)
}

fn moved_on(row: &Row) -> bool {
    matches!(row.outcome, Outcome::Unfinished(Cause::SourceMoved))
}

/// What is wanted by what the ImageStreams say now. None: the run was stopped before that was known.
async fn read(prepared: &Prepared, stop: &Stop) -> Result<Option<Wish>, FileError> {
    let Prepared { asked, inventory, .. } = prepared;
    let needed = asked.needed();
    let Some(streams) = stop.gently.run_until_cancelled(inventory.read(&needed)).await else {
        return Ok(None);
    };
    Ok(Some(wish(asked, &streams?)))
}

/// Takes what is wanted through the engine, in its order.
async fn take(
    settings: &ImageStreams,
    output: &Output,
    prepared: &Prepared,
    (wanted, stop): (Vec<Wanted>, &Stop),
) -> Vec<Row> {
    let Prepared { inventory, policies, client, deadline, .. } = prepared;
    let way = Way {
        copying: &settings.copying,
        policies,
        jobs: settings.pace.jobs.get(),
        extent: if settings.dry_run { Extent::Plan } else { Extent::Mirror },
        visible_targets: true,
        source_check: source_check(inventory, &wanted),
        deadline: *deadline,
        dates: false,
        past: None,
        observer: output.progress(),
        stop: stop.clone(),
        tell: &|findings| output.findings(&findings),
    };
    announce(client, &wanted);
    let mut rows = Vec::new();
    for batch in in_order(wanted) {
        rows.extend(way.take_batches(stream::iter([batch]), client).await);
    }
    rows
}

/// The entries by what must be done before: an entry whose source is the target of another comes after that.
fn in_order(wanted: Vec<Wanted>) -> impl Iterator<Item = Batch> {
    let mut levels: BTreeMap<usize, Vec<Desired>> = BTreeMap::new();
    for Wanted { desired, level, .. } in wanted {
        levels.entry(level).or_default().push(desired);
    }
    levels.into_values().map(|entries| Batch::admit(entries).batch)
}

/// The row of a run that was stopped before it knew what there is.
fn not_read(asked: &Asked, stop: &Stop) -> Row {
    let origin = Origin::ImageStreamTag { stream: Part::All.to_string().into(), tag: None };
    let ends =
        (Locator::Text(Part::All.described().into()), Locator::Text(asked.names.target.to_string().into()));
    Row::of_nothing(origin, None, ends, Outcome::Unfinished(stop.cause()))
}
