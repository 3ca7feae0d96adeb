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
    #[error("the file of ImageStreams `{file}` cannot be read; write it by `oc get imagestreams -A -o json`")]
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
    /// Nothing is in it.
    #[error("the file of ImageStreams `{file}` holds no ImageStream; `oc get` may have failed")]
    Empty {
        /// The file.
        file: Arc<str>,
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
            Self::Unreadable { cause, .. } => Class::of_file(cause),
            Self::NoText { .. } | Self::Json { .. } | Self::Empty { .. } | Self::Yaml { .. } => {
                Class::Invalid
            }
        }
    }

    fn advice(&self) -> Option<String> {
        match self {
            Self::Unreadable { .. } => None,
            Self::NoText { .. } | Self::Json { .. } | Self::Empty { .. } | Self::Yaml { .. } => {
                Some("write it with `oc get imagestreams --all-namespaces -o json`".to_owned())
            }
        }
    }
}

/// Adds the ImageStreams of the file at `path`, which may be a pipe; `-` is standard input. An object that is no ImageStream
/// spoils only itself.
///
/// # Errors
/// When the file cannot be read, has more than 64 MiB, holds no document, or is neither YAML nor JSON.
pub fn read_file(path: &Path, streams: &mut Streams) -> Result<(), FileError> {
    let (file, read) = if path == Path::new("-") {
        ("standard input".to_owned(), reading::whole(io::stdin().lock()))
    } else {
        (path.display().to_string(), File::open(path).and_then(reading::whole))
    };
    let file: Arc<str> = file.into();
    let bytes = read.map_err(|cause| FileError::Unreadable { file: Arc::clone(&file), cause })?;
    let text = std::str::from_utf8(&bytes).map_err(|_| FileError::NoText { file: Arc::clone(&file) })?;
    let mut objects = Objects { file: Arc::clone(&file), read: 0, streams };
    let documents = if text.trim_start().starts_with('{') {
        json(text, &mut objects).map_err(|cause| FileError::Json { file: Arc::clone(&file), cause })?
    } else {
        let read = yaml(text, &mut objects);
        read.map_err(|cause| FileError::Yaml { file: Arc::clone(&file), cause: Box::new(cause) })?
    };
    if documents == 0 { Err(FileError::Empty { file }) } else { Ok(()) }
}

/// The objects of a file, one after the other.
struct Objects<'a> {
    file: Arc<str>,
    read: usize,
    streams: &'a mut Streams,
}

impl Objects<'_> {
    fn take(&mut self, read: Result<ImageStream, Malformed>) {
        self.read += 1;
        match read {
            Ok(stream) => self.streams.insert_of(&self.file, stream),
            Err(malformed) => {
                let place = format!("{}, object {}", self.file, self.read);
                self.streams.malformed(malformed.at(place.into()));
            }
        }
    }
}

/// A list, or an object that is none.
#[derive(Deserialize)]
struct Document<'a> {
    #[serde(borrow)]
    items: Option<Vec<&'a RawValue>>,
}

/// Takes the objects of `text`; how many documents it has.
fn json(text: &str, objects: &mut Objects<'_>) -> Result<usize, serde_json::Error> {
    let mut documents = 0;
    for raw in serde_json::Deserializer::from_str(text).into_iter::<&RawValue>() {
        let raw = raw?.get();
        documents += 1;
        match serde_json::from_str::<Document<'_>>(raw) {
            Ok(Document { items: Some(items) }) => {
                for item in items {
                    objects.take(ImageStream::read(item.get()));
                }
            }
            _ => objects.take(ImageStream::read(raw)),
        }
    }
    Ok(documents)
}

/// As [`json`]; a document that says nothing is none.
fn yaml(text: &str, objects: &mut Objects<'_>) -> Result<usize, serde_yaml::Error> {
    let options = serde_yaml::options! {
        budget: serde_yaml::budget! { max_events: PARTS, max_nodes: PARTS },
        // The error is one line.
        with_snippet: false,
    };
    let mut documents: Vec<Value> = serde_yaml::from_multiple_with_options(text, options)?;
    documents.retain(|document| !document.is_null());
    for document in &documents {
        match document.get("items").and_then(Value::as_array) {
            Some(items) => items.iter().for_each(|item| objects.take(ImageStream::of_value(item))),
            None => objects.take(ImageStream::of_value(document)),
        }
    }
    Ok(documents.len())
}
