//! Copies what is queued, a target at a time and several targets side by side; each has its own engine, so that none
//! shares the fate of another.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use futures_util::stream;
use tokio::task::{Id, JoinSet};

use super::queue::{Due, Turn};
use super::service::Shared;
use crate::engine::{Engine, Options, Silent, Stop};
use crate::imagestreams::{Wanted, source_check};
use crate::model::{Batch, Cause, Endpoint, Outcome, Row};
use crate::report;

/// Copies until `stop`, and then until the copies under way have ended. Gives how many of those were given up.
pub(super) async fn copy(service: &Shared, stop: &Stop) -> usize {
    let (mut moving, mut targets): (JoinSet<Turn>, HashMap<Id, Endpoint>) = Default::default();
    let mut given_up = 0;
    loop {
        let takes_more = moving.len() < service.setup.options.jobs.max(1) && !stop.gently.is_cancelled();
        tokio::select! {
            Some(ended) = moving.join_next_with_id() => {
                // What broke down is tried again as what failed is.
                let (id, turn) = ended.unwrap_or_else(|error| (error.id(), Turn::Failed));
                let Some(target) = targets.remove(&id) else { continue };
                given_up += usize::from(turn == Turn::Failed && stop.now.is_cancelled());
                if let Some(wait) = service.queue.ended(&target, turn) {
                    told_again(&target, wait);
                }
            }
            due = service.queue.next(), if takes_more => {
                let target = due.wanted.desired.target.clone();
                let (service, stop) = (Arc::clone(service), stop.clone());
                let copy = moving.spawn(async move { turn(&service, due, stop).await });
                targets.insert(copy.id(), target);
            }
            () = stop.gently.cancelled(), if takes_more => {}
            else => return given_up,
        }
    }
}

fn told_again(target: &Endpoint, wait: Duration) {
    tracing::info!("{target} is tried again in {}", humantime::format_duration(wait));
}

/// One turn of one target.
async fn turn(service: &Shared, due: Due, stop: Stop) -> Turn {
    let wanted = due.wanted;
    if !service.is_wanted(&wanted) {
        return Turn::Over;
    }
    let batch = Batch::admit(vec![wanted.desired.clone()]).batch;
    let batch = batch.guarded(|desired| service.setup.policies.guards(desired));
    let options = Options {
        source_check: source_check(&service.setup.inventory, [&wanted]),
        began: SystemTime::now(),
        ..service.setup.options.clone()
    };
    let (client, ground) = service.clients.current();
    let engine = Engine::new(&client, options, Arc::new(Silent), stop).on(&ground);
    let rows = engine.run(stream::iter([batch])).await;
    // One entry is one row.
    rows.first().map_or(Turn::Over, |row| ended(service, &wanted, row))
}

fn ended(service: &Shared, wanted: &Wanted, row: &Row) -> Turn {
    service.metrics.mirrored(row.outcome.word());
    match &row.outcome {
        Outcome::Failed(_) | Outcome::Refused(_) => {
            let help = report::help(row).unwrap_or_default();
            tracing::error!("{}; {help}", report::failure_line(row));
            Turn::Failed
        }
        Outcome::Unfinished(Cause::SourceMoved) => {
            // It is looked at as it is now, and queued if it differs.
            if let Some(istag) = &wanted.istag {
                service.changes.add(istag.stream());
            }
            Turn::Over
        }
        Outcome::Unfinished(cause) => {
            tracing::warn!("{}", report::failure_line(row));
            if matches!(cause, Cause::Unreachable { .. }) {
                service.clients.renew();
            }
            Turn::Failed
        }
        outcome => {
            tell_done(outcome, row);
            for follower in service.followers(&wanted.desired.target) {
                service.queue.put(Due { wanted: follower, current: None, stale: false });
            }
            Turn::Over
        }
    }
}

fn tell_done(outcome: &Outcome, row: &Row) {
    let (word, to) = (outcome.word(), report::name(&row.target));
    let digest = row.digest.as_ref().map(ToString::to_string).unwrap_or_default();
    tracing::info!("{word} {to}, which is {digest} of {}", report::name(&row.source));
}
