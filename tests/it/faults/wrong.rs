//! The faults: how they are told to a registry, and how the page and the messages name them.

use crate::support::Fault;

/// A body of an answer that is no success.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) enum Body {
    /// The error envelope of the specification.
    Json,
    /// A page, as proxies send it.
    Html,
    /// Nothing.
    Empty,
}

/// What goes wrong.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) enum Wrong {
    /// This status.
    Status(u16, Body),
    /// This status, with `Retry-After`: seconds.
    Wait(u16, &'static str),
    /// This status, with `Retry-After`: the date in so many seconds.
    WaitUntil(u16, i64),
    /// This status, in words that registries use.
    Says(u16, &'static str),
    /// 200 and a page of HTML.
    Page,
    /// This success, and nothing was done.
    Empty(u16),
    /// 200 with this text.
    Text(&'static str),
    /// Nobody listens.
    Nobody,
    /// The connection is reset instead of an answer.
    Reset,
    /// The deed is done, and its answer lost.
    Lost,
    /// Reset after so many bytes of the answer's body.
    ResetAt(u64),
    /// The answer's body ends after so many bytes.
    CutAt(u64),
    /// The answer is cut, and the request for the rest gets this status.
    CutThen(u16),
    /// No answer comes.
    Stall,
    /// The answer's body stops after so many bytes.
    StallAt(u64),
    /// Reset after so many bytes of the request's body.
    UploadResetAt(u64),
    /// One byte of the body is another.
    Corrupt,
    /// `Content-Length` is off by so much.
    Length(i64),
    /// No `Docker-Content-Digest`.
    NoDigest,
    /// `Docker-Content-Digest` of something else.
    OtherDigest,
    /// `Docker-Content-Digest` that is none.
    BadDigest,
    /// To where the same is served.
    Redirect,
    /// To a host where nobody listens.
    RedirectToNobody,
    /// From https to http.
    RedirectToHttp,
    /// To itself.
    RedirectLoop,
    /// Without a `Location`.
    RedirectNowhere,
    /// The token is said to have expired.
    Expired,
    /// The upload's `Location` is this.
    Location(Location),
    /// The registry has forgotten the upload.
    LostUpload,
    /// A header of the answer is another.
    Header(&'static str, &'static str),
    /// HTTP/2: the stream is refused.
    RefusedStream,
    /// HTTP/2: the server says goodbye, for this reason.
    GoAway(Bye),
    /// Something else happens meanwhile.
    Meanwhile(Event),
}

/// The address that an upload is to go on at.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) enum Location {
    Relative,
    RelativeWithQuery,
    Absolute,
    AbsoluteWithQuery,
    Elsewhere,
    Missing,
    Nonsense,
    OtherScheme,
}

/// Why a server says goodbye.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) enum Bye {
    /// It is about to end.
    Graceful,
    /// There is too much.
    Calm,
}

/// What others do at the same time.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) enum Event {
    /// The target's tag is moved by someone else.
    TargetMoved,
    /// The same, and the line is guarded.
    GuardedTargetMoved,
    /// The source's tag is moved.
    SourceMoved,
    /// The blob vanishes.
    BlobVanished,
    /// A blob of the target that was seen there vanishes.
    SeenBlobVanished,
    /// The manifest vanishes.
    ManifestVanished,
    /// The token for the upload ends while it is under way.
    TokenExpired,
}

/// How many seconds of pauses a run waits in the matrix.
pub(super) const PATIENCE: u64 = 20;
const TOO_LONG: &str = "the registry asks to wait";
/// What quay says when an organisation's space is used up.
pub(super) const QUAY_QUOTA: &str =
    r#"{"errors":[{"code":"DENIED","message":"Quota has been exceeded on namespace"}]}"#;
/// What Harbor says when a project's space is used up.
pub(super) const HARBOR_QUOTA: &str = r#"{"errors":[{"code":"DENIED","message":"adding 40.0 KiB of storage resource, which when updated to current usage of 10.0 GiB will exceed the configured upper limit of 10.0 GiB."}]}"#;
const PAGE: &str = "<!DOCTYPE html>\n<html><body><h1>Sign in</h1></body></html>\n";
/// Of bytes that nobody has.
const OTHER: &str = "sha256:0000000000000000000000000000000000000000000000000000000000000001";

use Wrong as W;

impl Wrong {
    /// What a registry is told, if it is told.
    pub(super) fn tell(self, fault: Fault) -> Option<Fault> {
        Some(match self {
            W::Status(status, body) => with_body(fault.status(status), body),
            W::Wait(status, wait) => fault.status(status).header("retry-after", wait),
            W::WaitUntil(status, seconds) => fault.status(status).header("retry-after", &date_in(seconds)),
            W::Says(status, words) => fault.status(status).body(words),
            W::Page => with_body(fault.status(200), Body::Html),
            W::Empty(status) | W::CutThen(status) => fault.status(status),
            W::Text(text) => fault.status(200).body(text).header("content-type", "application/json"),
            W::Reset => fault.reset(),
            W::Lost => fault.carried_out().reset(),
            W::ResetAt(bytes) => fault.reset_after(bytes),
            W::CutAt(bytes) => fault.cut_after(bytes),
            W::Stall => fault.stall(),
            W::StallAt(bytes) => fault.stall_after(bytes),
            W::UploadResetAt(bytes) => fault.upload_reset_after(bytes),
            W::Corrupt => fault.corrupt(),
            W::Length(off) => fault.wrong_length(off),
            W::NoDigest => fault.without_header("docker-content-digest"),
            W::OtherDigest => fault.header("docker-content-digest", OTHER),
            W::BadDigest => fault.header("docker-content-digest", "sha256:none"),
            W::Redirect => fault.redirect(),
            W::RedirectToNobody => {
                fault.status(307).header("location", "http://127.0.0.1:1/blob?signature=x")
            }
            W::RedirectToHttp => fault.status(307).header("location", "http://127.0.0.1:1/"),
            W::RedirectLoop => fault.status(307).header("location", ""),
            W::RedirectNowhere => fault.status(307),
            W::Expired => fault.expired_token(),
            W::Location(Location::Missing) => fault.without_header("location"),
            W::Location(Location::Nonsense) => fault.header("location", "http://[nonsense"),
            W::Location(Location::OtherScheme) => fault.header("location", "ftp://127.0.0.1/upload"),
            W::LostUpload => fault.status(404).body(r#"{"errors":[{"code":"BLOB_UPLOAD_UNKNOWN"}]}"#),
            W::Header(name, value) => fault.header(name, value),
            W::RefusedStream => fault.refused_stream(),
            W::GoAway(Bye::Graceful) => fault.go_away(0),
            W::GoAway(Bye::Calm) => fault.go_away(11),
            W::Nobody | W::Location(_) | W::Meanwhile(_) => return None,
        })
    }

    /// What a message says of it, when it does not pass.
    pub(super) fn says(self) -> String {
        match self {
            W::Wait(_, wait) if wait.parse().is_ok_and(|wait: u64| wait > PATIENCE) => TOO_LONG.to_owned(),
            W::WaitUntil(_, wait) if wait > PATIENCE.cast_signed() => TOO_LONG.to_owned(),
            W::Status(status, _)
            | W::CutThen(status)
            | W::Says(status, _)
            | W::Wait(status, _)
            | W::WaitUntil(status, _) => {
                format!("status {status}")
            }
            W::RedirectNowhere => "status 307".to_owned(),
            W::Nobody => "cannot connect".to_owned(),
            W::Reset | W::Lost | W::ResetAt(_) | W::UploadResetAt(_) | W::RefusedStream | W::GoAway(_) => {
                "the connection broke".to_owned()
            }
            W::Stall | W::StallAt(_) => "no byte moved for".to_owned(),
            _ => String::new(),
        }
    }

    /// As the page names it.
    pub(super) fn title(self) -> String {
        match self {
            W::Status(status, Body::Json) => format!("{status}"),
            W::Status(status, Body::Html) => format!("{status}, HTML body"),
            W::Status(status, Body::Empty) => format!("{status}, empty body"),
            W::Wait(status, wait) => format!("{status}, `Retry-After: {wait}`"),
            W::WaitUntil(status, seconds) if seconds < 0 => {
                format!("{status}, `Retry-After` a date in the past")
            }
            W::WaitUntil(status, seconds) => format!("{status}, `Retry-After` the date in {seconds} s"),
            W::Says(status, words) => format!("{status} `{words}`"),
            W::Page => "200 with a page of HTML".to_owned(),
            W::Empty(status) => format!("{status} with nothing in it, and nothing done"),
            W::Text(text) => format!("200 `{text}`"),
            W::Nobody => "connection refused".to_owned(),
            W::Reset => "connection reset before an answer".to_owned(),
            W::Lost => "done, but the answer is lost (reset)".to_owned(),
            W::ResetAt(bytes) => format!("reset at byte {bytes} of the answer"),
            W::CutAt(bytes) => format!("answer cut after {bytes} bytes"),
            W::CutThen(status) => {
                format!("answer cut, and the request for the rest (`Range`) answered {status}")
            }
            W::Stall => "no answer (stall timeout)".to_owned(),
            W::StallAt(bytes) => format!("answer stalls after {bytes} bytes"),
            W::UploadResetAt(bytes) => format!("reset at byte {bytes} of the upload"),
            W::Corrupt => "wrong bytes".to_owned(),
            W::Length(off) if off < 0 => format!("`Content-Length` {} too small", -off),
            W::Length(off) => format!("`Content-Length` {off} too large"),
            W::NoDigest => "no `Docker-Content-Digest`".to_owned(),
            W::OtherDigest => "`Docker-Content-Digest` of something else".to_owned(),
            W::BadDigest => "`Docker-Content-Digest` that is none".to_owned(),
            W::Redirect => "redirect to another host that serves it".to_owned(),
            W::RedirectToNobody => "redirect to a host where nobody listens".to_owned(),
            W::RedirectToHttp => "redirect from https to http".to_owned(),
            W::RedirectLoop => "redirect to itself".to_owned(),
            W::RedirectNowhere => "redirect without `Location`".to_owned(),
            W::Expired => "401, the token has expired".to_owned(),
            W::Location(location) => format!("`Location` {}", location.title()),
            W::LostUpload => "404 `BLOB_UPLOAD_UNKNOWN`: the upload is lost".to_owned(),
            W::Header(name, value) => format!("`{name}: {value}`"),
            W::RefusedStream => "HTTP/2 `REFUSED_STREAM`".to_owned(),
            W::GoAway(Bye::Graceful) => "HTTP/2 `GOAWAY` (`NO_ERROR`)".to_owned(),
            W::GoAway(Bye::Calm) => "HTTP/2 `GOAWAY` (`ENHANCE_YOUR_CALM`)".to_owned(),
            W::Meanwhile(event) => event.title().to_owned(),
        }
    }

    /// Whether both ends speak TLS for it.
    pub(super) fn needs_tls(self) -> bool {
        matches!(self, W::RedirectToHttp | W::RefusedStream | W::GoAway(_))
    }
}

impl Location {
    fn title(self) -> &'static str {
        match self {
            Self::Relative => "relative",
            Self::RelativeWithQuery => "relative with a query",
            Self::Absolute => "absolute",
            Self::AbsoluteWithQuery => "absolute with a query",
            Self::Elsewhere => "at another host",
            Self::Missing => "missing",
            Self::Nonsense => "that is no address",
            Self::OtherScheme => "of another scheme (ftp)",
        }
    }
}

impl Event {
    fn title(self) -> &'static str {
        match self {
            Self::TargetMoved => "someone else moves the tag meanwhile",
            Self::GuardedTargetMoved => "someone else moves the tag meanwhile, and a guard forbids it",
            Self::SourceMoved => "the source's tag is moved meanwhile",
            Self::BlobVanished => "the blob vanishes from the source meanwhile",
            Self::SeenBlobVanished => "a blob that was seen at the target vanishes meanwhile",
            Self::ManifestVanished => "the manifest vanishes from the source meanwhile",
            Self::TokenExpired => "the token expires while a blob is being sent",
        }
    }
}

fn with_body(fault: Fault, body: Body) -> Fault {
    match body {
        Body::Json => fault,
        Body::Html => fault.body(PAGE).header("content-type", "text/html; charset=utf-8"),
        Body::Empty => fault.body(""),
    }
}

fn date_in(seconds: i64) -> String {
    let now = std::time::SystemTime::now();
    let wait = std::time::Duration::from_secs(seconds.unsigned_abs());
    httpdate::fmt_http_date(if seconds < 0 { now - wait } else { now + wait })
}
