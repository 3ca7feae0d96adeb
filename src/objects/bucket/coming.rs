//! An object that is being received: small ones in memory, others in parts.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use super::parts::Parts;
use super::{BUDGET, Bucket};
use crate::model::{Hasher, Key};
use crate::objects::taken::Turn;
use crate::objects::{Error, ErrorKind, Expected, Over, Stamp};

/// So long a part waits for room, then it is held beyond the [`BUDGET`].
const PATIENCE: Duration = Duration::from_secs(30);

/// An object that is being received.
pub(in super::super) struct Coming {
    bucket: Bucket,
    key: Key,
    expected: Expected,
    _turn: Turn,
    hasher: Hasher,
    offset: u64,
    validator: Option<String>,
    /// What has come and was not sent yet, and the room for it.
    block: Vec<u8>,
    permit: Option<OwnedSemaphorePermit>,
    /// None: all of it fits into the block.
    parts: Option<Parts>,
}

impl Bucket {
    pub(in super::super) async fn receive(&self, key: &Key, expected: &Expected) -> Result<Coming, Error> {
        let turn = self.0.taken.turn(&expected.sha256).await;
        let (parts, validator) = if expected.size.is_some_and(|size| size <= BUDGET as u64) {
            (None, None)
        } else {
            let (parts, validator) = Parts::open(self, key, expected).await?;
            (Some(parts), validator)
        };
        Ok(Coming {
            bucket: self.clone(),
            key: key.clone(),
            expected: expected.clone(),
            _turn: turn,
            hasher: parts.as_ref().map_or_else(Hasher::sha256, |parts| parts.done_hash().clone()),
            offset: parts.as_ref().map_or(0, Parts::done),
            validator,
            block: Vec::new(),
            permit: None,
            parts,
        })
    }
}

impl Coming {
    pub(in super::super) fn offset(&self) -> u64 {
        self.offset
    }

    pub(in super::super) fn validator(&self) -> Option<&str> {
        self.validator.as_deref()
    }

    pub(in super::super) fn announce(&mut self, size: Option<u64>) {
        self.expected.size = self.expected.size.or(size);
        let is_small = self.expected.size.is_some_and(|size| size <= BUDGET as u64);
        if is_small && self.offset == 0 && self.parts.as_ref().is_some_and(|parts| !parts.is_begun()) {
            self.parts = None;
        }
    }

    pub(in super::super) async fn restart(&mut self, validator: Option<&str>) -> Result<(), Error> {
        if let Some(parts) = &mut self.parts {
            parts.drop_all().await?;
        }
        self.block.clear();
        (self.offset, self.hasher) = (0, Hasher::sha256());
        self.validator = validator.map(str::to_owned);
        Ok(())
    }

    pub(in super::super) async fn write(&mut self, mut bytes: &[u8]) -> Result<(), Error> {
        let after = self.offset + bytes.len() as u64;
        if let Some(size) = self.expected.size.filter(|size| after > *size) {
            return Err(self.bucket.error("receiving", Some(&self.key), ErrorKind::TooLarge(size)));
        }
        while !bytes.is_empty() {
            let room = self.room().await;
            let (now, later) = bytes.split_at(bytes.len().min(room));
            self.block.extend_from_slice(now);
            self.hasher.update(now);
            self.offset += now.len() as u64;
            bytes = later;
            self.send_if_full().await?;
        }
        Ok(())
    }

    /// How much more fits into the block, once there is room for one.
    async fn room(&mut self) -> usize {
        let size = self.block_size();
        if self.permit.is_none() {
            self.permit = self.permit_for(size).await;
            self.block = Vec::with_capacity(size);
        }
        size - self.block.len()
    }

    /// Room for so many bytes. Who holds a part of another bucket meanwhile does not wait for ever: somebody who has all the
    /// room of this one may wait for that part to be sent.
    async fn permit_for(&self, size: usize) -> Option<OwnedSemaphorePermit> {
        let permits = u32::try_from(size.clamp(1, BUDGET)).unwrap_or(u32::MAX);
        // It is never closed.
        let room = Arc::clone(&self.bucket.0.budget).acquire_many_owned(permits);
        if self.parts.is_none() {
            return room.await.ok();
        }
        match tokio::time::timeout(PATIENCE, room).await {
            Ok(room) => room.ok(),
            Err(_) => Arc::new(Semaphore::new(size)).acquire_many_owned(permits).await.ok(),
        }
    }

    fn block_size(&self) -> usize {
        match &self.parts {
            Some(parts) => parts.size(),
            None => self.expected.size.and_then(|size| usize::try_from(size).ok()).unwrap_or(BUDGET),
        }
    }

    async fn send_if_full(&mut self) -> Result<(), Error> {
        let Some(parts) = self.parts.as_mut().filter(|parts| self.block.len() == parts.size()) else {
            return Ok(());
        };
        let block = Bytes::from(std::mem::take(&mut self.block));
        let Some(permit) = self.permit.take() else { return Ok(()) };
        parts.send(block, permit, &self.hasher, self.validator.as_deref()).await
    }

    pub(in super::super) async fn commit(mut self) -> Result<Stamp, Error> {
        let found = self.hasher.clone().finish();
        if found != self.expected.sha256 {
            let kind = ErrorKind::Digest { expected: self.expected.sha256.clone(), found };
            let error = self.bucket.error("receiving", Some(&self.key), kind);
            self.discard().await?;
            return Err(error);
        }
        let (block, permit) = (Bytes::from(std::mem::take(&mut self.block)), self.permit.take());
        match self.parts.as_mut().filter(|parts| parts.is_begun()) {
            None => self.put(block).await,
            Some(parts) => {
                let completed = parts.complete(block, permit).await;
                if completed.is_err() {
                    // That it failed matters more than whether it could be noted how far it got.
                    let _ = parts.note_rest(self.validator.as_deref()).await;
                }
                completed
            }
        }
    }

    async fn put(&self, block: Bytes) -> Result<Stamp, Error> {
        match self.bucket.put(&self.key, block, &self.expected).await {
            Err(error)
                if self.expected.over == Over::Nothing && matches!(error.kind(), ErrorKind::Changed) =>
            {
                // An answer may have been lost, and the second try met what the first one wrote.
                let known = self.bucket.known(&self.key).await?;
                let same = known.filter(|known| known.sha256.as_ref() == Some(&self.expected.sha256));
                same.map(|known| super::stamp(known.etag)).ok_or(error)
            }
            put => put,
        }
    }

    pub(in super::super) async fn suspend(mut self) -> Result<(), Error> {
        match &mut self.parts {
            Some(parts) => {
                let settled = parts.settle().await;
                parts.note_rest(self.validator.as_deref()).await?;
                settled
            }
            None => Ok(()),
        }
    }

    pub(in super::super) async fn discard(mut self) -> Result<(), Error> {
        match &mut self.parts {
            Some(parts) => parts.drop_all().await,
            None => Ok(()),
        }
    }
}

impl fmt::Debug for Coming {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let address = self.bucket.address(Some(&self.key));
        f.debug_struct("Coming")
            .field("address", &address)
            .field("offset", &self.offset)
            .finish_non_exhaustive()
    }
}
