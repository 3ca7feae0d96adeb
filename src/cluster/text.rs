//! An ImageStream as text: whatever it holds, it is read, so that one malformed object ends no list and no watch.

use std::borrow::Cow;
use std::fmt;

use k8s_openapi::NamespaceResourceScope;
use k8s_openapi::apimachinery::pkg::apis::meta::v1::ObjectMeta;
use kube::Resource;
use serde::{Deserialize, Deserializer};
use serde_json::Value;
use serde_json::value::RawValue;

/// The API group of ImageStreams.
pub(super) const GROUP: &str = "image.openshift.io";
/// Their version.
pub(super) const VERSION: &str = "v1";
/// Their name in paths.
pub(super) const PLURAL: &str = "imagestreams";

/// The name of their tags in paths.
pub(super) const TAGS: &str = "imagestreamtags";

/// The JSON of an ImageStream, and as much of its metadata as a watch needs.
#[derive(Clone)]
pub(super) struct Text {
    pub(super) json: Box<str>,
    metadata: ObjectMeta,
}

#[derive(Default, Deserialize)]
struct Head {
    #[serde(default)]
    metadata: Value,
}

impl<'de> Deserialize<'de> for Text {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let json: Box<str> = Box::<RawValue>::deserialize(deserializer)?.into();
        let Head { metadata } = serde_json::from_str(&json).unwrap_or_default();
        let word = |name: &str| metadata.get(name).and_then(Value::as_str).map(str::to_owned);
        let metadata = ObjectMeta {
            name: word("name"),
            namespace: word("namespace"),
            resource_version: word("resourceVersion"),
            ..ObjectMeta::default()
        };
        Ok(Self { json, metadata })
    }
}

impl Resource for Text {
    type DynamicType = ();
    type Scope = NamespaceResourceScope;

    fn kind((): &()) -> Cow<'_, str> {
        "ImageStream".into()
    }

    fn group((): &()) -> Cow<'_, str> {
        GROUP.into()
    }

    fn version((): &()) -> Cow<'_, str> {
        VERSION.into()
    }

    fn plural((): &()) -> Cow<'_, str> {
        PLURAL.into()
    }

    fn meta(&self) -> &ObjectMeta {
        &self.metadata
    }

    fn meta_mut(&mut self) -> &mut ObjectMeta {
        &mut self.metadata
    }
}

impl fmt::Debug for Text {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.json)
    }
}
