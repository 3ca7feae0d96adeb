//! Requests that `object_store` has no words for, signed with its means.

use std::time::Duration;

use bytes::Bytes;
use http::header::HeaderName;
use http::{HeaderMap, HeaderValue, Method, StatusCode};
use object_store::RetryConfig;
use object_store::aws::{AmazonS3, AwsAuthorizer};
use object_store::client::{HttpClient, HttpRequest, HttpRequestBody};
use object_store::path::Path;
use object_store::signer::Signer as _;
use serde::Deserialize;
use url::Url;

use super::refusal;
use crate::error::Class;
use crate::objects::{ErrorKind, Refused};
use crate::redact::Echo;

/// Makes requests to one bucket.
pub(super) struct Signed {
    pub(super) s3: AmazonS3,
    pub(super) client: HttpClient,
    pub(super) region: String,
    pub(super) retry: RetryConfig,
}

/// A request, without a body.
pub(super) struct Ask<'a> {
    pub(super) method: Method,
    pub(super) path: &'a Path,
    pub(super) query: &'a [(&'a str, &'a str)],
    pub(super) headers: &'a [(&'static str, String)],
}

/// An answer that is neither a failure of the store nor silence.
pub(super) struct Answer {
    pub(super) status: StatusCode,
    pub(super) headers: HeaderMap,
    pub(super) body: Bytes,
}

/// An upload that was begun and neither completed nor aborted.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct OpenUpload {
    pub(super) key: String,
    pub(super) upload_id: String,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Uploads {
    #[serde(default)]
    upload: Vec<OpenUpload>,
    #[serde(default)]
    is_truncated: bool,
    next_key_marker: Option<String>,
    next_upload_id_marker: Option<String>,
}

impl Signed {
    /// Sends a request until it is answered, as often as is allowed.
    pub(super) async fn send(&self, ask: &Ask<'_>, echo: &Echo) -> Result<Answer, ErrorKind> {
        let mut wait = self.retry.backoff.init_backoff;
        for _ in 0..self.retry.max_retries {
            match self.send_once(ask, echo).await {
                Ok(answer) if !is_fault(answer.status) => return Ok(answer),
                Err(ErrorKind::Refused(Refused { class: Class::Transient, .. })) | Ok(_) => {}
                failed => return failed,
            }
            tokio::time::sleep(wait.mul_f64(0.5 + fastrand::f64() / 2.0)).await;
            wait = Duration::min(wait * 2, self.retry.backoff.max_backoff);
        }
        match self.send_once(ask, echo).await? {
            answer if is_fault(answer.status) => Err(refusal::answer(answer.status, &answer.body, echo)),
            answer => Ok(answer),
        }
    }

    async fn send_once(&self, ask: &Ask<'_>, echo: &Echo) -> Result<Answer, ErrorKind> {
        let request = self.request(ask).await.map_err(|error| refusal::kind(&error, echo))?;
        let failed = |error: object_store::client::HttpError| {
            let text = format!("{} was not answered: {error}", ask.method);
            ErrorKind::Refused(Refused { class: Class::Transient, text: refusal::printable(&text, echo) })
        };
        let (parts, body) = self.client.execute(request).await.map_err(failed)?.into_parts();
        let body = body.bytes().await.map_err(failed)?;
        Ok(Answer { status: parts.status, headers: parts.headers, body })
    }

    async fn request(&self, ask: &Ask<'_>) -> object_store::Result<HttpRequest> {
        let url = self.url(ask).await?;
        let mut request = HttpRequest::new(HttpRequestBody::empty());
        *request.method_mut() = ask.method.clone();
        *request.uri_mut() = url.as_str().parse().map_err(generic)?;
        for (name, value) in ask.headers {
            let value = HeaderValue::from_str(value).map_err(generic)?;
            request.headers_mut().insert(HeaderName::from_static(name), value);
        }
        let credential = self.s3.credentials().get_credential().await?;
        AwsAuthorizer::new(&credential, "s3", &self.region).try_authorize(&mut request, None)?;
        Ok(request)
    }

    /// Where an object is: what would be signed for it, without the signature.
    async fn url(&self, ask: &Ask<'_>) -> object_store::Result<Url> {
        let mut url = self.s3.signed_url(Method::GET, ask.path, Duration::from_secs(1)).await?;
        url.set_query(None);
        if !ask.query.is_empty() {
            let query = url::form_urlencoded::Serializer::new(String::new()).extend_pairs(ask.query).finish();
            // In what is signed a space is `%20`, and so it is on the way.
            url.set_query(Some(&query.replace('+', "%20")));
        }
        Ok(url)
    }

    /// The open uploads under exactly this key.
    pub(super) async fn uploads(&self, key: &Path, echo: &Echo) -> Result<Vec<OpenUpload>, ErrorKind> {
        let (mut found, mut markers) = (Vec::new(), None::<(String, String)>);
        loop {
            let mut query = vec![("uploads", ""), ("prefix", key.as_ref())];
            if let Some((key, upload)) = &markers {
                query.extend([("key-marker", key.as_str()), ("upload-id-marker", upload)]);
            }
            let ask = Ask { method: Method::GET, path: &Path::default(), query: &query, headers: &[] };
            let answer = self.send(&ask, echo).await?;
            if answer.status != StatusCode::OK {
                return Err(refusal::answer(answer.status, &answer.body, echo));
            }
            let page: Uploads =
                quick_xml::de::from_reader(&*answer.body).map_err(|_| garbled("a list of uploads"))?;
            found.extend(page.upload.into_iter().filter(|upload| upload.key == key.as_ref()));
            let next = page.next_key_marker.zip(page.next_upload_id_marker).filter(|_| page.is_truncated);
            // A store that says the same page over and over would never end.
            if next.is_none() || next == markers {
                return Ok(found);
            }
            markers = next;
        }
    }
}

/// An answer that cannot be understood.
pub(super) fn garbled(what: &str) -> ErrorKind {
    ErrorKind::Refused(Refused { class: Class::Protocol, text: format!("the store answers with no {what}") })
}

fn is_fault(status: StatusCode) -> bool {
    status.is_server_error() || status == StatusCode::TOO_MANY_REQUESTS
}

fn generic(error: impl std::error::Error + Send + Sync + 'static) -> object_store::Error {
    object_store::Error::Generic { store: "S3", source: Box::new(error) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_list_of_uploads_is_read_whether_it_has_none_one_or_several() {
        let read = |xml: &str| quick_xml::de::from_str::<Uploads>(xml).unwrap();
        assert_eq!(
            read("<ListMultipartUploadsResult><Bucket>b</Bucket></ListMultipartUploadsResult>").upload,
            []
        );
        let several = read(
            "<?xml version=\"1.0\"?><ListMultipartUploadsResult xmlns=\"http://s3\"><IsTruncated>true</IsTruncated>\
             <NextKeyMarker>k</NextKeyMarker><NextUploadIdMarker>2</NextUploadIdMarker>\
             <Upload><Key>a&amp;b</Key><UploadId>1</UploadId><Owner><ID>x</ID></Owner></Upload>\
             <Upload><Key>c</Key><UploadId>2</UploadId></Upload></ListMultipartUploadsResult>",
        );
        assert!(several.is_truncated);
        let keys: Vec<_> = several.upload.iter().map(|upload| upload.key.as_str()).collect();
        assert_eq!(keys, ["a&b", "c"]);
    }
}
