//! How far an upload got, kept in the bucket for the next run.

use serde::{Deserialize, Serialize};

use super::Bucket;
use crate::model::{Digest, Hasher, Key, KeyError};
use crate::objects::{Error, ErrorKind, Kind, Over};

/// Below our own folder.
pub(super) const FOLDER: &str = "uploads";
/// 10,000 `ETags` and something around them.
const LARGEST: u64 = 4 << 20;

/// An upload that was begun, or is about to be. It is noted before it is begun, so that one that nobody noted the
/// number of is still found under its key.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Progress {
    /// Where the object is to be.
    pub(super) key: String,
    /// The number that the store gave to the upload; none: it was about to be begun.
    pub(super) upload: Option<String>,
    /// How many bytes each part has.
    pub(super) part_size: usize,
    /// What the store recognises each finished part by, in their order.
    pub(super) parts: Vec<String>,
    /// What the hash of these parts knows, in hex.
    pub(super) hash: String,
    /// What the source recognised its content by.
    pub(super) validator: Option<String>,
}

impl Progress {
    /// The hash after the noted parts.
    pub(super) fn hasher(&self) -> Option<Hasher> {
        Hasher::from_state(&hex::decode(&self.hash).ok()?)
    }

    /// The key, if it is one.
    pub(super) fn key(&self) -> Option<Key> {
        Key::parse(&self.key).ok()
    }

    pub(super) fn key_of(sha256: &Digest) -> Result<Key, KeyError> {
        Key::of_state(&format!("{FOLDER}/{}.json", sha256.hex()))
    }

    /// Whether what is noted under `key` is the upload of this content.
    pub(super) fn is_of(key: &Key, sha256: &Digest) -> bool {
        Self::key_of(sha256).is_ok_and(|own| own == *key)
    }

    /// What is noted under `key`; one that was damaged is of no use to anybody, and none.
    pub(super) async fn read(bucket: &Bucket, key: &Key) -> Result<Option<Self>, Error> {
        let content = bucket.read(key, LARGEST).await?;
        Ok(content.and_then(|(content, _)| serde_json::from_slice(&content).ok()))
    }

    pub(super) async fn write(&self, bucket: &Bucket, key: &Key) -> Result<(), Error> {
        let content = serde_json::to_vec(self)
            .map_err(|error| Error::new("noting an upload", ErrorKind::Io(error.into())))?;
        bucket.write(key, content.into(), Kind::Mutable, &Over::Anything).await.map(drop)
    }
}
