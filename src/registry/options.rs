//! How a client behaves: patience, limits, TLS. Plain values, set by the command line.

use std::path::PathBuf;
use std::time::Duration;

use tokio::time::Instant;

use super::{TagListing, WriteGate};
use crate::model::Host;

/// How a client behaves; the defaults are those of the command line.
#[derive(Debug, Clone)]
pub struct Options {
    /// How many times an operation is tried, the first time included.
    pub attempts: u32,
    /// The longest wait before the second attempt; it doubles from there.
    pub backoff_min: Duration,
    /// The longest wait between two attempts.
    pub backoff_max: Duration,
    /// The longest pause that a registry may ask for.
    pub max_retry_after: Duration,
    /// How long a connection may take.
    pub connect_timeout: Duration,
    /// How long a request may go on without a byte moving.
    pub stall_timeout: Duration,
    /// How long a registry may take to answer once it has all bytes of a blob.
    pub commit_timeout: Duration,
    /// When the run ends; nothing waits beyond it.
    pub deadline: Option<Instant>,
    /// Hosts that are spoken to in plain http.
    pub plain_http: Vec<Host>,
    /// Loopback hosts that are spoken to in https.
    pub tls: Vec<Host>,
    /// Files of certificates (PEM) that are trusted besides the usual ones.
    pub ca_files: Vec<PathBuf>,
    /// A file with a certificate and its key (PEM) to show to registries that ask for one.
    pub client_certificate: Option<PathBuf>,
    /// The key of that certificate, where it lies in a file of its own.
    pub client_key: Option<PathBuf>,
    /// The most requests under way to one host; none: we find out.
    pub max_per_registry: Option<usize>,
    /// How large the parts are where a registry takes no large upload in one piece.
    pub chunk_size: u64,
    /// Hosts that list tags with digests, besides quay.io and Google's.
    pub tag_listing: Vec<(Host, TagListing)>,
    /// A file with an `OAuth` token for quay's API.
    pub quay_api_token_file: Option<PathBuf>,
    /// Whether registries are watched while they change: each request asks for an answer that no cache kept, and a host that did
    /// not answer yet is not given up.
    pub watching: bool,
    /// What must be open for a request that writes; none: nothing needs to be.
    pub write_gate: Option<WriteGate>,
    /// What we call ourselves.
    pub user_agent: String,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            attempts: 5,
            backoff_min: Duration::from_millis(500),
            backoff_max: Duration::from_secs(30),
            max_retry_after: Duration::from_mins(10),
            connect_timeout: Duration::from_secs(10),
            stall_timeout: Duration::from_mins(1),
            commit_timeout: Duration::from_mins(5),
            deadline: None,
            plain_http: Vec::new(),
            tls: Vec::new(),
            ca_files: Vec::new(),
            client_certificate: None,
            client_key: None,
            max_per_registry: None,
            chunk_size: 32 << 20,
            tag_listing: Vec::new(),
            quay_api_token_file: None,
            watching: false,
            write_gate: None,
            user_agent: concat!("image-mirror/", env!("CARGO_PKG_VERSION")).to_owned(),
        }
    }
}
