//! An answer of the API server that says no.

use std::fmt;
use std::time::Duration;

use http::{HeaderMap, StatusCode};
use kube::core::Status;

use super::ask::Right;
use super::text::{GROUP, PLURAL, TAGS};
use crate::error::Class;
use crate::redact::{cut, one_line};

/// So much of what the API server says is shown.
const LONGEST_MESSAGE: usize = 500;
/// However long it asks us to wait.
const LONGEST_WAIT: Duration = Duration::from_mins(1);

/// Why the API server says no.
#[derive(Debug, thiserror::Error)]
pub(super) struct Refused {
    code: u16,
    message: String,
    /// The reason of a `Status`; none of its own where a proxy answers.
    reason: String,
    /// The object that is said not to be there.
    missing: Option<String>,
    retry_after: Option<Duration>,
}

impl Refused {
    /// Reads an answer; what is no `Status` is shown as it is.
    pub(super) fn read(status: StatusCode, headers: &HeaderMap, body: &[u8]) -> Self {
        let read = serde_json::from_slice::<Status>(body).unwrap_or_else(|_| {
            let text = String::from_utf8_lossy(body);
            let is_page = text.trim_start().starts_with('<');
            Status::failure(if is_page { "a page of HTML" } else { &text }, "")
        });
        let retry_after =
            headers.get(http::header::RETRY_AFTER).and_then(|value| value.to_str().ok()?.parse().ok());
        Self {
            retry_after: retry_after.map(|seconds| Duration::from_secs(seconds).min(LONGEST_WAIT)),
            ..Self::of(status.as_u16(), &read)
        }
    }

    /// What `status` says, with this code.
    pub(super) fn of(code: u16, status: &Status) -> Self {
        Self {
            code,
            message: cut(&one_line(&status.message), LONGEST_MESSAGE),
            reason: cut(&one_line(&status.reason), LONGEST_MESSAGE),
            missing: missing(status).filter(|_| status.reason == "NotFound").map(str::to_owned),
            retry_after: None,
        }
    }

    /// How long the API server asks to wait.
    pub(super) fn retry_after(&self) -> Option<Duration> {
        self.retry_after
    }

    /// Whether it says that the object `name` is not there, rather than that there are no such objects at all.
    pub(super) fn is_absent(&self, name: &str) -> bool {
        self.code == 404 && self.missing.as_deref() == Some(name)
    }

    /// Whether it says that some object is not there, whichever.
    pub(super) fn names_what_is_missing(&self) -> bool {
        self.code == 404 && self.missing.is_some()
    }

    /// Whether what is there is not what it was taken for.
    pub(super) fn is_conflict(&self) -> bool {
        self.code == 409
    }

    /// Whether what is there may not be replaced this way, and may yet be created.
    pub(super) fn forbids_replacing(&self) -> bool {
        matches!(self.code, 403..=405)
    }

    /// Whether what was asked for is no longer kept: the rest of a list.
    pub(super) fn is_gone(&self) -> bool {
        self.code == 410
    }

    /// Whether the same may be answered in a while; what is gone stays gone.
    pub(super) fn is_worth_another_try(&self) -> bool {
        matches!(self.class(), Class::Transient | Class::Throttled) && !self.is_gone()
    }

    pub(super) fn class(&self) -> Class {
        match self.code {
            401 | 403 => Class::Denied,
            404 => Class::Missing,
            429 => Class::Throttled,
            408 | 410 | 500..=599 => Class::Transient,
            _ => Class::Protocol,
        }
    }

    pub(super) fn advice(&self, host: &str, right: Option<&Right>) -> Option<String> {
        match self.code {
            401 => Some(format!("log in to {host} again: it does not take this token or certificate")),
            403 => right.map(|right| format!("let this account {right}")),
            404 => right.map(|right| right.where_to_look(host)),
            429 => Some(format!("the API server {host} is asked too much: run again later")),
            500..=599 => Some(format!("the API server {host} is in trouble: run again later")),
            _ => None,
        }
    }
}

/// The object that is not there, by its details; there are servers that send none, and name it in the message only.
fn missing(status: &Status) -> Option<&str> {
    let details = status.details.as_ref().map(|details| details.name.as_str());
    let in_message = || {
        let (resource, quoted) = status.message.split_once('.')?;
        let quoted = quoted.strip_prefix(GROUP).filter(|_| [PLURAL, TAGS].contains(&resource))?;
        quoted.strip_prefix(" \"")?.strip_suffix("\" not found")
    };
    details.filter(|name| !name.is_empty()).or_else(in_message)
}

impl fmt::Display for Refused {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let phrase = StatusCode::from_u16(self.code).ok().and_then(|code| code.canonical_reason());
        write!(f, "the API server answers {}", self.code)?;
        let word = Some(self.reason.as_str()).filter(|reason| !reason.is_empty()).or(phrase);
        word.map_or(Ok(()), |word| write!(f, " {word}"))?;
        if self.message.is_empty() { Ok(()) } else { write!(f, ": {}", self.message) }
    }
}
