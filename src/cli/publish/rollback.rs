//! `publish rollback`: the tags that customers use, back to an image that is public.

use std::sync::Arc;

use super::ready::{Ready, Wants, watched};
use super::refused::NothingAttempted;
use super::told::{Told, end};
use crate::cli::exit::Exit;
use crate::cli::output::Output;
use crate::cli::report::Began;
use crate::cli::settings::PublishRollback;
use crate::publish::protocol::{Means, Published, Rollback, roll_back};

/// Does what `settings` say.
pub(super) async fn rollback(settings: &PublishRollback, output: &Output) -> Exit {
    let began = Began::now();
    match moved(settings, output, began).await {
        Ok((published, means)) => {
            let told = Told { command: "publish rollback", dry_run: settings.dry_run, began };
            end(&told, vec![published], &[&means], settings.pace.artifacts.as_deref(), output)
        }
        Err(error) => error.refuse(output),
    }
}

async fn moved(
    settings: &PublishRollback,
    output: &Output,
    began: Began,
) -> Result<(Published, Means), NothingAttempted> {
    let ready = Ready::open(&settings.projects)?;
    let wants = Wants {
        wait: Some(&settings.wait),
        deadline: settings.pace.deadline,
        ..Wants::to_look(&settings.connection, began, output.progress())
    };
    let product = ready.only()?;
    let rollback = Rollback {
        product: Arc::from(product.name.as_str()),
        version: settings.version.clone(),
        to: settings.to,
        latest: settings.latest,
        is_dry_run: settings.dry_run,
    };
    let work = async {
        let means = ready.means(&product, None, &wants).await?;
        Ok((roll_back(&rollback, &means).await, means))
    };
    watched(&wants, &settings.pace, output, Box::pin(work)).await.flatten()
}
