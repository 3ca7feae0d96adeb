//! Whether customers get the content of an image already.

use crate::publish::{Fault, Image, ReleaseVersion, Site, content, source};

/// In what the image that customers get as `version` differs from `image`; none: it is the same to them.
///
/// # Errors
/// When it cannot be told: that is never taken for a difference.
pub async fn differs(site: &Site, image: &Image, version: &ReleaseVersion) -> Result<Option<String>, Fault> {
    let served = site.published(&version.tag());
    match source::read_public(&site.visitor, &served).await? {
        None => Ok(Some(format!("there is no {served}"))),
        Some(theirs) => Ok(content::differs(image, &theirs).map(|difference| difference.to_string())),
    }
}
