//! Where a location must be: below an address.

use std::fmt;

use url::Url;

use crate::redact::mask_logins;

/// The beginning that an address must have. It ends where a part of the path ends.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Prefix(Url);

/// Why a text is no prefix.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "`{0}` is no prefix of addresses: it takes http://HOST/PATH or https://HOST/PATH, without login, query and fragment"
)]
pub struct PrefixError(String);

impl Prefix {
    /// Reads `text`; whether it ends in `/` makes no difference.
    ///
    /// # Errors
    /// When it is no address, or has parts that a prefix cannot have.
    pub fn parse(text: &str) -> Result<Self, PrefixError> {
        let fits = |url: &Url| {
            let is_bare = url.query().is_none() && url.fragment().is_none();
            let has_no_login = url.username().is_empty() && url.password().is_none();
            matches!(url.scheme(), "http" | "https") && is_bare && has_no_login
        };
        Url::parse(text).ok().filter(fits).map(Self).ok_or_else(|| PrefixError(mask_logins(text)))
    }

    /// Whether `url` is below it: same scheme, host and port, and its path goes on where this one ends.
    #[must_use]
    pub fn covers(&self, url: &Url) -> bool {
        let path = self.0.path().trim_end_matches('/');
        let is_same_server = self.0.scheme() == url.scheme()
            && self.0.host() == url.host()
            && self.0.port_or_known_default() == url.port_or_known_default();
        is_same_server && url.path().strip_prefix(path).is_some_and(|rest| rest.starts_with('/'))
    }
}

impl fmt::Display for Prefix {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.0.as_str())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn covers(prefix: &str, url: &str) -> bool {
        Prefix::parse(prefix).unwrap().covers(&Url::parse(url).unwrap())
    }

    // 14.65
    #[test]
    fn a_prefix_ends_at_a_slash() {
        for prefix in ["https://m/pub", "https://m/pub/"] {
            assert!(covers(prefix, "https://m/pub/x"));
            assert!(!covers(prefix, "https://m/public/x"), "{prefix}");
            assert!(!covers(prefix, "https://m/pub"), "{prefix}");
        }
        assert!(covers("https://m", "https://m/x"));
    }

    // 14.64
    #[test]
    fn another_host_scheme_or_port_is_not_below_and_the_case_of_a_host_does_not_matter() {
        assert!(covers("https://M.Example.com/pub", "https://m.eXample.com:443/pub/x"));
        for url in ["http://m:443/pub/x", "https://staging/pub/x", "https://m:8443/pub/x", "https://m/PUB/x"]
        {
            assert!(!covers("https://m/pub", url), "{url}");
        }
        assert!(!covers("https://m/pub", "https://m/pub/../secret/x"));
    }

    #[test]
    fn what_is_no_address_without_extras_is_no_prefix() {
        for text in
            ["", "m/pub", "ftp://m/pub", "https://m/pub?x=1", "https://m/pub#f", "https://me:s3cr3t@m/pub"]
        {
            let error = Prefix::parse(text).unwrap_err().to_string();
            assert!(!error.contains("s3cr3t"), "{error}");
        }
    }
}
