//! Release images of what was brought to the ImageStreams.

use std::collections::BTreeMap;
use std::sync::Arc;

use futures_util::{StreamExt as _, stream};
use serde_json::Value;

use super::super::StreamName;
use super::super::entries::{Entry, EntryImage, Slice};
use super::super::imagestream::Definition;
use super::super::names::{by_digest, of_digest_tag};
use super::super::parameters::Order;
use super::super::publish::{Means, Release, ReleaseMember, ReleaseName, publish, repository};
use super::{Finished, Setup, Verdict, rows};
use crate::error::{Class, Classify, Failure, Stage};
use crate::model::{ImageRef, Locator, Origin, Outcome, Reference, Row, Version};

/// Release images being made at a time; each reads all images of its payload.
const AT_A_TIME: usize = 4;

type Members = BTreeMap<Arc<str>, ReleaseMember>;

/// A tag that stays in an ImageStream, and whose image no digest says.
#[derive(Debug, thiserror::Error)]
#[error("the tag `{tag}` stays in {stream} and is `{from}`, which says no digest")]
struct Unpinned {
    stream: StreamName,
    tag: String,
    from: String,
}

impl Classify for Unpinned {
    fn class(&self) -> Class {
        Class::Invalid
    }

    fn advice(&self) -> Option<String> {
        Some("update all images of the payload, without IMAGES, and publish that".to_owned())
    }
}

/// What the releases are to be called; none: there are to be none. Known before anything is written.
pub(super) fn name(order: &Order) -> Result<Option<ReleaseName>, Finished> {
    let payload = &order.payload;
    let name = order.publish.then(|| ReleaseName::of_assembly(payload.version, &payload.assembly.name));
    name.transpose().map_err(|error| Finished {
        rows: vec![rows::wrong(payload, "", rows::failed(error))],
        verdict: Verdict::BadInput,
    })
}

/// Makes a release image of each payload. A dry run puts them together, and says what they would be.
pub(super) async fn make(
    (name, order): (&ReleaseName, &Order),
    made_of: &[(&Slice, &Definition)],
    setup: &Setup<'_>,
) -> Vec<Row> {
    let releases = made_of.iter().map(|(slice, definition)| async move {
        let registry = &order.payload.destination.publish_registry;
        let repository = repository(registry, &definition.name.namespace);
        let target = ImageRef::new(repository, Version::Tag(name.tag().clone()));
        let members = match members(slice, definition, setup).await {
            Ok(members) => members,
            Err(outcome) => return row(definition, target, outcome),
        };
        let release = Release {
            name: name.clone(),
            architecture: None,
            stream: definition.name.clone(),
            base: None,
            members,
            target,
            created: setup.source_date,
        };
        publish(&setup.means(), &release).await.row
    });
    stream::iter(releases).buffered(AT_A_TIME).collect().await
}

fn row(definition: &Definition, target: ImageRef, outcome: Outcome) -> Row {
    let origin = Origin::ImageStreamTag { stream: definition.name.to_string().into(), tag: None };
    let ends = (Locator::Text(definition.file_name().into()), Locator::Image(target));
    Row::of_nothing(origin, None, ends, outcome)
}

/// The images of a release: those that were mirrored; where only some were, also what else is in the ImageStream.
async fn members(slice: &Slice, definition: &Definition, setup: &Setup<'_>) -> Result<Members, Outcome> {
    let member = |entry: &Entry| (Arc::clone(&entry.tag), member(entry, setup.is_dry_run));
    let mut members: Members = slice.entries.iter().map(member).collect();
    if definition.is_partial {
        let live = setup.backend.get(&definition.name).await;
        let live = live.map_err(|error| Outcome::of_failure(Failure::new(Stage::Resolve, error)))?;
        for (tag, from) in live.iter().flat_map(tags) {
            if !members.contains_key(tag) {
                members.insert(tag.into(), staying(&definition.name, tag, from)?);
            }
        }
    }
    Ok(members)
}

fn member(entry: &Entry, is_dry_run: bool) -> ReleaseMember {
    let named = entry.by_digest();
    let image = match &entry.image {
        // Nothing was mirrored yet; the image is the same.
        EntryImage::Built(built) if is_dry_run => by_digest(&built.source, &built.digest),
        EntryImage::Built(_) | EntryImage::Rhcos { .. } => named.clone(),
    };
    ReleaseMember { component: Arc::clone(&entry.component), image, pull_spec: named.to_string().into() }
}

fn tags(live: &Value) -> impl Iterator<Item = (&str, &str)> {
    let tags = live["spec"]["tags"].as_array().into_iter().flatten();
    tags.filter_map(|tag| Some((tag["name"].as_str()?, tag["from"]["name"].as_str()?)))
}

fn staying(stream: &StreamName, tag: &str, from: &str) -> Result<ReleaseMember, Outcome> {
    let pinned = Reference::parse(from).ok().and_then(|written| {
        let digest = written.digest.or_else(|| of_digest_tag(&written.tag?))?;
        Some(by_digest(&written.repository, &digest))
    });
    let Some(image) = pinned else {
        let (stream, tag, from) = (stream.clone(), tag.to_owned(), from.to_owned());
        return Err(Outcome::Failed(Failure::new(Stage::Resolve, Unpinned { stream, tag, from })));
    };
    let pull_spec = image.to_string().into();
    Ok(ReleaseMember { component: tag.into(), image, pull_spec })
}

impl Setup<'_> {
    pub(super) fn means(&self) -> Means {
        Means { client: self.client.clone(), stop: self.stop.clone(), is_dry_run: self.is_dry_run }
    }
}
