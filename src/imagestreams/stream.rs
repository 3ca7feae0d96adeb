//! An ImageStream as far as it is needed here: its tags, and the newest image of each.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::SystemTime;

use serde::Deserialize;
use serde::de::Error as _;
use serde_json::Value;

use super::selection::StreamName;
use super::told::told;
use crate::error::{Class, Classify};
use crate::model::{Digest, DigestError, Host};

/// Marks a tag that somebody is about to delete; the release controller sets it.
const SOFT_DELETE: &str = "release.openshift.io/soft-delete";
const KIND: &str = "ImageStream";

/// An ImageStream.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ImageStream {
    /// Its namespace.
    pub namespace: Arc<str>,
    /// Its name.
    pub name: Arc<str>,
    /// `status.publicDockerImageRepository`: where it is read from outside the cluster, if the cluster shows its registry.
    pub public_repository: Option<Arc<str>>,
    /// `status.dockerImageRepository`: where it is read within the cluster.
    pub repository: Option<Arc<str>>,
    /// Whether it is being deleted.
    pub deleted: bool,
    /// The tags of its status, in its order.
    pub tags: Vec<StreamTag>,
    /// The tags of its specification that somebody marked as to be deleted.
    pub soft_deleted: Vec<Arc<str>>,
}

/// A tag of an ImageStream.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StreamTag {
    /// The tag.
    pub name: Arc<str>,
    /// What is under it now.
    pub newest: Newest,
    /// What its last import failed of, in the cluster's words, on one line.
    pub import_failure: Option<Arc<str>>,
}

/// The newest image of a tag.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Newest {
    /// There is none: nothing was imported or pushed yet.
    None,
    /// This one.
    Image(TagImage),
    /// The ImageStream names one by something that is no digest.
    Malformed(DigestError),
}

/// An image of a tag.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TagImage {
    /// Its digest.
    pub digest: Digest,
    /// When the tag was moved to it.
    pub created: Option<SystemTime>,
    /// `dockerImageReference`: where it came from.
    pub reference: Option<Arc<str>>,
}

/// An object that is no ImageStream, or not one that can be understood.
#[derive(Debug, Clone, thiserror::Error)]
#[error("{} cannot be understood", self.what())]
pub struct Malformed {
    /// Which it is, as far as that could be read.
    pub stream: Option<StreamName>,
    /// Which object of which file it is; none: the cluster says it.
    pub place: Option<Arc<str>>,
    #[source]
    cause: Arc<serde_json::Error>,
}

impl Malformed {
    /// The same, read at `place`.
    pub(super) fn at(self, place: Arc<str>) -> Self {
        Self { place: Some(place), ..self }
    }

    fn what(&self) -> String {
        let object =
            self.stream.as_ref().map_or("an object".to_owned(), |stream| format!("the ImageStream {stream}"));
        self.place.as_ref().map_or(object.clone(), |place| format!("{object} ({place})"))
    }
}

impl Classify for Malformed {
    fn class(&self) -> Class {
        Class::Protocol
    }

    fn advice(&self) -> Option<String> {
        Some(match (&self.place, &self.stream) {
            (Some(_), _) => {
                "write the file anew with `oc get imagestreams -o yaml`, or take the object out".to_owned()
            }
            (None, Some(StreamName { namespace, name })) => {
                format!(
                    "look at the object in the cluster: `oc get imagestream {name} -n {namespace} -o yaml`"
                )
            }
            (None, None) => {
                "look at the objects in the cluster: `oc get imagestreams --all-namespaces -o yaml`"
                    .to_owned()
            }
        })
    }
}

impl ImageStream {
    /// The ImageStream that the JSON of one object says.
    ///
    /// # Errors
    /// When it is none. A tag whose image has no proper digest is no error: it spoils only that tag.
    pub fn read(json: &str) -> Result<Self, Malformed> {
        serde_json::from_str::<Object>(json).and_then(Self::of).map_err(|error| {
            let value = serde_json::from_str(json).unwrap_or_default();
            malformed(&value, error)
        })
    }

    /// As [`ImageStream::read`], of what was parsed already.
    pub(super) fn of_value(value: &Value) -> Result<Self, Malformed> {
        Object::deserialize(value).and_then(Self::of).map_err(|error| malformed(value, error))
    }

    /// The tag of that name.
    #[must_use]
    pub fn tag(&self, name: &str) -> Option<&StreamTag> {
        self.tags.iter().find(|tag| &*tag.name == name)
    }

    /// The registry that it is read from.
    pub(super) fn host(&self) -> Option<Host> {
        self.hosts().next()
    }

    /// The names of the cluster's registry that it says, the one for the outside first.
    pub(super) fn hosts(&self) -> impl Iterator<Item = Host> {
        let repositories = self.public_repository.iter().chain(&self.repository);
        repositories.filter_map(|repository| repository.split_once('/')).map(|(host, _)| Host::new(host))
    }

    fn of(object: Object) -> Result<Self, serde_json::Error> {
        if let Some(kind) = object.kind.filter(|kind| kind != KIND) {
            return Err(serde_json::Error::custom(format!("its kind is `{kind}`, not `{KIND}`")));
        }
        let status = object.status.unwrap_or_default();
        let spec_tags = object.spec.and_then(|spec| spec.tags).unwrap_or_default();
        let soft_deleted = spec_tags.into_iter().filter(SpecTag::is_soft_deleted).map(|tag| tag.name);
        let repository = |text: Option<Arc<str>>| text.filter(|text| !text.is_empty());
        Ok(Self {
            namespace: object.metadata.namespace,
            name: object.metadata.name,
            public_repository: repository(status.public_docker_image_repository),
            repository: repository(status.docker_image_repository),
            deleted: object.metadata.deletion_timestamp.is_some(),
            tags: status.tags.unwrap_or_default().into_iter().map(StatusTag::read).collect(),
            soft_deleted: soft_deleted.collect(),
        })
    }
}

fn malformed(value: &Value, error: serde_json::Error) -> Malformed {
    let text = |pointer| value.pointer(pointer).and_then(Value::as_str).map(Arc::<str>::from);
    let names = text("/metadata/namespace").zip(text("/metadata/name"));
    let stream = names.map(|(namespace, name)| StreamName { namespace, name });
    Malformed { stream, place: None, cause: Arc::new(error) }
}

/// The tags of `now` that somebody has to look at, given what was known `before`: those whose image changed and those
/// that are to be deleted; all of them where the ImageStream is new or being deleted.
#[must_use]
pub fn changed_tags(before: Option<&ImageStream>, now: &ImageStream) -> Vec<Arc<str>> {
    let names = now.tags.iter().map(|tag| Arc::clone(&tag.name));
    let Some(before) = before.filter(|_| !now.deleted) else { return names.collect() };
    let known: HashMap<&str, &StreamTag> = before.tags.iter().map(|tag| (&*tag.name, tag)).collect();
    let changed = now.tags.iter().filter(|tag| known.get(&*tag.name) != Some(tag));
    let mut names: Vec<Arc<str>> = changed.map(|tag| Arc::clone(&tag.name)).collect();
    let further = now.soft_deleted.iter().filter(|name| !names.contains(name)).cloned().collect::<Vec<_>>();
    names.extend(further);
    names
}

/// The object as the API server writes it.
#[derive(Deserialize)]
struct Object {
    kind: Option<String>,
    metadata: Metadata,
    spec: Option<Spec>,
    status: Option<Status>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Metadata {
    namespace: Arc<str>,
    name: Arc<str>,
    deletion_timestamp: Option<String>,
}

#[derive(Deserialize)]
struct Spec {
    tags: Option<Vec<SpecTag>>,
}

#[derive(Deserialize)]
struct SpecTag {
    name: Arc<str>,
    annotations: Option<HashMap<String, String>>,
}

impl SpecTag {
    fn is_soft_deleted(&self) -> bool {
        self.annotations.as_ref().is_some_and(|annotations| annotations.contains_key(SOFT_DELETE))
    }
}

#[derive(Deserialize, Default)]
#[serde(rename_all = "camelCase")]
struct Status {
    public_docker_image_repository: Option<Arc<str>>,
    docker_image_repository: Option<Arc<str>>,
    tags: Option<Vec<StatusTag>>,
}

#[derive(Deserialize)]
struct StatusTag {
    tag: Arc<str>,
    items: Option<Vec<Event>>,
    conditions: Option<Vec<Condition>>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Event {
    image: Option<String>,
    created: Option<String>,
    docker_image_reference: Option<Arc<str>>,
}

#[derive(Deserialize)]
struct Condition {
    #[serde(rename = "type")]
    kind: String,
    status: String,
    message: Option<String>,
}

impl StatusTag {
    fn read(self) -> StreamTag {
        let event = self.items.and_then(|items| items.into_iter().next());
        let failed = |condition: &Condition| condition.kind == "ImportSuccess" && condition.status == "False";
        let failed = self.conditions.into_iter().flatten().find(failed);
        StreamTag {
            name: self.tag,
            newest: event.map_or(Newest::None, Event::read),
            import_failure: failed.and_then(|condition| condition.message).map(|message| told(&message)),
        }
    }
}

impl Event {
    fn read(self) -> Newest {
        match Digest::parse(&self.image.unwrap_or_default()) {
            Ok(digest) => {
                let created = self.created.and_then(|text| humantime::parse_rfc3339(&text).ok());
                let reference = self.docker_image_reference.filter(|text| !text.is_empty());
                Newest::Image(TagImage { digest, created, reference })
            }
            Err(error) => Newest::Malformed(error),
        }
    }
}
