//! Versions, rebuild numbers, and the tags that they become.

use std::fmt;
use std::num::NonZeroU32;

use serde::{Deserialize, Serialize};

use crate::model::{ReferenceError, Tag};

/// The ends by which tags of one architecture were told apart.
const ARCHES: [&str; 4] = ["-amd64", "-arm64", "-ppc64le", "-s390x"];
const RHCC: &str = "-rhcc";
/// A version may be so long: a hyphen and the longest number go behind it (OCI distribution spec: a tag has at most 128).
const LONGEST: usize = 128 - 11;

/// Why a text is no version that can be published under.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum VersionError {
    /// It is no tag.
    #[error("`{0}` is no version: it must be a tag")]
    NoTag(String, #[source] ReferenceError),
    /// Its tags would be too long.
    #[error(
        "a version has at most {LONGEST} characters, so that its tags have at most 128; this one has {0}"
    )]
    TooLong(usize),
    /// It is a tag that customers use, or that a version becomes.
    #[error("`{0}` cannot be a version: it ends as tags do that are made of versions")]
    Made(String),
}

/// `7.6.1`: what a release is called by customers, and what its tags begin with.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize)]
#[serde(transparent)]
pub struct ReleaseVersion(Tag);

impl ReleaseVersion {
    /// Reads a version. `latest`, and what ends in `-rhcc`, in a number or in an architecture, is none: the unique tag of another
    /// version could be the same as its floating one, and would move.
    ///
    /// # Errors
    /// What is wrong with it.
    pub fn parse(text: &str) -> Result<Self, VersionError> {
        let tag = Tag::parse(text).map_err(|error| VersionError::NoTag(crate::redact::visible(text), error))?;
        if text.len() > LONGEST {
            return Err(VersionError::TooLong(text.len()));
        }
        let last = text.rsplit_once('-').map(|(_, last)| last);
        let is_numbered =
            last.is_some_and(|last| !last.is_empty() && last.bytes().all(|byte| byte.is_ascii_digit()));
        if text == "latest"
            || text.ends_with(RHCC)
            || is_numbered
            || ARCHES.iter().any(|arch| text.ends_with(arch))
        {
            return Err(VersionError::Made(text.to_owned()));
        }
        Ok(Self(tag))
    }

    /// As it is written.
    #[must_use]
    pub fn as_str(&self) -> &str {
        self.0.as_str()
    }

    /// As the tag of its name.
    #[must_use]
    pub fn tag(&self) -> Tag {
        self.0.clone()
    }

    /// As a version that is compared with others; none: it is not of the form X.Y.Z.
    #[must_use]
    pub fn semver(&self) -> Option<semver::Version> {
        semver::Version::parse(self.as_str()).ok()
    }

    /// `VERSION-N`: the tag that stays.
    ///
    /// # Errors
    /// Never, since the length of a version leaves room for it.
    pub fn unique(&self, number: Number) -> Result<Tag, ReferenceError> {
        Tag::parse(&format!("{self}-{number}"))
    }

    /// `VERSION` and `VERSION-rhcc`: the tags that move, in the order in which they do.
    ///
    /// # Errors
    /// Never, since the length of a version leaves room for it.
    pub fn floating(&self) -> Result<[Tag; 2], ReferenceError> {
        Ok([self.tag(), Tag::parse(&format!("{self}{RHCC}"))?])
    }

    /// The number in a tag of this version, `VERSION-N` or `VERSION-N-ARCH` of old; none: it is no such tag, or the number is 0 or
    /// beyond what a number can be.
    #[must_use]
    pub fn number_in(&self, tag: &Tag) -> Option<Numbered> {
        let rest = tag.as_str().strip_prefix(self.as_str())?.strip_prefix('-')?;
        let digits = ARCHES.iter().find_map(|arch| rest.strip_suffix(arch)).unwrap_or(rest);
        if digits.is_empty() || !digits.bytes().all(|byte| byte.is_ascii_digit()) {
            return None;
        }
        let significant = digits.trim_start_matches('0');
        match significant.parse() {
            Ok(number) => Some(Numbered::Number(Number(number))),
            Err(_) if significant.is_empty() => None,
            Err(_) => Some(Numbered::Beyond),
        }
    }
}

impl fmt::Display for ReleaseVersion {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl<'de> Deserialize<'de> for ReleaseVersion {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        Self::parse(&text).map_err(serde::de::Error::custom)
    }
}

/// A number in a tag.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Numbered {
    /// It is this.
    Number(Number),
    /// It is larger than any that we give.
    Beyond,
}

/// How many times a version was published, this time included. GA is 1.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Number(NonZeroU32);

impl Number {
    /// The first.
    pub const FIRST: Self = Self(NonZeroU32::MIN);

    /// Reads a number: decimal, from 1, without zeros before it.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let is_plain = !text.starts_with(['0', '+']);
        text.parse().ok().filter(|_| is_plain).map(Self)
    }

    /// The next one; none: there is none.
    #[must_use]
    pub fn next(self) -> Option<Self> {
        self.0.checked_add(1).map(Self)
    }
}

impl fmt::Display for Number {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}
