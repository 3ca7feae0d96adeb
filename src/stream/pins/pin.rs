//! Pins, and sets of them.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::sync::Arc;
use std::time::SystemTime;

use crate::model::Key;

/// A build that somebody needs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Pin {
    /// For which architecture, by the name that RPM has for it; none: for all.
    pub arch: Option<Arc<str>>,
    /// The build; in an explicit list it may be a version of a release as well.
    pub release: Arc<str>,
    /// Who says so.
    pub by: PinnedBy,
}

/// Who needs a build.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum PinnedBy {
    /// A stream file.
    File {
        /// Its path, or its URL without the query.
        file: Arc<str>,
    },
    /// A stream file of a commit.
    Commit {
        /// The repository.
        repository: Arc<str>,
        /// A ref from which the commit is reached: `refs/heads/main`.
        reference: Arc<str>,
        /// The commit.
        commit: Arc<str>,
        /// The file in it.
        path: Arc<str>,
    },
    /// A line of an explicit list.
    Line {
        /// The list.
        file: Arc<str>,
        /// The line, from 1.
        line: u32,
        /// What the comment behind it says.
        why: Option<Arc<str>>,
    },
    /// A directory of the destination that holds the latest build, or a link that leads to it.
    Latest {
        /// The directory.
        directory: Key,
    },
    /// A run that is bringing it, or tried to.
    Lease {
        /// For how long.
        until: SystemTime,
    },
}

impl PinnedBy {
    /// Whether somebody wants it to be in the mirror, rather than only to be left alone while it is there.
    #[must_use]
    pub fn is_wanted(&self) -> bool {
        match self {
            Self::File { .. } | Self::Commit { .. } | Self::Line { .. } => true,
            Self::Latest { .. } | Self::Lease { .. } => false,
        }
    }
}

impl fmt::Display for PinnedBy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::File { file } => f.write_str(file),
            Self::Commit { repository, reference, commit, path } => {
                write!(f, "{reference} of {repository} at {commit:.12}: {path}")
            }
            Self::Line { file, line, why: None } => write!(f, "{file}:{line}"),
            Self::Line { file, line, why: Some(why) } => write!(f, "{file}:{line} ({why})"),
            Self::Latest { directory } => write!(f, "{directory} of the destination"),
            Self::Lease { until } => {
                write!(f, "a lease until {}", humantime::format_rfc3339_seconds(*until))
            }
        }
    }
}

/// What is pinned.
#[derive(Debug, Clone, Default)]
pub struct PinSet {
    pins: BTreeMap<Arc<str>, Vec<Pin>>,
}

impl PinSet {
    /// Who pins the build for the architecture.
    pub fn of<'a>(&'a self, arch: &'a str, release: &str) -> impl Iterator<Item = &'a Pin> {
        let pins = self.pins.get(release).into_iter().flatten();
        pins.filter(move |pin| pin.arch.as_deref().is_none_or(|own| own == canonical(arch)))
    }

    /// All pins, sorted by build.
    pub fn iter(&self) -> impl Iterator<Item = &Pin> {
        self.pins.values().flatten()
    }

    /// The architectures and builds that are pinned, each pair once.
    #[must_use]
    pub fn pairs(&self) -> BTreeSet<(Option<&str>, &str)> {
        self.iter().map(|pin| (pin.arch.as_deref(), &*pin.release)).collect()
    }

    /// The same pins and `more`.
    pub fn extend(&mut self, more: impl IntoIterator<Item = Pin>) {
        for mut pin in more {
            pin.arch = pin.arch.map(|arch| canonical(&arch).into());
            let own = self.pins.entry(Arc::clone(&pin.release)).or_default();
            if !own.contains(&pin) {
                own.push(pin);
            }
        }
    }

    /// Whether nothing is pinned.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.pins.is_empty()
    }
}

impl FromIterator<Pin> for PinSet {
    fn from_iter<T: IntoIterator<Item = Pin>>(pins: T) -> Self {
        let mut set = Self::default();
        set.extend(pins);
        set
    }
}

/// An architecture by the name that RPM has for it; those of Go are taken too.
#[must_use]
pub fn canonical(arch: &str) -> &str {
    match arch {
        "amd64" => "x86_64",
        "arm64" => "aarch64",
        other => other,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pin(arch: Option<&str>, release: &str) -> Pin {
        let by = PinnedBy::File { file: "a.json".into() };
        Pin { arch: arch.map(Into::into), release: release.into(), by }
    }

    #[test]
    fn a_pin_is_for_its_architecture_alone_by_either_name_or_for_all() {
        let set: PinSet =
            [pin(Some("s390x"), "1.2"), pin(Some("amd64"), "1.3"), pin(None, "1.4")].into_iter().collect();
        let is = |arch: &str, release: &str| set.of(arch, release).count() > 0;
        assert!(is("s390x", "1.2") && is("x86_64", "1.3") && is("amd64", "1.3") && is("ppc64le", "1.4"));
        assert!(!is("x86_64", "1.2") && !is("s390x", "1.3") && !is("s390x", "1.20"));
    }

    #[test]
    fn the_same_pin_counts_once_and_each_reason_is_kept() {
        let other =
            Pin { by: PinnedBy::Lease { until: SystemTime::UNIX_EPOCH }, ..pin(Some("s390x"), "1.2") };
        let set: PinSet = [pin(Some("s390x"), "1.2"), pin(Some("s390x"), "1.2"), other].into_iter().collect();
        assert_eq!((set.pairs().len(), set.iter().count()), (1, 2));
    }
}
