//! ImageStreams from files: what `oc get imagestreams -o yaml` or `-o json` wrote.

use std::fs::File;
use std::io;
use std::path::Path;
use std::sync::Arc;

use serde::Deserialize;
use serde_json::Value;
use serde_json::value::RawValue;

use super::stream::{ImageStream, Malformed};
use super::streams::Streams;
use crate::error::{Class, Classify};
use crate::reading;

/// So many parts may a YAML file have: 64 MiB of ImageStreams have some ten million.
const PARTS: usize = 50_000_000;

/// A file of ImageStreams that cannot be read.
#[derive(Debug, thiserror::Error)]
pub enum FileError {
    /// There is no such file, or it cannot be read.
    #[error("the file of ImageStreams `{file}` cannot be read")]
    Unreadable {
        /// The file.
        file: Arc<str>,
        /// Why.
        #[source]
        cause: io::Error,
    },
    /// It is no text.
    #[error("the file of ImageStreams `{file}` is not UTF-8 text")]
    NoText {
        /// The file.
        file: Arc<str>,
    },
    /// It begins as JSON does, and is none.
    #[error("the file of ImageStreams `{file}` is no JSON")]
    Json {
        /// The file.
        file: Arc<str>,
        /// Why.
        #[source]
        cause: serde_json::Error,
    },
    /// It is no YAML.
    #[error("the file of ImageStreams `{file}` is no YAML")]
    Yaml {
        /// The file.
        file: Arc<str>,
        /// Why.
        #[source]
        cause: Box<serde_yaml::Error>,
    },
}

impl Classify for FileError {
    fn class(&self) -> Class {
        match self {
            Self::Unreadable { cause, .. } if cause.kind() == io::ErrorKind::NotFound => Class::Missing,
            Self::Unreadable { cause, .. } if cause.kind() == io::ErrorKind::PermissionDenied => {
                Class::Denied
            }
            Self::Unreadable { .. } => Class::Transient,
            Self::NoText { .. } | Self::Json { .. } | Self::Yaml { .. } => Class::Invalid,
        }
    }

    fn advice(&self) -> Option<String> {
        match self {
            Self::Unreadable { .. } => None,
            Self::NoText { .. } | Self::Json { .. } | Self::Yaml { .. } => {
                Some("write it with `oc get imagestreams --all-namespaces -o json`".to_owned())
            }
        }
    }
}

/// Adds the ImageStreams of the file at `path`, which may be a pipe. An object that is no ImageStream spoils only itself.
///
/// # Errors
/// When the file cannot be read, has more than 64 MiB, or is neither YAML nor JSON.
pub fn read_file(path: &Path, streams: &mut Streams) -> Result<(), FileError> {
    let file: Arc<str> = path.display().to_string().into();
    let read = File::open(path).and_then(reading::whole);
    let bytes = read.map_err(|cause| FileError::Unreadable { file: Arc::clone(&file), cause })?;
    let text = std::str::from_utf8(&bytes).map_err(|_| FileError::NoText { file: Arc::clone(&file) })?;
    if text.trim_start().starts_with('{') {
        json(text, streams).map_err(|cause| FileError::Json { file, cause })
    } else {
        yaml(text, streams).map_err(|cause| FileError::Yaml { file, cause: Box::new(cause) })
    }
}

/// A list, or an object that is none.
#[derive(Deserialize)]
struct Document<'a> {
    #[serde(borrow)]
    items: Option<Vec<&'a RawValue>>,
}

fn json(text: &str, streams: &mut Streams) -> Result<(), serde_json::Error> {
    for raw in serde_json::Deserializer::from_str(text).into_iter::<&RawValue>() {
        let raw = raw?.get();
        match serde_json::from_str::<Document<'_>>(raw) {
            Ok(Document { items: Some(items) }) => {
                for item in items {
                    take(ImageStream::read(item.get()), streams);
                }
            }
            _ => take(ImageStream::read(raw), streams),
        }
    }
    Ok(())
}

fn yaml(text: &str, streams: &mut Streams) -> Result<(), serde_yaml::Error> {
    let options = serde_yaml::options! {
        budget: serde_yaml::budget! { max_events: PARTS, max_nodes: PARTS },
        // The error is one line.
        with_snippet: false,
    };
    let documents: Vec<Value> = serde_yaml::from_multiple_with_options(text, options)?;
    for document in documents.iter().filter(|document| !document.is_null()) {
        match document.get("items").and_then(Value::as_array) {
            Some(items) => items.iter().for_each(|item| take(ImageStream::of_value(item), streams)),
            None => take(ImageStream::of_value(document), streams),
        }
    }
    Ok(())
}

fn take(read: Result<ImageStream, Malformed>, streams: &mut Streams) {
    match read {
        Ok(stream) => streams.insert(stream),
        Err(malformed) => streams.malformed(malformed),
    }
}
