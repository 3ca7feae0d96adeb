//! Asks the cluster once more before a tag is moved: the list that an entry was made of was read a while ago.

use std::collections::HashMap;
use std::sync::Arc;

use super::desired::Wanted;
use super::inventory::Inventory;
use super::selection::IsTag;
use super::stream::{ImageStream, Newest};
use crate::cluster::Cluster;
use crate::engine::SourceCheck;
use crate::error::{Failure, Stage};
use crate::model::{Desired, Digest, Endpoint, ImageRef, Version};

/// Whether the tags of ImageStreams that `wanted` copies still are what its entries say. None: they were read from files,
/// which say nothing else now.
#[must_use]
pub fn source_check<'a>(
    inventory: &Inventory,
    wanted: impl IntoIterator<Item = &'a Wanted>,
) -> Option<SourceCheck> {
    let Inventory::Cluster(cluster) = inventory else { return None };
    let istag = |wanted: &Wanted| Some((wanted.desired.target.clone(), wanted.istag.clone()?));
    let istags: Arc<HashMap<Endpoint, IsTag>> = Arc::new(wanted.into_iter().filter_map(istag).collect());
    let cluster = cluster.clone();
    Some(SourceCheck::new(move |desired: Desired| {
        let (cluster, istag) = (cluster.clone(), istags.get(&desired.target).cloned());
        async move {
            match istag {
                Some(istag) => is_current(&cluster, &istag, &desired).await,
                None => Ok(true),
            }
        }
    }))
}

async fn is_current(cluster: &Cluster, istag: &IsTag, desired: &Desired) -> Result<bool, Failure> {
    let found = cluster.image_stream(&istag.namespace, &istag.name, ImageStream::read).await;
    let found = found.map_err(|error| Failure::new(Stage::Plan, error))?;
    let stream = found.and_then(Result::ok);
    Ok(stream.is_some_and(|stream| digest(&stream, &istag.tag) == pinned(&desired.source)))
}

fn digest<'a>(stream: &'a ImageStream, tag: &str) -> Option<&'a Digest> {
    match &stream.tag(tag)?.newest {
        Newest::Image(image) => Some(&image.digest),
        Newest::None | Newest::Malformed(_) => None,
    }
}

fn pinned(source: &Endpoint) -> Option<&Digest> {
    match source {
        Endpoint::Registry(ImageRef { version: Version::Digest(digest), .. }) => Some(digest),
        _ => None,
    }
}
