//! Inspects the images of RHCOS: what their tags name now, of which build they are, and what is installed in them.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::error::Unread;
use super::reader::{Reader, images_of, resolved};
use super::{Extent, rhcos_rpms};
use crate::error::Failure;
use crate::model::{ImageRef, Origin};
use crate::nightly::arch::Arch;
use crate::nightly::images::Image;
use crate::nightly::inspected::Inspected;
use crate::nightly::payload::RhcosContainer;

/// The build of an image, since 4.16; before that it was in `version`.
const VERSION: [&str; 2] = ["org.opencontainers.image.version", "version"];
/// Layered images have it (since 4.19): each has a build of its own, on a base that `version` names.
const LAYERED: &str = "coreos.build.manifest-list-tag";

/// What the file names, by digest, and the image of it for one architecture.
type Pinned = (ImageRef, Option<Arc<Image>>);

/// An image of RHCOS for one architecture.
pub(super) struct Part<'a> {
    pub(super) arch: Arch,
    pub(super) container: &'a RhcosContainer,
    /// As the file names it.
    pub(super) named: &'a ImageRef,
}

impl Part<'_> {
    pub(super) fn unread(&self, extent: Extent<'_>, failure: Failure) -> Unread {
        let origin = Origin::Line { file: Arc::clone(&extent.payload.file), line: self.container.line };
        let component = Arc::clone(&self.container.name);
        Unread { origin, component, image: self.named.clone(), failure }
    }
}

/// Adds RHCOS to `inspected`.
pub(super) async fn inspect(
    reader: &mut Reader<'_>,
    extent: Extent<'_>,
    inspected: &mut Inspected,
    failures: &mut Vec<Unread>,
) {
    let parts = parts(extent);
    reader.read_tops(parts.iter().map(|part| part.named.clone()).collect()).await;
    let images = parts.iter().filter_map(|part| image_for(reader, part)).collect();
    reader.read_images(images).await;

    let mut known: BTreeMap<Arch, Vec<(&Part<'_>, Arc<Image>)>> = BTreeMap::new();
    for part in &parts {
        match found(reader, part) {
            Some(Ok((pinned, image))) => {
                let name = &part.container.name;
                inspected.rhcos.entry(part.arch).or_default().insert(Arc::clone(name), pinned);
                if let Some(id) = image.as_ref().and_then(|image| build_id(image)) {
                    inspected.rhcos_build_ids.entry(part.arch).or_default().insert(Arc::clone(name), id);
                }
                known.entry(part.arch).or_default().extend(image.map(|image| (part, image)));
            }
            Some(Err(failure)) => failures.push(part.unread(extent, failure)),
            None => {}
        }
    }
    rhcos_rpms::inspect(reader, extent, &known, (inspected, failures)).await;
}

fn parts(extent: Extent<'_>) -> Vec<Part<'_>> {
    let containers = &extent.payload.rhcos.containers;
    let of = |arch: Arch| {
        containers
            .iter()
            .filter_map(move |container| Some(Part { arch, container, named: container.images.get(&arch)? }))
    };
    extent.arches.iter().copied().flat_map(of).collect()
}

/// The image for the architecture, by digest.
fn image_for(reader: &Reader<'_>, part: &Part<'_>) -> Option<ImageRef> {
    let top = reader.top(part.named)?.as_ref().ok()?;
    let mut images = images_of(part.named, top);
    images.remove(&Some(part.arch)).or_else(|| images.remove(&None))
}

/// An index without an image for the architecture is named all the same: nothing of RHCOS is copied. None: we were stopped.
fn found(reader: &Reader<'_>, part: &Part<'_>) -> Option<Result<Pinned, Failure>> {
    let top = match reader.top(part.named)? {
        Ok(top) => top,
        Err(failure) => return Some(Err(failure.clone())),
    };
    let pinned = resolved(part.named, top);
    let Some(image) = image_for(reader, part) else { return Some(Ok((pinned, None))) };
    let read = reader.image(&image)?.clone();
    Some(read.map(|image| (pinned, Some(image))))
}

fn build_id(image: &Image) -> Option<Arc<str>> {
    let labels = image.config.labels();
    if labels.contains_key(LAYERED) {
        return None;
    }
    VERSION.iter().find_map(|name| labels.get(*name)).map(|id| id.as_str().into())
}
