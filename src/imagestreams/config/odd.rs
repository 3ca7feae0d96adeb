//! What is legal in the configuration file and mostly a mistake.

use std::sync::Arc;

use serde_yaml::Location;

use crate::model::{Finding, Reference, Severity, Span};
use crate::redact::mask_logins;
use crate::yaml::Source;

/// An entry of `ignoredSources` that does not say why.
pub(super) fn reasonless(source: &mut Source<'_>, at: Location, index: usize) {
    let message = format!("`ignoredSources[{index}]` gives no reason");
    warn(source, at, "no-reason", message, "add `reason:`, so that somebody can tell when to take it out");
}

/// An image that is none, has no version, or is of Docker Hub.
pub(super) fn image(source: &mut Source<'_>, at: Location, image: &str) {
    let reference = Reference::parse(image);
    let image = mask_logins(image);
    let reference = match reference {
        Ok(reference) => reference,
        Err((error, _)) => {
            let message = format!("`{image}` is no image, so it will not be mirrored: {error}");
            return warn(source, at, "no-image", message, "correct it");
        }
    };
    if reference.tag.is_none() && reference.digest.is_none() {
        let message = format!("`{image}` names neither a tag nor a digest, so it will not be mirrored");
        warn(source, at, "untagged", message, "name the tag that is meant");
    }
    if reference.repository.host.is_docker_hub() {
        let message = format!("`{image}` is read from Docker Hub, which limits how often that is done");
        warn(source, at, "docker-hub", message, "take the image from a registry without such limits");
    }
}

/// Documents behind the first one.
pub(super) fn further_document(file: &Arc<str>, first: &str, rest: &str) -> Option<Finding> {
    let says_nothing =
        |line: &str| line.is_empty() || line == "---" || line == "..." || line.starts_with('#');
    if rest.lines().all(|line| says_nothing(line.trim())) {
        return None;
    }
    let marker = rest.lines().next().unwrap_or_default();
    let number = u32::try_from(first.lines().count()).unwrap_or(u32::MAX).saturating_add(1);
    let message = "only the first document is read: what begins here does not count";
    let mut finding = Finding::about(file, Severity::Warning, "more-documents", message);
    finding.span = Some(Span::new(number, marker.as_bytes(), &(0..marker.len())));
    Some(finding.hint("put it into the first document, or into a file of its own"))
}

/// A regular expression that matches in the middle of names.
pub(super) fn unanchored(source: &mut Source<'_>, at: Location, pattern: &str) {
    if !is_anchored(pattern) {
        let message = format!("`{pattern}` matches anywhere in a name");
        warn(
            source,
            at,
            "unanchored",
            message,
            "put it between `^` and `$`, or write `.*` where that is meant",
        );
    }
}

/// Whether any anchor is in `pattern`.
fn is_anchored(pattern: &str) -> bool {
    let (mut in_class, mut characters) = (false, pattern.chars());
    while let Some(c) = characters.next() {
        match c {
            '\\' => {
                if matches!(characters.next(), Some('A' | 'z')) {
                    return true;
                }
            }
            '[' => in_class = true,
            ']' => in_class = false,
            '^' | '$' if !in_class => return true,
            _ => {}
        }
    }
    // What is meant to match anything says so.
    pattern.contains(".*")
}

fn warn(source: &mut Source<'_>, at: Location, code: &'static str, message: String, hint: &str) {
    let finding = source.find(Severity::Warning, at, message);
    finding.code = code;
    finding.hint = Some(hint.to_owned());
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_anchor_counts_only_where_it_is_one() {
        for anchored in ["^a", "a$", "^4.\\d+$", "\\Aa", "(^a|b)", "^[^a]", ".*"] {
            assert!(is_anchored(anchored), "{anchored}");
        }
        for open in ["a", "[^a]", "\\^a", "a\\$", "[$]", "4.2"] {
            assert!(!is_anchored(open), "{open}");
        }
    }
}
