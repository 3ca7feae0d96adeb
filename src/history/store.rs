//! How the state gets to its place and back.
//!
//! The artifact of a registry is read with two requests: its manifest by tag, and the one blob that this names. It is written
//! as every image is, blobs first and the tag last.

use std::sync::Arc;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use futures_util::{StreamExt as _, stream};
use serde::Deserialize;
use serde_json::{Value, json};

use super::fault::Fault;
use super::keeper::Means;
use super::place::Place;
use crate::cluster::{Cluster, Written};
use crate::engine::{Engine, Given, Options, Silent, Stop};
use crate::error::{Chain, Failure};
use crate::layout::Layout;
use crate::model::{
    Batch, Descriptor, Desired, Digest, Endpoint, Host, ImageRef, LayoutRef, Manifest, Origin, Outcome,
    Repository, Version,
};
use crate::registry::{Kind, Role};

/// What the artifact says that it is.
pub const ARTIFACT: &str = "application/vnd.image-mirror.state.v1+json";
/// Its one layer: the gzipped document.
pub const LAYER: &str = "application/vnd.image-mirror.state.v1+gzip";
const OCI_MANIFEST: &str = "application/vnd.oci.image.manifest.v1+json";
const EMPTY: &str = "application/vnd.oci.empty.v1+json";
/// The key in a ConfigMap.
const KEY: &str = "state.json.gz";
/// Half a million entries take less.
const MOST: u64 = 16 << 20;
/// Kubernetes takes 1 MiB in all.
const MOST_OF_CONFIG_MAP: u64 = 1_000_000;

/// The place, opened.
#[derive(Debug)]
pub(super) struct Store {
    place: Place,
    means: Means,
    cluster: Option<Cluster>,
    /// The ConfigMap as it was read; it says which version the next one replaces.
    config_map: Option<Value>,
}

/// As much of a manifest as is looked at.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Shape {
    artifact_type: Option<String>,
    #[serde(default)]
    layers: Vec<Descriptor>,
}

impl Store {
    pub(super) fn new(place: Place, means: Means) -> Self {
        Self { place, means, cluster: None, config_map: None }
    }

    pub(super) fn place(&self) -> &Place {
        &self.place
    }

    /// Whether a write says what it replaces.
    pub(super) fn is_versioned(&self) -> bool {
        matches!(self.place, Place::ConfigMap { .. })
    }

    /// How many requests were made.
    pub(super) fn requests(&self) -> u32 {
        let requests = self.means.client.wire().requests;
        let all = [
            requests.token,
            requests.head,
            requests.get,
            requests.post,
            requests.patch,
            requests.put,
            requests.delete,
        ];
        let of_registry = u32::try_from(all.iter().sum::<u64>()).unwrap_or(u32::MAX);
        let of_cluster = self.cluster.as_ref().map_or(0, Cluster::requests);
        of_registry.saturating_add(of_cluster)
    }

    /// The bytes that are kept; none: there are none.
    pub(super) async fn read(&mut self) -> Result<Option<Bytes>, Fault> {
        match self.place.clone() {
            Place::Image(image) => self.of_registry(&image).await,
            Place::Layout(layout) => of_layout(&layout).await,
            Place::ConfigMap { namespace, name } => self.of_config_map(namespace, &name).await,
        }
    }

    async fn of_registry(&self, image: &ImageRef) -> Result<Option<Bytes>, Fault> {
        let client = self.means.client.with_role(Role::Target);
        let manifest = match client.get_manifest(image).await {
            Ok(manifest) => manifest,
            Err(error) if error.status() == Some(404) => return Ok(None),
            Err(error) => return Err(Fault::unread(error)),
        };
        let layer = layer(&manifest)?;
        client.read_blob(&image.repository, &layer).await.map(Some).map_err(|error| match error.kind() {
            // It was asked for again and again, and is shorter than its manifest says.
            Kind::Truncated { .. } => Fault::Damaged(Chain(&error).to_string()),
            _ => Fault::unread(error),
        })
    }

    async fn of_config_map(&mut self, namespace: Option<String>, name: &str) -> Result<Option<Bytes>, Fault> {
        let cluster = Cluster::connect(&self.means.access).await.map_err(Fault::unread)?;
        let namespace = namespace.unwrap_or_else(|| cluster.namespace().to_owned());
        // Kept before anything is asked, so that what was asked is counted whatever the answer.
        let cluster = self.cluster.insert(cluster);
        let Some(object) = cluster.config_map(&namespace, name).await.map_err(Fault::unread)? else {
            return Ok(None);
        };
        let packed = object.pointer(&format!("/binaryData/{KEY}")).and_then(Value::as_str).map(str::to_owned);
        self.config_map = Some(object);
        let Some(packed) = packed else { return Ok(None) };
        let bytes = STANDARD.decode(packed).map_err(|error| Fault::Damaged(error.to_string()))?;
        Ok(Some(bytes.into()))
    }

    /// Puts `bytes` there; the error is one line for the person on call.
    pub(super) async fn write(&self, bytes: Vec<u8>) -> Result<(), String> {
        match &self.place {
            Place::Image(image) => self.push(bytes, Endpoint::Registry(image.clone())).await,
            Place::Layout(layout) => self.push(bytes, Endpoint::Layout(layout.clone())).await,
            Place::ConfigMap { namespace, name } => {
                self.to_config_map(&bytes, namespace.as_deref(), name).await
            }
        }
    }

    async fn push(&self, bytes: Vec<u8>, target: Endpoint) -> Result<(), String> {
        let (manifest, given) = artifact(bytes.into());
        let entry = Desired {
            origin: Origin::Repository { repository: self.place.to_string().into() },
            owner: None,
            source: from_memory(&manifest),
            target,
            guards: Vec::new(),
        };
        let engine = Engine::new(&self.means.client, Options::default(), Arc::new(Silent), Stop::default());
        let engine = engine.giving(given).map_err(|error| Chain(&error).to_string())?;
        let rows = engine.run(stream::iter([Batch::admit(vec![entry]).batch])).await;
        match rows.into_iter().next().map(|row| row.outcome) {
            Some(Outcome::Kept | Outcome::Copied(_)) => Ok(()),
            Some(Outcome::Failed(failure)) => Err(said(&failure)),
            Some(Outcome::Unfinished(cause)) => Err(cause.to_string()),
            Some(other) => Err(format!("it ended as `{}`", other.word())),
            None => Err("it did not end".to_owned()),
        }
    }

    async fn to_config_map(&self, bytes: &[u8], namespace: Option<&str>, name: &str) -> Result<(), String> {
        if bytes.len() as u64 > MOST_OF_CONFIG_MAP {
            return Err(format!(
                "it has {} bytes, and a ConfigMap takes 1 MiB in all; keep it as an artifact of a registry, such as \
                 `--state quay.io/org/image-mirror-state:knative`",
                bytes.len()
            ));
        }
        let Some(cluster) = &self.cluster else { return Err("the cluster is not known".to_owned()) };
        let namespace = namespace.unwrap_or_else(|| cluster.namespace());
        let packed = STANDARD.encode(bytes);
        let written = if let Some(mut object) = self.config_map.clone() {
            if !object["binaryData"].is_object() {
                object["binaryData"] = json!({});
            }
            object["binaryData"][KEY] = packed.into();
            cluster.replace_config_map(namespace, name, &object).await
        } else {
            let object = json!({
                "apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": name, "namespace": namespace},
                "binaryData": {KEY: packed},
            });
            cluster.create_config_map(namespace, &object).await
        };
        match written {
            Ok(Written::Stored) => Ok(()),
            Ok(Written::Conflict) => Err("another run wrote it meanwhile, and what that one knows stays; \
                 see that no two runs keep their state in one place at a time"
                .to_owned()),
            Err(error) => Err(crate::error::advised(&error)),
        }
    }
}

/// The one layer of an artifact of ours.
fn layer(manifest: &Manifest) -> Result<Descriptor, Fault> {
    let shape: Shape = serde_json::from_slice(&manifest.bytes)
        .map_err(|error| Fault::Damaged(format!("its manifest cannot be read: {error}")))?;
    if shape.artifact_type.as_deref() != Some(ARTIFACT) {
        return Err(Fault::Foreign(shape.artifact_type.unwrap_or_else(|| manifest.media_type.clone())));
    }
    let layer = shape.layers.into_iter().next();
    let layer = layer.ok_or_else(|| Fault::Damaged("its manifest names no layer".to_owned()))?;
    if layer.size > MOST {
        return Err(Fault::TooLarge { size: layer.size, most: MOST });
    }
    Ok(layer)
}

async fn of_layout(place: &LayoutRef) -> Result<Option<Bytes>, Fault> {
    let layout = Layout::new(place.path.clone());
    let Some(found) = layout.find(place.tag.as_ref()).await.map_err(Fault::unread)? else { return Ok(None) };
    let manifest = layout.manifest(&found).await.map_err(Fault::unread)?;
    let manifest = manifest.ok_or_else(|| Fault::Damaged("its manifest is not there".to_owned()))?;
    let layer = layer(&manifest)?;
    let mut frames = layout.read(&layer.digest).await.map_err(Fault::unread)?;
    let mut bytes = Vec::new();
    while let Some(frame) = frames.next().await {
        bytes.extend_from_slice(&frame.map_err(|error| Fault::Damaged(error.to_string()))?);
        if bytes.len() as u64 > layer.size {
            return Err(Fault::Damaged("its layer is longer than its manifest says".to_owned()));
        }
    }
    if layer.digest.same_algorithm_of(&bytes) != layer.digest {
        return Err(Fault::Damaged("its layer does not have the digest of its name".to_owned()));
    }
    Ok(Some(bytes.into()))
}

/// The artifact around the packed document, and all of it in memory.
fn artifact(bytes: Bytes) -> (Manifest, Given) {
    let config = Bytes::from_static(b"{}");
    let descriptor = |media_type: &str, bytes: &Bytes| json!({"mediaType": media_type, "digest": Digest::of(bytes).as_str(), "size": bytes.len()});
    let manifest = json!({
        "schemaVersion": 2, "mediaType": OCI_MANIFEST, "artifactType": ARTIFACT,
        "config": descriptor(EMPTY, &config), "layers": [descriptor(LAYER, &bytes)],
    });
    let manifest = Manifest::new(Some(OCI_MANIFEST), manifest.to_string().into());
    let blobs = [(Digest::of(&config), config), (Digest::of(&bytes), bytes)].into();
    (manifest.clone(), Given { manifests: vec![manifest], blobs })
}

/// A source that nobody is asked for: all of it is in memory.
fn from_memory(manifest: &Manifest) -> Endpoint {
    let repository = Repository { host: Host::new("state.invalid"), name: "image-mirror/state".into() };
    Endpoint::Registry(ImageRef::new(repository, Version::Digest(manifest.digest.clone())))
}

fn said(failure: &Failure) -> String {
    let advice = failure.advice.as_ref().map(|advice| format!("; {advice}")).unwrap_or_default();
    format!("{}{advice}", Chain(failure.cause()))
}
