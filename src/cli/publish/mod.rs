//! `publish`: a file a command. Each makes ready what the settings and the metadata name, and hands it to the family.

mod batch;
mod image;
mod next;
mod preflight;
mod ready;
mod refused;
mod rollback;
mod status;
mod told;

use super::exit::Exit;
use super::output::Output;
use super::settings::Publish;
use crate::publish::Fault;

/// Does what `settings` say.
pub(super) async fn publish(settings: Publish, output: &Output) -> Exit {
    match settings {
        Publish::Image(settings) => image::image(&settings, output).await,
        Publish::Next(settings) => next::next(&settings, output).await,
        Publish::Plan(settings) => batch::batch(&settings, "publish plan", output).await,
        Publish::Run(settings) => batch::batch(&settings, "publish run", output).await,
        Publish::Status(settings) => status::status(&settings, output).await,
        Publish::Rollback(settings) => rollback::rollback(&settings, output).await,
        Publish::Resume(settings) => batch::resume(&settings, output).await,
        Publish::Install(settings) => preflight::install(&settings, output).await,
        Publish::Supported(settings) => preflight::supported(&settings, output).await,
    }
}

/// What a publication exits with that met a fault; none: it met none.
fn exit_of(fault: Option<&Fault>) -> Exit {
    match fault {
        None | Some(Fault::Deferred { is_asked: true, .. }) => Exit::AsDesired,
        Some(Fault::Refused(_)) => Exit::Guarded,
        Some(Fault::NotPassed { .. }) => Exit::Failed,
        Some(Fault::Unsuitable { .. }) => Exit::Usage,
        Some(Fault::Untold(_) | Fault::Stopped(_) | Fault::Deferred { .. }) => Exit::Unfinished,
        Some(Fault::TimedOut { .. }) => Exit::TimedOut,
    }
}
