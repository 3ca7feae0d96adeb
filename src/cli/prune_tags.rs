//! `prune-tags`: a repository in, a report of the tags that were deleted and an exit code out.

use super::connect;
use super::exit::Exit;
use super::output::Output;
use super::report::{Began, Ended, conclude};
use super::settings::{Pace, PruneTags};
use super::stop::{self, Patience};
use crate::engine::Stop;
use crate::imagestreams::prune::{self, Pruned, Watch};
use crate::registry::{Client, Role};

/// Why nothing is attempted.
#[derive(Debug, thiserror::Error)]
enum NothingAttempted {
    #[error(transparent)]
    Connect(#[from] connect::ConnectError),
    #[error("cannot listen for signals")]
    Signals(#[from] std::io::Error),
}

/// Does what `settings` say.
pub(super) async fn prune_tags(settings: PruneTags, output: &Output) -> Exit {
    let began = Began::now();
    let client = match client(&settings, began) {
        Ok(client) => client,
        Err(error) => return output.refuse(&error),
    };
    let pruned = match Box::pin(delete(&settings, output, &client, began)).await {
        Ok(pruned) => pruned,
        Err(error) => return output.refuse(&error),
    };
    let (exit, dry_run, wire) = (exit(&pruned), settings.order.by.is_none(), client.wire());
    let ended = Ended {
        command: "prune-tags",
        dry_run,
        began,
        part: None,
        rows: pruned.rows,
        wire,
        exit,
        state: None,
    };
    conclude(ended, settings.pace.artifacts.as_deref(), output)
}

fn client(settings: &PruneTags, began: Began) -> Result<Client, NothingAttempted> {
    let deadline = settings.pace.deadline.map(|after| began.clock + after);
    Ok(connect::client(&settings.connection, deadline)?.with_role(Role::Target))
}

/// Deletes what is to be deleted, until done or stopped.
async fn delete(
    settings: &PruneTags,
    output: &Output,
    client: &Client,
    began: Began,
) -> Result<Pruned, NothingAttempted> {
    let (stop, signals, progress) = (Stop::default(), stop::signals()?, output.progress());
    let Pace { deadline, grace, .. } = settings.pace;
    let watch = Watch { observer: &*progress, stop: &stop };
    tokio::select! {
        pruned = prune::prune(client, &settings.order, began.at, watch) => Ok(pruned),
        never = progress.show() => match never {},
        never = stop::watch(stop.clone(), signals, Patience { deadline, grace }) => match never {},
    }
}

fn exit(pruned: &Pruned) -> Exit {
    let whole = match pruned {
        Pruned { is_unable: true, .. } => Exit::Usage,
        Pruned { is_guarded: true, .. } => Exit::Guarded,
        Pruned { .. } => Exit::AsDesired,
    };
    whole.or(Exit::of(&pruned.rows))
}
