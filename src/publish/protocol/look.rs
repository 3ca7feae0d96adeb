//! Steps 1 and 2: whether the tag is new, and the image.

use std::collections::BTreeMap;

use crate::error::advised;
use crate::model::{ImageRef, Version};
use crate::publish::catalog::Record;
use crate::publish::decide::{Known, Seen};
use crate::publish::{Fault, Image, presence};

use super::order::{Means, Order};
use super::prepare::Numbered;

/// What the catalog's own records say of each architecture; none: it was not asked, or did not answer.
pub(super) type Records = Option<BTreeMap<String, Vec<Record>>>;

/// Looks at both registries for what is going to be published.
pub(super) async fn look(order: &Order, means: &Means, numbered: &Numbered) -> Result<(Seen, Records), Fault> {
    let (site, image) = (&means.site, &numbered.image);
    let unique = presence::presence(&site.writer(), &site.uploaded(&numbered.tag)).await?;
    let public = presence::presence(&site.visitor, &site.published(&numbered.tag)).await?;
    let records = records(means, image).await;
    let known = known(means, image, records.as_ref()).await?;
    let mut is_floating_done = true;
    for tag in order.tags()? {
        let at = presence::presence(&site.writer(), &site.uploaded(&tag)).await?;
        let served = presence::presence(&site.visitor, &site.published(&tag)).await?;
        is_floating_done &= at.as_ref() == Some(image.digest()) && served.as_ref() == Some(image.digest());
    }
    Ok((Seen { unique, known, public, is_floating_done }, records))
}

/// Which of the image's manifests the upload registry or the catalog has, under whatever tag.
async fn known(
    means: &Means,
    image: &Image,
    records: Option<&BTreeMap<String, Vec<Record>>>,
) -> Result<Known, Fault> {
    let (site, writer) = (&means.site, means.site.writer());
    let by_digest = |digest: &crate::model::Digest| ImageRef::new(site.upload.clone(), Version::Digest(digest.clone()));
    let index = presence::presence(&writer, &by_digest(image.digest())).await?.is_some();
    let mut children = Vec::new();
    for child in &image.children {
        let is_recorded = records
            .and_then(|records| records.get(&child.platform.architecture))
            .is_some_and(|records| !records.is_empty());
        let digest = &child.manifest.digest;
        if is_recorded || presence::presence(&writer, &by_digest(digest)).await?.is_some() {
            children.push((child.platform.to_string(), digest.clone()));
        }
    }
    Ok(Known { index, children })
}

/// The catalog's records. It need not be there: what it says is never a condition of success.
async fn records(means: &Means, image: &Image) -> Records {
    let catalog = means.catalog.as_ref()?;
    let mut records = BTreeMap::new();
    for child in &image.children {
        match catalog.records(&child.manifest.digest).await {
            Ok(found) => records.insert(child.platform.architecture.clone(), found),
            Err(error) => {
                tracing::warn!("the catalog's records are not known, and not needed: {}", advised(&error));
                return None;
            }
        };
    }
    Some(records)
}
