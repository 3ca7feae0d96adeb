//! A release image for all architectures: an index over one release image for each, made of images for all of them.
//!
//! 1. [`tags`]: whether one is due now, before anything is asked for or written; which nightlies stay. Pure.
//! 2. [`names`]: what it is called.
//! 3. `component`, `index`: an image for all architectures, either the index that was built, or a new one.
//! 4. [`make`](make()): the release image of each architecture, and the index over them.

mod component;
mod documents;
mod error;
mod index;
mod make;
pub mod names;
pub mod tags;

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::SystemTime;

use serde_json::Value;

pub use error::Error;
pub use make::{Made, Multi, make};

use super::entries::{self, EntryImage, Slice};
use super::names::by_digest;
use super::publish::readable;
use super::{Arch, Payload, Privacy};
use crate::model::{ImageRef, Row};

/// An image of one architecture, of those that are public.
#[derive(Debug, Clone)]
pub struct Entry {
    /// Which part of the payload it is, by the name of its definition.
    pub component: Arc<str>,
    /// The image by digest, where it can be read. In a dry run nothing was mirrored yet, so that is its source.
    pub image: ImageRef,
    /// By digest the index that it was built in, in the public repository; none: it was built alone.
    pub list: Option<ImageRef>,
}

/// The images of a payload: by tag, by architecture. Only what is in the public ImageStream of the architecture; nothing embargoed.
pub type Entries = BTreeMap<Arc<str>, BTreeMap<Arch, Entry>>;

/// What a payload for all architectures is made of.
#[derive(Debug)]
pub struct Input<'a> {
    /// The payload.
    pub payload: &'a Payload,
    /// Its images.
    pub entries: &'a Entries,
    /// The ImageStream that releases for all architectures are tags of, as it is; none: there is none.
    pub live: Option<&'a Value>,
    /// The annotations of what is written: which build did it, and of what.
    pub annotations: &'a BTreeMap<String, String>,
    /// The annotations of the tags of images, by tag; of those that have any.
    pub tag_annotations: &'a BTreeMap<Arc<str>, BTreeMap<String, String>>,
    /// Now.
    pub now: SystemTime,
    /// `SOURCE_DATE_EPOCH`.
    pub created: Option<SystemTime>,
}

/// The images of `slices`, of those that are public: what is private is in no payload for all architectures.
#[must_use]
pub fn entries(slices: &[Slice], is_dry_run: bool) -> Entries {
    let mut found = Entries::new();
    for slice in slices.iter().filter(|slice| slice.privacy == Privacy::Public) {
        for entry in &slice.entries {
            let made = entry_of(entry, is_dry_run);
            found.entry(Arc::clone(&entry.tag)).or_default().insert(slice.arch, made);
        }
    }
    found
}

fn entry_of(entry: &entries::Entry, is_dry_run: bool) -> Entry {
    let list = match &entry.image {
        EntryImage::Built(built) => built.list.as_ref().map(|(_, list)| by_digest(&built.target, list)),
        EntryImage::Rhcos { .. } => None,
    };
    Entry { component: Arc::clone(&entry.component), image: readable(entry, is_dry_run), list }
}

/// Whether all of `rows` ended well.
fn all_well(rows: &[Row]) -> bool {
    use crate::model::Outcome::{Copied, Kept, Planned};
    rows.iter().all(|row| matches!(row.outcome, Kept | Copied(_) | Planned(_)))
}
