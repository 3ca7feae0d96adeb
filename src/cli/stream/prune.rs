//! `stream prune`: pins and a destination in, a row for each build out.

use super::pins::sources;
use super::refused::NothingAttempted;
use super::stores;
use crate::cli::connect;
use crate::cli::exit::Exit;
use crate::cli::output::Output;
use crate::cli::report::{Began, Ended, conclude};
use crate::cli::settings::{Pace, StreamPrune};
use crate::cli::stop::{self, Patience};
use crate::engine::Stop;
use crate::error::{Classify, advised};
use crate::model::Wire;
use crate::stream::prune::{PruneSettings, Pruned, Verdict, prune as collect};

/// Does what `settings` say.
pub(super) async fn prune(settings: &StreamPrune, output: &Output) -> Exit {
    let began = Began::now();
    match pruned(settings, output, began).await {
        Ok((pruned, wire)) => {
            let exit = verdict(&pruned).or(Exit::of(&pruned.rows));
            let (dry_run, rows) = (settings.dry_run, pruned.rows);
            let ended =
                Ended { command: "stream prune", dry_run, began, part: None, rows, wire, exit, state: None };
            conclude(ended, settings.pace.artifacts.as_deref(), output)
        }
        Err(error) => error.refuse(output),
    }
}

async fn pruned(
    settings: &StreamPrune,
    output: &Output,
    began: Began,
) -> Result<(Pruned, Wire), NothingAttempted> {
    let deadline = settings.pace.deadline.map(|after| began.clock + after);
    let client = connect::client(&settings.connection, deadline)?;
    let stores = stores::open(&settings.destinations, &settings.connection)?;
    let [store] = stores.as_slice() else {
        return Err(NothingAttempted::Usage(
            "`stream prune` has one destination: give `--dest` once".to_owned(),
        ));
    };
    let sources = sources(&settings.pins, client.clone())?;
    let (stop, progress) = (Stop::default(), output.progress());
    let signals = stop::signals().map_err(NothingAttempted::Signals)?;
    let of_family = of_family(settings);
    let Pace { deadline, grace, .. } = settings.pace;
    let lock = stores::lock(store, &settings.connection, began, settings.dry_run).await?;
    let pruned = tokio::select! {
        pruned = Box::pin(collect(store, &of_family, &sources, began.at, &stop)) => pruned,
        never = stores::watch(lock.as_ref(), &stop) => match never {},
        never = progress.show() => match never {},
        never = stop::watch(stop.clone(), signals, Patience { deadline, grace }) => match never {},
    };
    stores::release(lock).await;
    if pruned.ignored > 0 {
        tracing::warn!("{} files of old commits are no stream files and were passed over", pruned.ignored);
    }
    let mut wire = client.wire();
    wire += store.wire();
    Ok((pruned, wire))
}

fn of_family(settings: &StreamPrune) -> PruneSettings {
    PruneSettings {
        root: settings.root.clone(),
        release: settings.release,
        pre_release: settings.pre_release,
        include_ga: settings.include_ga,
        min_pins: settings.min_pins,
        accept_pin_drop: settings.accept_pin_drop,
        grace: settings.mark_age,
        max_delete: settings.max_delete,
        max_fraction: settings.max_fraction,
        trash_ttl: settings.trash_ttl,
        check: settings.check,
        delete: !settings.dry_run,
        ..PruneSettings::default()
    }
}

/// What the whole comes to, and why.
fn verdict(pruned: &Pruned) -> Exit {
    match &pruned.verdict {
        Verdict::AsRowsSay => Exit::AsDesired,
        Verdict::Refused(refused) => told(refused, Exit::Guarded),
        Verdict::Unable(unable) => told(unable, Exit::Unfinished),
    }
}

fn told(error: &(impl Classify + 'static), exit: Exit) -> Exit {
    tracing::error!("{}", advised(error));
    exit
}
