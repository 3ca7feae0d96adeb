//! Which builds may become public.
//!
//! [`clear`] decides, and nothing else: once where a public payload is made, and again of every digest right before images are
//! copied.

use super::inspected::{InspectedBuild, Member};
use super::payload::{AssemblyType, ImageDefinition, Payload};
use super::permits;

/// What becomes public of an image.
#[derive(Debug, Clone, Copy)]
pub(super) enum Clearance<'a> {
    /// This build.
    Cleared(&'a InspectedBuild),
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
        return Clearance::Cleared(build);
    }
    if payload.assembly.kind == AssemblyType::Stream {
        return match &member.public_build {
            Some(public) if !public.is_embargoed => Clearance::Cleared(public),
            Some(_) => Clearance::Embargoed,
            None => Clearance::NoPublicBuild,
        };
    }
    let component = embargo_component(&member.definition);
    let is_permitted =
        permits::in_force(&payload.assembly).iter().any(|permit| permit.allows_embargoed(component));
    if is_permitted && acknowledged { Clearance::Cleared(build) } else { Clearance::Embargoed }
}

/// By which name issues and permits about embargoes name an image: its repository's, which ends at the first `.`.
#[must_use]
pub(super) fn embargo_component(definition: &ImageDefinition) -> &str {
    definition.name.split('.').next().unwrap_or_default()
}
