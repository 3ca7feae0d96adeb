//! Small JSON files of our own in a place that is written.

use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::error::{Class, Classify};
use crate::model::{Key, KeyError};
use crate::objects::{self, Kind, Over, Stamp, Store};

/// None of them is larger.
const LARGEST: u64 = 16 << 20;

/// Why something that we keep cannot be read or written.
#[derive(Debug, thiserror::Error)]
pub enum StateError {
    /// The place where it is kept.
    #[error(transparent)]
    Store(#[from] objects::Error),
    /// Its name would be no name of a file.
    #[error(transparent)]
    Key(#[from] KeyError),
    /// Somebody else's file lies there, or one that was damaged.
    #[error("`{key}` is not what this program keeps there")]
    Unreadable {
        /// Which.
        key: Key,
        /// What is wrong with it.
        source: serde_json::Error,
    },
}

impl Classify for StateError {
    fn class(&self) -> Class {
        match self {
            Self::Store(error) => error.class(),
            Self::Key(_) => Class::Invalid,
            Self::Unreadable { .. } => Class::Protocol,
        }
    }

    fn advice(&self) -> Option<String> {
        match self {
            Self::Store(error) => error.advice(),
            Self::Key(_) => None,
            Self::Unreadable { key, .. } => {
                Some(format!("look at what is in {key} there; if nobody needs it, delete that file"))
            }
        }
    }
}

/// The record under `key`, if there is one, and what it is recognised by.
///
/// # Errors
/// When it cannot be read.
pub async fn read<T: DeserializeOwned>(store: &Store, key: &Key) -> Result<Option<(T, Stamp)>, StateError> {
    let Some((content, stamp)) = store.read(key, LARGEST).await? else { return Ok(None) };
    match serde_json::from_slice(&content) {
        Ok(record) => Ok(Some((record, stamp))),
        Err(source) => Err(StateError::Unreadable { key: key.clone(), source }),
    }
}

/// All records below `folder`, with their keys.
///
/// # Errors
/// When one of them cannot be read.
pub async fn all<T: DeserializeOwned>(store: &Store, folder: &Key) -> Result<Vec<(Key, T)>, StateError> {
    let mut records = Vec::new();
    for object in store.list(Some(folder)).await? {
        if let Some((record, _)) = read(store, &object.key).await? {
            records.push((object.key, record));
        }
    }
    Ok(records)
}

/// Writes a record.
///
/// # Errors
/// When it cannot be written, or there is something that `over` does not allow.
pub async fn write<T: Serialize + Sync>(
    store: &Store,
    key: &Key,
    record: &T,
    over: &Over,
) -> Result<Stamp, StateError> {
    let content = serde_json::to_vec_pretty(record)
        .map_err(|source| StateError::Unreadable { key: key.clone(), source })?;
    Ok(store.write(key, content.into(), Kind::Mutable, over).await?)
}
