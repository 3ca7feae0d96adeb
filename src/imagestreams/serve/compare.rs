//! Compares entries with their targets and queues what differs, each as soon as it is known: what does not answer holds
//! up nothing else.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::SystemTime;

use futures_util::{StreamExt as _, stream};
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};

use super::queue::Due;
use super::service::Shared;
use super::stale::is_stale;
use super::tell::complain;
use crate::engine::{Check, Engine, Extent, Observer, Options, Silent, Stop};
use crate::error::{Chain, Class, Failure};
use crate::imagestreams::{Wanted, announce};
use crate::model::{Batch, Desired, Digest, Endpoint, Locator, Outcome, Reason, Row};

/// Old images whose age is read at a time.
const AGES: usize = 16;

/// What a comparison came to.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Compared {
    /// Targets that are as they should be.
    pub(super) right: usize,
    /// Targets that were queued.
    pub(super) queued: usize,
    /// Entries that could not be compared, or may not be mirrored.
    pub(super) failed: usize,
    /// Those of them that may end otherwise when they are looked at again.
    pub(super) passing: usize,
}

/// Compares what is `wanted`.
pub(super) async fn compare(service: Shared, wanted: Vec<Wanted>, stop: Stop) -> Compared {
    let (client, _) = service.clients.current();
    announce(&client, &wanted);
    let entries: Vec<Desired> = wanted.iter().map(|wanted| wanted.desired.clone()).collect();
    let batch = Batch::admit(entries).batch.guarded(|desired| service.setup.policies.guards(desired));
    let by_target = wanted.into_iter().map(|wanted| (wanted.desired.target.clone(), wanted)).collect();
    let (old, ages) = unbounded_channel();
    let queueing = Arc::new(Queueing {
        service: Arc::clone(&service),
        wanted: Mutex::new(by_target),
        old,
        compared: Mutex::default(),
    });
    let observer: Arc<dyn Observer> = Arc::clone(&queueing) as Arc<dyn Observer>;
    let looking = async {
        // The engine has the last of what tells of old images, but for our own.
        Engine::new(&client, options(&service), observer, stop.clone()).run(stream::iter([batch])).await;
        let compared = *queueing.compared();
        drop(queueing);
        compared
    };
    let (compared, ()) = tokio::join!(looking, note_ages(Arc::clone(&service), stop.clone(), ages));
    compared
}

fn options(service: &Shared) -> Options {
    Options {
        extent: Extent::Compare,
        check: Check::Names,
        referrers: false,
        began: SystemTime::now(),
        ..service.setup.options.clone()
    }
}

/// Queues what differs at the moment when that is known.
#[derive(Debug)]
struct Queueing {
    service: Shared,
    wanted: Mutex<HashMap<Endpoint, Wanted>>,
    /// Targets that may be stale.
    old: UnboundedSender<(Wanted, Digest)>,
    compared: Mutex<Compared>,
}

impl Observer for Queueing {
    fn finished(&self, row: &Row) {
        let Some(target) = endpoint(row) else { return };
        let wanted = self.wanted.lock().unwrap_or_else(PoisonError::into_inner).remove(&target);
        // What is wanted now was or will be looked at by another.
        let Some(wanted) = wanted.filter(|wanted| self.service.is_wanted(wanted)) else { return };
        let (queue, mut compared) = (&self.service.queue, self.compared());
        let due = Due { wanted, current: row.previous.clone(), stale: false };
        match &row.outcome {
            Outcome::Planned(reason) => {
                compared.queued += 1;
                if let (Reason::Differs, Some(current)) = (reason, &row.previous) {
                    // Nobody waits for it any more when nobody receives it.
                    let _ = self.old.send((due.wanted.clone(), current.clone()));
                }
                queue.put(due);
            }
            Outcome::Kept => {
                compared.right += 1;
                queue.is_right(due);
            }
            outcome => {
                compared.failed += 1;
                compared.passing += usize::from(is_passing(outcome));
                complain(row);
                queue.correct(due);
            }
        }
    }
}

impl Queueing {
    fn compared(&self) -> std::sync::MutexGuard<'_, Compared> {
        self.compared.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Notes which of the targets that were queued are far behind.
async fn note_ages(service: Shared, stop: Stop, old: UnboundedReceiver<(Wanted, Digest)>) {
    let (client, _) = service.clients.current();
    let engine = Arc::new(Engine::new(&client, options(&service), Arc::new(Silent), stop.clone()));
    let old = stream::unfold(old, async |mut old| old.recv().await.map(|one| (one, old)));
    let noted = old.for_each_concurrent(AGES, |(wanted, current)| {
        let (engine, service) = (Arc::clone(&engine), Arc::clone(&service));
        async move {
            if is_behind(&engine, &wanted, &current).await {
                service.queue.is_stale(&wanted.desired.target, &current);
            }
        }
    });
    // It is for whoever asks, and holds up nobody's end.
    stop.gently.run_until_cancelled(noted).await;
}

async fn is_behind(engine: &Engine, wanted: &Wanted, current: &Digest) -> bool {
    let Some(source) = wanted.created else { return false };
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
        Locator::Image(image) => Some(Endpoint::Registry(image.clone())),
        Locator::Layout(layout) => Some(Endpoint::Layout(layout.clone())),
        Locator::Path(_) | Locator::Url(_) | Locator::Object(_) | Locator::Text(_) => None,
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
