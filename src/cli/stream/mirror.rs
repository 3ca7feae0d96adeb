//! `stream mirror`, `stream promote` and `stream prerelease publish`: files get where they belong, then the stream file says so.

use std::collections::BTreeMap;

use super::input::{self, Input};
use super::placed::{self, Placed, known_origins, place};
use super::published::{self, Published};
use super::refused::NothingAttempted;
use super::{rewrite, stores};
use crate::cli::connect;
use crate::cli::exit::Exit;
use crate::cli::output::Output;
use crate::cli::report::{Began, Ended, conclude};
use crate::cli::settings::{Errand, Pace, StreamMirror};
use crate::cli::stop::{self, Patience};
use crate::engine::Stop;
use crate::error::Chain;
use crate::model::{Digest, Finding, Key, Row, Severity, Wire};
use crate::objects::Store;
use crate::registry::Client;
use crate::stream::document::Container;
use crate::stream::mirror::{Mirrored, Order, Setup, mirror as bring, wanted_containers};
use crate::stream::plan::{Layout, LayoutSettings, plan};

/// Does what `settings` say.
pub(super) async fn mirror(settings: &StreamMirror, output: &Output) -> Exit {
    let began = Began::now();
    match prepared(settings, output, began).await {
        Ok(ready) => match run(settings, output, began, &ready).await {
            Ok((exit, rows)) => end(settings, output, began, (exit, rows, &ready)),
            Err(error) => error.refuse(output),
        },
        Err(error) => error.refuse(output),
    }
}

/// Everything that is known before anything is written.
struct Ready {
    client: Client,
    stores: Vec<Store>,
    input: Input,
    placed: Placed,
    publish: Option<Key>,
}

async fn prepared(settings: &StreamMirror, output: &Output, began: Began) -> Result<Ready, NothingAttempted> {
    usable(settings)?;
    let deadline = settings.pace.deadline.map(|after| began.clock + after);
    let client = connect::client(&settings.connection, deadline)?;
    let stores = stores::open(&settings.destinations, &settings.connection)?;
    let input = input::read(&settings.input, &client, output).await?;
    if settings.verify_uncompressed {
        comparable(&input)?;
    }
    let root = stores::root(&settings.destinations);
    let mut placed = place(&input, &settings.placing, &settings.rewritten, &root)?;
    output.findings(&placed.wanted.warnings);
    if let Some(path) = &settings.from_origins {
        placed.fetch_from(&known_origins(path)?, settings.input.allow_files)?;
    }
    let publish = match (&settings.publish, settings.errand) {
        (Some(key), _) => Some(key.clone()),
        (None, Errand::Mirror) => None,
        (None, errand) => {
            Some(published::usual(errand, &settings.placing.settings, input.document.stream())?)
        }
    };
    let aliases = &placed::settings(&settings.placing, &root)?.key_aliases;
    let publish = publish.map(|key| aliases.canonical(&key)).transpose()?;
    Ok(Ready { client, stores, input, placed, publish })
}

/// Whether there is anything to be written where a rewritten stream file is asked for.
fn usable(settings: &StreamMirror) -> Result<(), NothingAttempted> {
    let rewritten = &settings.rewritten;
    let is_rewritten = rewritten.url.is_some() || !rewritten.maps.is_empty();
    let asked = [
        ("--publish-stream", settings.publish.is_some()),
        ("--dest-stream", rewritten.file.is_some()),
        ("--origins", rewritten.origins.is_some()),
    ];
    match asked.iter().find(|(_, is_asked)| *is_asked && !is_rewritten) {
        None => Ok(()),
        Some((flag, _)) => Err(NothingAttempted::Usage(format!(
            "`{flag}` is about the rewritten stream file: say with `--url` or `--map` what its addresses become"
        ))),
    }
}

/// Whether what files decompress to can be compared, where that is asked for.
fn comparable(input: &Input) -> Result<(), NothingAttempted> {
    let artifacts = input.selected.iter().filter_map(|at| input.document.stream().artifacts.get(*at));
    let faults = artifacts.filter_map(|artifact| artifact.file.as_ref().ok()?.uncompressed_fault.clone());
    let faults: Vec<Finding> = faults.map(|fault| Finding { severity: Severity::Error, ..fault }).collect();
    if faults.is_empty() { Ok(()) } else { Err(NothingAttempted::Findings(faults)) }
}

async fn run(
    settings: &StreamMirror,
    output: &Output,
    began: Began,
    ready: &Ready,
) -> Result<(Exit, Vec<Row>), NothingAttempted> {
    if settings.errand == Errand::Prerelease
        && !settings.force
        && let Some(key) = &ready.publish
    {
        match published::look(&ready.stores, key, (&ready.input, &ready.placed)).await? {
            Published::Same(rows) => return Ok((Exit::AsDesired, rows)),
            Published::Newer(rows) => return Ok((Exit::Guarded, rows)),
            Published::ToReplace => {}
        }
    }
    let mirrored = brought(settings, output, began, ready).await?;
    let guarded = if mirrored.is_guarded { Exit::Guarded } else { Exit::AsDesired };
    let exit = guarded.or(Exit::of(&mirrored.rows));
    Ok((exit.or(written(settings, output, ready, &mirrored)), mirrored.rows))
}

/// Writes the files of this machine, once everything is there.
fn written(settings: &StreamMirror, output: &Output, ready: &Ready, mirrored: &Mirrored) -> Exit {
    let (bytes, changes) = match &mirrored.rewritten {
        Ok(Some(rewritten)) => rewritten,
        Ok(None) => return Exit::AsDesired,
        Err(error) => {
            tracing::error!("{}", Chain(error));
            return Exit::Failed;
        }
    };
    if settings.dry_run || !mirrored.is_complete {
        return Exit::AsDesired;
    }
    match rewrite::origins(&settings.rewritten, &ready.input, changes) {
        Ok(origins) => rewrite::write(&settings.rewritten, bytes, origins.as_deref(), output),
        Err(error) => error.refuse(output),
    }
}

fn end(
    settings: &StreamMirror,
    output: &Output,
    began: Began,
    (exit, rows, ready): (Exit, Vec<Row>, &Ready),
) -> Exit {
    let mut wire: Wire = ready.client.wire();
    ready.stores.iter().for_each(|store| wire += store.wire());
    let command = match settings.errand {
        Errand::Mirror => "stream mirror",
        Errand::Promote => "stream promote",
        Errand::Prerelease => "stream prerelease publish",
    };
    let ended =
        Ended { command, dry_run: settings.dry_run, began, part: None, rows, wire, exit, state: None };
    conclude(ended, settings.pace.artifacts.as_deref(), output)
}

/// Brings everything, until done or asked to stop.
async fn brought(
    settings: &StreamMirror,
    output: &Output,
    began: Began,
    ready: &Ready,
) -> Result<Mirrored, NothingAttempted> {
    let (stop, progress) = (Stop::default(), output.progress());
    let signals = stop::signals().map_err(NothingAttempted::Signals)?;
    let order = order(settings, began, ready)?;
    if order.selected.is_empty() && order.containers.is_empty() {
        return Err(NothingAttempted::Unselected);
    }
    let Pace { deadline, grace, jobs, .. } = settings.pace;
    let run = began.run();
    let setup = Setup {
        client: &ready.client,
        stores: &ready.stores,
        observer: output.progress(),
        stop: stop.clone(),
        jobs: jobs.get(),
        is_dry_run: settings.dry_run,
        began: began.at,
        host: connect::this_host(&settings.connection),
        run: &run,
        state: settings.state.as_deref(),
    };
    Ok(tokio::select! {
        mirrored = Box::pin(bring(&order, &setup)) => mirrored,
        never = progress.show() => match never {},
        never = stop::watch(stop.clone(), signals, Patience { deadline, grace }) => match never {},
    })
}

fn order<'a>(settings: &StreamMirror, began: Began, ready: &'a Ready) -> Result<Order<'a>, NothingAttempted> {
    let stream = ready.input.document.stream();
    let wants = |container: &Container| settings.input.selection.takes_containers_of(&container.arch);
    let containers = match &settings.containers {
        Some(repository) => {
            wanted_containers(stream, wants, repository).map_err(NothingAttempted::Findings)?
        }
        None => Vec::new(),
    };
    let latest = settings.placing.settings.layout.version().filter(|_| !settings.no_latest);
    Ok(Order {
        document: &ready.input.document,
        selected: &ready.input.selected,
        plan: &ready.placed.wanted,
        candidates: candidates(settings, ready)?,
        signatures: settings.signatures,
        verify: settings.verify,
        is_uncompressed_verified: settings.verify_uncompressed,
        is_overwriting: settings.overwrite_differing,
        latest: latest.cloned(),
        lease: settings.lease,
        containers,
        rewriting: ready.placed.to(),
        unselected: placed::unselected(&settings.rewritten),
        touch: placed::touch(&settings.rewritten, began.at),
        publish: ready.publish.clone(),
        keeps_newer: settings.errand == Errand::Prerelease && !settings.force,
        push_command: settings.push_command.clone(),
        invalidate_command: settings.invalidate_command.clone(),
    })
}

/// Where a build that was published before its release has its files.
fn candidates(
    settings: &StreamMirror,
    ready: &Ready,
) -> Result<BTreeMap<Digest, Vec<Key>>, NothingAttempted> {
    let mut candidates: BTreeMap<Digest, Vec<Key>> = BTreeMap::new();
    if settings.errand != Errand::Promote {
        return Ok(candidates);
    }
    let layout =
        Layout::parse("prerelease", None).map_err(|error| NothingAttempted::Usage(error.to_string()))?;
    let placing = placed::settings(&settings.placing, &stores::root(&settings.destinations))?;
    let placing = LayoutSettings { layout, ..placing };
    let plan = plan(ready.input.document.stream(), &ready.input.selected, &placing);
    for wanted in plan.map_err(NothingAttempted::Findings)?.files {
        candidates.entry(wanted.sha256).or_default().push(wanted.key);
    }
    Ok(candidates)
}
