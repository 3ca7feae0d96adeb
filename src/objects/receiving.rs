//! A file on its way into a destination.

use bytes::Bytes;

use super::bucket::Coming;
use super::directory::Partial;
use super::{Error, Kind, Over, Stamp};
use crate::model::Digest;

/// What is to be under a key in the end.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Expected {
    /// What its bytes are; by sha256.
    pub sha256: Digest,
    /// How many there are, if anybody said so.
    pub size: Option<u64>,
    /// How it is served.
    pub kind: Kind,
    /// What may be there now.
    pub over: Over,
}

/// A file that is being received. Nothing is seen under its key before [`commit`](Self::commit) said so.
///
/// When it is dropped without an ending, as when a program is killed, the next receiver of the same digest finds what was
/// written down so far.
#[derive(Debug)]
pub struct Receiving(Way);

#[derive(Debug)]
pub(super) enum Way {
    Directory(Box<Partial>),
    Bucket(Box<Coming>),
}

impl Receiving {
    pub(super) fn new(way: Way) -> Self {
        Self(way)
    }

    /// How many bytes there are already, those of an earlier run included; they are part of the digest. It may be
    /// all of them: then only [`commit`](Self::commit) is left.
    #[must_use]
    pub fn offset(&self) -> u64 {
        match &self.0 {
            Way::Directory(partial) => partial.offset(),
            Way::Bucket(coming) => coming.offset(),
        }
    }

    /// What the source recognised its content by when the bytes that are there were read, if it was told.
    #[must_use]
    pub fn validator(&self) -> Option<&str> {
        match &self.0 {
            Way::Directory(partial) => partial.validator(),
            Way::Bucket(coming) => coming.validator(),
        }
    }

    /// Says how many bytes it has, once that is known: what is small is stored in one request.
    pub fn announce(&mut self, size: Option<u64>) {
        match &mut self.0 {
            Way::Directory(partial) => partial.announce(size),
            Way::Bucket(coming) => coming.announce(size),
        }
    }

    /// Drops what is there. `validator` is of the bytes that come now.
    ///
    /// # Errors
    /// When that cannot be done.
    pub async fn restart(&mut self, validator: Option<&str>) -> Result<(), Error> {
        match &mut self.0 {
            Way::Directory(partial) => partial.restart(validator).await,
            Way::Bucket(coming) => coming.restart(validator).await,
        }
    }

    /// Takes the next bytes. After an error nothing but [`suspend`](Self::suspend) and [`discard`](Self::discard) is of use.
    ///
    /// # Errors
    /// When they cannot be written, or there are more than were expected.
    pub async fn write(&mut self, bytes: Bytes) -> Result<(), Error> {
        match &mut self.0 {
            Way::Directory(partial) => partial.write(&bytes).await,
            Way::Bucket(coming) => coming.write(&bytes).await,
        }
    }

    /// Puts the file under its key.
    ///
    /// # Errors
    /// [`ErrorKind::Digest`](super::ErrorKind::Digest) when it is not what was expected: then all of it is dropped.
    /// [`ErrorKind::Changed`](super::ErrorKind::Changed) when something is there that may not be replaced.
    pub async fn commit(self) -> Result<Stamp, Error> {
        match self.0 {
            Way::Directory(partial) => partial.commit().await,
            Way::Bucket(coming) => coming.commit().await,
        }
    }

    /// Ends it for now, and keeps for the next run what can be kept: a directory everything, a bucket whole parts.
    ///
    /// # Errors
    /// When something could not be written; what is kept is right all the same.
    pub async fn suspend(self) -> Result<(), Error> {
        match self.0 {
            Way::Directory(partial) => partial.suspend().await,
            Way::Bucket(coming) => coming.suspend().await,
        }
    }

    /// Ends it for ever.
    ///
    /// # Errors
    /// When something of it is left.
    pub async fn discard(self) -> Result<(), Error> {
        match self.0 {
            Way::Directory(partial) => partial.discard().await,
            Way::Bucket(coming) => coming.discard().await,
        }
    }
}
