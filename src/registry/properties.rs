//! What holds for every answer of a registry, whatever it says. For the fuzz targets and their twins.

use futures_util::FutureExt as _;
use http::header::RETRY_AFTER;
use http::{HeaderMap, HeaderName, HeaderValue, StatusCode};
use url::Url;

pub(crate) use super::auth::properties::www_authenticate;
pub(crate) use super::credentials::properties::docker_config;
pub(crate) use super::listing::properties::quay_page;

use super::Options;
use super::endpoint::{base, below, same_origin};
use super::error::Kind;
use super::limit::Hosts;
use super::refusal::{LONGEST_WAIT, Refused, retry_after};
use super::tags::next_link;
use crate::error::Right;
use crate::model::{Digest, Host, ImageRef};
use crate::redact::Echo;

/// The address of an image is below that of its repository on its own host, whatever its parts are.
pub(crate) fn address(image: &ImageRef) {
    let options = Options::default();
    let path = format!("manifests/{}", image.version);
    // Ports above 65535 and the like: a host by its form that no address can have.
    let Ok(base) = base(&options, image.host()) else { return };
    let address = below(&options, &image.repository, &path).expect("a base is enough");
    let expected = format!("/v2/{}/{path}", image.repository.name);
    assert!(same_origin(&base, &address) && base.path() == "/v2/");
    assert_eq!((address.path(), address.query(), address.fragment()), (expected.as_str(), None, None));
    assert!(address.username().is_empty() && address.password().is_none());
}

/// Where a `Link` leads is an address that is not much longer than the header; one that is taken for the same registry
/// has its scheme, host and port; an address in `<…>; rel="next"` is found.
pub(crate) fn link(input: &[u8]) {
    let page =
        Url::parse("https://registry.example:8443/v2/a/b/tags/list?n=100&last=v1").expect("an address");
    let Ok(header) = HeaderValue::from_bytes(input) else { return };
    let Ok(text) = header.to_str() else { return };
    if let Some(next) = next_link(text, &page) {
        let most = 3 * text.len() + page.as_str().len() + 16;
        assert!(next.as_str().len() <= most, "{next} is longer than its header");
        assert_eq!(same_origin(&next, &page), next.origin() == page.origin(), "{next}");
    }
    if !text.contains(['<', '>']) {
        for link in [format!("<{text}>; rel=\"next\""), format!("</>; rel=prev, <{text}>;a=b; REL=Next")] {
            assert_eq!(next_link(&link, &page), page.join(text).ok(), "{link}");
        }
    }
}

/// However long a registry asks to wait, it is known how long that is, and longer than a run may wait is refused at
/// once. The lines of `input` are a status and headers.
pub(crate) fn retry_after_header(input: &[u8]) {
    let mut lines = input.split(|b| *b == b'\n');
    let status = lines.next().and_then(|line| StatusCode::from_bytes(line).ok());
    let names = [RETRY_AFTER.as_str(), "ratelimit-remaining", "ratelimit-reset", "x-ratelimit-remaining"];
    let headers: HeaderMap = names
        .into_iter()
        .zip(lines)
        .filter_map(|(name, line)| Some((HeaderName::from_static(name), HeaderValue::from_bytes(line).ok()?)))
        .collect();
    assert!(retry_after(&headers).is_none_or(|wait| wait <= LONGEST_WAIT));
    let clock = tokio::runtime::Builder::new_current_thread().enable_time().build().expect("a clock");
    let _in_it = clock.enter();
    let options = Options::default();
    let host = Hosts::new(&options).get(&Host::new("registry.example"));
    host.answered(status.unwrap_or(StatusCode::TOO_MANY_REQUESTS), &headers, None);
    if let Some(Err(error)) = host.acquire().now_or_never() {
        let Kind::Throttled(wait) = error else { panic!("{error}") };
        assert!(wait > options.max_retry_after && wait <= LONGEST_WAIT, "{wait:?}");
        assert!(error.to_string().len() < 200, "{error}");
    }
}

/// A refusal is one line of bounded length, whatever the body is, without a login that was sent; the digests it names are
/// digests. The first two bytes of `input` are the status.
pub(crate) fn refusal(input: &[u8]) {
    let Some((status, body)) = input.split_first_chunk::<2>() else { return };
    let Ok(status) = StatusCode::from_u16(u16::from_be_bytes(*status) % 500 + 100) else { return };
    let echo = Echo::of(["robot:S3CRET"]);
    for right in [Right::Pull, Right::Push, Right::Delete] {
        let refused = Refused::read(status, &HeaderMap::new(), (body, &echo), right);
        let shown = refused.to_string();
        assert!(!shown.to_ascii_lowercase().contains("robot:s3cret"), "{shown}");
        assert!(shown.chars().count() < 700, "{shown}");
        assert!(!shown.contains(char::is_control), "{shown:?}");
        let _ = (refused.class(), refused.verdict(), refused.advice("registry.example"));
        for digest in refused.missing_content().into_iter().flatten() {
            assert_eq!(Digest::parse(digest.as_str()), Ok(digest));
        }
    }
    super::auth::properties::token_answer(body, &echo);
}
