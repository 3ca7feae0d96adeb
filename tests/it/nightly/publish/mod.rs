//! Release images on the wire: assembled, pushed, kept, refused.

mod content;
mod failures;
pub(crate) mod images;
mod real;

use std::collections::BTreeMap;
use std::sync::Arc;

use image_mirror::engine::Stop;
use image_mirror::model::{Digest, ImageRef, Reference, Row, Tag, Version};
use image_mirror::nightly::StreamName;
use image_mirror::nightly::publish::{Means, Published, Release, ReleaseMember, ReleaseName, publish};
use image_mirror::policy::Policies;

use crate::engine::{client, impatient, word};
use crate::support::{FakeRegistry, Image, Kind, on, writes};

const NAME: &str = "4.19.0-rc.1";
const RELEASES: &str = "ocp/release";

/// By this every image is written, or in a dry run none.
pub(crate) fn means(is_dry_run: bool) -> Means {
    let (stop, policies) = (Stop::default(), Policies::default());
    Means { client: client(impatient()), stop, is_dry_run, policies, file: "payload.yaml".into() }
}

pub(crate) fn tagged(host: &str, repository: &str, tag: &str) -> ImageRef {
    let repository = Reference::parse(&format!("{host}/{repository}")).unwrap().repository;
    ImageRef::new(repository, Version::Tag(Tag::parse(tag).unwrap()))
}

pub(crate) fn by_digest(host: &str, repository: &str, digest: &Digest) -> ImageRef {
    let repository = Reference::parse(&format!("{host}/{repository}")).unwrap().repository;
    ImageRef::new(repository, Version::Digest(digest.clone()))
}

/// Where the images of a payload are, and where its release goes.
struct World {
    source: FakeRegistry,
    target: FakeRegistry,
    images: BTreeMap<&'static str, Image>,
}

impl World {
    async fn start() -> Self {
        Self::between(FakeRegistry::start().await, FakeRegistry::start().await)
    }

    fn between(source: FakeRegistry, target: FakeRegistry) -> Self {
        let images = images::payload();
        for image in images.values() {
            source.put_untagged("org/art-dev", image);
        }
        Self { source, target, images }
    }

    /// The release of all images, read from the source and named as they are somewhere else.
    fn release(&self) -> Release {
        release(self.source.host(), &self.images, tagged(self.target.host(), RELEASES, NAME))
    }

    async fn publish(&self, release: &Release) -> Row {
        publish(&means(false), release).await.row
    }

    /// The last layer of the release, unpacked.
    fn files(&self) -> BTreeMap<String, String> {
        images::unpacked(&self.blob(&self.layers().last().unwrap().clone())).into_iter().collect()
    }

    fn manifest(&self) -> serde_json::Value {
        images::json_of(&self.target.manifest(RELEASES, NAME).expect("the release is there"))
    }

    fn layers(&self) -> Vec<String> {
        let layers = self.manifest()["layers"].as_array().unwrap().clone();
        layers.iter().map(|layer| layer["digest"].as_str().unwrap().to_owned()).collect()
    }

    fn blob(&self, digest: &str) -> Vec<u8> {
        self.target.blob(RELEASES, &Digest::parse(digest).unwrap()).expect("the blob is there").to_vec()
    }
}

/// The release `NAME` of these images, which `host` has as `org/art-dev`.
fn release(host: &str, images: &BTreeMap<&'static str, Image>, target: ImageRef) -> Release {
    let member = |(tag, image): (&&str, &Image)| {
        let member = ReleaseMember {
            component: format!("ose-{tag}").into(),
            image: by_digest(host, "org/art-dev", &image.digest),
            pull_spec: pull_spec(image).into(),
        };
        (Arc::from(*tag), member)
    };
    Release {
        name: ReleaseName::parse(NAME).unwrap(),
        architecture: None,
        stream: StreamName { namespace: "ocp".into(), name: "4.19-art-assembly-rc.1".into() },
        base: None,
        members: images.iter().map(member).collect(),
        target,
        created: None,
        may_move: false,
    }
}

fn pull_spec(image: &Image) -> String {
    format!("quay.io/o/art-dev@{}", image.digest)
}

fn assert_only_read(registry: &FakeRegistry) {
    assert_eq!(registry.count(writes()), 0, "{:#?}", registry.requests_on(writes()));
}

#[tokio::test]
async fn a_release_image_is_its_base_with_one_layer_more_under_its_name() {
    let world = World::start().await;
    let row = world.publish(&world.release()).await;
    assert_eq!(word(&row), "copied", "{row:?}");
    assert_eq!(row.digest, world.target.tag_digest(RELEASES, NAME));
    assert_eq!((row.previous.as_ref(), row.attempts), (None, 1));
    assert_eq!(row.target.to_string(), format!("{}/{RELEASES}:{NAME}", world.target.host()));
    world.target.assert_tags_were_always_whole();
    assert_eq!(world.target.tags(RELEASES), [NAME], "the base has no tag there");
    assert_only_read(&world.source);

    let base = &world.images["cluster-version-operator"];
    let of_base: Vec<_> = base.layers().iter().map(|layer| layer.digest.to_string()).collect();
    let layers = world.layers();
    assert_eq!(layers[..2], of_base);
    assert_eq!(layers.len(), 3);
    let manifest = world.manifest();
    assert_eq!(manifest["mediaType"], base.media_type.as_str());
    assert_eq!(manifest["layers"][2]["mediaType"], "application/vnd.docker.image.rootfs.diff.tar.gzip");
}

#[tokio::test]
async fn a_release_that_is_there_is_kept_and_nothing_is_written() {
    let world = World::start().await;
    let first = world.publish(&world.release()).await;
    world.target.clear_log();
    let again = world.publish(&world.release()).await;
    assert_eq!(word(&again), "kept", "{again:?}");
    assert_eq!((&again.digest, &again.previous), (&first.digest, &first.digest));
    assert_only_read(&world.target);
}

#[tokio::test]
async fn a_name_that_is_another_image_is_refused_with_both_digests() {
    let world = World::start().await;
    let other = Image::example(99);
    world.target.put_image(RELEASES, NAME, &other);
    let row = world.publish(&world.release()).await;
    assert_eq!(word(&row), "refused", "{row:?}");
    assert_eq!(row.previous.as_ref(), Some(&other.digest));
    assert!(row.digest.is_some() && row.digest != row.previous, "{row:?}");
    assert_eq!(world.target.tag_digest(RELEASES, NAME), Some(other.digest));
    assert_only_read(&world.target);
}

#[tokio::test]
async fn a_name_that_someone_else_takes_meanwhile_is_left_to_them() {
    let world = World::start().await;
    let (release, means) = (world.release(), means(false));
    let gate = world.target.hold(Kind::PutBlob);
    let other = Image::example(99);
    let taken = async {
        gate.arrived(1).await;
        world.target.put_image(RELEASES, NAME, &other);
        gate.release();
    };
    let (Published { row, .. }, ()) = tokio::join!(publish(&means, &release), taken);
    assert_eq!(word(&row), "refused", "{row:?}");
    assert_eq!(row.previous.as_ref(), Some(&other.digest));
    assert_eq!(world.target.tag_digest(RELEASES, NAME), Some(other.digest));
    assert_eq!(world.target.count(on(Kind::PutManifest).reference(NAME)), 0);
}

#[tokio::test]
async fn a_dry_run_says_the_digest_that_the_release_then_has_and_only_reads() {
    let world = World::start().await;
    let planned = publish(&means(true), &world.release()).await.row;
    assert_eq!(word(&planned), "planned", "{planned:?}");
    assert_only_read(&world.source);
    assert_only_read(&world.target);
    assert!(world.target.repositories().is_empty());

    let row = world.publish(&world.release()).await;
    assert_eq!(row.digest, planned.digest);
}

#[tokio::test]
async fn within_one_registry_the_layers_of_the_base_are_mounted_and_not_sent() {
    let one = FakeRegistry::start().await;
    let images = images::payload();
    for image in images.values() {
        one.put_untagged("org/art-dev", image);
    }
    let release = release(one.host(), &images, tagged(one.host(), RELEASES, NAME));
    let row = publish(&means(false), &release).await.row;
    assert_eq!(word(&row), "copied", "{row:?}");
    let base = &images["cluster-version-operator"];
    let of_base: u64 = base.tree_blob_bytes();
    assert_eq!(row.moved.bytes.mounted, of_base, "{row:?}");
    for blob in base.tree_blobs() {
        let digest = blob.digest.to_string();
        assert_eq!(one.count(on(Kind::PutBlob).repository(RELEASES).reference(&digest)), 0);
        assert!(one.has_blob(RELEASES, &blob.digest));
    }
    assert_eq!(one.count(on(Kind::PutBlob)), 2, "the new layer and the new config");
    one.assert_tags_were_always_whole();
}
