//! Whether parameters and a payload file fit each other.

use std::collections::BTreeSet;
use std::sync::Arc;

use super::{Order, ParameterError, Parameters};
use crate::model::ImageRef;
use crate::nightly::Privacy;
use crate::nightly::arch::Arch;
use crate::nightly::payload::{AssemblyType, Destination, Payload, RhcosContainer};

impl Parameters {
    /// What a run of `payload` with these parameters is to do.
    ///
    /// # Errors
    /// Everything about the parameters that does not fit.
    pub fn settle(&self, payload: Payload) -> Result<Order, Vec<ParameterError>> {
        let mut errors = self.of_another_file(&payload);
        let images = self.images(&payload, &mut errors);
        let arches = self.arches(&payload, &mut errors);
        if self.emergency && payload.assembly.kind != AssemblyType::Stream {
            let kind = payload.assembly.kind.word();
            errors.push(ParameterError::Emergency { assembly: Arc::clone(&payload.assembly.name), kind });
        }
        let mut notes = Vec::new();
        let multi = self.multi(&payload, &mut errors, &mut notes);
        if self.embargo_ack && payload.assembly.kind == AssemblyType::Stream {
            notes.push(
                "EMBARGO_PERMIT_ACK says nothing here: in a stream nothing embargoed becomes public".into(),
            );
        }
        let destination = self.destination(&payload.destination);
        if destination.repository == destination.private_repository {
            let both = format!("{}/{}", destination.organization, destination.repository);
            errors.push(ParameterError::OneRepository(both));
        }
        errors.extend(private_rhcos(&payload, &destination));
        if !errors.is_empty() {
            return Err(errors);
        }
        Ok(Order {
            payload: Payload { destination, ..payload },
            images,
            arches,
            emergency: self.emergency,
            publish: self.publish,
            embargo_ack: self.embargo_ack,
            multi,
            notes,
        })
    }

    /// Whether something is left out of the payload.
    #[must_use]
    pub fn is_partial(&self) -> bool {
        !(self.images.is_empty() && self.exclude_arches.is_empty())
    }

    fn of_another_file(&self, payload: &Payload) -> Vec<ParameterError> {
        let file = || Arc::clone(&payload.file);
        let mut errors = Vec::new();
        if let Some(asked) = self.build_version.filter(|asked| *asked != payload.version) {
            errors.push(ParameterError::OtherVersion { asked, own: payload.version, file: file() });
        }
        let own = &payload.assembly.name;
        if let Some(asked) = self.assembly.as_ref().filter(|asked| *asked != own) {
            let (asked, own) = (Arc::clone(asked), Arc::clone(own));
            errors.push(ParameterError::OtherAssembly { asked, own, file: file() });
        }
        errors
    }

    fn images(&self, payload: &Payload, errors: &mut Vec<ParameterError>) -> Option<BTreeSet<Arc<str>>> {
        let images: BTreeSet<_> = self.images.iter().cloned().collect();
        let known: BTreeSet<_> = payload.images.iter().map(|image| &image.name).collect();
        let unknown = images.iter().filter(|name| !known.contains(name));
        errors.extend(unknown.map(|name| ParameterError::UnknownImage {
            name: Arc::clone(name),
            file: Arc::clone(&payload.file),
        }));
        (!images.is_empty()).then_some(images)
    }

    fn arches(&self, payload: &Payload, errors: &mut Vec<ParameterError>) -> Vec<Arch> {
        let excluded = self.excluded(errors);
        let others = excluded.iter().filter(|arch| !payload.arches.contains(arch));
        errors.extend(
            others.map(|arch| ParameterError::OtherArch { arch: *arch, file: Arc::clone(&payload.file) }),
        );
        let left: Vec<_> = payload.arches.iter().filter(|arch| !excluded.contains(arch)).copied().collect();
        if left.is_empty() {
            errors.push(ParameterError::NoArch);
        }
        left
    }

    /// `EXCLUDE_ARCHES`, by either name.
    pub(super) fn excluded(&self, errors: &mut Vec<ParameterError>) -> BTreeSet<Arch> {
        let mut excluded = BTreeSet::new();
        for name in &self.exclude_arches {
            match Arch::parse(name) {
                Some(arch) => drop(excluded.insert(arch)),
                None => errors.push(ParameterError::UnknownArch(Arc::clone(name))),
            }
        }
        excluded
    }

    /// Whether there will be a payload for all architectures.
    fn multi(&self, payload: &Payload, errors: &mut Vec<ParameterError>, notes: &mut Vec<String>) -> bool {
        let is_enabled = payload.multi_arch.is_enabled;
        match (self.skip_multi, self.is_partial()) {
            (Some(true), _) => return false,
            (Some(false), true) => errors.push(ParameterError::MultiOfPart),
            (None, true) if is_enabled => {
                let note = "no payload for all architectures is made: IMAGES or EXCLUDE_ARCHES leave something out of it";
                notes.push(note.into());
            }
            (Some(false), false) if !is_enabled => {
                let note = "no payload for all architectures is made: the payload file says `multi_arch.enabled: false`";
                notes.push(note.into());
            }
            _ => {}
        }
        is_enabled && !self.is_partial()
    }

    fn destination(&self, own: &Destination) -> Destination {
        let chosen = |asked: &Option<Arc<str>>, own: &Arc<str>| Arc::clone(asked.as_ref().unwrap_or(own));
        Destination {
            organization: chosen(&self.organization, &own.organization),
            repository: chosen(&self.repository, &own.repository),
            private_repository: chosen(&self.private_repository, &own.private_repository),
            release_repository: chosen(&self.release_repository, &own.release_repository),
            ..own.clone()
        }
    }
}

/// Images of RHCOS that are in the private repository. The public payloads name them as well, and the one for all
/// architectures copies them.
fn private_rhcos(payload: &Payload, destination: &Destination) -> Vec<ParameterError> {
    let private = destination.components(Privacy::Private);
    let containers = payload.rhcos.containers.iter();
    let images =
        containers.flat_map(|container| container.images.values().map(move |image| (container, image)));
    let private = images.filter(|(_, image)| image.repository == private);
    let error = |(container, image): (&RhcosContainer, &ImageRef)| ParameterError::PrivateRhcos {
        name: Arc::clone(&container.name),
        line: container.line,
        file: Arc::clone(&payload.file),
        image: image.clone(),
    };
    private.map(error).collect()
}
