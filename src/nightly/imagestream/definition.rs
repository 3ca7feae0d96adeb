//! What an ImageStream is to hold.

use std::collections::BTreeMap;
use std::sync::Arc;

use serde_json::{Map, Value, json};

use super::backend::Backend;
use super::rows;
use crate::model::{Outcome, Row};
use crate::nightly::StreamName;
use crate::nightly::annotations::INCONSISTENCY;

/// Where the run that wrote an ImageStream is to be looked at.
pub(super) const BUILD_URL: &str = "release.openshift.io/build-url";
/// The moment that the payload is of.
pub(super) const BASIS_EVENT: &str = "release.openshift.io/runtime-brew-event";
/// The API version of ImageStreams.
pub(in crate::nightly) const API_VERSION: &str = "image.openshift.io/v1";

/// What one ImageStream is to hold.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Definition {
    /// Which one.
    pub name: StreamName,
    /// Where this run is to be looked at; empty: nowhere.
    pub build_url: String,
    /// The moment that the payload is of.
    pub basis_event: Option<Arc<str>>,
    /// What is inconsistent about the payload, as the annotation has it; none: nothing.
    pub inconsistency: Option<String>,
    /// Its tags, in their order.
    pub tags: Vec<TagDefinition>,
    /// Whether these are not all of its tags: others stay as they are.
    pub is_partial: bool,
}

/// A tag of a [`Definition`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TagDefinition {
    /// Its name.
    pub name: Arc<str>,
    /// The image that it is to be imported from, as it is written there.
    pub from: String,
    /// Its annotations.
    pub annotations: BTreeMap<String, String>,
}

impl Definition {
    /// The object: without what is there already, and without what only the server knows.
    #[must_use]
    pub fn to_json(&self) -> Value {
        let StreamName { namespace, name } = &self.name;
        let tags: Vec<Value> = self.tags.iter().map(TagDefinition::to_json).collect();
        json!({
            "apiVersion": API_VERSION,
            "kind": "ImageStream",
            "metadata": {"name": name, "namespace": namespace, "annotations": self.annotations()},
            "spec": {"tags": tags},
        })
    }

    /// The name of its file among the artifacts.
    #[must_use]
    pub fn file_name(&self) -> String {
        let StreamName { namespace, name } = &self.name;
        let partial = if self.is_partial { "-partial" } else { "" };
        format!("updated-tags-for.{namespace}.{name}{partial}.yaml")
    }

    /// Its row.
    pub(in crate::nightly) fn row(&self, backend: &dyn Backend, outcome: Outcome) -> Row {
        rows::of_stream(backend, (&self.name, &self.file_name()), outcome)
    }

    /// The annotations that say which run wrote it, and of what moment it is.
    #[must_use]
    pub fn origin_annotations(&self) -> BTreeMap<String, String> {
        let event = self.basis_event.iter().map(|event| (BASIS_EVENT.to_owned(), event.to_string()));
        event.chain([(BUILD_URL.to_owned(), self.build_url.clone())]).collect()
    }

    /// The annotations of the ImageStream itself.
    pub(super) fn annotations(&self) -> Map<String, Value> {
        let inconsistency = self.inconsistency.iter().map(|text| (INCONSISTENCY.to_owned(), text.clone()));
        let all = self.origin_annotations().into_iter().chain(inconsistency);
        all.map(|(name, text)| (name, text.into())).collect()
    }
}

impl TagDefinition {
    /// The tag within the specification of an ImageStream. `PreserveOriginal`: an index stays whole.
    pub(in crate::nightly) fn to_json(&self) -> Value {
        json!({
            "name": self.name,
            "annotations": self.annotations,
            "from": {"kind": "DockerImage", "name": self.from},
            "importPolicy": {"importMode": "PreserveOriginal"},
        })
    }
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;

    const D: &str = "quay.io/openshift-release-dev/ocp-v4.0-art-dev";

    pub(in crate::nightly::imagestream) fn tag(name: &str, from: &str) -> TagDefinition {
        TagDefinition { name: name.into(), from: from.to_owned(), annotations: BTreeMap::new() }
    }

    /// Of `ocp/4.19-art-latest`, with `NAME=IMAGE` for each tag.
    pub(in crate::nightly::imagestream) fn definition(tags: &[&str]) -> Definition {
        let tags = tags.iter().map(|text| text.split_once('=').unwrap());
        Definition {
            name: StreamName { namespace: "ocp".into(), name: "4.19-art-latest".into() },
            build_url: "https://ci.example/job/12".to_owned(),
            basis_event: Some("61234567".into()),
            inconsistency: None,
            tags: tags.map(|(name, from)| tag(name, from)).collect(),
            is_partial: false,
        }
    }

    // 18.58
    #[test]
    fn a_tag_without_issues_has_no_annotations_and_keeps_indexes_whole() {
        let object = definition(&["cli=X"]).to_json();
        let wanted = json!([{
            "name": "cli", "annotations": {}, "from": {"kind": "DockerImage", "name": "X"},
            "importPolicy": {"importMode": "PreserveOriginal"},
        }]);
        assert_eq!(object["spec"]["tags"], wanted);
        assert_eq!(object["metadata"]["annotations"].get(INCONSISTENCY), None);
        for unknown in ["status", "generation", "lookupPolicy"] {
            assert_eq!(object.get(unknown), None);
        }
    }

    // 18.59
    #[test]
    fn a_definition_says_where_and_when_and_keeps_the_order_of_its_tags() {
        let definition = Definition {
            build_url: String::new(),
            basis_event: Some("999999".into()),
            inconsistency: Some(r#"["a", "b"]"#.to_owned()),
            is_partial: true,
            ..definition(&["b=X", "a=Y"])
        };
        let object = definition.to_json();
        let annotations = json!({BUILD_URL: "", BASIS_EVENT: "999999", INCONSISTENCY: r#"["a", "b"]"#});
        assert_eq!(object["metadata"]["annotations"], annotations);
        let names: Vec<_> =
            object["spec"]["tags"].as_array().unwrap().iter().map(|tag| &tag["name"]).collect();
        assert_eq!(names, ["b", "a"]);
        assert_eq!(definition.file_name(), "updated-tags-for.ocp.4.19-art-latest-partial.yaml");
    }

    // 18.60
    #[test]
    fn what_holds_all_tags_is_not_called_partial() {
        let definition = definition(&["b=X"]);
        assert_eq!(definition.file_name(), "updated-tags-for.ocp.4.19-art-latest.yaml");
    }

    #[test]
    fn what_yaml_would_take_for_something_else_stays_text() {
        let texts = [
            "4.19",
            "on",
            "off",
            "yes",
            "n",
            "61234567",
            "0x1f",
            "0o17",
            "1e3",
            "1_000",
            "~",
            "null",
            "true",
            "",
            " ",
            "2025-01-01",
            "12:30:45",
            ".inf",
            "-",
            "a: b",
            "a #b",
            "[a]",
            "{a: b}",
            "*a",
            "&a",
            "!a",
            "|",
            ">",
            "'",
            "\"",
            "@a",
            "`a",
            "%a",
            "a\nb",
            "a\n",
            "\ta",
            "a\u{7}b",
            "\u{1f600}",
            "é",
            "\u{2028}",
            "---",
            "? a",
            "=",
            "<<",
        ];
        for text in texts {
            let mut definition = definition(&[]);
            definition.basis_event = Some(text.into());
            definition.inconsistency = Some(text.to_owned());
            let annotations = BTreeMap::from([(text.to_owned(), text.to_owned())]);
            definition.tags =
                vec![TagDefinition { name: text.into(), from: format!("{D}:{text}"), annotations }];
            let object = definition.to_json();
            let yaml = serde_yaml::to_string(&object).unwrap();
            let read: Value =
                serde_yaml::from_str(&yaml).unwrap_or_else(|error| panic!("{text:?}: {error}\n{yaml}"));
            assert_eq!(read, object, "{text:?} is written as\n{yaml}");
        }
    }
}
