//! What a stream lists.

use std::fmt;
use std::sync::Arc;

use url::Url;

use crate::model::{Digest, Finding};

/// A stream: all of its artifacts, in the order of the file.
#[derive(Debug, Clone)]
pub struct Stream {
    /// The file, as the user would type it; `-` for standard input.
    pub file: Arc<str>,
    /// What it calls itself: `rhcos-4.16`. No reliable version of anything.
    pub name: Arc<str>,
    /// `metadata.last-modified`, as written.
    pub last_modified: Option<Arc<str>>,
    /// Its architectures, by the names that RPM has for them.
    pub architectures: Vec<Arc<str>>,
    /// Its platforms, also those without files.
    pub platforms: Vec<Platform>,
    /// Its files.
    pub artifacts: Vec<Artifact>,
    /// Its container images.
    pub containers: Vec<Container>,
    /// Its cloud images by what they are for, such as `aws`; they are never files.
    pub clouds: Vec<Arc<str>>,
}

/// A platform of an architecture.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Platform {
    /// The architecture: `x86_64`.
    pub arch: Arc<str>,
    /// The platform: `metal`.
    pub artifact: Arc<str>,
    /// The build that its files are of.
    pub release: Option<Arc<str>>,
}

/// Where an artifact is in a stream.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Place {
    /// The architecture: `x86_64`.
    pub arch: Arc<str>,
    /// The platform: `metal`.
    pub artifact: Arc<str>,
    /// The format: `raw.gz`.
    pub format: Arc<str>,
    /// What of it: `disk`, `kernel`, `initramfs`, `rootfs`.
    pub kind: Arc<str>,
}

/// An artifact, as it is listed.
#[derive(Debug, Clone)]
pub struct Artifact {
    /// Where it is listed.
    pub place: Place,
    /// The line of the file on which it begins.
    pub line: u32,
    /// The build that its platform is of.
    pub release: Option<Arc<str>>,
    /// The file that it is; or everything that is wrong with it, which matters to none but who wants it.
    pub file: Result<File, Vec<Finding>>,
}

/// A file that can be fetched and checked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct File {
    /// Where it is.
    pub location: Url,
    /// The decoded last segment of the path: fit to be the name of a file.
    pub name: Arc<str>,
    /// Of the bytes that are served there.
    pub sha256: Digest,
    /// Of what they decompress to, where it is told and can be understood.
    pub uncompressed: Option<Digest>,
    /// Why it is told and cannot be understood; also one of the warnings of the document.
    pub uncompressed_fault: Option<Finding>,
    /// Where its detached signature is.
    pub signature: Option<Url>,
}

/// A container image of an architecture (`images.kubevirt`).
#[derive(Debug, Clone)]
pub struct Container {
    /// The architecture.
    pub arch: Arc<str>,
    /// The line of the file on which it begins.
    pub line: u32,
    /// The build that it is of.
    pub release: Option<Arc<str>>,
    /// How it is called, usually by a tag that moves.
    pub image: Option<Arc<str>>,
    /// What it is: `REPOSITORY@sha256:…`, as written.
    pub digest_ref: Option<Arc<str>>,
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}/{}/{}", self.arch, self.artifact, self.format, self.kind)
    }
}
