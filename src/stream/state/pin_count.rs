//! How many pins there were when something was last allowed to be deleted, so that a source that shrank is noticed.

use std::time::SystemTime;

use serde::{Deserialize, Serialize};

use crate::model::{Key, KeyError};
use crate::objects::{Over, Store};
use crate::state::record::{self, StateError};
use crate::state::time;

const NAME: &str = "pins.json";

/// How many pins there were.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PinCount {
    /// Architectures and builds, each pair once.
    pub pins: usize,
    /// When.
    #[serde(with = "time")]
    pub at: SystemTime,
}

impl PinCount {
    /// The last one, if there is one.
    ///
    /// # Errors
    /// When it cannot be read.
    pub async fn read(store: &Store) -> Result<Option<Self>, StateError> {
        Ok(record::read(store, &Self::key()?).await?.map(|(count, _)| count))
    }

    /// Keeps it.
    ///
    /// # Errors
    /// When it cannot be written.
    pub async fn write(&self, store: &Store) -> Result<(), StateError> {
        record::write(store, &Self::key()?, self, &Over::Anything).await.map(drop)
    }

    fn key() -> Result<Key, KeyError> {
        Key::of_state(NAME)
    }
}
