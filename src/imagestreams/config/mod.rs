//! The configuration file `_config.yaml`: what else goes to the target repository, and what comes back from it.

mod fields;
mod odd;
mod read;

use std::fmt;
use std::io;
use std::path::Path;
use std::sync::Arc;

use regex::Regex;

use super::names::Names;
use super::selection::IsTag;
use crate::error::{Class, Classify};
use crate::model::{Finding, Severity, Span};
use crate::reading;
use crate::redact::mask_logins;

/// A configuration file that holds.
#[derive(Debug, Clone, Default)]
pub struct Config {
    /// The file, named as its reader would.
    pub file: Arc<str>,
    /// `supplementalCIImages`.
    pub supplemental: Vec<Supplemental>,
    /// `artImages`.
    pub art: Vec<ArtRule>,
    /// `qciToAppCIImages`.
    pub to_cluster: Vec<ToCluster>,
    /// `ignoredSources`.
    pub ignored: Vec<Ignored>,
    /// What is odd in it; nothing of it is an error.
    pub findings: Vec<Finding>,
}

/// A source as it is written; what is not written is empty.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Written {
    /// A pull spec.
    pub image: String,
    /// The namespace of an ImageStream.
    pub namespace: String,
    /// The name of an ImageStream.
    pub name: String,
    /// The tag of an ImageStream.
    pub tag: String,
}

/// An image that goes to the target repository.
#[derive(Debug, Clone)]
pub struct Supplemental {
    /// What it is called there.
    pub target: IsTag,
    /// Where it is.
    pub source: Written,
    /// The key of the entry.
    pub place: Span,
}

/// A rule that picks tags of ImageStreams.
#[derive(Debug, Clone)]
pub struct ArtRule {
    /// Their namespace.
    pub namespace: Arc<str>,
    /// What their names match.
    pub name: Regex,
    /// What their tags match; none: any.
    pub tag: Option<Regex>,
    /// Where it is written.
    pub place: Span,
}

/// An image that goes from the target repository to the cluster.
#[derive(Debug, Clone)]
pub struct ToCluster {
    /// The tag of the ImageStream.
    pub target: IsTag,
    /// The pull spec, written or made of the target.
    pub image: String,
    /// The key of the entry.
    pub place: Span,
}

/// A source that is not mirrored.
#[derive(Debug, Clone)]
pub struct Ignored {
    /// The source.
    pub source: Written,
    /// Why.
    pub reason: Option<String>,
    /// Where it is written.
    pub place: Span,
}

/// Why there is no configuration.
#[derive(Debug, thiserror::Error)]
pub enum ConfigError {
    /// There is no such file, or it cannot be read.
    #[error("the configuration file `{file}` cannot be read")]
    Unreadable {
        /// The file.
        file: Arc<str>,
        /// Why.
        #[source]
        cause: io::Error,
    },
    /// It says something wrong: all that is wrong or odd in it.
    #[error("the configuration file holds errors")]
    Wrong(Vec<Finding>),
}

impl Written {
    /// The tag of an ImageStream that is written, whole or not: `namespace/name:tag`.
    pub(super) fn istag_text(&self) -> String {
        format!("{}/{}:{}", self.namespace, self.name, self.tag)
    }

    /// The tag of an ImageStream that is the source, unless an image is.
    #[must_use]
    pub fn istag(&self) -> Option<IsTag> {
        let Self { image, namespace, name, tag } = self;
        let part = |text: &String| Arc::<str>::from(text.as_str());
        let istag = IsTag { namespace: part(namespace), name: part(name), tag: part(tag) };
        image.is_empty().then_some(istag)
    }
}

impl ArtRule {
    /// Whether it picks the tag, if there is one.
    #[must_use]
    pub fn finds(&self, istag: &IsTag) -> bool {
        let finds_tag = self.tag.as_ref().is_none_or(|tag| tag.is_match(&istag.tag));
        self.namespace == istag.namespace && self.name.is_match(&istag.name) && finds_tag
    }
}

impl ToCluster {
    /// Its source as one that may be ignored.
    pub(super) fn source(&self) -> Written {
        Written { image: self.image.clone(), ..Written::default() }
    }
}

/// As it is shown: the image, else the tag.
impl fmt::Display for Written {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.image.is_empty() {
            f.write_str(&self.istag_text())
        } else {
            f.write_str(&mask_logins(&self.image))
        }
    }
}

impl From<&IsTag> for Written {
    fn from(istag: &IsTag) -> Self {
        let IsTag { namespace, name, tag } = istag;
        let [namespace, name, tag] = [namespace, name, tag].map(ToString::to_string);
        Self { image: String::new(), namespace, name, tag }
    }
}

impl Classify for ConfigError {
    fn class(&self) -> Class {
        match self {
            Self::Unreadable { cause, .. } => Class::of_file(cause),
            Self::Wrong(_) => Class::Invalid,
        }
    }
}

impl Config {
    /// The configuration that the plain file at `path` holds.
    ///
    /// # Errors
    /// When it cannot be read, or anything in it is wrong.
    pub fn load(path: &Path, names: &Names) -> Result<Self, ConfigError> {
        let file: Arc<str> = path.display().to_string().into();
        let bytes = reading::plain(path)
            .map_err(|cause| ConfigError::Unreadable { file: Arc::clone(&file), cause })?;
        let Ok(text) = std::str::from_utf8(&bytes) else {
            let finding = Finding::about(&file, Severity::Error, read::CODE, "this is not UTF-8 text");
            return Err(ConfigError::Wrong(vec![finding.hint("unpack it first if it is compressed")]));
        };
        Self::read(&file, text, names).map_err(ConfigError::Wrong)
    }

    /// The configuration that `text` holds.
    ///
    /// # Errors
    /// Everything that is wrong with it, and what is odd, in the order of its lines.
    pub fn read(file: &Arc<str>, text: &str, names: &Names) -> Result<Self, Vec<Finding>> {
        read::read(file, text, names)
    }
}
