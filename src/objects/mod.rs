//! Where files are stored under keys: a directory, or a bucket of an S3-compatible store.
//!
//! A [`Store`] lists, reads, writes and deletes. What it takes in large goes through [`Receiving`], which
//! hashes on the way and lets nothing be seen under its key before the digest was right. It does not decide what belongs
//! where.

mod address;
mod bucket;
mod directory;
mod error;
mod kind;
mod receiving;
mod taken;

use std::fmt;
use std::path::Path;
use std::time::SystemTime;

use bytes::Bytes;

pub use address::{Address, AddressError};
pub use bucket::{Bucket, BucketSettings};
pub use directory::Directory;
pub use error::{Error, Kind as ErrorKind, Refused};
pub use kind::Kind;
pub use receiving::{Expected, Receiving};

use crate::model::{Digest, Key, Locator, Wire};
use directory::Partial;
use receiving::Way;

/// A destination.
#[derive(Debug, Clone)]
pub enum Store {
    /// Files of a directory, or of a file system that is mounted there.
    Directory(Directory),
    /// Objects of an S3-compatible store.
    Bucket(Bucket),
}

/// What became of a link.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Pointed {
    /// It leads there now.
    Changed,
    /// It led there before.
    Already,
    /// The destination has no links.
    NoLinks,
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
    /// Nothing; it fails otherwise. Of several that write at once, one succeeds: a directory renames with `RENAME_NOREPLACE`, or
    /// links (link(2)) where the file system cannot; a bucket is sent `If-None-Match`.
    Nothing,
    /// What was seen before; it fails otherwise.
    Only(Stamp),
}

impl Store {
    /// The directory itself, if it is one.
    #[must_use]
    pub fn root(&self) -> Option<&Path> {
        match self {
            Self::Directory(directory) => Some(directory.root()),
            Self::Bucket(_) => None,
        }
    }

    /// What everything is below in its bucket.
    #[must_use]
    pub fn prefix(&self) -> Option<&Key> {
        match self {
            Self::Directory(_) => None,
            Self::Bucket(bucket) => bucket.prefix(),
        }
    }

    /// Where a key is, for reports.
    #[must_use]
    pub fn locator(&self, key: &Key) -> Locator {
        match self {
            Self::Directory(directory) => Locator::Path(directory.path(key)),
            Self::Bucket(bucket) => Locator::Object(bucket.address(Some(key)).into()),
        }
    }

    /// Whether it is a bucket: no links, no folders, and whatever is read or copied goes over a wire.
    #[must_use]
    pub fn is_bucket(&self) -> bool {
        matches!(self, Self::Bucket(_))
    }

    /// What no other destination is called, on this machine.
    #[must_use]
    pub fn identity(&self) -> String {
        match self {
            Self::Directory(directory) => {
                let root = directory.root();
                std::path::absolute(root).unwrap_or_else(|_| root.to_path_buf()).display().to_string()
            }
            Self::Bucket(bucket) => bucket.identity(),
        }
    }

    /// What it cost on the wire so far; nothing for a directory.
    #[must_use]
    pub fn wire(&self) -> Wire {
        match self {
            Self::Directory(_) => Wire::default(),
            Self::Bucket(bucket) => bucket.wire(),
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
            Self::Bucket(bucket) => bucket.list(folder).await,
        }
    }

    /// What is under `key`, if anything is.
    ///
    /// # Errors
    /// When that cannot be told.
    pub async fn look(&self, key: &Key) -> Result<Option<Object>, Error> {
        match self {
            Self::Directory(directory) => directory.look(key).await,
            Self::Bucket(bucket) => bucket.look(key).await,
        }
    }

    /// The whole content of a small file, and what it is recognised by.
    ///
    /// # Errors
    /// When it cannot be read or has more than `limit` bytes.
    pub async fn read(&self, key: &Key, limit: u64) -> Result<Option<(Bytes, Stamp)>, Error> {
        match self {
            Self::Directory(directory) => directory.read(key, limit).await,
            Self::Bucket(bucket) => bucket.read(key, limit).await,
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
            Self::Bucket(bucket) => bucket.sha256(&object.key).await,
        }
    }

    /// Stores a small file, whole or not at all. `kind` says how it is served.
    ///
    /// # Errors
    /// [`ErrorKind::Changed`] when there is something that `over` does not allow; otherwise when it cannot be stored.
    pub async fn write(&self, key: &Key, content: Bytes, kind: Kind, over: &Over) -> Result<Stamp, Error> {
        match self {
            Self::Directory(directory) => directory.write(key, content, over).await,
            Self::Bucket(bucket) => bucket.write(key, content, kind, over).await,
        }
    }

    /// Deletes what is under `key`. What is not there is deleted already.
    ///
    /// # Errors
    /// When it cannot be deleted.
    pub async fn delete(&self, key: &Key) -> Result<(), Error> {
        match self {
            Self::Directory(directory) => directory.delete(key).await,
            Self::Bucket(bucket) => bucket.delete(key).await,
        }
    }

    /// Begins to receive a file, or goes on with what an earlier run kept of it. While somebody else of this program
    /// receives the same digest, it waits.
    ///
    /// # Errors
    /// When nothing can be kept, or it cannot be told what is.
    pub async fn receive(&self, key: &Key, expected: &Expected) -> Result<Receiving, Error> {
        let way = match self {
            Self::Directory(directory) => {
                Way::Directory(Box::new(Partial::open(directory, key, expected).await?))
            }
            Self::Bucket(bucket) => Way::Bucket(Box::new(bucket.receive(key, expected).await?)),
        };
        Ok(Receiving::new(way))
    }

    /// Stores under `to` what is under `from`, without a way through this machine: a directory gives the file a second
    /// name where it can, a bucket copies the object. `expected.sha256` is what `from` is known to be.
    ///
    /// # Errors
    /// [`ErrorKind::Changed`] when there is something that may not be replaced, [`ErrorKind::Unknown`] when the bucket
    /// does not know what it has, [`ErrorKind::Digest`] when that is something else; otherwise when it cannot be copied.
    pub async fn copy(&self, from: &Key, to: &Key, expected: &Expected) -> Result<Stamp, Error> {
        match self {
            Self::Directory(directory) => directory.copy(from, to, expected).await,
            Self::Bucket(bucket) => bucket.copy(from, to, expected).await,
        }
    }

    /// Lets the symbolic link `link` lead to `to`, from one moment to the next.
    ///
    /// # Errors
    /// [`ErrorKind::NotALink`] when something else is there; otherwise when it cannot be written.
    pub async fn point(&self, link: &Key, to: &Key) -> Result<Pointed, Error> {
        match self {
            Self::Directory(directory) => directory.point(link, to).await,
            Self::Bucket(_) => Ok(Pointed::NoLinks),
        }
    }

    /// What the symbolic link `link` leads to; none: it is no link, or leads out of the destination.
    ///
    /// # Errors
    /// When that cannot be told.
    pub async fn pointed(&self, link: &Key) -> Result<Option<Key>, Error> {
        match self {
            Self::Directory(directory) => directory.pointed(link).await,
            Self::Bucket(_) => Ok(None),
        }
    }

    /// Moves a folder away, with all that is in it, to `into`, where nothing may be. False: it was not there, or
    /// the destination has no folders, and files are to be deleted one by one.
    ///
    /// # Errors
    /// When it cannot be moved.
    pub async fn trash(&self, folder: &Key, into: &Key) -> Result<bool, Error> {
        match self {
            Self::Directory(directory) => directory.trash(folder, into).await,
            Self::Bucket(_) => Ok(false),
        }
    }

    /// Whether runs that were killed may have left uploads behind, which nobody sees who only lists what is there.
    ///
    /// # Errors
    /// When that cannot be told.
    pub async fn has_leftovers(&self) -> Result<bool, Error> {
        match self {
            Self::Directory(_) => Ok(false),
            Self::Bucket(bucket) => bucket.has_leftovers().await,
        }
    }

    /// Removes what runs that were killed left behind: in a directory whatever was last written to before `before`; in a bucket
    /// every open upload of ours that nobody can go on with, and the others if they were last noted before `before`. To be called
    /// while nobody receives. Says how much that was.
    ///
    /// # Errors
    /// When something of it is left.
    pub async fn clear_leftovers(&self, before: SystemTime) -> Result<u64, Error> {
        match self {
            Self::Directory(directory) => directory.clear_leftovers(before).await,
            Self::Bucket(bucket) => bucket.clear_leftovers(before).await,
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
            Self::Bucket(bucket) => f.write_str(&bucket.address(None)),
        }
    }
}
