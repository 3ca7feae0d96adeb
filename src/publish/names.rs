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
        let tag =
            Tag::parse(text).map_err(|error| VersionError::NoTag(crate::redact::visible(text), error))?;
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

    /// All tags that move, in the order in which they do; with `latest`, if it is to, behind the others.
    ///
    /// # Errors
    /// Never, since the length of a version leaves room for them.
    pub fn moving(&self, has_latest: bool) -> Result<Vec<Tag>, ReferenceError> {
        let mut tags = Vec::from(self.floating()?);
        if has_latest {
            tags.push(Tag::parse("latest")?);
        }
        Ok(tags)
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

#[cfg(test)]
mod tests {
    use super::*;

    fn version(text: &str) -> ReleaseVersion {
        ReleaseVersion::parse(text).unwrap()
    }

    // 19.18
    #[test]
    fn what_is_the_unique_tag_of_another_version_is_no_version() {
        for text in ["7.6.1-2", "7.6.0-MP1-12", "7.6.1-007"] {
            assert_eq!(ReleaseVersion::parse(text), Err(VersionError::Made(text.to_owned())));
        }
    }

    // 19.19
    #[test]
    fn what_is_no_tag_or_becomes_none_or_is_a_tag_that_customers_use_is_no_version() {
        for text in ["latest", "7.6.1-rhcc", "7.6.1-arm64", "7.6.1-amd64", "7.6.1-ppc64le", "7.6.1-s390x"] {
            assert_eq!(ReleaseVersion::parse(text), Err(VersionError::Made(text.to_owned())));
        }
        for text in ["", "a b", "-1.2", ".1", "7.6/1", "7.6:1", "7.6.1\n"] {
            assert!(matches!(ReleaseVersion::parse(text), Err(VersionError::NoTag(..))), "{text:?}");
        }
        assert!(matches!(ReleaseVersion::parse(&"1".repeat(130)), Err(VersionError::NoTag(..))));
        assert_eq!(ReleaseVersion::parse(&"1".repeat(118)), Err(VersionError::TooLong(118)));
    }

    // 19.20
    #[test]
    fn a_version_with_a_hyphen_has_its_tags_like_any_other() {
        let of = version("7.6.0-MP1");
        assert_eq!(of.unique(Number::FIRST).unwrap().as_str(), "7.6.0-MP1-1");
        let floating = of.floating().unwrap();
        assert_eq!(floating.each_ref().map(Tag::as_str), ["7.6.0-MP1", "7.6.0-MP1-rhcc"]);
    }

    #[test]
    fn the_longest_version_leaves_room_for_the_largest_number() {
        let largest = Number::parse("4294967295").unwrap();
        let longest = version(&"1".repeat(LONGEST));
        assert_eq!(longest.unique(largest).unwrap().as_str().len(), 128);
        assert!(longest.floating().is_ok());
    }

    #[test]
    fn a_number_is_one_of_the_same_version_and_nothing_else() {
        let number = |text: &str| Some(Numbered::Number(Number::parse(text).unwrap()));
        for (of, tag, expected) in [
            ("7.6.1", "7.6.1-1", number("1")),
            ("7.6.1", "7.6.1-10", number("10")),
            ("7.6.1", "7.6.1-007", number("7")),
            ("7.6.1", "7.6.1-3-arm64", number("3")),
            ("7.6.1", "7.6.1-4294967295", number("4294967295")),
            ("7.6.1", "7.6.1-4294967296", Some(Numbered::Beyond)),
            ("7.6.1", "7.6.1", None),
            ("7.6.1", "7.6.1-", None),
            ("7.6.1", "7.6.1-0", None),
            ("7.6.1", "7.6.1-rhcc", None),
            ("7.6.1", "7.6.1-beta-2", None),
            ("7.6.1", "7.6.1-3-riscv64", None),
            ("7.6.1", "7.6.10-4", None),
            ("7.6.0", "7.6.0-MP1-3", None),
            ("7.6.0-MP1", "7.6.0-MP1-3", number("3")),
        ] {
            assert_eq!(version(of).number_in(&Tag::parse(tag).unwrap()), expected, "{tag} of {of}");
        }
    }

    #[test]
    fn a_number_is_written_in_one_way() {
        for text in ["0", "01", "+1", "-1", "", " 1", "1.0", "4294967296"] {
            assert_eq!(Number::parse(text), None, "{text:?}");
        }
        assert_eq!(Number::parse("12").map(|number| number.to_string()).as_deref(), Some("12"));
    }
}
