//! Where the image of an entry is.

use std::fmt;
use std::sync::Arc;
use std::time::SystemTime;

use super::EntryError;
use super::drafts::{Drafts, failed};
use crate::error::Failure;
use crate::imagestreams::selection::IsTag;
use crate::imagestreams::stream::{ImageStream, Newest, StreamTag, TagImage};
use crate::model::{Endpoint, Host, ImageRef, Outcome, Reference, Skip, Version};
use crate::redact::mask_logins;

/// The source of an entry.
#[derive(Debug)]
pub(super) struct Found {
    pub(super) source: Endpoint,
    pub(super) istag: Option<IsTag>,
    pub(super) created: Option<SystemTime>,
}

/// An entry without a source.
#[derive(Debug)]
pub(super) struct Ended {
    pub(super) source: Lost,
    pub(super) outcome: Outcome,
}

/// What the source of an entry would have been.
#[derive(Debug)]
pub(super) enum Lost {
    /// A tag of an ImageStream.
    Tag(IsTag),
    /// As written, with logins masked.
    Text(Arc<str>),
}

impl fmt::Display for Lost {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Tag(istag) => istag.fmt(f),
            Self::Text(text) => f.write_str(text),
        }
    }
}

impl Ended {
    fn of_tag(istag: &IsTag, outcome: Outcome) -> Self {
        Self { source: Lost::Tag(istag.clone()), outcome }
    }

    fn failed(istag: &IsTag, error: EntryError) -> Self {
        Self::of_tag(istag, failed(error))
    }
}

impl Drafts<'_> {
    /// The image of a tag that somebody named: that it has none is a failure.
    pub(super) fn named(&self, istag: &IsTag) -> Result<Found, Ended> {
        let ended = |error| Ended::failed(istag, error);
        let Some(stream) = self.streams.get(&istag.namespace, &istag.name) else {
            return Err(match self.unread(istag) {
                Some(failure) => Ended::of_tag(istag, Outcome::of_failure(failure)),
                None => ended(EntryError::NoStream(istag.stream())),
            });
        };
        let tag = stream.tag(&istag.tag).ok_or_else(|| ended(EntryError::NoSuchTag(istag.clone())))?;
        if tag.newest == Newest::None {
            let import_failure = tag.import_failure.clone();
            return Err(ended(EntryError::Empty { istag: istag.clone(), import_failure }));
        }
        self.picked_tag(istag, stream, tag)
    }

    /// The image of a tag that something picked among others: it may have none yet.
    pub(super) fn picked_tag(
        &self,
        istag: &IsTag,
        stream: &ImageStream,
        tag: &StreamTag,
    ) -> Result<Found, Ended> {
        match &tag.newest {
            Newest::None => {
                let skip = Skip::NoImage(tag.import_failure.clone());
                Err(Ended::of_tag(istag, Outcome::Skipped(skip)))
            }
            Newest::Malformed(cause) => {
                Err(Ended::failed(istag, EntryError::Malformed { istag: istag.clone(), cause: *cause }))
            }
            Newest::Image(image) => {
                let source =
                    self.pinned(istag, stream, image).map_err(|error| Ended::failed(istag, error))?;
                Ok(Found { source, istag: Some(istag.clone()), created: image.created })
            }
        }
    }

    /// The image by its digest, where it is pulled from.
    fn pinned(&self, istag: &IsTag, stream: &ImageStream, image: &TagImage) -> Result<Endpoint, EntryError> {
        let text = if self.asked.names.use_image_reference {
            let reference = image.reference.as_ref().ok_or_else(|| EntryError::NoReference(istag.clone()))?;
            reference.to_string()
        } else {
            let host = self.host_of(stream).ok_or_else(|| EntryError::NoRegistry(istag.stream()))?;
            format!("{host}/{}/{}", istag.namespace, istag.name)
        };
        let source = |(cause, _)| EntryError::Source { image: text.as_str().into(), cause };
        let repository = Reference::parse(&text).map_err(source)?.repository;
        Ok(Endpoint::Registry(ImageRef::new(repository, Version::Digest(image.digest.clone()))))
    }

    fn host_of(&self, stream: &ImageStream) -> Option<Host> {
        self.asked.names.cluster_registry.clone().or_else(|| stream.host())
    }

    /// The tag `istag` as an image of the cluster's registry, which is the same one whatever ImageStreams are known.
    pub(super) fn cluster_image(&self, istag: &IsTag) -> Result<Endpoint, EntryError> {
        let host = self.asked.names.cluster_host();
        let text = format!("{host}/{istag}");
        written(&text).map_err(|error| match error {
            EntryError::Source { image, cause } => EntryError::NoImage { image, cause },
            other => other,
        })
    }

    /// Why the ImageStream of `istag` is not known, if it could not be read.
    pub(super) fn unread(&self, istag: &IsTag) -> Option<Failure> {
        let unread = self.streams.failure_of(&istag.namespace, &istag.name)?;
        Some(unread.failure.clone().within(format!("its ImageStream {} is not known", istag.stream())))
    }
}

/// An image as somebody wrote it.
pub(super) fn of_image(text: &str) -> Result<Found, Ended> {
    let ended = |error| Ended { source: Lost::Text(mask_logins(text).into()), outcome: failed(error) };
    let source = written(text).map_err(ended)?;
    Ok(Found { source, istag: None, created: None })
}

fn written(text: &str) -> Result<Endpoint, EntryError> {
    let image: Arc<str> = mask_logins(text).into();
    let reference = Reference::parse(text)
        .map_err(|(cause, _)| EntryError::Source { image: Arc::clone(&image), cause })?;
    let Reference { repository, tag, digest, .. } = reference;
    // A digest says more than a tag beside it.
    let version = digest.map(Version::Digest).or(tag.map(Version::Tag));
    let version = version.ok_or(EntryError::Untagged { image })?;
    Ok(Endpoint::Registry(ImageRef::new(repository, version)))
}
