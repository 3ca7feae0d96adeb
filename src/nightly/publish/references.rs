//! `image-references`: which texts in an operator's manifests stand for which images of the payload.

use std::cmp::Reverse;
use std::collections::BTreeMap;
use std::ops::Range;
use std::sync::Arc;

use serde::Deserialize;

use super::error::Error;

/// A tag has so many characters at most (OCI distribution spec).
const LONGEST_TAG: usize = 128;

/// What an operator refers to: the text that stands for each image, by the tag of the image.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct References(pub(super) BTreeMap<Arc<str>, String>);

#[derive(Deserialize)]
struct Stream {
    #[serde(default)]
    kind: String,
    #[serde(default)]
    spec: Spec,
}

#[derive(Deserialize, Default)]
struct Spec {
    #[serde(default)]
    tags: Vec<TagReference>,
}

#[derive(Deserialize)]
struct TagReference {
    name: Arc<str>,
    from: Option<From>,
}

#[derive(Deserialize)]
struct From {
    #[serde(default)]
    kind: String,
    #[serde(default)]
    name: String,
}

impl References {
    /// Reads the file of an operator, which is an ImageStream in YAML or JSON. Tags that are no `DockerImage` say nothing.
    ///
    /// # Errors
    /// When it is none, or one text would stand for two images.
    pub(super) fn parse(operator: &Arc<str>, text: &str) -> Result<Self, Error> {
        let stream: Stream = serde_yaml::from_str(text)
            .map_err(|cause| Error::Unreadable { operator: Arc::clone(operator), cause: Box::new(cause) })?;
        if stream.kind != "ImageStream" {
            return Err(Error::NoStream { operator: Arc::clone(operator), kind: stream.kind });
        }
        let mut references = Self::default();
        for tag in stream.spec.tags {
            let Some(from) = tag.from.filter(|from| from.kind == "DockerImage") else { continue };
            references.add(operator, tag.name, from.name)?;
        }
        Ok(references)
    }

    fn add(&mut self, operator: &Arc<str>, tag: Arc<str>, source_name: String) -> Result<(), Error> {
        let operator = Arc::clone(operator);
        if source_name.is_empty() {
            return Err(Error::NoSource { operator, tag });
        }
        if let Some((first, _)) = self.0.iter().find(|(other, name)| **name == source_name && **other != tag)
        {
            return Err(Error::Ambiguous { operator, source_name, first: Arc::clone(first), second: tag });
        }
        self.0.insert(tag, source_name);
        Ok(())
    }

    /// `text` with the image that `pull_spec` gives for a tag in each place where the text for that tag stands.
    pub(super) fn replace<'a>(&self, text: &str, pull_spec: impl Fn(&str) -> Option<&'a str>) -> String {
        let mut found: Vec<(Range<usize>, usize, &str)> = Vec::new();
        for (tag, source) in &self.0 {
            let Some(image) = pull_spec(tag) else { continue };
            let places = text.match_indices(source.as_str()).map(|(at, _)| at);
            found.extend(
                places.filter_map(|at| Some((at..end(text, at, source.len())?, source.len(), image))),
            );
        }
        // Of the sources that stand at one place the longest: it says most.
        found.sort_by_key(|(place, length, _)| (place.start, Reverse(*length)));
        spliced(text, found.into_iter().map(|(place, _, image)| (place, image)))
    }
}

/// `text` with something else in some places; of those that overlap the first counts.
fn spliced<'a>(text: &str, places: impl Iterator<Item = (Range<usize>, &'a str)>) -> String {
    let (mut made, mut done) = (String::with_capacity(text.len()), 0);
    for (place, instead) in places {
        if place.start < done {
            continue;
        }
        made.push_str(&text[done..place.start]);
        made.push_str(instead);
        done = place.end;
    }
    made.push_str(&text[done..]);
    made
}

/// Where the reference ends whose name stands at `at` and is `length` long, with its tag and its digest; none: the name there
/// is a part of a longer one.
fn end(text: &str, at: usize, length: usize) -> Option<usize> {
    let mut before = text[..at].chars().rev();
    let joins_before = match before.next() {
        Some(next) if is_word(next) => true,
        Some('-' | '.' | '/') => before.next().is_some_and(is_word),
        _ => false,
    };
    let mut end = at + length;
    end += tag_length(&text[end..]);
    end += digest_length(&text[end..]);
    let mut after = text[end..].chars();
    let joins_after = match after.next() {
        Some(next) if is_word(next) => true,
        Some('-' | '.' | '/') => after.next().is_some_and(is_word),
        _ => false,
    };
    (!joins_before && !joins_after).then_some(end)
}

fn is_word(letter: char) -> bool {
    letter.is_alphanumeric() || letter == '_'
}

/// How long the tag is with which `text` begins, its `:` included. A full stop behind it ends a sentence.
fn tag_length(text: &str) -> usize {
    let Some(rest) = text.strip_prefix(':').filter(|rest| rest.starts_with(is_word)) else { return 0 };
    let is_in_tag = |letter: &char| letter.is_ascii_alphanumeric() || "_.-".contains(*letter);
    let tag: String = rest.chars().take(LONGEST_TAG).take_while(is_in_tag).collect();
    match tag.trim_end_matches(['.', '-']).len() {
        0 => 0,
        length => 1 + length,
    }
}

/// How long the digest is with which `text` begins, its `@` included.
fn digest_length(text: &str) -> usize {
    let Some((algorithm, rest)) = text.strip_prefix('@').and_then(|rest| rest.split_once(':')) else {
        return 0;
    };
    let is_algorithm = |letter: char| letter.is_ascii_alphanumeric() || "-_+.".contains(letter);
    let hex = rest.chars().take_while(char::is_ascii_hexdigit).count();
    if algorithm.is_empty() || !algorithm.chars().all(is_algorithm) || hex == 0 {
        return 0;
    }
    2 + algorithm.len() + hex
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(tags: &[(&str, &str)]) -> Result<References, Error> {
        let tag = |(name, from): &(&str, &str)| {
            format!("  - name: {name}\n    from: {{kind: DockerImage, name: '{from}'}}\n")
        };
        let tags: String = tags.iter().map(tag).collect();
        let text = format!("apiVersion: image.openshift.io/v1\nkind: ImageStream\nspec:\n  tags:\n{tags}");
        References::parse(&"`cvo`".into(), &text)
    }

    fn replace(tags: &[(&str, &str)], text: &str) -> String {
        let images = BTreeMap::from([("cli", "NEW-CLI"), ("etcd", "NEW-ETCD"), ("long", "NEW-LONG")]);
        parse(tags).unwrap().replace(text, |tag| images.get(tag).copied())
    }

    #[test]
    fn a_source_is_replaced_with_its_tag_and_digest_wherever_it_stands_alone() {
        let cli: &[_] = &[("cli", "quay.io/openshift/cli")];
        for (text, expected) in [
            ("image: quay.io/openshift/cli", "image: NEW-CLI"),
            ("image: quay.io/openshift/cli:v4.0\n", "image: NEW-CLI\n"),
            ("\"quay.io/openshift/cli:v4.0\",", "\"NEW-CLI\","),
            ("- --image=quay.io/openshift/cli@sha256:ab01 # x", "- --image=NEW-CLI # x"),
            ("quay.io/openshift/cli:v4@sha256:ab01,quay.io/openshift/cli", "NEW-CLI,NEW-CLI"),
            ("docker://quay.io/openshift/cli:v4", "docker://NEW-CLI"),
            ("see quay.io/openshift/cli:v4. Or not", "see NEW-CLI. Or not"),
            ("quay.io/openshift/cli: a key", "NEW-CLI: a key"),
        ] {
            assert_eq!(replace(cli, text), expected, "{text}");
        }
    }

    #[test]
    fn a_part_of_a_longer_name_is_not_the_source() {
        for text in [
            "quay.io/openshift/cli-artifacts:v4.0",
            "quay.io/openshift/client",
            "quay.io/openshift/cli_2",
            "quay.io/openshift/cli/sub",
            "quay.io/openshift/cli.old",
            "xquay.io/openshift/cli",
            "my-quay.io/openshift/cli",
            "mirror.example/quay.io/openshift/cli",
        ] {
            assert_eq!(replace(&[("cli", "quay.io/openshift/cli")], text), text);
        }
    }

    #[test]
    fn of_two_sources_the_longer_one_counts_where_both_stand() {
        let tags: &[_] =
            &[("cli", "quay.io/o/cli"), ("long", "quay.io/o/cli:long"), ("etcd", "quay.io/o/etcd")];
        let text = "quay.io/o/cli:long quay.io/o/cli:longer quay.io/o/etcd";
        assert_eq!(replace(tags, text), "NEW-LONG NEW-CLI NEW-ETCD");
    }

    #[test]
    fn what_cannot_be_understood_is_an_error_that_names_the_operator() {
        let twice = parse(&[("cli", "quay.io/o/x"), ("etcd", "quay.io/o/x")]).unwrap_err().to_string();
        assert!(twice.contains("`cvo`") && twice.contains("`cli` and `etcd`"), "{twice}");
        assert!(twice.contains("quay.io/o/x"), "{twice}");
        assert!(matches!(parse(&[("cli", "")]), Err(Error::NoSource { .. })));
        let other = References::parse(&"`cvo`".into(), "kind: ConfigMap\n");
        assert!(matches!(other, Err(Error::NoStream { kind, .. }) if kind == "ConfigMap"));
        assert!(matches!(References::parse(&"`cvo`".into(), "a: [b"), Err(Error::Unreadable { .. })));
    }

    #[test]
    fn json_is_read_too_and_a_tag_of_another_kind_says_nothing() {
        let text = r#"{"kind": "ImageStream", "spec": {"tags": [
            {"name": "cli", "from": {"kind": "DockerImage", "name": "quay.io/o/cli"}},
            {"name": "other", "from": {"kind": "ImageStreamTag", "name": "a:b"}}, {"name": "bare"}]}}"#;
        let references = References::parse(&"`cvo`".into(), text).unwrap();
        assert_eq!(references.0, BTreeMap::from([("cli".into(), "quay.io/o/cli".to_owned())]));
    }

    proptest::proptest! {
        #[test]
        fn whatever_stands_around_a_source_all_else_stays(before in "[a/b:@.é \\-]{0,9}", after in "[a/b:@.é \\-]{0,9}") {
            let text = format!("{before}quay.io/o/cli{after}");
            let made = replace(&[("cli", "quay.io/o/cli")], &text);
            proptest::prop_assert!(made.starts_with(&before), "{text} became {made}");
            proptest::prop_assert!(made == text || made.starts_with(&format!("{before}NEW-CLI")), "{text} became {made}");
            let rest = made.trim_start_matches(&format!("{before}NEW-CLI"));
            proptest::prop_assert!(made == text || after.ends_with(rest), "{text} became {made}");
        }
    }
}
