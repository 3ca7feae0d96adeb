//! A source and an upload registry, with an image that is published from one to the other.

use std::sync::Arc;

use image_mirror::engine::{Silent, Stop};
use image_mirror::model::{ImageRef, Origin, Reference, Repository, Tag, Version};
use image_mirror::publish::source::{Wanted, read};
use image_mirror::publish::upload::{Means, Uploaded, upload};
use image_mirror::publish::{self, Fault, Site};
use image_mirror::registry::{self, Client, Role};

use crate::engine::{client, impatient};
use crate::support::image::{ImageBuilder, Index};
use crate::support::{FakeRegistry, Image, Kind};

/// Where the image is at the source and in the upload registry.
pub(super) const SOURCE: &str = "cb-rhcc/server";
pub(super) const UPLOAD: &str = "certified/5f00";

pub(super) struct Registries {
    pub(super) source: FakeRegistry,
    pub(super) upload: FakeRegistry,
    pub(super) wanted: Wanted,
}

impl Registries {
    pub(super) async fn start() -> Self {
        let (source, upload) = (FakeRegistry::start().await, FakeRegistry::start().await);
        let platforms = vec!["linux/amd64".to_owned(), "linux/arm64".to_owned()];
        let wanted = Wanted { platforms, single_arch: false, strip_attestations: false };
        Self { source, upload, wanted }
    }

    /// Offers `image` as the source's `7.6.1-rel`.
    pub(super) fn offer(&self, image: &Image) {
        self.source.put_image(SOURCE, "7.6.1-rel", image);
    }

    pub(super) fn from(&self) -> ImageRef {
        ImageRef::new(repository(&self.source, SOURCE), Version::Tag(tag("7.6.1-rel")))
    }

    pub(super) fn site(&self) -> Site {
        self.site_with(impatient())
    }

    pub(super) fn site_with(&self, options: registry::Options) -> Site {
        let upload = repository(&self.upload, UPLOAD);
        let public = repository(&self.upload, "couchbase/server");
        let client = client(options);
        Site { upload, public, visitor: client.clone(), client }
    }

    pub(super) async fn read(&self) -> Result<publish::Image, Fault> {
        read(&reader(), &self.from(), &self.wanted).await
    }

    /// Uploads as `7.6.1-2`, as a run of its own.
    pub(super) async fn publish(&self, image: &publish::Image) -> Result<Uploaded, Fault> {
        self.publish_until(image, Stop::default()).await
    }

    pub(super) async fn publish_until(&self, image: &publish::Image, stop: Stop) -> Result<Uploaded, Fault> {
        // A run that is to be cut does not try for long.
        let site = self.site_with(registry::Options { attempts: 2, ..impatient() });
        upload(&site, image, &self.from(), &tag("7.6.1-2"), &means(stop)).await
    }

    /// What the upload registry has as `7.6.1-2`.
    pub(super) fn uploaded(&self) -> Option<image_mirror::model::Digest> {
        self.upload.tag_digest(UPLOAD, "7.6.1-2")
    }

    /// What was written in the upload registry by which name, in order.
    pub(super) fn manifests_written(&self) -> Vec<String> {
        let puts = self.upload.requests_on(Kind::PutManifest);
        puts.into_iter().filter_map(|request| request.reference).collect()
    }
}

/// Reads sources.
pub(super) fn reader() -> Client {
    client(impatient()).with_role(Role::Source)
}

pub(super) fn means(stop: Stop) -> Means {
    let origin = Origin::Release { product: "server".into(), release: "7.6.1-2".into() };
    Means { observer: Arc::new(Silent), stop, origin }
}

fn repository(registry: &FakeRegistry, name: &str) -> Repository {
    Reference::parse(&format!("{}/{name}", registry.host())).unwrap().repository
}

pub(super) fn tag(text: &str) -> Tag {
    Tag::parse(text).unwrap()
}

/// An image of one platform, different for each seed.
pub(super) fn arch(builder: ImageBuilder, platform: &str, seed: u64) -> Image {
    builder.platform(platform).layer_of(4096, seed).layer_of(2048, seed ^ 0xABCD).build()
}

pub(super) fn both(seed: u64) -> [Image; 2] {
    [arch(Image::oci(), "linux/amd64", seed), arch(Image::oci(), "linux/arm64", seed + 1000)]
}

/// An index of amd64 and arm64.
pub(super) fn release(seed: u64) -> Image {
    let [amd64, arm64] = both(seed);
    Index::oci().child(&amd64).child(&arm64).annotation("org.example", "kept").build()
}

/// The exit code that a fault comes to, and its words.
pub(super) fn said(fault: &Fault) -> (u8, String) {
    let code = match fault {
        Fault::Refused(_) => 4,
        Fault::NotPassed { .. } => 1,
        Fault::Unsuitable { .. } => 2,
        Fault::Untold(_) | Fault::Stopped(_) | Fault::Deferred { .. } => 3,
        Fault::TimedOut { .. } => 5,
    };
    (code, image_mirror::error::advised(fault))
}
