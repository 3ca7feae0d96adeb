//! Files that tell what was written, and what was there before.

use std::io;
use std::path::{Path, PathBuf};

use serde::Serialize as _;
use serde_json::Value;
use serde_json::ser::{PrettyFormatter, Serializer};

use super::definition::Definition;
use super::object::is_plain;
use crate::error::{Class, Classify};
use crate::nightly::StreamName;
use crate::report::replace;

/// An artifact could not be written.
#[derive(Debug, thiserror::Error)]
#[error("could not write `{path}`", path = path.display())]
pub struct ArtifactError {
    /// The file.
    pub path: PathBuf,
    /// Why not.
    #[source]
    pub cause: io::Error,
}

impl Classify for ArtifactError {
    fn class(&self) -> Class {
        Class::Transient
    }

    fn advice(&self) -> Option<String> {
        Some(
            "nothing was changed: see that the artifacts directory is writable and not full, then run again"
                .to_owned(),
        )
    }
}

/// Writes what ImageStreams are to hold into `directory`, a file each.
///
/// # Errors
/// The first file that could not be written.
pub fn write_definitions(
    definitions: &[Definition],
    directory: &Path,
) -> Result<Vec<PathBuf>, ArtifactError> {
    definitions.iter().map(|definition| write_definition(definition, directory)).collect()
}

fn write_definition(definition: &Definition, directory: &Path) -> Result<PathBuf, ArtifactError> {
    let path = directory.join(definition.file_name());
    let yaml = serde_yaml::to_string(&definition.to_json()).map_err(io::Error::other);
    let written = named(&definition.name).and(yaml).and_then(|yaml| replace(&path, yaml.as_bytes()));
    match written {
        Ok(()) => Ok(path),
        Err(cause) => Err(ArtifactError { path, cause }),
    }
}

/// Writes an object as it was before it is replaced, or as it is to be after (`when`).
pub(super) fn write_object(
    directory: &Path,
    name: &StreamName,
    when: &str,
    object: &Value,
) -> Result<PathBuf, ArtifactError> {
    let path =
        directory.join(format!("replacing-imagestream.{}.{}.{when}-modify.json", name.namespace, name.name));
    match named(name).and_then(|()| replace(&path, &json(object)?)) {
        Ok(()) => Ok(path),
        Err(cause) => Err(ArtifactError { path, cause }),
    }
}

/// Whether a file can be named by it.
fn named(name: &StreamName) -> io::Result<()> {
    if is_plain(&name.namespace) && is_plain(&name.name) {
        return Ok(());
    }
    Err(io::Error::other(format!("`{name}` can be no name of an ImageStream")))
}

fn json(object: &Value) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    object.serialize(&mut Serializer::with_formatter(&mut bytes, PrettyFormatter::with_indent(b"    ")))?;
    bytes.push(b'\n');
    Ok(bytes)
}
