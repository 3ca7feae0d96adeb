//! Flags about reaching registries, and about how fast and how long.

use std::path::PathBuf;

use serde::Deserialize;

use super::value::{self, Count, HostName, Span, layer};
use crate::model::Shard;

/// How registries are reached and who we are to them.
#[derive(Debug, Clone, Default, clap::Args, Deserialize)]
#[serde(default)]
#[command(next_help_heading = "Registries")]
pub struct ConnectionArgs {
    /// The only file to read logins from [default: the files of podman and docker, merged]
    #[arg(short = 'a', long, value_name = "FILE", visible_alias = "registry-config")]
    #[serde(deserialize_with = "value::one")]
    pub authfile: Option<PathBuf>,
    /// As --authfile, for sources only
    #[arg(long, value_name = "FILE")]
    #[serde(deserialize_with = "value::one")]
    pub source_authfile: Option<PathBuf>,
    /// As --authfile, for targets only
    #[arg(long, value_name = "FILE")]
    #[serde(deserialize_with = "value::one")]
    pub target_authfile: Option<PathBuf>,
    /// A registry to log in to with the pod's own service account
    #[arg(long, value_name = "HOST", value_delimiter = ',')]
    #[serde(deserialize_with = "value::list")]
    pub cluster_registry: Vec<HostName>,
    /// A registry that runs Quay, as quay.io: its pages of tags say what many of them are
    #[arg(long, value_name = "HOST", value_delimiter = ',')]
    #[serde(deserialize_with = "value::list")]
    pub quay: Vec<HostName>,
    /// A file with an OAuth token for quay's API, to list tags with their digests
    #[arg(long, value_name = "FILE")]
    #[serde(deserialize_with = "value::one")]
    pub quay_api_token_file: Option<PathBuf>,
    /// A registry that speaks plain http
    #[arg(long, value_name = "HOST", value_delimiter = ',')]
    #[serde(deserialize_with = "value::list")]
    pub plain_http: Vec<HostName>,
    /// A registry on this machine that speaks TLS all the same
    #[arg(long, value_name = "HOST", value_delimiter = ',')]
    #[serde(deserialize_with = "value::list")]
    pub tls: Vec<HostName>,
    /// Certificates to trust besides the usual ones, PEM
    #[arg(long, value_name = "FILE", visible_alias = "certificate-authority")]
    #[serde(deserialize_with = "value::one")]
    pub ca_file: Option<PathBuf>,
    /// The certificate to show to registries, PEM; it may hold its key too
    #[arg(long, value_name = "FILE")]
    #[serde(deserialize_with = "value::one")]
    pub client_cert: Option<PathBuf>,
    /// The key of --client-cert, PEM
    #[arg(long, value_name = "FILE")]
    #[serde(deserialize_with = "value::one")]
    pub client_key: Option<PathBuf>,
    /// Requests under way with one registry at most [default: adapts to the registry]
    #[arg(long, value_name = "N")]
    #[serde(deserialize_with = "value::one")]
    pub max_per_registry: Option<Count>,
    /// How often a request is made before it fails, the first time included [default: 5]
    #[arg(long, value_name = "N")]
    #[serde(deserialize_with = "value::one")]
    pub attempts: Option<Count>,
    /// The longest pause that a registry may ask for [default: 10m]
    #[arg(long, value_name = "TIME")]
    #[serde(deserialize_with = "value::one")]
    pub max_retry_after: Option<Span>,
    /// How long a registry may send or take no byte [default: 60s]
    #[arg(long, value_name = "TIME")]
    #[serde(deserialize_with = "value::one")]
    pub stall_timeout: Option<Span>,
    /// How long a connection may take to open [default: 10s]
    #[arg(long, value_name = "TIME")]
    #[serde(deserialize_with = "value::one")]
    pub connect_timeout: Option<Span>,
}

impl ConnectionArgs {
    /// What was typed, over `under`.
    #[must_use]
    pub fn over(self, under: Self) -> Self {
        layer!(self over under:
            authfile, source_authfile, target_authfile, quay_api_token_file, ca_file, client_cert, client_key,
            max_per_registry, attempts, max_retry_after, stall_timeout, connect_timeout;
            cluster_registry, quay, plain_http, tls)
    }
}

/// How much at a time, how long, and where the reports go.
#[derive(Debug, Clone, Default, clap::Args, Deserialize)]
#[serde(default)]
#[command(next_help_heading = "Running")]
pub struct PaceArgs {
    /// Where the report files go (JSON, JUnit, HTML, metrics) [default: none are written]
    #[arg(long, value_name = "DIR")]
    #[serde(deserialize_with = "value::one")]
    pub artifacts: Option<PathBuf>,
    /// Entries under way at a time; it bounds memory, not load [default: 32; of `stream`: 4; of `publish`: 2]
    #[arg(long, value_name = "N")]
    #[serde(deserialize_with = "value::one")]
    pub jobs: Option<Count>,
    /// Start no entry after this long, such as 3h30m [default: none]
    #[arg(long, value_name = "TIME")]
    #[serde(deserialize_with = "value::one")]
    pub deadline: Option<Span>,
    /// How long running entries get after a signal or the deadline [default: 25s]
    #[arg(long, value_name = "TIME")]
    #[serde(deserialize_with = "value::one")]
    pub grace: Option<Span>,
}

impl PaceArgs {
    /// What was typed, over `under`.
    #[must_use]
    pub fn over(self, under: Self) -> Self {
        layer!(self over under: artifacts, jobs, deadline, grace;)
    }
}

/// Which share of the work is this run's.
#[derive(Debug, Clone, Copy, Default, clap::Args, Deserialize)]
#[serde(default)]
#[command(next_help_heading = "Running")]
pub struct ShardArgs {
    /// Only the target repositories of shard I of N, I from 0: 0/4 to 3/4 [default: all; in an Indexed Job its index]
    #[arg(long, value_name = "I/N")]
    #[serde(deserialize_with = "value::one")]
    pub shard: Option<Shard>,
}

impl ShardArgs {
    /// What was typed, over `under`.
    #[must_use]
    pub fn over(self, under: Self) -> Self {
        layer!(self over under: shard;)
    }
}
