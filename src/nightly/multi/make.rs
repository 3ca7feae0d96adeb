//! Makes a release for all architectures.

use std::collections::BTreeMap;
use std::sync::Arc;

use serde_json::Value;
use tokio::time::Instant;

use super::component::{Component, components};
use super::documents::{manifest_list, release_stream};
use super::error::Error;
use super::index::index;
use super::tags::{Standing, standing};
use super::{Input, all_well, names};
use crate::model::{Descriptor, ImageRef, Locator, Moved, Row, Version};
use crate::nightly::names::{by_digest, multi_stream_name};
use crate::nightly::publish::{BASE, Means, Naming, Published, Release, ReleaseMember, ReleaseName, publish};
use crate::nightly::{Arch, StreamName};
use crate::registry::counted;

/// A release that was made, or in a dry run would be.
#[derive(Debug)]
pub struct Made {
    /// Its name.
    pub name: ReleaseName,
    /// The index over its images, by digest.
    pub image: ImageRef,
}

/// What became of a payload for all architectures.
#[derive(Debug)]
pub struct Multi {
    /// The ImageStream of its releases.
    pub stream: StreamName,
    /// Whether a release was due; else nothing was asked for.
    pub standing: Standing,
    /// Each image that was made.
    pub rows: Vec<Row>,
    /// The release; none: none was due, or a row says why there is none.
    pub made: Option<Made>,
    /// What is kept of it, by the names of files.
    pub documents: BTreeMap<String, Value>,
}

/// A release in the making.
struct Making<'a> {
    means: &'a Means,
    input: &'a Input<'a>,
    stream: StreamName,
    name: ReleaseName,
    of_arches: BTreeMap<Arch, OfArch>,
    rows: Vec<Row>,
    documents: BTreeMap<String, Value>,
}

/// The release image of one architecture.
struct OfArch {
    /// What it is made from.
    base: ImageRef,
    /// Where it goes.
    target: ImageRef,
}

/// Makes a release of `input`, if one is due.
///
/// # Errors
/// Before anything was written: when it can have no name, has no base for an architecture, or nobody knows when the last one was made.
pub async fn make(means: &Means, input: &Input<'_>) -> Result<Multi, Error> {
    let stream = multi_stream_name(input.payload);
    let rules = (input.payload.assembly.kind, &input.payload.multi_arch);
    let standing = standing(&stream, input.live, rules, input.now)?;
    if standing != Standing::Due {
        return Ok(Multi { stream, standing, rows: Vec::new(), made: None, documents: BTreeMap::new() });
    }
    let name = names::release_name(input.payload, input.now)?;
    let of_arches = of_arches(input, &name)?;
    let (rows, documents) = (Vec::new(), BTreeMap::new());
    let mut making = Making { means, input, stream, name, of_arches, rows, documents };
    let made = making.run().await;
    let Making { stream, rows, documents, .. } = making;
    Ok(Multi { stream, standing, rows, made, documents })
}

fn of_arches(input: &Input<'_>, name: &ReleaseName) -> Result<BTreeMap<Arch, OfArch>, Error> {
    let (entries, repository) = (input.entries.get(BASE), input.payload.destination.releases());
    let of_arch = |arch: &Arch| {
        let entry = entries.and_then(|entries| entries.get(arch)).ok_or(Error::NoBase { arch: *arch })?;
        let target = names::of_arch(&repository, name, *arch)?;
        Ok((*arch, OfArch { base: entry.image.clone(), target }))
    };
    input.payload.arches.iter().map(of_arch).collect()
}

impl Making<'_> {
    async fn run(&mut self) -> Option<Made> {
        let components = self.components().await?;
        let images = self.release_images(&components).await?;
        let image = self.release_index(&images).await;
        all_well(&self.rows).then(|| Made { name: self.name.clone(), image })
    }

    /// The images that the release is made of, by their tags; none: one of them could not be made.
    async fn components(&mut self) -> Option<BTreeMap<Arc<str>, ImageRef>> {
        let mut made = BTreeMap::new();
        for Component { tag, image, stitched } in components(self.means, self.input, &self.stream).await {
            if let Some((row, document)) = stitched {
                self.rows.push(row);
                let file = format!("{}.{tag}.manifest-list.yaml", self.stream.namespace);
                self.documents.insert(file, document);
            }
            made.extend(image.map(|image| (tag, image)));
        }
        let document = release_stream(self.input, &self.stream, &made);
        self.documents.insert(format!("{}-release-imagestream.yaml", self.stream.name), document);
        (made.len() == self.input.entries.len() && all_well(&self.rows)).then_some(made)
    }

    /// The release image of each architecture; none: one of them could not be made.
    async fn release_images(
        &mut self,
        components: &BTreeMap<Arc<str>, ImageRef>,
    ) -> Option<BTreeMap<Arch, Descriptor>> {
        let mut images = BTreeMap::new();
        for (arch, of_arch) in &self.of_arches {
            let Published { row, manifest } = publish(self.means, &self.release(of_arch, components)).await;
            self.rows.push(row);
            images.insert(*arch, manifest.filter(|_| all_well(&self.rows))?);
        }
        Some(images)
    }

    fn release(&self, of_arch: &OfArch, components: &BTreeMap<Arc<str>, ImageRef>) -> Release {
        let member = |(tag, image): (&Arc<str>, &ImageRef)| Some((Arc::clone(tag), self.member(tag, image)?));
        Release {
            name: self.name.clone(),
            architecture: Some("multi".into()),
            stream: self.stream.clone(),
            base: Some(of_arch.base.clone()),
            members: components.iter().filter_map(member).collect(),
            target: of_arch.target.clone(),
            created: self.input.created,
            may_move: false,
        }
    }

    /// What an image says of itself is read from the one for `x86_64`, else from the first there is: it is to be the same for all.
    fn member(&self, tag: &Arc<str>, image: &ImageRef) -> Option<ReleaseMember> {
        let entries = self.input.entries.get(tag)?;
        let entry = entries.get(&Arch::X86_64).or_else(|| entries.values().next())?;
        let component = Arc::clone(&entry.component);
        Some(ReleaseMember { component, image: entry.image.clone(), pull_spec: image.to_string().into() })
    }

    /// The index over the release images, by digest.
    async fn release_index(&mut self, images: &BTreeMap<Arch, Descriptor>) -> ImageRef {
        let started = Instant::now();
        let repository = self.input.payload.destination.releases();
        let target = ImageRef::new(repository.clone(), Version::Tag(self.name.tag().clone()));
        let manifest = index(images.iter().map(|(arch, image)| (*arch, image)));
        let naming = Naming { means: self.means, target: &target, manifest: &manifest, may_move: false };
        let (named, requests) = counted(naming.run(async { Ok(Moved::default()) })).await;
        let sources = self.of_arches.iter().map(|(arch, of_arch)| (*arch, of_arch.target.clone())).collect();
        let file = format!("{}.manifest-list.yaml", self.stream.name);
        self.documents.insert(file, manifest_list(&target, &sources));
        let source: Vec<_> = self.of_arches.values().map(|of_arch| of_arch.target.to_string()).collect();
        let ends = (Locator::Text(source.join(" + ").into()), Locator::Image(target));
        let origin = self.stream.origin(Some(self.name.as_str()));
        self.rows.push(named.row(origin, ends, Some(manifest.digest.clone()), (requests, started)));
        by_digest(&repository, &manifest.digest)
    }
}
