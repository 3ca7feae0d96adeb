//! Locations: how a path becomes part of a URL and is read from one.
//!
//! There is one encoding: of each name everything but letters, digits, `-`, `.`, `_` and `~` is escaped, `+` too, since
//! some stores take it for a space. So the decoded name is the same wherever it is read.

use std::fmt;

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, percent_decode_str, utf8_percent_encode};
use url::{Position, Url};

use crate::error::{Class, Classify};
use crate::redact;

/// What is escaped in a name.
const ESCAPED: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');

/// The URL of a directory, without a slash at its end. Empty names of its path are left out, since no key has one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Base(String);

/// Why a text is no [`Base`].
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum BaseError {
    /// Not a URL at all.
    #[error("`{text}` is no URL")]
    Url {
        /// The text, without a login.
        text: String,
        /// What is wrong with it.
        source: url::ParseError,
    },
    /// Neither http, https nor file.
    #[error("`{0}` is no URL of http, https or file")]
    Scheme(String),
    /// A query or a fragment, which would be in the middle of every location.
    #[error("`{0}` has a query or a fragment, and a path is to be put behind it")]
    Behind(String),
    /// A login, which would be in every location.
    #[error("the URL has a login in it, which everybody would read in every location")]
    Login,
}

impl Classify for BaseError {
    fn class(&self) -> Class {
        Class::Invalid
    }

    fn advice(&self) -> Option<String> {
        Some("give the URL of a directory, such as https://mirror.example.com/pub/openshift-v4".to_owned())
    }
}

impl Base {
    /// The directory at `text`.
    ///
    /// # Errors
    /// When nothing can be below it.
    pub fn parse(text: &str) -> Result<Self, BaseError> {
        let own = || redact::mask_logins(text);
        let url = Url::parse(text).map_err(|source| BaseError::Url { text: own(), source })?;
        if !url.username().is_empty() || url.password().is_some() {
            return Err(BaseError::Login);
        }
        if !matches!(url.scheme(), "http" | "https" | "file") {
            return Err(BaseError::Scheme(own()));
        }
        if url.query().is_some() || url.fragment().is_some() {
            return Err(BaseError::Behind(own()));
        }
        let mut base = url[..Position::BeforePath].to_owned();
        for name in url.path().split('/').filter(|name| !name.is_empty()) {
            base.push('/');
            base.push_str(name);
        }
        Ok(Self(base))
    }

    /// Where `path` is below it; its names are encoded.
    #[must_use]
    pub fn location(&self, path: &str) -> String {
        format!("{self}/{}", encoded(path))
    }

    /// What follows it in `url`, from the `/` on and encoded as it is there, without query and fragment; nothing if `url`
    /// is not below it.
    #[must_use]
    pub fn rest<'a>(&self, url: &'a Url) -> Option<&'a str> {
        url[..Position::AfterPath].strip_prefix(&self.0).filter(|rest| rest.starts_with('/'))
    }
}

impl fmt::Display for Base {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// A path with its names encoded.
#[must_use]
pub fn encoded(path: &str) -> String {
    let names = path.split('/').map(|name| utf8_percent_encode(name, ESCAPED).to_string());
    names.collect::<Vec<_>>().join("/")
}

/// The decoded names of the path of a URL; nothing if one of them holds a slash or is no UTF-8.
#[must_use]
pub fn names(url: &Url) -> Option<Vec<String>> {
    let decoded = |name| percent_decode_str(name).decode_utf8().ok().map(std::borrow::Cow::into_owned);
    let names: Option<Vec<String>> = url.path_segments()?.map(decoded).collect();
    names.filter(|names| names.iter().all(|name| !name.contains('/')))
}

/// What is called `name` in the directory of the file at `location`.
#[must_use]
pub fn beside(location: &str, name: &str) -> String {
    let directory = location.rsplit_once('/').map_or(location, |(directory, _)| directory);
    format!("{directory}/{}", utf8_percent_encode(name, ESCAPED))
}

#[cfg(test)]
mod tests {
    use super::*;

    // 14.15
    #[test]
    fn slashes_at_the_end_and_empty_names_of_a_base_make_no_difference() {
        for text in
            ["https://m/pub", "https://m/pub/", "https://m/pub//", "https://M//pub", "https://m:443/pub"]
        {
            let base = Base::parse(text).unwrap();
            assert_eq!(base.location("a/b"), "https://m/pub/a/b", "{text}");
        }
        assert_eq!(Base::parse("http://m").unwrap().location("a"), "http://m/a");
        assert_eq!(Base::parse("file:///srv/").unwrap().location("a"), "file:///srv/a");
    }

    #[test]
    fn a_base_behind_which_no_path_can_stand_is_refused() {
        for text in ["", "pub", "/pub", "ftp://m/pub", "https://m/?", "https://m/pub?x=1", "https://m/pub#f"]
        {
            assert!(Base::parse(text).is_err(), "{text}");
        }
        let login = Base::parse("https://me:secret@m/pub").unwrap_err();
        assert_eq!(login, BaseError::Login);
        assert!(!format!("{login} {login:?}").contains("secret"));
        let bad = Base::parse("https://me:secret@m:x/pub").unwrap_err();
        assert!(!format!("{bad} {bad:?}").contains("secret"), "{bad}");
    }

    #[test]
    fn what_is_below_a_base_ends_on_a_slash() {
        let rest = |base: &str, url: &str| {
            let url = Url::parse(url).unwrap();
            Base::parse(base).unwrap().rest(&url).map(str::to_owned)
        };
        assert_eq!(rest("https://a/b/", "https://A/b/c%20d?x#y"), Some("/c%20d".to_owned()));
        assert_eq!(rest("https://a", "https://a/f"), Some("/f".to_owned()));
        for other in
            ["https://a/bc/f", "https://a/b", "http://a/b/f", "https://a:8443/b/f", "https://a.x/b/f"]
        {
            assert_eq!(rest("https://a/b", other), None, "{other}");
        }
    }

    proptest::proptest! {
        #[test]
        fn a_name_is_decoded_to_what_it_was(name in "[^/\0]{1,20}") {
            proptest::prop_assume!(name != "." && name != "..");
            let location = Base::parse("https://m/pub").unwrap().location(&format!("a b/{name}"));
            let url = Url::parse(&location).unwrap();
            proptest::prop_assert_eq!(url.as_str(), &location);
            proptest::prop_assert_eq!(names(&url).unwrap(), ["pub", "a b", &name]);
        }
    }
}
