//! Versions and names as they are written, in the file and in parameters.

use std::str::FromStr;

use super::{AssemblyType, Version};
use crate::model::Reference;

/// A text that is no version of a payload.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("expected a version `X.Y` of two numbers, such as `4.19`")]
pub struct NoVersion;

impl FromStr for Version {
    type Err = NoVersion;

    fn from_str(text: &str) -> Result<Self, NoVersion> {
        let (major, minor) = text.split_once('.').ok_or(NoVersion)?;
        Ok(Self { major: number(major)?, minor: number(minor)? })
    }
}

/// A number as it is printed again: no sign, no zeros before it.
fn number(text: &str) -> Result<u32, NoVersion> {
    let number: u32 = text.parse().map_err(|_| NoVersion)?;
    if number.to_string() == text { Ok(number) } else { Err(NoVersion) }
}

/// Whether an assembly may be called so: letters, digits, `_`, `.` and `-`, no `.` at either end.
#[must_use]
pub fn is_assembly_name(text: &str) -> bool {
    let fits = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'_' | b'.' | b'-');
    !text.is_empty() && text.bytes().all(fits) && !text.starts_with('.') && !text.ends_with('.')
}

/// Whether `text` can be an organization or a repository in it: a path without host, tag and digest.
#[must_use]
pub fn is_repository_path(text: &str) -> bool {
    let parsed = Reference::parse(&format!("registry.invalid/{text}"));
    parsed.is_ok_and(|reference| reference.tag.is_none() && reference.digest.is_none())
}

impl AssemblyType {
    /// The type of an assembly that does not say it.
    #[must_use]
    pub fn of_name(name: &str) -> Self {
        if matches!(name, "stream" | "test") { Self::Stream } else { Self::Standard }
    }

    /// As it is written.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Stream => "stream",
            Self::Standard => "standard",
            Self::Candidate => "candidate",
            Self::Custom => "custom",
            Self::Preview => "preview",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_version_is_two_numbers_and_prints_as_it_is_written() {
        // 18.8
        for version in ["4.19", "4.9", "5.0", "10.20"] {
            assert_eq!(version.parse::<Version>().unwrap().to_string(), version);
        }
        for wrong in ["4", "v4.19", "4.19.1", "4.", ".19", "4.019", "+4.19", "4.-1", "4,19", "", " 4.19"] {
            assert_eq!(wrong.parse::<Version>(), Err(NoVersion), "{wrong}");
        }
        assert_eq!("4.99999999999".parse::<Version>(), Err(NoVersion));
    }

    #[test]
    fn a_name_of_an_assembly_is_one_segment_of_a_path_and_of_a_tag() {
        for name in ["stream", "4.19.3", "rc.1", "art1234", "my_hotfix", "a-b"] {
            assert!(is_assembly_name(name), "{name}");
        }
        for wrong in ["", ".", "..", ".a", "a.", "a/b", "../a", "a b", "ä", "a\n", "a:b"] {
            assert!(!is_assembly_name(wrong), "{wrong}");
        }
    }

    #[test]
    fn an_organization_is_a_path_without_host_tag_and_digest() {
        for path in ["openshift-release-dev", "ocp-v4.0-art-dev", "team/nightlies"] {
            assert!(is_repository_path(path), "{path}");
        }
        for wrong in ["", "a:b", "a@sha256:b", "A", "a/", "/a", "a b", "https://quay.io/a", "-a"] {
            assert!(!is_repository_path(wrong), "{wrong}");
        }
    }

    #[test]
    fn the_type_follows_of_the_name_alone_only_for_stream_and_test() {
        // 18.6
        assert_eq!(AssemblyType::of_name("stream"), AssemblyType::Stream);
        assert_eq!(AssemblyType::of_name("test"), AssemblyType::Stream);
        assert_eq!(AssemblyType::of_name("streams"), AssemblyType::Standard);
        assert_eq!(AssemblyType::of_name("4.19.3"), AssemblyType::Standard);
    }
}
