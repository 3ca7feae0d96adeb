//! `publish plan`, `publish run`, `publish resume`: many images.

use std::sync::Arc;

use super::ready::{Ready, Wants, watched};
use super::refused::NothingAttempted;
use super::told::{Told, end};
use crate::cli::exit::Exit;
use crate::cli::output::Output;
use crate::cli::report::Began;
use crate::cli::settings::{ImageRules, Pace, PublishBatch, PublishResume};
use crate::publish::batch::{Lane, due, left_over, run, unlisted};
use crate::publish::metadata::Product;
use crate::publish::protocol::{Latest, Means, Order, Published, Resume, Until};
use crate::publish::{Fault, Gate, ReleaseVersion};

/// What there is to do: products with their orders, and what became of products that nothing can be done for.
#[derive(Default)]
struct Work {
    lanes: Vec<Lane>,
    failed: Vec<Published>,
}

/// `plan` and `run`.
pub(super) async fn batch(settings: &PublishBatch, command: &'static str, output: &Output) -> Exit {
    let began = Began::now();
    let gate = Arc::new(Gate::new(settings.max_publish));
    let wants = Wants {
        wait: Some(&settings.wait),
        deadline: settings.pace.deadline,
        gate: Some(Arc::clone(&gate)),
        ..Wants::to_look(&settings.connection, began, output.progress())
    };
    let told = Told { command, dry_run: settings.dry_run, began };
    whole(&told, work(settings, &wants), (&gate, &wants, &settings.pace), output).await
}

/// `resume`.
pub(super) async fn resume(settings: &PublishResume, output: &Output) -> Exit {
    let began = Began::now();
    let gate = Arc::new(Gate::default());
    let wants = Wants {
        wait: Some(&settings.wait),
        deadline: settings.pace.deadline,
        gate: Some(Arc::clone(&gate)),
        ..Wants::to_look(&settings.connection, began, output.progress())
    };
    let told = Told { command: "publish resume", dry_run: settings.dry_run, began };
    whole(&told, unfinished(settings, &wants), (&gate, &wants, &settings.pace), output).await
}

/// Does what `work` finds that there is to do, watching for signals and the deadline all the while.
async fn whole(
    told: &Told,
    work: impl Future<Output = Result<(Ready, Work), NothingAttempted>>,
    (gate, wants, pace): (&Gate, &Wants<'_>, &Pace),
    output: &Output,
) -> Exit {
    let done = async {
        let (ready, work) = tokio::select! {
            biased;
            () = wants.stop.gently.cancelled() => return Err(Fault::Stopped(wants.stop.cause()).into()),
            found = work => found?,
        };
        let published = run(&work.lanes, gate, pace.jobs.get()).await;
        Ok::<_, NothingAttempted>((ready, work, published))
    };
    match watched(wants, pace, output, Box::pin(done)).await.flatten() {
        Ok((_ready, Work { lanes, mut failed }, published)) => {
            failed.extend(published);
            let means: Vec<&Means> = lanes.iter().map(|lane| &lane.means).collect();
            end(told, failed, &means, pace.artifacts.as_deref(), output)
        }
        Err(error) => error.refuse(output),
    }
}

/// What is left over of earlier runs, then what is due.
async fn work(settings: &PublishBatch, wants: &Wants<'_>) -> Result<(Ready, Work), NothingAttempted> {
    let ready = Ready::open(&settings.projects)?;
    let mut work = Work::default();
    for name in ready.names() {
        let product = ready.certifiable(&name, settings.dry_run)?;
        let source = ready.any_source(&product)?;
        let means = ready.means(&product, Some(&source), wants).await?;
        let name: Arc<str> = product.name.as_str().into();
        let prechecks = ready.prechecks(settings.rules.precheck);
        let unfinished =
            match left_over((&product.name, &means), &ready.platforms(), prechecks, settings.dry_run) {
                Ok(orders) => orders,
                Err(fault) => {
                    work.failed.push(unlisted(&name, &means, fault));
                    continue;
                }
            };
        let due = match fresh(settings, (&ready, &product), &means, &unfinished).await {
            Ok(orders) => orders,
            // What was begun before is gone on with all the same.
            Err(fault) => {
                work.failed.push(unlisted(&name, &means, fault));
                Vec::new()
            }
        };
        work.lanes.push(Lane { product: name, means, unfinished, due });
    }
    Ok((ready, work))
}

/// What is due and was not begun before.
async fn fresh(
    settings: &PublishBatch,
    (ready, product): (&Ready, &Product),
    means: &Means,
    unfinished: &[Order],
) -> Result<Vec<Order>, Fault> {
    let mut orders = Vec::new();
    for version in due(means, &ready.selection(product)).await? {
        if !unfinished.iter().any(|order| order.version == version) {
            orders.push(order(settings.rules, settings.dry_run, (ready, product), version)?);
        }
    }
    Ok(orders)
}

async fn unfinished(settings: &PublishResume, wants: &Wants<'_>) -> Result<(Ready, Work), NothingAttempted> {
    let ready = Ready::open(&settings.projects)?;
    let mut work = Work::default();
    for name in ready.names() {
        let product = ready.certifiable(&name, settings.dry_run)?;
        let source = ready.any_source(&product)?;
        let means = ready.means(&product, Some(&source), wants).await?;
        let name: Arc<str> = product.name.as_str().into();
        match left_over((&product.name, &means), &ready.platforms(), ready.prechecks(None), settings.dry_run)
        {
            Ok(unfinished) => work.lanes.push(Lane { product: name, means, unfinished, due: Vec::new() }),
            Err(fault) => work.failed.push(unlisted(&name, &means, fault)),
        }
    }
    Ok((ready, work))
}

fn order(
    rules: ImageRules,
    is_dry_run: bool,
    (ready, product): (&Ready, &Product),
    version: ReleaseVersion,
) -> Result<Order, Fault> {
    Ok(Order {
        product: Arc::from(product.name.as_str()),
        source: ready.source(product, &version, None, rules.allow_staging_source)?,
        wanted: ready.wanted(rules),
        version,
        number: None,
        latest: Latest::No,
        make_unique: ready.makes_unique(rules),
        precheck: ready.prechecks(rules.precheck),
        force: false,
        resume: Resume::IfOurs,
        retry_preflight: false,
        request_publish: false,
        sync_tags: false,
        until: Until::Done,
        is_dry_run,
    })
}
