//! An ImageStream as far as it is needed here: its tags, and the newest image of each.

use std::sync::Arc;
use std::time::SystemTime;

use crate::error::{Class, Classify};
use crate::model::{Digest, DigestError};

use super::selection::StreamName;

/// An ImageStream.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ImageStream {
    /// Its namespace.
    pub namespace: Arc<str>,
    /// Its name.
    pub name: Arc<str>,
    /// `status.publicDockerImageRepository`: where it is read from outside the cluster, if the cluster shows its registry.
    pub public_repository: Option<Arc<str>>,
    /// `status.dockerImageRepository`: where it is read within the cluster.
    pub repository: Option<Arc<str>>,
    /// Whether it is being deleted.
    pub deleted: bool,
    /// The tags of its status, in its order.
    pub tags: Vec<StreamTag>,
    /// The tags of its specification that somebody marked as to be deleted.
    pub soft_deleted: Vec<Arc<str>>,
}

/// A tag of an ImageStream.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StreamTag {
    /// The tag.
    pub name: Arc<str>,
    /// What is under it now.
    pub newest: Newest,
    /// What its last import failed of.
    pub import_failure: Option<Arc<str>>,
}

/// The newest image of a tag.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Newest {
    /// There is none: nothing was imported or pushed yet.
    None,
    /// This one.
    Image(TagImage),
    /// The ImageStream names one by something that is no digest.
    Malformed(DigestError),
}

/// An image of a tag.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TagImage {
    /// Its digest.
    pub digest: Digest,
    /// When the tag was moved to it.
    pub created: Option<SystemTime>,
    /// `dockerImageReference`: where it came from.
    pub reference: Option<Arc<str>>,
}

/// An object that is no ImageStream.
#[derive(Debug, Clone, thiserror::Error)]
#[error("{} cannot be read", .stream.as_ref().map_or("an ImageStream".to_owned(), |name| format!("the ImageStream {name}")))]
pub struct Malformed {
    /// Which it is, as far as that could be read.
    pub stream: Option<StreamName>,
    #[source]
    cause: Arc<serde_json::Error>,
}

impl Classify for Malformed {
    fn class(&self) -> Class {
        Class::Protocol
    }
}

impl ImageStream {
    /// The ImageStream that the JSON of one object says.
    ///
    /// # Errors
    /// When it is none. A tag whose image has no proper digest is no error: it spoils only that tag.
    pub fn read(_json: &str) -> Result<Self, Malformed> {
        unimplemented!()
    }
}

/// The tags of `now` that somebody has to look at, given what was known `before`: those whose image changed and those
/// that are to be deleted; all of them where the ImageStream is new or being deleted.
#[must_use]
pub fn changed_tags(_before: Option<&ImageStream>, _now: &ImageStream) -> Vec<Arc<str>> {
    unimplemented!()
}
