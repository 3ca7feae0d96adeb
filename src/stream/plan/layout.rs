//! Layouts: where files belong below the root of a destination.

use std::fmt;
use std::str::FromStr;
use std::sync::Arc;

use super::key_aliases::KeyAliases;
use super::rename::{ReleaseVersion, VersionError};
use super::template::{Placeholder, Template, TemplateError};
use crate::error::{Class, Classify};

/// The names of the layouts that need no template.
const PRESETS: &str = "`build`, `prerelease`, `release` and `flat`";
const BUILD: &str = "{arch}/dependencies/rhcos/{ocp}/{release}/{name}";
const PRERELEASE: &str = "{arch}/dependencies/rhcos/pre-release/{ocp}/{release}/{name}";
const FLAT: &str = "{name}";

/// Where files belong, and what else is with them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Layout {
    template: Template,
    version: Option<ReleaseVersion>,
    has_directories: bool,
    is_immutable: bool,
}

/// A layout and what it cannot find in a stream.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LayoutSettings {
    /// The layout.
    pub layout: Layout,
    /// The version of OpenShift; none: guessed of what the stream calls itself, where the layout needs it.
    pub ocp: Option<Ocp>,
    /// Whether each directory has a list of sums and a mark of completion in a flat layout too.
    pub sums: bool,
    /// What the server of the destination reads elsewhere.
    pub key_aliases: KeyAliases,
}

/// A minor version of OpenShift: `4.16`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Ocp(Arc<str>);

/// A text that is no layout, or one that is not complete.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum LayoutError {
    /// No template.
    #[error(transparent)]
    Template(#[from] TemplateError),
    /// No version.
    #[error(transparent)]
    Version(#[from] VersionError),
    /// The layout has the version in its names.
    #[error("the layout `release` needs a version, such as 4.19.0")]
    NoVersion,
    /// Only one layout has a version.
    #[error("only the layout `release` has a version")]
    ForNothing,
}

/// A text that is no minor version of OpenShift.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is no version of two numbers, such as 4.16")]
pub struct OcpError(String);

impl Classify for LayoutError {
    fn class(&self) -> Class {
        Class::Invalid
    }

    fn advice(&self) -> Option<String> {
        match self {
            Self::Template(_) => Some(format!("give one of {PRESETS}, or a template such as `{BUILD}`")),
            Self::Version(_) | Self::NoVersion => {
                Some("say which version of OpenShift it is: --version 4.19.0".to_owned())
            }
            Self::ForNothing => Some("leave --version out, or give --layout release".to_owned()),
        }
    }
}

impl Layout {
    /// The layout called `text`, or of that template.
    ///
    /// # Errors
    /// When there is none, and when `version` is missing or of no use.
    pub fn parse(text: &str, version: Option<&str>) -> Result<Self, LayoutError> {
        match (text, version) {
            ("release", Some(version)) => Self::release(version.parse()?),
            ("release", None) => Err(LayoutError::NoVersion),
            (_, Some(_)) => Err(LayoutError::ForNothing),
            ("build", None) => Self::of(BUILD, true),
            ("prerelease", None) => Self::of(PRERELEASE, true),
            ("flat", None) => Self::of(FLAT, false),
            (own, None) => Self::of(own, true),
        }
    }

    fn of(template: &str, has_directories: bool) -> Result<Self, LayoutError> {
        let template: Template = template.parse()?;
        let is_immutable = template.has(Placeholder::Release);
        Ok(Self { template, version: None, has_directories, is_immutable })
    }

    fn release(version: ReleaseVersion) -> Result<Self, LayoutError> {
        let template = format!("{{arch}}/dependencies/rhcos/{}/{{name}}", version.directory()).parse()?;
        let is_immutable = version.is_fixed();
        Ok(Self { template, version: Some(version), has_directories: true, is_immutable })
    }

    /// How it makes paths. The `{name}` of the layout `release` is the name that it gives.
    #[must_use]
    pub fn template(&self) -> &Template {
        &self.template
    }

    /// The version that is in its names.
    #[must_use]
    pub fn version(&self) -> Option<&ReleaseVersion> {
        self.version.as_ref()
    }

    /// Whether a file of it may never become another.
    pub(super) fn is_immutable(&self) -> bool {
        self.is_immutable
    }
}

impl LayoutSettings {
    /// The layout alone.
    #[must_use]
    pub fn new(layout: Layout) -> Self {
        Self { layout, ocp: None, sums: false, key_aliases: KeyAliases::default() }
    }

    /// Whether a directory has a list of sums and a mark of completion.
    pub(super) fn has_directories(&self) -> bool {
        self.sums || self.layout.has_directories
    }
}

impl Ocp {
    /// What the stream `name` seems to be of. Some streams are called by the version before.
    #[must_use]
    pub fn guessed(name: &str) -> Option<Self> {
        name.strip_prefix("rhcos-")?.parse().ok()
    }

    /// The text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for Ocp {
    type Err = OcpError;

    fn from_str(text: &str) -> Result<Self, OcpError> {
        let is_number = |text: &str| !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit());
        match text.split_once('.') {
            Some((major, minor)) if is_number(major) && is_number(minor) => Ok(Self(text.into())),
            _ => Err(OcpError(text.to_owned())),
        }
    }
}

impl fmt::Display for Ocp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_names_the_build_never_changes() {
        let is_immutable = |text: &str| Layout::parse(text, None).unwrap().is_immutable();
        assert!(is_immutable("build") && is_immutable("prerelease") && is_immutable("x/{release}/{name}"));
        assert!(!is_immutable("flat") && !is_immutable("x/{ocp}/{name}"));
        let release = |version| Layout::parse("release", Some(version)).unwrap();
        assert!(release("4.19.0-ec.0").is_immutable() && !release("dev-4.20").is_immutable());
    }

    #[test]
    fn a_version_belongs_to_one_layout_only() {
        assert_eq!(Layout::parse("release", None), Err(LayoutError::NoVersion));
        assert_eq!(Layout::parse("build", Some("4.19.0")), Err(LayoutError::ForNothing));
        assert!(matches!(Layout::parse("release", Some("4/19")), Err(LayoutError::Version(_))));
        let error = Layout::parse("biuld", None).unwrap_err();
        assert!(error.advice().unwrap().contains("`prerelease`"), "{error}");
    }

    #[test]
    fn a_minor_version_is_two_numbers() {
        assert_eq!(Ocp::guessed("rhcos-4.21").unwrap().as_str(), "4.21");
        for name in [
            "stable",
            "4.21",
            "rhcos-4",
            "rhcos-4.21.1",
            "rhcos-4.x",
            "rhcos-4.21-rc",
            "xrhcos-4.21",
            "rhcos-.1",
        ] {
            assert_eq!(Ocp::guessed(name), None, "{name}");
        }
        assert!("4.21/..".parse::<Ocp>().is_err());
    }
}
