//! `publish plan`, `publish run`, `publish resume`: many images.

use std::sync::Arc;

use super::ready::{Ready, Wants, watched};
use super::refused::NothingAttempted;
use super::told::{Told, end};
use crate::cli::exit::Exit;
use crate::cli::output::Output;
use crate::cli::report::Began;
use crate::cli::settings::{ImageRules, Pace, Projects, PublishBatch, PublishResume};
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

/// What all three are asked.
struct Asked<'a> {
    projects: &'a Projects,
    precheck: Option<bool>,
    is_dry_run: bool,
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
    let (projects, precheck) = (&settings.projects, settings.rules.precheck);
    let asked = Asked { projects, precheck, is_dry_run: settings.dry_run };
    whole(&told, work(&asked, Some(settings), &wants), (&gate, &wants, &settings.pace), output).await
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
    let asked = Asked { projects: &settings.projects, precheck: None, is_dry_run: settings.dry_run };
    whole(&told, work(&asked, None, &wants), (&gate, &wants, &settings.pace), output).await
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

/// What is left over of earlier runs, then what is due of `batch`; none: nothing else.
async fn work(
    asked: &Asked<'_>,
    batch: Option<&PublishBatch>,
    wants: &Wants<'_>,
) -> Result<(Ready, Work), NothingAttempted> {
    let ready = Ready::open(asked.projects)?;
    let mut work = Work::default();
    for name in ready.names() {
        let product = ready.certifiable(&name, asked.is_dry_run)?;
        let source = ready.any_source(&product)?;
        let means = ready.means(&product, Some(&source), wants).await?;
        let name: Arc<str> = product.name.as_str().into();
        let prechecks = ready.prechecks(asked.precheck);
        let left_over = left_over((&product.name, &means), &ready.platforms(), prechecks, asked.is_dry_run);
        let unfinished = match left_over {
            Ok(orders) => orders,
            Err(fault) => {
                work.failed.push(unlisted(&name, &means, fault));
                continue;
            }
        };
        let due = match batch {
            Some(settings) => fresh(settings, (&ready, &product), &means, &unfinished).await,
            None => Ok(Vec::new()),
        };
        // What was begun before is gone on with all the same.
        let due = due.unwrap_or_else(|fault| {
            work.failed.push(unlisted(&name, &means, fault));
            Vec::new()
        });
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
