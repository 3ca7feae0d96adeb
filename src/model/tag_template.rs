//! Names for further tags: `{timestamp}_prune_{tag}`.

use std::borrow::Cow;
use std::fmt;
use std::str::FromStr;
use std::sync::Arc;
use std::time::SystemTime;

use super::digest::Digest;
use super::reference::Tag;

/// The longest tag.
const LONGEST: usize = 128;
/// `YYYYMMDDhhmmss`, of which the first eight digits are the date.
const TIMESTAMP: usize = 14;
/// So many hex digits stand for the rest of a tag that is shortened.
const HASH: usize = 12;
const DATE: usize = 8;

/// Makes a tag of what is known when a tag moves. No two moves make the same one.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct TagTemplate {
    text: Arc<str>,
    parts: Vec<Part>,
    /// Whether a tag that would be too long is shortened.
    shortens: bool,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash)]
enum Part {
    Text(String),
    /// When the run began, UTC: `YYYYMMDDhhmmss`.
    Timestamp,
    /// Its day.
    Date,
    /// The tag that moves.
    Tag,
    /// The hex digits of the image that gets the further tag.
    Digest,
}

/// A text that is no template.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum TemplateError {
    /// Something else between braces, or a brace alone.
    #[error("between braces stands `timestamp`, `date`, `tag` or `digest`")]
    Placeholder,
    /// What it makes could be no tag.
    #[error(
        "a tag has letters, digits, `_`, `.` and `-`, does not begin with `.` or `-`, and has at most {LONGEST} characters"
    )]
    Tag,
    /// Two images would get one tag.
    #[error(
        "two images would get one tag: it needs `{{digest}}`, or `{{tag}}` with `{{timestamp}}` or `{{date}}`"
    )]
    Ambiguous,
}

impl TagTemplate {
    /// The tag for the image `digest` when `moving` moves in a run that began `at`.
    ///
    /// # Errors
    /// What it would be, where that is no tag, mostly for its length.
    pub fn render(&self, at: SystemTime, moving: &Tag, digest: &Digest) -> Result<Tag, String> {
        let text = self.text_of(at, moving.as_str(), digest.hex());
        let tag = if self.shortens { Tag::parse(&shortened(&text)) } else { Tag::parse(&text) };
        tag.map_err(|_| text)
    }

    /// Gives a tag that would be too long the hash of its text in place of its end, so that it stays single and the same.
    #[must_use]
    pub fn shortening(mut self) -> Self {
        self.shortens = true;
        self
    }

    /// Whether the tag for an image with a sha256 digest is shortened when `moving` moves.
    #[must_use]
    pub fn is_shortened(&self, moving: &Tag) -> bool {
        let text = self.text_of(SystemTime::UNIX_EPOCH, moving.as_str(), NO_DIGEST);
        self.shortens && text.len() > LONGEST
    }

    fn text_of(&self, at: SystemTime, tag: &str, hex: &str) -> String {
        let timestamp = timestamp(at);
        let part = |part: &Part| match part {
            Part::Text(text) => text.clone(),
            Part::Timestamp => timestamp.clone(),
            Part::Date => timestamp[..DATE.min(timestamp.len())].to_owned(),
            Part::Tag => tag.to_owned(),
            Part::Digest => hex.to_owned(),
        };
        self.parts.iter().map(part).collect()
    }

    fn has(&self, part: &Part) -> bool {
        self.parts.contains(part)
    }
}

/// As many hex digits as sha256 has.
const NO_DIGEST: &str = "0000000000000000000000000000000000000000000000000000000000000000";

/// `text`; where that is too long for a tag as much of it as there is room for, and its hash.
fn shortened(text: &str) -> Cow<'_, str> {
    if text.len() <= LONGEST {
        return text.into();
    }
    let start = &text[..text.floor_char_boundary(LONGEST - 1 - HASH)];
    format!("{start}_{:.HASH$}", Digest::of(text.as_bytes()).hex()).into()
}

/// `YYYYMMDDhhmmss`, UTC.
fn timestamp(at: SystemTime) -> String {
    let written = humantime::format_rfc3339_seconds(at).to_string();
    written.chars().filter(char::is_ascii_digit).take(TIMESTAMP).collect()
}

impl FromStr for TagTemplate {
    type Err = TemplateError;

    fn from_str(text: &str) -> Result<Self, TemplateError> {
        let mut parts = Vec::new();
        let mut rest = text;
        while let Some((before, behind)) = rest.split_once('{') {
            let (name, after) = behind.split_once('}').ok_or(TemplateError::Placeholder)?;
            parts.push(Part::Text(before.to_owned()));
            parts.push(match name {
                "timestamp" => Part::Timestamp,
                "date" => Part::Date,
                "tag" => Part::Tag,
                "digest" => Part::Digest,
                _ => return Err(TemplateError::Placeholder),
            });
            rest = after;
        }
        parts.push(Part::Text(rest.to_owned()));
        parts.retain(|part| *part != Part::Text(String::new()));
        let template = Self { text: text.into(), parts, shortens: false };
        template.check()
    }
}

impl TagTemplate {
    /// Checks what it makes at the shortest: of a tag of one letter.
    fn check(self) -> Result<Self, TemplateError> {
        if self.text.contains('}') && !self.text.contains('{') {
            return Err(TemplateError::Placeholder);
        }
        let shortest = self.text_of(SystemTime::UNIX_EPOCH, "x", NO_DIGEST);
        Tag::parse(&shortest).map_err(|_| TemplateError::Tag)?;
        let is_dated = self.has(&Part::Timestamp) || self.has(&Part::Date);
        let is_single = self.has(&Part::Digest) || (self.has(&Part::Tag) && is_dated);
        if is_single { Ok(self) } else { Err(TemplateError::Ambiguous) }
    }
}

impl fmt::Display for TagTemplate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    fn made(template: &str, tag: &str) -> Result<String, String> {
        let at = SystemTime::UNIX_EPOCH + Duration::from_secs(1_761_228_162);
        let digest = Digest::of(b"x");
        let template: TagTemplate = template.parse().map_err(|error: TemplateError| error.to_string())?;
        template.render(at, &Tag::parse(tag).unwrap(), &digest).map(|tag| tag.to_string())
    }

    #[test]
    fn a_template_is_filled_with_the_time_the_tag_and_the_digest() {
        assert_eq!(
            made("{timestamp}_prune_{tag}", "ci_foo_latest").unwrap(),
            "20251023140242_prune_ci_foo_latest"
        );
        let hex = Digest::of(b"x").hex().to_owned();
        assert_eq!(made("{date}_sha256_{digest}", "v1").unwrap(), format!("20251023_sha256_{hex}"));
    }

    #[test]
    fn a_tag_that_would_be_too_long_is_none() {
        let prefix = "{timestamp}_prune___ci_images_mirror__{tag}";
        assert_eq!(made(prefix, &"x".repeat(87)).unwrap().len(), 128);
        assert_eq!(made(prefix, &"x".repeat(88)).unwrap_err().len(), 129);
    }

    #[test]
    fn a_tag_that_would_be_too_long_gets_a_hash_where_that_was_asked_for() {
        let template: TagTemplate = "{timestamp}_prune___ci_images_mirror__{tag}".parse().unwrap();
        let template = template.shortening();
        let at = SystemTime::UNIX_EPOCH + Duration::from_secs(1_761_228_162);
        let tag = |text: String| Tag::parse(&text).unwrap();
        let name = |text: String| template.render(at, &tag(text), &Digest::of(b"x")).unwrap().to_string();
        let fits = name("x".repeat(87));
        assert!(
            fits.len() == 128
                && fits.ends_with(&"x".repeat(87))
                && !template.is_shortened(&tag("x".repeat(87)))
        );
        let (one, other) = (name("x".repeat(88)), name("x".repeat(127) + "y"));
        assert_eq!((one.len(), other.len()), (128, 128));
        assert!(one.starts_with("20251023140242_prune___ci_images_mirror__xxxxx"), "{one}");
        assert_ne!(one, other, "two names that begin the same stay two");
        assert_eq!(one, name("x".repeat(88)), "the same name in each run");
        assert!(template.is_shortened(&tag("x".repeat(88))));
    }

    #[test]
    fn a_template_that_makes_no_tag_or_one_tag_twice_is_none() {
        for (text, wrong) in [
            ("", TemplateError::Tag),
            ("-{digest}", TemplateError::Tag),
            ("a b{digest}", TemplateError::Tag),
            ("{tag}{timestamp}{digest}{digest}", TemplateError::Tag),
            ("{time}", TemplateError::Placeholder),
            ("{tag", TemplateError::Placeholder),
            ("tag}", TemplateError::Placeholder),
            ("old", TemplateError::Ambiguous),
            ("old_{tag}", TemplateError::Ambiguous),
            ("{timestamp}", TemplateError::Ambiguous),
        ] {
            assert_eq!(text.parse::<TagTemplate>(), Err(wrong), "{text}");
        }
    }
}
