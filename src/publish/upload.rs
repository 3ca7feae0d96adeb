//! Brings an image to the upload registry under its unique tag, and nothing else.
//!
//! The manifests and the configs are those that were read or made; only layers are asked for at the source, so that whatever
//! happens there meanwhile, what is published is what was decided on. The engine brings layers, then the rest by digest, then the
//! tag, which it looks at once more right before.

use std::sync::Arc;

use futures_util::stream;

use super::{Fault, Image, Refused, Site};
use crate::engine::{self, Engine, Given, Observer, Options, Stop};
use crate::error::{Chain, Class, Classify, Failure, Stage};
use crate::model::{
    Batch, Cause, Desired, Digest, Endpoint, Guard, ImageRef, Manifest, Moved, Origin, Outcome, Repository,
    Row, Tag, Version,
};

/// Who is told of an upload, and how it is asked to stop.
#[derive(Debug, Clone)]
pub struct Means {
    /// Told of the entry and of bytes that move.
    pub observer: Arc<dyn Observer>,
    /// Ends it early.
    pub stop: Stop,
    /// What the entry is told of as.
    pub origin: Origin,
}

/// An image that is in the upload registry, whole and under its tag.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Uploaded {
    /// Whether the tag was written; else it was the image already.
    pub is_written: bool,
    /// What it cost.
    pub moved: Moved,
}

/// Sees to it that `tag` is `image` in the upload registry, with layers from the repository of `source`. A tag that is another image
/// stays what it is. It may be called again after any failure: what is there is not sent twice.
///
/// # Errors
/// `Refused` when the tag is or becomes another image, `Unsuitable` when the source lacks a layer, `Stopped` when the run is to stop,
/// `Untold` for the rest.
pub async fn upload(
    site: &Site,
    image: &Image,
    source: &ImageRef,
    tag: &Tag,
    means: &Means,
) -> Result<Uploaded, Fault> {
    let upload = Upload { site, image, source: &source.repository, tag };
    let is_written =
        |row: Row| Uploaded { is_written: !matches!(row.outcome, Outcome::Kept), moved: row.moved };
    let row = upload.bring(means).await?;
    match row.outcome {
        Outcome::Kept | Outcome::Copied(_) => {
            confirm(site, tag, image.digest()).await?;
            Ok(is_written(row))
        }
        Outcome::Refused(_) => Err(upload.in_use(row.previous).await?.into()),
        Outcome::Failed(failure) => Err(upload.failed(failure).await),
        Outcome::Unfinished(cause) => Err(unfinished(cause)),
        other => Err(untold(format!("the upload ended as `{}`, which no upload does", other.word()))),
    }
}

/// Asks the upload registry what `tag` is now, which must be `expected`.
///
/// # Errors
/// `Refused` when it is something else, `Untold` when the registry does not tell.
pub(super) async fn confirm(site: &Site, tag: &Tag, expected: &Digest) -> Result<(), Fault> {
    let found = match site.writer().find_manifest(&site.uploaded(tag)).await {
        Ok(Some(Manifest { digest, .. })) if digest == *expected => return Ok(()),
        Ok(Some(Manifest { digest, .. })) => digest.to_string(),
        Ok(None) => ABSENT.to_owned(),
        Err(error) => return Err(Failure::new(Stage::Verify, error).into()),
    };
    Err(overwritten(tag, expected, found))
}

/// The fault where a tag that was written as `expected` turned out to be `found`.
pub(super) fn overwritten(tag: &Tag, expected: &Digest, found: impl Into<Arc<str>>) -> Fault {
    Refused::Overwritten { tag: tag.clone(), expected: expected.clone(), found: found.into() }.into()
}

const ABSENT: &str = "absent";

struct Upload<'a> {
    site: &'a Site,
    image: &'a Image,
    source: &'a Repository,
    tag: &'a Tag,
}

impl Upload<'_> {
    async fn bring(&self, means: &Means) -> Result<Row, Fault> {
        let engine = Engine::new(
            &self.site.client,
            Options::default(),
            Arc::clone(&means.observer),
            means.stop.clone(),
        );
        let engine = engine.giving(self.given()).map_err(|error| Failure::new(Stage::Resolve, error))?;
        let entry = Desired {
            origin: means.origin.clone(),
            owner: None,
            source: self.by_digest(),
            target: Endpoint::Registry(self.site.uploaded(self.tag)),
            guards: vec![Guard::Absent],
        };
        let rows = engine.run(stream::iter([Batch::admit(vec![entry]).batch])).await;
        rows.into_iter().next().ok_or_else(|| Fault::Stopped(means.stop.cause()))
    }

    fn by_digest(&self) -> Endpoint {
        let digest = Version::Digest(self.image.digest().clone());
        Endpoint::Registry(ImageRef::new(self.source.clone(), digest))
    }

    fn given(&self) -> Given {
        let Image { manifest, children } = self.image;
        let manifests = children.iter().map(|child| child.manifest.clone());
        let configs =
            children.iter().map(|child| (child.config.digest.clone(), child.config_bytes.clone())).collect();
        Given { manifests: manifests.chain([manifest.clone()]).collect(), blobs: configs }
    }

    /// The tag is another image: which one.
    async fn in_use(&self, found: Option<Digest>) -> Result<Refused, Fault> {
        let found = match found {
            Some(found) => Some(found),
            None => self.now().await.map_err(|error| Failure::new(Stage::Verify, error))?,
        };
        let place: Arc<str> = self.site.upload.to_string().into();
        Ok(match found {
            Some(found) => Refused::NumberInUse { tag: self.tag.clone(), place, found, next: None },
            None => Refused::Other {
                what: format!("{} was written at {place} by somebody else, and is gone again", self.tag),
                advice: "find out who publishes to the same project, then run it again".to_owned(),
            },
        })
    }

    async fn now(&self) -> Result<Option<Digest>, crate::registry::Error> {
        let found = self.site.writer().head_manifest_to_write(&self.site.uploaded(self.tag)).await?;
        Ok(found.map(|found| found.digest))
    }

    async fn failed(&self, failure: Failure) -> Fault {
        if let Some(error) = failure.cause().downcast_ref::<engine::Error>() {
            let found = match error {
                engine::Error::OtherDigest { answered, .. } => Some(answered.as_str()),
                engine::Error::MovedMeanwhile { found, .. } | engine::Error::Unwritten { found, .. } => {
                    Some(found.as_str())
                }
                _ => None,
            };
            if let Some(found) = found {
                return overwritten(self.tag, self.image.digest(), found);
            }
        }
        if failure.class == Class::Missing
            && let Some(layer) = self.lost_layer().await
        {
            return Fault::unsuitable(
                format!("{} does not have the layer {layer} of the image: {}", self.source, Chain(&failure)),
                "push the image to the source once more; nothing points at what was uploaded",
            );
        }
        failure.into()
    }

    /// A layer that neither the source nor the upload registry has. Best effort: where they do not tell, none is known to be lost.
    async fn lost_layer(&self) -> Option<&Digest> {
        let (reader, writer) = (self.site.reader(), self.site.writer());
        for layer in self.image.children.iter().flat_map(|child| &child.layers) {
            let is_lost = matches!(reader.head_blob(self.source, &layer.digest).await, Ok(false));
            if is_lost && !matches!(writer.head_blob(&self.site.upload, &layer.digest).await, Ok(true)) {
                return Some(&layer.digest);
            }
        }
        None
    }
}

fn unfinished(cause: Cause) -> Fault {
    match cause {
        Cause::Unreachable { .. } => untold(cause.to_string()),
        cause => Fault::Stopped(cause),
    }
}

fn untold(what: String) -> Fault {
    Failure::new(Stage::Transfer, Unfinished(what)).into()
}

/// Why an upload did not come to its end.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
struct Unfinished(String);

impl Classify for Unfinished {
    fn class(&self) -> Class {
        Class::Transient
    }
}
