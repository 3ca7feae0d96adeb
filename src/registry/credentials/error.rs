//! What can go wrong with credentials. No text holds anything of a secret.

use std::io;
use std::sync::Arc;
use std::time::Duration;

use super::login::Fault;
use crate::error::{Class, LoginName};

/// Why a credential file cannot be used as a whole.
#[derive(Debug, thiserror::Error)]
pub enum LoadError {
    /// It is absent or cannot be read.
    #[error("cannot read the credentials file `{path}`; mount it there, or name another by `--authfile`")]
    Read {
        /// The file.
        path: String,
        /// Why.
        #[source]
        source: io::Error,
    },
    /// It is not JSON.
    #[error("the credentials file `{path}` is not JSON; write it anew, as by `podman login --authfile`")]
    Json {
        /// The file.
        path: String,
        /// Where it stops being JSON.
        #[source]
        source: serde_json::Error,
    },
    /// It is JSON of another form.
    #[error(
        "the credentials file `{path}` has no logins: expected an object with `auths`, `credHelpers` or `credsStore`"
    )]
    Shape {
        /// The file.
        path: String,
    },
    /// It has the form that docker used before 1.7.
    #[error(
        "the credentials file `{path}` has the old `.dockercfg` form; put what it holds under the key `auths`"
    )]
    Legacy {
        /// The file.
        path: String,
    },
}

impl LoadError {
    /// Whether the file is simply not there.
    #[must_use]
    pub fn is_absent(&self) -> bool {
        matches!(self, Self::Read { source, .. }
            if matches!(source.kind(), io::ErrorKind::NotFound | io::ErrorKind::NotADirectory))
    }
}

/// Why a login that a request would have used cannot be used.
#[derive(Debug, Clone, thiserror::Error)]
pub enum CredentialError {
    /// Its entry cannot be decoded.
    #[error("the login for it is broken: {entry} {fault}")]
    Broken {
        /// The entry, by file and key.
        entry: Arc<str>,
        /// What is wrong.
        fault: Fault,
    },
    /// The credential program gave none.
    #[error("{entry} gave no login: `docker-credential-{name}` {what}")]
    Program {
        /// The entry, by file and key.
        entry: Arc<str>,
        /// The program, without `docker-credential-`.
        name: Arc<str>,
        /// What it did.
        what: ProgramFault,
    },
    /// The token of the service account cannot be read.
    #[error("cannot read {entry}")]
    ServiceAccount {
        /// The file.
        entry: Arc<str>,
        /// Why.
        #[source]
        source: Arc<io::Error>,
    },
}

/// What a credential program did wrong. What it printed is never kept: it can be the secret.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum ProgramFault {
    /// It is not on the PATH, or cannot be run.
    #[error("could not be started")]
    Absent,
    /// It ended with an error.
    #[error("failed")]
    Failed,
    /// It printed something else.
    #[error("answered something that is no login")]
    Answer,
    /// It took too long.
    #[error("did not answer within {} s", .0.as_secs())]
    Slow(Duration),
}

impl CredentialError {
    pub(crate) fn class(&self) -> Class {
        match self {
            Self::Broken { .. } => Class::Invalid,
            Self::Program { .. } | Self::ServiceAccount { .. } => Class::Denied,
        }
    }

    /// The login that it is about.
    pub(crate) fn login(&self) -> LoginName {
        let (Self::Broken { entry, .. } | Self::Program { entry, .. } | Self::ServiceAccount { entry, .. }) =
            self;
        LoginName { user: None, place: Arc::clone(entry) }
    }

    /// What is wrong with it, as the rest of a sentence that names it.
    pub(crate) fn why(&self) -> String {
        match self {
            Self::Broken { fault, .. } => format!("is broken: it {fault}"),
            Self::Program { name, what, .. } => format!("cannot be had: `docker-credential-{name}` {what}"),
            Self::ServiceAccount { source, .. } => format!("cannot be read: {source}"),
        }
    }

    pub(crate) fn advice(&self) -> String {
        match self {
            Self::Broken { entry, .. } => format!("correct {entry}, or remove it"),
            Self::Program { name, .. } => {
                format!("check that `docker-credential-{name}` is installed and logged in")
            }
            Self::ServiceAccount { .. } => {
                "run in a pod with a service account, or leave out --cluster-registry".to_owned()
            }
        }
    }
}
