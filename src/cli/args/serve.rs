//! Flags of `serve`: how it is reached, how often it looks, who may write.

use std::net::SocketAddr;

use serde::Deserialize;

use super::value::{self, Count, LeaseName, Span, layer};

/// How the resident form runs.
#[derive(Debug, Clone, Default, clap::Args, Deserialize)]
#[serde(default)]
#[command(next_help_heading = "Running")]
pub struct ServeArgs {
    /// Where the pages are: queue, health, metrics [default: 127.0.0.1:8090]
    #[arg(long, value_name = "ADDRESS:PORT")]
    #[serde(deserialize_with = "value::one")]
    pub listen: Option<SocketAddr>,
    /// How often everything is looked through; ImageStreams that change are looked at when they do [default: 1h]
    #[arg(long, value_name = "TIME")]
    #[serde(deserialize_with = "value::one")]
    pub interval: Option<Span>,
    /// The Lease whose holder writes, or `none` [default: image-mirror in the namespace of the pod or the context]
    #[arg(long, value_name = "[NAMESPACE/]NAME")]
    #[serde(deserialize_with = "value::one")]
    pub lease: Option<LeaseName>,
    /// How long a lease holds that is not renewed, from 15s on; writes stop 5s before its end [default: 30s]
    #[arg(long, value_name = "TIME")]
    #[serde(deserialize_with = "value::one")]
    pub lease_duration: Option<Span>,
    /// Images being copied at a time [default: 32]
    #[arg(long, value_name = "N")]
    #[serde(deserialize_with = "value::one")]
    pub jobs: Option<Count>,
    /// How long copies under way get after a signal [default: 25s]
    #[arg(long, value_name = "TIME")]
    #[serde(deserialize_with = "value::one")]
    pub grace: Option<Span>,
}

impl ServeArgs {
    /// What was typed, over `under`.
    #[must_use]
    pub fn over(self, under: Self) -> Self {
        layer!(self over under: listen, interval, lease, lease_duration, jobs, grace;)
    }
}

/// The command without the flag that it has only to refuse it.
pub(super) fn without_idle_flags(command: clap::Command) -> clap::Command {
    command.mut_arg("dry_run", |arg| arg.hide(true))
}
