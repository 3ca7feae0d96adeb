//! The tags that customers use.

use super::upload::{confirm, overwritten};
use super::{Fault, Image, Site};
use crate::error::{Failure, Stage};
use crate::model::Tag;

/// Makes `tag` the image in the upload registry, where the image is already by its digest: the same bytes under one more tag. It is
/// for the caller to know that the tag may move.
///
/// # Errors
/// `Refused` when it is something else afterwards, `Untold` when the registry does not take it or does not tell.
pub async fn point(site: &Site, image: &Image, tag: &Tag) -> Result<(), Fault> {
    let answered = site.writer().put_manifest(&site.uploaded(tag), &image.manifest).await;
    match answered.map_err(|error| Failure::new(Stage::Transfer, error))? {
        Some(other) if other != *image.digest() => Err(overwritten(tag, image.digest(), other.as_str())),
        _ => confirm(site, tag, image.digest()).await,
    }
}
