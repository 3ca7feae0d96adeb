//! Container images: there is a manifest under the digest that the stream lists.

use super::verdict::{Unmirrored, Verdict};
use crate::model::{ImageRef, Reference, Version};
use crate::registry::Client;
use crate::stream::document::Container;

pub(super) async fn check(container: &Container, client: &Client) -> Result<(), Verdict> {
    let found = client.head_manifest(&image(container)?).await;
    match found.map_err(|error| Verdict::of(error, "it", &[]))? {
        Some(_) => Ok(()),
        None => Err(Unmirrored::NoImage.into()),
    }
}

/// The image by its digest: whatever its tag is by now.
fn image(container: &Container) -> Result<ImageRef, Unmirrored> {
    let unusable = |why: &str| Unmirrored::Unusable(why.to_owned());
    let text = container.digest_ref.as_deref().ok_or_else(|| unusable("it has no `digest-ref`"))?;
    let reference =
        Reference::parse(text).map_err(|(error, _)| unusable(&format!("its `digest-ref` is {error}")))?;
    let digest = reference.digest.ok_or_else(|| unusable("its `digest-ref` has no digest"))?;
    Ok(ImageRef::new(reference.repository, Version::Digest(digest)))
}
