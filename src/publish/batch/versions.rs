//! Which versions of a product are published again; pure.

use std::collections::BTreeSet;
use std::fmt;

use semver::Version;

use crate::model::Tag;
use crate::publish::names::ReleaseVersion;

/// `N.N.N`, and nothing more.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Plain(Version);

/// What the settings say of the versions of a product.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Selection {
    /// Plain versions below it are not published; none: all are.
    pub minimum: Option<Plain>,
    /// These are published as well, whatever they look like, and whether or not they were before.
    pub include: Vec<ReleaseVersion>,
    /// These are not published, whatever else is said of them.
    pub exclude: Vec<ReleaseVersion>,
}

impl Plain {
    /// Reads a plain version: three numbers without zeros before them.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let version = Version::parse(text).ok()?;
        (version.pre.is_empty() && version.build.is_empty()).then_some(Self(version))
    }
}

impl fmt::Display for Plain {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl Selection {
    /// The versions to publish of a product that has these `tags` in the public registry: the plain ones in their order, then
    /// those that only `include` names.
    #[must_use]
    pub fn of(&self, tags: &[Tag]) -> Vec<ReleaseVersion> {
        let plain: BTreeSet<Plain> = tags
            .iter()
            .filter_map(|tag| Plain::parse(tag.as_str()))
            .filter(|plain| self.minimum.as_ref().is_none_or(|minimum| plain >= minimum))
            .collect();
        let mut versions: Vec<_> =
            plain.iter().filter_map(|plain| ReleaseVersion::parse(&plain.to_string()).ok()).collect();
        for version in &self.include {
            if !versions.contains(version) {
                versions.push(version.clone());
            }
        }
        versions.retain(|version| !self.exclude.contains(version));
        versions
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const LISTED: &str = "7.6.1 7.1.2 7.10.0 7.1.3 7.6.1-1 7.6.1-rhcc 7.6.1-1-arm64 7.6.2-beta beta latest 7.6 7.6.1.1 v7.6.3 07.6.4";

    fn tags() -> Vec<Tag> {
        LISTED.split(' ').map(|tag| Tag::parse(tag).unwrap()).collect()
    }

    fn versions(texts: &[&str]) -> Vec<ReleaseVersion> {
        texts.iter().map(|text| ReleaseVersion::parse(text).unwrap()).collect()
    }

    fn selected(selection: &Selection) -> Vec<String> {
        selection.of(&tags()).iter().map(ToString::to_string).collect()
    }

    // 19.88
    #[test]
    fn plain_versions_from_the_minimum_on_are_published_and_nothing_else() {
        let selection = Selection { minimum: Plain::parse("7.1.3"), ..Selection::default() };
        assert_eq!(selected(&selection), ["7.1.3", "7.6.1", "7.10.0"]);
        assert_eq!(selected(&Selection::default()), ["7.1.2", "7.1.3", "7.6.1", "7.10.0"]);
    }

    #[test]
    fn what_is_included_is_published_below_the_minimum_too_and_what_is_excluded_never_is() {
        let selection = Selection {
            minimum: Plain::parse("7.6.0"),
            include: versions(&["7.6.0-MP1", "7.1.2", "7.6.1", "7.6.5"]),
            exclude: versions(&["7.10.0", "7.6.5"]),
        };
        assert_eq!(selected(&selection), ["7.6.1", "7.6.0-MP1", "7.1.2"]);
    }
}
