//! ImageStreams for the tests of what writes them.

use std::collections::BTreeMap;
use std::path::Path;

use image_mirror::cluster::Cluster;
use image_mirror::engine::Stop;
use image_mirror::error::Chain;
use image_mirror::model::{Outcome, Row};
use image_mirror::nightly::StreamName;
use image_mirror::nightly::imagestream::{ClusterStreams, Definition, Options, TagDefinition};
use serde_json::{Value, json};

use crate::support::FakeCluster;

pub(super) const NAME: &str = "4.19-art-latest";

/// An API server, and its ImageStreams as the program sees them.
pub(super) async fn connected() -> (FakeCluster, ClusterStreams) {
    let api = FakeCluster::start().await;
    let folder = tempfile::tempdir().unwrap();
    let cluster = Cluster::connect(&api.access(folder.path())).await.unwrap();
    (api, ClusterStreams::new(cluster))
}

/// An ImageStream that has `NAME=IMAGE` for each tag, imported.
pub(super) fn object(tags: &[&str]) -> Value {
    let pairs: Vec<(&str, &str)> = tags.iter().map(|tag| tag.split_once('=').unwrap()).collect();
    let spec = pairs.iter().map(|(name, image)| {
        json!({
            "name": name, "annotations": null, "from": {"kind": "DockerImage", "name": image}, "generation": 1,
            "importPolicy": {"importMode": "PreserveOriginal"}, "referencePolicy": {"type": "Source"},
        })
    });
    let status = pairs.iter().map(
        |(name, image)| json!({"tag": name, "items": [{"generation": 1, "dockerImageReference": image}]}),
    );
    json!({
        "apiVersion": "image.openshift.io/v1", "kind": "ImageStream",
        "metadata": {
            "generation": 1, "uid": "1a2b", "creationTimestamp": "2025-01-01T00:00:00Z",
            "annotations": {"release.openshift.io/config": "{}"},
        },
        "spec": {"lookupPolicy": {"local": false}, "tags": spec.collect::<Vec<_>>()},
        "status": {"dockerImageRepository": "", "tags": status.collect::<Vec<_>>()},
    })
}

/// Of `ocp/4.19-art-latest`, full.
pub(super) fn definition(tags: &[&str]) -> Definition {
    definition_of("ocp", NAME, tags)
}

pub(super) fn definition_of(namespace: &str, name: &str, tags: &[&str]) -> Definition {
    let tags = tags.iter().map(|tag| tag.split_once('=').unwrap());
    Definition {
        name: StreamName { namespace: namespace.into(), name: name.into() },
        build_url: "https://ci.example/job/12".to_owned(),
        basis_event: None,
        inconsistency: None,
        tags: tags
            .map(|(name, from)| TagDefinition {
                name: name.into(),
                from: from.to_owned(),
                annotations: BTreeMap::new(),
            })
            .collect(),
        is_partial: false,
    }
}

/// Without a wait, with the artifacts in `folder`.
pub(super) fn options(folder: &Path) -> Options {
    Options { artifacts: folder.to_owned(), wait_import: None, stop: Stop::default() }
}

/// `NAME=IMAGE` of the tags of an ImageStream that are wanted.
pub(super) fn wanted(object: &Value) -> Vec<String> {
    let text =
        |tag: &Value| format!("{}={}", tag["name"].as_str().unwrap(), tag["from"]["name"].as_str().unwrap());
    object["spec"]["tags"].as_array().unwrap().iter().map(text).collect()
}

/// The names of the tags of its status.
pub(super) fn there(object: &Value) -> Vec<&str> {
    object["status"]["tags"].as_array().unwrap().iter().map(|tag| tag["tag"].as_str().unwrap()).collect()
}

/// `ORIGIN: outcome: why` of each row.
pub(super) fn told(rows: &[Row]) -> Vec<String> {
    rows.iter().map(|row| format!("{}: {}", row.origin, why(row))).collect()
}

fn why(row: &Row) -> String {
    let word = row.outcome.word();
    match &row.outcome {
        Outcome::Copied(reason) | Outcome::Planned(reason) => format!("{word}: {reason}"),
        Outcome::Updated(update) => format!("{word}: {update}"),
        Outcome::Skipped(skip) => format!("{word}: {skip}"),
        Outcome::Failed(failure) => format!("{word}: {failure}: {}", Chain(failure.cause())),
        Outcome::Unfinished(cause) => format!("{word}: {cause}"),
        Outcome::Kept | Outcome::Deleted | Outcome::Refused(_) => word.to_owned(),
    }
}

/// What to do about a row.
pub(super) fn help(row: &Row) -> String {
    image_mirror::report::help(row).unwrap_or_default().into_owned()
}
