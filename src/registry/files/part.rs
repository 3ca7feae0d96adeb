//! What an answer says of the part of a file that it brings.

use std::sync::Arc;

use http::HeaderValue;
use http::header::{CONTENT_RANGE, ETAG, IF_RANGE, RANGE};

use super::FileFault;
use crate::registry::Shared;
use crate::registry::error::{Error, Kind};
use crate::registry::limit::Permit;
use crate::registry::transport::{Answer, Body, Call};

/// What is known of a file.
#[derive(Debug, Clone, Default)]
pub(super) struct Known {
    /// How many of its first bytes are there already.
    pub(super) offset: u64,
    pub(super) size: Option<u64>,
    /// Its strong `ETag`.
    pub(super) validator: Option<Arc<str>>,
}

/// Bytes of a file that are about to come, up to its end.
#[derive(Debug)]
pub(super) struct Part {
    /// Where they begin, and what the answer says of the file.
    pub(super) known: Known,
    pub(super) is_page: bool,
    /// None: nothing more comes.
    pub(super) body: Option<Body>,
}

/// `Content-Range: bytes FIRST-LAST/SIZE`, either side of the `/` as far as it is told.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct ContentRange {
    pub(super) first: Option<u64>,
    pub(super) size: Option<u64>,
}

impl Part {
    /// Asks for what follows on `known`. Where the server cannot give just that, or has another file by now, it is asked
    /// for the whole.
    pub(super) async fn ask(
        shared: &Shared,
        call: &Call,
        known: &Known,
        permit: Permit,
    ) -> Result<Self, Error> {
        if let Some(ranged) = ranged(call, known) {
            let answer = shared.send(&ranged, permit.clone()).await?;
            match answer.status.as_u16() {
                206 if goes_on(&answer, known) => return Ok(Self::of(answer, known.offset)),
                // There is nothing behind what we have: it is all of the file.
                416 if ContentRange::of(&answer).size == Some(known.offset) => {
                    let known = Known { size: Some(known.offset), ..known.clone() };
                    return Ok(Self { known, is_page: false, body: None });
                }
                206 | 416 => {}
                _ => return Self::whole(answer).await,
            }
        }
        Self::whole(shared.send(call, permit).await?).await
    }

    /// The whole file, whatever part was asked for.
    async fn whole(answer: Answer) -> Result<Self, Error> {
        let answer = answer.or_refused().await?;
        match answer.status.as_u16() {
            200 | 203 => Ok(Self::of(answer, 0)),
            status => Err(answer.error(Kind::File(FileFault::Status(status)))),
        }
    }

    fn of(answer: Answer, offset: u64) -> Self {
        let to_end = answer.length().map(|length| offset + length);
        let size = if offset == 0 { to_end } else { ContentRange::of(&answer).size.or(to_end) };
        let known = Known { offset, size, validator: validator(&answer) };
        Self { known, is_page: answer.is_page(), body: Some(answer.into_body()) }
    }
}

impl ContentRange {
    pub(super) fn of(answer: &Answer) -> Self {
        Self::read(answer.text(CONTENT_RANGE.as_str()).unwrap_or_default())
    }

    fn read(text: &str) -> Self {
        let (range, size) =
            text.strip_prefix("bytes ").and_then(|rest| rest.split_once('/')).unwrap_or_default();
        let first = range.split_once('-').and_then(|(first, _)| first.trim().parse().ok());
        Self { first, size: size.trim().parse().ok() }
    }
}

/// The same call for what follows on `known`; none: that is the whole file.
fn ranged(call: &Call, known: &Known) -> Option<Call> {
    if known.offset == 0 {
        return None;
    }
    let mut call = call.clone();
    call.headers.insert(RANGE, HeaderValue::from_str(&format!("bytes={}-", known.offset)).ok()?);
    if let Some(validator) = &known.validator {
        call.headers.insert(IF_RANGE, HeaderValue::from_str(validator).ok()?);
    }
    Some(call)
}

/// Whether the bytes of a 206 follow on what is known, and are still of the same file: some servers do not heed `If-Range`.
fn goes_on(answer: &Answer, known: &Known) -> bool {
    let range = ContentRange::of(answer);
    range.first == Some(known.offset)
        && agree(range.size, known.size)
        && agree(validator(answer), known.validator.clone())
}

/// Two words on the same thing, either of which may be missing.
fn agree<T: PartialEq>(a: Option<T>, b: Option<T>) -> bool {
    a.zip(b).is_none_or(|(a, b)| a == b)
}

/// A strong `ETag`, by which alone parts may be put together (RFC 9110 13.1.5). `Last-Modified` is none: it is
/// only as good as the clock of the server, which we do not know, and mirrors set it anew.
fn validator(answer: &Answer) -> Option<Arc<str>> {
    answer.text(ETAG.as_str()).filter(|tag| tag.starts_with('"')).map(Arc::from)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_content_range_is_read_as_far_as_it_is_told() {
        let read = |text: &str| {
            let ContentRange { first, size } = ContentRange::read(text);
            (first, size)
        };
        assert_eq!(read("bytes 5-9/10"), (Some(5), Some(10)));
        assert_eq!(read("bytes 5-9/*"), (Some(5), None));
        assert_eq!(read("bytes */10"), (None, Some(10)));
        for nothing in ["", "bytes", "items 5-9/10", "bytes 5-9", "bytes x-9/-1"] {
            assert_eq!(read(nothing), (None, None), "{nothing}");
        }
    }
}
