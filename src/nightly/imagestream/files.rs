//! ImageStreams as YAML files: `DIRECTORY/NAMESPACE/NAME.yaml`.

use std::io;
use std::path::{Path, PathBuf};

use futures_util::FutureExt as _;
use futures_util::future::BoxFuture;
use serde_json::{Map, Value};

use super::backend::{Backend, BackendError, Put};
use super::object::{SERVERS, change_at, is_plain, name_of, status_name_of};
use crate::error::{Class, Classify};
use crate::model::Locator;
use crate::nightly::StreamName;
use crate::reading;
use crate::report::replace;

/// So many parts may a file have: far more than an ImageStream of 64 MiB.
const PARTS: usize = 10_000_000;

/// Why the file of an ImageStream cannot be read or written.
#[derive(Debug, thiserror::Error)]
pub enum FileError {
    /// Its name can be no file's.
    #[error("`{0}` can be no name of an ImageStream")]
    Name(StreamName),
    /// It cannot be read.
    #[error("the ImageStream `{file}` cannot be read", file = file.display())]
    Read {
        /// The file.
        file: PathBuf,
        /// Why.
        #[source]
        cause: io::Error,
    },
    /// It is no YAML.
    #[error("the ImageStream `{file}` is no YAML", file = file.display())]
    Yaml {
        /// The file.
        file: PathBuf,
        /// Why.
        #[source]
        cause: Box<serde_yaml::Error>,
    },
    /// It is something else.
    #[error("`{file}` is not the ImageStream {name}", file = file.display())]
    Other {
        /// The file.
        file: PathBuf,
        /// What it should be.
        name: StreamName,
    },
    /// It cannot be written.
    #[error("the ImageStream `{file}` cannot be written", file = file.display())]
    Write {
        /// The file.
        file: PathBuf,
        /// Why.
        #[source]
        cause: io::Error,
    },
}

impl Classify for FileError {
    fn class(&self) -> Class {
        match self {
            Self::Read { cause, .. } | Self::Write { cause, .. }
                if cause.kind() == io::ErrorKind::PermissionDenied =>
            {
                Class::Denied
            }
            Self::Read { .. } | Self::Write { .. } => Class::Transient,
            Self::Name(_) | Self::Yaml { .. } | Self::Other { .. } => Class::Invalid,
        }
    }

    fn advice(&self) -> Option<String> {
        Some(match self {
            Self::Name(_) => "correct `imagestream` or the assembly's name in the payload file".to_owned(),
            Self::Read { .. } | Self::Write { .. } => {
                "see that the directory of `--imagestream-dir` can be read and written, and is not full".to_owned()
            }
            Self::Yaml { .. } | Self::Other { .. } => {
                "correct the file, or remove it: it is then written anew, with nothing but the tags of the payload"
                    .to_owned()
            }
        })
    }
}

/// A directory of ImageStreams. It is one writer's: of two at once, one may undo what the other did.
#[derive(Debug, Clone)]
pub struct StreamFiles(PathBuf);

impl StreamFiles {
    /// Those in `directory`, which is made when the first is written.
    #[must_use]
    pub fn new(directory: PathBuf) -> Self {
        Self(directory)
    }

    fn path(&self, name: &StreamName) -> PathBuf {
        self.0.join(&*name.namespace).join(format!("{}.yaml", name.name))
    }

    fn read(&self, name: &StreamName) -> Result<Option<Value>, FileError> {
        if !is_plain(&name.namespace) || !is_plain(&name.name) {
            return Err(FileError::Name(name.clone()));
        }
        let file = self.path(name);
        let text = match reading::plain(&file)
            .and_then(|bytes| String::from_utf8(bytes).map_err(io::Error::other))
        {
            Ok(text) => text,
            Err(cause) if cause.kind() == io::ErrorKind::NotFound => return Ok(None),
            Err(cause) => return Err(FileError::Read { file, cause }),
        };
        match parse(&text) {
            Ok(object) if is(&object, name) => Ok(Some(object)),
            Ok(_) => Err(FileError::Other { file, name: name.clone() }),
            Err(cause) => Err(FileError::Yaml { file, cause: Box::new(cause) }),
        }
    }

    fn write(&self, name: &StreamName, object: &Value) -> Result<(), FileError> {
        let file = self.path(name);
        let yaml = serde_yaml::to_string(object).map_err(io::Error::other);
        let written = yaml.and_then(|yaml| replace(&file, yaml.as_bytes()));
        written.map_err(|cause| FileError::Write { file, cause })
    }

    fn put_now(&self, name: &StreamName, read: Option<&Value>, object: &Value) -> Result<Put, FileError> {
        let now = self.read(name)?;
        if now.as_ref() != read {
            return Ok(Put::Conflict);
        }
        self.write(name, &with_what_is_the_servers(object, now.as_ref()))?;
        Ok(Put::Stored)
    }

    fn delete_now(&self, name: &StreamName, tag: &str) -> Result<(), FileError> {
        let Some(mut object) = self.read(name)? else { return Ok(()) };
        if remove(&mut object, "spec", tag, name_of) | remove(&mut object, "status", tag, status_name_of) {
            self.write(name, &object)?;
        }
        Ok(())
    }
}

fn parse(text: &str) -> Result<Value, serde_yaml::Error> {
    let options = serde_yaml::options! {
        budget: serde_yaml::budget! { max_events: PARTS, max_nodes: PARTS },
        // The error is one line.
        with_snippet: false,
    };
    serde_yaml::from_str_with_options(text, options)
}

fn is(object: &Value, name: &StreamName) -> bool {
    let text = |pointer: &str| object.pointer(pointer).and_then(Value::as_str);
    text("/kind") == Some("ImageStream")
        && text("/metadata/name") == Some(&name.name)
        && text("/metadata/namespace").is_none_or(|namespace| namespace == &*name.namespace)
}

/// As a server does, which lets nobody write these.
fn with_what_is_the_servers(object: &Value, now: Option<&Value>) -> Value {
    let mut object = object.clone();
    let (Some(now), Some(fields)) = (now, object.as_object_mut()) else { return object };
    take_over(fields, now, &["status"]);
    let metadata = now.get("metadata").unwrap_or(&Value::Null);
    change_at(fields, "metadata", |fields| {
        take_over(fields, metadata, &SERVERS);
    });
    object
}

fn take_over(fields: &mut Map<String, Value>, from: &Value, names: &[&str]) {
    for name in names {
        fields.extend(from.get(name).map(|value| ((*name).to_owned(), value.clone())));
    }
}

/// Whether a tag was there.
fn remove(object: &mut Value, part: &str, tag: &str, name_of: fn(&Value) -> Option<&str>) -> bool {
    let tags = object.get_mut(part).and_then(|part| part.get_mut("tags")).and_then(Value::as_array_mut);
    let Some(tags) = tags else { return false };
    let before = tags.len();
    tags.retain(|one| name_of(one) != Some(tag));
    tags.len() != before
}

impl Backend for StreamFiles {
    fn get<'a>(&'a self, name: &'a StreamName) -> BoxFuture<'a, Result<Option<Value>, BackendError>> {
        async move { Ok(self.read(name)?) }.boxed()
    }

    fn put<'a>(
        &'a self,
        name: &'a StreamName,
        read: Option<&'a Value>,
        object: &'a Value,
    ) -> BoxFuture<'a, Result<Put, BackendError>> {
        async move { Ok(self.put_now(name, read, object)?) }.boxed()
    }

    fn delete_tag<'a>(
        &'a self,
        name: &'a StreamName,
        tag: &'a str,
    ) -> BoxFuture<'a, Result<(), BackendError>> {
        async move { Ok(self.delete_now(name, tag)?) }.boxed()
    }

    fn imports(&self) -> bool {
        false
    }

    fn place(&self, name: &StreamName) -> Locator {
        Locator::Path(self.path(name))
    }

    fn by_hand(&self, name: &StreamName, artifact: &Path) -> String {
        format!(
            "see what else writes `{}`, then run again, which compares anew; what was written is `{}`",
            self.path(name).display(),
            artifact.display()
        )
    }
}
