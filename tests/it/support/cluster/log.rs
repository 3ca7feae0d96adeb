//! The request log of the API server.

use std::collections::BTreeMap;

use serde_json::Value;
use tokio::time::Instant;

/// One request as it was seen.
#[derive(Debug, Clone)]
pub struct ApiRequest {
    /// When it came, by tokio's clock.
    pub at: Instant,
    /// `GET`, `POST`, …
    pub method: String,
    /// The path, without query.
    pub path: String,
    /// The query, decoded.
    pub query: BTreeMap<String, String>,
    /// What was sent; null: nothing.
    pub body: Value,
}

impl ApiRequest {
    /// Whether it began a watch.
    pub fn is_watch(&self) -> bool {
        self.query.contains_key("watch")
    }

    /// Whether it can change something.
    pub fn is_write(&self) -> bool {
        self.method != "GET"
    }
}
