//! The values that only flags of `publish` take.

use std::str::FromStr;

use clap::ValueEnum;

use super::super::console::from_words;
use super::super::value::{Expected, expected};
use crate::publish::{Number, ReleaseVersion, VersionError};

/// A version that can be published under.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct VersionName(pub ReleaseVersion);

impl FromStr for VersionName {
    type Err = VersionError;

    fn from_str(text: &str) -> Result<Self, VersionError> {
        ReleaseVersion::parse(text).map(Self)
    }
}

/// A rebuild number, or `next`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NumberWord {
    /// The next one that is free.
    Next,
    /// This one.
    This(Number),
}

impl FromStr for NumberWord {
    type Err = Expected;

    fn from_str(text: &str) -> Result<Self, Expected> {
        if text == "next" {
            return Ok(Self::Next);
        }
        let number = Number::parse(text).map(Self::This);
        number.ok_or_else(|| expected("`next`, or a whole number from 1 without zeros before it"))
    }
}

/// A product of the metadata file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ProductName(pub String);

impl FromStr for ProductName {
    type Err = Expected;

    fn from_str(text: &str) -> Result<Self, Expected> {
        let fits = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_' | b'.');
        if !text.is_empty() && text.bytes().all(fits) {
            Ok(Self(text.to_owned()))
        } else {
            Err(expected("a name of the metadata file's `products`, such as `couchbase-server`"))
        }
    }
}

/// Whether `latest` is moved.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum LatestWord {
    /// Yes, unless a higher version is public
    #[value(alias = "true", alias = "1")]
    Yes,
    /// Yes, whatever is public
    Force,
    /// No
    #[value(alias = "false", alias = "0")]
    No,
}

/// A step that a publication may end after.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, ValueEnum)]
pub enum Step {
    /// The image is under its unique tag
    #[value(name = "3", alias = "upload")]
    Upload,
    /// It is certified
    #[value(name = "4", alias = "certify")]
    Certify,
    /// The public registry serves it
    #[value(name = "5", alias = "public")]
    Public,
}

from_words!(LatestWord, Step);
