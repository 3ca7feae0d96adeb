//! `publish next-rebuild`: a number on stdout.

use super::ready::{Ready, Wants, interruptible};
use super::refused::NothingAttempted;
use crate::cli::exit::Exit;
use crate::cli::output::Output;
use crate::cli::report::Began;
use crate::cli::settings::PublishNext;
use crate::publish::Number;
use crate::publish::protocol::next_number;

/// Does what `settings` say.
pub(super) async fn next(settings: &PublishNext, output: &Output) -> Exit {
    match interruptible(Box::pin(number(settings, output))).await {
        Ok(number) => output.data(&format!("{number}\n")),
        Err(error) => error.refuse(output),
    }
}

async fn number(settings: &PublishNext, output: &Output) -> Result<Number, NothingAttempted> {
    let ready = Ready::open(&settings.projects)?;
    let wants = Wants::to_look(&settings.connection, Began::now(), output.progress());
    let means = ready.means(&ready.only()?, None, &wants).await?;
    Ok(next_number(&means, &settings.version).await?)
}
