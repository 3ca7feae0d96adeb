//! Files of the file system.

use std::io::{self, SeekFrom};
use std::path::Path;
use std::sync::Arc;

use bytes::{Bytes, BytesMut};
use tokio::fs::File;
use tokio::io::{AsyncReadExt as _, AsyncSeekExt as _};

use crate::error::Class;
use crate::model::Digest;
use crate::registry::{Error, FileFault, Frame};

/// So much is read at a time.
const CHUNK: usize = 256 << 10;

/// A file that is being read.
#[derive(Debug)]
pub struct DiskStream {
    path: Arc<Path>,
    file: File,
    offset: u64,
    size: u64,
}

impl DiskStream {
    /// Opens the plain file at `path`, behind its first `offset` bytes; from the beginning, if it is not that long.
    pub(super) async fn open(path: &Path, offset: u64) -> Result<Self, Error> {
        let (mut file, size) = plain(path).await.map_err(|error| unreadable(path, error))?;
        let offset = if offset > size { 0 } else { offset };
        file.seek(SeekFrom::Start(offset)).await.map_err(|error| unreadable(path, error))?;
        Ok(Self { path: path.into(), file, offset, size })
    }

    pub(super) fn offset(&self) -> u64 {
        self.offset
    }

    pub(super) fn size(&self) -> u64 {
        self.size
    }

    pub(super) async fn next(&mut self) -> Result<Option<Frame>, Error> {
        let mut frame = BytesMut::with_capacity(CHUNK);
        let read = self.file.read_buf(&mut frame).await.map_err(|error| unreadable(&self.path, error))?;
        self.offset += read as u64;
        Ok((read > 0).then(|| Frame::Bytes(frame.freeze())))
    }

    pub(super) fn differs(&self, expected: &Digest, found: Digest) -> Error {
        let fault = FileFault::Digest { expected: expected.clone(), found, is_page: false };
        Error::local(operation(&self.path), Class::Corrupt, fault.into())
    }
}

/// All of the plain file at `path`, if it has no more than `limit` bytes.
pub(super) async fn read_small(path: &Path, limit: u64) -> Result<Bytes, Error> {
    let read = async {
        let (file, _) = plain(path).await?;
        let mut content = Vec::new();
        file.take(limit + 1).read_to_end(&mut content).await?;
        if content.len() as u64 > limit {
            return Err(io::Error::other(format!("it has more than {limit} bytes")));
        }
        Ok(Bytes::from(content))
    };
    read.await.map_err(|error| unreadable(path, error))
}

/// A pipe or a device could keep us waiting, or never end.
async fn plain(path: &Path) -> io::Result<(File, u64)> {
    if !tokio::fs::metadata(path).await?.is_file() {
        return Err(io::Error::other("it is not a plain file"));
    }
    let file = File::open(path).await?;
    let size = file.metadata().await?.len();
    Ok((file, size))
}

fn operation(path: &Path) -> String {
    format!("reading {}", path.display())
}

fn unreadable(path: &Path, error: io::Error) -> Error {
    // What is no file, or too large, is so the next time too; an I/O error may be of the network below.
    let class = if error.kind() == io::ErrorKind::Other { Class::Invalid } else { Class::of_file(&error) };
    Error::local(operation(path), class, error.into())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::error::Classify as _;

    async fn rest(path: &Path, offset: u64) -> (u64, Vec<u8>) {
        let mut stream = DiskStream::open(path, offset).await.unwrap();
        let (begin, mut content) = (stream.offset(), Vec::new());
        while let Some(Frame::Bytes(bytes)) = stream.next().await.unwrap() {
            content.extend_from_slice(&bytes);
        }
        (begin, content)
    }

    #[tokio::test]
    async fn a_file_is_read_from_where_it_is_asked_for_and_from_its_beginning_if_it_is_shorter() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a b.img");
        std::fs::write(&path, b"0123456789").unwrap();
        assert_eq!(rest(&path, 0).await, (0, b"0123456789".to_vec()));
        assert_eq!(rest(&path, 4).await, (4, b"456789".to_vec()));
        assert_eq!(rest(&path, 10).await, (10, Vec::new()));
        assert_eq!(rest(&path, 11).await, (0, b"0123456789".to_vec()));
        assert_eq!(
            DiskStream::open(&path, 3).await.unwrap().size(),
            10,
            "the size is that of the whole file"
        );
    }

    #[tokio::test]
    async fn what_is_missing_no_file_or_too_large_is_not_read() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("x");
        let class = |error: Error| error.class();
        assert_eq!(class(DiskStream::open(&path, 0).await.unwrap_err()), Class::Missing);
        assert_eq!(class(DiskStream::open(folder.path(), 0).await.unwrap_err()), Class::Invalid);
        std::fs::write(&path, b"0123456789").unwrap();
        assert_eq!(read_small(&path, 10).await.unwrap(), "0123456789");
        assert_eq!(class(read_small(&path, 9).await.unwrap_err()), Class::Invalid);
    }
}
