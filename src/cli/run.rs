//! `run` and `plan`: mapping files in, a report and an exit code out.
//!
//! 1. Read every mapping file; say everything that is wrong with them.
//! 2. Compare and copy, until done or asked to stop.
//! 3. Report, whatever happened.

use std::time::SystemTime;

use futures_util::Stream;

use super::connect;
use super::exit::Exit;
use super::history::Kept;
use super::output::Output;
use super::policies;
use super::presence;
use super::report::{Began, Ended, conclude, conclude_plan};
use super::rows::Way;
use super::settings::{Pace, Run};
use super::stop::{self, Patience};
use crate::engine::{Extent, Stop};
use crate::history::Keeper;
use crate::mapping::{self, Input, MappingSet, ReadOptions, SinceError};
use crate::model::{Compared, Outcome, Row, State, Wire};
use crate::policy::Policies;
use crate::registry::Client;
use crate::report::Part;

/// Why a run attempts nothing.
#[derive(Debug, thiserror::Error)]
enum NothingAttempted {
    #[error(
        "no mapping file has an entry, so nothing would ever be mirrored; name other files, or pass \
         `--allow-empty` if that is right"
    )]
    Empty,
    #[error("some lines are bad, and `--strict` was given: nothing was attempted")]
    Strict,
    #[error("the mapping files cannot be read")]
    Files(#[from] mapping::ReadError),
    #[error(transparent)]
    Policy(#[from] policies::UnusablePolicy),
    #[error("cannot tell what is new")]
    Since(#[from] SinceError),
    #[error("cannot listen for signals")]
    Signals(#[from] std::io::Error),
    #[error(transparent)]
    Connect(#[from] connect::ConnectError),
}

/// Does what `settings` say.
pub(super) async fn run(settings: Run, output: &Output) -> Exit {
    let began = Began::now();
    let prepared = read(&settings, output).and_then(|Read { set, part, policies, compared }| {
        let deadline = settings.pace.deadline.map(|after| began.clock + after);
        let client = connect::client(&settings.connection, deadline)?;
        let kept = Kept::new(settings.state.as_ref(), &settings.connection)?;
        Ok((set, (part, compared), policies, (client, kept), stop::signals()?))
    });
    let (set, (part, compared), policies, (client, kept), signals) = match prepared {
        Ok(prepared) => prepared,
        Err(error) => return output.refuse(&error),
    };
    let mirroring = Mirroring { set, policies: &policies, client: &client, kept, began };
    let (mut rows, keeper) = mirror(&settings, output, mirroring, signals).await;
    let state = match keeper {
        Some(keeper) if settings.dry_run => Some(keeper.only_tell(&mut rows)),
        Some(keeper) => Some(keeper.write(&mut rows, SystemTime::now()).await),
        None => None,
    };
    finish(&settings, output, began, Done { part, compared, rows, wire: client.wire(), state })
}

/// What a run is to do.
struct Read {
    set: MappingSet,
    part: Option<Part>,
    policies: Policies,
    /// What the files are compared with.
    compared: Option<Compared>,
}

/// What is mirrored, and how it is reached.
struct Mirroring<'a> {
    set: MappingSet,
    policies: &'a Policies,
    client: &'a Client,
    /// Where it is kept how entries stand, if anybody keeps track.
    kept: Option<Kept>,
    began: Began,
}

/// What a run comes to.
struct Done {
    part: Option<Part>,
    compared: Option<Compared>,
    rows: Vec<Row>,
    wire: Wire,
    state: Option<State>,
}

/// The mapping files, with everything that is wrong in them told; of a shard its part of them.
fn read(settings: &Run, output: &Output) -> Result<Read, NothingAttempted> {
    let inputs: Vec<Input> = settings.inputs.iter().map(Input::from).collect();
    let mut set = mapping::read(&inputs, &ReadOptions { strict: settings.copying.strict })?;
    let is_empty = set.is_empty();
    let mut compared = None;
    if let Some(revision) = &settings.since {
        (set, compared) = mapping::since(set, &inputs, revision)?;
    }
    output.findings(set.findings());
    if is_empty && !settings.copying.allow_empty {
        return Err(NothingAttempted::Empty);
    }
    if settings.copying.strict && set.has_errors() {
        return Err(NothingAttempted::Strict);
    }
    let policies = policies::load(&settings.policy, &set, output)?;
    let Some(shard) = settings.shard else { return Ok(Read { set, part: None, policies, compared }) };
    let part = Part { shard, set: set.digest() };
    Ok(Read { set: mapping::of_shard(set, shard), part: Some(part), policies, compared })
}

/// Takes every entry through the engine, until done or stopped.
async fn mirror(
    settings: &Run,
    output: &Output,
    Mirroring { set, policies, client, kept, began }: Mirroring<'_>,
    signals: impl Stream<Item = ()>,
) -> (Vec<Row>, Option<Keeper>) {
    connect::announce(client, &set, policies);
    let stop = Stop::default();
    let Pace { jobs, deadline, grace, .. } = settings.pace;
    let mut way = Way {
        copying: &settings.copying,
        policies,
        jobs: jobs.get(),
        extent: if settings.dry_run { Extent::Plan } else { Extent::Mirror },
        visible_targets: false,
        source_check: None,
        deadline: deadline.map(|after| began.clock + after),
        dates: settings.plan.is_some(),
        past: None,
        observer: output.progress(),
        stop: stop.clone(),
        tell: &|findings| output.findings(&findings),
    };
    let progress = output.progress();
    let work = async {
        let keeper = match kept {
            Some(kept) => kept.read(&way.stop).await,
            None => None,
        };
        way.past = keeper.as_ref().map(Keeper::past);
        let mut rows = way.take(set, client).await;
        if settings.plan.is_some() {
            way.stop.gently.run_until_cancelled(presence::tell(&mut rows, client)).await;
        }
        (rows, keeper)
    };
    tokio::select! {
        done = work => done,
        never = progress.show() => match never {},
        never = stop::watch(stop.clone(), signals, Patience { deadline, grace }) => match never {},
    }
}

/// What a run that ended exits with and reports.
fn finish(settings: &Run, output: &Output, began: Began, done: Done) -> Exit {
    let Done { part, compared, rows, wire, state } = done;
    let mut exit = if settings.quarantine_ok { Exit::without_quarantined(&rows) } else { Exit::of(&rows) };
    if settings.check && rows.iter().any(|row| matches!(row.outcome, Outcome::Planned(_))) {
        exit = exit.or(Exit::Failed);
    }
    let (command, dry_run) = (settings.command, settings.dry_run);
    let ended = Ended { command, dry_run, began, part, rows, wire, exit, state };
    let artifacts = settings.pace.artifacts.as_deref();
    match settings.plan {
        Some(format) => conclude_plan(ended, compared, format, artifacts, output),
        None => conclude(ended, artifacts, output),
    }
}
