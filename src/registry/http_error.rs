//! What the HTTP client says went wrong, and what that means: its errors are one type for everything, with the
//! cause that tells at the end of a chain.

use std::error::Error as StdError;
use std::fmt;

use super::error::Kind;
use crate::redact::cut;

/// By these alerts servers say that our certificate is missing, or not to their taste.
const NAMELESS: [&str; 5] = [
    "alert: CertificateRequired",
    "alert: BadCertificate",
    "alert: UnknownCA",
    "alert: CertificateUnknown",
    "alert: CertificateExpired",
];

/// So much of what the HTTP client says is shown: some of it are words of the other side.
const LONGEST_CAUSE: usize = 300;

/// What the HTTP client says went wrong: prints the last of its causes, which is the one that tells.
pub struct HttpError(reqwest::Error);

impl fmt::Display for HttpError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut last: &dyn StdError = &self.0;
        while let Some(cause) = last.source() {
            last = cause;
        }
        f.write_str(&cut(&last.to_string(), LONGEST_CAUSE))
    }
}

impl fmt::Debug for HttpError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(&self.0, f)
    }
}

impl StdError for HttpError {}

impl HttpError {
    /// What HTTP/2 says, if the error is of it.
    fn http2(&self) -> Option<&h2::Error> {
        let mut cause = self.0.source();
        while let Some(error) = cause {
            if let Some(http2) = error.downcast_ref() {
                return Some(http2);
            }
            cause = error.source();
        }
        None
    }
}

impl Kind {
    /// What became of a request without an answer, or of a body on its way.
    pub(super) fn of(error: reqwest::Error) -> Self {
        let error = error.without_url();
        // The typed causes are of crates that reqwest does not hand on, so their text must do.
        let text = crate::error::Chain(&error).to_string();
        let certificate = text.contains("invalid peer certificate") || text.contains("UnknownIssuer");
        let nameless = NAMELESS.iter().any(|alert| text.contains(alert));
        let not_tls = text.contains("InvalidContentType");
        let connecting = error.is_connect();
        let error = HttpError(error);
        if nameless {
            return Self::Nameless(error);
        }
        match (certificate, not_tls, connecting) {
            (true, _, _) => Self::Certificate(error),
            (_, true, _) => Self::NotTls(error),
            (_, _, true) => Self::Connect(error),
            _ => Self::Broken(error),
        }
    }

    /// Whether the other side refused a stream of HTTP/2, or closed the connection, because of too many requests.
    pub(super) fn is_overload(&self) -> bool {
        let Self::Broken(error) = self else { return false };
        let remote = error.http2().filter(|http2| http2.is_remote());
        let reason = remote.and_then(h2::Error::reason);
        matches!(reason, Some(h2::Reason::REFUSED_STREAM | h2::Reason::ENHANCE_YOUR_CALM))
    }
}
