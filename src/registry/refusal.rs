//! Answers that are no success: the status, and what the registry says about it.
//!
//! Bodies are bounded and cut, logins in them masked, pages of HTML left out.

use std::fmt;
use std::time::Duration;

use http::{HeaderMap, StatusCode};
use oci_client::errors::{OciError, OciErrorCode};
use serde::Deserialize;

use super::auth::Holder;
use super::error::Verdict;
use crate::error::{Blame, Class, LoginName, Right};
use crate::model::{Digest, Host};
use crate::redact::{Echo, cut, mask_logins, one_line};

/// How much of a body is read for its message.
pub(super) const BODY_LIMIT: usize = 64 << 10;
const MESSAGE_LIMIT: usize = 300;

/// A longer wait is taken for this one: no run waits so long, and the time at which it ends can be told.
pub(super) const LONGEST_WAIT: Duration = Duration::from_hours(365 * 24);

/// A refusal: its status, and the registry's own words.
#[derive(Debug)]
pub struct Refused {
    pub(super) status: StatusCode,
    retry_after: Option<Duration>,
    codes: Vec<OciErrorCode>,
    /// The codes as they are shown.
    shown: String,
    message: Option<String>,
    digests: Vec<Digest>,
    right: Right,
    holder: Option<Holder>,
    subject: Subject,
    words: Words,
}

/// In what form a refusal says why.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Words {
    /// It does not.
    None,
    /// In that of a registry: with errors that have codes.
    Registry,
    /// In any other: a page, the message of a gateway.
    Other,
}

/// What the request was about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Subject {
    /// A name: a manifest, a list, a new upload.
    Name,
    /// A blob, by its digest.
    Blob,
    /// An upload under way.
    Session,
    /// A file of a web server.
    File,
    /// What an API that is no registry's has or does.
    Api,
}

/// Words of registries whose space is used up.
const QUOTA: [&str; 3] = ["quota", "storage resource", "storage limit"];

/// The error envelope of the distribution spec, or what others say instead.
#[derive(Deserialize)]
struct Envelope {
    #[serde(default)]
    errors: Vec<OciError>,
    #[serde(alias = "error_message", alias = "error")]
    message: Option<String>,
    /// As RFC 9457 has it; some say it besides a message.
    #[serde(default)]
    detail: serde_json::Value,
}

impl Refused {
    /// Reads what `body` says, without what it says back; `right` is what the request took.
    pub(super) fn read(
        status: StatusCode,
        headers: &HeaderMap,
        (body, echo): (&[u8], &Echo),
        right: Right,
    ) -> Self {
        let mut refused = Self {
            status,
            retry_after: retry_after(headers),
            codes: Vec::new(),
            shown: String::new(),
            message: None,
            digests: Vec::new(),
            right,
            holder: None,
            subject: Subject::Name,
            words: Words::Other,
        };
        match serde_json::from_slice::<Envelope>(body) {
            Ok(envelope) => {
                if !envelope.errors.is_empty() {
                    refused.words = Words::Registry;
                }
                refused.take(envelope, echo);
            }
            Err(_) => refused.message = plain(body, echo),
        }
        if body.trim_ascii().is_empty() && !announces_body(headers) {
            refused.words = Words::None;
        }
        refused
    }

    /// Adds what the request was about.
    pub(super) fn about(self, subject: Subject) -> Self {
        Self { subject, ..self }
    }

    /// Adds who was refused.
    pub(super) fn with_holder(self, holder: Option<Holder>) -> Self {
        Self { holder, ..self }
    }

    fn take(&mut self, envelope: Envelope, echo: &Echo) {
        let detail = envelope.detail.as_str().map(ToOwned::to_owned);
        let mut messages: Vec<String> = envelope.message.or(detail).into_iter().collect();
        for item in envelope.errors {
            digests_in(&item.detail, &mut self.digests);
            if !self.codes.contains(&item.code) {
                self.codes.push(item.code);
            }
            if !item.message.is_empty() && !messages.contains(&item.message) {
                messages.push(item.message);
            }
        }
        let codes: Vec<String> = self.codes.iter().map(name).collect();
        self.shown = clean(&codes.join(", "), echo);
        let message = clean(&messages.join("; "), echo);
        self.message = Some(message).filter(|message| !message.is_empty());
    }

    fn is_push(&self) -> bool {
        self.right == Right::Push
    }

    fn says(&self, codes: &[OciErrorCode]) -> bool {
        self.codes.iter().any(|code| codes.contains(code))
    }

    /// A session that the registry forgot, or that another attempt used up: a new one will do. Whatever stands in
    /// the body: the registry opened the session, so it knows the repository.
    fn lost_session(&self) -> bool {
        let lost = matches!(self.status, StatusCode::NOT_FOUND | StatusCode::RANGE_NOT_SATISFIABLE);
        lost && self.subject == Subject::Session
    }

    /// Someone else writes the same at the same time, or the registry takes it so.
    fn is_conflict(&self) -> bool {
        self.is_push() && self.status == StatusCode::CONFLICT
    }

    /// What was sent did not arrive as it was sent.
    fn is_mangled(&self) -> bool {
        self.says(&[OciErrorCode::DigestInvalid, OciErrorCode::SizeInvalid])
    }

    fn is_over_quota(&self) -> bool {
        let said = self.message.as_deref().unwrap_or_default().to_lowercase();
        self.is_push() && QUOTA.iter().any(|words| said.contains(words))
    }

    pub(super) fn verdict(&self) -> Verdict {
        match self.status.as_u16() {
            429 => Verdict::Paused,
            503 if self.retry_after.is_some() => Verdict::Paused,
            408 | 500.. => Verdict::Again,
            _ if self.lost_session() || self.is_conflict() => Verdict::Again,
            400 if self.is_push() && self.is_mangled() => Verdict::Once,
            _ => Verdict::Final,
        }
    }

    pub(super) fn class(&self) -> Class {
        match self.status.as_u16() {
            401 | 403 => Class::Denied,
            _ if self.lost_session() || self.is_conflict() => Class::Transient,
            413 => Class::Protocol,
            404 | 410 => Class::Missing,
            429 => Class::Throttled,
            408 | 500.. => Class::Transient,
            _ if self.is_mangled() => Class::Corrupt,
            _ if self.says(&[
                OciErrorCode::NameUnknown,
                OciErrorCode::ManifestUnknown,
                OciErrorCode::BlobUnknown,
            ]) =>
            {
                Class::Missing
            }
            _ if self.says(&[OciErrorCode::Denied, OciErrorCode::Unauthorized]) => Class::Denied,
            _ => Class::Protocol,
        }
    }

    /// Whether the registry itself says that there is no such thing, in whatever words a registry has for that, or in none.
    /// What a proxy or a page says is not believed, nor that it is not for us to know.
    pub(super) fn denies_existence(&self) -> bool {
        let of_others = [
            OciErrorCode::Unauthorized,
            OciErrorCode::Denied,
            OciErrorCode::Unsupported,
            OciErrorCode::Toomanyrequests,
        ];
        self.status == StatusCode::NOT_FOUND && self.words != Words::Other && !self.says(&of_others)
    }

    /// Whether it says that there is no such repository or manifest, in so many words.
    pub(super) fn knows_no_content(&self) -> bool {
        let codes = [OciErrorCode::NameUnknown, OciErrorCode::ManifestUnknown, OciErrorCode::ManifestInvalid];
        matches!(self.status.as_u16(), 400 | 404) && self.says(&codes)
    }

    /// Whether there is nothing at this address, or nothing that can be asked for: an API that is not there.
    /// Artifactory says 406.
    pub(super) fn is_unsupported(&self) -> bool {
        let by_status = matches!(self.status.as_u16(), 404 | 405 | 406 | 501);
        by_status || (self.status == StatusCode::BAD_REQUEST && self.says(&[OciErrorCode::Unsupported]))
    }

    pub(super) fn advice(&self, host: &str) -> Option<String> {
        let right = self.right;
        match self.class() {
            _ if self.is_over_quota() => Some(format!(
                "the space for this repository on {host} is used up: free some, or have the quota raised"
            )),
            Class::Denied if self.subject == Subject::File => Some(format!(
                "{host} does not give this file to us: it is not there, or takes a login for {host}"
            )),
            Class::Denied if self.subject == Subject::Api => Some(match &self.holder {
                Some(Holder { login: Some(key), .. }) => {
                    format!("{host} does not take {key}, or it lacks the right to this")
                }
                _ => format!("{host} gives this only to who shows a key"),
            }),
            Class::Missing if self.subject == Subject::Api => {
                Some(format!("{host} knows nothing of that name; see that it is written right"))
            }
            Class::Missing if self.subject == Subject::File => {
                Some(format!("{host} has no such file: see whether it was moved, or is still to come there"))
            }
            Class::Denied => Some(match self.holder.as_ref().and_then(|holder| holder.login.as_ref()) {
                Some(login) => {
                    format!(
                        "the login in use lacks {right} on {host}, or there is no such repository: {login}"
                    )
                }
                None => format!("no login of this run has {right} on {host}, or there is no such repository"),
            }),
            Class::Missing if self.is_push() => {
                Some(format!("{host} does not have this repository, and does not make it on push"))
            }
            Class::Missing if self.subject == Subject::Blob => Some(format!(
                "{host} has a manifest that names this blob, and not the blob: push the image there again"
            )),
            Class::Missing => Some("check the line: it names nothing that exists".to_owned()),
            Class::Throttled => Some(format!("run again later, or lower --max-per-registry for {host}")),
            Class::Transient if self.is_conflict() => {
                Some(format!("someone else writes the same on {host}, or it does not let this tag be moved"))
            }
            Class::Protocol if self.status == StatusCode::PAYLOAD_TOO_LARGE => Some(format!(
                "{host}, or a proxy before it, takes no body as large as this: have its limit raised"
            )),
            Class::Protocol if self.speaks_tls() => Some(format!("{host} wants https: say --tls {host}")),
            _ => None,
        }
    }

    /// What it comes down to; `right` is the right that is lacking, if it is a right.
    pub(super) fn blame(
        &self,
        host: &Host,
        right: impl FnOnce(Option<LoginName>) -> Option<Blame>,
    ) -> Option<Blame> {
        let status = self.status.as_u16();
        let of_host = |what: String| Some(Blame::Host { host: host.as_str().into(), what: what.into() });
        match (self.class(), self.holder.clone()) {
            (Class::Denied, Some(Holder { login: Some(login), as_it_is: true })) if status == 401 => {
                let why = format!("is refused by `{host}` (status 401)").into();
                Some(Blame::Login { host: host.as_str().into(), login, why })
            }
            (Class::Denied, _) if self.is_over_quota() => None,
            (Class::Denied, holder) => right(holder.and_then(|holder| holder.login)),
            (Class::Throttled, _) => of_host(format!("`{host}` asks to slow down (status 429)")),
            (Class::Transient, _) if !self.lost_session() && !self.is_conflict() => {
                of_host(format!("`{host}` answers with status {status}"))
            }
            _ => None,
        }
    }

    /// What common servers say to plain http on a port for https.
    fn speaks_tls(&self) -> bool {
        self.status == StatusCode::BAD_REQUEST
            && self.message.as_deref().is_some_and(|message| message.contains("HTTPS"))
    }

    pub(super) fn missing_content(&self) -> Option<Vec<Digest>> {
        let lacks =
            [OciErrorCode::ManifestBlobUnknown, OciErrorCode::BlobUnknown, OciErrorCode::ManifestUnknown];
        (self.is_push() && self.says(&lacks)).then(|| self.digests.clone())
    }
}

impl fmt::Display for Refused {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "status {}", self.status.as_u16())?;
        if !self.shown.is_empty() {
            write!(f, " {}", self.shown)?;
        }
        self.message.as_ref().map_or(Ok(()), |message| write!(f, " ({message})"))
    }
}

/// A code as the registry wrote it.
fn name(code: &OciErrorCode) -> String {
    let written = serde_json::to_value(code).ok();
    written.as_ref().and_then(serde_json::Value::as_str).unwrap_or("an error without a code").to_owned()
}

/// Any digest in `detail`, wherever it stands (`detail.digest`, `detail: "unknown blob sha256:…"`).
fn digests_in(detail: &serde_json::Value, found: &mut Vec<Digest>) {
    match detail {
        serde_json::Value::String(text) => {
            for word in text.split(|c: char| !c.is_ascii_alphanumeric() && c != ':') {
                found.extend(Digest::parse(word).ok().filter(|digest| !found.contains(digest)));
            }
        }
        serde_json::Value::Array(values) => values.iter().for_each(|value| digests_in(value, found)),
        serde_json::Value::Object(values) => values.values().for_each(|value| digests_in(value, found)),
        _ => {}
    }
}

/// The wait that `Retry-After` asks for, in seconds or until a date.
pub(super) fn retry_after(headers: &HeaderMap) -> Option<Duration> {
    let text = headers.get(http::header::RETRY_AFTER)?.to_str().ok()?.trim();
    if let Ok(seconds) = text.parse::<u64>() {
        return Some(Duration::from_secs(seconds).min(LONGEST_WAIT));
    }
    let date = httpdate::parse_http_date(text).ok()?;
    Some(date.duration_since(std::time::SystemTime::now()).unwrap_or_default().min(LONGEST_WAIT))
}

/// Whether a body was to come, so that one without bytes was cut.
fn announces_body(headers: &HeaderMap) -> bool {
    headers.get(http::header::CONTENT_LENGTH).is_some_and(|length| length.as_bytes() != b"0")
}

fn plain(body: &[u8], echo: &Echo) -> Option<String> {
    let text = String::from_utf8_lossy(body);
    let text = text.trim();
    if text.is_empty() {
        return None;
    }
    if text.starts_with('<') {
        return Some("a page of HTML".to_owned());
    }
    Some(clean(text, echo))
}

/// What somebody else says, as far as it is shown.
pub(super) fn clean(text: &str, echo: &Echo) -> String {
    cut(&mask_logins(&one_line(&echo.strike(text))), MESSAGE_LIMIT)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refused(status: u16, body: &str, push: bool) -> Refused {
        let (status, headers) = (StatusCode::from_u16(status).unwrap(), HeaderMap::new());
        let right = if push { Right::Push } else { Right::Pull };
        Refused::read(status, &headers, (body.as_bytes(), &Echo::default()), right)
    }

    #[test]
    fn the_digests_that_a_registry_lacks_are_found_wherever_they_stand() {
        let digest = Digest::of(b"x");
        let object =
            format!(r#"{{"errors":[{{"code":"MANIFEST_BLOB_UNKNOWN","detail":{{"digest":"{digest}"}}}}]}}"#);
        let text = format!(
            r#"{{"errors":[{{"code":"MANIFEST_BLOB_UNKNOWN","detail":"unknown blob ({digest})"}}]}}"#
        );
        for body in [object, text] {
            assert_eq!(refused(404, &body, true).missing_content(), Some(vec![digest.clone()]));
            assert_eq!(refused(404, &body, false).missing_content(), None);
        }
        assert_eq!(refused(400, r#"{"errors":[{"code":"MANIFEST_INVALID"}]}"#, true).missing_content(), None);
    }

    #[test]
    fn a_refusal_prints_the_codes_and_words_of_the_registry_and_no_login_and_no_page() {
        let body = r#"{"errors":[{"code":"UNAUTHORIZED","message":"no access for me:secret@quay.io"}]}"#;
        assert_eq!(
            refused(401, body, false).to_string(),
            "status 401 UNAUTHORIZED (no access for *********@quay.io)"
        );
        assert_eq!(
            refused(502, "<html><body>x</body></html>", false).to_string(),
            "status 502 (a page of HTML)"
        );
        let long = refused(500, &"x".repeat(1000), false).to_string();
        assert!(long.chars().count() < 330, "{long}");
    }

    #[test]
    fn only_a_registry_denies_that_something_exists_and_only_in_its_own_words_or_in_none() {
        let of_code = |code: &str| format!(r#"{{"errors":[{{"code":"{code}","message":"m"}}]}}"#);
        let own = ["MANIFEST_UNKNOWN", "NAME_UNKNOWN", "TAG_UNKNOWN", "TAG_EXPIRED", "NOT_FOUND"];
        for body in own.map(of_code).iter().chain([&String::new(), &" \n".to_owned()]) {
            assert!(refused(404, body, false).denies_existence(), "{body}");
            assert!(!refused(400, body, false).denies_existence(), "{body}");
            assert!(!refused(503, body, false).denies_existence(), "{body}");
        }
        let others = ["UNAUTHORIZED", "DENIED", "UNSUPPORTED", "TOOMANYREQUESTS"].map(of_code);
        let pages = ["<html>", "404 page not found", "{}", r#"{"errors":[]}"#, r#"{"message":"no route"}"#];
        for body in others.iter().map(String::as_str).chain(pages) {
            assert!(!refused(404, body, false).denies_existence(), "{body}");
        }
        let mut headers = HeaderMap::new();
        headers.insert(http::header::CONTENT_LENGTH, 700.into());
        let cut = Refused::read(StatusCode::NOT_FOUND, &headers, (b"", &Echo::default()), Right::Pull);
        assert!(!cut.denies_existence(), "its body was cut, and nobody knows what it was");
    }

    #[test]
    fn retry_after_is_read_as_seconds_and_as_a_date() {
        let header = |text: &str| {
            let mut headers = HeaderMap::new();
            headers.insert(http::header::RETRY_AFTER, text.parse().unwrap());
            retry_after(&headers)
        };
        assert_eq!(header("7"), Some(Duration::from_secs(7)));
        assert_eq!(header("Wed, 21 Oct 2015 07:28:00 GMT"), Some(Duration::ZERO));
        assert_eq!(header("soon"), None);
        let ages = header(&u64::MAX.to_string()).unwrap();
        assert!(std::time::SystemTime::now().checked_add(ages).is_some(), "{ages:?}");
    }
}
