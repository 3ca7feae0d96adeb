//! What is asked of the catalog without changing anything.

use serde::Deserialize;
use serde::de::DeserializeOwned;
use url::Url;

use super::record::or_empty;
use super::{Catalog, CatalogError, ImageRequest, Project, Record};
use crate::model::Digest;
use crate::redact::SafeUrl;

/// The largest answer that is read.
pub(super) const LIMIT: u64 = 16 << 20;
/// So many are asked for at a time, which is the most that the catalog gives.
const PAGE: &str = "100";
/// So many pages are read.
const MOST_PAGES: usize = 100;

#[derive(Deserialize)]
struct Page<T> {
    #[serde(default = "Vec::new", deserialize_with = "or_empty", bound = "T: Deserialize<'de>")]
    data: Vec<T>,
    #[serde(default)]
    total: Option<usize>,
}

impl Catalog {
    /// The project: whether there is one, and the key is good for it.
    ///
    /// # Errors
    /// The API does not tell.
    pub async fn project(&self) -> Result<Project, CatalogError> {
        self.get(&self.url(&["projects", "certification", "id", &self.project])).await
    }

    /// What the catalog knows of the image of one platform, by the digest of its manifest. Empty: it does not know it.
    ///
    /// # Errors
    /// The API does not tell.
    pub async fn records(&self, child: &Digest) -> Result<Vec<Record>, CatalogError> {
        let mut url = self.url(&["projects", "certification", "id", &self.project, "images"]);
        let filter = format!("docker_image_digest=={child};deleted!=true");
        url.query_pairs_mut().append_pair("filter", &filter);
        self.all(url).await
    }

    /// The last request to publish an image; none: there was none.
    ///
    /// # Errors
    /// The API does not tell.
    pub async fn last_request(&self, id: &str) -> Result<Option<ImageRequest>, CatalogError> {
        let mut url = self.url(&["images", "id", id, "requests"]);
        url.query_pairs_mut().append_pair("filter", "operation==publish");
        let requests: Vec<ImageRequest> = self.all(url).await?;
        // Of several that do not say when they were made it is the one that stands last.
        Ok(requests.into_iter().max_by(|a, b| a.creation_date.cmp(&b.creation_date)))
    }

    async fn get<T: DeserializeOwned>(&self, url: &Url) -> Result<T, CatalogError> {
        let body = self.client.api_get(url, Some(&self.key), LIMIT).await?;
        serde_json::from_slice(&body).map_err(|error| CatalogError::Answer {
            asked: asked(url),
            line: error.line(),
            column: error.column(),
        })
    }

    /// All entries of a list, page after page, until one is empty or as many came as there are said to be.
    async fn all<T: DeserializeOwned>(&self, url: Url) -> Result<Vec<T>, CatalogError> {
        let mut all = Vec::new();
        for number in 0..MOST_PAGES {
            let mut url = url.clone();
            url.query_pairs_mut().append_pair("page_size", PAGE).append_pair("page", &number.to_string());
            let page: Page<T> = self.get(&url).await?;
            let is_empty = page.data.is_empty();
            all.extend(page.data);
            if is_empty || page.total.is_some_and(|total| all.len() >= total) {
                return Ok(all);
            }
        }
        Err(CatalogError::Endless { asked: asked(&url) })
    }
}

fn asked(url: &Url) -> String {
    format!("GET {}", SafeUrl::new(url.clone()))
}
