//! What can go wrong with a cluster: what was asked of whom, how often, and what came of it.

use std::error::Error as StdError;
use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use super::ask::Right;
use super::refused::Refused;
use super::server::Server;
use crate::error::{Class, Classify};

/// A cause of which only its text is used.
pub(super) type Cause = Box<dyn StdError + Send + Sync>;

/// An operation on a cluster that failed.
#[derive(Debug)]
pub struct Error(Box<Inner>);

#[derive(Debug)]
struct Inner {
    operation: String,
    server: Arc<Server>,
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
    #[error("{} gave no answer", .0.server.host)]
    Unanswered(#[source] Silence),
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
    #[error("{0}")]
    Login(String),
    /// We have none because the login program of the kubeconfig gave none. What it says may be secret.
    #[error("{0}")]
    Program(String),
    /// Our own side is not set up for it.
    #[error(transparent)]
    Setup(Cause),
    /// Neither a kubeconfig nor a pod.
    #[error("{0}")]
    NoCluster(String),
}

/// Whose answer did not come, and why. What asks the API server shares it, so it does not say what was asked.
#[derive(Debug, thiserror::Error)]
#[error("{server}")]
pub(super) struct Silence {
    server: Arc<Server>,
    #[source]
    cause: Cause,
}

impl Error {
    /// `operation` needs something on our side that is not as it must be.
    pub(super) fn setup(operation: impl Into<String>, cause: Cause) -> Self {
        Self::local(operation.into(), Kind::Setup(cause))
    }

    /// `said`: what was looked for.
    pub(super) fn no_cluster(said: String) -> Self {
        Self::local("finding the cluster".to_owned(), Kind::NoCluster(said))
    }

    fn local(operation: String, kind: Kind) -> Self {
        Self::at(&Arc::default(), operation, None, kind)
    }

    /// `operation`, which takes `right`, failed at `server`; where it did not get beyond the login, that failed.
    pub(super) fn at(server: &Arc<Server>, operation: String, right: Option<Right>, kind: Kind) -> Self {
        let is_login = matches!(kind, Kind::Login(_) | Kind::Program(_));
        let operation = if is_login { "logging in to the cluster".to_owned() } else { operation };
        let server = Arc::clone(server);
        Self(Box::new(Inner { operation, server, attempts: 1, answered: true, right, kind }))
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
    /// Of `server` no answer came, or not all of it.
    pub(super) fn unanswered(server: &Arc<Server>, cause: impl Into<Cause>) -> Self {
        Self::Unanswered(Silence { server: Arc::clone(server), cause: cause.into() })
    }

    /// No answer came in time.
    pub(super) fn silent(server: &Arc<Server>, waited: Duration) -> Self {
        Self::unanswered(server, format!("none within {}", humantime::format_duration(waited)))
    }

    /// Whether the same may work in a while.
    pub(super) fn is_worth_another_try(&self) -> bool {
        match self {
            Self::Refused(refused) => refused.is_worth_another_try(),
            Self::Unanswered(_) => true,
            Self::Answer(_)
            | Self::Endless(_)
            | Self::Expired(_)
            | Self::Login(_)
            | Self::Program(_)
            | Self::Setup(_)
            | Self::NoCluster(_) => false,
        }
    }
}

impl Classify for Error {
    fn class(&self) -> Class {
        match &self.0.kind {
            Kind::Refused(refused) => refused.class(),
            Kind::Unanswered(_) | Kind::Expired(_) => Class::Transient,
            Kind::Answer(_) | Kind::Endless(_) => Class::Protocol,
            Kind::Login(_) | Kind::Program(_) => Class::Denied,
            Kind::Setup(_) | Kind::NoCluster(_) => Class::Invalid,
        }
    }

    fn attempts(&self) -> u32 {
        self.0.attempts
    }

    fn advice(&self) -> Option<String> {
        let Inner { server, right, kind, .. } = &*self.0;
        let host = &server.host;
        match kind {
            Kind::Refused(refused) => refused.advice(host, right.as_ref()),
            Kind::Unanswered(_) => Some(format!(
                "see that {host}, {server}, can be reached from here, and that its certificate is of the \
                 kubeconfig's certificate-authority"
            )),
            Kind::Answer(_) | Kind::Endless(_) => {
                Some(format!("see that {host} is the API server, and that nothing answers in its place"))
            }
            Kind::Expired(_) => {
                Some(format!("run again later: the API server {host} forgets lists too soon"))
            }
            Kind::Login(_) => Some(format!("log in to {host} again, or renew the kubeconfig")),
            Kind::Program(_) => Some(format!(
                "log in to {host} again, or renew the kubeconfig; run the login program by hand to see what it says, \
                 which is not shown here because it may be secret"
            )),
            Kind::Setup(_) => None,
            Kind::NoCluster(_) => Some(
                "name a kubeconfig with `--kubeconfig` or in KUBECONFIG, or use files in place of a cluster \
                 (`--from-file` of `imagestreams` and `serve`, `--imagestream-dir` of `nightly`)"
                    .to_owned(),
            ),
        }
    }

    fn unreached(&self) -> Option<&str> {
        let is_silent = matches!(self.0.kind, Kind::Unanswered(_));
        (is_silent && !self.0.answered).then_some(&self.0.server.host)
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
