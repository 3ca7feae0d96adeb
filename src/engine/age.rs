//! How old a source is: when its config says that it was made.
//!
//! Read only for entries that are to be copied and have a guard that asks; the manifests are those that the copy needs.

use std::collections::HashSet;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use bytes::Bytes;
use futures_util::FutureExt as _;
use serde::Deserialize;

use super::content::{MOST_MANIFESTS, too_much};
use super::manifests::Node;
use super::store::Store;
use super::{Engine, Error};
use crate::error::{Failure, Stage};
use crate::model::{Content, Descriptor, Desired, Digest, Endpoint};
use crate::registry;

/// The configs that say when an image was made.
const CONFIGS: [&str; 2] =
    ["application/vnd.oci.image.config.v1+json", "application/vnd.docker.container.image.v1+json"];
/// No config of an image is larger, by far.
const LIMIT: u64 = 4 << 20;
/// The first container images were made in March 2013. Builds that can be repeated write 1970 or 1980 instead of a time.
const FIRST: Duration = Duration::from_hours(378_360);
/// Clocks differ by less.
const AHEAD: Duration = Duration::from_hours(24);

impl Engine {
    /// How long ago what `node` holds was made, of an index its newest image; none: that cannot be told.
    pub(super) async fn age(&self, desired: &Desired, node: &Node) -> Result<Option<Duration>, Failure> {
        let store = Store::of(&desired.source, &self.source);
        let created = self.created(&store, node).await?;
        Ok(created.and_then(|created| age(created, SystemTime::now())))
    }

    /// When the newest image that the target registry has under `digest` was made; none: it does not say so.
    ///
    /// # Errors
    /// When it cannot be read, or is not there.
    pub async fn target_made(
        &self,
        target: &Endpoint,
        digest: &Digest,
    ) -> Result<Option<SystemTime>, Failure> {
        let store = Store::of(target, &self.target);
        let root = self.manifests.get(&store, &Descriptor::of_digest(digest.clone())).await?;
        let gone = || {
            let (source_ref, digest) = (target.clone(), digest.clone());
            Failure::new(Stage::Plan, Error::SourceVanished { source_ref, digest })
        };
        self.created(&store, &*root.ok_or_else(gone)?).await
    }

    /// When the newest image of what `root` holds was made. Each manifest is read once, and no more than a copy would.
    async fn created(&self, store: &Store, root: &Node) -> Result<Option<SystemTime>, Failure> {
        let mut newest = self.config_created(store, root).await?;
        let (mut ahead, mut met) = (children(root), HashSet::new());
        while let Some(child) = ahead.pop() {
            if !met.insert(child.digest.clone()) {
                continue;
            }
            if met.len() > MOST_MANIFESTS {
                return Err(too_much(Error::TooMany(MOST_MANIFESTS)));
            }
            let Some(node) = self.manifests.get(store, &child).await? else { continue };
            newest = newest.max(self.config_created(store, &node).await?);
            ahead.extend(children(&node));
        }
        Ok(newest)
    }

    pub(super) async fn config_created(
        &self,
        store: &Store,
        node: &Node,
    ) -> Result<Option<SystemTime>, Failure> {
        let Content::Image(blobs) = &node.content else { return Ok(None) };
        let is_config = |blob: &&Descriptor| CONFIGS.contains(&&*blob.media_type) && blob.size <= LIMIT;
        let Some(config) = blobs.first().filter(is_config) else { return Ok(None) };
        let read = async {
            let bytes = self.source.retrying(|| read_blob(store, config)).await;
            let bytes = bytes.map_err(|error| Failure::new(Stage::Resolve, error))?;
            Ok::<_, Failure>(created_of(&bytes))
        };
        self.created.try_get(&config.digest, read.boxed()).await
    }

    /// The manifest of an entry's source, which its copy needs too.
    pub(super) async fn source_node(
        &self,
        desired: &Desired,
        wanted: &Descriptor,
    ) -> Result<Arc<Node>, Failure> {
        let store = Store::of(&desired.source, &self.source);
        self.manifests.get(&store, wanted).await?.ok_or_else(|| {
            let (source_ref, digest) = (desired.source.clone(), wanted.digest.clone());
            Failure::new(Stage::Resolve, Error::SourceVanished { source_ref, digest })
        })
    }
}

/// The manifests that an index names; a cache of builds names layers, too.
fn children(node: &Node) -> Vec<Descriptor> {
    let Content::Index(children) = &node.content else { return Vec::new() };
    children.iter().filter(|child| child.is_manifest()).cloned().collect()
}

async fn read_blob(store: &Store, blob: &Descriptor) -> Result<Bytes, registry::Error> {
    let permit = store.permit().await?;
    store.blob(blob).open(permit).await?.whole().await
}

/// When an image was made, by its config; none: it does not say, or what it says is no time that an image was made.
fn created_of(config: &[u8]) -> Option<SystemTime> {
    #[derive(Deserialize)]
    struct Config {
        created: Option<String>,
    }
    let written = serde_json::from_slice::<Config>(config).ok()?.created?;
    instant(&written)
        .filter(|created| created.duration_since(SystemTime::UNIX_EPOCH).is_ok_and(|since| since >= FIRST))
}

/// An instant of RFC 3339, with `Z` or an offset.
pub(crate) fn instant(written: &str) -> Option<SystemTime> {
    if let Ok(instant) = humantime::parse_rfc3339(written) {
        return Some(instant);
    }
    let (local, offset) = written.split_at_checked(written.len().checked_sub("+00:00".len())?)?;
    let is_east = offset.starts_with('+');
    let (hours, minutes) = offset.strip_prefix(['+', '-'])?.split_once(':')?;
    let minutes = hours.parse::<u64>().ok()? * 60 + minutes.parse::<u64>().ok()?;
    let (local, offset) =
        (humantime::parse_rfc3339(&format!("{local}Z")).ok()?, Duration::from_secs(minutes * 60));
    if is_east { local.checked_sub(offset) } else { local.checked_add(offset) }
}

/// How long ago `created` was; a bit ahead of us is now, and far ahead is no time.
fn age(created: SystemTime, now: SystemTime) -> Option<Duration> {
    match now.duration_since(created) {
        Ok(age) => Some(age),
        Err(ahead) => (ahead.duration() <= AHEAD).then_some(Duration::ZERO),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn created(written: &str) -> Option<u64> {
        let config = serde_json::json!({ "created": written }).to_string();
        let since = |at: SystemTime| at.duration_since(SystemTime::UNIX_EPOCH).unwrap().as_secs();
        created_of(config.as_bytes()).map(since)
    }

    #[test]
    fn a_time_is_read_with_its_offset_and_fractions() {
        assert_eq!(created("2026-01-01T00:00:00Z"), Some(1_767_225_600));
        assert_eq!(created("2026-01-01T00:00:00.123456789Z"), Some(1_767_225_600));
        assert_eq!(created("2026-01-01T02:30:00+02:30"), Some(1_767_225_600));
        assert_eq!(created("2025-12-31T19:00:00-05:00"), Some(1_767_225_600));
    }

    #[test]
    fn what_no_clock_said_is_no_time() {
        for written in [
            "1970-01-01T00:00:00Z",
            "0001-01-01T00:00:00Z",
            "1980-01-01T00:00:01Z",
            "",
            "now",
            "2026-01-01",
            "ééééééééééé",
        ] {
            assert_eq!(created(written), None, "{written}");
        }
        assert_eq!(created_of(b"{}"), None);
        assert_eq!(created_of(b"no JSON"), None);
    }

    #[test]
    fn a_clock_that_is_a_bit_ahead_makes_an_image_new_and_one_far_ahead_tells_nothing() {
        let now = SystemTime::UNIX_EPOCH + FIRST;
        assert_eq!(age(now - Duration::from_secs(90), now), Some(Duration::from_secs(90)));
        assert_eq!(age(now + Duration::from_hours(1), now), Some(Duration::ZERO));
        assert_eq!(age(now + Duration::from_hours(25), now), None);
    }
}
