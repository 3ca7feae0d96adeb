//! A Kubernetes cluster: its ImageStreams, its Leases and single `ConfigMaps`. The only module that speaks to an API server.
//!
//! ImageStreams are handed on as the text of their JSON: whoever reads them decides what one malformed object means,
//! and here it never hurts another. Single ones are written as their writers make them. A [`lease`] says which of several replicas may write.

mod access;
mod ask;
mod client;
mod config_maps;
mod error;
mod lease;
mod objects;
mod pages;
mod refused;
mod seen;
mod server;
mod standing;
mod text;
mod watch;

use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};

use kube::Client;

pub use access::Access;
pub use error::Error;
pub use lease::{Campaign, LeaseSettings, lease};
pub use objects::Written;
pub use standing::Standing;
pub use watch::Event;

use server::Server;

/// A cluster and our login there. Clones share connections.
#[derive(Clone)]
pub struct Cluster {
    client: Client,
    server: Arc<Server>,
    /// Whether it ever said anything; what never did is not there, rather than in trouble.
    answered: Arc<AtomicBool>,
    /// How often it was asked, other than by watches and for leases.
    asked: Arc<AtomicU32>,
}

impl Cluster {
    /// The cluster of a kubeconfig if there is one, else the one that this pod runs in. Sends nothing; a login program
    /// that the kubeconfig names is run.
    ///
    /// # Errors
    /// A kubeconfig that cannot be read or lacks what it names; none, outside a pod; a login that cannot be had.
    pub async fn connect(access: &Access) -> Result<Self, Error> {
        let (config, context) = access.config().await?;
        let server = Arc::new(Server::of(&config, context));
        let client = client::prepare(config, &server).map_err(|kind| {
            let operation = format!("preparing requests to {server}");
            Error::at(&server, operation, None, kind)
        })?;
        Ok(Self { client, server, answered: Arc::default(), asked: Arc::default() })
    }

    /// The namespace of this pod, or of the kubeconfig's context; `default` where that names none.
    #[must_use]
    pub fn namespace(&self) -> &str {
        self.client.default_namespace()
    }

    /// Host and port of the API server.
    #[must_use]
    pub fn host(&self) -> &str {
        &self.server.host
    }

    /// How many requests were made, each try counted; those of watches and for leases are not.
    #[must_use]
    pub fn requests(&self) -> u32 {
        self.asked.load(Ordering::Relaxed)
    }

    fn note_answer(&self) {
        self.answered.store(true, Ordering::Relaxed);
    }

    fn has_answered(&self) -> bool {
        self.answered.load(Ordering::Relaxed)
    }
}

impl fmt::Debug for Cluster {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Cluster({})", self.server.host)
    }
}
