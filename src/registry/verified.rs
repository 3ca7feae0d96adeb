//! Streams of blob bytes that end without an error only if length and digest are right.
//!
//! The last frame is held back until that is known, so that whoever sends the bytes on cannot
//! complete an upload of the wrong ones.

use std::fmt;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use bytes::{Bytes, BytesMut};
use futures_util::stream::BoxStream;
use futures_util::{Stream, StreamExt, TryStreamExt as _};

use super::error::{Error, Kind};
use crate::model::{Descriptor, Digest, Hasher, Host};

/// The bytes of a blob, verified: a stream that ends without an error had the right length and digest
/// (the last frame is held back until that is known). It holds its host's permit until it is dropped.
pub struct BlobStream(BoxStream<'static, Result<Bytes, Error>>);

struct Check {
    operation: Arc<str>,
    host: Option<Host>,
    inner: BoxStream<'static, Result<Bytes, Error>>,
    expected: Digest,
    size: u64,
    found: u64,
    /// None: the stream is over.
    hasher: Option<Hasher>,
    held: Option<Bytes>,
}

impl BlobStream {
    /// Bytes that are verified already: what another `BlobStream` gave out.
    #[must_use]
    pub fn new(frames: BoxStream<'static, Result<Bytes, Error>>) -> Self {
        Self(frames)
    }

    /// Verifies `frames` against the digest and the size of `blob`.
    #[must_use]
    pub fn verified(frames: BoxStream<'static, Result<Bytes, Error>>, blob: &Descriptor) -> Self {
        Self::of_host(format!("read blob {}", blob.digest).into(), None, blob, frames)
    }

    /// All of it.
    ///
    /// # Errors
    /// When the registry ends it early, or it is not what it should be.
    pub async fn whole(self) -> Result<Bytes, Error> {
        let append = |mut all: BytesMut, frame: Bytes| async move {
            all.extend_from_slice(&frame);
            Ok(all)
        };
        self.0.try_fold(BytesMut::new(), append).await.map(BytesMut::freeze)
    }

    pub(super) fn of_host(
        operation: Arc<str>,
        host: Option<&Host>,
        blob: &Descriptor,
        inner: BoxStream<'static, Result<Bytes, Error>>,
    ) -> Self {
        let check = Check {
            operation,
            host: host.cloned(),
            inner,
            expected: blob.digest.clone(),
            size: blob.size,
            found: 0,
            hasher: Some(Hasher::like(&blob.digest)),
            held: None,
        };
        Self(Box::pin(futures_util::stream::unfold(check, async |mut check| {
            check.next().await.map(|frame| (frame, check))
        })))
    }
}

impl Check {
    async fn next(&mut self) -> Option<Result<Bytes, Error>> {
        loop {
            self.hasher.as_ref()?;
            let step = match self.inner.next().await {
                Some(Ok(frame)) => self.take(frame),
                Some(Err(error)) => Err(error),
                None => self.end().map(|()| self.held.take()),
            };
            match step {
                Ok(Some(frame)) => return Some(Ok(frame)),
                Ok(None) => {}
                Err(error) => {
                    self.hasher = None;
                    return Some(Err(error));
                }
            }
        }
    }

    /// Takes a frame in and gives out the one before it.
    fn take(&mut self, frame: Bytes) -> Result<Option<Bytes>, Error> {
        if frame.is_empty() {
            return Ok(None);
        }
        self.found += frame.len() as u64;
        if self.found > self.size {
            return Err(self.error(Kind::TooLong(self.size)));
        }
        if let Some(hasher) = &mut self.hasher {
            hasher.update(&frame);
        }
        Ok(self.held.replace(frame))
    }

    fn end(&mut self) -> Result<(), Error> {
        if self.found < self.size {
            return Err(self.error(Kind::Truncated { expected: self.size, found: self.found }));
        }
        let Some(found) = self.hasher.take().map(Hasher::finish) else { return Ok(()) };
        if found != self.expected {
            return Err(self.error(Kind::Digest { expected: self.expected.clone(), found }));
        }
        Ok(())
    }

    fn error(&self, kind: Kind) -> Error {
        Error::new(Arc::clone(&self.operation), self.host.as_ref(), kind)
    }
}

impl Stream for BlobStream {
    type Item = Result<Bytes, Error>;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        self.0.poll_next_unpin(cx)
    }
}

impl fmt::Debug for BlobStream {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("BlobStream")
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::error::{Class, Classify};

    fn read(frames: &'static [&'static str], blob: &Descriptor) -> Vec<Result<Bytes, Error>> {
        let frames = futures_util::stream::iter(frames).map(|frame| Ok(Bytes::from_static(frame.as_bytes())));
        let stream = BlobStream::verified(Box::pin(frames), blob);
        futures_util::FutureExt::now_or_never(stream.collect()).unwrap()
    }

    fn blob(bytes: &[u8], size: u64) -> Descriptor {
        let media_type = String::new();
        Descriptor { media_type, digest: Digest::of(bytes), size, urls: Vec::new(), platform: None }
    }

    #[test]
    fn right_bytes_pass_and_the_last_frame_of_wrong_ones_never_does() {
        let good = read(&["ab", "", "cd"], &blob(b"abcd", 4));
        assert_eq!(good.into_iter().collect::<Result<Vec<_>, _>>().unwrap().concat(), b"abcd");

        for (size, class) in [(4, Class::Corrupt), (5, Class::Transient), (3, Class::Corrupt)] {
            let mut bad = read(&["ab", "cd"], &blob(b"abce", size));
            assert_eq!(bad.pop().unwrap().unwrap_err().class(), class, "size {size}");
            let passed: Vec<_> = bad.into_iter().map(Result::unwrap).collect();
            assert!(passed.concat().len() < 4, "the last frame got out");
        }
    }

    #[test]
    fn an_empty_blob_is_checked_too() {
        assert!(read(&[], &blob(b"", 0)).is_empty());
        assert_eq!(read(&[], &blob(b"x", 0)).len(), 1);
    }
}
