//! Architectures, by both of their names.

use std::fmt;

use serde::Serialize;

/// An architecture that payloads are made for. Ordered by their names in brew.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Arch {
    /// `aarch64`, in Go `arm64`.
    Aarch64,
    /// `ppc64le`.
    Ppc64le,
    /// `s390x`.
    S390x,
    /// `x86_64`, in Go `amd64`.
    #[serde(rename = "x86_64")]
    X86_64,
}

impl Arch {
    /// All of them.
    pub const ALL: [Self; 4] = [Self::Aarch64, Self::Ppc64le, Self::S390x, Self::X86_64];

    /// The architecture of a name, in brew's way or in Go's.
    #[must_use]
    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|arch| name == arch.brew() || name == arch.go())
    }

    /// Its name in brew, which parameters, reports and files use.
    #[must_use]
    pub fn brew(self) -> &'static str {
        match self {
            Self::Aarch64 => "aarch64",
            Self::Ppc64le => "ppc64le",
            Self::S390x => "s390x",
            Self::X86_64 => "x86_64",
        }
    }

    /// Its name in Go, which images use.
    #[must_use]
    pub fn go(self) -> &'static str {
        match self {
            Self::Aarch64 => "arm64",
            Self::X86_64 => "amd64",
            Self::Ppc64le | Self::S390x => self.brew(),
        }
    }
}

impl fmt::Display for Arch {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.brew())
    }
}
