//! Copies within a bucket.

use http::{Method, StatusCode};
use object_store::path::Path;
use serde::Deserialize;

use super::signed::{Ask, garbled};
use super::{Bucket, content_type, refusal, stamp};
use crate::model::Key;
use crate::objects::{Error, ErrorKind, Expected, Over, Stamp};

/// The store copies no more in one request.
const LARGEST: u64 = 5 << 30;

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Copied {
    #[serde(rename = "ETag")]
    etag: String,
}

impl Bucket {
    pub(in super::super) async fn copy(
        &self,
        from: &Key,
        to: &Key,
        expected: &Expected,
    ) -> Result<Stamp, Error> {
        let failed = |kind| self.error("copying", Some(from), kind);
        let source = self.known(from).await?.ok_or_else(|| failed(ErrorKind::Unknown))?;
        let found = source.sha256.ok_or_else(|| failed(ErrorKind::Unknown))?;
        if found != expected.sha256 {
            return Err(failed(ErrorKind::Digest { expected: expected.sha256.clone(), found }));
        }
        if source.size > LARGEST {
            return Err(failed(ErrorKind::TooLarge(LARGEST)));
        }
        self.check(to, &expected.over).await?;
        let (from_path, to_path) = (self.path(from)?, self.path(to)?);
        let mut headers = vec![
            ("x-amz-copy-source", format!("/{}/{}", self.0.name, encoded(&from_path))),
            ("x-amz-metadata-directive", "REPLACE".to_owned()),
            ("x-amz-meta-sha256", expected.sha256.hex().to_owned()),
            ("content-type", content_type(to).to_owned()),
            ("cache-control", expected.kind.cache_control().to_owned()),
        ];
        headers.extend(source.etag.map(|etag| ("x-amz-copy-source-if-match", etag)));
        let ask = Ask { method: Method::PUT, path: &to_path, query: &[], headers: &headers };
        let answer = self.0.signed.send(&ask, &self.0.echo).await.map_err(failed)?;
        if answer.status != StatusCode::OK {
            return Err(failed(refusal::answer(answer.status, &answer.body, &self.0.echo)));
        }
        // A copy that fails half way says so in an answer that began well.
        let copied: Copied =
            quick_xml::de::from_reader(&*answer.body).map_err(|_| failed(garbled("result of a copy")))?;
        Ok(stamp(Some(copied.etag)))
    }

    /// Whether `over` allows what is there now. A moment later it may be another: the run's lock keeps that from happening.
    pub(super) async fn check(&self, key: &Key, over: &Over) -> Result<(), Error> {
        let allowed = match over {
            Over::Anything => true,
            Over::Nothing => self.look(key).await?.is_none(),
            Over::Only(seen) => self.look(key).await?.is_some_and(|now| now.stamp == *seen),
        };
        if allowed { Ok(()) } else { Err(self.error("writing", Some(key), ErrorKind::Changed)) }
    }
}

/// A path as it stands in a header: each of its names percent-encoded.
fn encoded(path: &Path) -> String {
    let encoded: String = url::form_urlencoded::byte_serialize(path.as_ref().as_bytes()).collect();
    encoded.replace('+', "%20").replace("%2F", "/")
}
