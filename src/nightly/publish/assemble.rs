//! Puts a release image together. Registries are only read.

use std::time::UNIX_EPOCH;

use super::components;
use super::error::Error;
use super::image::{ReleaseImage, image};
use super::layer::{Moment, layer};
use super::manifests::contents;
use super::release::{BASE, Release};
use crate::engine;
use crate::model::ImageRef;
use crate::nightly::images::{self, ImageConfig};
use crate::registry::Client;

/// Puts `release` together.
///
/// # Errors
/// When an image cannot be read, or what is in it cannot be understood.
pub(super) async fn assemble(client: &Client, release: &Release) -> Result<ReleaseImage, Error> {
    let base_image = base(release).ok_or(Error::NoBase)?;
    let components = components::read(client, release).await?;
    let contents = contents(&components, &release.name)?;
    let base = images::image(client, base_image).await?;
    let made = release.created.map_or_else(|| made(&base.config), Moment::of);
    let layer = layer(release, &contents, made).map_err(Error::Pack)?;
    image(&base, release, layer, made).map_err(|cause| Error::Base { image: base_image.clone(), cause })
}

/// The image that it is made from.
pub(super) fn base(release: &Release) -> Option<&ImageRef> {
    release.base.as_ref().or_else(|| release.members.get(BASE).map(|member| &member.image))
}

/// When an image was made; of one that does not say it 1970, so that two releases of it are alike.
fn made(config: &ImageConfig) -> Moment {
    Moment::of(config.created().and_then(engine::instant).unwrap_or(UNIX_EPOCH))
}
