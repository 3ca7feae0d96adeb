//! Moves the tags that customers use to an image that is public already.

use std::sync::Arc;

use crate::model::{ImageRef, Tag, Version};
use crate::publish::fault::Refused;
use crate::publish::journal::{Folders, Journal, Story};
use crate::publish::{Fault, Image, Number, ReleaseVersion, presence, public, source};

use super::account::Account;
use super::floating::{Moves, foresee_tags, move_tags};
use super::order::Means;
use super::{Published, whole};

/// Where to the tags of a version are to be moved.
#[derive(Debug, Clone)]
pub struct Rollback {
    /// The product, by its name in the metadata file.
    pub product: Arc<str>,
    /// The version.
    pub version: ReleaseVersion,
    /// The number of the image.
    pub to: Number,
    /// Whether `latest` is moved too.
    pub latest: bool,
    /// Whether only what would be done is said.
    pub is_dry_run: bool,
}

/// Moves the tags. Unique tags stay as they are; it is the only thing that moves a tag to a lower number.
pub async fn roll_back(rollback: &Rollback, means: &Means) -> Published {
    let target = means.site.uploaded(&rollback.version.tag());
    let account = Account::new((&rollback.product, &rollback.version), target.clone(), target);
    whole(means, rollback.is_dry_run, account, async |account| run(rollback, means, account).await).await
}

async fn run(rollback: &Rollback, means: &Means, account: &mut Account) -> Result<(), Fault> {
    let (site, unique) = (&means.site, rollback.version.unique(rollback.to)?);
    let tags = rollback.version.moving(rollback.latest)?;
    let image = published(means, &unique).await?;
    account.from(site.uploaded(&unique));
    account.begin(&unique, image.digest(), tags.iter().map(|tag| site.uploaded(tag)));
    let version = &rollback.version;
    let moves = Moves { means, image: &image, version, tags: &tags, number: None };
    if rollback.is_dry_run {
        return foresee_tags(&moves, &Story::default(), account).await;
    }
    let Some(state_dir) = &means.state_dir else { return Err(Fault::no_state_dir()) };
    let mut journal =
        Journal::open(&Folders::new(state_dir).of_number(&site.upload, &rollback.version, rollback.to))?;
    move_tags(&moves, &mut journal, account).await
}

/// The image under a unique tag, which must be public for each of its platforms.
async fn published(means: &Means, unique: &Tag) -> Result<Image, Fault> {
    let site = &means.site;
    let advice = "`publish status` shows which numbers are public".to_owned();
    let Some(digest) = presence::presence(&site.writer(), &site.uploaded(unique)).await? else {
        let what = format!("there is no {unique} at {}", site.upload);
        return Err(Refused::Other { what, advice }.into());
    };
    match presence::presence(&site.visitor, &site.published(unique)).await? {
        Some(served) if served == digest => {}
        served => {
            let served = served.map_or_else(|| "nothing".to_owned(), |served| served.to_string());
            let what = format!("{} serves {served} as {unique}, which is {digest}", site.public);
            return Err(Refused::Other { what, advice }.into());
        }
    }
    let image = ImageRef::new(site.upload.clone(), Version::Digest(digest));
    let Some(read) = source::read_public(&site.writer(), &image).await? else {
        return Err(Refused::Other { what: format!("{image} is gone"), advice }.into());
    };
    match public::lacks(site, &read, unique).await? {
        None => Ok(read),
        Some(how) => {
            let what =
                format!("{} {how}: not all that is to be served can be pulled", site.published(unique));
            Err(Refused::Other { what, advice }.into())
        }
    }
}
