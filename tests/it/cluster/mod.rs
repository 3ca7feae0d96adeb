//! What the program asks of a cluster's API server, and what it makes of the answers.

mod access;
mod lease;
mod lists;
mod login;
mod refusals;
mod watch;

use image_mirror::cluster::{Cluster, Error};
use image_mirror::error::{Chain, Classify as _};
use serde_json::{Value, json};

use crate::support::FakeCluster;

async fn connected(api: &FakeCluster) -> Cluster {
    // The kubeconfig is read once, so that its folder may go.
    let folder = tempfile::tempdir().unwrap();
    Cluster::connect(&api.access(folder.path())).await.unwrap()
}

/// An API server with ImageStreams of these names, and a login there.
async fn with_streams(names: &[&str]) -> (FakeCluster, Cluster) {
    let api = FakeCluster::start().await;
    for name in names {
        put(&api, name);
    }
    let cluster = connected(&api).await;
    (api, cluster)
}

/// Puts `namespace/name`.
fn put(api: &FakeCluster, name: &str) {
    let (namespace, name) = name.split_once('/').unwrap();
    api.put(namespace, name, json!({"status": {"tags": []}}));
}

/// `namespace/name` of an object; all of it where it has none.
fn name(object: &str) -> String {
    let Ok(value) = serde_json::from_str::<Value>(object) else { panic!("no JSON: {object}") };
    let metadata = &value["metadata"];
    match (metadata["namespace"].as_str(), metadata["name"].as_str()) {
        (Some(namespace), Some(name)) => format!("{namespace}/{name}"),
        _ => object.to_owned(),
    }
}

/// The error as the program prints it: the chain of causes, and what to do.
fn told(error: &Error) -> String {
    let (chain, debug) = (Chain(error).to_string(), format!("{error:?}"));
    for text in [&chain, &debug] {
        assert!(!text.contains(FakeCluster::token()), "the token is in {text}");
    }
    format!("{chain}\n{}", error.advice().unwrap_or_default())
}
