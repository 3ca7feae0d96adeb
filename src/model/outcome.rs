//! What became of an entry: rows, and the sums of what went over the wire.

use std::error::Error;
use std::fmt;
use std::ops::{Add, AddAssign};
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::desired::{Endpoint, LayoutRef, Origin};
use super::digest::Digest;
use super::guard::Rule;
use super::reference::{ImageRef, Tag};
use crate::error::{Chain, Class, Failure};

/// Names one end of a row.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Locator {
    /// An image of a registry.
    Image(ImageRef),
    /// An image of a layout directory.
    Layout(LayoutRef),
    /// A file or directory.
    Path(PathBuf),
    /// As written, with logins masked: for a line that does not parse.
    Text(Arc<str>),
}

impl fmt::Display for Locator {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Image(image) => image.fmt(f),
            Self::Layout(layout) => layout.fmt(f),
            Self::Path(path) => path.display().fmt(f),
            Self::Text(text) => f.write_str(text),
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

const REFERRERS: &str = "referrers are missing at the target";

/// Why a target is (or would be) written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Reason {
    /// The target does not exist.
    Absent,
    /// The target is something else.
    Differs,
    /// The pull credential may not see the target; the push credential will tell.
    Unknown,
    /// `--force`.
    Forced,
    /// The target is right, but something that refers to it is not there.
    Referrers,
    /// The target is a tag that was kept for as long as it was to be: it is deleted, not written.
    Expired,
}

impl fmt::Display for Reason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Absent => "absent at the target",
            Self::Differs => "differs from the source",
            Self::Unknown => "not readable at the target",
            Self::Forced => "forced",
            Self::Referrers => REFERRERS,
            Self::Expired => "old enough to be deleted",
        })
    }
}

/// What was done to a target whose tag was right.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Update {
    /// Missing content was sent again.
    Repaired,
    /// Signatures and the like that were attached to the source later were copied.
    Referrers,
}

impl fmt::Display for Update {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Repaired => "repaired",
            Self::Referrers => REFERRERS,
        })
    }
}

/// Why nothing was done for an entry although nothing failed.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Skip {
    /// A wildcard that matches no tag.
    MatchedNothing,
    /// The source does not exist and `--skip-missing` was given.
    SourceMissing,
    /// The ImageStream has the tag, and no image under it: nothing was imported or pushed yet, or its import failed of
    /// this, on one line.
    NoImage(Option<Arc<str>>),
    /// The configuration says to leave the source alone, and why, on one line.
    Ignored(Option<Arc<str>>),
    /// `--filter-by-os` matches no platform of the source.
    FilteredOut,
    /// A tag that was to be deleted was not there any more.
    Gone,
    /// The name of a tag has a date that is in no calendar, so that its age is not known.
    NoSuchDate,
    /// While it was copied someone else made the target what the source is now.
    Overtaken,
    /// The source was made a shorter while ago than it must have been.
    TooYoung {
        /// How long it must have been.
        least: Duration,
        /// The rule that asks for it.
        rule: Option<Arc<Rule>>,
    },
}

impl fmt::Display for Skip {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::MatchedNothing => f.write_str("matched nothing"),
            Self::SourceMissing => f.write_str("the source does not exist"),
            Self::NoImage(None) => f.write_str("the tag has no image yet"),
            Self::NoImage(Some(why)) => write!(f, "the tag has no image: its import failed: {why}"),
            Self::Ignored(None) => f.write_str("ignored"),
            Self::Ignored(Some(why)) => write!(f, "ignored: {why}"),
            Self::FilteredOut => f.write_str("no platform matches the filter"),
            Self::Gone => f.write_str("the tag was gone already"),
            Self::NoSuchDate => f.write_str("its name has a date that is in no calendar"),
            Self::Overtaken => f.write_str("someone else made it what the source is now"),
            Self::TooYoung { least, .. } => {
                write!(f, "the source is younger than {}", humantime::format_duration(*least))
            }
        }
    }
}

/// Why a guard said no.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Refusal {
    /// Nothing may be written there.
    Forbidden,
    /// The target exists.
    Exists,
    /// The target is not what it had to be.
    Moved {
        /// What it had to be; none: absent.
        expected: Option<Digest>,
        /// What it is; none: absent.
        found: Option<Digest>,
    },
    /// The further tag that the image was to get names another one.
    Taken {
        /// The tag.
        tag: Tag,
        /// What it is.
        found: Digest,
    },
    /// The further tag that the image was to get could be none.
    NoTag(Arc<str>),
    /// The source does not say when it was made.
    AgeUnknown,
    /// More tags would be deleted than one run may delete.
    TooMany {
        /// How many are old enough to be deleted.
        expired: usize,
        /// How many there are in all.
        tags: usize,
        /// The flag that sets the bound, with its value.
        bound: Arc<str>,
    },
    /// As within, and this rule asked for it.
    ByRule(Arc<Rule>, Box<Refusal>),
}

impl Refusal {
    /// Why, whoever asked for it.
    #[must_use]
    pub fn reason(&self) -> &Self {
        match self {
            Self::ByRule(_, refusal) => refusal.reason(),
            plain => plain,
        }
    }

    /// The rule that asked for it.
    #[must_use]
    pub fn rule(&self) -> Option<&Rule> {
        match self {
            Self::ByRule(rule, _) => Some(rule),
            _ => None,
        }
    }
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let name = |digest: &Option<Digest>| digest.as_ref().map_or("absent".to_owned(), ToString::to_string);
        match self {
            Self::Forbidden => f.write_str("the target is in no place that is allowed"),
            Self::Exists => f.write_str("the target exists"),
            Self::Moved { expected, found } => write!(
                f,
                "the target was moved by someone else: expected {}, found {}",
                name(expected),
                name(found)
            ),
            Self::Taken { tag, found } => write!(f, "the tag to keep it by, {tag}, is {found}"),
            Self::NoTag(text) => write!(f, "the tag to keep it by would be no tag: {text}"),
            Self::AgeUnknown => f.write_str("the source does not say when it was made"),
            Self::TooMany { expired, tags, bound } => write!(
                f,
                "{expired} of {tags} tags are old enough to be deleted, which is more than `{bound}` allows"
            ),
            Self::ByRule(rule, refusal) => write!(f, "by {rule}: {refusal}"),
        }
    }
}

/// Why an entry was not finished; it is safe to run again.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Cause {
    /// The deadline of the run was reached.
    Deadline,
    /// A signal asked the run to stop.
    Interrupted,
    /// Its source moved on while the run went on, and the target is somebody's who may know.
    SourceMoved,
    /// The lease by which this instance may write ended; another may have it.
    Withheld,
    /// A host never gave an answer in this run.
    Unreachable {
        /// The host.
        host: Arc<str>,
        /// The last error, as one line.
        error: Arc<str>,
    },
}

impl Cause {
    /// The cause of a failure that came about because its host never answered in this run. Many entries
    /// share it, so it does not say what was asked for, nor the host twice.
    #[must_use]
    pub fn of_silence(failure: &Failure) -> Option<Self> {
        let host = Arc::clone(failure.unreached.as_ref()?);
        let asked: &(dyn Error + 'static) = failure.cause();
        let beneath = asked.source().and_then(Error::source).unwrap_or(asked);
        Some(Self::Unreachable { host, error: Chain(beneath).to_string().into() })
    }
}

impl fmt::Display for Cause {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Deadline => f.write_str("the deadline was reached"),
            Self::Interrupted => f.write_str("the run was interrupted"),
            Self::SourceMoved => f.write_str("the source moved on meanwhile"),
            Self::Withheld => f.write_str("this instance may not write any more: its lease ended"),
            Self::Unreachable { host, error } => write!(f, "{host} never answered: {error}"),
        }
    }
}

/// What became of an entry.
#[derive(Debug, Clone)]
pub enum Outcome {
    /// It was as desired.
    Kept,
    /// It was written and is now as desired.
    Copied(Reason),
    /// It would be written, or deleted (dry run).
    Planned(Reason),
    /// The tag was right; something below it was changed.
    Updated(Update),
    /// It was removed.
    Deleted,
    /// Nothing was to be done.
    Skipped(Skip),
    /// A guard said no.
    Refused(Refusal),
    /// It could not be done.
    Failed(Failure),
    /// We did not get to the end of it.
    Unfinished(Cause),
}

impl Outcome {
    /// What a failure comes to: a host that never answered, and a right to write that ended, leave things unfinished
    /// rather than failed.
    #[must_use]
    pub fn of_failure(failure: Failure) -> Self {
        if failure.class == Class::Interrupted {
            return Self::Unfinished(Cause::Withheld);
        }
        Cause::of_silence(&failure).map_or_else(|| Self::Failed(failure), Self::Unfinished)
    }

    /// The rule of an operator that decided.
    #[must_use]
    pub fn rule(&self) -> Option<&Rule> {
        match self {
            Self::Refused(refusal) => refusal.rule(),
            Self::Skipped(Skip::TooYoung { rule, .. }) => rule.as_deref(),
            _ => None,
        }
    }

    /// The outcome as one word of the report format.
    #[must_use]
    pub fn word(&self) -> &'static str {
        match self {
            Self::Kept => "kept",
            Self::Copied(_) => "copied",
            Self::Planned(_) => "planned",
            Self::Updated(_) => "updated",
            Self::Deleted => "deleted",
            Self::Skipped(_) => "skipped",
            Self::Refused(_) => "refused",
            Self::Failed(_) => "failed",
            Self::Unfinished(_) => "unfinished",
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
    /// What it cost.
    pub moved: Moved,
    /// How many times the operation that decided was tried.
    pub attempts: u32,
    /// How long it took, waiting included.
    pub elapsed: Duration,
}

impl Row {
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
            moved: Moved::default(),
            attempts,
            elapsed: Duration::ZERO,
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
