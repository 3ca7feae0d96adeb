//! Why there is no payload for all architectures.

use std::sync::Arc;

use crate::error::{Class, Classify};
use crate::nightly::Arch;
use crate::nightly::publish::{BASE, NameError};

/// Why there is no payload for all architectures.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// It has no name.
    #[error(transparent)]
    Name(#[from] NameError),
    /// The image that release images are made from is not there.
    #[error(
        "the payload for all architectures has no `{BASE}` for {arch}, from which its release image is made"
    )]
    NoBase {
        /// For this one.
        arch: Arch,
    },
    /// The newest nightly says nothing of when it was made.
    #[error(
        "the ImageStream {stream} has the tag `{tag}`, which is no nightly of the form `…-multi-YYYY-MM-DD-HHMMSS`"
    )]
    NoTime {
        /// The ImageStream.
        stream: Arc<str>,
        /// The tag.
        tag: String,
    },
}

impl Classify for Error {
    fn class(&self) -> Class {
        match self {
            Self::Name(_) | Self::NoTime { .. } => Class::Invalid,
            Self::NoBase { .. } => Class::Missing,
        }
    }

    fn advice(&self) -> Option<String> {
        Some(match self {
            Self::Name(error) => return error.advice(),
            Self::NoBase { .. } => {
                format!("add the image of the tag `{BASE}` for that architecture, or see why it was left out")
            }
            Self::NoTime { stream, tag } => {
                let (namespace, name) = stream.split_once('/').unwrap_or_default();
                format!(
                    "see who made the tag; if nobody needs it, `oc delete -n {namespace} istag {name}:{tag}`"
                )
            }
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn how_a_tag_that_is_no_nightly_is_deleted_can_be_typed_as_it_stands() {
        let error = Error::NoTime { stream: "ocp-multi/4.19-art-latest-multi".into(), tag: "odd".to_owned() };
        let advice = error.advice().unwrap();
        assert!(advice.contains("`oc delete -n ocp-multi istag 4.19-art-latest-multi:odd`"), "{advice}");
    }
}
