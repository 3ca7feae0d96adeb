//! The values that flags and variables take, each parsed by one `FromStr` for both.
//!
//! Nothing here touches a file or the network.

use std::fmt::Display;
use std::num::NonZeroUsize;
use std::str::FromStr;
use std::time::Duration;

use regex::Regex;
use serde::{Deserialize, Deserializer};

use crate::model::{Host, Reference, Repository};

/// A text that is not what was expected; says what is.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("expected {0}")]
pub struct Expected(String);

pub(super) fn expected(what: &str) -> Expected {
    Expected(what.to_owned())
}

/// `true`, `false`, `1` or `0`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Truth(pub bool);

impl FromStr for Truth {
    type Err = Expected;

    fn from_str(text: &str) -> Result<Self, Expected> {
        match text.to_ascii_lowercase().as_str() {
            "1" | "true" => Ok(Self(true)),
            "0" | "false" => Ok(Self(false)),
            _ => Err(expected("`true`, `false`, `1` or `0`")),
        }
    }
}

/// A length of time as people write it: `90s`, `3h30m`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Span(pub Duration);

impl FromStr for Span {
    type Err = Expected;

    fn from_str(text: &str) -> Result<Self, Expected> {
        humantime::parse_duration(text)
            .map(Self)
            .map_err(|_| expected("a length of time with its unit, such as `90s`, `10m` or `3h30m`"))
    }
}

/// A whole number from 1.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Count(pub NonZeroUsize);

impl FromStr for Count {
    type Err = Expected;

    fn from_str(text: &str) -> Result<Self, Expected> {
        text.parse().map(Self).map_err(|_| expected("a whole number from 1"))
    }
}

/// A registry's host, with its port if it has one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HostName(pub Host);

impl FromStr for HostName {
    type Err = Expected;

    fn from_str(text: &str) -> Result<Self, Expected> {
        let parsed = Reference::parse(&format!("{text}/a"));
        match parsed {
            Ok(reference) if reference.has_host && !text.contains('/') => Ok(Self(reference.repository.host)),
            _ => {
                Err(expected("a registry host without scheme or path, such as `quay.io` or `localhost:5000`"))
            }
        }
    }
}

/// A repository of a registry, whose host is named.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RepositoryName(pub Repository);

impl FromStr for RepositoryName {
    type Err = Expected;

    fn from_str(text: &str) -> Result<Self, Expected> {
        match Reference::parse(text) {
            Ok(Reference { repository, tag: None, digest: None, has_host: true }) => Ok(Self(repository)),
            _ => Err(expected("a repository with its host and no tag, such as `quay.io/openshift/ci`")),
        }
    }
}

/// A Lease of a cluster: `NAME`, `NAMESPACE/NAME`, or `none`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum LeaseName {
    /// No lease.
    None,
    /// This one; without a namespace that of the pod or the context.
    Of {
        /// Its namespace.
        namespace: Option<String>,
        /// Its name.
        name: String,
    },
}

impl FromStr for LeaseName {
    type Err = Expected;

    fn from_str(text: &str) -> Result<Self, Expected> {
        let is_name = |text: &str| {
            let fits = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-' || b == b'.';
            !text.is_empty() && text.bytes().all(fits)
        };
        match text.split_once('/') {
            None if text == "none" => Ok(Self::None),
            None if is_name(text) => Ok(Self::Of { namespace: None, name: text.to_owned() }),
            Some((namespace, name)) if is_name(namespace) && is_name(name) => {
                Ok(Self::Of { namespace: Some(namespace.to_owned()), name: name.to_owned() })
            }
            _ => Err(expected("the name of a Lease, as `NAME` or `NAMESPACE/NAME`, or `none`")),
        }
    }
}

/// A part of a whole, from 0 to 1.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Fraction(pub f64);

impl FromStr for Fraction {
    type Err = Expected;

    fn from_str(text: &str) -> Result<Self, Expected> {
        let number = text.parse().ok().filter(|number| (0.0..=1.0).contains(number));
        number.map(Self).ok_or_else(|| expected("a number from 0 to 1, such as `0.5`"))
    }
}

/// A regular expression, not anchored.
#[derive(Debug, Clone)]
pub struct Pattern(pub Regex);

impl FromStr for Pattern {
    type Err = Expected;

    fn from_str(text: &str) -> Result<Self, Expected> {
        Regex::new(text).map(Self).map_err(|error| {
            // The text of the crate draws the expression on several lines; the last one says what is wrong.
            let drawn = error.to_string();
            let wrong = drawn.lines().last().unwrap_or_default().trim_start_matches("error: ");
            expected(&format!("a regular expression such as `linux/(amd64|arm64)`, not one with: {wrong}"))
        })
    }
}

/// For serde: the value of a variable, parsed as the flag's would be.
pub(super) fn one<'de, D, T>(deserializer: D) -> Result<Option<T>, D::Error>
where
    D: Deserializer<'de>,
    T: FromStr<Err: Display>,
{
    let text = String::deserialize(deserializer)?;
    parse(&text).map(Some).map_err(serde::de::Error::custom)
}

/// For serde: the values of a variable, separated by commas.
pub(super) fn list<'de, D, T>(deserializer: D) -> Result<Vec<T>, D::Error>
where
    D: Deserializer<'de>,
    T: FromStr<Err: Display>,
{
    let text = String::deserialize(deserializer)?;
    let words = text.split(',').map(str::trim).filter(|word| !word.is_empty());
    words.map(parse).collect::<Result<_, _>>().map_err(serde::de::Error::custom)
}

/// For serde: how often a flag that counts is given.
pub(super) fn times<'de, D: Deserializer<'de>>(deserializer: D) -> Result<u8, D::Error> {
    let text = String::deserialize(deserializer)?;
    text.parse()
        .map_err(|_| serde::de::Error::custom(format!("`{text}`: expected a whole number from 0 to 255")))
}

fn parse<T: FromStr<Err: Display>>(text: &str) -> Result<T, String> {
    text.trim().parse().map_err(|error| format!("`{text}`: {error}"))
}

/// Lays what was typed over what lies under it, field by field.
macro_rules! layer {
    ($typed:ident over $under:ident: $($one:ident),* ; $($many:ident),*) => {{
        let Self { $($one),*, $($many),* } = $typed;
        Self {
            $($one: $one.or($under.$one)),*,
            $($many: if $many.is_empty() { $under.$many } else { $many }),*
        }
    }};
}
pub(super) use layer;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_host_is_a_host_and_nothing_more() {
        assert_eq!("Quay.IO".parse::<HostName>().unwrap().0.as_str(), "quay.io");
        assert_eq!("localhost:5000".parse::<HostName>().unwrap().0.as_str(), "localhost:5000");
        for wrong in ["https://quay.io", "quay.io/org", "registry", "", "quay.io:x"] {
            assert!(wrong.parse::<HostName>().is_err(), "{wrong} was taken for a host");
        }
    }

    #[test]
    fn a_repository_has_its_host_and_nothing_behind_its_name() {
        let repository = "Quay.IO/openshift/ci".parse::<RepositoryName>().unwrap().0;
        assert_eq!(repository.to_string(), "quay.io/openshift/ci");
        for wrong in ["openshift/ci", "quay.io/openshift/ci:latest", "quay.io", "https://quay.io/a", ""] {
            assert!(wrong.parse::<RepositoryName>().is_err(), "{wrong} was taken for a repository");
        }
    }

    #[test]
    fn a_fraction_is_from_0_to_1() {
        for text in ["0", "0.25", "1"] {
            assert_eq!(text.parse::<Fraction>().unwrap().0.to_string(), text);
        }
        for wrong in ["-0.1", "1.01", "NaN", "inf", "50%", ""] {
            assert!(wrong.parse::<Fraction>().is_err(), "{wrong} was taken for a fraction");
        }
    }

    #[test]
    fn a_length_of_time_needs_its_unit() {
        assert_eq!("3h30m".parse::<Span>().unwrap().0, Duration::from_mins(210));
        assert!("90".parse::<Span>().unwrap_err().to_string().contains("`90s`"));
    }

    #[test]
    fn booleans_are_written_as_go_and_as_shells_write_them() {
        for (text, value) in [("1", true), ("true", true), ("TRUE", true), ("0", false), ("false", false)] {
            assert_eq!(text.parse::<Truth>().unwrap().0, value);
        }
        assert!("yes".parse::<Truth>().is_err());
    }
}
