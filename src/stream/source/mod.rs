//! Where files come from: web servers (`http:`, `https:`) and the file system (`file:`, a path). Both are read in one way.

mod disk;

use std::io;
use std::path::{Path, PathBuf};

use bytes::Bytes;
use url::Url;

use crate::error::Class;
use crate::model::{Digest, Locator};
use crate::reading;
use crate::redact::{SafeUrl, mask_logins};
use crate::registry::{Client, Error, FileFault, FileStream, Frame, Start};

use disk::DiskStream;

/// No stream file is larger.
pub const LARGEST_STREAM_FILE: u64 = 16 << 20;
/// No list of sums is larger.
pub const LARGEST_SUMS: u64 = 16 << 20;
/// No detached signature is larger.
const LARGEST_SIGNATURE: u64 = 64 << 10;

/// A small file of this machine, named by its user: no pipe, no device.
///
/// # Errors
/// When it cannot be read as a whole.
pub fn read_local(path: &Path) -> io::Result<Vec<u8>> {
    reading::plain(path)
}

/// Where a file is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Source {
    /// On a web server.
    Web(Url),
    /// In the file system.
    Disk(PathBuf),
}

/// A file that is being read, from wherever it is.
#[derive(Debug)]
pub enum Incoming {
    /// From a web server.
    Web(Box<FileStream>),
    /// From the file system.
    Disk(DiskStream),
}

impl Source {
    /// What somebody typed: an address, or a path.
    ///
    /// # Errors
    /// When it is an address of a kind that is not read.
    pub fn parse(text: &str) -> Result<Self, Error> {
        if !text.starts_with("file:") && !text.contains("://") {
            return Ok(Self::Disk(text.into()));
        }
        let url = Url::parse(text).map_err(|error| unfit(&mask_logins(text), error.into()))?;
        Self::of(&url)
    }

    /// The file at an address.
    ///
    /// # Errors
    /// When it is of a kind that is not read.
    pub fn of(url: &Url) -> Result<Self, Error> {
        let shown = SafeUrl::new(url.clone()).to_string();
        match url.scheme() {
            "http" | "https" => Ok(Self::Web(url.clone())),
            "file" => {
                url.to_file_path().map(Self::Disk).map_err(|()| unfit(&shown, "it names no file here".into()))
            }
            _ => Err(unfit(&shown, "files are read from http, https and file".into())),
        }
    }

    /// For reports.
    #[must_use]
    pub fn locator(&self) -> Locator {
        match self {
            Self::Web(url) => Locator::Url(SafeUrl::new(url.clone())),
            Self::Disk(path) => Locator::Path(path.clone()),
        }
    }

    /// Opens it, behind the bytes that are there already. [`Incoming::offset`] says where it does begin.
    ///
    /// # Errors
    /// When it cannot be read.
    pub async fn open(&self, client: &Client, start: Start) -> Result<Incoming, Error> {
        match self {
            Self::Web(url) => Ok(Incoming::Web(Box::new(client.download(url, start).await?))),
            Self::Disk(path) => Ok(Incoming::Disk(DiskStream::open(path, start.offset).await?)),
        }
    }

    /// All of it, if it has no more than `limit` bytes and is no page of HTML.
    ///
    /// # Errors
    /// When it cannot be read, is larger, or a page.
    pub async fn read_small(&self, client: &Client, limit: u64) -> Result<Bytes, Error> {
        match self {
            Self::Web(url) => client.read_file(url, limit).await,
            Self::Disk(path) => disk::read_small(path, limit).await,
        }
    }

    /// The detached signature that it is: some bytes, and few.
    ///
    /// # Errors
    /// As [`Source::read_small`], and when it is empty.
    pub async fn read_signature(&self, client: &Client) -> Result<Bytes, Error> {
        let signature = self.read_small(client, LARGEST_SIGNATURE).await?;
        if signature.is_empty() {
            let operation = format!("reading the signature {}", self.locator());
            return Err(Error::local(operation, Class::Corrupt, FileFault::Empty.into()));
        }
        Ok(signature)
    }
}

impl Incoming {
    /// Where the next bytes belong: 0 at first, if they do not follow on what is there.
    #[must_use]
    pub fn offset(&self) -> u64 {
        match self {
            Self::Web(stream) => stream.offset(),
            Self::Disk(stream) => stream.offset(),
        }
    }

    /// How many bytes the file has, where that is told.
    #[must_use]
    pub fn size(&self) -> Option<u64> {
        match self {
            Self::Web(stream) => stream.size(),
            Self::Disk(stream) => Some(stream.size()),
        }
    }

    /// By what a server will know whether it still has the same file, for [`Start`].
    #[must_use]
    pub fn validator(&self) -> Option<&str> {
        match self {
            Self::Web(stream) => stream.validator(),
            Self::Disk(_) => None,
        }
    }

    /// What comes next; none: that was all of it.
    ///
    /// # Errors
    /// When it cannot be read to its end.
    pub async fn next(&mut self) -> Result<Option<Frame>, Error> {
        match self {
            Self::Web(stream) => stream.next().await,
            Self::Disk(stream) => stream.next().await,
        }
    }

    /// The error that it is, if all of it has another digest. From a web server it is worth another try as a whole.
    #[must_use]
    pub fn differs(&self, expected: &Digest, found: Digest) -> Error {
        match self {
            Self::Web(stream) => stream.differs(expected, found),
            Self::Disk(stream) => stream.differs(expected, found),
        }
    }
}

fn unfit(shown: &str, cause: Box<dyn std::error::Error + Send + Sync>) -> Error {
    Error::local(format!("reading {shown}"), Class::Invalid, cause)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::error::Classify as _;

    #[test]
    fn what_was_typed_is_an_address_or_a_path() {
        let disk = |path: &str| Source::Disk(path.into());
        assert_eq!(Source::parse("rhcos.json").unwrap(), disk("rhcos.json"));
        assert_eq!(Source::parse("a:b/c").unwrap(), disk("a:b/c"), "a path with a colon is no address");
        assert_eq!(Source::parse("file:///srv/a%20b").unwrap(), disk("/srv/a b"));
        assert!(matches!(Source::parse("https://m/x").unwrap(), Source::Web(_)));
        for unfit in ["ftp://m/x", "file://elsewhere/x", "https://"] {
            assert_eq!(Source::parse(unfit).unwrap_err().class(), Class::Invalid, "{unfit}");
        }
        let shown = crate::error::Chain(&Source::parse("ftp://me:s3cr3t@m/x").unwrap_err()).to_string();
        assert!(!shown.contains("s3cr3t"), "{shown}");
    }
}
