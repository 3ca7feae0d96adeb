//! The registry client on the wire: against the fake registry, small servers of its own, and a real one.

mod blobs;
mod limits;
mod manifests;
mod pace;
mod real;
mod redirects;
mod referrers;
mod retries;
mod tags;
mod tls;
mod uploads;

use std::time::Duration;

use bytes::Bytes;
use futures_util::{StreamExt as _, TryStreamExt as _};
use image_mirror::model::{Descriptor, Digest, Host, ImageRef, Repository, Tag, Version};
use image_mirror::registry::{BlobSource, Client, Credentials, Error, Options, Role};

use crate::support::{Blob, FakeRegistry};

/// A client that does not wait long between attempts.
fn client() -> Client {
    client_with(|_| {})
}

fn client_with(change: impl FnOnce(&mut Options)) -> Client {
    let mut options = Options { backoff_min: Duration::from_millis(1), ..Options::default() };
    options.backoff_max = Duration::from_millis(4);
    change(&mut options);
    let none = Credentials::anonymous;
    Client::new(options, none(), none()).unwrap().with_role(Role::Target)
}

fn repository(registry: &FakeRegistry, name: &str) -> Repository {
    Repository { host: Host::new(registry.host()), name: name.into() }
}

fn tagged(registry: &FakeRegistry, name: &str, tag: &str) -> ImageRef {
    ImageRef::new(repository(registry, name), Version::Tag(Tag::parse(tag).unwrap()))
}

fn by_digest(registry: &FakeRegistry, name: &str, digest: &Digest) -> ImageRef {
    ImageRef::new(repository(registry, name), Version::Digest(digest.clone()))
}

fn descriptor(blob: &Blob) -> Descriptor {
    Descriptor {
        media_type: "application/octet-stream".to_owned(),
        digest: blob.digest.clone(),
        size: blob.bytes.len() as u64,
        urls: Vec::new(),
        platform: None,
    }
}

async fn read(source: &dyn BlobSource) -> Result<Bytes, Error> {
    let frames: Vec<Bytes> = source.open(None).await?.try_collect().await?;
    Ok(frames.concat().into())
}

/// Copies `blob` from one repository to another.
async fn copy(client: &Client, from: &Repository, to: &Repository, blob: &Blob) -> Result<(), Error> {
    let blob = descriptor(blob);
    client.upload_blob(to, &blob, None, &*client.blob(from, &blob), &|_| {}).await
}

/// The first frame of `source`, and the rest of the stream, whose body has not ended.
async fn begin(source: &dyn BlobSource) -> image_mirror::registry::BlobStream {
    let mut stream = source.open(None).await.unwrap();
    stream.next().await.unwrap().unwrap();
    stream
}
