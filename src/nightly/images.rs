//! Reads what is in images: their configs, and files of their last layers.

use std::collections::BTreeMap;
use std::io::{self, Read};

use flate2::read::MultiGzDecoder;
use futures_util::TryStreamExt as _;
use serde_json::{Map, Value};
use tokio_util::io::{StreamReader, SyncIoBridge};

use crate::error::{Class, Classify};
use crate::model::{Content, Descriptor, ImageRef, Manifest, ManifestError, Repository};
use crate::registry::{self, Client};

/// No config of an image is larger, by far.
const MOST_CONFIG: u64 = 4 << 20;
/// So much of the files of one layer is held.
const MOST_FILES: u64 = 64 << 20;

/// Why an image cannot be read.
#[derive(Debug, thiserror::Error)]
pub enum ImageError {
    /// The registry.
    #[error(transparent)]
    Registry(#[from] registry::Error),
    /// A manifest that is none.
    #[error("the manifest of {image} cannot be read")]
    Manifest {
        /// The image.
        image: ImageRef,
        /// Why.
        #[source]
        cause: ManifestError,
    },
    /// An index, where an image is needed, or something that is no image.
    #[error("{0} is no image")]
    NoImage(ImageRef),
    /// A config that is none.
    #[error("the config of {image} cannot be read")]
    Config {
        /// The image.
        image: ImageRef,
        /// Why.
        #[source]
        cause: serde_json::Error,
    },
    /// A config beyond all measure.
    #[error("the config of {0} is larger than 4 MiB")]
    LargeConfig(ImageRef),
    /// A layer that is no archive.
    #[error("the layer {layer} cannot be read")]
    Layer {
        /// In full.
        layer: String,
        /// Why.
        #[source]
        cause: io::Error,
    },
}

impl Classify for ImageError {
    fn class(&self) -> Class {
        match self {
            Self::Registry(error) => error.class(),
            Self::Layer { cause, .. } => of_registry(cause).map_or(Class::Corrupt, Classify::class),
            Self::Manifest { .. } | Self::NoImage(_) | Self::Config { .. } | Self::LargeConfig(_) => {
                Class::Protocol
            }
        }
    }

    fn attempts(&self) -> u32 {
        match self {
            Self::Registry(error) => error.attempts(),
            _ => 1,
        }
    }

    fn advice(&self) -> Option<String> {
        match self {
            Self::Registry(error) => error.advice(),
            _ => None,
        }
    }

    fn unreached(&self) -> Option<&str> {
        match self {
            Self::Registry(error) => error.unreached(),
            _ => None,
        }
    }
}

fn of_registry(error: &io::Error) -> Option<&registry::Error> {
    error.get_ref().and_then(|inner| inner.downcast_ref())
}

/// An image: its manifest, and what that names.
#[derive(Debug, Clone)]
pub(super) struct Image {
    /// Where it is.
    pub repository: Repository,
    /// Its manifest as it came.
    pub manifest: Manifest,
    /// Its config.
    pub config: ImageConfig,
    /// Its layers, the lowest first.
    pub layers: Vec<Descriptor>,
}

/// The config of an image.
#[derive(Debug, Clone)]
pub(super) struct ImageConfig(pub Map<String, Value>);

impl ImageConfig {
    /// When it was made, as it is written.
    #[must_use]
    pub(super) fn created(&self) -> Option<&str> {
        self.0.get("created")?.as_str()
    }

    /// What it is made for, as Go names it.
    #[must_use]
    pub(super) fn architecture(&self) -> Option<&str> {
        self.0.get("architecture")?.as_str()
    }

    /// Its labels.
    #[must_use]
    pub(super) fn labels(&self) -> BTreeMap<String, String> {
        let labels = self.run_config("Labels").and_then(Value::as_object);
        let texts = labels.into_iter().flatten();
        texts.filter_map(|(name, value)| Some((name.clone(), value.as_str()?.to_owned()))).collect()
    }

    /// Its environment.
    #[must_use]
    pub(super) fn env(&self) -> BTreeMap<String, String> {
        let lines = self.run_config("Env").and_then(Value::as_array);
        let texts = lines.into_iter().flatten().filter_map(|line| line.as_str()?.split_once('='));
        texts.map(|(name, value)| (name.to_owned(), value.to_owned())).collect()
    }

    fn run_config(&self, field: &str) -> Option<&Value> {
        self.0.get("config")?.get(field)
    }
}

/// The image that `image` names, which must be one and no index.
///
/// # Errors
/// When it cannot be read, or is no image.
pub(super) async fn image(client: &Client, image: &ImageRef) -> Result<Image, ImageError> {
    let manifest = client.get_manifest(image).await?;
    of_manifest(client, image, manifest).await
}

/// As [`image`], of a manifest that was read before.
///
/// # Errors
/// When its config cannot be read, or it is no image.
pub(super) async fn of_manifest(
    client: &Client,
    image: &ImageRef,
    manifest: Manifest,
) -> Result<Image, ImageError> {
    let content = manifest.content();
    let content = content.map_err(|cause| ImageError::Manifest { image: image.clone(), cause })?;
    let Content::Image(mut blobs) = content else { return Err(ImageError::NoImage(image.clone())) };
    if blobs.is_empty() {
        return Err(ImageError::NoImage(image.clone()));
    }
    let config = blobs.remove(0);
    if config.size > MOST_CONFIG {
        return Err(ImageError::LargeConfig(image.clone()));
    }
    let bytes = client.read_blob(&image.repository, &config).await?;
    let config = serde_json::from_slice(&bytes);
    let config = config.map_err(|cause| ImageError::Config { image: image.clone(), cause })?;
    let repository = image.repository.clone();
    Ok(Image { repository, manifest, config: ImageConfig(config), layers: blobs })
}

/// A file of a layer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct LayerFile {
    /// Its path, without a leading `/` or `./`.
    pub path: String,
    /// What is in it.
    pub bytes: Vec<u8>,
}

/// The plain files of a layer whose paths `wanted` picks, in the order in which they are there. The layer is read as it
/// comes and checked against its digest; only what is wanted is held.
///
/// # Errors
/// When it cannot be read, is no archive, or more than 64 MiB of it are wanted.
pub(super) async fn layer_files(
    client: &Client,
    repository: &Repository,
    layer: &Descriptor,
    wanted: fn(&str) -> bool,
) -> Result<Vec<LayerFile>, ImageError> {
    let failed = |cause| ImageError::Layer { layer: format!("{repository}@{}", layer.digest), cause };
    let files = client.retrying(async || {
        let frames = client.blob(repository, layer).open(None).await?;
        let bytes = SyncIoBridge::new(StreamReader::new(frames.map_err(io::Error::other)));
        let read = tokio::task::spawn_blocking(move || unpack(bytes, wanted)).await;
        match read.map_err(io::Error::other).flatten() {
            Ok(files) => Ok(Ok(files)),
            // What the registry did is for the retry to judge.
            Err(error) => match error.downcast::<registry::Error>() {
                Ok(error) => Err(error),
                Err(error) => Ok(Err(error)),
            },
        }
    });
    files.await?.map_err(failed)
}

/// The files of an archive, gzipped or not; reads to the end, where the digest is checked.
fn unpack(mut bytes: impl Read, wanted: fn(&str) -> bool) -> io::Result<Vec<LayerFile>> {
    let mut magic = [0; 2];
    bytes.read_exact(&mut magic)?;
    let mut whole = (&magic[..]).chain(&mut bytes);
    let files = if magic == [0x1f, 0x8b] {
        untar(MultiGzDecoder::new(&mut whole), wanted)
    } else {
        untar(&mut whole, wanted)
    };
    io::copy(&mut whole, &mut io::sink())?;
    files
}

fn untar(archive: impl Read, wanted: fn(&str) -> bool) -> io::Result<Vec<LayerFile>> {
    let (mut files, mut held) = (Vec::new(), 0);
    let mut archive = tar::Archive::new(archive);
    for entry in archive.entries()? {
        let entry = entry?;
        let path =
            entry.path()?.to_string_lossy().trim_start_matches("./").trim_start_matches('/').to_owned();
        if !entry.header().entry_type().is_file() || !wanted(&path) {
            continue;
        }
        held += entry.size();
        if held > MOST_FILES {
            return Err(io::Error::other("more than 64 MiB of its files would be needed"));
        }
        let mut bytes = Vec::new();
        entry.take(MOST_FILES).read_to_end(&mut bytes)?;
        files.push(LayerFile { path, bytes });
    }
    Ok(files)
}
