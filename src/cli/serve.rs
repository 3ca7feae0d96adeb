//! `serve`: settings become a resident service, which ends when it is asked to.

use tokio::net::TcpListener;

use super::connect;
use super::exit::Exit;
use super::imagestreams::{NothingAttempted, asked, inventory};
use super::output::Output;
use super::policies;
use super::settings::{LeaseSettings, Serve};
use super::stop::{self, Patience};
use crate::cluster::{self, Campaign, Standing};
use crate::engine::{Options, Stop};
use crate::imagestreams::{Inventory, ServeError, Setup, serve as mirror};
use crate::registry::WriteGate;

/// Why it does not start.
#[derive(Debug, thiserror::Error)]
enum NotServed {
    #[error(transparent)]
    Nothing(#[from] NothingAttempted),
    #[error("cannot listen at {address}")]
    Listen { address: std::net::SocketAddr, source: std::io::Error },
    #[error("cannot listen for signals")]
    Signals(#[source] std::io::Error),
    #[error(transparent)]
    Serve(#[from] ServeError),
}

/// Does what `settings` say, until it is asked to stop.
pub(super) async fn serve(settings: Serve, output: &Output) -> Exit {
    match Box::pin(served(settings, output)).await {
        Ok(0) => Exit::AsDesired,
        Ok(given_up) => {
            tracing::warn!("copies that were given up: {given_up}; the next start goes on from there");
            Exit::Unfinished
        }
        Err(error) => output.refuse(&error),
    }
}

async fn served(settings: Serve, output: &Output) -> Result<usize, NotServed> {
    let asked = asked(&settings.wanted, output)?;
    let inventory = inventory(&settings.wanted).await?;
    let policies = policies::beside(&settings.policy, settings.wanted.config.as_deref(), output);
    let policies = policies.map_err(NothingAttempted::from)?;
    let address = settings.listen;
    let listener =
        TcpListener::bind(address).await.map_err(|source| NotServed::Listen { address, source })?;
    let (standing, campaign) = campaign(&settings, &inventory).unzip();
    let gate = standing.clone().map(|standing: Standing| WriteGate::new(move || standing.may_write()));
    let (connection, grace) = (settings.connection, settings.grace);
    let setup = Setup {
        config: settings.wanted.config,
        asked,
        inventory,
        options: Options { jobs: settings.jobs.get(), visible_targets: true, ..Options::default() },
        policies,
        interval: settings.interval,
        allow_empty: settings.wanted.allow_empty,
        standing,
    };
    let connect = Box::new(move || Ok(connect::gated_client(&connection, gate.clone())?));
    let stop = Stop::default();
    let signals = stop::signals().map_err(NotServed::Signals)?;
    if let Ok(address) = listener.local_addr() {
        tracing::info!("the pages are at http://{address}/api/v1/mirrors?action=show");
    }
    tokio::select! {
        ended = mirror(setup, connect, listener, campaign, stop.clone()) => Ok(ended?),
        never = stop::watch(stop, signals, Patience { deadline: None, grace }) => match never {},
    }
}

/// The campaign for the lease, where there is one to hold.
fn campaign(settings: &Serve, inventory: &Inventory) -> Option<(Standing, Campaign)> {
    let Inventory::Cluster(cluster) = inventory else { return None };
    let LeaseSettings { namespace, name, identity, duration } = settings.lease.clone()?;
    let namespace = namespace.unwrap_or_else(|| cluster.namespace().to_owned());
    Some(cluster::lease(cluster, cluster::LeaseSettings { namespace, name, identity, duration }))
}
