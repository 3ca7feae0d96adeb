//! An upload in parts: one is sent while the next one comes in.

use bytes::Bytes;
use object_store::PutMultipartOptions;
use object_store::multipart::{MultipartStore as _, PartId};
use tokio::sync::OwnedSemaphorePermit;
use tokio::task::JoinSet;

use super::progress::Progress;
use super::{BUDGET, Bucket, attributes, stamp};
use crate::model::{Hasher, Key};
use crate::objects::{Error, ErrorKind, Expected, Over, Stamp};

/// Of a part, unless there would be too many.
const PART: usize = 5 << 20;
/// Stores take no more.
const MOST_PARTS: u64 = 10_000;
/// After so many more bytes of parts it is noted how far it got.
const NOTED_AFTER: usize = 64 << 20;

/// How many bytes each part of an object has; none: it is too large for any.
pub(super) fn part_size(size: Option<u64>) -> Option<usize> {
    let least = usize::try_from(size.unwrap_or_default().div_ceil(MOST_PARTS)).ok()?;
    let whole = least.next_multiple_of(1 << 20).max(PART);
    (whole <= BUDGET).then_some(whole)
}

/// An upload, from the first whole part on.
pub(super) struct Parts {
    bucket: Bucket,
    key: Key,
    expected: Expected,
    noted_as: Key,
    size: usize,
    upload: Option<String>,
    /// Those that are whole and stored.
    done: Vec<String>,
    /// The hash of those.
    done_hash: Hasher,
    /// How many of them were noted.
    noted: usize,
    sending: JoinSet<Result<PartId, object_store::Error>>,
    /// The hash of everything up to the one that is being sent.
    sending_hash: Hasher,
}

impl Parts {
    /// Goes on with what is noted, if that can be, and aborts it otherwise.
    pub(super) async fn open(
        bucket: &Bucket,
        key: &Key,
        expected: &Expected,
    ) -> Result<(Self, Option<String>), Error> {
        let failed = |kind| bucket.error("receiving", Some(key), kind);
        let size = part_size(expected.size)
            .ok_or_else(|| failed(ErrorKind::TooLarge(BUDGET as u64 * MOST_PARTS)))?;
        let noted_as = Progress::key_of(&expected.sha256).map_err(|error| failed(ErrorKind::Key(error)))?;
        let mut parts = Self {
            bucket: bucket.clone(),
            key: key.clone(),
            expected: expected.clone(),
            noted_as,
            size,
            upload: None,
            done: Vec::new(),
            done_hash: Hasher::sha256(),
            noted: 0,
            sending: JoinSet::new(),
            sending_hash: Hasher::sha256(),
        };
        let validator = parts.take_up().await?;
        Ok((parts, validator))
    }

    async fn take_up(&mut self) -> Result<Option<String>, Error> {
        let Some(progress) = Progress::read(&self.bucket, &self.noted_as).await? else { return Ok(None) };
        let usable = progress.key == self.key.as_str() && progress.part_size == self.size;
        let hasher = progress.hasher().filter(|_| usable && !progress.parts.is_empty());
        let kept = progress.upload.as_deref().filter(|_| hasher.is_some());
        let is_open = match progress.key() {
            Some(key) => self.bucket.abort_all_but(&key, kept).await?.1,
            None => false,
        };
        let Some(hasher) = hasher.filter(|_| is_open) else {
            self.bucket.delete(&self.noted_as).await?;
            return Ok(None);
        };
        (self.upload, self.done, self.done_hash) = (progress.upload, progress.parts, hasher);
        self.noted = self.done.len();
        Ok(progress.validator)
    }

    pub(super) fn size(&self) -> usize {
        self.size
    }

    /// Whether anything was sent to the store.
    pub(super) fn is_begun(&self) -> bool {
        self.upload.is_some()
    }

    /// How many bytes are stored in whole parts.
    pub(super) fn done(&self) -> u64 {
        (self.done.len() * self.size) as u64
    }

    /// The hash of those.
    pub(super) fn done_hash(&self) -> &Hasher {
        &self.done_hash
    }

    /// Sends a whole part, once the one before it is stored. `hash` is of everything up to its end.
    pub(super) async fn send(
        &mut self,
        block: Bytes,
        permit: OwnedSemaphorePermit,
        hash: &Hasher,
        validator: Option<&str>,
    ) -> Result<(), Error> {
        if self.upload.is_none() {
            self.begin(validator).await?;
        }
        self.settle().await?;
        if (self.done.len() - self.noted) * self.size >= NOTED_AFTER {
            self.note(validator).await?;
        }
        self.spawn(block, permit)?;
        self.sending_hash = hash.clone();
        Ok(())
    }

    async fn begin(&mut self, validator: Option<&str>) -> Result<(), Error> {
        self.note(validator).await?;
        let attributes = attributes(&self.key, &self.expected);
        let options = PutMultipartOptions { attributes, ..PutMultipartOptions::default() };
        let begun = self.bucket.s3().create_multipart_opts(&self.bucket.path(&self.key)?, options).await;
        self.upload = Some(begun.map_err(|error| self.failed(&error))?);
        self.note(validator).await
    }

    fn spawn(&mut self, block: Bytes, permit: OwnedSemaphorePermit) -> Result<(), Error> {
        let number = self.done.len();
        if number as u64 >= MOST_PARTS {
            let most = MOST_PARTS * self.size as u64;
            return Err(self.bucket.error("receiving", Some(&self.key), ErrorKind::TooLarge(most)));
        }
        let (bucket, path) = (self.bucket.clone(), self.bucket.path(&self.key)?);
        let upload = self.upload.clone().unwrap_or_default();
        self.sending.spawn(async move {
            let sent = bucket.s3().put_part(&path, &upload, number, block.into()).await;
            drop(permit);
            sent
        });
        Ok(())
    }

    /// Waits until the part that is being sent is stored.
    pub(super) async fn settle(&mut self) -> Result<(), Error> {
        if let Some(part) = self.sent().await? {
            self.done.push(part.content_id);
            self.done_hash = self.sending_hash.clone();
        }
        Ok(())
    }

    async fn sent(&mut self) -> Result<Option<PartId>, Error> {
        match self.sending.join_next().await {
            None => Ok(None),
            Some(Ok(sent)) => sent.map(Some).map_err(|error| self.failed(&error)),
            Some(Err(source)) => Err(self.failed(&object_store::Error::JoinError { source })),
        }
    }

    /// Notes how far it got, if it is further than what was noted.
    pub(super) async fn note_rest(&mut self, validator: Option<&str>) -> Result<(), Error> {
        if self.done.len() > self.noted { self.note(validator).await } else { Ok(()) }
    }

    async fn note(&mut self, validator: Option<&str>) -> Result<(), Error> {
        let progress = Progress {
            key: self.key.as_str().to_owned(),
            upload: self.upload.clone(),
            part_size: self.size,
            parts: self.done.clone(),
            hash: self.done_hash.state().map(hex::encode).unwrap_or_default(),
            validator: validator.map(str::to_owned),
        };
        progress.write(&self.bucket, &self.noted_as).await?;
        self.noted = self.done.len();
        Ok(())
    }

    /// Drops everything that is there.
    pub(super) async fn drop_all(&mut self) -> Result<(), Error> {
        self.sending.shutdown().await;
        if let Some(upload) = self.upload.take() {
            self.bucket.abort(&self.key, &upload).await?;
            self.bucket.delete(&self.noted_as).await?;
        }
        self.done.clear();
        (self.noted, self.done_hash) = (0, Hasher::sha256());
        Ok(())
    }

    /// Sends the last part, and makes an object of all of them. The caller has seen that they are what was expected.
    pub(super) async fn complete(
        &mut self,
        last: Bytes,
        permit: Option<OwnedSemaphorePermit>,
    ) -> Result<Stamp, Error> {
        self.settle().await?;
        let mut parts: Vec<_> = self.done.iter().cloned().map(|content_id| PartId { content_id }).collect();
        if let Some(permit) = permit {
            self.spawn(last, permit)?;
            parts.extend(self.sent().await?);
        }
        let before = self.bucket.look(&self.key).await?.map(|object| object.stamp);
        let allowed = match &self.expected.over {
            Over::Anything => true,
            Over::Nothing => before.is_none(),
            Over::Only(seen) => before.as_ref() == Some(seen),
        };
        if !allowed {
            self.drop_all().await?;
            // The store may have completed the upload of a run that was killed just then.
            let changed = || self.bucket.error("writing", Some(&self.key), ErrorKind::Changed);
            return self.is_there().await?.ok_or_else(changed);
        }
        let upload = self.upload.clone().unwrap_or_default();
        let completed =
            self.bucket.s3().complete_multipart(&self.bucket.path(&self.key)?, &upload, parts).await;
        let stamp = match completed {
            Ok(put) => stamp(put.e_tag),
            Err(error) => {
                self.completed_unheard(before.as_ref()).await?.ok_or_else(|| self.failed(&error))?
            }
        };
        // What a run that was killed had asked for just before may have been begun after we looked.
        self.bucket.abort_all_but(&self.key, None).await?;
        self.bucket.delete(&self.noted_as).await?;
        Ok(stamp)
    }

    /// Whether it was completed and only the answer was lost: then something new is there, and it is what was expected.
    async fn completed_unheard(&self, before: Option<&Stamp>) -> Result<Option<Stamp>, Error> {
        Ok(self.is_there().await?.filter(|now| Some(now) != before))
    }

    /// What is there is recognised by this, if it is what was expected.
    async fn is_there(&self) -> Result<Option<Stamp>, Error> {
        let known = self.bucket.known(&self.key).await?;
        let ours = known.filter(|known| known.sha256.as_ref() == Some(&self.expected.sha256));
        Ok(ours.map(|known| stamp(known.etag)))
    }

    fn failed(&self, error: &object_store::Error) -> Error {
        self.bucket.failed("uploading", Some(&self.key), error)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_are_larger_only_where_there_would_be_too_many() {
        assert_eq!(part_size(None), Some(PART));
        assert_eq!(part_size(Some(80 << 30)), Some(9 << 20));
        assert_eq!(part_size(Some((PART as u64) * MOST_PARTS)), Some(PART));
        assert_eq!(part_size(Some((PART as u64) * MOST_PARTS + 1)), Some(6 << 20));
        assert_eq!(part_size(Some(BUDGET as u64 * MOST_PARTS)), Some(BUDGET));
        assert_eq!(part_size(Some(BUDGET as u64 * MOST_PARTS + 1)), None);
        assert_eq!(PART % 64, 0, "a hash is noted between two of its blocks");
    }
}
