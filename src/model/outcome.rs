//! What became of an entry, and why.

use std::error::Error;
use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use super::digest::Digest;
use super::guard::Rule;
use super::reference::Tag;
use crate::error::{Chain, Class, Failure};

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
    /// The target is a directory of a build that nothing pinned for long enough: it is deleted.
    Orphan,
    /// The target is a directory of a build that nothing pins since now: it is marked.
    Stray,
    /// The target is a directory that was marked, and is kept after all: its mark is taken away.
    Reclaimed,
}

impl Reason {
    /// Whether something is copied for it, rather than deleted or marked.
    #[must_use]
    pub fn copies(self) -> bool {
        match self {
            Self::Absent | Self::Differs | Self::Unknown | Self::Forced | Self::Referrers => true,
            Self::Expired | Self::Orphan | Self::Stray | Self::Reclaimed => false,
        }
    }
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
            Self::Orphan => "nothing pins it any more",
            Self::Stray => "nothing pins it since now",
            Self::Reclaimed => "it is kept after all",
        })
    }
}

/// What was done to a target that was there, and right or not quite.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Update {
    /// Missing content was sent again.
    Repaired,
    /// Signatures and the like that were attached to the source later were copied.
    Referrers,
    /// An ImageStream got the tags that it is to have.
    ImageStream,
    /// A tag came and went, for whoever watches its ImageStream to look at it again.
    Retriggered,
    /// A directory was noted as one that nothing pins.
    Marked,
    /// A directory is not noted any more as one that nothing pins.
    Unmarked,
}

impl fmt::Display for Update {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Repaired => "repaired",
            Self::Referrers => REFERRERS,
            Self::ImageStream => "the ImageStream was changed",
            Self::Retriggered => "whoever watches it was made to look again",
            Self::Marked => "it was marked, since nothing pins it",
            Self::Unmarked => "its mark was taken away: it is kept after all",
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
    /// Somebody locked the ImageStream.
    Locked,
    /// It is no directory of a build, as far as can be told, and was left alone.
    NoRelease,
    /// A build is pinned, and not in the mirror.
    Unmirrored,
    /// Customers get the same content already.
    SameContent,
    /// It is left for the next run, as was asked for.
    Deferred(Arc<str>),
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
            Self::Locked => f.write_str("the ImageStream is locked"),
            Self::NoRelease => f.write_str("it is no directory of a build that is known"),
            Self::Unmirrored => f.write_str("it is pinned and not mirrored"),
            Self::Deferred(why) => write!(f, "left for the next run: {why}"),
            Self::SameContent => f.write_str("customers get the same content already"),
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
    /// There is something else, which must not change any more.
    Differs,
    /// What is there is newer.
    Newer,
    /// A guard of a publication says no.
    Guarded {
        /// Why.
        why: Arc<str>,
        /// What to do about it.
        advice: Arc<str>,
    },
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
            Self::Differs => f.write_str("there is something else, which must not change"),
            Self::Newer => f.write_str("what is there is newer"),
            Self::Guarded { why, .. } => write!(f, "a guard says no: {why}"),
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
    /// It takes somebody else to finish it, who did not in time.
    TimedOut {
        /// How long they had.
        after: Duration,
        /// What was waited for.
        awaited: Arc<str>,
    },
    /// What it needs is not all there, which other rows say why.
    NotAllThere,
    /// It was not begun, for this reason.
    Deferred(Arc<str>),
    /// A host never gave an answer in this run.
    Unreachable {
        /// The host.
        host: Arc<str>,
        /// The last error, as one line.
        error: Arc<str>,
    },
    /// What was asked for could be there or not: whoever knows did not say, and this is what they said.
    Untold(Arc<str>),
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
            Self::TimedOut { after, awaited } => {
                write!(f, "timed out after {} waiting for {awaited}", humantime::format_duration(*after))
            }
            Self::NotAllThere => f.write_str("what it needs is not all there"),
            Self::Deferred(why) => write!(f, "not begun: {why}"),
            Self::Unreachable { host, error } => write!(f, "{host} never answered: {error}"),
            Self::Untold(said) => write!(f, "could not tell: {said}"),
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

    /// Whether somebody has to do something about it, and not only run again.
    #[must_use]
    pub fn is_failure(&self) -> bool {
        matches!(self, Self::Failed(_) | Self::Refused(_))
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
