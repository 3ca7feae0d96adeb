//! Step 0: the image as it lies at its source, and the number that it is published under.

use crate::error::Class;
use crate::model::{Digest, ImageRef, Tag, Version};
use crate::publish::decide::{Asked, rebuild};
use crate::publish::fault::Refused;
use crate::publish::journal::{Folders, Story};
use crate::publish::{Fault, Image, Number, ReleaseVersion, number, presence, source, unique};

use super::order::{Latest, Means, Order};

/// The tags and journals of a version.
#[derive(Debug)]
pub(super) struct Shelf {
    /// All tags of the upload registry.
    pub(super) upload: Vec<Tag>,
    /// All tags of the public registry; none: it does not list them for us.
    pub(super) public: Option<Vec<Tag>>,
    /// What the journals say of each number.
    pub(super) kept: Vec<(Number, Story)>,
}

impl Shelf {
    /// Reads both lists and the journals.
    pub(super) async fn read(means: &Means, version: &ReleaseVersion) -> Result<Self, Fault> {
        let site = &means.site;
        let upload = presence::tags(&site.writer(), &site.upload).await?;
        let public = match presence::tags(&site.visitor, &site.public).await {
            Ok(tags) => Some(tags),
            // It lists them only for those who have an account there.
            Err(failure) if failure.class == Class::Denied => None,
            Err(failure) => return Err(failure.into()),
        };
        let kept = match &means.state_dir {
            Some(state_dir) => Folders::new(state_dir).numbers(&site.upload, version)?,
            None => Vec::new(),
        };
        Ok(Self { upload, public, kept })
    }

    /// What the journal says of a number.
    pub(super) fn story(&self, number: Number) -> Option<&Story> {
        self.kept.iter().find(|(kept, _)| *kept == number).map(|(_, story)| story)
    }

    /// The next number that is free.
    pub(super) fn next(&self, version: &ReleaseVersion) -> Result<Number, Fault> {
        let kept = self.kept.iter().map(|(number, _)| *number);
        let next = number::next(version, &self.upload, self.public.as_deref(), kept)?;
        for warning in &next.warnings {
            tracing::warn!("{warning}");
        }
        Ok(next.number)
    }
}

/// The next number of a version that is free.
///
/// # Errors
/// When a list of tags or a journal cannot be read: no number is known then.
pub async fn next_number(means: &Means, version: &ReleaseVersion) -> Result<Number, Fault> {
    Shelf::read(means, version).await?.next(version)
}

/// An image and the number that it is published under.
pub(super) struct Numbered {
    pub(super) image: Image,
    /// The digests of its children.
    pub(super) children: Vec<Digest>,
    /// What it was at its source.
    pub(super) resolved: Digest,
    pub(super) number: Number,
    pub(super) tag: Tag,
}

/// Reads the image and finds its number; `free` is the next one that nobody used.
pub(super) async fn numbered(
    order: &Order,
    means: &Means,
    (shelf, free): (&Shelf, Number),
) -> Result<Numbered, Fault> {
    let resolved = resolved(order, means).await?;
    let at_source = ImageRef::new(order.source.repository.clone(), Version::Digest(resolved.clone()));
    let image = source::read(&means.site.reader(), &at_source, &order.wanted).await?;
    let number = match order.number {
        Some(number) => number,
        None => next(order, means, (shelf, free), (&image, &at_source)).await?,
    };
    let tag = order.version.unique(number)?;
    let image = if order.make_unique { unique::unique(&image, &tag)? } else { image };
    let children = image.children.iter().map(|child| child.manifest.digest.clone()).collect();
    Ok(Numbered { image, children, resolved, number, tag })
}

/// What the source is now. It is asked once: whatever its tag becomes meanwhile, this is what is published.
async fn resolved(order: &Order, means: &Means) -> Result<Digest, Fault> {
    if let Version::Digest(digest) = &order.source.version {
        return Ok(digest.clone());
    }
    let found = presence::presence(&means.site.reader(), &order.source).await?;
    found.ok_or_else(|| {
        Fault::unsuitable(
            format!("the source {} does not exist", order.source),
            "push it, or name another tag",
        )
    })
}

/// The number that goes on with what is unfinished, or the next one.
async fn next(
    order: &Order,
    means: &Means,
    (shelf, free): (&Shelf, Number),
    (image, source): (&Image, &ImageRef),
) -> Result<Number, Fault> {
    let made = match number::highest(&order.version, &shelf.upload)? {
        Some(number) if order.make_unique => made(order, means, image, number).await?,
        _ => None,
    };
    let source = source.to_string();
    let asked = Asked { version: &order.version, source: &source, begun: &shelf.kept, made, next: free };
    Ok(rebuild(&asked)?.number())
}

/// `number`, the highest at the upload registry, if it is what this image is made into for it.
async fn made(order: &Order, means: &Means, image: &Image, number: Number) -> Result<Option<Number>, Fault> {
    let tag = order.version.unique(number)?;
    let found = presence::presence(&means.site.writer(), &means.site.uploaded(&tag)).await?;
    let ours = unique::unique(image, &tag)?;
    Ok((found.as_ref() == Some(ours.digest())).then_some(number))
}

/// `latest` is not moved below a version that is public.
pub(super) fn may_move_latest(order: &Order, means: &Means, shelf: &Shelf) -> Result<(), Fault> {
    if order.latest != Latest::Unless {
        return Ok(());
    }
    let place = &means.site.public;
    let Some(public) = &shelf.public else {
        return Err(Fault::unsuitable(
            format!(
                "whether a higher version is public cannot be told: {place} does not list its tags for us"
            ),
            "give the metadata file the `rhcc.registry_service_account`, or pass `--latest=force`",
        ));
    };
    let Some(own) = order.version.semver() else {
        return Err(Fault::unsuitable(
            format!(
                "whether {} is the latest version cannot be told: it is not of the form X.Y.Z",
                order.version
            ),
            "pass `--latest=force` if it is",
        ));
    };
    let higher = public.iter().filter_map(|tag| semver::Version::parse(tag.as_str()).ok());
    match higher.filter(|version| version.pre.is_empty() && version.build.is_empty() && *version > own).max()
    {
        None => Ok(()),
        Some(version) => Err(Refused::Other {
            what: format!("`latest` is not moved to {}: {version} is public at {place}", order.version),
            advice: "publish without `--latest`, or with `--latest=force`".to_owned(),
        }
        .into()),
    }
}
