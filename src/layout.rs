//! OCI image layout directories (OCI image spec, image-layout.md): `oci:PATH[:TAG]`.
//!
//! Blobs and manifests lie in `blobs/<algorithm>/<hex>`; `index.json` names the images. Every file is
//! written aside and renamed, `index.json` last and under a lock on the file `oci-layout`, so that a
//! name never points at less than a whole image, whoever else writes the directory with this program.
//! It does not decide what to copy, and it does not hash what it is given: streams come verified.

use std::fmt;
use std::fs::File;
use std::io::{self, Write as _};
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};

use bytes::Bytes;
use futures_util::{Stream, StreamExt as _};
use serde_json::{Value, json};
use tokio::io::AsyncWriteExt as _;
use tokio_util::io::ReaderStream;

use crate::error::{Class, Classify};
use crate::model::{Descriptor, Digest, Manifest, Tag};

const REF_NAME: &str = "org.opencontainers.image.ref.name";
const MARKER: &str = r#"{"imageLayoutVersion":"1.0.0"}"#;
/// As for registries: a manifest is read into memory whole.
const MANIFEST_LIMIT: u64 = 4 << 20;
/// The names of some ten thousand images.
const INDEX_LIMIT: u64 = 16 << 20;
const FRAME: usize = 256 << 10;

/// A failed operation on a layout directory.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// A file could not be read or written.
    #[error("{operation} {}", path.display())]
    Io {
        /// What was attempted: `read`, `write`, ….
        operation: &'static str,
        /// On which file.
        path: PathBuf,
        /// Why not.
        #[source]
        source: io::Error,
    },
    /// `index.json` is not an OCI image index.
    #[error("read {}", path.display())]
    Index {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        #[source]
        source: serde_json::Error,
    },
    /// `index.json` has no list of manifests.
    #[error("{} is not an OCI image index: it has no list `manifests`", .0.display())]
    NoManifests(PathBuf),
    /// No tag was given and the layout does not hold exactly one image.
    #[error("{} holds {count} images: name one, `oci:{}:TAG`", path.display(), path.display())]
    Ambiguous {
        /// The directory.
        path: PathBuf,
        /// How many images it holds.
        count: usize,
    },
    /// Something that reading would wait for without end, or a link that leads elsewhere.
    #[error("{} is no plain file or directory", .0.display())]
    NotPlain(PathBuf),
    /// The bytes of a manifest do not match its digest or size.
    #[error("the file {} does not have the digest of its name", .0.display())]
    Corrupt(PathBuf),
}

impl Classify for Error {
    fn class(&self) -> Class {
        match self {
            Self::Io { source, .. } => match source.kind() {
                io::ErrorKind::NotFound => Class::Missing,
                io::ErrorKind::PermissionDenied | io::ErrorKind::ReadOnlyFilesystem => Class::Denied,
                _ => Class::Transient,
            },
            Self::Index { .. } | Self::NoManifests(_) | Self::Ambiguous { .. } | Self::NotPlain(_) => {
                Class::Invalid
            }
            Self::Corrupt(_) => Class::Corrupt,
        }
    }

    fn advice(&self) -> Option<String> {
        match self {
            Self::Io { path, source, .. } if source.kind() == io::ErrorKind::NotFound => Some(format!(
                "check that `{}` is there; layout paths are relative to the working directory",
                path.display()
            )),
            Self::Corrupt(path) => Some(format!("delete `{}` and make the layout again", path.display())),
            Self::NotPlain(path) => Some(format!(
                "look who made `{}`: a layout is not written through links, and only files are read",
                path.display()
            )),
            Self::Io { .. } | Self::Index { .. } | Self::NoManifests(_) | Self::Ambiguous { .. } => None,
        }
    }
}

/// A layout directory. Opening it does no I/O; it is made when something is written.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Layout {
    root: PathBuf,
}

impl Layout {
    /// The layout in directory `root`.
    #[must_use]
    pub fn new(root: impl Into<PathBuf>) -> Self {
        Self { root: root.into() }
    }

    /// The image that `tag` names, or the only one there is; None: there is none of that name.
    ///
    /// # Errors
    /// When `index.json` is there and cannot be read, or no tag was given and there are several images.
    pub async fn find(&self, tag: Option<&Tag>) -> Result<Option<Descriptor>, Error> {
        let path = self.root.join("index.json");
        match tokio::fs::metadata(&path).await {
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
            Ok(found) if !found.is_file() || found.len() > INDEX_LIMIT => return Err(Error::NotPlain(path)),
            _ => {}
        }
        let text = tokio::fs::read(&path).await.map_err(at("read", &path))?;
        let entries = entries(&path, &text)?;
        let Some(tag) = tag else {
            return match &entries[..] {
                [] => Ok(None),
                [only] => Ok(Some(descriptor(&path, only)?)),
                several => Err(Error::Ambiguous { path: self.root.clone(), count: several.len() }),
            };
        };
        let named = entries.iter().rev().find(|entry| ref_name(entry) == Some(tag.as_str()));
        named.map(|entry| descriptor(&path, entry)).transpose()
    }

    /// The manifest with this digest; None: it is not there.
    ///
    /// # Errors
    /// When it cannot be read, is larger than 4 MiB or does not have its digest.
    pub async fn manifest(&self, wanted: &Descriptor) -> Result<Option<Manifest>, Error> {
        let path = self.blob_path(&wanted.digest);
        match tokio::fs::metadata(&path).await {
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
            Ok(found) if !found.is_file() => return Err(Error::NotPlain(path)),
            Ok(found) if found.len() > MANIFEST_LIMIT => return Err(Error::Corrupt(path)),
            _ => {}
        }
        let bytes = tokio::fs::read(&path).await.map_err(at("read", &path))?;
        if wanted.digest.same_algorithm_of(&bytes) != wanted.digest {
            return Err(Error::Corrupt(path));
        }
        let media_type = Some(wanted.media_type.as_str()).filter(|given| !given.is_empty());
        let mut manifest = Manifest::new(media_type, bytes.into());
        manifest.digest = wanted.digest.clone();
        Ok(Some(manifest))
    }

    /// Whether a file of the right size is there for `blob`. A link is none: it may lead anywhere.
    pub async fn has(&self, blob: &Descriptor) -> bool {
        let found = tokio::fs::symlink_metadata(self.blob_path(&blob.digest)).await;
        found.is_ok_and(|found| found.is_file() && found.len() == blob.size)
    }

    /// The bytes of a blob, unverified.
    ///
    /// # Errors
    /// When the file cannot be opened.
    pub async fn read(
        &self,
        digest: &Digest,
    ) -> Result<impl Stream<Item = io::Result<Bytes>> + use<>, Error> {
        let path = self.blob_path(digest);
        let found = tokio::fs::metadata(&path).await.map_err(at("read", &path))?;
        if !found.is_file() {
            return Err(Error::NotPlain(path));
        }
        let file = tokio::fs::File::open(&path).await.map_err(at("read", &path))?;
        Ok(ReaderStream::with_capacity(file, FRAME))
    }

    /// Writes a blob from a stream that verifies itself: where the stream fails, nothing is kept.
    ///
    /// # Errors
    /// The stream's error as it is, or [`Error`] by `From` when the file cannot be written.
    pub async fn write<E: From<Error>>(
        &self,
        digest: &Digest,
        mut bytes: impl Stream<Item = Result<Bytes, E>> + Unpin,
    ) -> Result<(), E> {
        let path = self.blob_path(digest);
        let folder = self.make_folder(digest).await?;
        let aside = aside_in(&folder).map_err(at("write", &path))?;
        let file = aside.reopen().map_err(at("write", &path))?;
        let mut file = tokio::fs::File::from_std(file);
        while let Some(frame) = bytes.next().await {
            file.write_all(&frame?).await.map_err(at("write", &path))?;
        }
        file.flush().await.map_err(at("write", &path))?;
        file.sync_all().await.map_err(at("write", &path))?;
        aside.persist(&path).map_err(|error| at("write", &path)(error.error))?;
        Ok(())
    }

    /// Writes a manifest as a blob; no name points at it yet.
    ///
    /// # Errors
    /// When the file cannot be written.
    pub async fn write_manifest(&self, manifest: &Manifest) -> Result<(), Error> {
        let frames = futures_util::stream::iter([Ok::<_, Error>(manifest.bytes.clone())]);
        self.write(&manifest.digest, frames).await
    }

    /// Makes `tag` name `manifest`, whose content must be there; without a tag it is listed nameless.
    ///
    /// # Errors
    /// When `index.json` cannot be read or written.
    pub async fn name(&self, tag: Option<&Tag>, manifest: &Manifest) -> Result<(), Error> {
        let (layout, tag, manifest) = (self.clone(), tag.cloned(), manifest.clone());
        let path = self.root.join("index.json");
        let written = tokio::task::spawn_blocking(move || layout.name_now(tag.as_ref(), &manifest)).await;
        written.unwrap_or_else(|stopped| Err(at("write", &path)(io::Error::other(stopped))))
    }

    fn name_now(&self, tag: Option<&Tag>, manifest: &Manifest) -> Result<(), Error> {
        let _lock = self.lock()?;
        let path = self.root.join("index.json");
        refuse_link(&path)?;
        let mut index: Value = match std::fs::read(&path) {
            Ok(text) => {
                serde_json::from_slice(&text).map_err(|source| Error::Index { path: path.clone(), source })?
            }
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                json!({"schemaVersion": 2, "mediaType": "application/vnd.oci.image.index.v1+json", "manifests": []})
            }
            Err(source) => return Err(Error::Io { operation: "read", path, source }),
        };
        let Some(list) = index.get_mut("manifests").and_then(Value::as_array_mut) else {
            return Err(Error::NoManifests(path));
        };
        replace(list, tag, manifest);
        let text = serde_json::to_vec_pretty(&index)
            .map_err(|source| Error::Index { path: path.clone(), source })?;
        write_aside(&path, &text)
    }

    /// Takes the layout's lock; it is released when the file is closed.
    fn lock(&self) -> Result<File, Error> {
        let path = self.root.join("oci-layout");
        std::fs::create_dir_all(&self.root).map_err(at("write", &path))?;
        refuse_link(&path)?;
        let file =
            File::options().read(true).append(true).create(true).open(&path).map_err(at("write", &path))?;
        file.lock().map_err(at("lock", &path))?;
        if file.metadata().map_err(at("read", &path))?.len() == 0 {
            (&file).write_all(MARKER.as_bytes()).map_err(at("write", &path))?;
        }
        Ok(file)
    }

    async fn make_folder(&self, digest: &Digest) -> Result<PathBuf, Error> {
        let folder = self.root.join("blobs").join(digest.algorithm());
        refuse_link(&self.root.join("blobs"))?;
        refuse_link(&folder)?;
        tokio::fs::create_dir_all(&folder).await.map_err(at("write", &folder))?;
        Ok(folder)
    }

    fn blob_path(&self, digest: &Digest) -> PathBuf {
        self.root.join("blobs").join(digest.algorithm()).join(digest.hex())
    }
}

impl fmt::Display for Layout {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "oci:{}", self.root.display())
    }
}

/// What is written lies in the layout's own directory, whatever links somebody left there.
fn refuse_link(path: &Path) -> Result<(), Error> {
    match std::fs::symlink_metadata(path) {
        Ok(found) if !found.is_file() && !found.is_dir() => Err(Error::NotPlain(path.to_owned())),
        _ => Ok(()),
    }
}

fn entries(path: &Path, text: &[u8]) -> Result<Vec<Value>, Error> {
    let index: Value =
        serde_json::from_slice(text).map_err(|source| Error::Index { path: path.to_owned(), source })?;
    match index.get("manifests").and_then(Value::as_array) {
        Some(list) => Ok(list.clone()),
        None => Err(Error::NoManifests(path.to_owned())),
    }
}

fn descriptor(path: &Path, entry: &Value) -> Result<Descriptor, Error> {
    serde_json::from_value(entry.clone()).map_err(|source| Error::Index { path: path.to_owned(), source })
}

fn ref_name(entry: &Value) -> Option<&str> {
    entry.get("annotations")?.get(REF_NAME)?.as_str()
}

/// One entry a name; a nameless image is listed once.
fn replace(list: &mut Vec<Value>, tag: Option<&Tag>, manifest: &Manifest) {
    let name = tag.map(Tag::as_str);
    let digest = manifest.digest.as_str();
    list.retain(|entry| {
        let same_name = ref_name(entry) == name;
        !(same_name && (name.is_some() || entry.get("digest").and_then(Value::as_str) == Some(digest)))
    });
    let mut entry = json!({"mediaType": manifest.media_type, "digest": digest, "size": manifest.bytes.len()});
    if let Some(name) = name {
        entry["annotations"] = json!({ REF_NAME: name });
    }
    list.push(entry);
}

fn write_aside(path: &Path, text: &[u8]) -> Result<(), Error> {
    let folder = path.parent().unwrap_or(Path::new("."));
    let mut aside = aside_in(folder).map_err(at("write", path))?;
    aside.write_all(text).map_err(at("write", path))?;
    aside.as_file().sync_all().map_err(at("write", path))?;
    aside.persist(path).map_err(|error| at("write", path)(error.error))?;
    Ok(())
}

/// A temporary file that others may read once it has its name (the default is for its owner only).
fn aside_in(folder: &Path) -> io::Result<tempfile::NamedTempFile> {
    let readable = std::fs::Permissions::from_mode(0o644);
    tempfile::Builder::new().permissions(readable).tempfile_in(folder)
}

fn at(operation: &'static str, path: &Path) -> impl FnOnce(io::Error) -> Error {
    let path = path.to_owned();
    move |source| Error::Io { operation, path, source }
}
