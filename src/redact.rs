//! Values that cannot print a secret: addresses without query or login, and [`Secret`].

use std::fmt;
use std::ops::Range;

/// A secret: its `Debug` prints nothing of it, and its memory is wiped when dropped.
pub type Secret = secrecy::SecretString;

/// An address that prints as scheme, host, port and path only.
///
/// Blob downloads and upload sessions carry signatures in their query, so the query never appears.
#[derive(Clone, PartialEq, Eq)]
pub struct SafeUrl(url::Url);

impl SafeUrl {
    /// Wraps `url`.
    #[must_use]
    pub fn new(url: url::Url) -> Self {
        Self(url)
    }

    /// The whole address, to be sent and never printed.
    #[must_use]
    pub fn expose(&self) -> &url::Url {
        &self.0
    }
}

impl fmt::Display for SafeUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}://{}", self.0.scheme(), self.0.host_str().unwrap_or_default())?;
        if let Some(port) = self.0.port() {
            write!(f, ":{port}")?;
        }
        f.write_str(self.0.path())
    }
}

impl fmt::Debug for SafeUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// Masks what looks like a login (`user:password@`) in text that a person typed, character for
/// character, so that columns still fit. A digest after `@` is no login and stays.
#[must_use]
pub fn mask_logins(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for word in text.split_inclusive(char::is_whitespace) {
        let Some(login) = login(word) else {
            out.push_str(word);
            continue;
        };
        out.push_str(&word[..login.start]);
        out.extend(word[login.clone()].chars().map(|_| '*'));
        out.push_str(&word[login.end..]);
    }
    out
}

/// The bytes of a word that look like a login: all that stands before the last `@` that begins no digest, without
/// the scheme of an address. Passwords may hold `=`, `/`, `@` and `:`, so nothing before that `@` is trusted.
#[must_use]
pub fn login(word: &str) -> Option<Range<usize>> {
    let at = word.match_indices('@').map(|(at, _)| at).rfind(|at| !is_digest(&word[at + 1..]))?;
    let scheme = |name: &str| !name.is_empty() && name.bytes().all(|b| b.is_ascii_alphanumeric());
    let start =
        word[..at].split_once("://").filter(|(name, _)| scheme(name)).map_or(0, |(name, _)| name.len() + 3);
    (start < at).then_some(start..at)
}

/// Whether what follows an `@` is meant as a digest: a known algorithm, or a long run of hex digits behind any.
fn is_digest(rest: &str) -> bool {
    let rest = rest.split('=').next().unwrap_or_default().trim_end();
    let Some((algorithm, hex)) = rest.split_once(':') else { return false };
    let known = matches!(algorithm, "sha256" | "sha384" | "sha512");
    hex.bytes().all(|b| b.is_ascii_hexdigit() || b == b'*') && (known || hex.len() >= 32)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_login_is_masked_and_a_digest_is_not() {
        assert_eq!(mask_logins("user:pw@quay.io/a/b:v1 c:v1"), "*******@quay.io/a/b:v1 c:v1");
        assert_eq!(mask_logins("https://u:p@h/a b"), "https://***@h/a b");
        let pinned = "quay.io/a/b:v1@sha256:abc quay.io/c/d";
        assert_eq!(mask_logins(pinned), pinned);
    }

    #[test]
    fn a_password_with_separators_in_it_is_masked_whole() {
        for password in ["p=w", "p/w", "p@w", "p:w", "p://w", "p#w", "pä", "sha256:ab@c"] {
            let line = format!("user:{password}@quay.io/a/b:v1 quay.io/c/d:v1");
            let masked = mask_logins(&line);
            assert!(masked.ends_with("*@quay.io/a/b:v1 quay.io/c/d:v1"), "{masked}");
            assert!(!masked.contains(password) && !masked.contains("user"), "{masked}");
            assert_eq!(masked.chars().count(), line.chars().count());
        }
    }

    #[test]
    fn a_signed_address_prints_without_its_signature() {
        let url = url::Url::parse("https://u:p@cdn.example.com:8443/blob?X-Amz-Signature=abc").unwrap();
        let shown = format!("{0} {0:?}", SafeUrl::new(url));
        assert_eq!(shown, "https://cdn.example.com:8443/blob https://cdn.example.com:8443/blob");
    }
}
