//! Patterns for targets: `quay.io/team`, `quay.io/team/*:v*`, `oci:out`, `*`.

use std::path::{Component, Path, PathBuf};
use std::str::FromStr;

use crate::model::{Endpoint, Host, Reference, ReferenceError, Repository, Tag};

const LAYOUT: &str = "oci:";

/// Chooses targets by where they are, and by their tags.
///
/// It covers what it names and all that lies below, by whole path components; `*` stands for any run of characters.
/// Behind a `:` stands which tags; without that all versions are covered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Pattern {
    text: String,
    place: glob::Pattern,
    below: glob::Pattern,
    tag: Option<glob::Pattern>,
}

/// A text that is no pattern.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum PatternError {
    /// It does not begin as a target does.
    #[error(
        "expected a registry's host at its start, as in `quay.io/team`, or `oci:`, or `*` for every target"
    )]
    NoHost,
    /// It names a digest.
    #[error("expected tags behind the place, as in `quay.io/team/*:v*`, and no digest")]
    Digest,
    /// A part of it can be a part of no target.
    #[error("no target could be there: {0}")]
    Reference(ReferenceError),
}

impl Pattern {
    /// The pattern that covers every target.
    ///
    /// # Panics
    /// Never: `*` is a pattern.
    #[must_use]
    pub fn everything() -> Self {
        Self::new("*", "*", None)
    }

    fn new(text: &str, place: &str, tag: Option<&str>) -> Self {
        let below = format!("{place}/*");
        Self { text: text.to_owned(), place: glob(place), below: glob(&below), tag: tag.map(glob) }
    }

    /// Whether it covers `target`.
    #[must_use]
    pub fn covers(&self, target: &Endpoint) -> bool {
        let place = match target {
            Endpoint::Registry(image) => image.repository.to_string(),
            Endpoint::Layout(layout) => of_directory(&layout.path),
        };
        let tag_fits = || match (&self.tag, target.tag()) {
            (None, _) => true,
            (Some(pattern), Some(tag)) => pattern.matches(tag.as_str()),
            (Some(_), None) => false,
        };
        self.is_at(&place) && tag_fits()
    }

    /// Whether it covers some target in `repository`, whatever its tag.
    #[must_use]
    pub fn reaches(&self, repository: &Repository) -> bool {
        self.is_at(&repository.to_string())
    }

    /// As [`Pattern::reaches`], for a layout directory.
    #[must_use]
    pub fn reaches_directory(&self, directory: &Path) -> bool {
        self.is_at(&of_directory(directory))
    }

    fn is_at(&self, place: &str) -> bool {
        self.place.matches(place) || self.below.matches(place)
    }
}

impl std::fmt::Display for Pattern {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.text)
    }
}

impl FromStr for Pattern {
    type Err = PatternError;

    fn from_str(text: &str) -> Result<Self, PatternError> {
        if text == "*" {
            return Ok(Self::everything());
        }
        let trimmed = text.trim_end_matches('/');
        match trimmed.strip_prefix(LAYOUT) {
            Some(layout) => of_layout(text, layout),
            None => of_registry(text, trimmed),
        }
    }
}

fn of_registry(text: &str, trimmed: &str) -> Result<Pattern, PatternError> {
    let (host, path) = trimmed.split_once('/').unwrap_or((trimmed, ""));
    // Read with letters for its stars, it is a reference.
    let sample = format!("{host}/{}", if path.is_empty() { "x" } else { path }).replace('*', "x");
    let reference = Reference::parse(&sample).map_err(|(error, _)| PatternError::Reference(error))?;
    if !reference.has_host {
        return Err(PatternError::NoHost);
    }
    if reference.digest.is_some() {
        return Err(PatternError::Digest);
    }
    let host = if host.contains('*') { host.to_ascii_lowercase() } else { Host::new(host).to_string() };
    let (path, tag) = path.split_once(':').map_or((path, None), |(path, tag)| (path, Some(tag)));
    let place = if path.is_empty() { host } else { format!("{host}/{path}") };
    Ok(Pattern::new(text, &place, tag))
}

fn of_layout(text: &str, layout: &str) -> Result<Pattern, PatternError> {
    let slash = layout.rfind('/').map_or(0, |at| at + 1);
    let (path, tag) = match layout[slash..].rfind(':') {
        Some(colon) => (&layout[..slash + colon], Some(&layout[slash + colon + 1..])),
        None => (layout, None),
    };
    if let Some(tag) = tag {
        Tag::parse(&tag.replace('*', "x")).map_err(PatternError::Reference)?;
    }
    Ok(Pattern::new(text, &of_directory(Path::new(path)), tag))
}

/// A directory by name, without the `.` and `..` that name it in other words.
fn of_directory(path: &Path) -> String {
    let mut plain = PathBuf::new();
    for component in path.components() {
        match component {
            Component::CurDir => {}
            Component::ParentDir if plain.file_name().is_some() => {
                plain.pop();
            }
            other => plain.push(other),
        }
    }
    format!("{LAYOUT}{}", plain.display())
}

/// `*` alone has a meaning; runs of it are one.
fn glob(text: &str) -> glob::Pattern {
    let parts: Vec<String> = text.split('*').map(glob::Pattern::escape).collect();
    let mut escaped = parts.join("*");
    while escaped.contains("**") {
        escaped = escaped.replace("**", "*");
    }
    // What is escaped and has no run of stars is always one.
    glob::Pattern::new(&escaped).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{Digest, ImageRef, LayoutRef, Version};

    fn target(text: &str) -> Endpoint {
        if let Some(layout) = text.strip_prefix("oci:") {
            let (path, tag) = layout.rsplit_once(':').unwrap();
            return Endpoint::Layout(LayoutRef { path: path.into(), tag: Some(Tag::parse(tag).unwrap()) });
        }
        let read = Reference::parse(text).unwrap();
        let version = read.tag.map_or_else(|| Version::Digest(Digest::of(b"x")), Version::Tag);
        Endpoint::Registry(ImageRef::new(read.repository, version))
    }

    fn covers(pattern: &str, text: &str) -> bool {
        pattern.parse::<Pattern>().unwrap().covers(&target(text))
    }

    #[test]
    fn a_pattern_covers_what_it_names_and_all_below_by_whole_components() {
        for covered in ["quay.io/team:v1", "quay.io/team/app:v1", "quay.io/team/a/b:v1", "quay.io/team/app"] {
            assert!(covers("quay.io/team", covered), "{covered}");
            assert!(covers("quay.io/team/", covered), "{covered}");
        }
        for other in ["quay.io/teams/app:v1", "quay.io/a/team:v1", "registry.io/quay.io/team:v1"] {
            assert!(!covers("quay.io/team", other), "{other}");
        }
        assert!(
            covers("quay.io/*/app", "quay.io/team/app:v1") && !covers("quay.io/*/app", "quay.io/team/b:v1")
        );
        assert!(!covers("quay.io/team/*", "quay.io/team:v1"));
        assert!(covers("QUAY.io:443/team", "quay.io/team/app:v1"), "a host has one name");
        assert!(covers("docker.io", "busybox:1") && !covers("docker.io", "quay.io/docker.io/a:1"));
        assert!(
            covers("localhost:5000", "localhost:5000/a:v1")
                && !covers("localhost:5000", "localhost:50001/a:v1")
        );
    }

    #[test]
    fn a_pattern_with_tags_covers_tags_only_and_no_digest() {
        assert!(covers("quay.io/team/*:v*", "quay.io/team/app:v1.2"));
        assert!(!covers("quay.io/team/*:v*", "quay.io/team/app:latest"));
        assert!(!covers("quay.io/team/*:*", "quay.io/team/app"), "a push by digest has no tag");
        assert!(covers("*", "quay.io/team/app") && covers("*", "oci:out:v1"));
    }

    #[test]
    fn directories_are_covered_by_name_and_cannot_be_left_by_dots() {
        assert!(covers("oci:out", "oci:out/a:v1") && covers("oci:./out/", "oci:out:v1"));
        assert!(!covers("oci:out", "oci:out/../secret:v1") && !covers("oci:out", "oci:../out:v1"));
        assert!(covers("oci:out:v*", "oci:out:v1") && !covers("oci:out:v*", "oci:out:w1"));
    }

    #[test]
    fn what_could_cover_no_target_is_no_pattern() {
        for text in [
            "",
            "team/app",
            "quay.io/Team",
            "https://quay.io/team",
            "quay.io/a b",
            "quay.io/a:b?",
            "oci:a:b c",
        ] {
            assert!(text.parse::<Pattern>().is_err(), "{text}");
        }
        let digest = format!("quay.io/a@{}", Digest::of(b"x"));
        assert_eq!(digest.parse::<Pattern>(), Err(PatternError::Digest));
    }
}
