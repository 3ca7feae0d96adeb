//! What the placeholders of a template stand for.

use std::fmt;

use super::super::super::arch::goarch;
use super::super::super::document::Place;

/// What may stand between braces.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Placeholder {
    /// RPM's name of the architecture.
    Arch,
    /// Go's name of it.
    GoArch,
    /// `-` and RPM's name of it; for `x86_64` nothing.
    ArchSuffix,
    /// The version of OpenShift, as `4.16`.
    Ocp,
    /// What the stream calls itself.
    Stream,
    /// The build.
    Release,
    /// The platform.
    Artifact,
    /// The format.
    Format,
    /// The kind.
    Kind,
    /// The name of the file.
    Name,
}

/// What placeholders stand for.
#[derive(Debug, Clone, Copy)]
pub struct Values<'a> {
    /// Where the artifact is listed.
    pub place: &'a Place,
    /// What the stream calls itself.
    pub stream: &'a str,
    /// The version of OpenShift.
    pub ocp: Option<&'a str>,
    /// The build.
    pub release: Option<&'a str>,
    /// The name of the file.
    pub name: Option<&'a str>,
}

/// What a path says of a file, where it was not known.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Found {
    /// The version of OpenShift.
    pub ocp: Option<String>,
    /// The build.
    pub release: Option<String>,
    /// The name of the file.
    pub name: Option<String>,
}

impl Placeholder {
    pub(super) const ALL: [Self; 10] = [
        Self::Arch,
        Self::GoArch,
        Self::ArchSuffix,
        Self::Ocp,
        Self::Stream,
        Self::Release,
        Self::Artifact,
        Self::Format,
        Self::Kind,
        Self::Name,
    ];

    /// What stands between the braces.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Arch => "arch",
            Self::GoArch => "goarch",
            Self::ArchSuffix => "arch_suffix",
            Self::Ocp => "ocp",
            Self::Stream => "stream",
            Self::Release => "release",
            Self::Artifact => "artifact",
            Self::Format => "format",
            Self::Kind => "kind",
            Self::Name => "name",
        }
    }

    pub(super) fn known() -> String {
        Self::ALL.map(|placeholder| format!("`{{{placeholder}}}`")).join(", ")
    }

    /// What a value of it looks like.
    pub(super) fn pattern(self) -> &'static str {
        if self == Self::Ocp { r"\d+\.\d+" } else { "[^/]+" }
    }
}

impl fmt::Display for Placeholder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.word())
    }
}

impl Values<'_> {
    /// What `placeholder` stands for, if it is known.
    pub(super) fn of(&self, placeholder: Placeholder) -> Option<String> {
        let arch = &*self.place.arch;
        Some(match placeholder {
            Placeholder::Arch => arch.to_owned(),
            Placeholder::GoArch => goarch(arch).to_owned(),
            Placeholder::ArchSuffix if arch == "x86_64" => String::new(),
            Placeholder::ArchSuffix => format!("-{arch}"),
            Placeholder::Ocp => self.ocp?.to_owned(),
            Placeholder::Stream => self.stream.to_owned(),
            Placeholder::Release => self.release?.to_owned(),
            Placeholder::Artifact => self.place.artifact.to_string(),
            Placeholder::Format => self.place.format.to_string(),
            Placeholder::Kind => self.place.kind.to_string(),
            Placeholder::Name => self.name?.to_owned(),
        })
    }
}

impl Found {
    /// `known`, and these in place of what was not known.
    #[must_use]
    pub fn values<'a>(&'a self, known: &Values<'a>) -> Values<'a> {
        let (ocp, release, name) = (self.ocp.as_deref(), self.release.as_deref(), self.name.as_deref());
        Values { ocp, release, name, ..*known }
    }
}
