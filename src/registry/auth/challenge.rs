//! What a registry asks for (`WWW-Authenticate`), and whether its token service may be trusted.

use http::header::{HeaderMap, WWW_AUTHENTICATE};
use http_auth::parser::ChallengeParser;
use url::Url;

use super::error::Error;
use crate::redact::SafeUrl;

/// A challenge that we can meet.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Challenge {
    Basic,
    Bearer(Realm),
}

/// Where a registry's tokens come from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Realm {
    pub(super) url: Url,
    pub(super) service: Option<String>,
}

/// The challenge of an answer, and what it says of the token that was refused.
#[derive(Debug)]
pub(super) struct Asked {
    pub(super) challenge: Challenge,
    /// The token was good but did not allow what was asked for.
    pub(super) lacks_scope: bool,
    /// The scope that it names has the action `delete`.
    pub(super) names_delete: bool,
}

impl Asked {
    /// The strongest challenge among `headers` that we can meet; None: there is none.
    ///
    /// # Errors
    /// The realm is no address that a login may be sent to from `registry`.
    pub(super) fn read(headers: &HeaderMap, registry: &Url) -> Result<Option<Self>, Error> {
        let mut basic = None;
        for value in headers.get_all(WWW_AUTHENTICATE) {
            let text = String::from_utf8_lossy(value.as_bytes());
            for challenge in ChallengeParser::new(&text).map_while(Result::ok) {
                let param = |name: &str| {
                    let found = challenge.params.iter().find(|(key, _)| key.eq_ignore_ascii_case(name));
                    found.map(|(_, value)| value.to_unescaped())
                };
                if challenge.scheme.eq_ignore_ascii_case("bearer")
                    && let Some(realm) = param("realm")
                {
                    let url = trusted(&realm, registry)?;
                    let service = param("service").filter(|service| !service.is_empty());
                    let lacks_scope = param("error").is_some_and(|error| error == "insufficient_scope");
                    let challenge = Challenge::Bearer(Realm { url, service });
                    let names_delete = param("scope").is_some_and(|scopes| has_delete(&scopes));
                    return Ok(Some(Self { challenge, lacks_scope, names_delete }));
                }
            }
            // Not by the parser: some registries send a realm with spaces and without quotes.
            if text.get(..5).is_some_and(|scheme| scheme.eq_ignore_ascii_case("basic")) {
                basic = Some(Self { challenge: Challenge::Basic, lacks_scope: false, names_delete: false });
            }
        }
        Ok(basic)
    }
}

/// Whether one of `scopes`, as `repository:a/b:pull,delete` and apart by spaces, is for deleting.
fn has_delete(scopes: &str) -> bool {
    let actions = scopes.split_whitespace().filter_map(|scope| scope.rsplit_once(':'));
    actions.flat_map(|(_, actions)| actions.split(',')).any(|action| action == "delete")
}

/// A login goes to a realm over https only, and in the clear only where the registry itself does.
fn trusted(realm: &str, registry: &Url) -> Result<Url, Error> {
    let host = registry.host_str().unwrap_or_default();
    let Ok(url) = Url::parse(realm) else { return Err(Error::Realm { host: host.into() }) };
    let is_safe = match url.scheme() {
        "https" => true,
        "http" => registry.scheme() == "http",
        _ => false,
    };
    if !is_safe || !url.username().is_empty() || url.password().is_some() {
        return Err(Error::UnsafeRealm { host: host.into(), realm: SafeUrl::new(url).into() });
    }
    Ok(url)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_scope_for_deleting_is_told_from_others_and_from_a_repository_of_that_name() {
        for (scopes, expected) in [
            ("repository:a/b:delete", true),
            ("repository:a/b:pull repository:c:pull,push,delete", true),
            ("repository:a/b:pull,push", false),
            ("repository:a/delete:pull", false),
            ("delete", false),
            ("", false),
        ] {
            assert_eq!(has_delete(scopes), expected, "{scopes}");
        }
    }
}
