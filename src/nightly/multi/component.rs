//! An image for all architectures, of the images for each.

use std::collections::BTreeMap;
use std::sync::Arc;

use futures_util::{FutureExt as _, StreamExt as _, stream};
use serde_json::Value;
use tokio::time::Instant;

use super::documents::manifest_list;
use super::index::index;
use super::{Entry, Input};
use crate::error::{Failure, Stage};
use crate::model::{Descriptor, Digest, ImageRef, Locator, Moved, Origin, Outcome, Repository, Row};
use crate::nightly::publish::{Means, Named, Naming, copy_by_digest};
use crate::nightly::{Arch, Privacy, StreamName, names};
use crate::registry::{Role, counted};

/// Images made at a time.
const AT_A_TIME: usize = 4;

/// An image for all architectures.
pub(super) struct Component {
    /// Its tag in the payload.
    pub(super) tag: Arc<str>,
    /// By digest; none: it could not be made.
    pub(super) image: Option<ImageRef>,
    /// Of one that had to be made: what became of it, and what it is over.
    pub(super) stitched: Option<(Row, Value)>,
}

/// The index that all of `entries` were built in, where they were built in one.
pub(super) fn common_list(entries: &BTreeMap<Arch, Entry>) -> Option<&ImageRef> {
    let mut lists = entries.values().map(|entry| entry.list.as_ref());
    let first = lists.next().flatten()?;
    lists.all(|list| list == Some(first)).then_some(first)
}

/// The images of `input` for all architectures, in the order of their tags.
pub(super) async fn components(means: &Means, input: &Input<'_>, stream: &StreamName) -> Vec<Component> {
    let repository = input.payload.destination.components(Privacy::Public);
    let made: Vec<_> = input
        .entries
        .iter()
        .map(|(tag, entries)| component(means, (tag, entries), stream, &repository))
        .collect();
    stream::iter(made).buffered(AT_A_TIME).collect().await
}

async fn component(
    means: &Means,
    (tag, entries): (&Arc<str>, &BTreeMap<Arch, Entry>),
    stream: &StreamName,
    repository: &Repository,
) -> Component {
    if let Some(list) = common_list(entries) {
        return Component { tag: Arc::clone(tag), image: Some(list.clone()), stitched: None };
    }
    let origin = stream.origin(Some(tag));
    let images = entries.iter().map(|(arch, entry)| (*arch, entry.image.clone())).collect();
    stitch(means, (tag, origin), &images, repository).boxed().await
}

/// Makes an index over `images` in `repository`, under the tag that its digest gives.
async fn stitch(
    means: &Means,
    (tag, origin): (&Arc<str>, Origin),
    images: &BTreeMap<Arch, ImageRef>,
    repository: &Repository,
) -> Component {
    let started = Instant::now();
    let (made, requests) = counted(stitched(means, &origin, images, repository).boxed()).await;
    let (digest, target, named) = match made {
        Ok((digest, target, named)) => (Some(digest), Some(target), named),
        Err(failure) => (None, None, Named::unnamed(Outcome::of_failure(failure))),
    };
    let document = target.as_ref().map_or(Value::Null, |target| manifest_list(target, images));
    let image = digest.as_ref().map(|digest| names::by_digest(repository, digest));
    let unnamed = || Locator::Text(format!("{repository}:sha256-…").into());
    let ends = (source(images), target.map_or_else(unnamed, Locator::Image));
    let row = named.row(origin, ends, digest, (requests, started));
    Component { tag: Arc::clone(tag), image, stitched: Some((row, document)) }
}

/// The digest of the index, its name, and what became of that.
async fn stitched(
    means: &Means,
    origin: &Origin,
    images: &BTreeMap<Arch, ImageRef>,
    repository: &Repository,
) -> Result<(Digest, ImageRef, Named), Failure> {
    let mut described = BTreeMap::new();
    for (arch, image) in images {
        described.insert(*arch, describe(means, image).await?);
    }
    let index = index(described.iter().map(|(arch, image)| (*arch, image)));
    // A sha256 digest is always short enough for a tag.
    let target = names::by_tag(repository, &index.digest)
        .unwrap_or_else(|| names::by_digest(repository, &index.digest));
    let children = async {
        let mut moved = Moved::default();
        for (arch, image) in images {
            let what = format!("the image for {arch}");
            moved += copy_by_digest(means, origin.clone(), (image, &what), repository).await?;
        }
        Ok(moved)
    };
    let named = Naming { means, target: &target, manifest: &index, may_move: false }.run(children).await;
    Ok((index.digest.clone(), target, named))
}

/// How an index names an image.
async fn describe(means: &Means, image: &ImageRef) -> Result<Descriptor, Failure> {
    let manifest = means.client.with_role(Role::Source).get_manifest(image).await;
    Ok(manifest.map_err(|error| Failure::new(Stage::Resolve, error))?.descriptor())
}

fn source(images: &BTreeMap<Arch, ImageRef>) -> Locator {
    let images: Vec<_> = images.values().map(ToString::to_string).collect();
    Locator::Text(images.join(" + ").into())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{Reference, Version};

    fn image(repository: &str, of: &str) -> ImageRef {
        let repository = Reference::parse(repository).unwrap().repository;
        ImageRef::new(repository, Version::Digest(Digest::of(of.as_bytes())))
    }

    fn entries(lists: &[(Arch, Option<&str>)]) -> BTreeMap<Arch, Entry> {
        let entry = |(arch, list): &(Arch, Option<&str>)| {
            let list = list.map(|list| image("quay.io/o/art-dev", list));
            (*arch, Entry { component: "x".into(), image: image("quay.io/o/art-dev", arch.brew()), list })
        };
        lists.iter().map(entry).collect()
    }

    #[test]
    fn an_index_that_all_architectures_were_built_in_is_taken_as_it_is() {
        // 18.99
        let all = entries(&[(Arch::X86_64, Some("abcdef")), (Arch::S390x, Some("abcdef"))]);
        assert_eq!(common_list(&all), Some(&image("quay.io/o/art-dev", "abcdef")));
        // 18.100
        for lists in [[Some("a"), Some("b")], [Some("a"), None], [None, Some("a")], [None, None]] {
            let mixed = entries(&[(Arch::X86_64, lists[0]), (Arch::S390x, lists[1])]);
            assert_eq!(common_list(&mixed), None, "{lists:?}");
        }
        assert_eq!(common_list(&BTreeMap::new()), None);
    }
}
