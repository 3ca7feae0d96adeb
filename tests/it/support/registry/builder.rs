//! Sets a registry up and starts it.

use std::sync::{Arc, Mutex};

use axum::Router;
use tokio::task::JoinSet;

use super::access::{Access, Account, Grant};
use super::config::{Config, Locations, MountPolicy, QuayApi};
use super::fault::Faults;
use super::front::Behind;
use super::log::Log;
use super::store::Store;
use super::token::TokenServer;
use super::view::{Glance, Shown, View, Watchers};
use super::wire::{Connection, Door, Side};
use super::{FakeRegistry, Shared, serve, tls};
use crate::support::clock;

/// Sets a registry up; see [`FakeRegistry::builder`].
#[derive(Debug, Default)]
pub struct Builder {
    config: Config,
    store: Store,
    access: Access,
    tls: bool,
    raw_http2: bool,
    behind: Option<Behind>,
    views: Vec<View>,
}

impl Builder {
    /// Changes how it behaves.
    pub fn configure(mut self, change: impl FnOnce(&mut Config)) -> Self {
        change(&mut self.config);
        self
    }

    /// How it answers mounts.
    pub fn mounts(self, mounts: MountPolicy) -> Self {
        self.configure(|config| config.mounts = mounts)
    }

    /// How upload locations look.
    pub fn locations(self, locations: Locations) -> Self {
        self.configure(|config| config.locations = locations)
    }

    /// At most so many tags in a page.
    pub fn page_size(self, size: usize) -> Self {
        self.configure(|config| config.page_size = size)
    }

    /// No `Docker-Content-Digest`.
    pub fn without_digest_header(self) -> Self {
        self.configure(|config| config.digest_header = false)
    }

    /// No `Range`: blobs come whole.
    pub fn without_ranges(self) -> Self {
        self.configure(|config| config.ranges = false)
    }

    /// Blobs are served by a redirect to the second host.
    pub fn redirect_blobs(self) -> Self {
        self.configure(|config| config.redirect_blobs = true)
    }

    /// With a referrers API.
    pub fn referrers(self) -> Self {
        self.configure(|config| config.referrers = true)
    }

    /// With quay's tag list.
    pub fn quay_api(self, api: QuayApi) -> Self {
        self.configure(|config| config.quay_api = api)
    }

    /// Each blob is visible in every repository.
    pub fn shared_blobs(mut self) -> Self {
        self.store.shared_blobs = true;
        self
    }

    /// Takes in indexes that list absent children.
    pub fn sparse_indexes(mut self) -> Self {
        self.store.sparse_indexes = true;
        self
    }

    /// Takes manifests in whether or not what they name is there: nothing but the order of the client's requests keeps
    /// its tags whole.
    pub fn trusting(mut self) -> Self {
        self.store.trusting = true;
        self
    }

    /// Speaks TLS (HTTP/2 and HTTP/1.1), with a certificate of [`FakeRegistry::authority`].
    pub fn tls(mut self) -> Self {
        self.tls = true;
        self
    }

    /// As [`Builder::tls`]; its HTTP/2 can be made to go wrong ([`Fault::refused_stream`](super::Fault::refused_stream)).
    pub fn raw_http2(mut self) -> Self {
        self.raw_http2 = true;
        self.tls()
    }

    /// Holds nothing itself: what no fault spoils is answered by the registry at `host`.
    pub fn in_front_of(mut self, host: &str) -> Self {
        self.behind = Some(Behind::new(host));
        self
    }

    /// Holds nothing of its own: its repository `to` is what `choose` shows of the repository `from` of another registry, anew for
    /// each request that reads. Several calls add several.
    pub fn view(
        mut self,
        (of, from): (&FakeRegistry, &str),
        to: &str,
        choose: impl Fn(&Glance<'_>) -> Shown + Send + Sync + 'static,
    ) -> Self {
        self.views.push(View::new((of, from), to, choose));
        self
    }

    /// Lists tags only for who logs in, whoever may pull.
    pub fn tags_for_logins(self) -> Self {
        self.configure(|config| config.tags_for_logins = true)
    }

    /// Wants a basic login that may do everything; several calls add several.
    pub fn basic(self, name: &str, password: &str) -> Self {
        self.basic_account(name, password, [Grant::everything()])
    }

    /// Wants a basic login that may do this; 403 for the rest.
    pub fn basic_account(mut self, name: &str, password: &str, grants: impl Into<Vec<Grant>>) -> Self {
        let account = Account { name: name.to_owned(), password: password.to_owned(), grants: grants.into() };
        match &mut self.access {
            Access::Basic(accounts) => accounts.push(account),
            access => *access = Access::Basic(vec![account]),
        }
        self
    }

    /// Wants tokens of this server.
    pub fn bearer(mut self, tokens: &TokenServer) -> Self {
        self.access = Access::Bearer(tokens.clone());
        self
    }

    /// Starts listening.
    pub async fn start(self) -> FakeRegistry {
        clock::pace();
        let (acceptor, authority) = self.tls.then(tls::loopback).unzip();
        let (door, address) = Door::open(Side::Registry, acceptor.clone()).await;
        let (other_door, other_address) = Door::open(Side::Elsewhere, acceptor).await;
        let shared = Arc::new(Shared {
            config: Mutex::new(self.config),
            store: Mutex::new(self.store),
            access: self.access,
            log: Log::default(),
            faults: Faults::default(),
            barriers: Mutex::default(),
            stop: Mutex::default(),
            broken: Mutex::default(),
            host: address.to_string(),
            elsewhere: other_address.to_string(),
            scheme: if self.tls { "https" } else { "http" },
            authority,
            behind: self.behind,
            views: self.views,
            watchers: Watchers::default(),
        });
        let mut servers = JoinSet::new();
        for door in [door, other_door] {
            let app = Router::new().fallback(serve::answer).with_state(Arc::clone(&shared));
            let door = if self.raw_http2 { door.with_raw_http2(&shared) } else { door };
            let service = app.into_make_service_with_connect_info::<Connection>();
            servers.spawn(async move { axum::serve(door, service).await });
        }
        FakeRegistry { shared, _servers: Arc::new(servers) }
    }
}
