//! Inspects builds: which images they have, and what is written in those.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::Extent;
use super::error::{FactError, Unread};
use super::reader::{Reader, Top, images_of};
use crate::error::{Failure, Stage};
use crate::model::{Digest, ImageRef, Version};
use crate::nightly::arch::Arch;
use crate::nightly::checks::commit_of;
use crate::nightly::embargo::{is_embargoed, is_told_by_labels};
use crate::nightly::images::Image;
use crate::nightly::inspected::{ArchImage, InspectedBuild};
use crate::nightly::payload::{Build, ImageDefinition, Payload};

/// A build that is to be inspected.
pub(super) struct Wanted {
    definition: Arc<ImageDefinition>,
    build: Arc<Build>,
    /// The architectures of which it has to have images.
    arches: Vec<Arch>,
}

impl Wanted {
    pub(super) fn new(extent: Extent<'_>, definition: Arc<ImageDefinition>, build: Arc<Build>) -> Self {
        let arches = extent.arches.iter().copied().filter(|arch| definition.is_for(*arch)).collect();
        Self { definition, build, arches }
    }

    /// All that has to be resolved: the pullspec, and what the file says instead of it.
    fn references(&self) -> impl Iterator<Item = &ImageRef> {
        let pullspec = self.needs_pullspec().then_some(&self.build.pullspec);
        pullspec.into_iter().chain(self.overrides().map(|(_, image)| image))
    }

    fn overrides(&self) -> impl Iterator<Item = (Arch, &ImageRef)> {
        let named = |arch: &Arch| Some((*arch, self.build.arch_pullspecs.get(arch)?));
        self.arches.iter().filter_map(named)
    }

    /// Whether the file does not name all of its images one by one.
    fn needs_pullspec(&self) -> bool {
        self.arches.iter().any(|arch| !self.build.arch_pullspecs.contains_key(arch))
    }

    fn unread(&self, payload: &Payload, image: &ImageRef, failure: Failure) -> Unread {
        Unread::new(payload, &self.definition, (self.build.line, image), failure)
    }
}

/// Inspects builds, each as a whole; a build that was not read for we were stopped is an empty failure.
pub(super) async fn inspect(
    reader: &mut Reader<'_>,
    payload: &Payload,
    wanted: &[Wanted],
) -> Vec<Result<InspectedBuild, Vec<Unread>>> {
    let references = wanted.iter().flat_map(Wanted::references).cloned().collect();
    reader.read_tops(references).await;
    let needed =
        wanted.iter().flat_map(|wanted| candidates(reader, wanted)).map(|(_, image)| image).collect();
    reader.read_images(needed).await;
    wanted.iter().map(|wanted| assemble(reader, payload, wanted)).collect()
}

/// The images that have to be read for a build; the architecture of some only their config tells. The first for an
/// architecture counts.
fn candidates(reader: &Reader<'_>, wanted: &Wanted) -> Vec<(Option<Arch>, ImageRef)> {
    let mut found = Vec::new();
    for (arch, image) in wanted.overrides() {
        let images = of_reference(reader, image);
        // The file knows what it is for; of an index it is the image for that architecture.
        let image = images.get(&Some(arch)).or_else(|| images.get(&None));
        found.extend(image.map(|image| (Some(arch), image.clone())));
    }
    if wanted.needs_pullspec() {
        let open = |arch: &Option<Arch>| {
            arch.is_none_or(|arch| {
                wanted.arches.contains(&arch) && !wanted.build.arch_pullspecs.contains_key(&arch)
            })
        };
        let images = of_reference(reader, &wanted.build.pullspec);
        found.extend(images.into_iter().filter(|(arch, _)| open(arch)));
    }
    found
}

fn of_reference(reader: &Reader<'_>, image: &ImageRef) -> BTreeMap<Option<Arch>, ImageRef> {
    match reader.top(image) {
        Some(Ok(top)) => images_of(image, top),
        _ => BTreeMap::new(),
    }
}

fn assemble(reader: &Reader<'_>, payload: &Payload, wanted: &Wanted) -> Result<InspectedBuild, Vec<Unread>> {
    let mut failures = unresolved(reader, payload, wanted);
    let mut images = BTreeMap::new();
    for (arch, image) in candidates(reader, wanted) {
        let read = match reader.image(&image) {
            Some(Ok(read)) => read,
            Some(Err(failure)) => {
                failures.push(wanted.unread(payload, &image, failure.clone()));
                continue;
            }
            None => continue,
        };
        if let Some(arch) = arch.or_else(|| Arch::parse(read.config.architecture()?)) {
            images.entry(arch).or_insert_with(|| arch_image(&image, read));
        } else {
            let arch = read.config.architecture().map(Arc::from);
            let error = FactError::UnknownArch { image: image.clone(), arch };
            failures.push(wanted.unread(payload, &image, Failure::new(Stage::Resolve, error)));
        }
    }
    if was_stopped(reader, wanted) {
        return Err(failures);
    }
    if failures.is_empty() && wanted.definition.is_for_payload {
        failures.extend(lacking(payload, wanted, &images));
    }
    if failures.is_empty() { Ok(whole(reader, payload, wanted, images)) } else { Err(failures) }
}

/// Whether something was not read; of such a build nothing can be said.
fn was_stopped(reader: &Reader<'_>, wanted: &Wanted) -> bool {
    wanted.references().any(|image| reader.top(image).is_none())
        || candidates(reader, wanted).iter().any(|(_, image)| reader.image(image).is_none())
}

fn unresolved(reader: &Reader<'_>, payload: &Payload, wanted: &Wanted) -> Vec<Unread> {
    let failed = wanted.references().filter_map(|image| match reader.top(image) {
        Some(Err(failure)) => Some(wanted.unread(payload, image, failure.clone())),
        _ => None,
    });
    failed.collect()
}

/// The architectures that the image is for and its build lacks.
fn lacking(payload: &Payload, wanted: &Wanted, images: &BTreeMap<Arch, ArchImage>) -> Vec<Unread> {
    let Wanted { definition, build, arches } = wanted;
    let lacking = arches.iter().copied().filter(|arch| !images.contains_key(arch));
    let unread = lacking.map(|arch| {
        let error = FactError::NoImageForArch {
            name: Arc::clone(&definition.name),
            arch,
            nvr: build.nvr.clone(),
            image: build.pullspec.clone(),
            there: images.keys().copied().collect(),
        };
        wanted.unread(payload, &build.pullspec, Failure::new(Stage::Read, error))
    });
    unread.collect()
}

fn whole(
    reader: &Reader<'_>,
    payload: &Payload,
    wanted: &Wanted,
    mut images: BTreeMap<Arch, ArchImage>,
) -> InspectedBuild {
    images.retain(|arch, _| wanted.arches.contains(arch));
    let build = Arc::clone(&wanted.build);
    let is_embargoed = is_embargoed(payload, &build, images.values().map(|image| &image.labels));
    let is_judged =
        is_embargoed || !is_told_by_labels(payload, &build) || is_read_whole(reader, &build, &images);
    let said =
        images.get(&Arch::X86_64).or_else(|| images.values().next()).and_then(commit_of).map(Arc::from);
    InspectedBuild {
        repository: build.pullspec.repository.clone(),
        list: list(reader, &build, &images).filter(|_| is_judged),
        is_embargoed,
        commit: build.commit.clone().or(said),
        images,
        build,
    }
}

/// The index, if it has each of the images: where the file names another one for an architecture it is not theirs.
fn list(reader: &Reader<'_>, build: &Build, images: &BTreeMap<Arch, ArchImage>) -> Option<Digest> {
    let Some(Ok(Top::Index { digest, images: listed, .. })) = reader.top(&build.pullspec) else {
        return None;
    };
    let has = |(arch, image): (&Arch, &ArchImage)| {
        image.image.repository == build.pullspec.repository && listed.get(arch) == Some(&image.digest)
    };
    images.iter().all(has).then(|| digest.clone())
}

/// Whether each image of its index was read. An index is mirrored with all of them.
fn is_read_whole(reader: &Reader<'_>, build: &Build, images: &BTreeMap<Arch, ArchImage>) -> bool {
    match reader.top(&build.pullspec) {
        Some(Ok(Top::Index { images: listed, is_all, .. })) => *is_all && listed.len() == images.len(),
        _ => true,
    }
}

fn arch_image(image: &ImageRef, read: &Image) -> ArchImage {
    let digest = match &image.version {
        Version::Digest(digest) => digest.clone(),
        Version::Tag(_) => read.manifest.digest.clone(),
    };
    ArchImage { image: image.clone(), digest, labels: read.config.labels(), env: read.config.env() }
}
