//! Names in the directory of a version of OpenShift: instead of the build they have the version and the architecture.

use std::fmt;
use std::str::FromStr;
use std::sync::Arc;

use semver::Version;

use super::super::arch;

/// Files that older installers ask for by another name.
const LIVE: &str = "rhcos-live-";
const INSTALLER: &str = "rhcos-installer-";

/// The version of OpenShift that a directory is of: `4.19.0-ec.0`, `4.19.0-x86_64`, `dev-4.20`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReleaseVersion {
    text: Arc<str>,
    arch: Option<&'static str>,
}

/// A text that is no version of a directory.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "`{0}` is no version: it has letters, digits, `.`, `-`, `_` and `+`, and begins with a letter or a digit"
)]
pub struct VersionError(String);

/// How a file is called in the directory of a version.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Renamed {
    /// Its name.
    pub(super) name: String,
    /// Its name without build and version; none if it never had the build.
    pub(super) alias: Option<String>,
    /// The name by which older installers ask for it.
    pub(super) installer: Option<String>,
}

impl Renamed {
    /// Of a file that keeps its name.
    pub(super) fn unchanged(name: &str) -> Self {
        Self { name: name.to_owned(), alias: None, installer: None }
    }
}

impl ReleaseVersion {
    /// Where its directory is below the architecture's: `4.19/4.19.1`, or in `pre-release` if it is not generally
    /// available. An architecture at its end is not part of it.
    #[must_use]
    pub fn directory(&self) -> String {
        let bare = self.bare();
        match self.semver() {
            Some(version) if version.pre.is_empty() && version.build.is_empty() => {
                format!("{}.{}/{bare}", version.major, version.minor)
            }
            _ => format!("pre-release/{bare}"),
        }
    }

    /// Whether it is a version in the strict sense, which is of one build for ever; `dev-4.20` is of a newer build tomorrow.
    #[must_use]
    pub fn is_fixed(&self) -> bool {
        self.semver().is_some()
    }

    /// Whether files of `arch` may be in its directory: a version with an architecture at its end is of that one only.
    #[must_use]
    pub fn is_of(&self, arch: &str) -> bool {
        self.arch.is_none_or(|own| own == arch)
    }

    /// How the file `name` of the build `release` is called.
    pub(super) fn rename(&self, arch: &str, release: &str, name: &str) -> Renamed {
        let Some((before, after)) = around(name, release) else {
            return Renamed::unchanged(name);
        };
        let version = format!("{}-{arch}", self.bare());
        let alias = format!("{before}{}", after.strip_prefix('-').unwrap_or(after));
        let installer = alias.strip_prefix(LIVE).map(|rest| format!("{INSTALLER}{rest}"));
        Renamed { name: format!("{before}{version}{after}"), alias: Some(alias), installer }
    }

    fn bare(&self) -> &str {
        let of_arch = |arch| self.text.strip_suffix(arch).and_then(|bare| bare.strip_suffix('-'));
        self.arch.and_then(of_arch).unwrap_or(&self.text)
    }

    fn semver(&self) -> Option<Version> {
        Version::parse(self.bare()).ok()
    }
}

/// What stands before and behind the build in a name, where that is a word of its own: between dashes.
fn around<'a>(name: &'a str, release: &str) -> Option<(&'a str, &'a str)> {
    let mut places = name.match_indices(release).map(|(at, _)| (&name[..at], &name[at + release.len()..]));
    let is_word = |before: &str, after: &str| {
        (before.is_empty() || before.ends_with('-')) && after.starts_with('-') && !release.is_empty()
    };
    places.find(|(before, after)| is_word(before, after))
}

impl FromStr for ReleaseVersion {
    type Err = VersionError;

    fn from_str(text: &str) -> Result<Self, VersionError> {
        let is_fit = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '-' | '_' | '+');
        if !text.chars().all(is_fit) || !text.starts_with(|c: char| c.is_ascii_alphanumeric()) {
            return Err(VersionError(text.to_owned()));
        }
        let ends_with = |arch: &&str| text.strip_suffix(*arch).is_some_and(|bare| bare.ends_with('-'));
        let arch = arch::KNOWN.into_iter().find(ends_with);
        Ok(Self { text: text.into(), arch })
    }
}

impl fmt::Display for ReleaseVersion {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const RELEASE: &str = "9.6.20250121-0";

    fn renamed(version: &str, name: &str) -> (String, Vec<String>) {
        let version: ReleaseVersion = version.parse().unwrap();
        let Renamed { name, alias, installer } = version.rename("x86_64", RELEASE, name);
        (name, alias.into_iter().chain(installer).collect())
    }

    // 14.44
    #[test]
    fn the_build_gives_way_to_the_version_and_an_alias_has_neither() {
        let (name, aliases) = renamed("4.19.0-ec.0", "rhcos-9.6.20250121-0-qemu.x86_64.qcow2.gz");
        assert_eq!(name, "rhcos-4.19.0-ec.0-x86_64-qemu.x86_64.qcow2.gz");
        assert_eq!(aliases, ["rhcos-qemu.x86_64.qcow2.gz"]);
    }

    // 14.45
    #[test]
    fn an_architecture_that_the_version_has_is_not_doubled() {
        let (name, _) = renamed("4.19.0-x86_64", "rhcos-9.6.20250121-0-qemu.x86_64.qcow2.gz");
        assert_eq!(name, "rhcos-4.19.0-x86_64-qemu.x86_64.qcow2.gz");
        let version: ReleaseVersion = "4.19.0-x86_64".parse().unwrap();
        assert_eq!(version.directory(), "4.19/4.19.0");
        assert!(version.is_of("x86_64") && !version.is_of("s390x") && version.is_fixed());
    }

    // 14.46
    #[test]
    fn what_boots_alone_is_found_under_its_older_name_too() {
        let (name, aliases) = renamed("4.19.0", "rhcos-9.6.20250121-0-live-iso.x86_64.iso");
        assert_eq!(name, "rhcos-4.19.0-x86_64-live-iso.x86_64.iso");
        assert_eq!(aliases, ["rhcos-live-iso.x86_64.iso", "rhcos-installer-iso.x86_64.iso"]);
        let (_, aliases) = renamed("4.19.0", "rhcos-9.6.20250121-0-live.x86_64.iso");
        assert_eq!(aliases, ["rhcos-live.x86_64.iso"]);
    }

    #[test]
    fn a_name_without_the_build_stays() {
        for name in [
            "rhcos-qemu.qcow2",
            "rhcos-19.6.20250121-0-qemu",
            "rhcos-9.6.20250121-0.3-qemu",
            "9.6.20250121-0",
        ] {
            assert_eq!(renamed("4.19.0", name), (name.to_owned(), vec![]));
        }
    }

    #[test]
    fn what_is_generally_available_has_a_directory_of_its_minor_version() {
        for (text, directory, is_fixed) in [
            ("4.19.1", "4.19/4.19.1", true),
            ("5.0.0", "5.0/5.0.0", true),
            ("4.19.0-rc.1", "pre-release/4.19.0-rc.1", true),
            ("4.19.0+x", "pre-release/4.19.0+x", true),
            ("dev-4.20", "pre-release/dev-4.20", false),
        ] {
            let version: ReleaseVersion = text.parse().unwrap();
            assert_eq!((version.directory(), version.is_fixed()), (directory.to_owned(), is_fixed));
        }
        for bad in ["", "../x", "4.19.0/x", "{arch}", ".", "-x", "4 19"] {
            assert!(bad.parse::<ReleaseVersion>().is_err(), "{bad}");
        }
    }
}
