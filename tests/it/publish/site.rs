//! The places of a stand-in catalog as the program knows them, and images as it holds them.

use std::time::Duration;

use image_mirror::model::{Content, Digest, Host, ImageRef, Manifest, Platform, Repository, Tag, Version};
use image_mirror::publish::{self, Child, Site};
use image_mirror::registry::{Client, Credentials, Options, SearchPaths};

use crate::support::catalog::{PUBLIC, UPLOAD};
use crate::support::{CatalogWorld, Image, Index, docker_config};

pub(crate) fn tag(text: &str) -> Tag {
    Tag::parse(text).unwrap()
}

pub(crate) fn repository(host: &str, name: &str) -> Repository {
    Repository { host: Host::new(host), name: name.into() }
}

pub(crate) fn tagged(host: &str, name: &str, text: &str) -> ImageRef {
    ImageRef::new(repository(host, name), Version::Tag(tag(text)))
}

/// A client that does not wait long between attempts.
pub(crate) fn client(is_watching: bool, login: Option<(&str, &str, &str)>) -> Client {
    let options = Options {
        backoff_min: Duration::from_millis(1),
        backoff_max: Duration::from_millis(4),
        watching: is_watching,
        ..Options::default()
    };
    let credentials = login.map_or_else(Credentials::anonymous, |login| {
        let file = tempfile::NamedTempFile::new().unwrap();
        std::fs::write(file.path(), docker_config(&[login])).unwrap();
        let paths = SearchPaths { authfile: Some(file.path().to_owned()), ..SearchPaths::default() };
        Credentials::load(&paths, None).unwrap()
    });
    Client::new(options, credentials.clone(), credentials).unwrap()
}

pub(crate) fn site(world: &CatalogWorld) -> Site {
    site_with(world, client(true, None))
}

pub(crate) fn site_with(world: &CatalogWorld, visitor: Client) -> Site {
    Site {
        upload: repository(world.upload.host(), UPLOAD),
        public: repository(world.public.host(), PUBLIC),
        client: client(false, None),
        visitor,
    }
}

/// An image for two platforms, another one for each seed.
pub(crate) fn example(seed: u64) -> Image {
    let child = |platform: &str| Image::oci().platform(platform).layer_of(100, seed).build();
    Index::oci().child(&child("linux/amd64")).child(&child("linux/arm64")).build()
}

/// The same as the program holds it.
pub(crate) fn held(image: &Image) -> publish::Image {
    let children = if image.children.is_empty() { std::slice::from_ref(image) } else { &image.children };
    publish::Image { manifest: manifest(image), children: children.iter().map(child).collect() }
}

pub(crate) fn other_digest() -> Digest {
    Digest::of(b"something else")
}

fn manifest(image: &Image) -> Manifest {
    Manifest::new(Some(&image.media_type), image.bytes.clone())
}

fn child(image: &Image) -> Child {
    let manifest = manifest(image);
    let Content::Image(mut blobs) = manifest.content().unwrap() else { panic!("a child is no index") };
    let config = blobs.remove(0);
    let (os, architecture) = image.platform.as_deref().unwrap().split_once('/').unwrap();
    let platform = Platform { os: os.to_owned(), architecture: architecture.to_owned(), variant: None };
    Child { platform, manifest, config, config_bytes: image.config().bytes.clone(), layers: blobs }
}
