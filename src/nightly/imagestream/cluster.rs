//! ImageStreams of a cluster.

use std::path::Path;

use futures_util::FutureExt as _;
use futures_util::future::BoxFuture;
use serde_json::{Value, json};

use super::backend::{Backend, BackendError, Put};
use super::definition::API_VERSION;
use crate::cluster::{Cluster, Written};
use crate::model::Locator;
use crate::nightly::StreamName;

/// The ImageStreams of a cluster.
#[derive(Debug, Clone)]
pub struct ClusterStreams(Cluster);

impl ClusterStreams {
    /// Those of this one.
    #[must_use]
    pub fn new(cluster: Cluster) -> Self {
        Self(cluster)
    }

    async fn read(&self, name: &StreamName) -> Result<Option<Value>, BackendError> {
        let StreamName { namespace, name: stream } = name;
        let read = |text: &str| serde_json::from_str::<Value>(text).ok();
        let Some(object) = self.0.image_stream(namespace, stream, read).await? else { return Ok(None) };
        let is_it = |object: &Value| {
            object.get("kind").and_then(Value::as_str) == Some("ImageStream")
                && object.pointer("/metadata/name").and_then(Value::as_str) == Some(stream)
        };
        match object.filter(is_it) {
            Some(object) => Ok(Some(object)),
            None => Err(BackendError::NoImageStream(name.clone())),
        }
    }

    async fn write(&self, name: &StreamName, is_there: bool, object: &Value) -> Result<Put, BackendError> {
        let StreamName { namespace, name } = name;
        let written = if is_there {
            self.0.replace_image_stream(namespace, name, object).await?
        } else {
            self.0.create_image_stream(namespace, name, object).await?
        };
        Ok(match written {
            Written::Stored => Put::Stored,
            Written::Conflict => Put::Conflict,
        })
    }

    /// Makes a tag that is imported from `image`, also where it is there already.
    pub(in crate::nightly) async fn put_tag(
        &self,
        name: &StreamName,
        tag: &str,
        image: &str,
    ) -> Result<(), BackendError> {
        let StreamName { namespace, name } = name;
        let object = json!({
            "apiVersion": API_VERSION,
            "kind": "ImageStreamTag",
            "metadata": {"name": format!("{name}:{tag}"), "namespace": namespace},
            "tag": {
                "name": tag,
                "from": {"kind": "DockerImage", "name": image},
                "generation": 0,
                "importPolicy": {"importMode": "PreserveOriginal"},
                "referencePolicy": {"type": "Source"},
            },
        });
        Ok(self.0.put_image_stream_tag(namespace, (name, tag), &object).await?)
    }
}

impl Backend for ClusterStreams {
    fn get<'a>(&'a self, name: &'a StreamName) -> BoxFuture<'a, Result<Option<Value>, BackendError>> {
        self.read(name).boxed()
    }

    fn put<'a>(
        &'a self,
        name: &'a StreamName,
        read: Option<&'a Value>,
        object: &'a Value,
    ) -> BoxFuture<'a, Result<Put, BackendError>> {
        self.write(name, read.is_some(), object).boxed()
    }

    fn delete_tag<'a>(
        &'a self,
        name: &'a StreamName,
        tag: &'a str,
    ) -> BoxFuture<'a, Result<(), BackendError>> {
        let StreamName { namespace, name } = name;
        async move { Ok(self.0.delete_image_stream_tag(namespace, name, tag).await?) }.boxed()
    }

    fn imports(&self) -> bool {
        true
    }

    fn place(&self, name: &StreamName) -> Locator {
        Locator::Text(name.to_string().into())
    }

    fn by_hand(&self, _: &StreamName, artifact: &Path) -> String {
        format!(
            "write it by hand with `oc replace -f {0}` (`oc create -f {0}` if it is not there), which the API server refuses if \
             someone else changed it meanwhile; then run again, which compares anew",
            artifact.display()
        )
    }
}
