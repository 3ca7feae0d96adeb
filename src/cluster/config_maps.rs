//! Single `ConfigMaps`: one that is ours is read, created, and replaced where it still is what was read.

use serde_json::Value;

use super::Cluster;
use super::ask::{Call, Question, Right};
use super::error::{Error, Kind};
use super::objects::{Written, bytes};
use super::pages::is_segment;

impl Cluster {
    /// A ConfigMap as it is now; none: it is not there.
    ///
    /// # Errors
    /// The API server cannot be reached or refuses.
    pub async fn config_map(&self, namespace: &str, name: &str) -> Result<Option<Value>, Error> {
        let operation = format!("reading the ConfigMap `{namespace}/{name}`");
        let path = path(namespace, Some(name), &operation)?;
        let question =
            Question { call: Call::Get, path, operation, right: Right::config_map("get", namespace) };
        match self.ask(&question).await {
            Ok(body) => {
                serde_json::from_slice(&body).map(Some).map_err(|error| self.unreadable(&question, &error))
            }
            Err(error) if matches!(error.kind(), Kind::Refused(refused) if refused.is_absent(name)) => {
                Ok(None)
            }
            Err(error) => Err(error),
        }
    }

    /// Creates a ConfigMap; a conflict: there is one.
    ///
    /// # Errors
    /// The API server cannot be reached or refuses.
    pub async fn create_config_map(&self, namespace: &str, object: &Value) -> Result<Written, Error> {
        let name = object.pointer("/metadata/name").and_then(Value::as_str).unwrap_or_default();
        let operation = format!("creating the ConfigMap `{namespace}/{name}`");
        let path = path(namespace, None, &operation)?;
        let call = Call::Post(bytes(object));
        let right = Right::config_map("create", namespace);
        self.write(Question { call, path, operation, right }, name).await
    }

    /// Replaces a ConfigMap by `object`, which has the `resourceVersion` that it was read with; a conflict: it is another
    /// by now, or gone.
    ///
    /// # Errors
    /// The API server cannot be reached or refuses; `object` has no `resourceVersion`, and would replace anything.
    pub async fn replace_config_map(
        &self,
        namespace: &str,
        name: &str,
        object: &Value,
    ) -> Result<Written, Error> {
        let operation = format!("updating the ConfigMap `{namespace}/{name}`");
        let version = object.pointer("/metadata/resourceVersion").and_then(Value::as_str);
        if version.is_none_or(str::is_empty) {
            return Err(Error::setup(operation, "it was read without a `resourceVersion`".into()));
        }
        let path = path(namespace, Some(name), &operation)?;
        let call = Call::Put(bytes(object));
        let right = Right::config_map("update", namespace);
        self.write(Question { call, path, operation, right }, name).await
    }
}

fn path(namespace: &str, name: Option<&str>, operation: &str) -> Result<String, Error> {
    if !is_segment(namespace) || !name.is_none_or(is_segment) {
        let said = format!("`{namespace}/{}` can be no ConfigMap", name.unwrap_or_default());
        return Err(Error::setup(operation, said.into()));
    }
    let below = name.map(|name| format!("/{name}")).unwrap_or_default();
    Ok(format!("/api/v1/namespaces/{namespace}/configmaps{below}"))
}
