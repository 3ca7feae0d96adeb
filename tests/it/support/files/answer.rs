//! What the server answers: as RFC 9110 says, and then as a fault has it.

use bytes::Bytes;

use super::{Asked, FileFault, Stored};

/// An answer that is about to be sent.
pub(super) struct Answer {
    pub(super) status: u16,
    headers: Vec<(&'static str, String)>,
    /// What is sent of the body, whatever is announced.
    pub(super) body: Bytes,
    /// The connection stays open, and nothing more comes.
    pub(super) stalls: bool,
}

impl Answer {
    pub(super) fn to(
        asked: &Asked,
        stored: Option<&Stored>,
        missing: u16,
        fault: Option<&FileFault>,
    ) -> Self {
        if let Some(FileFault::Status(status, headers)) = fault {
            return Self::empty(*status, headers.clone());
        }
        let Some(stored) = stored else { return Self::empty(missing, Vec::new()) };
        if asked.method != "GET" {
            return Self::empty(403, Vec::new());
        }
        let mut answer = Self::file(stored, range(asked, stored, fault));
        if let Some(fault) = fault {
            answer.spoil(fault);
        }
        answer
    }

    fn empty(status: u16, headers: Vec<(&'static str, String)>) -> Self {
        let mut answer = Self { status, headers, body: Bytes::new(), stalls: false };
        answer.headers.push(("content-length", "0".to_owned()));
        answer
    }

    fn file(stored: &Stored, range: Option<(usize, usize)>) -> Self {
        let size = stored.content.len();
        let mut headers = vec![("etag", stored.etag.clone()), ("content-type", stored.media_type.to_owned())];
        let (status, body) = match range {
            None => (200, stored.content.clone()),
            Some((first, _)) if first >= size => {
                return Self::empty(416, vec![("content-range", format!("bytes */{size}"))]);
            }
            Some((first, end)) => {
                headers.push(("content-range", format!("bytes {first}-{}/{size}", end - 1)));
                (206, stored.content.slice(first..end))
            }
        };
        headers.push(("content-length", body.len().to_string()));
        Self { status, headers, body, stalls: false }
    }

    fn spoil(&mut self, fault: &FileFault) {
        match fault {
            FileFault::Cut(length) => self.body.truncate(*length),
            FileFault::Stall(length) => {
                self.body.truncate(*length);
                self.stalls = true;
            }
            FileFault::Flip => {
                let mut body = self.body.to_vec();
                body[0] ^= 1;
                self.body = body.into();
            }
            FileFault::Longer => {
                self.body = [&self.body[..], b"and more"].concat().into();
                self.headers.retain(|(name, _)| *name != "content-length");
                self.headers.push(("content-length", self.body.len().to_string()));
            }
            FileFault::Header(name, value) => self.headers.push((name, value.clone())),
            FileFault::Unsized => self.headers.retain(|(name, _)| *name != "content-length"),
            FileFault::Status(..) | FileFault::NoRanges | FileFault::OtherRange => {}
        }
    }

    pub(super) fn head(&self) -> String {
        let lines: Vec<String> =
            self.headers.iter().map(|(name, value)| format!("{name}: {value}")).collect();
        format!("HTTP/1.1 {} Said\r\n{}\r\nconnection: close\r\n\r\n", self.status, lines.join("\r\n"))
    }
}

/// The bytes that are asked for, from the first to the one behind the last; none: all of them.
fn range(asked: &Asked, stored: &Stored, fault: Option<&FileFault>) -> Option<(usize, usize)> {
    let is_other = asked.header("if-range").is_some_and(|tag| tag != stored.etag);
    if is_other || matches!(fault, Some(FileFault::NoRanges | FileFault::Unsized)) {
        return None;
    }
    let (first, last) = asked.header("range")?.strip_prefix("bytes=")?.split_once('-')?;
    let first: usize = first.parse().ok()?;
    let size = stored.content.len();
    let end = last.parse().map_or(size, |last: usize| size.min(last + 1));
    Some((if matches!(fault, Some(FileFault::OtherRange)) { first - 1 } else { first }, end))
}
