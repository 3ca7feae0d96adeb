//! The payload of one architecture: each tag's image, a stand-in where there is none, and RHCOS.

use std::collections::BTreeSet;
use std::sync::Arc;

use super::tags::{NotBuilt, Taken, taken};
use super::{BuiltImage, Entry, EntryImage, LeftOut, Slice, Why};
use crate::error::{Class, Classify};
use crate::nightly::arch::Arch;
use crate::nightly::clearance::{Clearance, clear};
use crate::nightly::inspected::{Inspected, InspectedBuild, Member};
use crate::nightly::names::Privacy;
use crate::nightly::payload::Payload;

/// What was asked for beyond the payload file.
#[derive(Debug, Clone)]
pub struct Asked {
    /// The architectures that take part, in their order.
    pub arches: Vec<Arch>,
    /// Only images of these names; none: all.
    pub images: Option<BTreeSet<Arc<str>>>,
    /// Permitted embargoed content may become public.
    pub is_embargo_acknowledged: bool,
    /// The stand-in has to be there even where nothing needs one.
    pub is_stand_in_required: bool,
    /// Images that are left out, by their names.
    pub excluded: BTreeSet<Arc<str>>,
}

/// Why there are no entries. Nothing permits any of it.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SliceError {
    /// A build, or the public build that takes its place, lacks an architecture.
    #[error(transparent)]
    NotBuilt(#[from] NotBuilt),
    /// The stand-in is missing.
    #[error(
        "the {privacy} payload for {arch} has no image `{tag}`, which stands in for those that {arch} lacks"
    )]
    NoStandIn {
        /// The tag of the stand-in.
        tag: Arc<str>,
        /// The architecture.
        arch: Arch,
        /// The payload.
        privacy: Privacy,
    },
    /// An embargoed build has nothing to stand in for it in public.
    #[error(
        "`{component}` is embargoed as `{nvr}`, and there is no `public_build` to take its place in public"
    )]
    NoPublicBuild {
        /// The image definition.
        component: Arc<str>,
        /// The build.
        nvr: String,
        /// The line of the image definition.
        line: u32,
    },
}

impl SliceError {
    /// The line of the payload file that it is about, if it is about one.
    #[must_use]
    pub fn line(&self) -> Option<u32> {
        match self {
            Self::NotBuilt(missing) => Some(missing.line),
            Self::NoPublicBuild { line, .. } => Some(*line),
            Self::NoStandIn { .. } => None,
        }
    }

    /// The image that it is about, by its definition or its tag.
    #[must_use]
    pub fn component(&self) -> &str {
        match self {
            Self::NotBuilt(missing) => &missing.component,
            Self::NoPublicBuild { component, .. } => component,
            Self::NoStandIn { tag, .. } => tag,
        }
    }
}

impl Classify for SliceError {
    fn class(&self) -> Class {
        Class::Invalid
    }

    fn advice(&self) -> Option<String> {
        let advice = match self {
            Self::NotBuilt(_) => "build it, or correct the `arches` of the image",
            Self::NoStandIn { .. } => {
                "have its image built for all architectures, name it in IMAGES where that is given, and see that it is not left out \
                 as one of siblings that do not match"
            }
            Self::NoPublicBuild { .. } => "name the last build that is not embargoed as `public_build`",
        };
        Some(advice.to_owned())
    }
}

/// The payloads of all architectures that take part, the public one of each before the private one.
///
/// # Errors
/// All that keeps them from being made.
pub fn slices(
    payload: &Payload,
    inspected: &Inspected,
    asked: &Asked,
) -> Result<Vec<Slice>, Vec<SliceError>> {
    let (mut slices, mut errors) = (Vec::new(), Vec::new());
    let is_asked = |member: &&Member| {
        asked.images.as_ref().is_none_or(|images| images.contains(&member.definition.name))
    };
    let members: Vec<Member> = inspected.members.iter().filter(is_asked).cloned().collect();
    for arch in &asked.arches {
        let taken = match taken(&members, *arch) {
            Ok(taken) => taken,
            Err(missing) => {
                errors.extend(missing.into_iter().map(SliceError::from));
                continue;
            }
        };
        for privacy in Privacy::BOTH {
            let maker = Maker { payload, asked, arch: *arch, privacy };
            match maker.slice(&taken) {
                Ok(mut slice) => {
                    maker.add_rhcos(&mut slice, inspected);
                    slices.push(slice);
                }
                Err(error) if errors.contains(&error) => {}
                Err(error) => errors.push(error),
            }
        }
    }
    if errors.is_empty() { Ok(slices) } else { Err(errors) }
}

/// Makes one slice.
struct Maker<'a> {
    payload: &'a Payload,
    asked: &'a Asked,
    arch: Arch,
    privacy: Privacy,
}

/// What a tag comes to.
enum Choice<'a> {
    Build(&'a InspectedBuild),
    StandIn,
    LeftOut(Why),
}

/// What stands in for images that an architecture lacks.
enum StandIn {
    /// This.
    Is(Box<Entry>),
    /// Nothing: it is left out itself, and so are those that it would stand in for. It is of this image definition.
    LeftOut(Arc<str>, Why),
    /// Nothing.
    Missing,
}

impl Maker<'_> {
    fn slice(&self, taken: &[Taken<'_>]) -> Result<Slice, SliceError> {
        let stand_in = self.stand_in(taken)?;
        let mut slice =
            Slice { arch: self.arch, privacy: self.privacy, entries: Vec::new(), left_out: Vec::new() };
        for Taken { tag, member } in taken {
            let choice = member.map_or(Ok(Choice::StandIn), |member| self.choice(member))?;
            let entry = match (choice, member) {
                (Choice::Build(build), Some(member)) => Some(self.entry(tag, member, build)?),
                (Choice::LeftOut(why), Some(member)) => {
                    let component = Arc::clone(&member.definition.name);
                    slice.left_out.push(LeftOut { tag: Arc::clone(tag), component, why });
                    None
                }
                _ => match &stand_in {
                    StandIn::Is(entry) => Some(standing_in(tag, entry)),
                    StandIn::LeftOut(component, why) => {
                        let (tag, component) = (Arc::clone(tag), Arc::clone(component));
                        slice.left_out.push(LeftOut { tag, component, why: *why });
                        None
                    }
                    StandIn::Missing => return Err(self.no_stand_in()),
                },
            };
            slice.entries.extend(entry);
        }
        Ok(slice)
    }

    fn choice<'m>(&self, member: &'m Member) -> Result<Choice<'m>, SliceError> {
        if self.asked.excluded.contains(&member.definition.name) {
            return Ok(Choice::LeftOut(Why::MismatchedSiblings));
        }
        if self.privacy == Privacy::Private {
            return Ok(member.build.as_ref().map_or(Choice::StandIn, Choice::Build));
        }
        let clearance = clear(self.payload, member, self.asked.is_embargo_acknowledged);
        Ok(match clearance {
            Clearance::Cleared(build) => Choice::Build(build),
            Clearance::Embargoed => Choice::LeftOut(Why::Embargoed),
            Clearance::NoBuild => Choice::StandIn,
            Clearance::NoPublicBuild => return Err(no_public_build(member)),
        })
    }

    /// The image of a build.
    fn entry(&self, tag: &Arc<str>, member: &Member, build: &InspectedBuild) -> Result<Entry, SliceError> {
        let definition = &member.definition;
        let Some(image) = build.images.get(&self.arch) else {
            let (component, nvr) = (Arc::clone(&definition.name), build.build.nvr.to_string());
            let missing = NotBuilt { component, arch: self.arch, nvr, line: definition.line };
            return Err(missing.into());
        };
        Ok(Entry {
            tag: Arc::clone(tag),
            component: Arc::clone(&definition.name),
            image: EntryImage::Built(BuiltImage {
                source: image.image.repository.clone(),
                list: build.list.clone().map(|list| (build.repository.clone(), list)),
                target: self.payload.destination.components(self.privacy),
                digest: image.digest.clone(),
                line: definition.line,
            }),
            substituted_by: None,
        })
    }

    /// The image that stands in for others; where none is needed and it need not be there, there may be none.
    fn stand_in(&self, taken: &[Taken<'_>]) -> Result<StandIn, SliceError> {
        let tag = &self.payload.substitute_tag;
        let member = taken.iter().find(|taken| taken.tag == *tag).and_then(|taken| taken.member);
        let found = match member {
            Some(member) => match self.choice(member)? {
                Choice::Build(build) => StandIn::Is(Box::new(self.entry(tag, member, build)?)),
                Choice::LeftOut(why) => StandIn::LeftOut(Arc::clone(&member.definition.name), why),
                Choice::StandIn => StandIn::Missing,
            },
            None => StandIn::Missing,
        };
        match found {
            StandIn::Missing if self.asked.is_stand_in_required => Err(self.no_stand_in()),
            found => Ok(found),
        }
    }

    fn no_stand_in(&self) -> SliceError {
        let tag = Arc::clone(&self.payload.substitute_tag);
        SliceError::NoStandIn { tag, arch: self.arch, privacy: self.privacy }
    }

    /// RHCOS comes last, never by a stand-in, and takes the place of an image of its tag.
    fn add_rhcos(&self, slice: &mut Slice, inspected: &Inspected) {
        let Some(images) = inspected.rhcos.get(&self.arch) else { return };
        for container in &self.payload.rhcos.containers {
            let Some(image) = images.get(&container.name) else { continue };
            slice.entries.retain(|entry| entry.tag != container.name);
            slice.entries.push(Entry {
                tag: Arc::clone(&container.name),
                component: Arc::clone(&container.name),
                image: EntryImage::Rhcos { image: image.clone(), is_primary: container.is_primary },
                substituted_by: None,
            });
        }
    }
}

fn standing_in(tag: &Arc<str>, stand_in: &Entry) -> Entry {
    let substituted_by = Some(Arc::clone(&stand_in.tag));
    Entry { tag: Arc::clone(tag), substituted_by, ..stand_in.clone() }
}

fn no_public_build(member: &Member) -> SliceError {
    let nvr = member.build.as_ref().map(|build| build.build.nvr.to_string()).unwrap_or_default();
    let definition = &member.definition;
    SliceError::NoPublicBuild { component: Arc::clone(&definition.name), nvr, line: definition.line }
}
