//! What can go wrong with a registry: the operation, how often it was tried, and why it failed.
//!
//! The cause is typed ([`Kind`]); its class, whether it is worth another try and what to do about it
//! are decided here and nowhere else. Text never holds a query, a login or a cause.

use std::error::Error as StdError;
use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use super::auth;
use super::files::FileFault;
use super::http_error::HttpError;
use super::refusal::Refused;
use crate::error::{Blame, Class, Classify, LoginName, Right};
use crate::model::{Digest, Host};
use crate::redact::SafeUrl;

/// A failed operation on a registry.
pub struct Error(Box<Inner>);

struct Inner {
    operation: Arc<str>,
    host: Option<Host>,
    attempts: u32,
    purpose: Option<Purpose>,
    kind: Kind,
}

/// What a request was for, as far as rights go.
#[derive(Debug, Clone)]
pub(super) struct Purpose {
    /// The name of the repository whose login was used.
    pub(super) repository: Arc<str>,
    pub(super) right: Right,
}

/// Why an operation failed.
#[derive(Debug, thiserror::Error)]
pub enum Kind {
    /// The registry answered with a status that is no success.
    #[error("{0}")]
    Refused(Box<Refused>),
    /// No connection could be made: name, network, refused, TLS.
    #[error("cannot connect")]
    Connect(#[source] HttpError),
    /// The certificate of the other side is not to be trusted.
    #[error("the certificate of the registry is not trusted")]
    Certificate(#[source] HttpError),
    /// The other side wants to know who we are.
    #[error("the server asks for a client certificate that it trusts")]
    Nameless(#[source] HttpError),
    /// https was spoken to something that does not speak it.
    #[error("the registry does not speak https")]
    NotTls(#[source] HttpError),
    /// No byte moved for as long as we wait.
    #[error("no byte moved for {}", humantime::format_duration(*.0))]
    Stalled(Duration),
    /// The connection broke.
    #[error("the connection broke")]
    Broken(#[source] HttpError),
    /// The body ended too early.
    #[error("the body ended after {found} of {expected} bytes")]
    Truncated {
        /// The length that was announced.
        expected: u64,
        /// What came.
        found: u64,
    },
    /// The registry asks for more patience than this run has.
    #[error("the registry asks to wait {}, which is longer than this run may wait",
        humantime::format_duration(Duration::from_secs(.0.as_secs())))]
    Throttled(Duration),
    /// The host never gave an answer in this run; the first to find out has the cause.
    #[error("{host} never answered in this run")]
    Unreached {
        /// The host.
        host: Host,
        /// What kept us from it.
        #[source]
        cause: Arc<Kind>,
    },
    /// The bytes are not what their digest says.
    #[error("the bytes have the digest {found}, not {expected}")]
    Digest {
        /// What was asked for.
        expected: Digest,
        /// What came.
        found: Digest,
    },
    /// There are more bytes than the descriptor says.
    #[error("the body is longer than the {0} bytes it should have")]
    TooLong(u64),
    /// A body that is read into memory is larger than we allow.
    #[error("the body is larger than the {0} bytes allowed")]
    TooLarge(u64),
    /// The answer lacks something or makes no sense.
    #[error("{0}")]
    Answer(String),
    /// A redirect that is not followed.
    #[error("redirected to {0:?}, which is not followed")]
    Redirect(SafeUrl),
    /// The login for the request would be seen by a proxy.
    #[error("a proxy stands before `{0}` and would see the login, which goes in the clear")]
    SeenByProxy(String),
    /// Redirects without an end.
    #[error("redirected too often, at last to {0:?}")]
    Redirects(SafeUrl),
    /// The registry sent us elsewhere, and there it failed.
    #[error("redirected to {to:?}")]
    Elsewhere {
        /// Where to.
        to: SafeUrl,
        /// What went wrong there.
        #[source]
        cause: Box<Kind>,
    },
    /// A page for people, where the registry's answer was due.
    #[error("a page of HTML where the registry's answer was due")]
    Page,
    /// The registry says that it stored something else than what was sent.
    #[error("the registry says that it stored {found}, not {expected}")]
    Stored {
        /// What was sent.
        expected: Digest,
        /// What it says.
        found: Digest,
    },
    /// The registry went on asking us to slow down.
    #[error("{refused}, still so after pauses of {} in all",
        humantime::format_duration(Duration::from_secs(.wait.as_secs())))]
    Slowed {
        /// What it said last.
        refused: Box<Refused>,
        /// How long we waited.
        wait: Duration,
    },
    /// No authorization for the request could be had.
    #[error("no authorization")]
    Authorization(#[source] Box<auth::Error>),
    /// The token was dropped while it was in use; the operation is to be tried anew.
    #[error("the token expired on the way")]
    Expired,
    /// The right to write ended before the request was made.
    #[error("this instance may not write any more")]
    Withheld,
    /// A file of a web server is not what it should be.
    #[error(transparent)]
    File(FileFault),
    /// Something on our side of the wire.
    #[error(transparent)]
    Local(Local),
}

/// What failed on our side of the wire: it stands for its cause, which prints once.
#[derive(Debug)]
pub struct Local {
    class: Class,
    cause: Box<dyn StdError + Send + Sync>,
}

impl fmt::Display for Local {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(&self.cause, f)
    }
}

impl StdError for Local {
    fn source(&self) -> Option<&(dyn StdError + 'static)> {
        self.cause.source()
    }
}

/// What the retry loop makes of an error.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Verdict {
    /// Nothing would change.
    Final,
    /// It may work next time.
    Again,
    /// The host is pausing; trying again costs no attempt.
    Paused,
    /// Once more with a new token, at no cost.
    Renewed,
    /// Tried twice in all.
    Once,
}

impl Error {
    pub(super) fn new(operation: impl Into<Arc<str>>, host: Option<&Host>, kind: Kind) -> Self {
        Self(Box::new(Inner {
            operation: operation.into(),
            host: host.cloned(),
            attempts: 1,
            purpose: None,
            kind,
        }))
    }

    /// An error of a source or target that is not a registry: `operation` names what was done to what.
    pub fn local(operation: impl Into<String>, class: Class, cause: Box<dyn StdError + Send + Sync>) -> Self {
        let kind = Kind::Local(Local { class, cause });
        Self::new(operation.into(), None, kind)
    }

    pub(super) fn with_purpose(mut self, purpose: Option<Purpose>) -> Self {
        self.0.purpose = purpose;
        self
    }

    pub(super) fn after(mut self, attempts: u32) -> Self {
        self.0.attempts = attempts;
        self
    }

    pub(super) fn verdict(&self) -> Verdict {
        self.0.kind.verdict()
    }

    /// The same operation, given up after pauses of `wait` in all.
    pub(super) fn throttled(mut self, wait: Duration) -> Self {
        self.0.kind = match self.0.kind {
            Kind::Refused(refused) => Kind::Slowed { refused, wait },
            _ => Kind::Throttled(wait),
        };
        self
    }

    /// The host that was asked.
    #[must_use]
    pub fn host(&self) -> Option<&Host> {
        self.0.host.as_ref()
    }

    /// The cause.
    #[must_use]
    pub fn kind(&self) -> &Kind {
        &self.0.kind
    }

    /// The status of the answer, if there was one that mattered.
    #[must_use]
    pub fn status(&self) -> Option<u16> {
        match &self.0.kind {
            Kind::Refused(refused) => Some(refused.status.as_u16()),
            _ => None,
        }
    }

    /// Whether the thing asked for does not exist.
    #[must_use]
    pub fn is_missing(&self) -> bool {
        self.class() == Class::Missing
    }

    /// Whether the registry itself says that there is no such thing. Any other 404 may be that of something in its place.
    #[must_use]
    pub fn denies_existence(&self) -> bool {
        matches!(&self.0.kind, Kind::Refused(refused) if refused.denies_existence())
    }

    /// Whether access was refused, also by the token service.
    #[must_use]
    pub fn is_denied(&self) -> bool {
        self.class() == Class::Denied
    }

    /// Whether this is how a registry answers that cannot delete a tag alone (OCI distribution spec, Deleting tags).
    #[must_use]
    pub fn refuses_tag_deletion(&self) -> bool {
        matches!(self.status(), Some(400 | 405))
    }

    /// Blobs and manifests that the registry says it lacks, in its answer to a manifest: none: it does
    /// not say so; an empty list: it does, and names none.
    #[must_use]
    pub fn missing_content(&self) -> Option<Vec<Digest>> {
        match &self.0.kind {
            Kind::Refused(refused) => refused.missing_content(),
            _ => None,
        }
    }
}

impl Kind {
    fn verdict(&self) -> Verdict {
        match self {
            Self::Refused(refused) => refused.verdict(),
            Self::Connect(_)
            | Self::Stalled(_)
            | Self::Broken(_)
            | Self::Truncated { .. }
            | Self::Page
            | Self::Local(Local { class: Class::Transient, .. }) => Verdict::Again,
            Self::Elsewhere { cause, .. } => cause.verdict(),
            Self::File(fault) => fault.verdict(),
            // Nonsense may have been said by a proxy that is gone the next time.
            Self::Digest { .. } | Self::TooLong(_) | Self::Stored { .. } | Self::Answer(_) => Verdict::Once,
            Self::Expired => Verdict::Renewed,
            Self::Certificate(_)
            | Self::Nameless(_)
            | Self::NotTls(_)
            | Self::Throttled(_)
            | Self::Unreached { .. }
            | Self::TooLarge(_)
            | Self::Slowed { .. }
            | Self::Redirect(_)
            | Self::Redirects(_)
            | Self::SeenByProxy(_)
            | Self::Authorization(_)
            | Self::Withheld
            | Self::Local(_) => Verdict::Final,
        }
    }

    fn class(&self) -> Class {
        match self {
            Self::Refused(refused) => refused.class(),
            Self::Connect(_)
            | Self::Stalled(_)
            | Self::Broken(_)
            | Self::Truncated { .. }
            | Self::Expired => Class::Transient,
            Self::Throttled(_) | Self::Slowed { .. } => Class::Throttled,
            Self::Unreached { cause, .. } => cause.class(),
            Self::Elsewhere { cause, .. } => cause.class(),
            Self::Digest { .. } | Self::TooLong(_) | Self::Stored { .. } => Class::Corrupt,
            Self::Certificate(_)
            | Self::NotTls(_)
            | Self::TooLarge(_)
            | Self::Answer(_)
            | Self::Page
            | Self::Redirect(_)
            | Self::Redirects(_) => Class::Protocol,
            Self::Nameless(_) | Self::SeenByProxy(_) => Class::Denied,
            Self::Authorization(error) => error.class(),
            Self::Withheld => Class::Interrupted,
            Self::File(fault) => fault.class(),
            Self::Local(local) => local.class,
        }
    }

    fn advice(&self, host: Option<&Host>) -> Option<String> {
        let host = host.map_or("the registry", Host::as_str);
        match self {
            Self::Refused(refused) => refused.advice(host),
            Self::Certificate(_) => Some(format!(
                "if {host} has a certificate of your own authority, name its file with --ca-file"
            )),
            Self::Nameless(_) => Some(format!(
                "name the certificate for {host} with --client-cert, and its key with --client-key"
            )),
            Self::NotTls(_) => {
                Some(format!("if {host} is meant to speak plain http, say --plain-http {host}"))
            }
            Self::Throttled(_) | Self::Slowed { .. } => Some(format!(
                "run again later, or lower --max-per-registry; --max-retry-after lets the run wait longer for {host}"
            )),
            Self::Unreached { cause, .. } => cause.advice(Some(&Host::new(host))).or_else(|| {
                Some(format!(
                    "check that {host} is spelt right and can be reached from here (name, proxy, network)"
                ))
            }),
            Self::SeenByProxy(host) => {
                Some(format!("speak https to `{host}`, or name it in NO_PROXY to reach it directly"))
            }
            Self::Authorization(error) => error.advice(),
            Self::File(fault) => fault.advice(host),
            Self::Digest { .. } | Self::TooLong(_) => {
                Some("the source serves bytes that are not the image; push the image there again".to_owned())
            }
            Self::Page => Some(format!(
                "something answers in the place of {host}: a proxy, or a page to sign in at; see that {host} can be \
                 reached from here"
            )),
            Self::Stored { .. } => {
                Some(format!("{host} changes blobs as they are pushed: ask its operator why"))
            }
            Self::Elsewhere { to, .. } => {
                Some(format!("see that {to} can be reached from here: {host} leads there"))
            }
            Self::Connect(_)
            | Self::Stalled(_)
            | Self::Broken(_)
            | Self::Truncated { .. }
            | Self::TooLarge(_)
            | Self::Answer(_)
            | Self::Redirect(_)
            | Self::Redirects(_)
            | Self::Expired
            | Self::Withheld
            | Self::Local(_) => None,
        }
    }

    /// What `host` does to everybody who asks it, as a sentence; none: it may be about this request alone.
    fn trouble(&self, host: &Host) -> Option<String> {
        Some(match self {
            Self::Connect(_) => format!("`{host}` takes no connection"),
            Self::Certificate(_) => format!("the certificate of `{host}` is not trusted"),
            Self::Nameless(_) => format!("`{host}` asks for a client certificate that it trusts"),
            Self::NotTls(_) => format!("`{host}` does not speak https"),
            Self::Stalled(_) => format!("`{host}` answers nothing, or stops in the middle"),
            Self::Broken(_) => format!("connections to `{host}` break"),
            Self::Throttled(_) | Self::Slowed { .. } => {
                format!("`{host}` asks to wait, and for longer than this run may")
            }
            Self::Unreached { cause, .. } => return cause.trouble(host),
            Self::SeenByProxy(_) => self.to_string(),
            Self::Page => format!("something answers in the place of `{host}`"),
            Self::Elsewhere { to, .. } => format!("`{host}` leads to {to}, which cannot be reached"),
            Self::Refused(_)
            | Self::Truncated { .. }
            | Self::Digest { .. }
            | Self::TooLong(_)
            | Self::TooLarge(_)
            | Self::Answer(_)
            | Self::Stored { .. }
            | Self::Redirect(_)
            | Self::Redirects(_)
            | Self::Authorization(_)
            | Self::Expired
            | Self::Withheld
            | Self::File(_)
            | Self::Local(_) => return None,
        })
    }

    fn unreached(&self) -> Option<&str> {
        match self {
            Self::Unreached { host, .. } => Some(host.as_str()),
            Self::Authorization(error) => error.unreached(),
            _ => None,
        }
    }
}

impl Classify for Error {
    fn class(&self) -> Class {
        self.0.kind.class()
    }

    fn attempts(&self) -> u32 {
        match &self.0.kind {
            Kind::Authorization(error) => self.0.attempts.max(error.attempts()),
            _ => self.0.attempts,
        }
    }

    fn advice(&self) -> Option<String> {
        self.0.kind.advice(self.0.host.as_ref())
    }

    fn unreached(&self) -> Option<&str> {
        self.0.kind.unreached()
    }

    fn blame(&self) -> Option<Blame> {
        let Inner { host, purpose, kind, .. } = &*self.0;
        let host = host.as_ref()?;
        let right = |login: Option<LoginName>| {
            let Purpose { repository, right } = purpose.clone()?;
            Some(Blame::Right { host: host.as_str().into(), repository, right, login })
        };
        match kind {
            Kind::Authorization(error) => error.blame(host, right),
            Kind::Refused(refused) => refused.blame(host, right),
            kind => {
                kind.trouble(host).map(|what| Blame::Host { host: host.as_str().into(), what: what.into() })
            }
        }
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0.operation)
    }
}

impl fmt::Debug for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Error({} x{}: {:?})", self.0.operation, self.0.attempts, self.0.kind)
    }
}

impl StdError for Error {
    fn source(&self) -> Option<&(dyn StdError + 'static)> {
        match &self.0.kind {
            // What is said already is not said twice.
            Kind::Local(local) if local.to_string() == *self.0.operation => local.source(),
            kind => Some(kind),
        }
    }
}
