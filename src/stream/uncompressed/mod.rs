//! What a file decompresses to: its digest, found while its bytes pass by.
//!
//! A thread of its own unpacks, so that nobody waits for it but who hands it more than it can take. Memory is bounded: a
//! few frames that wait, and what the format needs, which is 64 KiB for gzip and zip, and for xz a dictionary of at most
//! 64 MiB (what `xz -9` makes; `xz` by itself makes 8 MiB). Nothing unpacked is kept, however much it is.

mod pipe;
#[cfg(test)]
mod tests;
mod zip;

use std::io::{self, BufRead};

use bytes::Bytes;
use flate2::bufread::MultiGzDecoder;
use lzma_rust2::XzReader;
use tokio::sync::mpsc;
use tokio::task::JoinHandle;

use crate::error::{Class, Classify};
use crate::model::{Digest, Hasher};

use pipe::Pipe;
pub use zip::ZipFault;

/// So many frames wait for the thread that unpacks.
const WAITING: usize = 4;
/// What unpacking xz may take, in KiB: the dictionary of `xz -9`, and what goes with it.
const XZ_KIB: u32 = (64 + 1) << 10;
const CHUNK: usize = 64 << 10;

/// How a file is compressed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Compression {
    /// gzip, in as many members as there are.
    Gzip,
    /// xz, in as many streams as there are.
    Xz,
    /// A zip archive with exactly one file in it.
    Zip,
}

/// Finds the digest of what the bytes that it is given decompress to.
#[derive(Debug)]
pub struct Inflate {
    frames: mpsc::Sender<Bytes>,
    work: JoinHandle<Result<Digest, UncompressedError>>,
}

/// Why what is in a file cannot be told.
#[derive(Debug, thiserror::Error)]
pub enum UncompressedError {
    /// It is not what its name says, or damaged.
    #[error("it does not decompress")]
    Damaged(#[source] io::Error),
    /// It takes more memory than it may have.
    #[error("to decompress it takes more memory than the 64 MiB that it may have")]
    Memory,
    /// It is no zip archive of the only kind that is read.
    #[error("it is no zip archive with exactly one file")]
    Zip(#[from] ZipFault),
    /// The thread that unpacked ended before its time.
    #[error("unpacking it was given up")]
    Stopped,
}

impl Compression {
    /// How files of a format are compressed, by the end of its name: `raw.xz`, `tar.gz`. None: they are not.
    #[must_use]
    pub fn of_format(format: &str) -> Option<Self> {
        match format.rsplit('.').next()? {
            "gz" => Some(Self::Gzip),
            "xz" => Some(Self::Xz),
            "zip" => Some(Self::Zip),
            _ => None,
        }
    }

    fn digest(self, input: impl BufRead) -> Result<Digest, UncompressedError> {
        let mut hasher = Hasher::sha256();
        let into = &mut hasher;
        match self {
            Self::Gzip => read_all(MultiGzDecoder::new(input), into).map_err(UncompressedError::Damaged),
            Self::Xz => read_all(XzReader::new_mem_limit(input, true, XZ_KIB), into).map_err(xz_error),
            Self::Zip => zip::only_file(input, into),
        }?;
        Ok(hasher.finish())
    }
}

fn xz_error(error: io::Error) -> UncompressedError {
    if error.kind() == io::ErrorKind::OutOfMemory {
        return UncompressedError::Memory;
    }
    UncompressedError::Damaged(error)
}

/// Hashes all that `unpacked` gives.
fn read_all(mut unpacked: impl io::Read, hasher: &mut Hasher) -> io::Result<()> {
    let mut chunk = vec![0; CHUNK];
    loop {
        match unpacked.read(&mut chunk) {
            Ok(0) => return Ok(()),
            Ok(read) => hasher.update(&chunk[..read]),
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
}

impl Inflate {
    /// Begins with a file that is compressed so.
    #[must_use]
    pub fn new(compression: Compression) -> Self {
        let (frames, waiting) = mpsc::channel(WAITING);
        let work = tokio::task::spawn_blocking(move || compression.digest(Pipe::new(waiting)));
        Self { frames, work }
    }

    /// The next bytes of the file. What is wrong with them is for [`Inflate::finish`] to say.
    pub async fn push(&self, frame: Bytes) {
        // Nobody takes it: something was wrong before.
        let _ = self.frames.send(frame).await;
    }

    /// The digest, now that all bytes were given.
    ///
    /// # Errors
    /// When they do not decompress.
    pub async fn finish(self) -> Result<Digest, UncompressedError> {
        drop(self.frames);
        self.work.await.unwrap_or(Err(UncompressedError::Stopped))
    }
}

impl Classify for UncompressedError {
    fn class(&self) -> Class {
        match self {
            Self::Damaged(_) | Self::Zip(_) => Class::Corrupt,
            Self::Memory => Class::Protocol,
            Self::Stopped => Class::Transient,
        }
    }

    fn advice(&self) -> Option<String> {
        match self {
            Self::Damaged(_) | Self::Zip(_) => Some(
                "the file is what its sha256 says, and still no good: tell whoever built it; without --verify-uncompressed it is \
                 taken as it is"
                    .to_owned(),
            ),
            Self::Memory => Some("without --verify-uncompressed it is taken as it is".to_owned()),
            Self::Stopped => None,
        }
    }
}
