//! The list of what refers to a manifest where the registry keeps none: an index under a tag that is made of the
//! subject's digest, written by whoever pushes (OCI distribution spec 1.1 §Referrers Tag Schema).
//!
//! Tags cannot be written on a condition, so two writers may overwrite one another: the list is read again after
//! each write, and what it lacks is added once more. What others have put there always stays.

use serde_json::{Map, Value, json};
use tokio::time::sleep;

use super::List;
use crate::model::{Descriptor, Digest, ImageRef, Manifest, OCI_INDEX, Repository, Tag, Version};
use crate::registry::Client;
use crate::registry::error::{Error, Kind};
use crate::registry::retry::delay;

/// How often a list is written before we give in to other writers.
const WRITES: u32 = 8;

impl Client {
    /// What the list under the tag says refers to `subject`; nothing where there is no such tag, or what it
    /// names lists nothing.
    ///
    /// # Errors
    /// Any refusal but 404, and a list that cannot be read.
    pub async fn referrers_by_tag(
        &self,
        repository: &Repository,
        subject: &Digest,
    ) -> Result<Vec<Descriptor>, Error> {
        let image = list_of(repository, subject);
        let Some(held) = self.manifest_if_there(&image).await? else { return Ok(Vec::new()) };
        let list: List = serde_json::from_slice(&held.bytes)
            .map_err(|_| broken(&image, "the list of referrers is no OCI image index"))?;
        Ok(list.manifests.unwrap_or_default())
    }

    /// Sees to it that the list under the tag has `referrers`, whoever else writes it meanwhile.
    ///
    /// # Errors
    /// Also when something that is no list is under the tag, or when others keep taking our entries out.
    pub async fn list_under_tag(
        &self,
        repository: &Repository,
        subject: &Digest,
        referrers: &[&Manifest],
    ) -> Result<(), Error> {
        let image = list_of(repository, subject);
        let options = &self.shared.options;
        for written in 0..=WRITES {
            let held = self.manifest_if_there(&image).await?;
            let merged = merge(held.as_ref(), referrers).ok_or_else(|| {
                broken(&image, "the tag holds something that is no list; it is left as it is")
            })?;
            let Some(merged) = merged else { return Ok(()) };
            if written == WRITES {
                break;
            }
            if written > 0 {
                sleep(delay(options.backoff_min, options.backoff_max, written)).await;
            }
            self.put_manifest(&image, &merged).await?;
        }
        Err(broken(&image, "others write the list at the same time, and ours does not stay"))
    }

    async fn manifest_if_there(&self, image: &ImageRef) -> Result<Option<Manifest>, Error> {
        match self.get_manifest(image).await {
            Ok(manifest) => Ok(Some(manifest)),
            Err(error) if error.status() == Some(404) => Ok(None),
            Err(error) => Err(error),
        }
    }
}

fn broken(image: &ImageRef, text: &str) -> Error {
    Error::new(format!("list referrers under {image}"), Some(image.host()), Kind::Answer(text.to_owned()))
}

fn list_of(repository: &Repository, subject: &Digest) -> ImageRef {
    ImageRef::new(repository.clone(), Version::Tag(Tag::of_referrers(subject)))
}

/// The list with `referrers` in it. `Some(None)`: they are there already; None: `held` is no list.
#[expect(
    clippy::option_option,
    reason = "two different kinds of nothing, told apart at the one place that calls"
)]
fn merge(held: Option<&Manifest>, referrers: &[&Manifest]) -> Option<Option<Manifest>> {
    let mut index = match held {
        Some(held) => serde_json::from_slice(&held.bytes).ok()?,
        None => json!({"schemaVersion": 2, "mediaType": OCI_INDEX, "manifests": []}),
    };
    let list = index.get_mut("manifests")?;
    if list.is_null() {
        *list = json!([]);
    }
    let list = list.as_array_mut()?;
    let before = list.len();
    for referrer in referrers {
        if !list.iter().any(|entry| entry["digest"] == referrer.digest.as_str()) {
            list.push(entry(referrer));
        }
    }
    if list.len() == before {
        return Some(None);
    }
    let bytes = serde_json::to_vec(&index).ok()?;
    Some(Some(Manifest::new(Some(OCI_INDEX), bytes.into())))
}

/// What the API would say of a manifest: also its kind and its annotations.
fn entry(referrer: &Manifest) -> Value {
    let said: Value = serde_json::from_slice(&referrer.bytes).unwrap_or_default();
    let mut entry = Map::new();
    entry.insert("mediaType".to_owned(), referrer.media_type.clone().into());
    entry.insert("digest".to_owned(), referrer.digest.as_str().into());
    entry.insert("size".to_owned(), referrer.bytes.len().into());
    let kind = said["artifactType"].as_str().or(said["config"]["mediaType"].as_str());
    if let Some(kind) = kind {
        entry.insert("artifactType".to_owned(), kind.into());
    }
    if let Some(annotations) = said.get("annotations").filter(|annotations| annotations.is_object()) {
        entry.insert("annotations".to_owned(), annotations.clone());
    }
    entry.into()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn manifest(json: &Value) -> Manifest {
        Manifest::new(
            Some("application/vnd.oci.image.manifest.v1+json"),
            json.to_string().into_bytes().into(),
        )
    }

    #[test]
    fn a_list_keeps_what_others_put_there_and_names_each_once_with_its_kind_and_annotations() {
        let referrer = manifest(
            &json!({"schemaVersion": 2, "config": {"mediaType": "a/kind"}, "annotations": {"k": "v"}}),
        );
        let others = json!({"digest": "sha256:other", "x-unknown": 1});
        let held = Manifest::new(
            Some(OCI_INDEX),
            json!({"schemaVersion": 2, "manifests": [others], "annotations": {"kept": "yes"}})
                .to_string()
                .into(),
        );
        let merged = merge(Some(&held), &[&referrer, &referrer]).unwrap().unwrap();
        let index: Value = serde_json::from_slice(&merged.bytes).unwrap();
        assert_eq!(index["annotations"]["kept"], "yes");
        assert_eq!(index["manifests"][0], others);
        let entry = json!({
            "mediaType": referrer.media_type, "digest": referrer.digest.as_str(), "size": referrer.bytes.len(),
            "artifactType": "a/kind", "annotations": {"k": "v"},
        });
        assert_eq!(index["manifests"], json!([others, entry]));
        assert_eq!(merge(Some(&merged), &[&referrer]), Some(None), "nothing is written twice");
        assert_eq!(merge(Some(&referrer), &[&referrer]), None, "what is no list is not overwritten");
    }
}
