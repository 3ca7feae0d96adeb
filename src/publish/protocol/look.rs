//! Steps 1 and 2: whether the tag is new, and the image.

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::error::advised;
use crate::model::{Digest, ImageRef, Tag, Version};
use crate::publish::decide::{Known, Record, Seen};
use crate::publish::{Child, Fault, Image, presence};

use super::order::{Means, Order};
use super::prepare::Numbered;

/// What the catalog has of each architecture; none: it was not asked, or did not answer.
pub(super) type Records = Option<BTreeMap<String, Record>>;

/// Looks at both registries for what is going to be published; `next` is the unique tag of the next number that is free.
pub(super) async fn look<'a>(
    order: &Order,
    means: &Means,
    numbered: &'a Numbered,
    next: Tag,
) -> Result<(Seen<'a>, Records), Fault> {
    let (site, image) = (&means.site, &numbered.image);
    let upload = presence::presence(&site.writer(), &site.uploaded(&numbered.tag)).await?;
    let public = presence::presence(&site.visitor, &site.published(&numbered.tag)).await?;
    let mut records = records(means, image).await;
    if upload.is_some() && records.is_none() {
        records = Some(published(means, image).await?);
    }
    let known = match &upload {
        // Its own tag says more.
        Some(_) => None,
        None => known(means, image, records.as_ref()).await?,
    };
    let seen = Seen {
        digest: image.digest(),
        children: &numbered.children,
        tag: &numbered.tag,
        is_floating: upload.is_some() && is_floating(order, means, image.digest()).await?,
        upload,
        public,
        known,
        upload_place: site.upload.to_string().into(),
        public_place: site.public.to_string().into(),
        next: Some(next),
    };
    Ok((seen, records))
}

/// Whether all floating tags are the image, in both registries.
async fn is_floating(order: &Order, means: &Means, digest: &Digest) -> Result<bool, Fault> {
    let site = &means.site;
    for tag in order.tags()? {
        let upload = presence::presence(&site.writer(), &site.uploaded(&tag)).await?;
        let public = presence::presence(&site.visitor, &site.published(&tag)).await?;
        if [upload, public].iter().any(|found| found.as_ref() != Some(digest)) {
            return Ok(false);
        }
    }
    Ok(true)
}

/// Who knows the image, or the first of its children that somebody knows, under whatever tag.
async fn known(
    means: &Means,
    image: &Image,
    records: Option<&BTreeMap<String, Record>>,
) -> Result<Option<Known>, Fault> {
    let place: Arc<str> = means.site.upload.to_string().into();
    if is_there(means, image.digest()).await? {
        let digest = image.digest().clone();
        return Ok(Some(Known { what: "the image".to_owned(), digest, place }));
    }
    let known = |child: &Child, place: &Arc<str>| Known {
        what: format!("the image for {}", child.platform),
        digest: child.manifest.digest.clone(),
        place: Arc::clone(place),
    };
    for child in &image.children {
        if records.is_some_and(|records| records.contains_key(&child.platform.architecture)) {
            return Ok(Some(known(child, &"the catalog".into())));
        }
        if is_there(means, &child.manifest.digest).await? {
            return Ok(Some(known(child, &place)));
        }
    }
    Ok(None)
}

async fn is_there(means: &Means, digest: &Digest) -> Result<bool, Fault> {
    let image = ImageRef::new(means.site.upload.clone(), Version::Digest(digest.clone()));
    Ok(presence::presence(&means.site.writer(), &image).await?.is_some())
}

/// What the public registry tells in the catalog's place: it serves the image of a platform once that is published, by its digest
/// before the index has its tag. What is published cannot be certified again.
async fn published(means: &Means, image: &Image) -> Result<BTreeMap<String, Record>, Fault> {
    let mut records = BTreeMap::new();
    for child in &image.children {
        let version = Version::Digest(child.manifest.digest.clone());
        let served = ImageRef::new(means.site.public.clone(), version);
        if presence::presence(&means.site.visitor, &served).await?.is_some() {
            records.insert(child.platform.architecture.clone(), Record::Certified);
        }
    }
    Ok(records)
}

/// The catalog's records. It need not be there: what it says is never a condition of success.
async fn records(means: &Means, image: &Image) -> Records {
    let catalog = means.catalog.as_ref()?;
    let mut records = BTreeMap::new();
    for child in &image.children {
        let found = match catalog.records(&child.manifest.digest).await {
            Ok(found) => found,
            Err(error) => {
                tracing::warn!("the catalog's records are not known, and not needed: {}", advised(&error));
                return None;
            }
        };
        if !found.is_empty() {
            let is_certified = found.iter().any(|record| record.is_certified);
            let record = if is_certified { Record::Certified } else { Record::Uncertified };
            records.insert(child.platform.architecture.clone(), record);
        }
    }
    Some(records)
}
