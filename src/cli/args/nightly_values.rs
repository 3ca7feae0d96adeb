//! The values that only flags of `nightly` take.

use std::str::FromStr;
use std::sync::Arc;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use super::value::{Expected, Truth, expected};
use crate::nightly::parameters::list;
use crate::nightly::payload::{is_assembly_name, is_repository_path};

/// The name of an assembly.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AssemblyName(pub Arc<str>);

impl FromStr for AssemblyName {
    type Err = Expected;

    fn from_str(text: &str) -> Result<Self, Expected> {
        if is_assembly_name(text) {
            return Ok(Self(text.into()));
        }
        Err(expected("the name of an assembly: letters, digits, `_`, `.` and `-`, and no `.` at either end"))
    }
}

/// An organization or a repository in it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PathName(pub Arc<str>);

impl FromStr for PathName {
    type Err = Expected;

    fn from_str(text: &str) -> Result<Self, Expected> {
        if is_repository_path(text) {
            return Ok(Self(text.into()));
        }
        Err(expected(
            "a part of a repository's name, without host, tag or digest, such as `ocp-v4.0-art-dev`",
        ))
    }
}

/// Words separated by commas, blanks, tabs and line ends.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Words(pub Vec<Arc<str>>);

impl FromStr for Words {
    type Err = Expected;

    fn from_str(text: &str) -> Result<Self, Expected> {
        Ok(Self(list(text)))
    }
}

/// Whether something is left out; none (`auto`): that depends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Skip(pub Option<bool>);

impl FromStr for Skip {
    type Err = Expected;

    fn from_str(text: &str) -> Result<Self, Expected> {
        if text.eq_ignore_ascii_case("auto") {
            return Ok(Self(None));
        }
        let truth = text.parse::<Truth>().map_err(|_| expected("`true`, `false` or `auto`"));
        truth.map(|Truth(truth)| Self(Some(truth)))
    }
}

/// A point in time, by the seconds since 1970.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Epoch(pub SystemTime);

/// The end of the year 9999: later times have no form that other programs read.
const LATEST: u64 = 253_402_300_799;

impl FromStr for Epoch {
    type Err = Expected;

    fn from_str(text: &str) -> Result<Self, Expected> {
        let seconds = text.parse().ok().filter(|seconds| *seconds <= LATEST);
        let time = seconds.and_then(|seconds| UNIX_EPOCH.checked_add(Duration::from_secs(seconds)));
        time.map(Self).ok_or_else(|| expected("seconds since 1970, such as `1735689600`"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whether_something_is_skipped_can_be_left_open() {
        for (text, skip) in [("true", Some(true)), ("0", Some(false)), ("auto", None), ("AUTO", None)] {
            assert_eq!(text.parse::<Skip>().unwrap().0, skip, "{text}");
        }
        assert!("maybe".parse::<Skip>().unwrap_err().to_string().contains("`auto`"));
    }

    #[test]
    fn a_point_in_time_is_a_number_of_seconds_that_has_a_year() {
        let time = "1735689600".parse::<Epoch>().unwrap().0;
        assert_eq!(time.duration_since(UNIX_EPOCH).unwrap().as_secs(), 1_735_689_600);
        for wrong in ["", "-1", "1.5", "now", "253402300800", "2025-01-01"] {
            assert!(wrong.parse::<Epoch>().is_err(), "{wrong}");
        }
    }
}
