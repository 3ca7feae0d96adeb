//! What the API keeps of an image.

use image_mirror::model::Digest;
use serde_json::{Value, json};
use tokio::time::Instant;

use super::PUBLIC;
use super::state::State;
use crate::support::registry::Glance;

/// The image of one platform.
#[derive(Debug, Clone)]
pub(super) struct Record {
    pub(super) id: String,
    pub(super) digest: Digest,
    pub(super) architecture: String,
    /// When it passed.
    pub(super) certified: Option<Instant>,
    /// The tags that the API was told of.
    pub(super) tags: Vec<String>,
}

impl Record {
    pub(super) fn new(number: usize, digest: &Digest, architecture: &str) -> Self {
        let id = format!("{:024x}", 0x1_0000 + number);
        let architecture = architecture.to_owned();
        Self { id, digest: digest.clone(), architecture, certified: None, tags: Vec::new() }
    }
}

impl State {
    /// A record as it is answered.
    pub(super) fn json(&self, record: &Record, glance: &Glance<'_>) -> Value {
        let is_parent =
            |digest: &&Digest| glance.children(digest).iter().any(|(_, child)| *child == record.digest);
        let parent = glance.manifests().filter(|digest| **digest != record.digest).find(is_parent);
        let tags: Vec<Value> = record.tags.iter().map(|tag| json!({"name": tag})).collect();
        json!({
            "_id": record.id, "docker_image_digest": record.digest, "architecture": record.architecture,
            "certified": record.certified.is_some(), "deleted": false,
            "repositories": [{
                "registry": self.public_host, "repository": PUBLIC, "tags": tags,
                "published": self.published.contains(&record.digest), "manifest_list_digest": parent,
            }],
        })
    }
}
