//! Objects: written, read, listed, copied.

use std::fmt::Write as _;
use std::time::SystemTime;

use axum::response::Response;
use bytes::Bytes;
use http::{HeaderMap, StatusCode};

use super::{BUCKET, BucketRequest, Inside, decoded, describing, escaped, refuse, reply, xml};

/// So many objects are on one page of a listing, so that few make several pages.
const PAGE: usize = 3;

/// An object.
#[derive(Debug, Clone)]
pub struct Stored {
    /// The bytes.
    pub content: Bytes,
    /// What describes it: content type, cache control, metadata.
    pub headers: HeaderMap,
    /// What it is recognised by.
    pub etag: String,
    /// When it was written.
    pub modified: SystemTime,
}

impl Stored {
    /// A header that describes it.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name).and_then(|value| value.to_str().ok())
    }
}

fn header<'a>(request: &'a BucketRequest, name: &str) -> Option<&'a str> {
    request.headers.get(name).and_then(|value| value.to_str().ok())
}

pub(super) fn put(inside: &mut Inside, request: &BucketRequest, body: &Bytes) -> Response {
    let now = inside.objects.get(&request.key).map(|stored| stored.etag.as_str());
    if inside.knows_no_conditions {
        let etag = inside.store(&request.key, body.clone(), describing(&request.headers));
        return with_etag(reply(StatusCode::OK, ""), &etag);
    }
    if header(request, "if-none-match") == Some("*") && now.is_some() {
        return refuse(StatusCode::PRECONDITION_FAILED, "PreconditionFailed");
    }
    match (header(request, "if-match"), now) {
        (Some(_), None) => return refuse(StatusCode::NOT_FOUND, "NoSuchKey"),
        (Some(wanted), Some(now)) if wanted != now => {
            return refuse(StatusCode::PRECONDITION_FAILED, "PreconditionFailed");
        }
        _ => {}
    }
    let etag = inside.store(&request.key, body.clone(), describing(&request.headers));
    with_etag(reply(StatusCode::OK, ""), &etag)
}

pub(super) fn get(inside: &Inside, request: &BucketRequest) -> Response {
    let Some(stored) = inside.objects.get(&request.key) else {
        return refuse(StatusCode::NOT_FOUND, "NoSuchKey");
    };
    let whole = stored.content.len();
    let range = header(request, "range").and_then(|text| text.strip_prefix("bytes="));
    let (from, to) = range.map_or((0, whole), |range| {
        let (from, to) = range.split_once('-').expect("a range");
        (from.parse().expect("a number"), to.parse::<usize>().map_or(whole, |last| (last + 1).min(whole)))
    });
    let mut answer = reply(StatusCode::OK, stored.content.slice(from..to));
    if range.is_some() {
        *answer.status_mut() = StatusCode::PARTIAL_CONTENT;
        let range = format!("bytes {from}-{}/{whole}", to.saturating_sub(1));
        answer.headers_mut().insert("content-range", range.parse().expect("a header"));
    }
    answer.headers_mut().extend(stored.headers.clone());
    let modified = httpdate::fmt_http_date(stored.modified);
    answer.headers_mut().insert("last-modified", modified.parse().expect("a header"));
    with_etag(answer, &stored.etag)
}

pub(super) fn list(inside: &Inside, request: &BucketRequest) -> Response {
    let asked = |name: &str| request.query.get(name).map(String::as_str).unwrap_or_default();
    let (prefix, after) = (asked("prefix"), asked("continuation-token"));
    let fits = |key: &str| key.starts_with(prefix) && key > after;
    let found: Vec<_> = inside.objects.iter().filter(|(key, _)| fits(key)).collect();
    let page = &found[..found.len().min(PAGE)];
    let mut text = String::from("<ListBucketResult>");
    if let Some((last, _)) = page.last().filter(|_| page.len() < found.len()) {
        let last = escaped(last);
        write!(text, "<IsTruncated>true</IsTruncated><NextContinuationToken>{last}</NextContinuationToken>")
            .expect("a text");
    }
    for (key, stored) in page {
        let modified = humantime::format_rfc3339_millis(stored.modified);
        write!(
            text,
            "<Contents><Key>{}</Key><LastModified>{modified}</LastModified><ETag>{}</ETag><Size>{}</Size></Contents>",
            escaped(key),
            escaped(&stored.etag),
            stored.content.len()
        )
        .expect("a text");
    }
    xml(&(text + "</ListBucketResult>"))
}

pub(super) fn copy(inside: &mut Inside, request: &BucketRequest) -> Response {
    let source = decoded(header(request, "x-amz-copy-source").unwrap_or_default());
    let key = source.trim_start_matches('/').strip_prefix(BUCKET).and_then(|key| key.strip_prefix('/'));
    let Some(stored) = key.and_then(|key| inside.objects.get(key)).cloned() else {
        return refuse(StatusCode::NOT_FOUND, "NoSuchKey");
    };
    if header(request, "x-amz-copy-source-if-match").is_some_and(|wanted| wanted != stored.etag) {
        return refuse(StatusCode::PRECONDITION_FAILED, "PreconditionFailed");
    }
    let is_new = header(request, "x-amz-metadata-directive") == Some("REPLACE");
    let headers = if is_new { describing(&request.headers) } else { stored.headers };
    let etag = inside.store(&request.key, stored.content, headers);
    xml(&format!("<CopyObjectResult><ETag>{}</ETag></CopyObjectResult>", escaped(&etag)))
}

fn with_etag(mut answer: Response, etag: &str) -> Response {
    answer.headers_mut().insert("etag", etag.parse().expect("a header"));
    answer
}
