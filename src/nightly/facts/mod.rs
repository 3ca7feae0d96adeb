//! Asks registries what is in the images of a payload. What they say is held in [`Inspected`] and [`Reference`]; after this
//! nothing is resolved again.
//!
//! Each manifest and each config is read once, whoever needs it. Nothing is written anywhere.

mod builds;
mod error;
mod reader;
mod references;
mod rhcos;
mod rhcos_rpms;

use std::collections::BTreeSet;
use std::sync::Arc;

pub use error::{FactError, Uninspected, Unread};
pub use references::{Reference, ReferenceRelease, references};

use super::arch::Arch;
use super::inspected::{Inspected, InspectedBuild, Member};
use super::payload::{AssemblyType, ImageDefinition, Payload};
use crate::engine::Stop;
use crate::error::{Failure, Stage};
use crate::registry::Client;
use builds::Wanted;
use reader::Reader;

/// Of which images of a payload the facts are wanted.
#[derive(Debug, Clone, Copy)]
pub struct Extent<'a> {
    /// The payload.
    pub payload: &'a Payload,
    /// The architectures that take part.
    pub arches: &'a [Arch],
    /// The names of the images that take part (IMAGES); none: all.
    pub images: Option<&'a BTreeSet<Arc<str>>>,
}

/// What the registries say of all images of a payload that take part: their builds, of embargoed ones of a stream assembly
/// the last public build as well, and RHCOS.
///
/// # Errors
/// With all that could not be read or is not what it has to be; or when it was stopped.
pub async fn inspect_all(client: &Client, extent: Extent<'_>, stop: &Stop) -> Result<Inspected, Uninspected> {
    let mut reader = Reader::new(client, stop);
    let mut failures = Vec::new();
    let mut inspected = Inspected { members: members(extent), ..Inspected::default() };
    inspect_builds(&mut reader, extent, &mut inspected, &mut failures).await;
    inspect_public_builds(&mut reader, extent, &mut inspected, &mut failures).await;
    rhcos::inspect(&mut reader, extent, &mut inspected, &mut failures).await;
    let stopped = stop.gently.is_cancelled().then(|| stop.cause());
    if failures.is_empty() && stopped.is_none() {
        Ok(inspected)
    } else {
        Err(Uninspected { failures, stopped })
    }
}

fn members(extent: Extent<'_>) -> Vec<Member> {
    let is_wanted = |image: &&ImageDefinition| {
        image.is_for_release && extent.images.is_none_or(|names| names.contains(&image.name))
    };
    let definitions = extent.payload.images.iter().filter(is_wanted);
    definitions
        .map(|image| Member { definition: Arc::new(image.clone()), build: None, public_build: None })
        .collect()
}

async fn inspect_builds(
    reader: &mut Reader<'_>,
    extent: Extent<'_>,
    inspected: &mut Inspected,
    failures: &mut Vec<Unread>,
) {
    let wanted = |member: &Member| {
        let build = Arc::new(member.definition.build.clone()?);
        Some(Wanted::new(extent, Arc::clone(&member.definition), build))
    };
    let wanted: Vec<_> = inspected.members.iter().filter_map(wanted).collect();
    let places = inspected.members.iter_mut().filter(|member| member.definition.build.is_some());
    for (member, found) in places.zip(builds::inspect(reader, extent.payload, &wanted).await) {
        match found {
            Ok(build) => member.build = Some(build),
            Err(unread) => failures.extend(unread),
        }
    }
}

/// In a stream assembly the last public build takes the place of an embargoed one.
async fn inspect_public_builds(
    reader: &mut Reader<'_>,
    extent: Extent<'_>,
    inspected: &mut Inspected,
    failures: &mut Vec<Unread>,
) {
    let payload = extent.payload;
    if payload.assembly.kind != AssemblyType::Stream || !payload.has_embargoes {
        return;
    }
    let is_embargoed = |member: &&mut Member| {
        member.definition.is_for_payload && member.build.as_ref().is_some_and(|build| build.is_embargoed)
    };
    let (mut places, mut wanted) = (Vec::new(), Vec::new());
    for member in inspected.members.iter_mut().filter(is_embargoed) {
        match &member.definition.public_build {
            Some(build) => {
                wanted.push(Wanted::new(extent, Arc::clone(&member.definition), Arc::new(build.clone())));
                places.push(member);
            }
            None => failures.extend(without_public_build(payload, member)),
        }
    }
    for (member, found) in places.into_iter().zip(builds::inspect(reader, payload, &wanted).await) {
        match found {
            Ok(build) if build.is_embargoed => failures.push(public_is_embargoed(payload, member, &build)),
            Ok(build) => member.public_build = Some(build),
            Err(unread) => failures.extend(unread),
        }
    }
}

fn without_public_build(payload: &Payload, member: &Member) -> Option<Unread> {
    let build = &member.build.as_ref()?.build;
    let name = Arc::clone(&member.definition.name);
    let error = FactError::NoPublicBuild { name, nvr: build.nvr.clone() };
    let failure = Failure::new(Stage::Read, error);
    Some(Unread::new(payload, &member.definition, (member.definition.line, &build.pullspec), failure))
}

fn public_is_embargoed(payload: &Payload, member: &Member, found: &InspectedBuild) -> Unread {
    let name = Arc::clone(&member.definition.name);
    let error = FactError::PublicIsEmbargoed { name, nvr: found.build.nvr.clone() };
    let place = (found.build.line, &found.build.pullspec);
    Unread::new(payload, &member.definition, place, Failure::new(Stage::Read, error))
}
