//! Whether a file is there, for next to no bytes.

use http::header::{HeaderValue, RANGE};
use url::Url;

use super::call;
use super::part::ContentRange;
use crate::redact::SafeUrl;
use crate::registry::Client;
use crate::registry::clients::Lane;
use crate::registry::error::Error;
use crate::registry::refusal::BODY_LIMIT;
use crate::registry::transport::Answer;

/// What a server says about a file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Probed {
    /// The status: 2xx, or one of 4xx that is about the file.
    pub status: u16,
    /// How many bytes it has, where the server tells.
    pub size: Option<u64>,
    /// It is said to be HTML.
    pub is_page: bool,
    /// Where the answer came from, after redirects.
    pub url: SafeUrl,
    /// The answer is about a folder: its address ends in `/`, or a redirect did no more than put one there.
    pub is_elsewhere: bool,
}

impl Client {
    /// Looks for the file at `url`. Its first byte is asked for: an address that is signed for `GET` refuses `HEAD`.
    ///
    /// # Errors
    /// What says nothing about the file: no answer, 401, 408, 429, 5xx.
    pub async fn probe(&self, url: &Url) -> Result<Probed, Error> {
        let mut call = call(self, Lane::Small, url)?;
        call.headers.insert(RANGE, HeaderValue::from_static("bytes=0-0"));
        self.shared
            .retry
            .run(async || {
                let permit = self.shared.acquire(&call.need.host, &call.operation).await?;
                let answer = self.shared.send(&call, permit).await?;
                if !is_told(&answer) {
                    return Err(answer.refused().await);
                }
                let mut probed = Probed::of(&answer);
                if probed.size.is_none() && answer.status.is_success() {
                    // Nothing says whether it has any bytes but the first one.
                    let mut body = answer.into_body();
                    if body.frame().await.map_err(|kind| call.error(kind))?.is_none() {
                        probed.size = Some(0);
                    }
                    return Ok(probed);
                }
                // A server that knows no ranges is about to send all of it.
                if answer.length().is_some_and(|length| length <= BODY_LIMIT as u64) {
                    answer.into_body().drain().await;
                }
                Ok(probed)
            })
            .await
    }
}

fn is_told(answer: &Answer) -> bool {
    let is_refusal = answer.status.is_client_error() && !matches!(answer.status.as_u16(), 401 | 408 | 429);
    answer.status.is_success() || is_refusal
}

impl Probed {
    fn of(answer: &Answer) -> Self {
        let ranged = ContentRange::of(answer).size;
        Self {
            status: answer.status.as_u16(),
            size: match answer.status.as_u16() {
                206 => ranged,
                // There is no first byte.
                416 => Some(ranged.unwrap_or(0)),
                _ => answer.length(),
            },
            is_page: answer.is_page(),
            url: SafeUrl::new(answer.url.clone()),
            is_elsewhere: answer.is_folder || answer.url.path().ends_with('/'),
        }
    }
}
