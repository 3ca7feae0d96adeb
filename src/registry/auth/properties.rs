//! What holds for every `WWW-Authenticate` and every answer of a token service. For the fuzz targets and their twins.

use http::HeaderMap;
use http::header::{HeaderValue, WWW_AUTHENTICATE};
use url::Url;

use super::challenge::{Asked, Challenge};
use super::request;
use super::scope::ScopeSet;
use super::token::Token;
use crate::redact::Echo;

/// A login goes to a realm over https, or in the clear where the registry itself speaks so; a realm holds no login; what
/// is said about one that is not trusted is bounded and holds no query. Each line of `input` is a header.
pub(crate) fn www_authenticate(input: &[u8]) {
    let values = input.split(|b| *b == b'\n').filter_map(|line| HeaderValue::from_bytes(line).ok());
    let headers: HeaderMap = values.map(|value| (WWW_AUTHENTICATE, value)).collect();
    for registry in ["https://registry.example/v2/", "http://localhost:5000/v2/"] {
        let registry = Url::parse(registry).expect("an address");
        match Asked::read(&headers, &registry) {
            Ok(Some(Asked { challenge: Challenge::Bearer(realm), .. })) => {
                assert!(
                    realm.url.scheme() == "https"
                        || (registry.scheme(), realm.url.scheme()) == ("http", "http")
                );
                assert!(realm.url.username().is_empty() && realm.url.password().is_none());
                assert!(realm.url.host_str().is_some_and(|host| !host.is_empty()));
                assert!(
                    realm
                        .service
                        .is_none_or(|service| !service.is_empty() && service.len() <= 3 * input.len())
                );
            }
            Ok(_) => {}
            Err(error) => {
                let shown = format!("{error} {error:?}");
                assert!(shown.len() <= 8 * input.len() + 400, "{shown}");
                assert!(!shown.contains('?'), "{shown}");
            }
        }
    }
}

/// What a token service says of a refusal is one line of bounded length; a token is not shown, and what is none is no
/// token.
pub(crate) fn token_answer(body: &[u8], echo: &Echo) {
    if let Some(said) = request::detail(body, echo) {
        assert!(said.chars().count() <= 201 && !said.contains(char::is_control), "{said:?}");
        assert!(!said.to_ascii_lowercase().contains("robot:s3cret"), "{said}");
    }
    if let Some(token) = Token::read(body, ScopeSet::default()) {
        assert!(token.len() > "Bearer ".len());
        assert!(format!("{token:?}").contains("Sensitive"), "{token:?}");
    }
}
