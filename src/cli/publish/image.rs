//! `publish image`: one image, through all steps.

use std::sync::Arc;

use super::ready::{Ready, Wants, watched};
use super::refused::NothingAttempted;
use super::told::{Told, end};
use crate::cli::args::{LatestWord, NumberWord, Step};
use crate::cli::exit::Exit;
use crate::cli::output::Output;
use crate::cli::report::Began;
use crate::cli::settings::{GuardSettings, PublishImage};
use crate::publish::metadata::Product;
use crate::publish::protocol::{Latest, Means, Order, Published, Resume, Until, publish};

/// Does what `settings` say.
pub(super) async fn image(settings: &PublishImage, output: &Output) -> Exit {
    let began = Began::now();
    match published(settings, output, began).await {
        Ok((published, means)) => {
            let told = Told { command: "publish image", dry_run: settings.dry_run, began };
            end(&told, vec![published], &[&means], settings.pace.artifacts.as_deref(), output)
        }
        Err(error) => error.refuse(output),
    }
}

async fn published(
    settings: &PublishImage,
    output: &Output,
    began: Began,
) -> Result<(Published, Means), NothingAttempted> {
    let ready = Ready::open(&settings.projects)?;
    let wants = Wants {
        wait: Some(&settings.wait),
        deadline: settings.pace.deadline,
        ..Wants::to_look(&settings.connection, began, output.progress())
    };
    let product = ready.certifiable(ready.only_name(), settings.dry_run)?;
    let order = order(settings, &ready, &product)?;
    let work = async {
        let means = ready.means(&product, Some(&order.source.repository), &wants).await?;
        Ok((publish(&order, &means).await, means))
    };
    watched(&wants, &settings.pace, output, Box::pin(work)).await.flatten()
}

fn order(settings: &PublishImage, ready: &Ready, product: &Product) -> Result<Order, NothingAttempted> {
    let rules = settings.rules;
    let GuardSettings {
        adopt,
        no_resume,
        retry_preflight,
        force_publish,
        request_publish,
        sync_tags,
        stop_after,
    } = settings.guards;
    Ok(Order {
        product: Arc::from(product.name.as_str()),
        source: ready.source(
            product,
            &settings.version,
            Some(&settings.source_tag),
            rules.allow_staging_source,
        )?,
        wanted: ready.wanted(rules),
        version: settings.version.clone(),
        number: match settings.rebuild {
            NumberWord::Next => None,
            NumberWord::This(number) => Some(number),
        },
        latest: match settings.latest {
            LatestWord::No => Latest::No,
            LatestWord::Yes => Latest::Unless,
            LatestWord::Force => Latest::Force,
        },
        make_unique: ready.makes_unique(rules),
        precheck: ready.prechecks(rules.precheck),
        force: force_publish,
        resume: match (adopt, no_resume) {
            (true, _) => Resume::Adopt,
            (false, true) => Resume::Never,
            (false, false) => Resume::IfOurs,
        },
        retry_preflight,
        request_publish,
        sync_tags,
        until: match stop_after {
            Some(Step::Upload) => Until::Uploaded,
            Some(Step::Certify) => Until::Certified,
            Some(Step::Public) => Until::Public,
            None => Until::Done,
        },
        is_dry_run: settings.dry_run,
    })
}
