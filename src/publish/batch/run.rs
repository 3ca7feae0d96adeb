//! Publishes what is due, product by product.

use std::sync::Arc;

use futures_util::{StreamExt as _, stream};

use crate::model::{Cause, Locator, Origin, Outcome, Row};
use crate::publish::protocol::{Means, Order, Published, outcome_of, publish};
use crate::publish::{Fault, Gate};

/// A product, and what is to be published of it.
#[derive(Debug)]
pub struct Lane {
    /// The product.
    pub product: Arc<str>,
    /// By which means.
    pub means: Means,
    /// What earlier runs left unfinished, in order: one at a time.
    pub unfinished: Vec<Order>,
    /// What else is due, likewise.
    pub due: Vec<Order>,
}

/// Publishes all orders of all lanes, `jobs` lanes at a time; nothing new is begun before everything that is unfinished was gone
/// on with. One that fails does not keep the others.
pub async fn run(lanes: &[Lane], gate: &Gate, jobs: usize) -> Vec<Published> {
    let mut published = Vec::new();
    let rounds: [fn(&Lane) -> &[Order]; 2] = [|lane| &lane.unfinished, |lane| &lane.due];
    for orders in rounds {
        let lanes = stream::iter(lanes).map(|lane| Box::pin(one(lane, orders(lane), gate)));
        published.extend(lanes.buffer_unordered(jobs.max(1)).collect::<Vec<_>>().await.concat());
    }
    published
}

async fn one(lane: &Lane, orders: &[Order], gate: &Gate) -> Vec<Published> {
    let mut all = Vec::new();
    for order in orders {
        if lane.means.stop.gently.is_cancelled() {
            all.push(unbegun(order, &lane.means));
            continue;
        }
        let published = publish(order, &lane.means).await;
        if published.has_begun {
            gate.ended(&lane.product, published.fault.as_deref());
        }
        all.push(published);
    }
    all
}

/// What becomes of a product of which it is not known what is to be published.
#[must_use]
pub fn unlisted(product: &Arc<str>, means: &Means, fault: Fault) -> Published {
    let origin = Origin::Release { product: Arc::clone(product), release: "*".into() };
    let place = |repository: &crate::model::Repository| Locator::Text(repository.to_string().into());
    let ends = (place(&means.site.public), place(&means.site.upload));
    let fault = Arc::new(fault);
    let row = Row::of_nothing(origin, None, ends, outcome_of(&fault));
    Published { rows: vec![row], fault: Some(fault), said: Vec::new(), has_begun: false }
}

/// What becomes of an order that the run did not get to.
fn unbegun(order: &Order, means: &Means) -> Published {
    let cause: Cause = means.stop.cause();
    let origin =
        Origin::Release { product: Arc::clone(&order.product), release: order.version.as_str().into() };
    let target = means.site.uploaded(&order.version.tag());
    let ends = (Locator::Image(order.source.clone()), Locator::Image(target));
    let row = Row::of_nothing(origin, None, ends, Outcome::Unfinished(cause.clone()));
    let fault = Some(Arc::new(Fault::Stopped(cause)));
    Published { rows: vec![row], fault, said: Vec::new(), has_begun: false }
}
