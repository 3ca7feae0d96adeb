//! What the catalog says, as far as it is used. Anything that it leaves out or says null of counts as empty.

use std::sync::Arc;

use serde::{Deserialize, Deserializer};

use crate::model::Digest;
use crate::redact::{cut, one_line};

/// So much of what the catalog says about a request is shown.
const SHOWN: usize = 300;

/// A certification project.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct Project {
    /// What it is called.
    #[serde(default)]
    pub name: Option<Arc<str>>,
    /// In what state it is.
    #[serde(default)]
    pub project_status: Option<Arc<str>>,
    #[serde(default, deserialize_with = "or_empty")]
    container: Container,
}

#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
struct Container {
    #[serde(default, deserialize_with = "or_empty")]
    hosted_registry: bool,
}

impl Project {
    /// Whether its images lie in the catalog's own upload registry.
    #[must_use]
    pub fn is_hosted(&self) -> bool {
        self.container.hosted_registry
    }
}

/// The image of one platform.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct Record {
    /// What it is called there.
    #[serde(rename = "_id")]
    pub id: Arc<str>,
    /// As Go names it.
    #[serde(default, deserialize_with = "or_empty")]
    pub architecture: String,
    /// Whether it passed the certification.
    #[serde(rename = "certified", default, deserialize_with = "or_empty")]
    pub is_certified: bool,
    /// Where it lies.
    #[serde(default, deserialize_with = "or_empty")]
    pub repositories: Vec<Place>,
}

impl Record {
    /// Whether it is published anywhere.
    #[must_use]
    pub fn is_published(&self) -> bool {
        self.repositories.iter().any(|place| place.is_published)
    }

    /// The tags that the catalog shows of it, each once.
    #[must_use]
    pub fn tags(&self) -> Vec<&str> {
        let mut tags: Vec<_> = self.repositories.iter().flat_map(Place::tags).collect();
        tags.sort_unstable();
        tags.dedup();
        tags
    }
}

/// One repository that an image lies in.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct Place {
    /// The host.
    #[serde(default, deserialize_with = "or_empty")]
    pub registry: String,
    /// The repository.
    #[serde(default, deserialize_with = "or_empty")]
    pub repository: String,
    /// Whether it is published there.
    #[serde(rename = "published", default, deserialize_with = "or_empty")]
    pub is_published: bool,
    #[serde(default, deserialize_with = "or_empty")]
    tags: Vec<Named>,
    /// The index that it belongs to.
    #[serde(rename = "manifest_list_digest", default, deserialize_with = "digest")]
    pub manifest_list: Option<Digest>,
}

impl Place {
    /// The tags that the catalog shows there.
    pub fn tags(&self) -> impl Iterator<Item = &str> {
        self.tags.iter().map(|tag| tag.name.as_str())
    }
}

#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
struct Named {
    name: String,
}

/// Something that the catalog was asked to do with an image.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct ImageRequest {
    /// How far it is.
    #[serde(default)]
    pub status: RequestStatus,
    #[serde(default)]
    status_message: Option<String>,
    /// When it was made, in a form that sorts.
    #[serde(default, deserialize_with = "or_empty")]
    pub(super) creation_date: String,
}

impl ImageRequest {
    /// What the catalog says about it, on one line; empty: nothing.
    #[must_use]
    pub fn message(&self) -> String {
        cut(&one_line(self.status_message.as_deref().unwrap_or_default()), SHOWN)
    }
}

/// How far a request is.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RequestStatus {
    /// It waits.
    #[default]
    Pending,
    /// It is under way.
    #[serde(alias = "in progress")]
    InProgress,
    /// It was done.
    Completed,
    /// It could not be done.
    Failed,
    /// It was given up.
    Aborted,
    /// Anything else that the catalog calls it.
    #[serde(untagged)]
    Other(String),
}

impl RequestStatus {
    /// Whether nothing will come of it.
    #[must_use]
    pub fn is_in_vain(&self) -> bool {
        matches!(self, Self::Failed | Self::Aborted)
    }
}

pub(super) fn or_empty<'de, D: Deserializer<'de>, T: Default + Deserialize<'de>>(
    deserializer: D,
) -> Result<T, D::Error> {
    Option::<T>::deserialize(deserializer).map(Option::unwrap_or_default)
}

/// What is no digest names no index.
fn digest<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Digest>, D::Error> {
    let text = Option::<String>::deserialize(deserializer)?;
    Ok(text.and_then(|text| Digest::parse(&text).ok()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_record_is_read_whatever_the_catalog_leaves_out_or_says_null_of() {
        let bare: Record = serde_json::from_str(r#"{"_id": "1"}"#).unwrap();
        let nulls: Record = serde_json::from_str(
            r#"{"_id": "1", "architecture": null, "certified": null, "repositories": null, "more": [1]}"#,
        )
        .unwrap();
        assert_eq!(bare, nulls);
        assert!(!bare.is_certified && !bare.is_published() && bare.tags().is_empty());

        let place =
            r#"{"published": true, "tags": [{"name": "b"}, {"name": "a"}], "manifest_list_digest": "none"}"#;
        let full: Record =
            serde_json::from_str(&format!(r#"{{"_id": "1", "repositories": [{place}, {place}]}}"#)).unwrap();
        assert_eq!((full.is_published(), full.tags()), (true, vec!["a", "b"]));
        assert_eq!(full.repositories[0].manifest_list, None);
    }

    #[test]
    fn a_status_of_a_request_is_known_however_it_is_written_and_others_are_not_taken_for_failures() {
        for (text, status, is_in_vain) in [
            ("pending", RequestStatus::Pending, false),
            ("in progress", RequestStatus::InProgress, false),
            ("in_progress", RequestStatus::InProgress, false),
            ("completed", RequestStatus::Completed, false),
            ("failed", RequestStatus::Failed, true),
            ("aborted", RequestStatus::Aborted, true),
            ("resting", RequestStatus::Other("resting".to_owned()), false),
        ] {
            let json = serde_json::json!({"status": text, "status_message": "a\nb"});
            let request: ImageRequest = serde_json::from_value(json).unwrap();
            assert_eq!((&request.status, request.status.is_in_vain()), (&status, is_in_vain), "{text}");
            assert_eq!(request.message(), "a b");
        }
    }
}
