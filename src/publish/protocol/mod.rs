//! The steps of a publication, from what is there to what is to be there.
//!
//! 0. `prepare`: the image, its number, what is known of it.
//! 1. and 2. `look`: whether the tag and the image are new; everything up to here reads only.
//! 3. `steps`: uploads, has it certified, waits for the public registry.
//! 6. `floating`: the tags that customers use, one after the other.

mod account;
mod certify;
mod floating;
mod foresee;
mod look;
mod order;
mod prepare;
mod rollback;
mod steps;

use std::sync::Arc;

pub use order::{Latest, Login, Means, Order, Project, Resume, Until};
pub use prepare::next_number;
pub use rollback::{Rollback, roll_back};

use account::Account;
pub use account::outcome_of;

use crate::error::Classify as _;
use crate::model::Row;
use crate::objects::{Directory, Store};
use crate::publish::Fault;
use crate::publish::fault::Refused;
use crate::publish::journal::Folders;
use crate::registry::counted;
use crate::state::{Lock, LockError};

/// What became of a publication.
#[derive(Debug, Clone)]
pub struct Published {
    /// A row for each tag that it was about.
    pub rows: Vec<Row>,
    /// Why it ended before it was done; none: it is done, or nothing was to be done.
    pub fault: Option<Arc<Fault>>,
    /// What was, or would be, done, a line each.
    pub said: Vec<String>,
    /// Whether anything was begun, rather than only looked at.
    pub has_begun: bool,
}

/// Publishes `order`. The same order again goes on where it ended.
pub async fn publish(order: &Order, means: &Means) -> Published {
    let target = means.site.uploaded(&order.version.tag());
    let account = Account::new((&order.product, &order.version), order.source.clone(), target);
    whole(means, order.is_dry_run, account, async |account| steps::run(order, means, account).await).await
}

/// Does `work` under the project's lock, and makes rows of what became of it.
async fn whole(
    means: &Means,
    is_dry_run: bool,
    mut account: Account,
    work: impl AsyncFnOnce(&mut Account) -> Result<(), Fault>,
) -> Published {
    let locked = async {
        let lock = locked(means, is_dry_run).await?;
        let ended = until_stopped(means, lock.as_ref(), work(&mut account)).await;
        release(lock).await;
        ended
    };
    let (ended, requests) = counted(Box::pin(locked)).await;
    let fault = ended.err().map(Arc::new);
    if let Some(fault) = &fault {
        account.met(fault);
    }
    let (said, has_begun) = (account.said(), account.has_begun());
    Published { rows: account.rows(requests), fault, said, has_begun }
}

/// Runs `work` until it ends, is asked to stop at once, or the lock is somebody else's.
async fn until_stopped(
    means: &Means,
    lock: Option<&Lock>,
    work: impl Future<Output = Result<(), Fault>>,
) -> Result<(), Fault> {
    let lost = async {
        match lock {
            Some(lock) => lock.lost().await,
            None => std::future::pending().await,
        }
    };
    tokio::select! {
        biased;
        () = means.stop.now.cancelled() => Err(Fault::Stopped(means.stop.cause())),
        () = lost => Err(Refused::Other {
            what: "another run has taken the project's lock".to_owned(),
            advice: "find out why this run was not heard of for an hour; run it again once the other has ended".to_owned(),
        }.into()),
        ended = work => ended,
    }
}

/// Takes the lock of the project: one publication at a time. A dry run needs none.
async fn locked(means: &Means, is_dry_run: bool) -> Result<Option<Lock>, Fault> {
    let Some(state_dir) = means.state_dir.as_ref().filter(|_| !is_dry_run) else { return Ok(None) };
    let folder = Folders::new(state_dir).of(&means.site.upload);
    let store = Store::Directory(Directory::new(folder));
    match Lock::take(&store, &means.host, &means.run).await {
        Ok(lock) => Ok(Some(lock)),
        Err(error @ (LockError::Held(_) | LockError::Contended)) => {
            let advice = error.advice().unwrap_or_default();
            let what = format!("another run publishes to {}: {error}", means.site.upload);
            Err(Refused::Other { what, advice }.into())
        }
        Err(LockError::State(error)) => {
            Err(Fault::Untold(crate::error::Failure::new(crate::error::Stage::Read, error)))
        }
    }
}

async fn release(lock: Option<Lock>) {
    let Some(lock) = lock else { return };
    if let Err(error) = lock.release().await {
        tracing::warn!("the project stays locked for an hour: {}", crate::error::Chain(&error));
    }
}
