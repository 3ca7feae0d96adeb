//! Leases: a run that is bringing a build, or tried to, says so for a while, so that nothing of it is collected.

use std::time::SystemTime;

use serde::{Deserialize, Serialize};

use crate::model::{Key, KeyError};
use crate::objects::{Over, Store};
use crate::state::record::{self, StateError};
use crate::state::time;

const FOLDER: &str = "leases";

/// A build that somebody is bringing.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Lease {
    /// The architecture.
    pub arch: String,
    /// The build.
    pub release: String,
    /// Until when.
    #[serde(with = "time")]
    pub until: SystemTime,
}

/// All leases of a destination, those that ended too.
///
/// # Errors
/// When one of them cannot be read: then nobody knows what it held.
pub async fn leases(store: &Store) -> Result<Vec<Lease>, StateError> {
    let found = record::all(store, &Key::of_state(FOLDER)?).await?;
    Ok(found.into_iter().map(|(_, lease)| lease).collect())
}

impl Lease {
    /// Takes or renews it.
    ///
    /// # Errors
    /// When it cannot be written; then nothing of the build may be.
    pub async fn write(&self, store: &Store) -> Result<(), StateError> {
        record::write(store, &self.key()?, self, &Over::Anything).await.map(drop)
    }

    /// Gives it back.
    ///
    /// # Errors
    /// When it cannot be deleted; it ends by itself then.
    pub async fn end(&self, store: &Store) -> Result<(), StateError> {
        Ok(store.delete(&self.key()?).await?)
    }

    fn key(&self) -> Result<Key, KeyError> {
        Key::of_state(&format!("{FOLDER}/{}/{}.json", self.arch, self.release))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::objects::Directory;

    #[tokio::test]
    async fn a_lease_is_found_until_it_is_given_back_and_a_damaged_one_is_an_error() {
        let folder = tempfile::tempdir().unwrap();
        let store = Store::Directory(Directory::new(folder.path().into()));
        let until = humantime::parse_rfc3339("2027-01-15T08:00:00Z").unwrap();
        let lease = Lease { arch: "x86_64".into(), release: "416.94.1-0".into(), until };
        lease.write(&store).await.unwrap();
        assert_eq!(leases(&store).await.unwrap(), std::slice::from_ref(&lease));
        lease.end(&store).await.unwrap();
        assert_eq!(leases(&store).await.unwrap(), []);
        let key = lease.key().unwrap();
        store.write(&key, "{".into(), crate::objects::Kind::Mutable, &Over::Anything).await.unwrap();
        assert!(matches!(leases(&store).await, Err(StateError::Unreadable { .. })));
    }
}
