//! Settings become a client: login files are read, options handed on.
//!
//! No request is made here.

use std::path::PathBuf;

use tokio::time::Instant;

use super::settings::{Connection, Platform};
use crate::mapping::{MappingSet, Wish};
use crate::model::{Endpoint, Repository};
use crate::policy::Policies;
use crate::registry::{
    self, Client, ClusterRegistry, Credentials, LoadError, Options, Role, SearchPaths, TagListing, WriteGate,
};

/// Why no registry can be asked.
#[derive(Debug, thiserror::Error)]
pub(super) enum ConnectError {
    /// A login file that was named cannot be used.
    #[error("cannot read the logins")]
    Logins(#[source] Box<LoadError>),
    /// Certificates cannot be used, or the like.
    #[error("cannot prepare connections; correct the file that is named, or leave out its flag")]
    Client(#[source] Box<registry::Error>),
}

/// A client for the registries of `connection`; nothing waits beyond `deadline`.
///
/// # Errors
/// When a file that was named cannot be used. Nothing was attempted then.
pub(super) fn client(connection: &Connection, deadline: Option<Instant>) -> Result<Client, ConnectError> {
    client_with(connection, |options| options.deadline = deadline)
}

/// As [`client`], which writes only while `gate` is open, if there is one.
pub(super) fn gated_client(connection: &Connection, gate: Option<WriteGate>) -> Result<Client, ConnectError> {
    client_with(connection, |options| options.write_gate = gate)
}

/// A client that believes no answer that somebody kept on the way.
pub(super) fn visitor(connection: &Connection, deadline: Option<Instant>) -> Result<Client, ConnectError> {
    client_with(connection, |options| {
        options.deadline = deadline;
        options.watching = true;
    })
}

/// The logins for sources.
pub(super) fn sources(connection: &Connection) -> Result<Credentials, ConnectError> {
    credentials(connection, connection.source_authfile.as_ref())
}

/// The logins for targets.
pub(super) fn targets(connection: &Connection) -> Result<Credentials, ConnectError> {
    credentials(connection, connection.target_authfile.as_ref())
}

/// This machine, for others who want the same lock.
pub(super) fn this_host(connection: &Connection) -> &str {
    connection.platform.hostname.as_deref().unwrap_or("localhost")
}

/// A client of the same logins beside the one of the run: its requests are counted apart, and what is odd with the logins was
/// told already.
pub(super) fn client_beside(connection: &Connection) -> Result<Client, ConnectError> {
    made(connection, |_| {}, (sources(connection)?, targets(connection)?))
}

fn client_with(connection: &Connection, adapt: impl FnOnce(&mut Options)) -> Result<Client, ConnectError> {
    let (source, target) = (sources(connection)?, targets(connection)?);
    for warning in source.warnings() {
        tracing::warn!("{warning}");
    }
    let of_target = target.warnings().iter().filter(|warning| !source.warnings().contains(warning));
    for warning in of_target {
        tracing::warn!("{warning}");
    }
    made(connection, adapt, (source, target))
}

fn made(
    connection: &Connection,
    adapt: impl FnOnce(&mut Options),
    (source, target): (Credentials, Credentials),
) -> Result<Client, ConnectError> {
    let ca_files = connection.ca_file.iter().cloned().chain(target.extra_ca()).collect();
    let mut options = options(connection, ca_files);
    adapt(&mut options);
    Client::new(options, source, target).map_err(|error| ConnectError::Client(Box::new(error)))
}

fn credentials(connection: &Connection, own: Option<&PathBuf>) -> Result<Credentials, ConnectError> {
    let Platform { home, xdg_runtime_dir, xdg_config_home, docker_config, .. } = connection.platform.clone();
    let authfile = own.or(connection.authfile.as_ref()).cloned();
    let paths = SearchPaths { authfile, xdg_runtime_dir, xdg_config_home, docker_config, home };
    let clusters: Vec<_> = connection.cluster_registries.iter().cloned().map(ClusterRegistry::new).collect();
    Credentials::load(&paths, &clusters).map_err(|error| ConnectError::Logins(Box::new(error)))
}

fn options(connection: &Connection, ca_files: Vec<PathBuf>) -> Options {
    Options {
        attempts: connection.attempts.get(),
        max_retry_after: connection.max_retry_after,
        connect_timeout: connection.connect_timeout,
        stall_timeout: connection.stall_timeout,
        plain_http: connection.plain_http.clone(),
        tls: connection.tls.clone(),
        ca_files,
        client_certificate: connection.identity.as_ref().map(|identity| identity.certificate.clone()),
        client_key: connection.identity.as_ref().and_then(|identity| identity.key.clone()),
        tag_listing: connection.quay.iter().map(|host| (host.clone(), TagListing::Quay)).collect(),
        quay_api_token_file: connection.quay_api_token_file.clone(),
        max_per_registry: connection.max_per_registry.map(std::num::NonZeroUsize::get),
        ..Options::default()
    }
}

/// Tells `client` which repositories will be looked at, so that one token can name several of them.
pub(super) fn announce(client: &Client, set: &MappingSet, policies: &Policies) {
    let allowed = |wish: &&Wish| match wish {
        Wish::Exact(desired) => !policies.forbid(desired),
        Wish::Wildcard(_) => true,
    };
    let wishes = || set.entries().iter().map(|entry| &entry.wish).filter(allowed);
    client.with_role(Role::Source).announce(wishes().filter_map(source));
    client.with_role(Role::Target).announce(wishes().filter_map(target));
}

/// The repository that a wish reads, if it is one.
pub(super) fn source(wish: &Wish) -> Option<Repository> {
    match wish {
        Wish::Exact(desired) => repository(&desired.source),
        Wish::Wildcard(wildcard) => Some(wildcard.source.clone()),
    }
}

/// The repository that a wish writes, if it is one.
pub(super) fn target(wish: &Wish) -> Option<Repository> {
    match wish {
        Wish::Exact(desired) => repository(&desired.target),
        Wish::Wildcard(wildcard) => match &wildcard.target {
            crate::mapping::Destination::Registry(repository) => Some(repository.clone()),
            crate::mapping::Destination::Layout(_) => None,
        },
    }
}

fn repository(endpoint: &Endpoint) -> Option<Repository> {
    match endpoint {
        Endpoint::Registry(image) => Some(image.repository.clone()),
        Endpoint::Layout(_) => None,
    }
}
