//! What the images of a payload say of themselves.

use std::collections::BTreeMap;
use std::sync::Arc;

use futures_util::{StreamExt as _, TryStreamExt as _, stream};

use super::error::Error;
use super::release::{Release, ReleaseMember};
use crate::nightly::images::{self, LayerFile};
use crate::registry::Client;

/// Images read at a time.
const AT_A_TIME: usize = 8;
/// Says that an image brings manifests.
const OPERATOR: &str = "io.openshift.release.operator";
/// Where they are.
const FOLDER: &str = "manifests/";

/// An image of the payload, as far as a release needs to know it.
#[derive(Debug)]
pub(super) struct Component {
    /// Its tag.
    pub(super) tag: Arc<str>,
    /// How people are told of it: its tag, and the name of its definition.
    pub(super) called: Arc<str>,
    /// How the release names it.
    pub(super) pull_spec: Arc<str>,
    /// The labels of its config.
    pub(super) labels: BTreeMap<String, String>,
    /// Of an operator its manifests, by the names of their files, sorted.
    pub(super) manifests: Option<Vec<LayerFile>>,
}

/// The images of a release, in the order of their tags.
///
/// # Errors
/// When one of them cannot be read.
pub(super) async fn read(client: &Client, release: &Release) -> Result<Vec<Component>, Error> {
    let members: Vec<_> = release.members.iter().map(|(tag, member)| read_one(client, tag, member)).collect();
    stream::iter(members).buffered(AT_A_TIME).try_collect().await
}

async fn read_one(client: &Client, tag: &Arc<str>, member: &ReleaseMember) -> Result<Component, Error> {
    let image = images::image(client, &member.image).await?;
    let labels = image.config.labels();
    let is_operator = labels.get(OPERATOR).is_some_and(|label| !label.is_empty());
    let manifests = match image.layers.last().filter(|_| is_operator) {
        Some(layer) => Some(images::layer_files(client, &image.repository, layer, is_manifest).await?),
        None => is_operator.then(Vec::new),
    };
    Ok(Component {
        tag: Arc::clone(tag),
        called: called(tag, &member.component),
        pull_spec: Arc::clone(&member.pull_spec),
        labels,
        manifests: manifests.map(by_name),
    })
}

fn called(tag: &Arc<str>, component: &Arc<str>) -> Arc<str> {
    if tag == component { format!("`{tag}`").into() } else { format!("`{tag}` ({component})").into() }
}

/// A file directly in the folder, and no note that one was deleted.
fn is_manifest(path: &str) -> bool {
    let name = path.strip_prefix(FOLDER);
    name.is_some_and(|name| !name.is_empty() && !name.contains('/') && !name.starts_with(".wh."))
}

/// Where an archive has a file twice, the latter counts.
fn by_name(files: Vec<LayerFile>) -> Vec<LayerFile> {
    let named = files.into_iter().map(|file| (file.path.trim_start_matches(FOLDER).to_owned(), file.bytes));
    let named: BTreeMap<String, Vec<u8>> = named.collect();
    named.into_iter().map(|(path, bytes)| LayerFile { path, bytes }).collect()
}
