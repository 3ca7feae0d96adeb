//! What the catalog is asked to do. There are three operations, and no way to say another.

use std::sync::Arc;
use std::time::Duration;

use serde::Serialize;
use tokio::time::Instant;

use super::read::LIMIT;
use super::{Catalog, CatalogError};
use crate::error::advised;
use crate::model::Digest;
use crate::publish::Fault;

/// The body of a request.
#[derive(Debug, Clone, Copy, Serialize)]
#[serde(tag = "operation", rename_all = "kebab-case")]
enum Operation<'a> {
    /// Publish all images of an index.
    PublishManifestList {
        #[serde(rename = "manifest_list_digest")]
        digest: &'a Digest,
    },
    /// Publish the image of one platform.
    Publish {
        #[serde(rename = "image_id")]
        id: &'a str,
    },
    /// Show the tags that an image has in the upload registry.
    SyncTags {
        #[serde(rename = "image_id")]
        id: &'a str,
    },
}

impl Operation<'_> {
    fn name(self) -> &'static str {
        match self {
            Self::PublishManifestList { .. } => "publish the image",
            Self::Publish { .. } => "publish the image of one platform",
            Self::SyncTags { .. } => "show the tags of an image",
        }
    }
}

impl Catalog {
    /// Asks to publish an index and all images that it names.
    ///
    /// # Errors
    /// [`CatalogError::ReadOnly`] without a request; [`CatalogError::Unanswered`] where it may have been taken, since it is made
    /// once.
    pub async fn request_publish(&self, manifest_list: &Digest) -> Result<(), CatalogError> {
        self.request(Operation::PublishManifestList { digest: manifest_list }).await
    }

    /// Asks to publish the image of one platform, by what the catalog calls it: for a catalog that does not know the index.
    ///
    /// # Errors
    /// As for [`Catalog::request_publish`].
    pub async fn request_publish_image(&self, id: &str) -> Result<(), CatalogError> {
        self.request(Operation::Publish { id }).await
    }

    /// Asks to show an image with the tags that it has, by what the catalog calls it.
    ///
    /// # Errors
    /// As for [`Catalog::request_publish`].
    pub async fn sync_tags(&self, id: &str) -> Result<(), CatalogError> {
        self.request(Operation::SyncTags { id }).await
    }

    async fn request(&self, operation: Operation<'_>) -> Result<(), CatalogError> {
        let name = operation.name();
        if !self.may_write {
            return Err(CatalogError::ReadOnly { operation: name });
        }
        let url = self.url(&["projects", "certification", "id", &self.project, "requests", "images"]);
        let body = serde_json::json!(operation).to_string();
        match self.client.api_post(&url, Some(&self.key), body.into(), LIMIT).await {
            Ok(_) => Ok(()),
            Err(cause) if cause.may_be_done() => Err(CatalogError::Unanswered { operation: name, cause }),
            Err(error) => Err(error.into()),
        }
    }

    /// Whether the wait for images that the catalog calls `ids`, which goes on since `since`, may still come to something: for the
    /// early end of a wait. An API that does not tell is only warned about.
    ///
    /// # Errors
    /// [`Fault::TimedOut`] when the last request to publish one of them failed or was aborted, with what the catalog says.
    pub async fn watch_requests(&self, ids: &[Arc<str>], since: Instant) -> Result<(), Fault> {
        for id in ids {
            let request = match self.last_request(id).await {
                Ok(request) => request,
                Err(error) => {
                    tracing::warn!(image = %id, error = advised(&error), "the catalog does not tell about its requests");
                    return Ok(());
                }
            };
            if let Some(request) = request.filter(|request| request.status.is_in_vain()) {
                let awaited = format!("the catalog gave up publishing its image {id}: {}", request.message());
                return Err(Fault::TimedOut {
                    after: Duration::from_secs(since.elapsed().as_secs()),
                    awaited: awaited.into(),
                    advice: Some("see in the catalog why, and publish the image there; run it again later: it goes on \
                                  waiting, and uploads nothing again"
                        .to_owned()),
                });
            }
        }
        Ok(())
    }
}
