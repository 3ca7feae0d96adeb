//! Everything that speaks the distribution protocol (OCI distribution spec 1.1).
//!
//! A [`Client`] reads and writes manifests and blobs. It decides how often and how fast: permits
//! per host, the one retry loop, tokens, redirects. It does not decide what is copied where; that
//! is the engine's business. Plain files of web servers come over the same transport (`files`).

mod access;
mod api;
mod auth;
mod blobs;
mod chunks;
mod clients;
mod credentials;
mod deletion;
mod disclosure;
mod endpoint;
mod error;
mod files;
mod gate;
mod held;
mod http_error;
mod jwt;
pub mod limit;
mod listing;
mod manifests;
mod options;
mod outgoing;
#[cfg(any(test, fuzzing))]
pub(crate) mod properties;
mod referrers;
mod refusal;
mod retry;
mod streaming;
mod tags;
mod tokens;
mod transport;
mod trust;
mod uploads;
mod verified;
mod wire;

use std::fmt;
use std::sync::Arc;

pub use api::ApiKey;
pub use auth::{Error as AuthError, PushGrant};
pub use blobs::BlobSource;
pub use credentials::{
    ClusterRegistry, CredentialError, Credentials, Fault, LoadError, ProgramFault, SearchPaths,
};
pub use deletion::{DeleteBy, TagDeletion};
pub use error::{Error, Kind, Local};
pub use files::{FileFault, FileStream, Frame, Probed, Start};
pub use gate::WriteGate;
pub use held::HeldBlob;
pub use http_error::HttpError;
pub use limit::Permit;
pub use listing::TagListing;
pub use manifests::Stored;
pub use options::Options;
pub use refusal::Refused;
pub use uploads::{Opened, Upload};
pub use verified::BlobStream;
pub use wire::{carried, counted, is_once, once};

use auth::Authorizer;
use clients::Clients;
use disclosure::Proxies;
use limit::Hosts;
use listing::Listings;
use referrers::Apis;
use retry::Retry;
use wire::Counters;

use crate::model::{Host, Repository, Wire};

/// Whose credentials a client uses. Both roles share connections, limits and counters.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Role {
    /// Reading what is to be copied.
    Source,
    /// Reading and writing where it should be.
    Target,
}

/// The registries of one run. Cheap to clone.
#[derive(Clone)]
pub struct Client {
    role: Role,
    shared: Arc<Shared>,
}

struct Shared {
    options: Options,
    clients: Clients,
    proxies: Proxies,
    hosts: Hosts,
    retry: Retry,
    authorizer: Authorizer,
    listings: Listings,
    referrers: Apis,
    counters: Arc<Counters>,
}

impl Client {
    /// A client in the role of the source.
    ///
    /// # Errors
    /// When a certificate cannot be read or TLS cannot be set up; there is no falling back on defaults.
    pub fn new(mut options: Options, source: Credentials, target: Credentials) -> Result<Self, Error> {
        let beside_tokens = [source.extra_ca(), target.extra_ca()];
        options.ca_files.extend(beside_tokens.into_iter().flatten());
        let shared = Shared {
            clients: Clients::new(&options)?,
            proxies: Proxies::of_environment(),
            hosts: Hosts::new(&options),
            retry: Retry::new(&options),
            authorizer: Authorizer::new(source, target),
            listings: Listings::new(&options)?,
            referrers: Apis::default(),
            counters: Arc::default(),
            options,
        };
        Ok(Self { role: Role::Source, shared: Arc::new(shared) })
    }

    /// The same registries with the credentials of `role`.
    #[must_use]
    pub fn with_role(&self, role: Role) -> Self {
        Self { role, shared: Arc::clone(&self.shared) }
    }

    /// Says that `repositories` will be read with this role, so that one token can name several.
    pub fn announce(&self, repositories: impl IntoIterator<Item = Repository>) {
        for repository in repositories {
            self.shared.authorizer.announce(self.role, &repository);
        }
    }

    /// Says that `repository` is going to be written to, from `source` if that is a repository: when the
    /// right to write is due for one, it can be asked for several.
    pub fn plan_write(&self, repository: &Repository, source: Option<&Repository>) {
        self.shared.authorizer.plan_write(self.role, repository, source);
    }

    /// A permit for a request to `host`, to hand to [`BlobSource::open`].
    ///
    /// # Errors
    /// At once when the host is known not to answer, or asks for a longer pause than we may wait.
    pub async fn permit(&self, host: &Host) -> Result<Permit, Error> {
        self.shared.acquire(host, &format!("request to {host}").into()).await
    }

    /// Runs `attempt` under the retry policy, for what is written to something else than a registry.
    ///
    /// # Errors
    /// The last error of `attempt`, with the number of attempts.
    pub async fn retrying<T, F, Fut>(&self, attempt: F) -> Result<T, Error>
    where
        F: FnMut() -> Fut + Send,
        Fut: Future<Output = Result<T, Error>> + Send,
    {
        self.shared.retry.run(attempt).await
    }

    /// What went over the wire so far, both roles together.
    #[must_use]
    pub fn wire(&self) -> Wire {
        self.shared.counters.wire()
    }

    /// The token services met so far: each registry, and the host that its tokens come from.
    #[must_use]
    pub fn token_hosts(&self) -> Vec<(Host, String)> {
        self.shared.authorizer.realms()
    }
}

impl fmt::Debug for Client {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Client({:?})", self.role)
    }
}
