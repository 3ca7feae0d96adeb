//! What should exist, and where it was asked for.

use std::fmt;
use std::path::PathBuf;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::guard::Guard;
use super::reference::{Host, ImageRef, Repository, Tag, Version};

/// Where an entry was asked for.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(untagged)]
pub enum Origin {
    /// A line of a file.
    Line {
        /// The path as the user would type it; `-` for standard input.
        file: Arc<str>,
        /// The line, counted from 1; 0 is the file as a whole.
        line: u32,
    },
    /// A tag of an ImageStream that a flag picked; without a tag the stream, the namespace or all (`*`) that it asked for.
    ImageStreamTag {
        /// `namespace/name`.
        stream: Arc<str>,
        /// The tag.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        tag: Option<Arc<str>>,
    },
    /// A file that a stream of boot images lists.
    Artifact {
        /// The stream file, as the user would type it.
        file: Arc<str>,
        /// Its place in there: `x86_64/metal/iso/disk`.
        artifact: Arc<str>,
    },
    /// A directory of a destination.
    Directory {
        /// Its path below the root.
        directory: Arc<str>,
    },
    /// A repository whose tags were looked through.
    Repository {
        /// In full.
        repository: Arc<str>,
    },
    /// A release of a product that is published to a catalog.
    Release {
        /// The product.
        product: Arc<str>,
        /// `VERSION-N`; where no number is known yet the version.
        release: Arc<str>,
    },
}

impl Origin {
    /// What entries that belong together share: the file, the ImageStream, the repository, the product.
    #[must_use]
    pub fn group(&self) -> &Arc<str> {
        match self {
            Self::Line { file, .. } | Self::Artifact { file, .. } => file,
            Self::ImageStreamTag { stream, .. } => stream,
            Self::Repository { repository } => repository,
            Self::Release { product, .. } => product,
            Self::Directory { directory } => directory,
        }
    }

    /// The file and the line.
    #[must_use]
    pub fn line(&self) -> Option<(&Arc<str>, u32)> {
        match self {
            Self::Line { file, line } => Some((file, *line)),
            Self::ImageStreamTag { .. }
            | Self::Artifact { .. }
            | Self::Directory { .. }
            | Self::Repository { .. }
            | Self::Release { .. } => None,
        }
    }
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Line { file, line } if *line > 0 => write!(f, "{file}:{line}"),
            Self::ImageStreamTag { stream, tag: Some(tag) } => write!(f, "{stream}:{tag}"),
            Self::Release { product, release } => write!(f, "{product} {release}"),
            Self::Artifact { file, artifact } => write!(f, "{artifact} of {file}"),
            _ => f.write_str(self.group()),
        }
    }
}

/// An image in an OCI image layout directory: `oci:PATH[:TAG]`.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct LayoutRef {
    /// The directory, relative to the working directory.
    pub path: PathBuf,
    /// The name in `index.json` (`org.opencontainers.image.ref.name`). None: the only image there is.
    pub tag: Option<Tag>,
}

impl fmt::Display for LayoutRef {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "oci:{}", self.path.display())?;
        self.tag.as_ref().map_or(Ok(()), |tag| write!(f, ":{tag}"))
    }
}

/// What the engine copies from and to.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Endpoint {
    /// An image of a registry.
    Registry(ImageRef),
    /// An image of a layout directory.
    Layout(LayoutRef),
}

impl Endpoint {
    /// The repository; a directory is none.
    #[must_use]
    pub fn repository(&self) -> Option<&Repository> {
        match self {
            Self::Registry(image) => Some(&image.repository),
            Self::Layout(_) => None,
        }
    }

    /// The tag, if it is one that it names.
    #[must_use]
    pub fn tag(&self) -> Option<&Tag> {
        match self {
            Self::Registry(ImageRef { version: Version::Tag(tag), .. }) => Some(tag),
            Self::Registry(_) => None,
            Self::Layout(layout) => layout.tag.as_ref(),
        }
    }

    /// Another tag in the same place.
    #[must_use]
    pub fn tagged(&self, tag: Tag) -> Self {
        match self {
            Self::Registry(image) => {
                Self::Registry(ImageRef::new(image.repository.clone(), Version::Tag(tag)))
            }
            Self::Layout(layout) => Self::Layout(LayoutRef { path: layout.path.clone(), tag: Some(tag) }),
        }
    }

    /// The registry; a directory has none.
    #[must_use]
    pub fn host(&self) -> Option<&Host> {
        self.repository().map(|repository| &repository.host)
    }
}

impl fmt::Display for Endpoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Registry(image) => image.fmt(f),
            Self::Layout(layout) => layout.fmt(f),
        }
    }
}

/// An entry: one source that one target should equal. It becomes exactly one row.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Desired {
    /// Where it was asked for.
    pub origin: Origin,
    /// Who answers for it, if anyone is named.
    pub owner: Option<Arc<str>>,
    /// What to copy.
    pub source: Endpoint,
    /// Where it should be.
    pub target: Endpoint,
    /// Conditions on writing the target.
    pub guards: Vec<Guard>,
}
