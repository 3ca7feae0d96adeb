//! Values that cannot print a secret: addresses without query or login, and [`Secret`].

use std::fmt;
use std::ops::Range;

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, STANDARD_NO_PAD, URL_SAFE, URL_SAFE_NO_PAD};

/// A secret: its `Debug` prints nothing of it, and its memory is wiped when dropped.
pub type Secret = secrecy::SecretString;

/// An address that prints as scheme, host, port and path only.
///
/// Blob downloads and upload sessions carry signatures in their query, so the query never appears. A path that
/// goes on and on is cut: others choose it.
#[derive(Clone, PartialEq, Eq, Hash)]
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
        f.write_str(&cut(self.0.path(), LONGEST_PATH))
    }
}

/// So much of a path is shown.
const LONGEST_PATH: usize = 300;

/// At most `most` characters of `text`.
#[must_use]
pub fn cut(text: &str, most: usize) -> String {
    match text.char_indices().nth(most) {
        Some((at, _)) => format!("{}…", &text[..at]),
        None => text.to_owned(),
    }
}

/// Text from outside, made fit for one line: what moves a cursor, breaks a line, turns the direction of text or
/// cannot be seen becomes a space, so that nobody can write a line of their own into a log or a terminal.
#[must_use]
pub fn one_line(text: &str) -> String {
    let parts: Vec<&str> = text.split(is_hidden).map(str::trim).filter(|part| !part.is_empty()).collect();
    parts.join(" ")
}

/// `text`, character for character, with a mark for each that cannot be seen or turns the direction of text.
#[must_use]
pub fn visible(text: &str) -> String {
    let mark = |c: char| if is_hidden(c) && !c.is_control() { char::REPLACEMENT_CHARACTER } else { c };
    text.chars().map(mark).collect()
}

fn is_hidden(c: char) -> bool {
    c.is_control()
        || matches!(c, '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}')
        || matches!(c, '\u{61c}' | '\u{feff}' | '\u{fff9}'..='\u{fffb}' | '\u{fffe}' | '\u{ffff}' | '\u{e0000}'..='\u{e007f}')
}

/// The secrets that one request carried, in the forms in which whoever got them may say them back.
///
/// A server knows what we send it, and its operator may as well publish it; this keeps one that puts requests into
/// its error messages from putting our logins into logs that others read.
#[derive(Default)]
pub struct Echo(Vec<String>);

/// Shorter ones would be struck out of every other word.
const SHORTEST: usize = 4;

impl Echo {
    /// What to strike out after `secrets` were sent.
    pub fn of(secrets: impl IntoIterator<Item = impl AsRef<str>>) -> Self {
        let mut forms: Vec<String> = Vec::new();
        for secret in secrets {
            let secret = secret.as_ref();
            if secret.len() < SHORTEST {
                continue;
            }
            let escaped: String = url::form_urlencoded::byte_serialize(secret.as_bytes()).collect();
            forms.extend([&STANDARD, &URL_SAFE].map(|engine| engine.encode(secret)));
            forms.extend([&STANDARD_NO_PAD, &URL_SAFE_NO_PAD].map(|engine| engine.encode(secret)));
            forms.extend([secret.to_owned(), escaped.replace('+', "%20"), escaped]);
        }
        // The longest first: others may be parts of it.
        forms.sort_by_key(|form| std::cmp::Reverse(form.len()));
        Self(forms.iter().map(|form| form.to_ascii_lowercase()).collect())
    }

    /// `text` without the secrets, whatever their case: escapes have either.
    #[must_use]
    pub fn strike(&self, text: &str) -> String {
        self.0.iter().fold(text.to_owned(), |text, form| without(&text, form))
    }
}

/// `text` without `form`, which is in lower case.
fn without(text: &str, form: &str) -> String {
    let (lower, mut out, mut from) = (text.to_ascii_lowercase(), String::new(), 0);
    for (at, found) in lower.match_indices(form) {
        out.push_str(&text[from..at]);
        out.push_str("***");
        from = at + found.len();
    }
    out + &text[from..]
}

impl fmt::Debug for Echo {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Echo")
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

/// Whether what follows an `@` is meant as a digest: a known algorithm, or a long run of hex digits behind any. Behind one of
/// a known algorithm a sentence or a document may go on.
fn is_digest(rest: &str) -> bool {
    let Some((algorithm, rest)) = rest.trim_end().split_once(':') else { return false };
    let behind = rest.trim_start_matches(|c: char| c.is_ascii_hexdigit() || c == '*');
    let (length, ends) = (rest.len() - behind.len(), behind.is_empty() || behind.starts_with('='));
    match algorithm {
        "sha256" | "sha384" | "sha512" => ends || (length > 0 && goes_on(behind)),
        other => ends && length >= 32 && other.bytes().all(is_of_algorithm),
    }
}

/// What the name of an algorithm has (OCI image spec): no `@` and no `/`, so that no image that is pinned is one.
fn is_of_algorithm(b: u8) -> bool {
    b.is_ascii_alphanumeric() || matches!(b, b'+' | b'.' | b'_' | b'-')
}

/// Whether text goes on after an image. A port goes on with a path, so nothing that a path could be of counts.
fn goes_on(text: &str) -> bool {
    text == "." || text.starts_with(['`', '"', '\'', ',', ';', ':', ')', ']', '}', '>', '…'])
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
    fn the_login_of_a_pinned_image_is_masked() {
        let hex = "0".repeat(64);
        assert_eq!(
            mask_logins(&format!("user:pw@quay.io/a@sha256:{hex}")),
            format!("*******@quay.io/a@sha256:{hex}")
        );
        assert_eq!(mask_logins(&format!("a/b@md5:{hex}")), format!("a/b@md5:{hex}"));
    }

    #[test]
    fn a_digest_that_a_sentence_goes_on_behind_is_no_login() {
        for image in [
            "also wanted from quay.io/a/b@sha256:1912` by mapping_x",
            "GET blob quay.io/a/b@sha256:12d5: status 404",
            "quay.io/a/b@sha256:abc: {image: x}",
            "{image: quay.io/a@sha256:12\"}",
            "(quay.io/a@sha256:12), [quay.io/a@sha512:12]; quay.io/a@sha384:12. <quay.io/a@sha256:ab>",
            "{\"a\":\"quay.io/a@sha256:12\",\"b\":\"quay.io/b@sha256:34\"}",
        ] {
            assert_eq!(mask_logins(image), image);
        }
    }

    #[test]
    fn what_only_begins_as_a_digest_is_masked() {
        for (word, masked) in [
            ("u:p@sha256:5000/a:v1", "***@sha256:5000/a:v1"),
            ("u:p@sha256:5000.x", "***@sha256:5000.x"),
            ("u:p@sha256:xy", "***@sha256:xy"),
            ("u:p@sha256:\"x", "***@sha256:\"x"),
            ("u:p@sha256:ab\"c@quay.io/a", "***************@quay.io/a"),
            ("sha256:ab\"c@quay.io/a", "***********@quay.io/a"),
            ("u:p@sha256:ab`@quay.io/a@sha256:12,", "**************@quay.io/a@sha256:12,"),
            ("u:p@x=y:0123456789abcdef0123456789abcdef", "***@x=y:0123456789abcdef0123456789abcdef"),
        ] {
            assert_eq!(mask_logins(word), masked);
        }
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
    fn what_was_sent_is_struck_out_in_every_form_that_it_comes_back_in() {
        let echo = Echo::of(["s3cr3t/Ab+c", "ab"]);
        let said = "s3cr3t/Ab+c s3cr3t%2FAb%2Bc s3cr3t%2fAb%2bc czNjcjN0L0FiK2M= czNjcjN0L0FiK2M ab";
        assert_eq!(echo.strike(said), "*** *** *** *** *** ab");
    }

    #[test]
    fn text_from_outside_cannot_begin_a_line_or_turn_one_round() {
        assert_eq!(one_line("a\x1b[31m\nerror: b\r\n\u{202e}c\u{200b}d"), "a [31m error: b c d");
        assert_eq!(cut("äöü", 2), "äö…");
    }

    #[test]
    fn a_signed_address_prints_without_its_signature() {
        let url = url::Url::parse("https://u:p@cdn.example.com:8443/blob?X-Amz-Signature=abc").unwrap();
        let shown = format!("{0} {0:?}", SafeUrl::new(url));
        assert_eq!(shown, "https://cdn.example.com:8443/blob https://cdn.example.com:8443/blob");
    }
}
