//! Where files are stored under keys: a directory, or a bucket of an S3-compatible store.
//!
//! A [`Store`] lists, reads, writes and deletes. What it takes in large goes through [`Receiving`], which
//! hashes on the way and lets nothing be seen under its key before the digest was right. It does not decide what belongs
//! where.

mod directory;
mod error;
mod kind;

use std::fmt;
use std::time::SystemTime;

use bytes::Bytes;

pub use directory::Directory;
pub use error::{Error, Kind as ErrorKind};
pub use kind::Kind;

use crate::model::{Digest, Key, Locator};

/// A destination.
#[derive(Debug, Clone)]
pub enum Store {
    /// Files of a directory, or of a file system that is mounted there.
    Directory(Directory),
}

/// What is stored under a key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Object {
    /// The key.
    pub key: Key,
    /// How many bytes there are.
    pub size: u64,
    /// When it was stored.
    pub modified: SystemTime,
    /// What it is recognised by.
    pub stamp: Stamp,
}

/// What becomes another whenever a file is written anew: the time and the number of a file, the `ETag` of an object. It says
/// nothing about the content.
#[derive(Debug, Clone, PartialEq, Eq, Hash, serde::Serialize, serde::Deserialize)]
#[serde(transparent)]
pub struct Stamp(String);

/// What a write may find under its key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Over {
    /// Whatever there is.
    Anything,
    /// Nothing; it fails otherwise.
    Nothing,
    /// What was seen before; it fails otherwise.
    Only(Stamp),
}

impl Store {
    /// Where a key is, for reports.
    #[must_use]
    pub fn locator(&self, key: &Key) -> Locator {
        match self {
            Self::Directory(directory) => Locator::Path(directory.path(key)),
        }
    }

    /// Everything below `folder` (none: below the root), sorted by key, without what we keep for ourselves.
    /// A folder of our own is listed too, if it is asked for. A folder that is not there is empty.
    ///
    /// # Errors
    /// When any of it cannot be listed.
    pub async fn list(&self, folder: Option<&Key>) -> Result<Vec<Object>, Error> {
        match self {
            Self::Directory(directory) => directory.list(folder).await,
        }
    }

    /// What is under `key`, if anything is.
    ///
    /// # Errors
    /// When that cannot be told.
    pub async fn look(&self, key: &Key) -> Result<Option<Object>, Error> {
        match self {
            Self::Directory(directory) => directory.look(key).await,
        }
    }

    /// The whole content of a small file, and what it is recognised by.
    ///
    /// # Errors
    /// When it cannot be read or has more than `limit` bytes.
    pub async fn read(&self, key: &Key, limit: u64) -> Result<Option<(Bytes, Stamp)>, Error> {
        match self {
            Self::Directory(directory) => directory.read(key, limit).await,
        }
    }

    /// The digest of what is under a key, as far as the store knows it or can find it out by itself: a file is
    /// read and hashed, an object says what was noted when it was stored. None: nobody knows.
    ///
    /// # Errors
    /// When that cannot be told.
    pub async fn sha256(&self, object: &Object) -> Result<Option<Digest>, Error> {
        match self {
            Self::Directory(directory) => directory.sha256(object).await.map(Some),
        }
    }

    /// Stores a small file, whole or not at all. `kind` says how it is served.
    ///
    /// # Errors
    /// [`ErrorKind::Changed`] when there is something that `over` does not allow; otherwise when it cannot be stored.
    pub async fn write(&self, key: &Key, content: Bytes, kind: Kind, over: &Over) -> Result<Stamp, Error> {
        let _ = kind;
        match self {
            Self::Directory(directory) => directory.write(key, content, over).await,
        }
    }

    /// Deletes what is under `key`. What is not there is deleted already.
    ///
    /// # Errors
    /// When it cannot be deleted.
    pub async fn delete(&self, key: &Key) -> Result<(), Error> {
        match self {
            Self::Directory(directory) => directory.delete(key).await,
        }
    }
}

impl Stamp {
    /// A stamp that an adapter made.
    fn new(text: impl Into<String>) -> Self {
        Self(text.into())
    }
}

impl fmt::Display for Store {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Directory(directory) => directory.root().display().fmt(f),
        }
    }
}
