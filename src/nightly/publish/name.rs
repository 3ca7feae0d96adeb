//! What a release is called, and where it goes.

use std::fmt;
use std::sync::Arc;

use crate::error::{Class, Classify};
use crate::model::{Host, ReferenceError, Repository, Tag};
use crate::nightly::payload::Version;

/// A name that is a semantic version and a tag.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct ReleaseName(Tag);

/// Why a text can be no name of a release.
#[derive(Debug, thiserror::Error)]
pub enum NameError {
    /// Whoever reads releases sorts them by their versions.
    #[error("the release would be called `{name}`, which is no semantic version")]
    NoVersion {
        /// The text.
        name: String,
        /// Why.
        #[source]
        cause: semver::Error,
    },
    /// A registry cannot have it.
    #[error("the release would be called `{name}`, which can be no tag of an image")]
    NoTag {
        /// The text.
        name: String,
        /// Why.
        #[source]
        cause: ReferenceError,
    },
}

impl Classify for NameError {
    fn class(&self) -> Class {
        Class::Invalid
    }

    fn advice(&self) -> Option<String> {
        Some(
            "the name follows of the assembly's: use letters, digits, `-` and `.` there, and no part between dots \
             that is a number with a zero before it"
                .to_owned(),
        )
    }
}

impl ReleaseName {
    /// `X.Y.0-ASSEMBLY`.
    ///
    /// # Errors
    /// When that is no semantic version, or no tag.
    pub fn of_assembly(version: Version, assembly: &str) -> Result<Self, NameError> {
        Self::parse(&format!("{version}.0-{assembly}"))
    }

    /// Checks `name` and keeps it.
    ///
    /// # Errors
    /// When it is no semantic version, or no tag.
    pub fn parse(name: &str) -> Result<Self, NameError> {
        semver::Version::parse(name)
            .map_err(|cause| NameError::NoVersion { name: name.to_owned(), cause })?;
        let tag = Tag::parse(name).map_err(|cause| NameError::NoTag { name: name.to_owned(), cause })?;
        Ok(Self(tag))
    }

    /// The tag that it is.
    #[must_use]
    pub fn tag(&self) -> &Tag {
        &self.0
    }

    /// The name as it is written.
    #[must_use]
    pub fn as_str(&self) -> &str {
        self.0.as_str()
    }
}

impl fmt::Display for ReleaseName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// Where the releases of a namespace go: `REGISTRY/NAMESPACE/NAMESPACE`, in the latter `release` for `ocp`.
#[must_use]
pub fn repository(registry: &Host, namespace: &str) -> Repository {
    let name: Arc<str> = format!("{namespace}/{}", namespace.replace("ocp", "release")).into();
    Repository { host: registry.clone(), name }
}

#[cfg(test)]
mod tests {
    use super::*;

    const VERSION: Version = Version { major: 4, minor: 19 };

    #[test]
    fn releases_go_to_the_namespace_of_their_stream() {
        let registry = Host::new("registry.ci.openshift.org");
        // 18.111, and the table of §12
        for (namespace, assembly, target) in [
            ("ocp-arm64-priv", "rc.1", "ocp-arm64-priv/release-arm64-priv:4.19.0-rc.1"),
            ("ocp", "4.19.3", "ocp/release:4.19.0-4.19.3"),
            ("ocp-s390x", "art1234", "ocp-s390x/release-s390x:4.19.0-art1234"),
            ("ocp-arm64-priv", "stream", "ocp-arm64-priv/release-arm64-priv:4.19.0-stream"),
        ] {
            let name = ReleaseName::of_assembly(VERSION, assembly).unwrap();
            let made = format!("{}:{name}", repository(&registry, namespace));
            assert_eq!(made, format!("registry.ci.openshift.org/{target}"));
        }
    }

    #[test]
    fn a_name_that_is_no_semantic_version_is_refused_with_the_name() {
        // 18.113
        for assembly in ["my_hotfix", "01", "rc.01", "4.19.03", "a..b", ""] {
            let error = ReleaseName::of_assembly(VERSION, assembly).unwrap_err();
            assert!(matches!(error, NameError::NoVersion { .. }), "{assembly}: {error}");
            assert!(error.to_string().contains(&format!("`4.19.0-{assembly}`")), "{error}");
            assert_eq!(error.class(), Class::Invalid);
        }
        let error = ReleaseName::of_assembly(VERSION, "a+b").unwrap_err();
        assert!(matches!(error, NameError::NoTag { .. }), "a version, but no tag: {error}");
        for assembly in ["stream", "rc.1", "0a.01b", "4.19.3"] {
            assert!(ReleaseName::of_assembly(VERSION, assembly).is_ok(), "{assembly}");
        }
    }
}
