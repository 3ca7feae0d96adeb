//! One look at a tag of the public registry.

use std::fmt;

use crate::error::Chain;
use crate::model::{Digest, ImageRef, Tag, Version};
use crate::publish::image::Child;
use crate::publish::{Fault, Image, Refused, Site};
use crate::registry::Error;

/// What a look saw.
#[derive(Debug)]
pub(super) enum Seen {
    /// All that is waited for.
    There,
    /// The registry answers, and it is not there yet.
    NotYet(NotYet),
    /// The registry did not tell.
    Untold(Error),
}

/// In what way something is not there yet.
#[derive(Debug)]
pub(super) enum NotYet {
    Absent,
    /// It is another image.
    Is(Digest),
    /// It is the image of one platform, and not the index over it.
    IsPart {
        platform: String,
    },
    /// A part is missing.
    Lacks {
        part: &'static str,
        platform: String,
    },
    /// It may not be read.
    Denied(Error),
}

impl fmt::Display for NotYet {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Absent => f.write_str("is absent"),
            Self::Is(digest) => write!(f, "is {digest}"),
            Self::IsPart { platform } => write!(f, "is the image for {platform} alone"),
            Self::Lacks { part, platform } => write!(f, "is there, but not the {part} for {platform}"),
            Self::Denied(error) => write!(f, "may not be read: {}", Chain(error.kind())),
        }
    }
}

impl From<Error> for Seen {
    fn from(error: Error) -> Self {
        if error.is_denied() { Self::NotYet(NotYet::Denied(error)) } else { Self::Untold(error) }
    }
}

/// Looks whether `tag` is `image`, with each of its children and their configs.
///
/// # Errors
/// It is an image that is no part of `image`.
pub(super) async fn unique(site: &Site, image: &Image, tag: &Tag) -> Result<Seen, Fault> {
    let found = match of_tag(site, tag, image.digest()).await {
        Ok(found) => found,
        Err(seen) => return Ok(seen),
    };
    if found == *image.digest() {
        return Ok(whole(site, image).await.unwrap_or_else(Seen::from));
    }
    match image.children.iter().find(|child| child.manifest.digest == found) {
        Some(child) => Ok(Seen::NotYet(NotYet::IsPart { platform: child.platform.to_string() })),
        None => Err(Fault::Refused(Refused::ServesAnother {
            tag: tag.clone(),
            place: site.public.to_string().into(),
            expected: image.digest().clone(),
            found,
        })),
    }
}

/// Looks whether `tag` is `digest`.
pub(super) async fn floating(site: &Site, digest: &Digest, tag: &Tag) -> Result<Seen, Fault> {
    Ok(match of_tag(site, tag, digest).await {
        Ok(found) if found == *digest => Seen::There,
        Ok(found) => Seen::NotYet(NotYet::Is(found)),
        Err(seen) => seen,
    })
}

/// What a tag is, by the hash of its bytes, of the kind that `like` is; an error is all that was seen.
async fn of_tag(site: &Site, tag: &Tag, like: &Digest) -> Result<Digest, Seen> {
    match site.visitor.find_manifest(&site.published(tag)).await {
        Ok(Some(manifest)) => Ok(like.same_algorithm_of(&manifest.bytes)),
        Ok(None) => Err(Seen::NotYet(NotYet::Absent)),
        Err(error) => Err(error.into()),
    }
}

/// Looks for what is below the manifest of `image`.
async fn whole(site: &Site, image: &Image) -> Result<Seen, Error> {
    for child in &image.children {
        if image.has_index() && !has_manifest(site, child).await? {
            return Ok(lacks("image", child));
        }
        if !site.visitor.head_blob(&site.public, &child.config.digest).await? {
            return Ok(lacks("config", child));
        }
    }
    Ok(Seen::There)
}

async fn has_manifest(site: &Site, child: &Child) -> Result<bool, Error> {
    let version = Version::Digest(child.manifest.digest.clone());
    let found = site.visitor.find_manifest(&ImageRef::new(site.public.clone(), version)).await?;
    Ok(found.is_some())
}

fn lacks(part: &'static str, child: &Child) -> Seen {
    Seen::NotYet(NotYet::Lacks { part, platform: child.platform.to_string() })
}
