//! Why a request cannot be authorised.

use std::sync::Arc;

use http::StatusCode;

use crate::error::{Blame, Chain, Class, Classify, LoginName};
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
        /// Which login; none: anonymous.
        login: Option<LoginName>,
        /// It refuses the login as such, whatever is asked for.
        whole: bool,
        /// What the service said about it, if it did.
        detail: Arc<str>,
    },
    /// The token service gave a token for less than what was asked.
    #[error("the token service `{realm}` granted less than {what}")]
    Less {
        /// The token service.
        realm: Arc<SafeUrl>,
        /// What was asked for, in words.
        what: Arc<str>,
        /// Which login; none: anonymous.
        login: Option<LoginName>,
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

    /// The same refusal, known to be one of the login whatever is asked for.
    pub(super) fn of_login(self) -> Self {
        match self {
            Self::Refused { realm, status, what, login, detail, .. } => {
                Self::Refused { realm, status, what, login, whole: true, detail }
            }
            other => other,
        }
    }

    /// Whether the token service refused the scopes or the login, so that fewer scopes might do.
    pub(super) fn is_refusal(&self) -> bool {
        matches!(self, Self::Refused { .. })
    }

    /// What it comes down to; `right` is the one that is lacking, if it is a right.
    pub(crate) fn blame(
        &self,
        host: &Host,
        right: impl FnOnce(Option<LoginName>) -> Option<Blame>,
    ) -> Option<Blame> {
        let login = |login: LoginName, why: String| {
            Some(Blame::Login { host: host.as_str().into(), login, why: why.into() })
        };
        let place = |place: &Arc<str>| LoginName { user: None, place: Arc::clone(place) };
        match self {
            Self::Login { source, .. } => login(source.login(), source.why()),
            Self::Unsendable { login: of } => {
                login(place(of), "has characters that cannot be sent".to_owned())
            }
            Self::OnlyIdentity { login: of, .. } => login(
                place(of),
                format!("is an identity token, and `{host}` asks for user name and password"),
            ),
            Self::Refused { whole: true, login: Some(of), realm, status, .. } => login(
                of.clone(),
                format!("is refused by `{realm}` for `{host}` (status {})", status.as_u16()),
            ),
            Self::Refused { login, .. } | Self::Less { login, .. } => right(login.clone()),
            Self::Service { source, .. } if source.blame().is_some() => source.blame(),
            Self::Realm { .. } | Self::UnsafeRealm { .. } | Self::Answer { .. } | Self::Service { .. } => {
                Some(Blame::Host { host: host.as_str().into(), what: Chain(self).to_string().into() })
            }
        }
    }
}

/// Whether a token service says with this status that a login, or nobody, may have what was asked for.
fn is_about_rights(status: StatusCode) -> bool {
    matches!(status, StatusCode::BAD_REQUEST | StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN)
}

impl Classify for Error {
    fn class(&self) -> Class {
        match self {
            Self::Login { source, .. } => source.class(),
            Self::Unsendable { .. } => Class::Invalid,
            Self::Refused { status, .. } if !is_about_rights(*status) => Class::Protocol,
            Self::OnlyIdentity { .. } | Self::Refused { .. } | Self::Less { .. } => Class::Denied,
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
            Self::Refused { realm, status, .. } if !is_about_rights(*status) => Some(format!(
                "no login helps: ask the operator of the registry whether tokens are to be had at {realm}"
            )),
            Self::Refused { login: Some(login), what, .. } | Self::Less { login: Some(login), what, .. } => {
                Some(format!("check {login}: it needs {what}"))
            }
            Self::Refused { login: None, what, .. } | Self::Less { login: None, what, .. } => {
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
