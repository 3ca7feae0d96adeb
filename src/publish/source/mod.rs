//! The image as it lies in a registry, read once: its tag is resolved at the beginning and never asked for again, so that all that
//! is published belongs together.

mod odd;
mod shape;

pub use odd::Odd;
pub(super) use shape::platform_name;

use crate::error::{Chain, Failure, Stage};
use crate::model::{Descriptor, ImageRef, Manifest, Platform, Version};
use crate::registry::{self, Client};

use super::{Child, Fault, Image};
use shape::{Entry, Shape};

/// What an image must be like to be published.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Wanted {
    /// The platforms that it must be for, `linux/amd64`. It may be for others besides.
    pub platforms: Vec<String>,
    /// Whether it may be an image of one platform without an index.
    pub single_arch: bool,
    /// Whether attestations are left out of its index; else an index that has some is refused.
    pub strip_attestations: bool,
}

/// Reads the image that `image` is at this moment, but for its layers.
///
/// # Errors
/// `Unsuitable` when it does not exist, is not whole, or is not what is `wanted`; `Untold` when its registry does not tell.
pub async fn read(client: &Client, image: &ImageRef, wanted: &Wanted) -> Result<Image, Fault> {
    let reader = Reader { client, image };
    let found = async {
        let manifest = reader.manifest(image).await?;
        match shape::shape(image, &manifest)? {
            Shape::Single => {
                wanted.admits_single(image)?;
                let only = reader.single(manifest).await?;
                wanted.admits_platform(image, &only)?;
                Ok(only)
            }
            Shape::Index(entries) => {
                let (manifest, entries) = wanted.without_attestations(image, manifest, entries)?;
                wanted.admits(image, &entries)?;
                reader.index(manifest, &entries).await
            }
        }
    };
    found.await.map_err(Unread::of_source)
}

/// Reads the image that customers get as `image`, whatever it is for, but for its layers and for attestations; none: there is none.
///
/// # Errors
/// `Untold` when its registry does not tell, or serves less than a whole image.
pub async fn read_public(client: &Client, image: &ImageRef) -> Result<Option<Image>, Fault> {
    let reader = Reader { client, image };
    let found = client.find_manifest(image).await.map_err(|error| Unread::Untold(error).of_public())?;
    let Some(manifest) = found else { return Ok(None) };
    let found = async {
        match shape::shape(image, &manifest)? {
            Shape::Single => reader.single(manifest).await,
            Shape::Index(entries) => {
                let images: Vec<_> = entries.into_iter().filter(|entry| !entry.is_attestation).collect();
                reader.index(manifest, &images).await
            }
        }
    };
    found.await.map(Some).map_err(Unread::of_public)
}

/// Why an image could not be read.
enum Unread {
    /// Something of it does not exist.
    Missing(registry::Error),
    /// Its registry does not tell.
    Untold(registry::Error),
    /// It is not what images are like.
    Odd(Odd),
}

impl From<registry::Error> for Unread {
    fn from(error: registry::Error) -> Self {
        if error.is_missing() { Self::Missing(error) } else { Self::Untold(error) }
    }
}

impl From<Odd> for Unread {
    fn from(odd: Odd) -> Self {
        Self::Odd(odd)
    }
}

impl Unread {
    fn of_source(self) -> Fault {
        match self {
            Self::Missing(error) => Fault::unsuitable(
                format!("the source does not exist, or not as a whole: {}", Chain(&error)),
                "check the spelling of the source tag, and that its build pushed all of it",
            ),
            Self::Untold(error) => Failure::new(Stage::Resolve, error).into(),
            Self::Odd(odd) => odd.into(),
        }
    }

    fn of_public(self) -> Fault {
        Fault::Untold(match self {
            Self::Missing(error) | Self::Untold(error) => Failure::new(Stage::Resolve, error),
            Self::Odd(odd) => Failure::new(Stage::Resolve, odd),
        })
    }
}

/// Reads what belongs to one image.
struct Reader<'a> {
    client: &'a Client,
    image: &'a ImageRef,
}

impl Reader<'_> {
    async fn manifest(&self, image: &ImageRef) -> Result<Manifest, Unread> {
        Ok(self.client.get_manifest(image).await?)
    }

    async fn index(&self, manifest: Manifest, entries: &[Entry]) -> Result<Image, Unread> {
        let mut children = Vec::with_capacity(entries.len());
        for entry in entries {
            children.push(self.child(entry).await?);
        }
        Ok(Image { manifest, children })
    }

    async fn single(&self, manifest: Manifest) -> Result<Image, Unread> {
        let only = self.parts(manifest.clone(), None).await?;
        Ok(Image { manifest, children: vec![only] })
    }

    async fn child(&self, Entry { descriptor, .. }: &Entry) -> Result<Child, Unread> {
        let by_digest =
            ImageRef::new(self.image.repository.clone(), Version::Digest(descriptor.digest.clone()));
        let manifest = self.manifest(&by_digest).await?;
        shape::check_size(self.image, descriptor, &manifest)?;
        self.parts(manifest, descriptor.platform.as_deref()).await
    }

    /// An image of one platform by its manifest; an index says what it runs on, else its config does.
    async fn parts(&self, manifest: Manifest, said: Option<&Platform>) -> Result<Child, Unread> {
        let (config, layers) = shape::parts(self.image, &manifest)?;
        let config_bytes = self.config(&config).await?;
        let own = shape::platform(self.image, &config, &config_bytes)?;
        let platform = match said {
            Some(said) => shape::agreed(self.image, said, &own)?,
            None => own,
        };
        Ok(Child { platform, manifest, config, config_bytes, layers })
    }

    async fn config(&self, config: &Descriptor) -> Result<bytes::Bytes, Unread> {
        Ok(self.client.read_blob(&self.image.repository, config).await?)
    }
}

impl Wanted {
    fn admits_single(&self, image: &ImageRef) -> Result<(), Odd> {
        if self.single_arch {
            return Ok(());
        }
        Err(Odd::new(
            format!("{image} is an image of one platform, without an index"),
            "build an index of all the platforms, or publish it with `--single-arch`",
        ))
    }

    fn admits_platform(&self, image: &ImageRef, only: &Image) -> Result<(), Odd> {
        let names: Vec<_> = only.children.iter().map(|child| shape::platform_name(&child.platform)).collect();
        if names.iter().all(|name| self.platforms.contains(name)) {
            return Ok(());
        }
        Err(Odd::new(
            format!(
                "{image} is for {}, which is none of the platforms that are published: {}",
                names.join(", "),
                self.platforms.join(", ")
            ),
            "name the source tag of another platform, or add this one to the platforms of the settings",
        ))
    }

    /// An index of the platforms, each once, and all of those that must be.
    fn admits(&self, image: &ImageRef, entries: &[Entry]) -> Result<(), Odd> {
        let names = shape::platform_names(image, entries)?;
        let missing: Vec<_> =
            self.platforms.iter().filter(|name| !names.contains(name)).map(String::as_str).collect();
        if !missing.is_empty() {
            return Err(Odd::new(
                format!("{image} has no image for {}", missing.join(", ")),
                "build it for all the platforms that are published, or change those of the settings",
            ));
        }
        for extra in names.iter().filter(|name| !self.platforms.contains(name)) {
            tracing::warn!(%image, platform = %extra, "a platform that nobody asked for is published too");
        }
        Ok(())
    }

    fn without_attestations(
        &self,
        image: &ImageRef,
        manifest: Manifest,
        entries: Vec<Entry>,
    ) -> Result<(Manifest, Vec<Entry>), Odd> {
        if entries.iter().all(|entry| !entry.is_attestation) {
            return Ok((manifest, entries));
        }
        if !self.strip_attestations {
            return Err(Odd::new(
                format!("the index of {image} has attestations, which the catalog does not take"),
                "build it without provenance and SBOM, or publish it with `--strip-attestations`",
            ));
        }
        let manifest = shape::stripped(image, &manifest, &entries)?;
        Ok((manifest, entries.into_iter().filter(|entry| !entry.is_attestation).collect()))
    }
}
