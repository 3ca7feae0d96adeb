//! Why no release image can be made of a payload.

use std::sync::Arc;

use super::release::BASE;
use crate::error::{Class, Classify};
use crate::model::ImageRef;
use crate::nightly::images::ImageError;

/// Why no release image can be made of a payload. An operator is named by its tag and, behind that, the name of its definition.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// An image cannot be read.
    #[error(transparent)]
    Image(#[from] ImageError),
    /// The image that releases are made from is not there.
    #[error("the payload has no `{BASE}`, from which the release image is made")]
    NoBase,
    /// The manifest of the base has another form than images have.
    #[error("the base {image} has a manifest that cannot be added to")]
    Base {
        /// The base.
        image: ImageRef,
        /// Why.
        #[source]
        cause: serde_json::Error,
    },
    /// The layer cannot be written.
    #[error("the layer of the release image cannot be packed")]
    Pack(#[source] std::io::Error),
    /// A manifest of an operator is not text.
    #[error("`manifests/{file}` of the operator {operator} is no UTF-8 text")]
    NoText {
        /// The operator.
        operator: Arc<str>,
        /// The file.
        file: String,
    },
    /// The references of an operator cannot be read.
    #[error("`manifests/image-references` of the operator {operator} cannot be read")]
    Unreadable {
        /// The operator.
        operator: Arc<str>,
        /// Why.
        #[source]
        cause: Box<serde_yaml::Error>,
    },
    /// The references of an operator are something else.
    #[error("`manifests/image-references` of the operator {operator} is no ImageStream, but `{kind}`")]
    NoStream {
        /// The operator.
        operator: Arc<str>,
        /// What it says it is.
        kind: String,
    },
    /// A reference to nothing.
    #[error(
        "`manifests/image-references` of the operator {operator}: the tag `{tag}` has an empty `from.name`"
    )]
    NoSource {
        /// The operator.
        operator: Arc<str>,
        /// The tag.
        tag: Arc<str>,
    },
    /// Nobody knows which tag is meant where the source stands.
    #[error(
        "`manifests/image-references` of the operator {operator}: the tags `{first}` and `{second}` have one `from.name`, {source_name}"
    )]
    Ambiguous {
        /// The operator.
        operator: Arc<str>,
        /// What both are to stand for.
        source_name: String,
        /// A tag.
        first: Arc<str>,
        /// Another one.
        second: Arc<str>,
    },
    /// A reference to what the payload has not.
    #[error(
        "the operator {operator} needs the image `{tag}` (`manifests/image-references`), which the payload lacks"
    )]
    UnknownTag {
        /// The operator.
        operator: Arc<str>,
        /// The tag.
        tag: Arc<str>,
    },
    /// The label of an image has another form.
    #[error(
        "the label `io.openshift.build.versions` of {image} says `{label}`, which is not of the form `name=1.2.3,…`: {why}"
    )]
    Versions {
        /// The image.
        image: Arc<str>,
        /// The label.
        label: String,
        /// What is wrong.
        why: &'static str,
    },
    /// A version that no image says.
    #[error(
        "`manifests/{file}` of the operator {operator} asks for the version of `{component}` (`0.0.1-snapshot-{component}`), which no image has in its label `io.openshift.build.versions`"
    )]
    UnknownVersion {
        /// The operator.
        operator: Arc<str>,
        /// The file.
        file: String,
        /// The component; empty: none is named.
        component: String,
    },
    /// A version that images say differently.
    #[error(
        "`manifests/{file}` of the operator {operator} asks for the version of `{component}`, of which images say different things: {said}"
    )]
    VersionsDiffer {
        /// The operator.
        operator: Arc<str>,
        /// The file.
        file: String,
        /// The component.
        component: String,
        /// Who says what.
        said: String,
    },
}

impl Classify for Error {
    fn class(&self) -> Class {
        match self {
            Self::Image(error) => error.class(),
            Self::NoBase | Self::UnknownTag { .. } => Class::Missing,
            Self::Base { .. } | Self::Pack(_) => Class::Protocol,
            Self::NoText { .. }
            | Self::Unreadable { .. }
            | Self::NoStream { .. }
            | Self::NoSource { .. }
            | Self::Ambiguous { .. }
            | Self::Versions { .. }
            | Self::UnknownVersion { .. }
            | Self::VersionsDiffer { .. } => Class::Invalid,
        }
    }

    fn attempts(&self) -> u32 {
        if let Self::Image(error) = self { error.attempts() } else { 1 }
    }

    fn advice(&self) -> Option<String> {
        Some(match self {
            Self::Image(error) => return error.advice(),
            Self::NoBase => format!("add the image of the tag `{BASE}` to the payload file, or see why it has no build"),
            Self::UnknownTag { tag, .. } => format!(
                "add the image of the tag `{tag}` to the payload file, or see why it has no build; nothing was written"
            ),
            Self::Base { .. } => "look at what was built as the base: it is not what images are like".to_owned(),
            Self::Pack(_) => "look at the names of the manifests of the operators".to_owned(),
            _ => "this is for whoever builds that image: correct it there and build it anew; nothing was written".to_owned(),
        })
    }

    fn unreached(&self) -> Option<&str> {
        if let Self::Image(error) = self { error.unreached() } else { None }
    }
}
