//! Settings become destinations.

use std::convert::Infallible;

use super::refused::NothingAttempted;
use crate::cli::connect::this_host;
use crate::cli::report::Began;
use crate::cli::settings::{Connection, Destinations};
use crate::engine::Stop;
use crate::error::Chain;
use crate::objects::{Address, Bucket, BucketSettings, Directory, Store};
use crate::state::Lock;

/// The destinations of `settings`. No request is made yet.
pub(super) fn open(settings: &Destinations, connection: &Connection) -> Result<Vec<Store>, NothingAttempted> {
    settings.addresses.iter().map(|address| one(address, settings, connection)).collect()
}

fn one(
    address: &Address,
    settings: &Destinations,
    connection: &Connection,
) -> Result<Store, NothingAttempted> {
    let (bucket, prefix) = match address {
        Address::Directory(path) => return Ok(Store::Directory(Directory::new(path.clone()))),
        Address::Bucket { bucket, prefix } => (bucket.clone(), prefix.clone()),
    };
    let settings = BucketSettings {
        options: settings.variables.clone(),
        ca_files: connection.ca_file.iter().cloned().collect(),
        attempts: connection.attempts.get(),
        ..BucketSettings::new(bucket, prefix)
    };
    Ok(Store::Bucket(Bucket::open(&settings)?))
}

/// Takes a destination for this run; one that writes nothing needs it not.
pub(super) async fn lock(
    store: &Store,
    connection: &Connection,
    began: Began,
    is_dry_run: bool,
) -> Result<Option<Lock>, NothingAttempted> {
    if is_dry_run {
        return Ok(None);
    }
    Ok(Some(Lock::take(store, this_host(connection), &began.run()).await?))
}

/// Stops the run once somebody else has taken the destination: two must not write there.
pub(super) async fn watch(lock: Option<&Lock>, stop: &Stop) -> Infallible {
    if let Some(lock) = lock {
        lock.lost().await;
        tracing::error!("another run has taken the destination: this one gives up");
        stop.gently.cancel();
        stop.now.cancel();
    }
    std::future::pending().await
}

/// Gives it back.
pub(super) async fn release(lock: Option<Lock>) {
    let Some(lock) = lock else { return };
    if let Err(error) = lock.release().await {
        tracing::warn!("the destination stays locked for an hour: {}", Chain(&error));
    }
}

/// Where a destination begins on its server, as far as its address says so.
pub(super) fn root(settings: &Destinations) -> String {
    let prefix = settings.addresses.iter().find_map(|address| match address {
        Address::Bucket { prefix, .. } => prefix.as_ref(),
        Address::Directory(_) => None,
    });
    prefix.map(ToString::to_string).unwrap_or_default()
}
