//! Finds what has to be mirrored: everything now and then, and what changed when it does. What differs is queued.

use std::collections::{BTreeSet, HashMap, HashSet};
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use futures_util::{StreamExt as _, stream};
use tokio::time::{Instant, sleep_until};

use super::queue::Due;
use super::service::{Known, Shared};
use super::stale::is_stale;
use crate::engine::{Check, Engine, Extent, Options, Silent, Stop};
use crate::error::{Chain, Class, Failure};
use crate::imagestreams::{
    Asked, Config, ConfigError, ImageStream, Inventory, IsTag, StreamName, Wanted, Wish, announce,
    changed_tags, wish,
};
use crate::model::{Batch, Desired, Endpoint, Finding, Outcome, Reason, Row};
use crate::report;

/// How long after a look that did not see everything the next one follows; each further one waits twice as long.
const AGAIN: Duration = Duration::from_secs(30);
/// Old images whose age is read at a time.
const AGES: usize = 16;

/// Looks through everything at once and then every interval, and at what changed meanwhile, until `stop`.
pub(super) async fn look(service: &Shared, stop: &Stop) {
    let (mut next, mut in_part) = (Instant::now(), 0);
    loop {
        tokio::select! {
            biased;
            () = stop.gently.cancelled() => return,
            () = sleep_until(next) => {
                let Some(well) = stop.gently.run_until_cancelled(pass(service, stop)).await else { return };
                service.metrics.passed(well);
                in_part = if well { 0 } else { in_part + 1 };
                next = Instant::now() + pause(service.setup.interval, in_part);
            }
            changed = service.changes.take(), if service.needed.borrow().is_some() => {
                let look = look_at(service, changed, stop);
                let Some(well) = stop.gently.run_until_cancelled(look).await else { return };
                if !well {
                    next = next.min(Instant::now() + AGAIN);
                }
            }
        }
    }
}

fn pause(interval: Duration, in_part: u32) -> Duration {
    match in_part {
        0 => interval,
        times => interval.min(AGAIN.saturating_mul(2_u32.saturating_pow(times - 1))),
    }
}

/// One look through everything; whether nothing stood in the way of seeing all of it.
async fn pass(service: &Shared, stop: &Stop) -> bool {
    service.clients.renew();
    let (asked, is_new) = asked(service);
    let needed = asked.needed();
    let streams = match service.setup.inventory.read(&needed).await {
        Ok(streams) => streams,
        Err(error) => {
            tracing::error!("{}", Chain(&error));
            return false;
        }
    };
    let Wish { wanted, rows, findings } = wish(&asked, &streams);
    findings.iter().for_each(tell);
    rows.iter().for_each(complain);
    let all_read = is_new && streams.failures().is_empty();
    *service.known() = Known { asked, streams };
    service.needed.send_if_modified(|known| known.replace(needed.clone()).as_ref() != Some(&needed));
    if all_read {
        service.queue.retain(&wanted.iter().map(|wanted| &wanted.desired.target).collect());
    }
    let well = queue_what_differs(service, wanted, stop).await;
    service.looked_through();
    well && all_read
}

/// What is asked for; what was asked for before where the configuration cannot be used now.
fn asked(service: &Shared) -> (Asked, bool) {
    let before = service.known().asked.clone();
    let Some(path) = &service.setup.config else { return (before, true) };
    match Config::load(path, &before.names) {
        Ok(config) => {
            config.findings.iter().for_each(tell);
            (Asked { config: Some(config), ..before }, true)
        }
        Err(error) => {
            if let ConfigError::Wrong(findings) = &error {
                findings.iter().for_each(tell);
            }
            tracing::error!("{}; going on with the one that was read before", Chain(&error));
            (before, false)
        }
    }
}

/// Looks at ImageStreams that changed, as they are now; whether all of them could be read.
async fn look_at(service: &Shared, names: BTreeSet<StreamName>, stop: &Stop) -> bool {
    let Inventory::Cluster(cluster) = &service.setup.inventory else { return true };
    let mut changed: HashSet<IsTag> = HashSet::new();
    let mut well = true;
    for name in names {
        // The event may be older than what is there now.
        match cluster.image_stream(&name.namespace, &name.name, ImageStream::read).await {
            Ok(Some(Ok(now))) => changed.extend(note(service, now)),
            Ok(None) => service.known().streams.remove(&name),
            Ok(Some(Err(malformed))) => tracing::error!("{}", Chain(&malformed)),
            Err(error) => {
                tracing::warn!("{}", Chain(&error));
                well = false;
            }
        }
    }
    let Wish { mut wanted, .. } = {
        let known = service.known();
        wish(&known.asked, &known.streams)
    };
    wanted.retain(|wanted| wanted.istag.as_ref().is_some_and(|istag| changed.contains(istag)));
    queue_what_differs(service, wanted, stop).await && well
}

/// Takes note of an ImageStream; gives the tags that are to be looked at.
fn note(service: &Shared, now: ImageStream) -> Vec<IsTag> {
    let mut known = service.known();
    let changed = changed_tags(known.streams.get(&now.namespace, &now.name), &now);
    let (namespace, name) = (Arc::clone(&now.namespace), Arc::clone(&now.name));
    known.streams.insert(now);
    let istag = |tag| IsTag { namespace: Arc::clone(&namespace), name: Arc::clone(&name), tag };
    changed.into_iter().map(istag).collect()
}

/// Compares; queues what differs and takes out of the queue what does not. Whether everything could be compared, but for
/// what will not be different next time.
async fn queue_what_differs(service: &Shared, wanted: Vec<Wanted>, stop: &Stop) -> bool {
    announce(&service.clients.current(), &wanted);
    let entries: Vec<Desired> = wanted.iter().map(|wanted| wanted.desired.clone()).collect();
    let mut by_target: HashMap<Endpoint, Wanted> =
        wanted.into_iter().map(|wanted| (wanted.desired.target.clone(), wanted)).collect();
    let batch = Batch::admit(entries).batch.guarded(|desired| service.setup.policies.guards(desired));
    let rows = engine(service, stop).run(stream::iter([batch])).await;
    let mut well = true;
    let mut due = Vec::new();
    for row in rows {
        let Some(target) = endpoint(&row) else { continue };
        let Some(wanted) = by_target.remove(&target) else { continue };
        match &row.outcome {
            Outcome::Planned(reason) => due.push((wanted, row.previous.clone(), *reason)),
            Outcome::Kept => service.queue.remove(&target),
            outcome => {
                well &= !is_passing(outcome);
                complain(&row);
            }
        }
    }
    let engine = engine(service, stop);
    let aged = stream::iter(due).map(|(wanted, current, reason)| {
        let engine = &engine;
        async move {
            let stale = reason == Reason::Differs && is_behind(engine, &wanted, current.as_ref()).await;
            Due { wanted, current, stale }
        }
    });
    aged.buffered(AGES).for_each(|due| async { service.queue.put(due) }).await;
    well
}

fn engine(service: &Shared, stop: &Stop) -> Engine {
    let client = service.clients.current();
    let options = Options {
        extent: Extent::Compare,
        check: Check::Names,
        referrers: false,
        began: SystemTime::now(),
        ..service.setup.options.clone()
    };
    Engine::new(&client, options, Arc::new(Silent), stop.clone())
}

async fn is_behind(engine: &Engine, wanted: &Wanted, current: Option<&crate::model::Digest>) -> bool {
    let (Some(source), Some(current)) = (wanted.created, current) else { return false };
    match engine.target_made(&wanted.desired.target, current).await {
        Ok(made) => is_stale(made, source),
        Err(failure) => {
            tracing::debug!("how old {} is cannot be told: {}", wanted.desired.target, Chain(&failure));
            false
        }
    }
}

fn endpoint(row: &Row) -> Option<Endpoint> {
    match &row.target {
        crate::model::Locator::Image(image) => Some(Endpoint::Registry(image.clone())),
        crate::model::Locator::Layout(layout) => Some(Endpoint::Layout(layout.clone())),
        _ => None,
    }
}

/// Whether another look may end otherwise.
fn is_passing(outcome: &Outcome) -> bool {
    match outcome {
        Outcome::Failed(Failure { class, .. }) => matches!(class, Class::Transient | Class::Throttled),
        Outcome::Unfinished(_) => true,
        _ => false,
    }
}

fn complain(row: &Row) {
    if matches!(row.outcome, Outcome::Skipped(_)) {
        tracing::debug!("{}", report::failure_line(row));
    } else {
        let help = report::help(row).unwrap_or_default();
        tracing::error!("{}; {help}", report::failure_line(row));
    }
}

fn tell(finding: &Finding) {
    let (file, line) = (&finding.file, finding.line());
    if finding.is_error() {
        tracing::error!("{file}:{line}: {finding}");
    } else {
        tracing::warn!("{file}:{line}: {finding}");
    }
}
