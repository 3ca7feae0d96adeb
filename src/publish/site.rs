//! Where images are published.

use std::time::Duration;

use crate::model::{ImageRef, Repository, Tag, Version};
use crate::registry::{Client, Role};

/// The two registries between which an image is published, each by the credentials that are for it.
#[derive(Debug, Clone)]
pub struct Site {
    /// The one that is written.
    pub upload: Repository,
    /// The one that customers pull from.
    pub public: Repository,
    /// Reads sources with the user's logins, reads and writes the upload registry with the robot's.
    pub client: Client,
    /// Reads the public registry, and never an answer that somebody kept.
    pub visitor: Client,
}

/// How long is waited for others.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Patience {
    /// Between two looks, give or take a tenth.
    pub interval: Duration,
    /// For an image to be published.
    pub publish: Duration,
    /// For a tag to move.
    pub tag: Duration,
}

impl Default for Patience {
    fn default() -> Self {
        let hour = Duration::from_hours(1);
        Self { interval: Duration::from_secs(10), publish: hour, tag: hour }
    }
}

impl Site {
    /// Reads and writes the upload registry.
    #[must_use]
    pub fn writer(&self) -> Client {
        self.client.with_role(Role::Target)
    }

    /// Reads sources.
    #[must_use]
    pub fn reader(&self) -> Client {
        self.client.with_role(Role::Source)
    }

    /// A tag of the upload registry.
    #[must_use]
    pub fn uploaded(&self, tag: &Tag) -> ImageRef {
        ImageRef::new(self.upload.clone(), Version::Tag(tag.clone()))
    }

    /// A tag of the public registry.
    #[must_use]
    pub fn published(&self, tag: &Tag) -> ImageRef {
        ImageRef::new(self.public.clone(), Version::Tag(tag.clone()))
    }
}
