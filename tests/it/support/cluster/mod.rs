//! An API server in this process: ImageStreams and Leases, as far as a client can tell them from real ones.
//!
//! Lists come in pages that expire, watches go on from a `resourceVersion`, writes are refused where another was first, and every request is in the log. It wants a bearer token, [`FakeCluster::token`].
//!
//! ```ignore
//! let api = FakeCluster::start().await;
//! api.put("ocp", "4.20", json!({"status": {"tags": []}}));
//! api.fail(2, 500);
//! let cluster = Cluster::connect(&api.access(folder.path())).await?;
//! ```

mod config_maps;
mod leases;
mod log;
mod serve;
mod status;
mod store;
mod streams;
mod writes;

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use axum::Router;
use image_mirror::cluster::Access;
use serde_json::Value;
use tokio::net::TcpListener;
use tokio::sync::watch;
use tokio::task::JoinSet;

use store::Store;
use writes::WriteScript;

pub use log::ApiRequest;

/// A running API server; it ends when the last clone is dropped.
#[derive(Debug, Clone)]
pub struct FakeCluster {
    shared: Arc<Shared>,
    _server: Arc<JoinSet<std::io::Result<()>>>,
}

/// How Leases are not to be had.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outage {
    /// 503 to each request.
    Unavailable,
    /// No answer at all.
    Silent,
    /// They may be read, and not written.
    ReadOnly,
}

#[derive(Debug)]
struct Shared {
    store: Mutex<Store>,
    script: Mutex<Script>,
    log: Mutex<Vec<ApiRequest>>,
    /// Told of each event, and of each drop of the watches.
    news: watch::Sender<()>,
    host: String,
}

/// What goes wrong.
#[derive(Debug, Default)]
struct Script {
    /// Namespaces that may not be read; the empty one: all of them at once.
    denied: BTreeSet<String>,
    /// So many requests to come are answered with this status and `Retry-After`.
    failures: Vec<(u16, Option<u64>)>,
    /// The numbers of pages, from 1, that are expired when they are next asked for.
    expired_pages: Vec<usize>,
    /// At most so many objects in a page, whatever is asked for.
    page_size: Option<usize>,
    /// Each page leads to itself.
    endless: bool,
    /// There is no such API.
    absent: bool,
    /// What is not there is named in the message only.
    terse: bool,
    leases: Option<Outage>,
    /// Namespaces that may be read only.
    read_only: BTreeSet<String>,
    writes: WriteScript,
}

const TOKEN: &str = "sha256~token-of-the-tests-that-nobody-may-print";

impl FakeCluster {
    /// An API server with nothing in it.
    pub async fn start() -> Self {
        let listener = TcpListener::bind(("127.0.0.1", 0)).await.expect("loopback has free ports");
        let host = listener.local_addr().expect("a bound socket has an address").to_string();
        let shared = Arc::new(Shared {
            store: Mutex::default(),
            script: Mutex::default(),
            log: Mutex::default(),
            news: watch::Sender::new(()),
            host,
        });
        let app = Router::new().fallback(serve::answer).with_state(Arc::clone(&shared));
        let mut server = JoinSet::new();
        server.spawn(async move { axum::serve(listener, app).await });
        Self { shared, _server: Arc::new(server) }
    }

    /// `127.0.0.1:PORT`
    pub fn host(&self) -> &str {
        &self.shared.host
    }

    /// The token that it wants.
    pub fn token() -> &'static str {
        TOKEN
    }

    /// A kubeconfig that leads here, whose context `tests` is in the namespace `ci`.
    pub fn kubeconfig(&self) -> String {
        self.kubeconfig_with(TOKEN)
    }

    /// The same with another token.
    pub fn kubeconfig_with(&self, token: &str) -> String {
        self.kubeconfig_of(&format!("{{token: '{token}'}}"))
    }

    /// The same with another way to log in, as the `user` of a kubeconfig in one line.
    pub fn kubeconfig_of(&self, user: &str) -> String {
        kubeconfig(self.host(), user)
    }

    /// Writes [`FakeCluster::kubeconfig`] into `folder`.
    pub fn write_kubeconfig(&self, folder: &Path) -> PathBuf {
        let path = folder.join("kubeconfig");
        std::fs::write(&path, self.kubeconfig()).expect("the folder can be written");
        path
    }

    /// How the program gets here, by a kubeconfig in `folder`.
    pub fn access(&self, folder: &Path) -> Access {
        Access { kubeconfig: vec![self.write_kubeconfig(folder)], ..Access::default() }
    }
}

/// What it holds.
impl FakeCluster {
    /// Creates or changes an ImageStream; what `metadata` must have is filled in.
    pub fn put(&self, namespace: &str, name: &str, object: Value) {
        self.shared.store().put(namespace, name, object);
        self.shared.news.send_replace(());
    }

    /// The same, with nothing filled in: malformed as it is.
    pub fn put_raw(&self, namespace: &str, name: &str, object: Value) {
        self.shared.store().put_raw(namespace, name, object);
        self.shared.news.send_replace(());
    }

    /// Removes an ImageStream.
    pub fn remove(&self, namespace: &str, name: &str) {
        self.shared.store().remove(namespace, name);
        self.shared.news.send_replace(());
    }

    /// Tells all watches how far they are.
    pub fn bookmark(&self) {
        self.shared.store().bookmark();
        self.shared.news.send_replace(());
    }

    /// A Lease as it is.
    pub fn lease(&self, namespace: &str, name: &str) -> Option<Value> {
        self.shared.store().leases.get(&(namespace.to_owned(), name.to_owned())).cloned()
    }

    /// Who holds a Lease.
    pub fn holder(&self, namespace: &str, name: &str) -> Option<String> {
        self.lease(namespace, name)?["spec"]["holderIdentity"].as_str().map(str::to_owned)
    }

    /// Writes a Lease, whatever it was before.
    pub fn put_lease(&self, namespace: &str, name: &str, spec: &Value) {
        self.shared.store().put_lease(namespace, name, spec);
    }

    /// A ConfigMap as it is.
    pub fn config_map(&self, namespace: &str, name: &str) -> Option<Value> {
        self.shared.store().config_maps.get(&(namespace.to_owned(), name.to_owned())).cloned()
    }

    /// Writes a ConfigMap, whatever it was before; none: removes it.
    pub fn put_config_map(&self, namespace: &str, name: &str, object: Option<&Value>) {
        let mut store = self.shared.store();
        match object {
            Some(object) => drop(store.put_config_map(namespace, name, object)),
            None => drop(store.config_maps.remove(&(namespace.to_owned(), name.to_owned()))),
        }
    }

    /// Removes a Lease.
    pub fn remove_lease(&self, namespace: &str, name: &str) {
        self.shared
            .store()
            .leases
            .remove(&(namespace.to_owned(), name.to_owned()))
            .expect("the lease exists");
    }
}

/// What it saw.
impl FakeCluster {
    /// All requests, in the order they came.
    pub fn requests(&self) -> Vec<ApiRequest> {
        self.shared.log().clone()
    }

    /// The lists of ImageStreams that were asked for, a page each.
    pub fn lists(&self) -> Vec<ApiRequest> {
        let mut requests = self.requests();
        requests.retain(|request| request.path.ends_with("/imagestreams") && !request.is_watch());
        requests
    }

    /// The watches that were begun.
    pub fn watches(&self) -> Vec<ApiRequest> {
        let mut requests = self.requests();
        requests.retain(ApiRequest::is_watch);
        requests
    }

    /// Forgets the requests so far.
    pub fn clear_log(&self) {
        self.shared.log().clear();
    }
}

/// What it is told to do wrong.
impl FakeCluster {
    /// At most so many objects in a page, however many are asked for.
    pub fn page_size(&self, size: usize) {
        self.shared.script().page_size = Some(size);
    }

    /// Nobody may list, watch or read the ImageStreams of a namespace, nor touch its Leases; none: of all at once.
    pub fn deny(&self, namespace: Option<&str>) {
        self.shared.script().denied.insert(namespace.unwrap_or_default().to_owned());
    }

    /// Takes back every [`FakeCluster::deny`].
    pub fn allow(&self) {
        self.shared.script().denied.clear();
    }

    /// The next requests fail.
    pub fn fail(&self, times: usize, status: u16) {
        self.shared.script().failures.extend(std::iter::repeat_n((status, None), times));
    }

    /// The next request fails, and is to come again after so many seconds.
    pub fn fail_and_retry_after(&self, status: u16, seconds: u64) {
        self.shared.script().failures.push((status, Some(seconds)));
    }

    /// A page of a list, counted from 1, is expired when it is next asked for.
    pub fn expire_page(&self, page: usize) {
        self.shared.script().expired_pages.push(page);
    }

    /// Each page of a list leads to itself.
    pub fn never_end_lists(&self) {
        self.shared.script().endless = true;
    }

    /// There are no ImageStreams, as in a plain Kubernetes.
    pub fn without_image_streams(&self) {
        self.shared.script().absent = true;
    }

    /// Breaks the connections of all watches.
    pub fn drop_watches(&self) {
        self.shared.store().drops += 1;
        self.shared.news.send_replace(());
    }

    /// Forgets all events so far: whoever watches from before must list anew.
    pub fn forget_history(&self) {
        self.shared.store().forget_history();
    }

    /// Who asks for an ImageStream that is not there is told so in the message only, without details.
    pub fn without_details(&self) {
        self.shared.script().terse = true;
    }

    /// From now on Leases are not to be had; none: they are again.
    pub fn lease_outage(&self, outage: Option<Outage>) {
        self.shared.script().leases = outage;
    }
}

impl Shared {
    fn store(&self) -> MutexGuard<'_, Store> {
        self.store.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn script(&self) -> MutexGuard<'_, Script> {
        self.script.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn log(&self) -> MutexGuard<'_, Vec<ApiRequest>> {
        self.log.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A kubeconfig that leads to the API server at `host`, with `user` as the way to log in there.
pub fn kubeconfig(host: &str, user: &str) -> String {
    format!(
        "apiVersion: v1\nkind: Config\ncurrent-context: tests\nclusters:\n- name: fake\n  cluster: {{server: \
         'http://{host}'}}\nusers:\n- name: robot\n  user: {user}\ncontexts:\n- name: tests\n  \
         context: {{cluster: fake, user: robot, namespace: ci}}\n"
    )
}
