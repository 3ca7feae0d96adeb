//! What passed a front, counted.

use std::collections::BTreeMap;

use http::Method;
use serde::{Deserialize, Serialize};

/// What a request is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    HeadManifest,
    GetManifest,
    GetBlob,
    HeadBlob,
    Mount,
    OpenUpload,
    PatchUpload,
    PutBlob,
    PutManifest,
    EndUpload,
    Ping,
    Tags,
    Token,
    Other,
}

impl Kind {
    pub const ALL: [Self; 14] = [
        Self::HeadManifest,
        Self::GetManifest,
        Self::GetBlob,
        Self::HeadBlob,
        Self::Mount,
        Self::OpenUpload,
        Self::PatchUpload,
        Self::PutBlob,
        Self::PutManifest,
        Self::EndUpload,
        Self::Ping,
        Self::Tags,
        Self::Token,
        Self::Other,
    ];

    pub fn of(method: &Method, path: &str, query: &str) -> Self {
        if path.starts_with("/token") {
            return Self::Token;
        }
        let is = |part: &str| path.contains(part);
        match method.as_str() {
            "HEAD" if is("/manifests/") => Self::HeadManifest,
            "GET" if is("/manifests/") => Self::GetManifest,
            "PUT" if is("/manifests/") => Self::PutManifest,
            "POST" if is("/blobs/uploads/") && query.contains("mount=") => Self::Mount,
            "POST" if is("/blobs/uploads/") => Self::OpenUpload,
            "PATCH" if is("/blobs/uploads/") => Self::PatchUpload,
            "PUT" if is("/blobs/uploads/") => Self::PutBlob,
            "DELETE" if is("/blobs/uploads/") => Self::EndUpload,
            "GET" if is("/blobs/") => Self::GetBlob,
            "HEAD" if is("/blobs/") => Self::HeadBlob,
            "GET" if path.ends_with("/tags/list") => Self::Tags,
            "GET" if path == "/v2/" => Self::Ping,
            _ => Self::Other,
        }
    }

    /// What it is called in a table.
    pub fn name(self) -> &'static str {
        match self {
            Self::HeadManifest => "HEAD manifest",
            Self::GetManifest => "GET manifest",
            Self::GetBlob => "GET blob",
            Self::HeadBlob => "HEAD blob",
            Self::Mount => "POST mount",
            Self::OpenUpload => "POST upload",
            Self::PatchUpload => "PATCH",
            Self::PutBlob => "PUT blob",
            Self::PutManifest => "PUT manifest",
            Self::EndUpload => "DELETE",
            Self::Ping => "ping",
            Self::Tags => "tags",
            Self::Token => "token",
            Self::Other => "other",
        }
    }

    /// Whether it changes what a registry holds, or means to.
    pub fn writes(self) -> bool {
        matches!(
            self,
            Self::Mount
                | Self::OpenUpload
                | Self::PatchUpload
                | Self::PutBlob
                | Self::PutManifest
                | Self::EndUpload
        )
    }
}

/// What passed since the last look.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub struct Passed {
    pub requests: BTreeMap<Kind, u64>,
    /// The same by method; those for tokens as `token`.
    pub methods: BTreeMap<String, u64>,
    /// Bytes of bodies to the client, and of those the ones of blobs.
    pub down: u64,
    pub blobs_down: u64,
    /// The same from the client.
    pub up: u64,
    pub blobs_up: u64,
    pub connections: u64,
    /// The most requests that were under way at a time.
    pub peak: u64,
    pub under_way: u64,
    /// Answers of 400 and above, but for 404.
    pub refused: BTreeMap<u16, u64>,
}

impl Passed {
    pub fn count(&self, kind: Kind) -> u64 {
        self.requests.get(&kind).copied().unwrap_or_default()
    }

    pub fn total(&self) -> u64 {
        self.requests.values().sum()
    }

    pub fn writes(&self) -> u64 {
        Kind::ALL.into_iter().filter(|kind| kind.writes()).map(|kind| self.count(kind)).sum()
    }

    /// Both together; the peaks are of two hosts and are added.
    pub fn and(mut self, other: &Self) -> Self {
        add(&mut self.requests, &other.requests);
        add(&mut self.methods, &other.methods);
        add(&mut self.refused, &other.refused);
        self.down += other.down;
        self.blobs_down += other.blobs_down;
        self.up += other.up;
        self.blobs_up += other.blobs_up;
        self.connections += other.connections;
        self.peak += other.peak;
        self
    }
}

fn add<K: Ord + Clone>(to: &mut BTreeMap<K, u64>, from: &BTreeMap<K, u64>) {
    for (key, count) in from {
        *to.entry(key.clone()).or_default() += count;
    }
}
