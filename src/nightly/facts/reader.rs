//! Reads manifests and images, each once.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use futures_util::future::BoxFuture;
use futures_util::{FutureExt as _, StreamExt as _, stream};

use crate::engine::Stop;
use crate::error::{Classify, Failure, Stage};
use crate::model::{Content, Digest, ImageRef, Manifest, Version};
use crate::nightly::arch::Arch;
use crate::nightly::images::{self, Image, ImageError};
use crate::nightly::names::by_digest;
use crate::registry::Client;

/// So much is asked for at a time.
const AT_A_TIME: usize = 16;

/// What was read, by the reference that it was asked for by.
pub(super) struct Reader<'a> {
    pub(super) client: &'a Client,
    pub(super) stop: &'a Stop,
    tops: BTreeMap<ImageRef, Result<Top, Failure>>,
    images: BTreeMap<ImageRef, Result<Arc<Image>, Failure>>,
}

/// What a reference names.
#[derive(Debug, Clone)]
pub(super) enum Top {
    /// An index, the images in it that are for an architecture of payloads, and whether there are no others.
    Index { digest: Digest, images: BTreeMap<Arch, Digest>, is_all: bool },
    /// An image.
    Image { manifest: Manifest },
}

impl Top {
    pub(super) fn digest(&self) -> &Digest {
        match self {
            Self::Index { digest, .. } => digest,
            Self::Image { manifest } => &manifest.digest,
        }
    }
}

impl<'a> Reader<'a> {
    pub(super) fn new(client: &'a Client, stop: &'a Stop) -> Self {
        Self { client, stop, tops: BTreeMap::new(), images: BTreeMap::new() }
    }

    /// Reads what `wanted` name, save what is known.
    pub(super) async fn read_tops(&mut self, wanted: BTreeSet<ImageRef>) {
        let wanted = wanted.into_iter().filter(|image| !self.tops.contains_key(image));
        let read = |image: ImageRef| {
            let client = self.client.clone();
            let read = async move {
                let manifest = client.get_manifest(&image).await.map_err(ImageError::Registry);
                let top = manifest.and_then(|manifest| top(&image, manifest)).map_err(failed);
                (image, top)
            };
            read.boxed()
        };
        let found = each(wanted.map(read).collect(), AT_A_TIME, self.stop).await;
        self.tops.extend(found);
    }

    /// Reads images, which are named by digest, save those that are known.
    pub(super) async fn read_images(&mut self, wanted: BTreeSet<ImageRef>) {
        let wanted = wanted.into_iter().filter(|image| !self.images.contains_key(image));
        let mut manifests = self.manifests();
        let read = |image: ImageRef| {
            let (client, manifest) = (self.client.clone(), manifests.remove(&image));
            let read = async move {
                let found = match manifest {
                    Some(manifest) => images::of_manifest(&client, &image, manifest).await,
                    None => images::image(&client, &image).await,
                };
                (image, found.map(Arc::new).map_err(failed))
            };
            read.boxed()
        };
        let found = each(wanted.map(read).collect(), AT_A_TIME, self.stop).await;
        self.images.extend(found);
    }

    /// The manifests of images that were read already, by digest.
    fn manifests(&self) -> BTreeMap<ImageRef, Manifest> {
        let read = self.tops.iter().filter_map(|(image, top)| match top {
            Ok(Top::Image { manifest }) => {
                Some((by_digest(&image.repository, &manifest.digest), manifest.clone()))
            }
            _ => None,
        });
        read.collect()
    }

    /// What `image` names; none: it was not read, for we were stopped.
    pub(super) fn top(&self, image: &ImageRef) -> Option<&Result<Top, Failure>> {
        self.tops.get(image)
    }

    /// The image that `image` names by digest; none: it was not read, for we were stopped.
    pub(super) fn image(&self, image: &ImageRef) -> Option<&Result<Arc<Image>, Failure>> {
        self.images.get(image)
    }
}

fn failed(error: impl Classify) -> Failure {
    Failure::new(Stage::Resolve, error)
}

/// Makes all `reads`, some at a time; those that have not ended when we are stopped are given up.
pub(super) async fn each<T: Send>(
    reads: Vec<BoxFuture<'static, T>>,
    at_a_time: usize,
    stop: &Stop,
) -> Vec<T> {
    let reads = stream::iter(reads).buffer_unordered(at_a_time);
    reads.take_until(stop.gently.cancelled()).collect().await
}

fn top(image: &ImageRef, manifest: Manifest) -> Result<Top, ImageError> {
    let content = manifest.content();
    let content = content.map_err(|cause| ImageError::Manifest { image: image.clone(), cause })?;
    let Content::Index(children) = content else { return Ok(Top::Image { manifest }) };
    let (mut images, all) = (BTreeMap::new(), children.len());
    for child in children {
        let platform = child.platform.filter(|platform| platform.os == "linux");
        if let Some(arch) = platform.and_then(|platform| Arch::parse(&platform.architecture)) {
            images.entry(arch).or_insert(child.digest);
        }
    }
    let is_all = images.len() == all;
    Ok(Top::Index { digest: manifest.digest, images, is_all })
}

/// The architectures of an image: those of the index that `image` names, by digest; `arch` of the image itself.
pub(super) fn images_of(image: &ImageRef, top: &Top) -> BTreeMap<Option<Arch>, ImageRef> {
    match top {
        Top::Index { images, .. } => {
            images.iter().map(|(arch, digest)| (Some(*arch), by_digest(&image.repository, digest))).collect()
        }
        // What it is for only its config says.
        Top::Image { manifest } => [(None, by_digest(&image.repository, &manifest.digest))].into(),
    }
}

/// `image`, by the digest that it was resolved to.
pub(super) fn resolved(image: &ImageRef, top: &Top) -> ImageRef {
    match &image.version {
        Version::Digest(_) => image.clone(),
        Version::Tag(_) => by_digest(&image.repository, top.digest()),
    }
}
