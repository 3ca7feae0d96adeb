//! Tombstones: since when a directory is one that nothing pins, so that it goes only after it was that for long.

use std::time::SystemTime;

use serde::{Deserialize, Serialize};

use crate::model::{Key, KeyError};
use crate::objects::{Over, Store};
use crate::state::record::{self, StateError};
use crate::state::time;

const FOLDER: &str = "tombstones";

/// A directory that nothing pins.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Tombstone {
    /// Its path below the root.
    pub directory: String,
    /// When that was first seen.
    #[serde(with = "time")]
    pub since: SystemTime,
    /// The build that it held when its deletion began, for then nothing in it says so any more.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub release: Option<String>,
}

/// All tombstones of a destination.
///
/// # Errors
/// When one of them cannot be read: then nobody knows since when that directory is to go.
pub async fn tombstones(store: &Store) -> Result<Vec<Tombstone>, StateError> {
    let found = record::all(store, &Key::of_state(FOLDER)?).await?;
    Ok(found.into_iter().map(|(_, tombstone)| tombstone).collect())
}

impl Tombstone {
    /// Puts it, in place of the one that the directory may have.
    ///
    /// # Errors
    /// When it cannot be written.
    pub async fn write(&self, store: &Store) -> Result<(), StateError> {
        record::write(store, &self.key()?, self, &Over::Anything).await.map(drop)
    }

    /// Takes it away.
    ///
    /// # Errors
    /// When it cannot be deleted.
    pub async fn end(&self, store: &Store) -> Result<(), StateError> {
        Ok(store.delete(&self.key()?).await?)
    }

    fn key(&self) -> Result<Key, KeyError> {
        Key::of_state(&format!("{FOLDER}/{}.json", self.directory))
    }
}
