//! Where ImageStreams are.

use std::fmt::Debug;
use std::path::Path;

use futures_util::future::BoxFuture;
use serde_json::Value;

use super::files::FileError;
use crate::cluster;
use crate::error::{Class, Classify};
use crate::model::Locator;
use crate::nightly::StreamName;

/// Why an ImageStream cannot be read or written.
#[derive(Debug, thiserror::Error)]
pub enum BackendError {
    /// Its file.
    #[error(transparent)]
    File(#[from] FileError),
    /// The cluster.
    #[error(transparent)]
    Cluster(#[from] cluster::Error),
    /// What the cluster answers is none.
    #[error("the API server's answer is not the ImageStream {0}")]
    NoImageStream(StreamName),
}

impl Classify for BackendError {
    fn class(&self) -> Class {
        match self {
            Self::File(error) => error.class(),
            Self::Cluster(error) => error.class(),
            Self::NoImageStream(_) => Class::Protocol,
        }
    }

    fn attempts(&self) -> u32 {
        match self {
            Self::Cluster(error) => error.attempts(),
            Self::File(_) | Self::NoImageStream(_) => 1,
        }
    }

    fn advice(&self) -> Option<String> {
        match self {
            Self::File(error) => error.advice(),
            Self::Cluster(error) => error.advice(),
            Self::NoImageStream(_) => Some(
                "see that the kubeconfig leads to the API server, and that nothing answers in its place"
                    .to_owned(),
            ),
        }
    }

    fn unreached(&self) -> Option<&str> {
        match self {
            Self::Cluster(error) => error.unreached(),
            Self::File(_) | Self::NoImageStream(_) => None,
        }
    }
}

/// What became of a write.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Put {
    /// It was taken; what is there now is to be read.
    Stored,
    /// Nothing was written: what is there is no longer what was read.
    Conflict,
}

/// Where ImageStreams are.
pub trait Backend: Debug + Send + Sync {
    /// The object as it is now; none: it is not there.
    fn get<'a>(&'a self, name: &'a StreamName) -> BoxFuture<'a, Result<Option<Value>, BackendError>>;

    /// Puts `object` into the place of what was read (none: of nothing), if that still is there.
    fn put<'a>(
        &'a self,
        name: &'a StreamName,
        read: Option<&'a Value>,
        object: &'a Value,
    ) -> BoxFuture<'a, Result<Put, BackendError>>;

    /// Deletes a tag, from what is wanted and from what is there; that it is gone already is fine.
    fn delete_tag<'a>(
        &'a self,
        name: &'a StreamName,
        tag: &'a str,
    ) -> BoxFuture<'a, Result<(), BackendError>>;

    /// Whether anybody imports the images that tags name.
    fn imports(&self) -> bool;

    /// An ImageStream as reports name it.
    fn place(&self, name: &StreamName) -> Locator;

    /// How a person writes the object of the file `artifact`.
    fn by_hand(&self, name: &StreamName, artifact: &Path) -> String;
}
