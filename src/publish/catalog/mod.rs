//! The catalog's own API: what it knows of images, and what it may be asked to do.
//!
//! It is asked to explain, never to decide: what it says of tags does not follow what is served. So an API that does not answer
//! is an error here, and for whoever calls a reason to warn and go on. It keeps a record for each child of an index, by the
//! digest of that. Of what changes something only three operations can be said at all ([`Catalog::request_publish`] and its
//! neighbours), and only by a catalog that may write.

mod error;
mod read;
mod record;
mod requests;

use std::fmt;
use std::sync::Arc;

pub use error::CatalogError;
pub use record::{ImageRequest, Place, Project, Record, RequestStatus};

use bytes::Bytes;
use url::Url;

use crate::redact::Secret;
use crate::registry::{ApiKey, Client};

/// Where the API of the catalog is that customers see.
pub const BASE: &str = "https://catalog.redhat.com/api/containers";
/// The header that the key is shown in.
const HEADER: &str = "x-api-key";

/// Where the catalog's API is, and as whom it is asked.
#[derive(Debug, Clone)]
pub struct CatalogSettings {
    /// The address before `/v1`.
    pub base: Url,
    /// The certification project.
    pub project: Arc<str>,
    /// The key.
    pub key: Secret,
    /// Where the key is from, in words: `api_key of /path/file`.
    pub key_place: Arc<str>,
    /// Whether it may be asked to change something.
    pub may_write: bool,
}

/// One project in the catalog.
#[derive(Clone)]
pub struct Catalog {
    base: Url,
    project: Arc<str>,
    key: ApiKey,
    client: Client,
    may_write: bool,
}

impl Catalog {
    /// The catalog of `settings`, over the connections of `client`, whose logins it is not shown.
    ///
    /// # Errors
    /// The address or the key cannot be used.
    pub fn new(settings: CatalogSettings, client: &Client) -> Result<Self, CatalogError> {
        let CatalogSettings { base, project, key, key_place, may_write } = settings;
        let key = ApiKey::new(HEADER, &key, &key_place);
        let key = key.ok_or_else(|| CatalogError::Key { place: Arc::clone(&key_place) })?;
        if base.cannot_be_a_base() {
            return Err(CatalogError::Base);
        }
        Ok(Self { base, project, key, client: client.clone(), may_write })
    }

    /// Whether it may be asked to do something.
    #[must_use]
    pub fn may_write(&self) -> bool {
        self.may_write
    }

    fn url(&self, path: &[&str]) -> Url {
        below(&self.base, path)
    }
}

/// The versions of tools that the catalog at `base` takes results of, as it lists them to everybody.
///
/// # Errors
/// The API does not give them.
pub async fn tools(client: &Client, base: &Url) -> Result<Bytes, CatalogError> {
    Ok(client.api_get(&below(base, &["tools"]), None, read::LIMIT).await?)
}

/// The address of `path` below `/v1` of `base`; each part goes as it is, whatever is in it.
fn below(base: &Url, path: &[&str]) -> Url {
    let mut url = base.clone();
    if let Ok(mut segments) = url.path_segments_mut() {
        segments.pop_if_empty().push("v1").extend(path);
    }
    url
}

impl fmt::Debug for Catalog {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Catalog({} of {:?}, may_write: {})", self.project, self.key, self.may_write)
    }
}
