//! The resident form: the same comparison on a schedule and when an ImageStream changes, a queue of what differs, and
//! pages that show it.
//!
//! 1. `looking` reads what there is, `known` keeps it, `watching` tells what changed.
//! 2. `compare` queues what differs: `queue` has one place a target.
//! 3. `copies` takes from it.
//! 4. `pages` show the queue, health and metrics.
//!
//! Of several instances the holder of the lease does 1 to 3. When the lease is lost, what is being copied stops before
//! its next write.

mod clients;
mod compare;
mod copies;
mod known;
mod looking;
mod metrics;
mod pages;
mod queue;
mod service;
mod stale;
mod tell;
mod watching;

use std::error::Error;
use std::future::pending;
use std::pin::pin;
use std::sync::Arc;

use tokio::net::TcpListener;

pub use clients::Connect;
pub use service::Setup;

use crate::cluster::Campaign;
use crate::engine::Stop;
use crate::error::Chain;
use service::{Service, Shared};

/// Why the resident form cannot start, or ended by itself.
#[derive(Debug, thiserror::Error)]
pub enum ServeError {
    /// Logins or certificates cannot be used.
    #[error("cannot prepare connections")]
    Connect(#[source] Box<dyn Error + Send + Sync>),
    /// The pages cannot be shown.
    #[error("cannot answer requests")]
    Pages(#[source] std::io::Error),
}

/// Mirrors until `stop`; the pages are answered at `listener`. Writes of the clients that `connect` makes wait for the
/// lease. Gives how many copies were given up.
///
/// # Errors
/// See [`ServeError`].
pub async fn serve(
    setup: Setup,
    connect: Connect,
    listener: TcpListener,
    mut campaign: Option<Campaign>,
    stop: Stop,
) -> Result<usize, ServeError> {
    let service = Arc::new(Service::new(setup, connect).map_err(ServeError::Connect)?);
    let pages = axum::serve(listener, pages::pages(Arc::clone(&service)));
    let given_up = tokio::select! {
        given_up = terms(&service, &stop) => given_up,
        ended = pages => return Err(ServeError::Pages(ended.err().unwrap_or_else(|| std::io::Error::other("nobody listens any more")))),
        never = run(campaign.as_mut()) => match never {},
    };
    if let Some(campaign) = campaign
        && let Err(error) = campaign.release().await
    {
        tracing::warn!("the lease is left to end by itself: {}", Chain(&error));
    }
    Ok(given_up)
}

async fn run(campaign: Option<&mut Campaign>) -> std::convert::Infallible {
    match campaign {
        Some(campaign) => campaign.run().await,
        None => pending().await,
    }
}

/// Mirrors whenever the lease is ours, until `stop`.
async fn terms(service: &Shared, stop: &Stop) -> usize {
    let Some(standing) = service.setup.standing.clone() else { return lead(service, stop).await };
    loop {
        tokio::select! {
            () = stop.gently.cancelled() => return 0,
            () = standing.held() => {}
        }
        let term = Stop {
            gently: stop.gently.child_token(),
            now: stop.now.child_token(),
            deadline: Arc::clone(&stop.deadline),
        };
        let mut lead = pin!(lead(service, &term));
        tokio::select! {
            given_up = &mut lead => return given_up,
            () = standing.lost() => {}
        }
        term.gently.cancel();
        term.now.cancel();
        let given_up = lead.await;
        service.queue.clear();
        if stop.gently.is_cancelled() {
            return given_up;
        }
    }
}

/// Mirrors until `stop`. Gives how many copies were given up.
async fn lead(service: &Shared, stop: &Stop) -> usize {
    let ((), (), given_up) = tokio::join!(
        looking::look(service, stop),
        watching::watch(service, stop),
        copies::copy(service, stop)
    );
    given_up
}
