//! The entries of a payload: for each architecture, once for everyone and once in private, what each tag is.

mod slice;
mod tags;

use std::sync::Arc;

pub use slice::{Asked, SliceError, slices};

use super::arch::Arch;
use super::names::Privacy;
use crate::model::{Digest, ImageRef, Repository};

/// The payload of one architecture, public or private.
#[derive(Debug, Clone)]
pub struct Slice {
    /// The architecture.
    pub arch: Arch,
    /// Whether anyone may see it.
    pub privacy: Privacy,
    /// What each tag is, in the order of the file; RHCOS comes last.
    pub entries: Vec<Entry>,
    /// Tags that the payload has and that are not in `entries`, so that its ImageStream is changed in part only.
    pub left_out: Vec<LeftOut>,
}

/// A tag of a payload.
#[derive(Debug, Clone)]
pub struct Entry {
    /// The tag.
    pub tag: Arc<str>,
    /// The part of the payload: the name of an image definition, or of an RHCOS container.
    pub component: Arc<str>,
    /// What it is.
    pub image: EntryImage,
    /// The tag whose image stands in for one that this architecture lacks.
    pub substituted_by: Option<Arc<str>>,
}

/// What a tag is.
#[derive(Debug, Clone)]
pub enum EntryImage {
    /// An image that was built and is mirrored.
    Built(BuiltImage),
    /// RHCOS, which is left where it is.
    Rhcos {
        /// By digest.
        image: ImageRef,
        /// Whether it is the primary one.
        is_primary: bool,
    },
}

/// An image that is mirrored.
#[derive(Debug, Clone)]
pub struct BuiltImage {
    /// Where its build is.
    pub source: Repository,
    /// Where it goes.
    pub target: Repository,
    /// The image.
    pub digest: Digest,
    /// The index that it is in, which is mirrored with it, and where that is.
    pub list: Option<(Repository, Digest)>,
    /// The line of the payload file that it comes from.
    pub line: u32,
}

/// A tag that is not in a payload.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LeftOut {
    /// The tag.
    pub tag: Arc<str>,
    /// The image definition.
    pub component: Arc<str>,
    /// Why.
    pub why: Why,
}

/// Why a tag is not in a payload.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Why {
    /// It is of a group of images that were built from different commits, which is permitted.
    MismatchedSiblings,
    /// It must not become public.
    Embargoed,
}

impl Entry {
    /// Whether it was built, rather than being of RHCOS.
    #[must_use]
    pub fn is_built(&self) -> bool {
        matches!(self.image, EntryImage::Built(_))
    }

    /// The image as ImageStreams name it: what is mirrored by its tag, RHCOS by its digest.
    #[must_use]
    pub fn pull_spec(&self) -> String {
        match &self.image {
            EntryImage::Built(built) => super::names::by_tag(&built.target, &built.digest)
                .map_or_else(|| self.by_digest().to_string(), |image| image.to_string()),
            EntryImage::Rhcos { image, .. } => image.to_string(),
        }
    }

    /// The image by its digest, where it is once it was mirrored.
    #[must_use]
    pub fn by_digest(&self) -> ImageRef {
        match &self.image {
            EntryImage::Built(built) => super::names::by_digest(&built.target, &built.digest),
            EntryImage::Rhcos { image, .. } => image.clone(),
        }
    }
}
