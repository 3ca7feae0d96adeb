//! One side of a copy: a repository of a registry, or a layout directory. One set of verbs for both.

use std::sync::Arc;

use futures_util::StreamExt as _;
use futures_util::future::BoxFuture;

use crate::error::{Class, Classify, Failure, Stage};
use crate::layout::{self, Layout};
use crate::model::{Descriptor, Endpoint, Host, ImageRef, Manifest, Repository, Version};
use crate::registry::{self, BlobSource, BlobStream, Client, Permit, Stored};

/// Where manifests and blobs are read from or written to.
#[derive(Debug, Clone)]
pub(super) enum Store {
    /// A repository, with the credentials of its side.
    Registry(Client, Repository),
    /// A directory.
    Layout(Layout),
}

/// Names a place in which a blob is there or not: a repository or a directory.
pub(super) type Place = Arc<str>;

impl Store {
    /// The store that holds `endpoint`.
    pub(super) fn of(endpoint: &Endpoint, client: &Client) -> Self {
        match endpoint {
            Endpoint::Registry(image) => Self::Registry(client.clone(), image.repository.clone()),
            Endpoint::Layout(layout) => Self::Layout(Layout::new(&layout.path)),
        }
    }

    /// The name of this place.
    pub(super) fn name(&self) -> Place {
        match self {
            Self::Registry(_, repository) => repository.to_string().into(),
            Self::Layout(layout) => layout.to_string().into(),
        }
    }

    /// The repository, if it is one.
    pub(super) fn repository(&self) -> Option<&Repository> {
        match self {
            Self::Registry(_, repository) => Some(repository),
            Self::Layout(_) => None,
        }
    }

    /// The manifest with this digest; None: the store does not have it.
    pub(super) async fn manifest(
        &self,
        wanted: &Descriptor,
        stage: Stage,
    ) -> Result<Option<Manifest>, Failure> {
        match self {
            Self::Registry(client, repository) => {
                let image = ImageRef::new(repository.clone(), Version::Digest(wanted.digest.clone()));
                match client.get_manifest(&image).await {
                    Ok(manifest) => Ok(Some(manifest)),
                    Err(error) if error.is_missing() => Ok(None),
                    Err(error) => Err(Failure::new(stage, error)),
                }
            }
            Self::Layout(layout) => layout.manifest(wanted).await.map_err(|error| Failure::new(stage, error)),
        }
    }

    /// Whether the store has the manifest with this digest.
    pub(super) async fn has_manifest(&self, wanted: &Descriptor) -> Result<bool, Failure> {
        match self {
            Self::Registry(client, repository) => {
                let image = ImageRef::new(repository.clone(), Version::Digest(wanted.digest.clone()));
                let found = client.head_manifest(&image).await;
                found.map(|found| found.is_some()).map_err(|error| Failure::new(Stage::Verify, error))
            }
            Self::Layout(layout) => Ok(layout.has(wanted).await),
        }
    }

    /// The right to one request to this store; files need none.
    pub(super) async fn permit(&self) -> Result<Option<Permit>, registry::Error> {
        match self {
            Self::Registry(client, repository) => client.permit(&repository.host).await.map(Some),
            Self::Layout(_) => Ok(None),
        }
    }

    /// A blob of this store as a source.
    pub(super) fn blob(&self, blob: &Descriptor) -> Box<dyn BlobSource> {
        match self {
            Self::Registry(client, repository) => client.blob(repository, blob),
            Self::Layout(layout) => Box::new(LayoutBlob { layout: layout.clone(), blob: blob.clone() }),
        }
    }

    /// Writes a manifest by digest, or under the version that `endpoint` names; gives what the registry answered.
    pub(super) async fn put(
        &self,
        manifest: &Manifest,
        under: Option<&Endpoint>,
    ) -> Result<Stored, registry::Error> {
        match (self, under) {
            (Self::Registry(client, _), Some(Endpoint::Registry(image))) => {
                client.store_manifest(image, manifest).await
            }
            (Self::Registry(client, repository), _) => {
                let by_digest = ImageRef::new(repository.clone(), Version::Digest(manifest.digest.clone()));
                client.store_manifest(&by_digest, manifest).await
            }
            (Self::Layout(layout), under) => {
                layout.write_manifest(manifest).await.map_err(local)?;
                if let Some(Endpoint::Layout(named)) = under {
                    layout.name(named.tag.as_ref(), manifest).await.map_err(local)?;
                }
                Ok(Stored { digest: Some(manifest.digest.clone()), subject: None })
            }
        }
    }
}

/// A layout's error among those of registries, for what a copy does between the two.
pub(super) fn local(error: layout::Error) -> registry::Error {
    let class = error.class();
    registry::Error::local(error.to_string(), class, Box::new(error))
}

#[derive(Debug)]
struct LayoutBlob {
    layout: Layout,
    blob: Descriptor,
}

impl BlobSource for LayoutBlob {
    fn host(&self) -> Option<&Host> {
        None
    }

    fn open(&self, _permit: Option<Permit>) -> BoxFuture<'_, Result<BlobStream, registry::Error>> {
        Box::pin(async move {
            let frames = self.layout.read(&self.blob.digest).await.map_err(local)?;
            let operation = format!("read blob {}", self.blob.digest);
            let frames = frames.map(move |frame| {
                frame.map_err(|error| {
                    registry::Error::local(operation.clone(), Class::Transient, Box::new(error))
                })
            });
            Ok(BlobStream::verified(frames.boxed(), &self.blob))
        })
    }
}
