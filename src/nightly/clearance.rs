//! Which builds may become public.
//!
//! What goes to a public repository is made of [`Cleared`] builds only, and there is no way to one but [`clear`].

use super::inspected::{InspectedBuild, Member};
use super::payload::{AssemblyType, ImageDefinition, Payload};
use super::permits;

/// A build that may become public.
#[derive(Debug, Clone, Copy)]
pub(super) struct Cleared<'a>(&'a InspectedBuild);

impl<'a> Cleared<'a> {
    /// The build.
    #[must_use]
    pub(super) fn build(self) -> &'a InspectedBuild {
        self.0
    }
}

/// What becomes public of an image.
#[derive(Debug, Clone, Copy)]
pub(super) enum Clearance<'a> {
    /// This build.
    Cleared(Cleared<'a>),
    /// Nothing: what there is stays private.
    Embargoed,
    /// Nothing, although there has to be something: no public build is known.
    NoPublicBuild,
    /// Nothing: there is no build.
    NoBuild,
}

/// What may become public of `member`. An embargoed build of an assembly other than stream only may with a permit that names
/// the code `EMBARGOED_CONTENT` literally, and when whoever runs this acknowledged it; one of stream never.
#[must_use]
pub(super) fn clear<'a>(payload: &Payload, member: &'a Member, acknowledged: bool) -> Clearance<'a> {
    let Some(build) = &member.build else { return Clearance::NoBuild };
    if !build.is_embargoed {
        return Clearance::Cleared(Cleared(build));
    }
    if payload.assembly.kind == AssemblyType::Stream {
        return match &member.public_build {
            Some(public) if !public.is_embargoed => Clearance::Cleared(Cleared(public)),
            Some(_) => Clearance::Embargoed,
            None => Clearance::NoPublicBuild,
        };
    }
    let component = embargo_component(&member.definition);
    let is_permitted =
        permits::in_force(&payload.assembly).iter().any(|permit| permit.allows_embargoed(component));
    if is_permitted && acknowledged { Clearance::Cleared(Cleared(build)) } else { Clearance::Embargoed }
}

/// By which name issues and permits about embargoes name an image: its repository's, which ends at the first `.`.
#[must_use]
pub(super) fn embargo_component(definition: &ImageDefinition) -> &str {
    definition.name.split('.').next().unwrap_or_default()
}
