//! Rows: an entry, what became of it and what it cost; and the sums of what went over the wire.

use std::fmt;
use std::ops::{Add, AddAssign};
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::desired::{Endpoint, LayoutRef, Origin};
use super::digest::Digest;
use super::foreseen::Foreseen;
use super::outcome::Outcome;
use super::past::Standing;
use super::reference::{ImageRef, Tag};
use crate::redact::SafeUrl;

/// Names one end of a row.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Locator {
    /// An image of a registry.
    Image(ImageRef),
    /// An image of a layout directory.
    Layout(LayoutRef),
    /// A file or directory.
    Path(PathBuf),
    /// A file of a web server.
    Url(SafeUrl),
    /// A file of a bucket: `s3://BUCKET/KEY`.
    Object(Arc<str>),
    /// As written, with logins masked: for a line that does not parse.
    Text(Arc<str>),
}

impl fmt::Display for Locator {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Image(image) => image.fmt(f),
            Self::Layout(layout) => layout.fmt(f),
            Self::Path(path) => path.display().fmt(f),
            Self::Url(url) => url.fmt(f),
            Self::Object(text) | Self::Text(text) => f.write_str(text),
        }
    }
}

impl From<Endpoint> for Locator {
    fn from(endpoint: Endpoint) -> Self {
        match endpoint {
            Endpoint::Registry(image) => Self::Image(image),
            Endpoint::Layout(layout) => Self::Layout(layout),
        }
    }
}

/// Bytes of blobs and manifests by what was done for them.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Bytes {
    /// Sent to the target.
    pub copied: u64,
    /// Linked from another repository of the target's registry.
    pub mounted: u64,
    /// Found at the target.
    pub present: u64,
}

/// What one entry cost.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Moved {
    /// Bytes by what was done for them.
    pub bytes: Bytes,
    /// Requests made for this entry (shared ones count for the entry that made them).
    pub requests: u32,
}

/// Sizes are what manifests say, which may be anything.
impl AddAssign for Bytes {
    fn add_assign(&mut self, other: Self) {
        self.copied = self.copied.saturating_add(other.copied);
        self.mounted = self.mounted.saturating_add(other.mounted);
        self.present = self.present.saturating_add(other.present);
    }
}

impl AddAssign for Moved {
    fn add_assign(&mut self, other: Self) {
        self.bytes += other.bytes;
        self.requests += other.requests;
    }
}

impl Add for Moved {
    type Output = Self;

    fn add(mut self, other: Self) -> Self {
        self += other;
        self
    }
}

/// One entry's line of the report.
#[derive(Debug, Clone)]
pub struct Row {
    /// Where it was asked for.
    pub origin: Origin,
    /// Who answers for it.
    pub owner: Option<Arc<str>>,
    /// What was to be copied.
    pub source: Locator,
    /// Where to.
    pub target: Locator,
    /// What the source is now, if it was found.
    pub digest: Option<Digest>,
    /// What the target was before, if it was anything.
    pub previous: Option<Digest>,
    /// What became of it.
    pub outcome: Outcome,
    /// Further tags of its repository by which what the target was before is kept.
    pub backups: Vec<Tag>,
    /// Further tags of its repository that the image got besides, or would get in a dry run.
    pub tags: Vec<Tag>,
    /// Why, where the outcome alone does not say it; one line.
    pub note: Option<Arc<str>>,
    /// What it cost.
    pub moved: Moved,
    /// How many times the operation that decided was tried.
    pub attempts: u32,
    /// How long it took, waiting included.
    pub elapsed: Duration,
    /// How it stands now over several runs; none: nobody keeps track.
    pub standing: Option<Standing>,
    /// What a plan knows besides; none: it is no plan, or nothing would be written.
    pub foreseen: Option<Foreseen>,
}

impl Row {
    /// Whether it is one that failed in so many runs that it is set apart.
    #[must_use]
    pub fn is_quarantined(&self) -> bool {
        self.standing.is_some_and(|standing| standing.quarantined) && self.outcome.is_failure()
    }

    /// The row of what ended with nothing moved, and nothing known of what its ends are.
    #[must_use]
    pub fn of_nothing(
        origin: Origin,
        owner: Option<Arc<str>>,
        (source, target): (Locator, Locator),
        outcome: Outcome,
    ) -> Self {
        let attempts = if let Outcome::Failed(failure) = &outcome { failure.attempts } else { 1 };
        Self {
            origin,
            owner,
            source,
            target,
            digest: None,
            previous: None,
            outcome,
            backups: Vec::new(),
            tags: Vec::new(),
            note: None,
            moved: Moved::default(),
            attempts,
            elapsed: Duration::ZERO,
            standing: None,
            foreseen: None,
        }
    }
}

/// Requests by kind; a retried request counts each time.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Requests {
    /// To token services.
    pub token: u64,
    /// HEAD.
    pub head: u64,
    /// GET.
    pub get: u64,
    /// POST.
    pub post: u64,
    /// PATCH.
    pub patch: u64,
    /// PUT.
    pub put: u64,
    /// DELETE.
    pub delete: u64,
}

impl AddAssign for Requests {
    fn add_assign(&mut self, other: Self) {
        self.token += other.token;
        self.head += other.head;
        self.get += other.get;
        self.post += other.post;
        self.patch += other.patch;
        self.put += other.put;
        self.delete += other.delete;
    }
}

/// What a run cost on the wire.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Wire {
    /// Bytes of bodies received.
    pub received: u64,
    /// Bytes of bodies sent.
    pub sent: u64,
    /// Requests by kind.
    pub requests: Requests,
}

impl AddAssign for Wire {
    fn add_assign(&mut self, other: Self) {
        self.received += other.received;
        self.sent += other.sent;
        self.requests += other.requests;
    }
}
