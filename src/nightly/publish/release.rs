//! What a release image is made of.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::SystemTime;

use super::name::ReleaseName;
use crate::model::ImageRef;
use crate::nightly::StreamName;
use crate::nightly::entries::{Entry, EntryImage, Slice};
use crate::nightly::names::by_digest;

/// The tag of the image that a release image is made from.
pub const BASE: &str = "cluster-version-operator";

/// A release image that is to be.
#[derive(Debug, Clone)]
pub struct Release {
    /// Its name.
    pub name: ReleaseName,
    /// `release.openshift.io/architecture` in its metadata: `multi`, of a release for all of them.
    pub architecture: Option<Arc<str>>,
    /// The ImageStream that it is made from.
    pub stream: StreamName,
    /// The image that it is made from, by digest; none: that of the member [`BASE`].
    pub base: Option<ImageRef>,
    /// The images of the payload, by their tags.
    pub members: BTreeMap<Arc<str>, ReleaseMember>,
    /// Where it goes.
    pub target: ImageRef,
    /// `SOURCE_DATE_EPOCH`: all times in it; none: when its base was made.
    pub created: Option<SystemTime>,
}

/// An image of the payload.
#[derive(Debug, Clone)]
pub struct ReleaseMember {
    /// Which part of the payload it is, by the name of its definition.
    pub component: Arc<str>,
    /// The image of one architecture, by digest, where it can be read. In a dry run nothing was mirrored yet, so that is its
    /// source; the release is the same.
    pub image: ImageRef,
    /// How the release names it.
    pub pull_spec: Arc<str>,
}

/// The images of `slice` as members of a release: read where they were mirrored to, in a dry run where they come from.
#[must_use]
pub fn members(slice: &Slice, is_dry_run: bool) -> BTreeMap<Arc<str>, ReleaseMember> {
    let member = |entry: &Entry| {
        let component = Arc::clone(&entry.component);
        let pull_spec = entry.by_digest().to_string().into();
        (Arc::clone(&entry.tag), ReleaseMember { component, image: readable(entry, is_dry_run), pull_spec })
    };
    slice.entries.iter().map(member).collect()
}

/// The image of `entry` by digest, where it can be read.
pub(in crate::nightly) fn readable(entry: &Entry, is_dry_run: bool) -> ImageRef {
    match &entry.image {
        EntryImage::Built(built) if is_dry_run => by_digest(&built.source, &built.digest),
        _ => entry.by_digest(),
    }
}
