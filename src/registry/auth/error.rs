//! Why a request cannot be authorised.

use std::sync::Arc;

use http::StatusCode;

use crate::error::{Class, Classify};
use crate::model::Host;
use crate::redact::SafeUrl;
use crate::registry::credentials::CredentialError;

/// Why a request cannot be authorised. Cheap to clone: those who wait for one token share its failure.
#[derive(Debug, Clone, thiserror::Error)]
pub enum Error {
    /// The login that matches cannot be used.
    #[error("there is no usable login for `{repository}`")]
    Login {
        /// What was to be reached.
        repository: Arc<str>,
        /// Why not.
        #[source]
        source: CredentialError,
    },
    /// The login has characters that a header cannot carry.
    #[error("{login} has characters that cannot be sent")]
    Unsendable {
        /// Which login.
        login: Arc<str>,
    },
    /// The registry wants user and password and the login is an identity token.
    #[error("`{host}` asks for user name and password, but {login} is an identity token")]
    OnlyIdentity {
        /// The registry.
        host: Arc<str>,
        /// Which login.
        login: Arc<str>,
    },
    /// The registry's challenge names no address.
    #[error("the challenge of `{host}` names a realm that is no address")]
    Realm {
        /// The registry.
        host: Arc<str>,
    },
    /// The registry's challenge names an address that no login may be sent to.
    #[error(
        "the challenge of `{host}` names the token service `{realm}`, which is not safe to send a login to"
    )]
    UnsafeRealm {
        /// The registry.
        host: Arc<str>,
        /// The token service.
        realm: Arc<SafeUrl>,
    },
    /// The token service gave no token for what was asked.
    #[error("the token service `{realm}` refused {what} with status {status}{detail}")]
    Refused {
        /// The token service.
        realm: Arc<SafeUrl>,
        /// Its answer.
        status: StatusCode,
        /// What was asked for, in words.
        what: Arc<str>,
        /// Which login, in words; none: anonymous.
        login: Option<Arc<str>>,
        /// What the service said about it, if it did.
        detail: Arc<str>,
    },
    /// The token service answered something that is no token.
    #[error("the token service `{realm}` answered status {status} without a token")]
    Answer {
        /// The token service.
        realm: Arc<SafeUrl>,
        /// Its answer.
        status: StatusCode,
    },
    /// The token service could not be asked.
    #[error("the token service `{realm}` could not be asked")]
    Service {
        /// The token service.
        realm: Arc<SafeUrl>,
        /// Why.
        #[source]
        source: Arc<crate::registry::Error>,
    },
}

impl Error {
    /// The login that matches `name` on `host` cannot be used.
    pub(super) fn login(host: &Host, name: &str, source: CredentialError) -> Self {
        let repository = format!("{host}/{name}").trim_end_matches('/').into();
        Self::Login { repository, source }
    }

    /// Whether the token service refused the scopes or the login, so that fewer scopes might do.
    pub(super) fn is_refusal(&self) -> bool {
        matches!(self, Self::Refused { .. })
    }
}

impl Classify for Error {
    fn class(&self) -> Class {
        match self {
            Self::Login { source, .. } => source.class(),
            Self::Unsendable { .. } => Class::Invalid,
            Self::OnlyIdentity { .. } | Self::Refused { .. } => Class::Denied,
            Self::Answer { status, .. } if *status == StatusCode::TOO_MANY_REQUESTS => Class::Throttled,
            Self::Answer { status, .. } if status.is_server_error() => Class::Transient,
            Self::Realm { .. } | Self::UnsafeRealm { .. } | Self::Answer { .. } => Class::Protocol,
            Self::Service { source, .. } => source.class(),
        }
    }

    fn attempts(&self) -> u32 {
        match self {
            Self::Service { source, .. } => source.attempts(),
            _ => 1,
        }
    }

    fn advice(&self) -> Option<String> {
        match self {
            Self::Login { source, .. } => Some(source.advice()),
            Self::Unsendable { login } => Some(format!("correct {login}")),
            Self::OnlyIdentity { host, .. } => Some(format!("add user name and password for `{host}`")),
            Self::UnsafeRealm { host, .. } => Some(format!(
                "ask the operator of `{host}` for a token service by https; plain http is used only if the registry itself is (--plain-http)"
            )),
            Self::Refused { login: Some(login), what, .. } => Some(format!("check {login}: it needs {what}")),
            Self::Refused { login: None, what, .. } => {
                Some(format!("there is no login for it: add one with {what} to the credentials file"))
            }
            Self::Realm { .. } | Self::Answer { .. } => None,
            Self::Service { source, .. } => source.advice(),
        }
    }

    fn unreached(&self) -> Option<&str> {
        match self {
            Self::Service { source, .. } => source.unreached(),
            _ => None,
        }
    }
}
