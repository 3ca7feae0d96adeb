//! Settings become destinations.

use super::refused::NothingAttempted;
use crate::cli::settings::{Connection, Destinations};
use crate::objects::{Address, Bucket, BucketSettings, Directory, Store};

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

/// Where a destination begins on its server, as far as its address says so.
pub(super) fn root(settings: &Destinations) -> String {
    let prefix = settings.addresses.iter().find_map(|address| match address {
        Address::Bucket { prefix, .. } => prefix.as_ref(),
        Address::Directory(_) => None,
    });
    prefix.map(ToString::to_string).unwrap_or_default()
}
