//! What both registries say of a number.

use std::sync::Arc;

use crate::model::{Digest, Tag};
use crate::publish::fault::Refused;
use crate::publish::journal::Story;

/// What is seen of a publication before anything is written.
#[derive(Debug, Clone)]
pub struct Seen<'a> {
    /// The image that is to be published.
    pub digest: &'a Digest,
    /// The digests of its children.
    pub children: &'a [Digest],
    /// Its unique tag.
    pub tag: &'a Tag,
    /// What that is in the upload registry; none: absent.
    pub upload: Option<Digest>,
    /// What that is in the public registry; none: absent.
    pub public: Option<Digest>,
    /// Who knows the image already, or the first of its children that somebody knows; none: nobody.
    pub known: Option<Known>,
    /// Whether all floating tags are the image, in both registries.
    pub is_floating: bool,
    /// The upload repository.
    pub upload_place: Arc<str>,
    /// The public repository.
    pub public_place: Arc<str>,
    /// The unique tag of the next number that is free, if it is known.
    pub next: Option<Tag>,
}

/// Somebody knows an image already.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Known {
    /// `the image`, or `the image for linux/arm64`.
    pub what: String,
    /// By this digest.
    pub digest: Digest,
    /// Who: a repository, or the catalog.
    pub place: Arc<str>,
}

/// Whose the image is that is seen in the upload registry.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Whose {
    /// This publication put it there.
    Ours,
    /// Nobody knows that it was us.
    Unknown,
}

/// What is to be done next.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Step {
    /// It is to be uploaded, what is there of it already not again.
    Upload,
    /// It is uploaded: [`certification`](super::certification) tells whether it is to be certified first, or only waited for.
    Certify,
    /// It is public: the floating tags that are not there yet are to be moved.
    MoveTags,
    /// All is done.
    Nothing,
}

impl Whose {
    /// The image is ours if the journal of this number planned it; if it was made unique, for then it can come of nothing but this
    /// source, version and number; or if somebody vouches for it (`--adopt`).
    #[must_use]
    pub fn of(story: &Story, digest: &Digest, is_unique: bool, is_adopted: bool) -> Self {
        let is_planned = story.planned.as_ref().is_some_and(|plan| plan.digest == *digest);
        if is_planned || is_unique || is_adopted { Self::Ours } else { Self::Unknown }
    }
}

/// What is to be done next. With `no_resume` the run goes on with nothing that lies in the upload registry under its unique tag.
///
/// # Errors
/// The guard that refuses.
pub fn decide(seen: &Seen<'_>, whose: Whose, no_resume: bool) -> Result<Step, Refused> {
    match &seen.upload {
        None => absent(seen, whose),
        Some(found) if found == seen.digest => uploaded(seen, whose, no_resume),
        Some(found) => Err(Refused::NumberInUse {
            tag: seen.tag.clone(),
            place: Arc::clone(&seen.upload_place),
            found: found.clone(),
            next: seen.next.clone(),
        }),
    }
}

/// The unique tag is absent in the upload registry.
fn absent(seen: &Seen<'_>, whose: Whose) -> Result<Step, Refused> {
    if seen.public.is_some() {
        return Err(Refused::UsedInPublic { tag: seen.tag.clone(), place: Arc::clone(&seen.public_place) });
    }
    match &seen.known {
        Some(Known { what, digest, place }) if whose == Whose::Unknown => {
            Err(Refused::Known { what: what.clone(), digest: digest.clone(), place: Arc::clone(place) })
        }
        _ => Ok(Step::Upload),
    }
}

/// The unique tag is the image in the upload registry.
fn uploaded(seen: &Seen<'_>, whose: Whose, no_resume: bool) -> Result<Step, Refused> {
    let (tag, place) = (seen.tag.clone(), Arc::clone(&seen.upload_place));
    if no_resume {
        return Err(Refused::Other {
            what: format!("{tag} is this image already at {place}, and nothing is to be resumed"),
            advice: "leave `--no-resume` out to go on from there".to_owned(),
        });
    }
    match (&seen.public, whose) {
        (Some(public), Whose::Unknown) if public == seen.digest && seen.is_floating => Ok(Step::Nothing),
        (_, Whose::Unknown) => Err(Refused::NotOurs { tag, place }),
        (None, Whose::Ours) => Ok(Step::Certify),
        (Some(public), Whose::Ours) if public == seen.digest => Ok(Step::MoveTags),
        // The public registry is on its way: it had one child before it had all.
        (Some(public), Whose::Ours) if seen.children.contains(public) => Ok(Step::Certify),
        (Some(public), Whose::Ours) => Err(Refused::ServesAnother {
            tag,
            place: Arc::clone(&seen.public_place),
            expected: seen.digest.clone(),
            found: public.clone(),
        }),
    }
}

#[cfg(test)]
mod tests;
