//! Watches ImageStreams and notes which changed; what they are now is read when they are looked at.

use std::collections::BTreeSet;
use std::sync::Arc;

use futures_util::stream::{BoxStream, select_all};
use futures_util::{StreamExt as _, future};

use super::service::Shared;
use crate::cluster::{Cluster, Event};
use crate::engine::Stop;
use crate::error::{Chain, Classify as _};
use crate::imagestreams::{ImageStream, Inventory, Needed, StreamName};

/// Watches until `stop`; in other namespaces when the configuration comes to name others.
pub(super) async fn watch(service: &Shared, stop: &Stop) {
    let Inventory::Cluster(cluster) = &service.setup.inventory else { return stop.gently.cancelled().await };
    let mut needed = service.needed.subscribe();
    loop {
        let now = needed.borrow_and_update().clone();
        tokio::select! {
            () = stop.gently.cancelled() => return,
            changed = needed.changed() => if changed.is_err() { return },
            () = follow(service, cluster, now.as_ref()) => {}
        }
    }
}

/// Notes every change of what is `needed`; does not end.
async fn follow(service: &Shared, cluster: &Cluster, needed: Option<&Needed>) {
    let Some(needed) = needed else { return future::pending().await };
    let mut events: BoxStream<'_, Event> = match needed {
        Needed::All => cluster.watch(None).boxed(),
        Needed::Only { namespaces, streams } => {
            let of_streams = streams.iter().map(|stream| &stream.namespace);
            let namespaces: BTreeSet<&Arc<str>> = namespaces.iter().chain(of_streams).collect();
            let watches = namespaces.into_iter().map(|namespace| cluster.watch(Some(namespace)).boxed());
            select_all(watches).boxed()
        }
    };
    while let Some(event) = events.next().await {
        take(service, needed, event);
    }
    // Of no namespace at all nothing changes.
    future::pending::<()>().await;
}

fn take(service: &Shared, needed: &Needed, event: Event) {
    match event {
        Event::Changed(json) => match ImageStream::read(&json) {
            Ok(now) => {
                let name = StreamName { namespace: Arc::clone(&now.namespace), name: Arc::clone(&now.name) };
                if needed.includes(&name) && service.is_news(&now) {
                    service.changes.add(name);
                }
            }
            // The next look through everything says so where it is needed.
            Err(malformed) => tracing::debug!("{}", Chain(&malformed)),
        },
        Event::Deleted { namespace, name } => {
            let name = StreamName { namespace: namespace.into(), name: name.into() };
            if needed.includes(&name) {
                service.changes.add(name);
            }
        }
        Event::Listed => {}
        Event::Trouble(error) => {
            service.metrics.watch_trouble();
            let advice = error.advice().unwrap_or_default();
            tracing::warn!("{}; trying again; {advice}", Chain(&error));
        }
    }
}
