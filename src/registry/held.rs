//! Blobs that are in memory, because somebody made them here.

use bytes::Bytes;
use futures_util::future::BoxFuture;
use futures_util::{FutureExt as _, StreamExt as _, stream};

use super::blobs::BlobSource;
use super::error::Error;
use super::limit::Permit;
use super::verified::BlobStream;
use crate::model::{Descriptor, Host};

/// A blob in memory, as a source for uploads. Bytes that are not what the descriptor says are an error when they are read, as
/// those of a registry are.
#[derive(Debug, Clone)]
pub struct HeldBlob {
    blob: Descriptor,
    bytes: Bytes,
}

impl HeldBlob {
    /// `bytes`, which `blob` names.
    #[must_use]
    pub fn new(blob: Descriptor, bytes: Bytes) -> Self {
        Self { blob, bytes }
    }
}

impl BlobSource for HeldBlob {
    fn host(&self) -> Option<&Host> {
        None
    }

    fn open(&self, _: Option<Permit>) -> BoxFuture<'_, Result<BlobStream, Error>> {
        let bytes = self.bytes.clone();
        let frames = stream::once(async { Ok(bytes) }).boxed();
        async move { Ok(BlobStream::verified(frames, &self.blob)) }.boxed()
    }
}
