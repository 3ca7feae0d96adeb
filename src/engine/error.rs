//! What can go wrong with an entry that no adapter knows of.

use crate::error::{Class, Classify};
use crate::model::{Digest, Endpoint};

/// A failure of the engine's own rules.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The source does not exist.
    #[error("{0} does not exist")]
    SourceMissing(Endpoint),
    /// The source's manifest was there a moment ago.
    #[error("{source_ref} named {digest}, which its registry does not have (any more)")]
    SourceVanished {
        /// The source.
        source_ref: Endpoint,
        /// What it named.
        digest: Digest,
    },
    /// The registry took a manifest and says that it is another one.
    #[error("{target} was written as {expected}, but the registry answers {answered}")]
    OtherDigest {
        /// The target.
        target: Endpoint,
        /// What was sent.
        expected: Digest,
        /// What the registry says.
        answered: String,
    },
    /// The registry has what was written, and its name names something else already.
    #[error("{target} was written as {written}, and someone else made it {found} meanwhile")]
    MovedMeanwhile {
        /// The target.
        target: Endpoint,
        /// What was written.
        written: Digest,
        /// What it names now.
        found: String,
    },
    /// The target's registry does not have what its tag names, which was to be kept under another tag.
    #[error("{target} names {digest}, which its registry does not have, so it cannot be kept")]
    OutgoingMissing {
        /// The target.
        target: Endpoint,
        /// What it names.
        digest: Digest,
    },
    /// The registry took a manifest, and did not keep it.
    #[error(
        "{target} was written as {expected}, but the registry does not have that, and the tag is {found}"
    )]
    Unwritten {
        /// The target.
        target: Endpoint,
        /// What was sent.
        expected: Digest,
        /// What there is instead, in words.
        found: String,
    },
    /// The source index names children that the source does not have, and the target wants them.
    #[error(
        "the source index names {} that the source does not have, and the target refuses such an index",
        list(.0)
    )]
    Sparse(Vec<Digest>),
    /// An index gives a size that its child does not have.
    #[error("the source index says that {digest} has {expected} bytes, and it has {found}")]
    Size {
        /// The child.
        digest: Digest,
        /// What the index says.
        expected: u64,
        /// What it is.
        found: u64,
    },
    /// So much refers to one image that nobody could tell it from a list without end.
    #[error("more than {0} manifests belong to the image: children, and what refers to it or to those")]
    TooManyReferrers(usize),
    /// What refers to an image is referred to by something, and so on, too often.
    #[error("what refers to the image is referred to in turn, more than {0} times over")]
    ReferrersTooDeep(usize),
    /// Indexes within indexes, and so on.
    #[error("the source image has indexes within indexes, more than {0} deep")]
    TooDeep(usize),
    /// More manifests than an image has.
    #[error("the source image is made of more than {0} manifests")]
    TooMany(usize),
    /// The part of the program that worked on the entry broke down.
    #[error("internal error: the work on this entry broke down")]
    Broken(#[source] tokio::task::JoinError),
    /// An index could not be filtered.
    #[error("the source index cannot be filtered by platform")]
    Filter(#[source] serde_json::Error),
}

fn list(digests: &[Digest]) -> String {
    digests.iter().map(Digest::as_str).collect::<Vec<_>>().join(", ")
}

impl Classify for Error {
    fn class(&self) -> Class {
        match self {
            Self::SourceMissing(_)
            | Self::SourceVanished { .. }
            | Self::OutgoingMissing { .. }
            | Self::Sparse(_) => Class::Missing,
            Self::OtherDigest { .. } | Self::Size { .. } => Class::Corrupt,
            Self::MovedMeanwhile { .. } => Class::Transient,
            Self::Unwritten { .. }
            | Self::Broken(_)
            | Self::Filter(_)
            | Self::TooDeep(_)
            | Self::TooMany(_)
            | Self::TooManyReferrers(_)
            | Self::ReferrersTooDeep(_) => Class::Protocol,
        }
    }

    fn advice(&self) -> Option<String> {
        Some(match self {
            Self::SourceMissing(source) => format!(
                "check the spelling of `{source}` and that the build that pushes it still runs; \
                 if it is gone for good, remove the line"
            ),
            Self::SourceVanished { .. } => {
                "run again; if it stays so, the source registry has lost content: \
                 push the image there once more"
                    .to_owned()
            }
            Self::OutgoingMissing { .. } => {
                "the tag was left as it is: if what it names is lost for good, remove the tag by hand, then run again"
                    .to_owned()
            }
            Self::OtherDigest { .. } => {
                "the target registry changes manifests as they are pushed (conversion, \
                 scanning, signing?): turn that off for this repository"
                    .to_owned()
            }
            Self::MovedMeanwhile { .. } => {
                "see who else writes this tag (another run of the same line, a person); run again to compare anew"
                    .to_owned()
            }
            Self::Unwritten { .. } => {
                "the target registry accepts manifests and does not store them (read-only, or something \
                 else answers in its place?): ask its operator"
                    .to_owned()
            }
            Self::Sparse(_) => {
                "push the missing platforms to the source, or mirror only those that are there \
                 with `--filter-by-os`"
                    .to_owned()
            }
            Self::Size { .. } => {
                "push the source image once more: no client could pull this child".to_owned()
            }
            Self::TooManyReferrers(_) | Self::ReferrersTooDeep(_) => {
                "delete what nobody needs of it at the source, or mirror this line without `--referrers`"
                    .to_owned()
            }
            Self::TooDeep(_) | Self::TooMany(_) => {
                "this is not what images are like: look at what was pushed to the source".to_owned()
            }
            Self::Broken(_) => "run again; if it stays so, report it with the log".to_owned(),
            Self::Filter(_) => "push the source image once more".to_owned(),
        })
    }
}
