//! The HTTP clients: HTTP/2 for small answers, HTTP/1.1 for blobs, each with the trust that was asked for.
//!
//! None follows redirects, decompresses, or waits for ever.

use std::fs;
use std::path::Path;
use std::sync::atomic::{AtomicUsize, Ordering};

use reqwest::redirect::Policy;
use reqwest::{Certificate, ClientBuilder, Identity};

use super::Options;
use super::error::{Error, Kind};
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

/// All clients of a run.
#[derive(Debug)]
pub(super) struct Clients {
    remote: Lanes,
    /// For loopback hosts, which no proxy can reach.
    local: Lanes,
    next: AtomicUsize,
}

#[derive(Debug)]
struct Lanes {
    small: Vec<reqwest::Client>,
    blob: reqwest::Client,
}

impl Clients {
    /// Reads the certificates and builds the clients.
    pub(super) fn new(options: &Options) -> Result<Self, Error> {
        let trust = Trust::read(options)?;
        let remote = Lanes::new(|| trust.builder(options))?;
        let local = Lanes::new(|| trust.builder(options).no_proxy())?;
        Ok(Self { remote, local, next: AtomicUsize::new(0) })
    }

    /// The client for a request to a host that `in_use` requests are under way to.
    pub(super) fn pick(&self, lane: Lane, loopback: bool, in_use: usize) -> &reqwest::Client {
        let lanes = if loopback { &self.local } else { &self.remote };
        match lane {
            Lane::Blob => &lanes.blob,
            Lane::Small => {
                let open = (in_use / STREAMS + 1).min(lanes.small.len());
                &lanes.small[self.next.fetch_add(1, Ordering::Relaxed) % open]
            }
        }
    }
}

impl Lanes {
    fn new(builder: impl Fn() -> ClientBuilder) -> Result<Self, Error> {
        let build = |builder: ClientBuilder| builder.build().map_err(|error| setup("preparing TLS", error));
        let small = (0..CONNECTIONS).map(|_| build(builder())).collect::<Result<_, _>>()?;
        Ok(Self { small, blob: build(builder().http1_only())? })
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
        let identity = options.client_certificate.as_deref();
        let identity =
            identity.map(|path| self::identity(path, options.client_key.as_deref())).transpose()?;
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
        let kind = Kind::Answer("the file holds no certificate in PEM form".to_owned());
        return Err(Error::new(operation(), None, kind));
    }
    Ok(found)
}

fn identity(path: &Path, key: Option<&Path>) -> Result<Identity, Error> {
    let operation = || format!("reading the client certificate `{}`", path.display());
    let mut pem = fs::read(path).map_err(|error| setup(operation(), error))?;
    if let Some(key) = key {
        let operation = || format!("reading the client key `{}`", key.display());
        pem.push(b'\n');
        pem.extend(fs::read(key).map_err(|error| setup(operation(), error))?);
    }
    Identity::from_pem(&pem).map_err(|error| setup(operation(), error))
}

fn setup(operation: impl Into<String>, error: impl std::error::Error + Send + Sync + 'static) -> Error {
    Error::local(operation, Class::Invalid, Box::new(error))
}
