//! The places where a state is kept, and what lies there.

use std::path::Path;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};
use tempfile::TempDir;

use super::unpacked;
use crate::support::image::digest_of;
use crate::support::{Blob, FakeCluster, FakeRegistry, Image, Run};

pub(super) const REPOSITORY: &str = "org/image-mirror-state";
pub(super) const TAG: &str = "knative";
const OCI_IMAGE: &str = "application/vnd.oci.image.manifest.v1+json";
pub(super) const ARTIFACT: &str = "application/vnd.image-mirror.state.v1+json";
pub(super) const LAYER: &str = "application/vnd.image-mirror.state.v1+gzip";

/// A place for a state.
pub(super) enum Shelf {
    Registry(FakeRegistry),
    Layout(TempDir),
    ConfigMap(FakeCluster),
}

impl Shelf {
    pub(super) async fn all() -> [Self; 3] {
        [Self::registry().await, Self::layout(), Self::config_map().await]
    }

    pub(super) async fn registry() -> Self {
        Self::Registry(FakeRegistry::start().await)
    }

    pub(super) fn layout() -> Self {
        Self::Layout(tempfile::tempdir().unwrap())
    }

    pub(super) async fn config_map() -> Self {
        Self::ConfigMap(FakeCluster::start().await)
    }

    /// As `--state` has it.
    pub(super) fn place(&self) -> String {
        match self {
            Self::Registry(registry) => registry.image(REPOSITORY, TAG),
            Self::Layout(folder) => format!("oci:{}:{TAG}", folder.path().display()),
            Self::ConfigMap(_) => "configmap:ci/state".to_owned(),
        }
    }

    /// `run`, which can get there.
    pub(super) fn reach(&self, run: Run) -> Run {
        let Self::ConfigMap(api) = self else { return run };
        let path = run.folder().join("kubeconfig");
        run.file("kubeconfig", api.kubeconfig()).env("KUBECONFIG", path.to_string_lossy())
    }

    /// The packed document that lies there.
    pub(super) fn bytes(&self) -> Option<Vec<u8>> {
        match self {
            Self::Registry(registry) => {
                let manifest: Value = serde_json::from_slice(&registry.manifest(REPOSITORY, TAG)?).unwrap();
                let digest = manifest["layers"][0]["digest"].as_str().unwrap();
                let digest = image_mirror::model::Digest::parse(digest).unwrap();
                Some(registry.blob(REPOSITORY, &digest).unwrap().to_vec())
            }
            Self::Layout(folder) => {
                let index: Value = serde_json::from_slice(&read(&folder.path().join("index.json"))?).unwrap();
                let of = |place: &Value| read(&blob(folder.path(), place["digest"].as_str().unwrap()));
                let manifest = of(index["manifests"].as_array().unwrap().last().unwrap());
                let manifest: Value = serde_json::from_slice(&manifest.unwrap()).unwrap();
                of(&manifest["layers"][0])
            }
            Self::ConfigMap(api) => {
                let object = api.config_map("ci", "state")?;
                Some(STANDARD.decode(object["binaryData"]["state.json.gz"].as_str().unwrap()).unwrap())
            }
        }
    }

    /// The document that lies there.
    pub(super) fn kept(&self) -> Value {
        unpacked(&self.bytes().expect("a state is kept"))
    }

    /// Puts a packed document there, as an earlier run would have.
    pub(super) fn put(&self, bytes: &[u8]) {
        match self {
            Self::ConfigMap(api) => {
                let metadata = json!({"name": "state", "namespace": "ci"});
                let data = json!({"state.json.gz": STANDARD.encode(bytes)});
                let object = json!({
                    "apiVersion": "v1", "kind": "ConfigMap", "metadata": metadata, "binaryData": data,
                });
                api.put_config_map("ci", "state", Some(&object));
            }
            _ => self.put_image(&artifact(bytes)),
        }
    }

    /// Puts any image there; a ConfigMap takes none.
    pub(super) fn put_image(&self, image: &Image) {
        match self {
            Self::Registry(registry) => registry.put_image(REPOSITORY, TAG, image),
            Self::Layout(folder) => {
                let root = folder.path();
                std::fs::create_dir_all(root.join("blobs/sha256")).unwrap();
                for Blob { digest, bytes } in &image.blobs {
                    std::fs::write(blob(root, digest.as_str()), bytes).unwrap();
                }
                std::fs::write(blob(root, image.digest.as_str()), &image.bytes).unwrap();
                std::fs::write(root.join("oci-layout"), r#"{"imageLayoutVersion":"1.0.0"}"#).unwrap();
                let index = json!({"schemaVersion": 2, "manifests": [{
                    "mediaType": OCI_IMAGE, "digest": image.digest.as_str(), "size": image.bytes.len(),
                    "annotations": {"org.opencontainers.image.ref.name": TAG},
                }]});
                std::fs::write(root.join("index.json"), index.to_string()).unwrap();
            }
            Self::ConfigMap(_) => panic!("a ConfigMap takes no image"),
        }
    }

    /// Takes away all that lies there.
    pub(super) fn lose(&self) {
        match self {
            Self::Registry(registry) => registry.delete_repository(REPOSITORY),
            Self::Layout(folder) => std::fs::remove_file(folder.path().join("index.json")).unwrap(),
            Self::ConfigMap(api) => api.put_config_map("ci", "state", None),
        }
    }

    /// How many requests were seen; a layout sees none.
    pub(super) fn requests(&self) -> usize {
        match self {
            Self::Registry(registry) => registry.requests().len(),
            Self::Layout(_) => 0,
            Self::ConfigMap(api) => api.requests().len(),
        }
    }
}

/// The artifact around a packed document.
pub(super) fn artifact(bytes: &[u8]) -> Image {
    let (config, layer) = (Blob::new(b"{}".to_vec()), Blob::new(bytes.to_vec()));
    let manifest = json!({
        "schemaVersion": 2, "mediaType": OCI_IMAGE, "artifactType": ARTIFACT,
        "config": {"mediaType": "application/vnd.oci.empty.v1+json", "digest": config.digest.as_str(), "size": 2},
        "layers": [{"mediaType": LAYER, "digest": layer.digest.as_str(), "size": bytes.len()}],
    });
    raw(manifest.to_string().into_bytes(), vec![config, layer])
}

/// A manifest of any bytes.
pub(super) fn raw(bytes: Vec<u8>, blobs: Vec<Blob>) -> Image {
    Image {
        media_type: OCI_IMAGE.to_owned(),
        digest: digest_of(&bytes),
        bytes: bytes.into(),
        blobs,
        children: Vec::new(),
        platform: None,
        artifact_type: None,
    }
}

fn blob(root: &Path, digest: &str) -> std::path::PathBuf {
    root.join("blobs").join(digest.replace(':', "/"))
}

fn read(path: &Path) -> Option<Vec<u8>> {
    std::fs::read(path).ok()
}
