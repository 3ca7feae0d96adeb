//! Why an entry cannot be one.

use std::sync::Arc;

use crate::error::{Class, Classify};
use crate::imagestreams::selection::{IsTag, StreamName};
use crate::model::{DigestError, ReferenceError};

/// Why an entry cannot be one.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum EntryError {
    /// What the image would be called is no tag.
    #[error("it would be called `{tag}`, which is no tag")]
    NoTag {
        /// What it would be called.
        tag: Arc<str>,
    },
    /// The ImageStream would be at an address that is none.
    #[error("it would be `{image}`, which is no image")]
    NoImage {
        /// The address.
        image: Arc<str>,
        /// Why.
        #[source]
        cause: ReferenceError,
    },
    /// The source of an entry is no image.
    #[error("its source `{image}` is no image")]
    Source {
        /// As written.
        image: Arc<str>,
        /// Why.
        #[source]
        cause: ReferenceError,
    },
    /// The source of an entry is a repository.
    #[error("its source `{image}` names neither a tag nor a digest")]
    Untagged {
        /// As written.
        image: Arc<str>,
    },
    /// There is no such ImageStream.
    #[error("the ImageStream {0} does not exist")]
    NoStream(StreamName),
    /// The ImageStream has no such tag.
    #[error("the ImageStream {} has no tag `{}`", .0.stream(), .0.tag)]
    NoSuchTag(IsTag),
    /// There is no image under the tag.
    #[error("the tag {istag} has no image{}", .import_failure.as_ref().map_or(String::new(), |why| format!(": its import failed: {why}")))]
    Empty {
        /// The tag.
        istag: IsTag,
        /// What its import failed of, in the cluster's words.
        import_failure: Option<Arc<str>>,
    },
    /// What is under the tag has no digest.
    #[error("the image of the tag {istag} has no digest")]
    Malformed {
        /// The tag.
        istag: IsTag,
        /// What is wrong with what is there.
        #[source]
        cause: DigestError,
    },
    /// Nothing says where the cluster's registry is.
    #[error("the ImageStream {0} does not say at which registry it is")]
    NoRegistry(StreamName),
    /// The ImageStream does not say where an image came from.
    #[error("the tag {0} does not say where its image came from")]
    NoReference(IsTag),
    /// Other entries want something else of the same target.
    #[error("`{target}` is also wanted {}", .others.join(" and "))]
    Conflict {
        /// The target.
        target: Arc<str>,
        /// The other entries: from what, and where they are asked for.
        others: Vec<String>,
    },
    /// The target is, through other entries, the source of itself.
    #[error("its target comes back to its source{}", through(.others))]
    Loop {
        /// The other entries: from what to what, and where they are asked for.
        others: Vec<String>,
    },
}

fn through(others: &[String]) -> String {
    if others.is_empty() { String::new() } else { format!(" through {}", others.join(" and ")) }
}

impl Classify for EntryError {
    fn class(&self) -> Class {
        match self {
            Self::NoTag { .. }
            | Self::NoImage { .. }
            | Self::Source { .. }
            | Self::Untagged { .. }
            | Self::NoRegistry(_)
            | Self::NoReference(_)
            | Self::Conflict { .. }
            | Self::Loop { .. } => Class::Invalid,
            Self::NoStream(_) | Self::NoSuchTag(_) | Self::Empty { .. } => Class::Missing,
            Self::Malformed { .. } => Class::Protocol,
        }
    }

    fn advice(&self) -> Option<String> {
        let advice = match self {
            Self::NoTag { .. } => {
                "a tag has at most 128 letters, digits, `_`, `.` and `-`: give it a shorter name"
            }
            Self::NoImage { .. } => "correct the target",
            Self::Source { .. } => "correct the source",
            Self::Untagged { .. } => "name the tag that is meant",
            Self::NoStream(_) | Self::NoSuchTag(_) => "correct the name, or take it out",
            Self::Empty { .. } => "import or push an image, or take the tag out",
            Self::Malformed { .. } => "look at the status of the ImageStream",
            Self::NoRegistry(_) => "pass `--source-registry`",
            Self::NoReference(_) => "leave out `--use-image-reference`",
            Self::Conflict { .. } => "keep one of them, or give the others another name",
            Self::Loop { .. } => "each run would pass images around in a ring: take one of them out",
        };
        Some(advice.to_owned())
    }
}
