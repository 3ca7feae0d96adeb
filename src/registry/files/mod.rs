//! Plain files of web servers: whether they are there, small ones as a whole, and downloads that go on where they were cut.
//!
//! The transport is that of registries, with its permits, pauses, retries and counters. Unlike a blob a file has no
//! digest that it is asked for by: it may become another one between two tries, so a download can begin anew
//! ([`Frame::Anew`]), and what the bytes are is for its reader to judge.

mod download;
mod fault;
mod part;
mod probe;

use bytes::Bytes;
use http::header::{ACCEPT_ENCODING, HeaderValue};
use http::{HeaderMap, Method};
use url::Url;

use super::Client;
use super::auth::Need;
use super::clients::Lane;
use super::error::{Error, Kind};
use super::refusal::Subject;
use super::transport::Call;
use crate::model::Host;
use crate::redact::SafeUrl;

pub use download::{FileStream, Frame, Start};
pub use fault::FileFault;
pub use probe::Probed;

/// Mirrors lead on more often than registries: to the nearest copy, and from there to a bucket.
const REDIRECTS: usize = 10;

impl Client {
    /// A small file as a whole.
    ///
    /// # Errors
    /// When it is not there, cannot be had, has more than `limit` bytes, or a page of HTML comes in its place, as some
    /// servers answer for what they lack.
    pub async fn read_file(&self, url: &Url, limit: u64) -> Result<Bytes, Error> {
        let call = call(self, Lane::Small, url)?;
        self.shared
            .retry
            .run(async || {
                let mut answer = self.request_once(&call).await?;
                if answer.is_page() || answer.is_folder {
                    return Err(answer.error(Kind::File(FileFault::Page)));
                }
                answer.bytes(limit).await
            })
            .await
    }
}

/// A request for the file at `url`, with nothing unpacked on the way: its digest is that of the bytes that are served.
///
/// A login is shown to who asks for it (and is in the docker config) only where nobody else sees it. The address was not
/// made up by whoever runs us, and may say `http`.
fn call(client: &Client, lane: Lane, url: &Url) -> Result<Call, Error> {
    let operation = format!("{} {}", Method::GET, SafeUrl::new(url.clone())).into();
    let is_fit = matches!(url.scheme(), "http" | "https")
        && url.host_str().is_some_and(|host| !host.is_empty())
        && url.username().is_empty()
        && url.password().is_none();
    if !is_fit {
        return Err(Error::new(operation, None, Kind::File(FileFault::Address)));
    }
    let host = Host::of(url);
    let is_private =
        url.scheme() == "https" || host.is_loopback() || client.shared.options.plain_http.contains(&host);
    let mut headers = HeaderMap::new();
    headers.insert(ACCEPT_ENCODING, HeaderValue::from_static("identity"));
    Ok(Call {
        operation,
        method: Method::GET,
        url: url.clone(),
        need: Need { host, role: client.role, scopes: Vec::new() },
        headers,
        body: None,
        lane,
        follow: true,
        redirects: REDIRECTS,
        is_anonymous: !is_private,
        subject: Subject::File,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::registry::{Credentials, Options};

    #[test]
    fn who_we_are_is_not_said_in_the_clear_to_another_machine() {
        let options = Options { plain_http: vec![Host::new("named:8080")], ..Options::default() };
        let client = Client::new(options, Credentials::anonymous(), Credentials::anonymous()).unwrap();
        let is_anonymous = |url: &str| call(&client, Lane::Blob, &url.parse().unwrap()).unwrap().is_anonymous;
        assert!(is_anonymous("http://mirror.example.com/x"));
        assert!(is_anonymous("http://named/x"), "another port is another server");
        for url in ["https://mirror.example.com/x", "http://named:8080/x", "http://127.0.0.1:1/x"] {
            assert!(!is_anonymous(url), "{url}");
        }
    }

    #[test]
    fn what_is_no_address_of_a_web_server_is_not_called() {
        let client =
            Client::new(Options::default(), Credentials::anonymous(), Credentials::anonymous()).unwrap();
        for url in ["file:///etc/passwd", "ftp://m/x", "https://me@m/x", "https://:s3cr3t@m/x"] {
            let error = call(&client, Lane::Blob, &url.parse().unwrap()).unwrap_err();
            assert!(matches!(error.kind(), Kind::File(FileFault::Address)), "{error:?}");
            assert!(!format!("{error:?}").contains("s3cr3t"), "{error:?}");
        }
    }
}
