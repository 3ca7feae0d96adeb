//! What the API server holds, and what happened to it.

use std::collections::BTreeMap;

use serde_json::{Value, json};

/// Namespace and name.
pub(super) type Name = (String, String);

/// A line of a watch.
#[derive(Debug, Clone)]
pub(super) struct Happened {
    pub(super) version: u64,
    /// None: told to all.
    pub(super) namespace: Option<String>,
    pub(super) event: Value,
}

#[derive(Debug)]
pub(super) struct Store {
    version: u64,
    pub(super) streams: BTreeMap<Name, Value>,
    pub(super) leases: BTreeMap<Name, Value>,
    pub(super) config_maps: BTreeMap<Name, Value>,
    pub(super) history: Vec<Happened>,
    /// Nothing from before this version can be told any more.
    pub(super) forgotten: u64,
    /// How often all watches were dropped.
    pub(super) drops: usize,
}

impl Default for Store {
    fn default() -> Self {
        let (streams, leases, config_maps, history) = Default::default();
        Self { version: 100, streams, leases, config_maps, history, forgotten: 0, drops: 0 }
    }
}

impl Store {
    pub(super) fn version(&self) -> u64 {
        self.version
    }

    pub(super) fn put(&mut self, namespace: &str, name: &str, mut object: Value) {
        let metadata = &mut object["metadata"];
        metadata["namespace"] = namespace.into();
        metadata["name"] = name.into();
        metadata["resourceVersion"] = (self.version + 1).to_string().into();
        self.put_raw(namespace, name, object);
    }

    pub(super) fn put_raw(&mut self, namespace: &str, name: &str, object: Value) {
        let place = (namespace.to_owned(), name.to_owned());
        let is_new = !self.streams.contains_key(&place);
        self.happened(if is_new { "ADDED" } else { "MODIFIED" }, Some(namespace), &object);
        self.streams.insert(place, object);
    }

    pub(super) fn remove(&mut self, namespace: &str, name: &str) {
        let mut object =
            self.streams.remove(&(namespace.to_owned(), name.to_owned())).expect("the stream exists");
        object["metadata"]["resourceVersion"] = (self.version + 1).to_string().into();
        self.happened("DELETED", Some(namespace), &object);
    }

    pub(super) fn bookmark(&mut self) {
        let metadata = json!({"resourceVersion": (self.version + 1).to_string()});
        let object =
            json!({"kind": "ImageStream", "apiVersion": "image.openshift.io/v1", "metadata": metadata});
        self.happened("BOOKMARK", None, &object);
    }

    pub(super) fn forget_history(&mut self) {
        self.version += 1;
        self.forgotten = self.version;
        self.history.clear();
    }

    /// Writes a Lease, with a new version.
    pub(super) fn put_lease(&mut self, namespace: &str, name: &str, spec: &Value) -> Value {
        self.version += 1;
        let lease = json!({
            "apiVersion": "coordination.k8s.io/v1", "kind": "Lease", "spec": spec,
            "metadata": {"namespace": namespace, "name": name, "resourceVersion": self.version.to_string()},
        });
        self.leases.insert((namespace.to_owned(), name.to_owned()), lease.clone());
        lease
    }

    /// Writes a ConfigMap, with a new version.
    pub(super) fn put_config_map(&mut self, namespace: &str, name: &str, object: &Value) -> Value {
        self.version += 1;
        let mut object = object.clone();
        object["metadata"]["resourceVersion"] = self.version.to_string().into();
        self.config_maps.insert((namespace.to_owned(), name.to_owned()), object.clone());
        object
    }

    fn happened(&mut self, kind: &str, namespace: Option<&str>, object: &Value) {
        self.version += 1;
        // A real one writes the type first, too.
        let event = json!({"type": kind, "object": object});
        let namespace = namespace.map(str::to_owned);
        self.history.push(Happened { version: self.version, namespace, event });
    }
}
