//! Objects of an S3-compatible store.
//!
//! What is stored here carries its sha256 as metadata; an `ETag` is only a mark by which a change is seen. Uploads of
//! several parts are noted in the bucket itself, so that another run goes on with them or aborts them.

mod coming;
mod copy;
mod leftovers;
mod parts;
mod progress;
mod refusal;
mod settings;
mod signed;
mod wire;

use std::fmt;
use std::sync::Arc;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use futures_util::TryStreamExt as _;
use http::{HeaderMap, Method, StatusCode};
use object_store::path::Path;
use object_store::{
    Attribute, Attributes, ObjectMeta, ObjectStore as _, ObjectStoreExt as _, PutMode, PutOptions,
    UpdateVersion,
};
use tokio::sync::Semaphore;

pub(super) use coming::Coming;
pub use settings::BucketSettings;

use super::error::{Error, Kind as ErrorKind};
use super::kind::{Kind, content_type};
use super::taken::Taken;
use super::{Expected, Object, Over, Stamp};
use crate::model::{Digest, Key, Wire};
use crate::redact::Echo;
use settings::Opened;
use signed::{Ask, Signed};
use wire::Connector;

/// All that is held of objects on their way, of all receivers of a bucket together.
const BUDGET: usize = 64 << 20;
/// The name of the metadata that says what an object is.
const SHA256: &str = "sha256";

/// A bucket as a destination. Clones of it are one.
#[derive(Clone)]
pub struct Bucket(Arc<Inner>);

struct Inner {
    name: String,
    prefix: Option<Key>,
    endpoint: String,
    signed: Signed,
    connector: Connector,
    echo: Echo,
    budget: Arc<Semaphore>,
    taken: Taken,
}

impl Bucket {
    /// The bucket that is so described; nothing is sent yet.
    ///
    /// # Errors
    /// [`ErrorKind::Settings`] when it cannot be reached so.
    pub fn open(settings: &BucketSettings) -> Result<Self, Error> {
        let connector = Connector::default();
        let Opened { s3, client, region, endpoint, echo } = settings
            .open(&connector)
            .map_err(|kind| Error::new(format!("opening s3://{}", settings.bucket), kind))?;
        Ok(Self(Arc::new(Inner {
            name: settings.bucket.clone(),
            prefix: settings.prefix.clone(),
            endpoint,
            signed: Signed { s3, client, region, retry: settings.retry() },
            connector,
            echo,
            budget: Arc::new(Semaphore::new(BUDGET)),
            taken: Taken::default(),
        })))
    }

    /// `s3://BUCKET/KEY`
    #[must_use]
    pub fn address(&self, key: Option<&Key>) -> String {
        let names = self.0.prefix.iter().chain(key).map(Key::as_str);
        let path: Vec<&str> = std::iter::once(self.0.name.as_str()).chain(names).collect();
        format!("s3://{}", path.join("/"))
    }

    /// Its address and that of its server.
    pub(super) fn identity(&self) -> String {
        format!("{} {}", self.0.endpoint, self.address(None))
    }

    pub(super) fn prefix(&self) -> Option<&Key> {
        self.0.prefix.as_ref()
    }

    pub(super) fn wire(&self) -> Wire {
        self.0.connector.wire()
    }

    pub(super) async fn list(&self, folder: Option<&Key>) -> Result<Vec<Object>, Error> {
        let start = match folder {
            Some(folder) => Some(self.path(folder)?),
            None => self.0.prefix.as_ref().map(|prefix| self.parsed(prefix.as_str())).transpose()?,
        };
        let listed: Result<Vec<_>, _> = self.s3().list(start.as_ref()).try_collect().await;
        let listed = listed.map_err(|error| self.failed("listing", folder, &error))?;
        // Others mark folders with objects that are called as these.
        let is_wanted = |key: &Key| folder.map_or(!key.is_state(), |folder| key.is_below(folder));
        let keys = listed.into_iter().filter_map(|meta| Some((self.key(&meta.location)?, meta)));
        let mut found: Vec<_> =
            keys.filter(|(key, _)| is_wanted(key)).map(|(key, meta)| object(key, meta)).collect();
        found.sort_by(|a, b| a.key.cmp(&b.key));
        Ok(found)
    }

    pub(super) async fn look(&self, key: &Key) -> Result<Option<Object>, Error> {
        match self.s3().head(&self.path(key)?).await {
            Ok(meta) => Ok(Some(object(key.clone(), meta))),
            Err(object_store::Error::NotFound { .. }) => Ok(None),
            Err(error) => Err(self.failed("looking at", Some(key), &error)),
        }
    }

    pub(super) async fn read(&self, key: &Key, limit: u64) -> Result<Option<(Bytes, Stamp)>, Error> {
        let failed = |error: &object_store::Error| self.failed("reading", Some(key), error);
        let got = match self.s3().get(&self.path(key)?).await {
            Ok(got) => got,
            Err(object_store::Error::NotFound { .. }) => return Ok(None),
            Err(error) => return Err(failed(&error)),
        };
        if got.meta.size > limit {
            return Err(self.error("reading", Some(key), ErrorKind::TooLarge(limit)));
        }
        let stamp = stamp(got.meta.e_tag.clone());
        let content = got.bytes().await.map_err(|error| failed(&error))?;
        Ok(Some((content, stamp)))
    }

    pub(super) async fn sha256(&self, key: &Key) -> Result<Option<Digest>, Error> {
        Ok(self.known(key).await?.and_then(|known| known.sha256))
    }

    /// What the store knows of an object, with one request.
    async fn known(&self, key: &Key) -> Result<Option<Known>, Error> {
        let path = self.path(key)?;
        let headers = [("x-amz-checksum-mode", "ENABLED".to_owned())];
        let ask = Ask { method: Method::HEAD, path: &path, query: &[], headers: &headers };
        let failed = |kind| self.error("looking at", Some(key), kind);
        let answer = self.0.signed.send(&ask, &self.0.echo).await.map_err(failed)?;
        match answer.status {
            StatusCode::OK => Ok(Some(Known::of(&answer.headers))),
            StatusCode::NOT_FOUND => Ok(None),
            status => Err(failed(refusal::answer(status, &answer.body, &self.0.echo))),
        }
    }

    pub(super) async fn write(
        &self,
        key: &Key,
        content: Bytes,
        kind: Kind,
        over: &Over,
    ) -> Result<Stamp, Error> {
        let sha256 = Digest::of(&content);
        self.put(key, content, &Expected { sha256, size: None, kind, over: over.clone() }).await
    }

    /// Stores what is known to be as `expected`.
    async fn put(&self, key: &Key, content: Bytes, expected: &Expected) -> Result<Stamp, Error> {
        let mode = match &expected.over {
            Over::Anything => PutMode::Overwrite,
            Over::Nothing => PutMode::Create,
            Over::Only(seen) => PutMode::Update(UpdateVersion { e_tag: Some(seen.0.clone()), version: None }),
        };
        let options = PutOptions { mode, attributes: attributes(key, expected), ..PutOptions::default() };
        match self.s3().put_opts(&self.path(key)?, content.into(), options).await {
            Ok(put) => Ok(stamp(put.e_tag)),
            Err(error) => Err(self.failed("writing", Some(key), &error)),
        }
    }

    pub(super) async fn delete(&self, key: &Key) -> Result<(), Error> {
        match self.s3().delete(&self.path(key)?).await {
            Ok(()) | Err(object_store::Error::NotFound { .. }) => Ok(()),
            Err(error) => Err(self.failed("deleting", Some(key), &error)),
        }
    }

    fn s3(&self) -> &object_store::aws::AmazonS3 {
        &self.0.signed.s3
    }

    fn path(&self, key: &Key) -> Result<Path, Error> {
        match &self.0.prefix {
            Some(prefix) => self.parsed(&format!("{prefix}/{key}")),
            None => self.parsed(key.as_str()),
        }
    }

    fn parsed(&self, text: &str) -> Result<Path, Error> {
        Path::parse(text).map_err(|error| self.error("naming", None, ErrorKind::Settings(error.to_string())))
    }

    /// The key of an object; none: it is none of ours.
    fn key(&self, path: &Path) -> Option<Key> {
        let text = match &self.0.prefix {
            Some(prefix) => path.as_ref().strip_prefix(prefix.as_str())?.strip_prefix('/')?,
            None => path.as_ref(),
        };
        match text.strip_prefix(".image-mirror/") {
            Some(own) => Key::of_state(own).ok(),
            None => Key::parse(text).ok(),
        }
    }

    fn failed(&self, doing: &str, key: Option<&Key>, error: &object_store::Error) -> Error {
        self.error(doing, key, refusal::kind(error, &self.0.echo))
    }

    fn error(&self, doing: &str, key: Option<&Key>, kind: ErrorKind) -> Error {
        Error::new(format!("{doing} {}", self.address(key)), kind)
    }
}

impl fmt::Debug for Bucket {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Bucket").field(&self.address(None)).finish()
    }
}

/// What a store knows of an object.
struct Known {
    sha256: Option<Digest>,
    size: u64,
    etag: Option<String>,
}

impl Known {
    fn of(headers: &HeaderMap) -> Self {
        let header = |name: &str| headers.get(name).and_then(|value| value.to_str().ok());
        let noted = header("x-amz-meta-sha256").and_then(|hex| Digest::parse(&format!("sha256:{hex}")).ok());
        // That of an object of several parts is of their digests, and says so by a number after it.
        let own = header("x-amz-checksum-sha256")
            .and_then(|text| STANDARD.decode(text).ok())
            .and_then(|bytes| Digest::parse(&format!("sha256:{}", hex::encode(bytes))).ok());
        Self {
            sha256: noted.or(own),
            size: header("content-length").and_then(|text| text.parse().ok()).unwrap_or_default(),
            etag: header("etag").map(str::to_owned),
        }
    }
}

fn attributes(key: &Key, expected: &Expected) -> Attributes {
    Attributes::from_iter([
        (Attribute::ContentType, content_type(key).to_owned()),
        (Attribute::CacheControl, expected.kind.cache_control().to_owned()),
        (Attribute::Metadata(SHA256.into()), expected.sha256.hex().to_owned()),
    ])
}

fn object(key: Key, meta: ObjectMeta) -> Object {
    Object { key, size: meta.size, modified: meta.last_modified.into(), stamp: stamp(meta.e_tag) }
}

fn stamp(etag: Option<String>) -> Stamp {
    Stamp::new(etag.unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_digest_is_what_we_noted_or_what_the_store_hashed_of_the_whole_and_never_an_etag() {
        let hex = Digest::of(b"x").hex().to_owned();
        let checksum = STANDARD.encode(hex::decode(&hex).unwrap());
        let known = |headers: &[(&'static str, &str)]| {
            let headers =
                headers.iter().map(|(name, value)| ((*name).parse().unwrap(), value.parse().unwrap()));
            Known::of(&headers.collect()).sha256
        };
        assert_eq!(known(&[("x-amz-meta-sha256", &hex)]), Some(Digest::of(b"x")));
        assert_eq!(known(&[("x-amz-checksum-sha256", &checksum)]), Some(Digest::of(b"x")));
        let composite = format!("{checksum}-3");
        assert_eq!(known(&[("x-amz-checksum-sha256", &composite)]), None);
        assert_eq!(known(&[("etag", &hex), ("x-amz-meta-sha256", "no digest")]), None);
    }
}
