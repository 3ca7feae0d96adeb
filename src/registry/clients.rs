//! The HTTP clients: HTTP/2 for small answers, HTTP/1.1 for blobs, each with the trust that was asked for.
//!
//! None follows redirects, decompresses, or waits for ever.

use std::sync::OnceLock;

use http::header::CACHE_CONTROL;
use http::{HeaderMap, HeaderValue};
use reqwest::ClientBuilder;
use reqwest::redirect::Policy;

use super::Options;
use super::error::Error;
use super::limit::CONNECTIONS;
use super::trust::Trust;
use crate::error::Class;

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
    /// Another machine that a registry sent us to: our certificate is not for it.
    Stranger,
    /// As that, on this machine.
    LocalStranger,
}

const REACHES: usize = Reach::LocalStranger as usize + 1;

/// What a client offers.
#[derive(Debug, Clone, Copy)]
enum Speaks {
    Either,
    Http1,
    /// Told so, a client makes one connection however many requests wait for it.
    Http2,
}

/// All clients of a run, each made when it is first needed.
pub(super) struct Clients {
    recipe: Recipe,
    lanes: [Lanes; REACHES],
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
        let spare = plain(options).tls_backend_preconfigured(trust.strict(&[])).build();
        let spare = spare.map_err(|error| Error::local("preparing TLS", Class::Invalid, Box::new(error)))?;
        let recipe = Recipe { trust, options: options.clone(), spare };
        Ok(Self { recipe, lanes: std::array::from_fn(|_| Lanes::default()) })
    }

    /// The client for a request over the connection with this number; blobs have connections of their own.
    pub(super) fn pick(&self, lane: Lane, reach: Reach, connection: usize) -> &reqwest::Client {
        let lanes = &self.lanes[reach as usize];
        match lane {
            Lane::Blob => lanes.blob.get_or_init(|| self.recipe.client(reach, Speaks::Http1)),
            Lane::Small => {
                let speaks = if connection == 0 { Speaks::Either } else { Speaks::Http2 };
                lanes.small[connection % CONNECTIONS].get_or_init(|| self.recipe.client(reach, speaks))
            }
        }
    }
}

impl Recipe {
    fn client(&self, reach: Reach, speaks: Speaks) -> reqwest::Client {
        let builder = match reach {
            Reach::Remote | Reach::Stranger => plain(&self.options),
            Reach::Local | Reach::LocalPlain | Reach::LocalStranger => plain(&self.options).no_proxy(),
        };
        let (builder, protocols) = match speaks {
            Speaks::Either => (builder, ["h2", "http/1.1"].as_slice()),
            Speaks::Http1 => (builder.http1_only(), ["http/1.1"].as_slice()),
            Speaks::Http2 => (builder.http2_prior_knowledge(), ["h2"].as_slice()),
        };
        let tls = match reach {
            Reach::Remote | Reach::Local => self.trust.usual(protocols),
            Reach::LocalPlain => self.trust.strict(protocols),
            Reach::Stranger | Reach::LocalStranger => self.trust.nameless(protocols),
        };
        builder.tls_backend_preconfigured(tls).build().unwrap_or_else(|_| self.spare.clone())
    }
}

/// What all clients have in common.
fn plain(options: &Options) -> ClientBuilder {
    let mut always = HeaderMap::new();
    if options.watching {
        always.insert(CACHE_CONTROL, HeaderValue::from_static("no-cache"));
    }
    reqwest::Client::builder()
        .user_agent(&options.user_agent)
        .default_headers(always)
        .redirect(Policy::none())
        // The one retry loop is ours: it counts, and it slows down.
        .retry(reqwest::retry::never())
        .referer(false)
        .no_gzip()
        .no_brotli()
        .no_zstd()
        .no_deflate()
        .connect_timeout(options.connect_timeout)
}
