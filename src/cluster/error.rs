//! What can go wrong with a cluster: what was asked of whom, how often, and what came of it.

use std::error::Error as StdError;
use std::fmt;
use std::time::Duration;

use super::ask::Right;
use super::refused::Refused;
use crate::error::{Class, Classify};

/// A cause of which only its text is used.
pub(super) type Cause = Box<dyn StdError + Send + Sync>;

/// An operation on a cluster that failed.
#[derive(Debug)]
pub struct Error(Box<Inner>);

#[derive(Debug)]
struct Inner {
    operation: String,
    /// The API server.
    host: String,
    attempts: u32,
    /// Whether it ever answered anything.
    answered: bool,
    /// The right that the operation takes.
    right: Option<Right>,
    kind: Kind,
}

/// Why an operation failed.
#[derive(Debug, thiserror::Error)]
pub(super) enum Kind {
    /// An answer that says no.
    #[error(transparent)]
    Refused(Refused),
    /// None came, or not all of it.
    #[error("the API server gave no answer")]
    Broken(#[source] Cause),
    /// None came in time.
    #[error("the API server gave no answer within {}", humantime::format_duration(*.0))]
    Silent(Duration),
    /// One that is not what was asked for.
    #[error("the API server's answer is of no use: {0}")]
    Answer(String),
    /// A list whose pages never end.
    #[error("the list does not end: {0}")]
    Endless(String),
    /// A list that expires again and again before it is read to its end.
    #[error("the list expired {0} times before it was read to its end")]
    Expired(u32),
    /// We have no login to send.
    #[error("the login to the cluster could not be had")]
    Login(#[source] Cause),
    /// Our own side is not set up for it.
    #[error(transparent)]
    Setup(Cause),
    /// Neither a kubeconfig nor a pod.
    #[error("no kubeconfig is given, and this is no pod with a service account")]
    NoCluster(#[source] Cause),
}

impl Error {
    /// `operation` needs something on our side that is not as it must be.
    pub(super) fn setup(operation: impl Into<String>, cause: Cause) -> Self {
        Self::local(operation.into(), Kind::Setup(cause))
    }

    pub(super) fn no_cluster(cause: Cause) -> Self {
        Self::local("finding the cluster".to_owned(), Kind::NoCluster(cause))
    }

    fn local(operation: String, kind: Kind) -> Self {
        Self(Box::new(Inner {
            operation,
            host: String::new(),
            attempts: 1,
            answered: true,
            right: None,
            kind,
        }))
    }

    /// `operation`, which takes `right`, failed at the API server `host`.
    pub(super) fn at(host: &str, operation: String, right: Option<Right>, kind: Kind) -> Self {
        Self(Box::new(Inner { operation, host: host.to_owned(), attempts: 1, answered: true, right, kind }))
    }

    /// How often it was tried.
    pub(super) fn after(mut self, attempts: u32) -> Self {
        self.0.attempts = attempts;
        self
    }

    /// Whether the API server ever answered anything.
    pub(super) fn answered(mut self, answered: bool) -> Self {
        self.0.answered = answered;
        self
    }

    pub(super) fn kind(&self) -> &Kind {
        &self.0.kind
    }
}

impl Kind {
    /// Whether the same may work in a while.
    pub(super) fn is_worth_another_try(&self) -> bool {
        match self {
            Self::Refused(refused) => refused.is_worth_another_try(),
            Self::Broken(_) | Self::Silent(_) => true,
            Self::Answer(_)
            | Self::Endless(_)
            | Self::Expired(_)
            | Self::Login(_)
            | Self::Setup(_)
            | Self::NoCluster(_) => false,
        }
    }
}

impl Classify for Error {
    fn class(&self) -> Class {
        match &self.0.kind {
            Kind::Refused(refused) => refused.class(),
            Kind::Broken(_) | Kind::Silent(_) | Kind::Expired(_) => Class::Transient,
            Kind::Answer(_) | Kind::Endless(_) => Class::Protocol,
            Kind::Login(_) => Class::Denied,
            Kind::Setup(_) | Kind::NoCluster(_) => Class::Invalid,
        }
    }

    fn attempts(&self) -> u32 {
        self.0.attempts
    }

    fn advice(&self) -> Option<String> {
        let Inner { host, right, kind, .. } = &*self.0;
        match kind {
            Kind::Refused(refused) => refused.advice(host, right.as_ref()),
            Kind::Broken(_) | Kind::Silent(_) => Some(format!(
                "see that the API server {host} can be reached from here, and that its certificate is of the \
                 kubeconfig's certificate-authority"
            )),
            Kind::Answer(_) | Kind::Endless(_) => {
                Some(format!("see that {host} is the API server, and that nothing answers in its place"))
            }
            Kind::Expired(_) => {
                Some(format!("run again later: the API server {host} forgets lists too soon"))
            }
            Kind::Login(_) => Some("log in to the cluster again, or renew the kubeconfig".to_owned()),
            Kind::Setup(_) => None,
            Kind::NoCluster(_) => {
                Some("name a kubeconfig in KUBECONFIG, or run in a pod with a service account".to_owned())
            }
        }
    }

    fn unreached(&self) -> Option<&str> {
        let is_silent = matches!(self.0.kind, Kind::Broken(_) | Kind::Silent(_));
        (is_silent && !self.0.answered).then_some(&self.0.host)
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0.operation)
    }
}

impl StdError for Error {
    fn source(&self) -> Option<&(dyn StdError + 'static)> {
        Some(&self.0.kind)
    }
}
