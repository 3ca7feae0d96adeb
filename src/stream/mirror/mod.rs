//! Boot images on their way to where they belong.
//!
//! 1. `look`: what each destination holds. Nothing is fetched that is there.
//! 2. Leases are taken, and marks of completion go away, where something is about to change.
//! 3. `transfer`: each file is fetched once for all destinations that lack it; its signature follows it.
//! 4. `directory`: lists of sums, then the marks. `latest` follows.
//!
//! A destination that fails stops no other. What is written for readers comes in the order in which they may rely on it: data,
//! signatures, sums, marks, `latest`, stream file.

mod after;
mod containers;
mod directory;
mod error;
mod fetch;
mod finish;
mod latest;
mod look;
mod order;
mod rows;
mod side;
mod signature;
mod transfer;

use std::collections::BTreeSet;
use std::convert::Infallible;

use futures_util::stream::FuturesUnordered;
use futures_util::{StreamExt as _, stream};

use side::{Needs, Side};
use signature::Signature;
use transfer::Done;

use crate::model::{Outcome, Reason, Row};
use crate::stream::document::Change;
use crate::stream::plan::Wanted;

pub use containers::{WantedContainer, wanted as wanted_containers};
pub use error::MirrorError;
pub use order::{Order, Setup, Signatures, Verify};

/// Destinations that are looked at at a time.
const SIDES: usize = 4;

/// What a run came to.
#[derive(Debug)]
pub struct Mirrored {
    /// A row for each artifact and destination, and for what else was written.
    pub rows: Vec<Row>,
    /// The stream file as it is to be, and what changes in it; none: it was not asked for.
    pub rewritten: Result<Option<Rewritten>, MirrorError>,
    /// Whether a guard refused something.
    pub is_guarded: bool,
    /// Whether everything that was wanted is in every destination.
    pub is_complete: bool,
}

/// A stream file, and what changes in it.
pub type Rewritten = (Vec<u8>, Vec<Change>);

/// Brings everything that `order` wants to every destination.
pub async fn mirror(order: &Order<'_>, setup: &Setup<'_>) -> Mirrored {
    let mut sides = open(setup, order).await;
    let (mut rows, unsigned) = data(order, setup, &mut sides).await;
    if !setup.is_dry_run {
        for side in &mut sides {
            rows.extend(side.finish(order, setup).await);
        }
    }
    let (of_containers, changes) = containers::copy(order, setup).await;
    rows.extend(of_containers);
    let has_containers = changes.len() == order.containers.len();
    let is_complete = has_containers && sides.iter().all(|side| side.is_complete(order));
    let rewritten = after::rewritten(order, &unsigned, changes);
    let to_publish = rewritten.as_ref().ok().and_then(Option::as_ref).filter(|_| has_containers);
    rows.extend(end(order, setup, &mut sides, to_publish).await);
    Mirrored {
        is_guarded: rows.iter().any(|row| matches!(row.outcome, Outcome::Refused(_)))
            || sides.iter().any(Side::is_taken),
        is_complete,
        rows,
        rewritten,
    }
}

async fn open<'a>(setup: &Setup<'a>, order: &Order<'_>) -> Vec<Side<'a>> {
    let numbered = stream::iter(setup.stores.iter().enumerate());
    numbered.map(|store| Side::open(order, setup, store)).buffered(SIDES).collect().await
}

/// Brings files and their signatures. Gives their rows, and the artifacts whose signature is nowhere.
async fn data(order: &Order<'_>, setup: &Setup<'_>, sides: &mut [Side<'_>]) -> (Vec<Row>, BTreeSet<usize>) {
    if !setup.is_dry_run {
        for side in sides.iter_mut() {
            side.prepare(order, setup).await;
        }
    }
    let (came, rows) = tokio::select! {
        brought = bring(order, setup, sides) => brought,
        never = watch(setup, sides) => match never {},
    };
    let mut unsigned = BTreeSet::new();
    for Arrived { wanted, done, signatures } in came {
        for one in &done {
            sides[one.number].take(wanted, one);
        }
        for (number, signature) in signatures {
            match signature {
                Signature::Missing => unsigned.extend(&wanted.artifacts),
                Signature::Came(came) => sides[number].sign(came),
                Signature::None | Signature::Present | Signature::Stopped => {}
            }
        }
    }
    (rows, unsigned)
}

/// Gives everything up once somebody else has taken a destination: two must not write there.
async fn watch(setup: &Setup<'_>, sides: &[Side<'_>]) -> Infallible {
    let mut lost: FuturesUnordered<_> = sides.iter().map(Side::lost).collect();
    if lost.next().await.is_some() {
        tracing::error!("another run has taken the destination: this one gives up");
        setup.stop.now.cancel();
    }
    std::future::pending().await
}

/// What comes once files are there: the stream file, and whoever is told; the destination is somebody else's again.
async fn end(
    order: &Order<'_>,
    setup: &Setup<'_>,
    sides: &mut [Side<'_>],
    to_publish: Option<&Rewritten>,
) -> Vec<Row> {
    let mut rows = Vec::new();
    for side in sides.iter_mut() {
        side.check_lock();
        if let Some((key, (bytes, _))) = order.publish.as_ref().zip(to_publish)
            && !setup.is_dry_run
            && side.is_complete(order)
        {
            rows.push(after::publish(side, (key, bytes), (order, setup)).await);
        }
        rows.extend(after::tell(order, setup, side).await);
        side.close().await;
    }
    rows
}

/// Brings what is lacking, so many files at a time.
async fn bring<'a>(
    order: &'a Order<'_>,
    setup: &Setup<'_>,
    sides: &[Side<'_>],
) -> (Vec<Arrived<'a>>, Vec<Row>) {
    let artifacts: usize = order.plan.files.iter().map(|wanted| wanted.artifacts.len()).sum();
    setup.observer.announced(artifacts * sides.len());
    let work = stream::iter(&order.plan.files).map(|wanted| file(order, setup, sides, wanted));
    let mut work = work.buffer_unordered(setup.jobs);
    let (mut came, mut rows) = (Vec::new(), Vec::new());
    while let Some(arrived) = work.next().await {
        for done in &arrived.done {
            let of_file = rows::of(order, &sides[done.number], arrived.wanted, done);
            for row in &of_file {
                setup.observer.finished(row);
            }
            rows.extend(of_file);
        }
        came.push(arrived);
    }
    (came, rows)
}

/// What came of a file: in each destination, and of its signature.
struct Arrived<'a> {
    wanted: &'a Wanted,
    done: Vec<Done>,
    signatures: Vec<(usize, Signature)>,
}

/// Brings a file to the destinations that lack it, and its signature to all.
async fn file<'a>(
    order: &Order<'_>,
    setup: &Setup<'_>,
    sides: &[Side<'_>],
    wanted: &'a Wanted,
) -> Arrived<'a> {
    let (mut done, mut lacking) = (Vec::new(), Vec::new());
    for side in sides {
        match side.need(order, wanted) {
            Needs::Settled(settled) => done.push(settled),
            Needs::Lacking(of_side) => lacking.push(of_side),
        }
    }
    if setup.is_dry_run {
        done.extend(lacking.iter().map(|one| Done::of(one.number, Outcome::Planned(one.reason()))));
        return Arrived { wanted, done, signatures: Vec::new() };
    }
    if setup.stop.gently.is_cancelled() {
        done.extend(lacking.iter().map(|one| Done::of(one.number, Outcome::Unfinished(setup.stop.cause()))));
    } else if !lacking.is_empty() {
        done.extend(Box::pin(transfer::bring(order, setup, wanted, lacking)).await);
    }
    let mut signatures = Vec::new();
    for one in done.iter_mut().filter(|done| matches!(done.outcome, Outcome::Kept | Outcome::Copied(_))) {
        let side = &sides[one.number];
        let is_replaced = matches!(one.outcome, Outcome::Copied(Reason::Differs));
        match signature::bring(order, setup, wanted, (side, is_replaced)).await {
            Ok(Signature::Stopped) => one.outcome = Outcome::Unfinished(setup.stop.cause()),
            Ok(signature) => signatures.push((one.number, signature)),
            Err(error) => one.outcome = transfer::failed(error),
        }
    }
    Arrived { wanted, done, signatures }
}
