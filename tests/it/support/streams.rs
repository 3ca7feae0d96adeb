//! ImageStreams as `oc get imagestreams -o json` writes them.

use std::collections::BTreeMap;

use image_mirror::model::Digest;
use serde_json::{Value, json};

/// When every tag was moved, unless a test says otherwise.
pub const CREATED: &str = "2026-01-01T00:00:00Z";

/// ImageStreams of a cluster whose registry is at one host.
#[derive(Debug, Clone)]
pub struct StreamList {
    host: String,
    streams: BTreeMap<(String, String), Vec<Value>>,
}

/// `namespace/name:tag`, in its parts.
pub fn istag(text: &str) -> (&str, &str, &str) {
    let (namespace, rest) = text.split_once('/').expect("a namespace");
    let (name, tag) = rest.split_once(':').expect("a tag");
    (namespace, name, tag)
}

impl StreamList {
    /// Without any; the registry of the cluster is at `host`.
    pub fn of(host: &str) -> Self {
        Self { host: host.to_owned(), streams: BTreeMap::new() }
    }

    /// The tag `namespace/name:tag` is this image, and nothing else.
    pub fn put(&mut self, text: &str, digest: &Digest) {
        self.put_moved(text, digest, CREATED);
    }

    /// As [`StreamList::put`]; the tag was moved then.
    pub fn put_moved(&mut self, text: &str, digest: &Digest, created: &str) {
        let (namespace, name, tag) = istag(text);
        let reference = format!("image-registry.svc:5000/{namespace}/{name}@{digest}");
        let item =
            json!({"created": created, "dockerImageReference": reference, "image": digest, "generation": 2});
        self.put_tag(text, json!({"tag": tag, "items": [item]}));
    }

    /// The tag is there and has no image.
    pub fn put_empty(&mut self, text: &str) {
        let (_, _, tag) = istag(text);
        let condition =
            json!({"type": "ImportSuccess", "status": "False", "reason": "NotFound", "message": "not found"});
        self.put_tag(text, json!({"tag": tag, "items": null, "conditions": [condition]}));
    }

    fn put_tag(&mut self, text: &str, value: Value) {
        let (namespace, name, tag) = istag(text);
        let tags = self.streams.entry((namespace.to_owned(), name.to_owned())).or_default();
        tags.retain(|known| known["tag"] != tag);
        tags.push(value);
    }

    /// Each by its namespace and name.
    pub fn objects(&self) -> impl Iterator<Item = (&str, &str, Value)> {
        self.streams.iter().map(|((namespace, name), tags)| {
            let object = json!({
                "apiVersion": "image.openshift.io/v1", "kind": "ImageStream",
                "metadata": {"namespace": namespace, "name": name},
                "spec": {"lookupPolicy": {"local": false}},
                "status": {
                    "dockerImageRepository": format!("image-registry.openshift-image-registry.svc:5000/{namespace}/{name}"),
                    "publicDockerImageRepository": format!("{}/{namespace}/{name}", self.host),
                    "tags": tags,
                },
            });
            (namespace.as_str(), name.as_str(), object)
        })
    }

    /// As one list.
    pub fn json(&self) -> String {
        let items: Vec<Value> = self.objects().map(|(_, _, object)| object).collect();
        json!({"apiVersion": "v1", "kind": "List", "items": items, "metadata": {"resourceVersion": ""}})
            .to_string()
    }
}
