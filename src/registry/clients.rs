//! The HTTP clients: HTTP/2 for small answers, HTTP/1.1 for blobs, each with the trust that was asked for.
//!
//! None follows redirects, decompresses, or waits for ever.

use std::fs;
use std::path::Path;
use std::sync::OnceLock;
use std::sync::atomic::{AtomicUsize, Ordering};

use reqwest::redirect::Policy;
use reqwest::{Certificate, ClientBuilder, Identity};

use super::Options;
use super::error::Error;
use crate::error::Class;

/// How many HTTP/2 connections to one host there may be at most.
const CONNECTIONS: usize = 4;
/// How many requests share one HTTP/2 connection (servers commonly allow 100 to 128).
const STREAMS: usize = 100;

/// Which connections a request goes over.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Lane {
    /// Small answers, many at a time on one connection.
    Small,
    /// Blobs: HTTP/1.1, whose throughput does not hang on a window of the other side.
    Blob,
}

/// All clients of a run. Each is made when it is first needed: it reads all CA certificates.
pub(super) struct Clients {
    recipe: Recipe,
    remote: Lanes,
    /// For loopback hosts, which no proxy can reach.
    local: Lanes,
    next: AtomicUsize,
}

#[derive(Default)]
struct Lanes {
    small: [OnceLock<reqwest::Client>; CONNECTIONS],
    blob: OnceLock<reqwest::Client>,
}

/// What every client is made by, and one that was made by it.
struct Recipe {
    trust: Trust,
    options: Options,
    proof: reqwest::Client,
}

impl Clients {
    /// Reads the certificates and sees that clients can be built.
    pub(super) fn new(options: &Options) -> Result<Self, Error> {
        let trust = Trust::read(options)?;
        let proof = trust.builder(options).build().map_err(|error| setup("preparing TLS", error))?;
        let recipe = Recipe { trust, options: options.clone(), proof };
        Ok(Self { recipe, remote: Lanes::default(), local: Lanes::default(), next: AtomicUsize::new(0) })
    }

    /// The client for a request to a host that `in_use` requests are under way to.
    pub(super) fn pick(&self, lane: Lane, loopback: bool, in_use: usize) -> &reqwest::Client {
        let lanes = if loopback { &self.local } else { &self.remote };
        let make = |change: fn(ClientBuilder) -> ClientBuilder| {
            let builder = change(self.recipe.trust.builder(&self.recipe.options));
            let builder = if loopback { builder.no_proxy() } else { builder };
            // What was built once builds again; if not, the one that was built will do.
            builder.build().unwrap_or_else(|_| self.recipe.proof.clone())
        };
        match lane {
            Lane::Blob => lanes.blob.get_or_init(|| make(ClientBuilder::http1_only)),
            Lane::Small => {
                let open = (in_use / STREAMS + 1).min(CONNECTIONS);
                let chosen = &lanes.small[self.next.fetch_add(1, Ordering::Relaxed) % open];
                chosen.get_or_init(|| make(std::convert::identity))
            }
        }
    }
}

struct Trust {
    extra: Vec<Certificate>,
    identity: Option<Identity>,
    has_platform: bool,
}

impl Trust {
    fn read(options: &Options) -> Result<Self, Error> {
        let mut extra = Vec::new();
        for path in &options.ca_files {
            extra.extend(certificates(path)?);
        }
        let identity = identity(options)?;
        // Building fails where the platform has no certificates at all, even for plain http.
        let has_platform = reqwest::Client::builder().build().is_ok();
        if !has_platform {
            tracing::debug!("this machine has no CA certificates; the built-in ones are used");
        }
        Ok(Self { extra, identity, has_platform })
    }

    fn builder(&self, options: &Options) -> ClientBuilder {
        let builder = reqwest::Client::builder()
            .user_agent(&options.user_agent)
            .redirect(Policy::none())
            .referer(false)
            .no_gzip()
            .no_brotli()
            .no_zstd()
            .no_deflate()
            .connect_timeout(options.connect_timeout);
        let builder = match &self.identity {
            Some(identity) => builder.identity(identity.clone()),
            None => builder,
        };
        if self.has_platform {
            return builder.tls_certs_merge(self.extra.iter().cloned());
        }
        let built_in = webpki_root_certs::TLS_SERVER_ROOT_CERTS;
        let built_in = built_in.iter().filter_map(|der| Certificate::from_der(der).ok());
        builder.tls_certs_only(built_in.chain(self.extra.iter().cloned()))
    }
}

fn certificates(path: &Path) -> Result<Vec<Certificate>, Error> {
    let operation = || format!("reading the CA file `{}`", path.display());
    let pem = fs::read(path).map_err(|error| setup(operation(), error))?;
    let found = Certificate::from_pem_bundle(&pem).map_err(|error| setup(operation(), error))?;
    if found.is_empty() {
        return Err(setup(operation(), std::io::Error::other("the file holds no certificate in PEM form")));
    }
    Ok(found)
}

fn identity(options: &Options) -> Result<Option<Identity>, Error> {
    let Some(path) = &options.client_certificate else { return Ok(None) };
    let operation = |path: &Path| format!("reading the client certificate `{}`", path.display());
    let mut pem = Vec::new();
    for path in [Some(path), options.client_key.as_ref()].into_iter().flatten() {
        pem.extend(fs::read(path).map_err(|error| setup(operation(path), error))?);
        pem.push(b'\n');
    }
    Identity::from_pem(&pem).map(Some).map_err(|error| setup(operation(path), error))
}

fn setup(operation: impl Into<String>, error: impl std::error::Error + Send + Sync + 'static) -> Error {
    Error::local(operation, Class::Invalid, Box::new(error))
}
