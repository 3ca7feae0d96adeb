//! Waits until the public registry serves what was uploaded.
//!
//! A tag is looked at again and again until it is what it should be. What cannot be told counts as not yet, for the registry
//! has all the time that it is given; only another image under a tag that never moves ends the wait early, and whoever knows
//! by other ways that it is in vain. A look reads the tag's bytes and hashes them here. A unique tag is served once each child
//! of the index and the config of each is there too; a floating tag is, once it is the same index, whose children the unique
//! tag has shown.

mod look;
mod told;
mod wait;

use std::fmt::Write as _;

pub use told::{Logged, Still, Told};
pub use wait::{EarlyEnd, Wait};

use super::{Fault, Image, Site};
use crate::error::{Class, Classify, Failure, Stage};
use crate::model::{Digest, ImageRef, Tag};
use crate::registry::Error;
use look::{NotYet, Seen};
use wait::Awaited;

/// Waits for `image` under its unique tag, whole. `early` is asked after each look that found it not yet there.
///
/// # Errors
/// [`Fault::Refused`] when another image is served under the tag, [`Fault::TimedOut`], [`Fault::Stopped`], and what `early` says.
pub async fn await_unique(
    wait: &Wait<'_>,
    image: &Image,
    tag: &Tag,
    early: Option<EarlyEnd<'_>>,
) -> Result<(), Fault> {
    let awaited = Awaited {
        image: wait.site.published(tag),
        limit: wait.patience.publish,
        advice: "see in the catalog what became of the image there; run it again later: it goes on waiting, and \
                 uploads nothing again",
    };
    let look = || look::unique(wait.site, image, tag);
    wait.until(&awaited, look, early).await
}

/// Waits for the image `digest` under a floating tag. Another image under it is the one before, and is waited out.
///
/// # Errors
/// [`Fault::TimedOut`] and [`Fault::Stopped`].
pub async fn await_floating(wait: &Wait<'_>, digest: &Digest, tag: &Tag) -> Result<(), Fault> {
    let awaited = Awaited {
        image: wait.site.published(tag),
        limit: wait.patience.tag,
        advice: "run it again later: it goes on waiting, and writes no tag twice; if customers cannot pull the tag \
                 meanwhile, `publish rollback` moves it back",
    };
    let look = || look::floating(wait.site, digest, tag);
    wait.until(&awaited, look, None).await
}

/// What one look finds lacking of `image` under its unique tag, in words that follow on the tag; none: it is there, whole.
///
/// # Errors
/// [`Fault::Refused`] when another image is served under the tag, [`Fault::Untold`] when the registry does not tell.
pub async fn lacks(site: &Site, image: &Image, tag: &Tag) -> Result<Option<String>, Fault> {
    match look::unique(site, image, tag).await? {
        Seen::There => Ok(None),
        Seen::NotYet(NotYet::Denied(error)) | Seen::Untold(error) => {
            Err(Failure::new(Stage::Verify, error).into())
        }
        Seen::NotYet(how) => Ok(Some(how.to_string())),
    }
}

/// Sees that `tag`, which is known to be public, can be read: before a wait, in which what cannot be read counts as not yet.
///
/// # Errors
/// [`Fault::Untold`] when it cannot.
pub async fn control(site: &Site, tag: &Tag) -> Result<(), Fault> {
    let image = site.published(tag);
    let cause = match site.visitor.find_manifest(&image).await {
        Ok(Some(_)) => return Ok(()),
        Ok(None) => None,
        Err(error) => Some(error),
    };
    Err(Failure::new(Stage::Verify, Unreadable { image, cause }).into())
}

/// The public registry does not show what it serves to everybody.
#[derive(Debug, thiserror::Error)]
#[error("cannot read the public registry: {image} is public{}", if .cause.is_none() { ", and is not to be had there" } else { "" })]
struct Unreadable {
    image: ImageRef,
    #[source]
    cause: Option<Error>,
}

impl Classify for Unreadable {
    fn class(&self) -> Class {
        self.cause.as_ref().map_or(Class::Missing, Error::class)
    }

    fn attempts(&self) -> u32 {
        self.cause.as_ref().map_or(1, Error::attempts)
    }

    fn advice(&self) -> Option<String> {
        let mut advice = format!("see that {} can be pulled from here, by the same login", self.image);
        if let Some(more) = self.cause.as_ref().and_then(Error::advice) {
            let _ = write!(advice, "; {more}");
        }
        Some(advice)
    }

    fn unreached(&self) -> Option<&str> {
        self.cause.as_ref().and_then(Error::unreached)
    }
}
