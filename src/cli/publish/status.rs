//! `publish status`: a table for each version, on stdout.

use super::ready::{Ready, Wants, interruptible};
use super::refused::NothingAttempted;
use crate::cli::exit::Exit;
use crate::cli::output::Output;
use crate::cli::report::Began;
use crate::cli::settings::PublishStatus;
use crate::publish::status::{Standing, status as look};

/// Does what `settings` say.
pub(super) async fn status(settings: &PublishStatus, output: &Output) -> Exit {
    match interruptible(Box::pin(standings(settings, output))).await {
        Ok(standings) => {
            let is_wrong = |(_, standing): &(String, Standing)| !standing.problems.is_empty();
            let exit = if standings.iter().any(is_wrong) { Exit::Failed } else { Exit::AsDesired };
            let text: Vec<String> =
                standings.iter().map(|(product, standing)| format!("{product} {standing}")).collect();
            exit.or(output.data(&text.concat()))
        }
        Err(error) => error.refuse(output),
    }
}

async fn standings(
    settings: &PublishStatus,
    output: &Output,
) -> Result<Vec<(String, Standing)>, NothingAttempted> {
    let ready = Ready::open(&settings.projects)?;
    let wants = Wants::to_look(&settings.connection, Began::now(), output.progress());
    let mut all = Vec::new();
    for name in ready.names() {
        let product = ready.product(&name)?;
        let means = ready.means(&product, None, &wants).await?;
        let standings = look(&means, settings.version.as_ref()).await?;
        all.extend(standings.into_iter().map(|standing| (name.clone(), standing)));
    }
    Ok(all)
}
