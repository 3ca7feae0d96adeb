//! Brings a release image to its registry.

use std::sync::Arc;

use futures_util::{FutureExt as _, stream};
use tokio::time::Instant;

use super::Means;
use super::assemble::{assemble, base};
use super::image::{Blob, ReleaseImage};
use super::naming::{Named, Naming};
use super::release::Release;
use crate::engine::{Engine, Options, Silent};
use crate::error::{Failure, Stage};
use crate::model::{
    Batch, Descriptor, Desired, Endpoint, ImageRef, Locator, Moved, Origin, Outcome, Repository, Row, Version,
};
use crate::registry::{HeldBlob, Role, counted};

/// A release image, and what became of it.
#[derive(Debug)]
pub struct Published {
    /// What became of it.
    pub row: Row,
    /// Its manifest; none: it could not be put together.
    pub manifest: Option<Descriptor>,
}

/// Puts `release` together and brings it to its target. A dry run does the former, and says what it would be.
pub async fn publish(means: &Means, release: &Release) -> Published {
    let started = Instant::now();
    let ((named, manifest), requests) = counted(until_stopped(means, release)).await;
    let target = Locator::Image(release.target.clone());
    let source =
        base(release).map_or_else(|| Locator::Text("no base".into()), |base| Locator::Image(base.clone()));
    let digest = manifest.as_ref().map(|manifest| manifest.digest.clone());
    let row = named.row(release.stream.origin(None), (source, target), digest, (requests, started));
    Published { row, manifest }
}

async fn until_stopped(means: &Means, release: &Release) -> (Named, Option<Descriptor>) {
    if means.stop.gently.is_cancelled() {
        return (Named::unnamed(Outcome::Unfinished(means.stop.cause())), None);
    }
    let work = async {
        match assemble(&means.client.with_role(Role::Source), release).await {
            Ok(image) => (bring(means, release, &image).await, Some(image.manifest.descriptor())),
            Err(error) => (Named::unnamed(Outcome::of_failure(Failure::new(Stage::Resolve, error))), None),
        }
    };
    tokio::select! {
        biased;
        () = means.stop.now.cancelled() => (Named::unnamed(Outcome::Unfinished(means.stop.cause())), None),
        done = work.boxed() => done,
    }
}

async fn bring(means: &Means, release: &Release, image: &ReleaseImage) -> Named {
    let may_move = release.may_move;
    let naming = Naming { means, target: &release.target, manifest: &image.manifest, may_move };
    naming.run(bring_parts(means, release, image)).await
}

async fn bring_parts(means: &Means, release: &Release, image: &ReleaseImage) -> Result<Moved, Box<Outcome>> {
    let repository = &release.target.repository;
    let mut moved = Moved::default();
    if let Some(base) = base(release) {
        let base = (base, "the base of the release image");
        moved += copy_by_digest(means, release.stream.origin(None), base, repository).await?;
    }
    for blob in [&image.layer, &image.config] {
        upload(means, repository, blob).await?;
        moved.bytes.copied += blob.descriptor.size;
    }
    Ok(moved)
}

/// Sees to it that an image is in `repository` by its digest, without a tag. `what` it is stands in the failure.
pub(in crate::nightly) async fn copy_by_digest(
    means: &Means,
    origin: Origin,
    (image, what): (&ImageRef, &str),
    repository: &Repository,
) -> Result<Moved, Box<Outcome>> {
    let Version::Digest(_) = &image.version else { return Ok(Moved::default()) };
    if image.repository == *repository {
        return Ok(Moved::default());
    }
    let entry = Desired {
        origin,
        owner: None,
        source: Endpoint::Registry(image.clone()),
        target: Endpoint::Registry(ImageRef::new(repository.clone(), image.version.clone())),
        guards: Vec::new(),
    };
    let engine = Engine::new(&means.client, Options::default(), Arc::new(Silent), means.stop.clone());
    let mut rows = engine.run(stream::iter([Batch::admit(vec![entry]).batch])).await;
    match rows.pop() {
        Some(Row { outcome: Outcome::Kept | Outcome::Copied(_), moved, .. }) => Ok(moved),
        Some(Row { outcome: Outcome::Failed(failure), .. }) => {
            Err(Box::new(Outcome::Failed(failure.within(format!("copying {what}")))))
        }
        Some(row) => Err(Box::new(row.outcome)),
        None => Err(Box::new(Outcome::Unfinished(means.stop.cause()))),
    }
}

async fn upload(means: &Means, repository: &Repository, blob: &Blob) -> Result<(), Box<Outcome>> {
    let client = means.client.with_role(Role::Target);
    let held = HeldBlob::new(blob.descriptor.clone(), blob.bytes.clone());
    let sent = client.upload_blob(repository, &blob.descriptor, None, &held, &|_| {}).await;
    sent.map_err(|error| Box::new(Outcome::of_failure(Failure::new(Stage::Transfer, error))))
}
