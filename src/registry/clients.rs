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

/// What kind of host a request goes to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Reach {
    /// Another machine.
    Remote,
    /// This one, which no proxy can reach.
    Local,
    /// This one, without TLS.
    LocalPlain,
}

/// All clients of a run. Each is made when it is first needed: most read all CA certificates.
pub(super) struct Clients {
    recipe: Recipe,
    remote: Lanes,
    local: Lanes,
    local_plain: Lanes,
    next: AtomicUsize,
}

#[derive(Default)]
struct Lanes {
    small: [OnceLock<reqwest::Client>; CONNECTIONS],
    blob: OnceLock<reqwest::Client>,
}

/// What every client is made by.
struct Recipe {
    trust: Trust,
    options: Options,
    /// Trusts nobody; for when no other can be built, so that requests fail and the program goes on.
    spare: reqwest::Client,
}

impl Clients {
    /// Reads the certificates that were named, and sees that clients can be built with them.
    pub(super) fn new(options: &Options) -> Result<Self, Error> {
        let trust = Trust::read(options)?;
        let failed = |error| setup("preparing TLS", error);
        if trust.is_our_own() {
            trust.builder(options).build().map_err(failed)?;
        }
        let spare = plain(options).tls_certs_only([]).build().map_err(failed)?;
        let recipe = Recipe { trust, options: options.clone(), spare };
        let [remote, local, local_plain] = std::array::from_fn(|_| Lanes::default());
        Ok(Self { recipe, remote, local, local_plain, next: AtomicUsize::new(0) })
    }

    /// The client for a request to a host that `in_use` requests are under way to.
    pub(super) fn pick(&self, lane: Lane, reach: Reach, in_use: usize) -> &reqwest::Client {
        let lanes = match reach {
            Reach::Remote => &self.remote,
            Reach::Local => &self.local,
            Reach::LocalPlain => &self.local_plain,
        };
        let make = |change: fn(ClientBuilder) -> ClientBuilder| self.recipe.client(reach, change);
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

impl Recipe {
    fn client(&self, reach: Reach, change: fn(ClientBuilder) -> ClientBuilder) -> reqwest::Client {
        let builder = match reach {
            Reach::Remote => self.trust.builder(&self.options),
            Reach::Local => self.trust.builder(&self.options).no_proxy(),
            // Reading all CA certificates takes longer than a run on this machine without TLS.
            Reach::LocalPlain => plain(&self.options).no_proxy().tls_certs_only([]),
        };
        change(builder).build().unwrap_or_else(|_| self.spare.clone())
    }
}

/// A client that trusts nobody yet.
fn plain(options: &Options) -> ClientBuilder {
    reqwest::Client::builder()
        .user_agent(&options.user_agent)
        .redirect(Policy::none())
        .referer(false)
        .no_gzip()
        .no_brotli()
        .no_zstd()
        .no_deflate()
        .connect_timeout(options.connect_timeout)
}

struct Trust {
    extra: Vec<Certificate>,
    identity: Option<Identity>,
    has_platform: OnceLock<bool>,
}

impl Trust {
    fn read(options: &Options) -> Result<Self, Error> {
        let mut extra = Vec::new();
        for path in &options.ca_files {
            extra.extend(certificates(path)?);
        }
        let identity = identity(options)?;
        Ok(Self { extra, identity, has_platform: OnceLock::new() })
    }

    /// Whether something was named that a client may not be buildable with.
    fn is_our_own(&self) -> bool {
        !self.extra.is_empty() || self.identity.is_some()
    }

    /// Whether this machine has CA certificates; without any, a client that wants them cannot be built.
    fn has_platform(&self) -> bool {
        *self.has_platform.get_or_init(|| {
            let has_platform = reqwest::Client::builder().build().is_ok();
            if !has_platform {
                tracing::debug!("this machine has no CA certificates; the built-in ones are used");
            }
            has_platform
        })
    }

    fn builder(&self, options: &Options) -> ClientBuilder {
        let builder = match &self.identity {
            Some(identity) => plain(options).identity(identity.clone()),
            None => plain(options),
        };
        if self.has_platform() {
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
