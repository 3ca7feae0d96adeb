//! What a store says when it says no, in words that may be printed.

use http::StatusCode;

use crate::error::Class;
use crate::objects::{ErrorKind, Refused};
use crate::redact::{Echo, cut, one_line};

/// So much of an answer is shown.
const LONGEST: usize = 400;
/// What stands before the status in the texts of `object_store`, which does not hand it on otherwise.
const STATUS: &str = "status code: ";

/// The meaning of an error, without the secrets that were sent.
pub(super) fn kind(error: &object_store::Error, echo: &Echo) -> ErrorKind {
    use object_store::Error as E;
    let text = error.to_string();
    let class = match error {
        E::AlreadyExists { .. } | E::Precondition { .. } | E::NotModified { .. } => {
            return ErrorKind::Changed;
        }
        E::NotFound { .. } => Class::Missing,
        E::PermissionDenied { .. } | E::Unauthenticated { .. } => Class::Denied,
        E::Generic { .. } => status_in(&text).map_or(Class::Transient, class),
        E::JoinError { .. } => Class::Transient,
        _ => Class::Protocol,
    };
    ErrorKind::Refused(Refused { class, text: printable(&text, echo) })
}

/// The meaning of a status that was not hoped for.
pub(super) fn answer(status: StatusCode, body: &[u8], echo: &Echo) -> ErrorKind {
    match status {
        StatusCode::PRECONDITION_FAILED | StatusCode::CONFLICT => ErrorKind::Changed,
        _ => {
            let text = format!("the store answers {status} {}", String::from_utf8_lossy(body));
            ErrorKind::Refused(Refused { class: class(status), text: printable(&text, echo) })
        }
    }
}

fn class(status: StatusCode) -> Class {
    match status.as_u16() {
        401 | 403 => Class::Denied,
        404 => Class::Missing,
        408 | 429 | 500.. => Class::Transient,
        _ => Class::Protocol,
    }
}

pub(super) fn printable(text: &str, echo: &Echo) -> String {
    cut(&one_line(&echo.strike(text)), LONGEST)
}

fn status_in(text: &str) -> Option<StatusCode> {
    let (_, after) = text.split_once(STATUS)?;
    after.get(..3)?.parse::<u16>().ok().and_then(|number| StatusCode::from_u16(number).ok())
}
