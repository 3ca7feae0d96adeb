//! Uploads in parts.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use axum::response::Response;
use bytes::{Bytes, BytesMut};
use http::{HeaderMap, StatusCode};

use super::{BucketRequest, Inside, describing, escaped, refuse, reply, xml};

/// The least size of a part that is not the last.
const LEAST: usize = 5 << 20;

/// An upload that was begun.
#[derive(Debug)]
pub(super) struct Upload {
    key: String,
    headers: HeaderMap,
    parts: BTreeMap<usize, (String, Bytes)>,
}

impl Upload {
    pub(super) fn key(&self) -> &str {
        &self.key
    }
}

pub(super) fn begin(inside: &mut Inside, key: &str, headers: &HeaderMap) -> String {
    inside.writes += 1;
    let id = format!("upload {}+/", inside.writes);
    let upload = Upload { key: key.to_owned(), headers: describing(headers), parts: BTreeMap::new() };
    inside.uploads.insert(id.clone(), upload);
    id
}

fn wanted<'a>(inside: &'a mut Inside, request: &BucketRequest) -> Option<&'a mut Upload> {
    let upload = inside.uploads.get_mut(request.query.get("uploadId")?)?;
    Some(upload).filter(|upload| upload.key == request.key)
}

fn no_upload() -> Response {
    refuse(StatusCode::NOT_FOUND, "NoSuchUpload")
}

pub(super) fn part(inside: &mut Inside, request: &BucketRequest, body: &Bytes) -> Response {
    inside.writes += 1;
    let etag = format!("\"part-{}\"", inside.writes);
    let Some(upload) = wanted(inside, request) else { return no_upload() };
    let number = request.query["partNumber"].parse().expect("a number");
    upload.parts.insert(number, (etag.clone(), body.clone()));
    let mut answer = reply(StatusCode::OK, "");
    answer.headers_mut().insert("etag", etag.parse().expect("a header"));
    answer
}

pub(super) fn complete(inside: &mut Inside, request: &BucketRequest, body: &Bytes) -> Response {
    let Some(upload) = wanted(inside, request) else { return no_upload() };
    let asked = String::from_utf8_lossy(body).replace("&quot;", "\"");
    let mut content = BytesMut::new();
    for (at, (etag, part)) in upload.parts.values().enumerate() {
        if !asked.contains(&format!("<ETag>{etag}</ETag>")) {
            return refuse(StatusCode::BAD_REQUEST, "InvalidPart");
        }
        if at + 1 < upload.parts.len() && part.len() < LEAST {
            return refuse(StatusCode::BAD_REQUEST, "EntityTooSmall");
        }
        content.extend_from_slice(part);
    }
    let headers = upload.headers.clone();
    inside.uploads.remove(&request.query["uploadId"]);
    let etag = inside.store(&request.key, content.freeze(), headers);
    xml(&format!(
        "<CompleteMultipartUploadResult><ETag>{}</ETag></CompleteMultipartUploadResult>",
        escaped(&etag)
    ))
}

pub(super) fn abort(inside: &mut Inside, request: &BucketRequest) -> Response {
    if wanted(inside, request).is_none() {
        return no_upload();
    }
    inside.uploads.remove(&request.query["uploadId"]);
    reply(StatusCode::NO_CONTENT, "")
}

/// One upload a page, so that two make several pages.
pub(super) fn list(inside: &Inside, request: &BucketRequest) -> Response {
    let asked = |name: &str| request.query.get(name).map(String::as_str).unwrap_or_default();
    let after = (asked("key-marker"), asked("upload-id-marker"));
    let mut found: Vec<_> =
        inside.uploads.iter().map(|(id, upload)| (upload.key.as_str(), id.as_str())).collect();
    found.sort_unstable();
    found.retain(|upload| upload.0.starts_with(asked("prefix")) && *upload > after);
    let mut text = String::from("<ListMultipartUploadsResult>");
    if let Some((key, id)) = found.first() {
        let (key, id) = (escaped(key), escaped(id));
        write!(text, "<IsTruncated>{}</IsTruncated>", found.len() > 1).expect("a text");
        write!(text, "<NextKeyMarker>{key}</NextKeyMarker><NextUploadIdMarker>{id}</NextUploadIdMarker>")
            .expect("a text");
        write!(text, "<Upload><Key>{key}</Key><UploadId>{id}</UploadId></Upload>").expect("a text");
    }
    xml(&(text + "</ListMultipartUploadsResult>"))
}
