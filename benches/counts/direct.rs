//! Fills a registry and looks into it, past the relay and with a client of its own: the judge of each run.

use std::collections::HashSet;

use futures_util::{StreamExt as _, TryStreamExt as _, stream};
use reqwest::{Client, Method, Response};

use crate::support::image::{Blob, Image, digest_of};

use crate::set::Set;

type Result<T> = std::result::Result<T, Box<dyn std::error::Error + Send + Sync>>;

const AT_A_TIME: usize = 16;

/// A registry, spoken to directly.
pub struct Direct {
    client: Client,
    base: String,
}

impl Direct {
    pub fn new(host: &str) -> Result<Self> {
        Ok(Self { client: Client::builder().no_proxy().build()?, base: format!("http://{host}/v2") })
    }

    /// Puts all of `set` there.
    pub async fn fill(&self, set: &Set) -> Result<()> {
        let links = set.links();
        stream::iter(links.iter().map(Ok))
            .try_for_each_concurrent(AT_A_TIME, async |((repository, _), blob)| {
                self.put_blob(repository, blob).await
            })
            .await?;
        let manifests = set.manifests();
        let (images, indexes): (Vec<_>, Vec<_>) =
            manifests.iter().partition(|(_, image)| image.children.is_empty());
        for some in [images, indexes] {
            stream::iter(some.into_iter().map(Ok))
                .try_for_each_concurrent(AT_A_TIME, async |((repository, digest), image)| {
                    self.put_manifest(repository, digest, image).await
                })
                .await?;
        }
        stream::iter(set.lines.iter().map(Ok))
            .try_for_each_concurrent(AT_A_TIME, async |line| {
                self.put_manifest(&line.repository, &line.tag, &line.image).await
            })
            .await
    }

    async fn put_blob(&self, repository: &str, blob: &Blob) -> Result<()> {
        let opened = self.client.post(format!("{}/{repository}/blobs/uploads/", self.base)).send().await?;
        let location = opened.headers()["location"].to_str()?;
        let mut url = opened.url().join(location)?;
        url.query_pairs_mut().append_pair("digest", blob.digest.as_str());
        let put = self.client.put(url).body(blob.bytes.clone()).send().await?;
        succeeded(&put)
    }

    async fn put_manifest(&self, repository: &str, reference: &str, image: &Image) -> Result<()> {
        let url = format!("{}/{repository}/manifests/{reference}", self.base);
        let put = self.client.put(url).header("content-type", &image.media_type).body(image.bytes.clone());
        succeeded(&put.send().await?)
    }

    /// What of `set` is not there as it should be, under `folder`, which is empty or ends in `/`.
    pub async fn wrong(&self, set: &Set, folder: &str) -> Result<Vec<String>> {
        let tags = stream::iter(&set.lines).map(async |line| {
            let path = format!("{folder}{}/manifests/{}", line.repository, line.tag);
            let answer = self.ask(Method::GET, &path, &line.image.media_type).await?;
            let digest = digest_of(&answer.bytes().await?);
            Ok::<_, Box<dyn std::error::Error + Send + Sync>>((digest != line.image.digest).then_some(path))
        });
        let mut wrong: Vec<_> =
            tags.buffer_unordered(AT_A_TIME).try_filter_map(async |path| Ok(path)).try_collect().await?;
        let mut below = HashSet::new();
        for ((repository, digest), image) in set.manifests() {
            below.insert((format!("{folder}{repository}/manifests/{digest}"), image.media_type.as_str()));
        }
        for (repository, digest) in set.links().into_keys() {
            below.insert((format!("{folder}{repository}/blobs/{digest}"), "*/*"));
        }
        let below = stream::iter(below).map(async |(path, accept)| {
            let answer = self.ask(Method::HEAD, &path, accept).await?;
            Ok::<_, Box<dyn std::error::Error + Send + Sync>>((!answer.status().is_success()).then_some(path))
        });
        let below: Vec<_> =
            below.buffer_unordered(AT_A_TIME).try_filter_map(async |path| Ok(path)).try_collect().await?;
        wrong.extend(below);
        Ok(wrong)
    }

    async fn ask(&self, method: Method, path: &str, accept: &str) -> Result<Response> {
        let request = self.client.request(method, format!("{}/{path}", self.base));
        Ok(request.header("accept", accept).send().await?)
    }
}

fn succeeded(answer: &Response) -> Result<()> {
    if answer.status().is_success() {
        return Ok(());
    }
    Err(format!("{} {}", answer.status(), answer.url()).into())
}
