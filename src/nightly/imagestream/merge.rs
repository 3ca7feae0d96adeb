//! What a definition makes of an ImageStream that is there. A pure decision.

use std::collections::HashSet;
use std::sync::Arc;

use serde::Serialize;
use serde_json::{Map, Value};

use super::definition::Definition;
use super::object::{
    annotation, difference, empty, image_of, is_locked, is_same_image, name_of, rewritten, spec_tag,
    spec_tags, status_name_of, status_tags, tag_annotation,
};
use crate::nightly::annotations::INCONSISTENCY;

/// Marks a tag that somebody took back, by the image that it is never to be again.
const REVERTED_FROM: &str = "reverted-from";

/// What is to be done with an ImageStream.
#[derive(Debug, Clone, PartialEq)]
pub enum Merge {
    /// Nothing at all: somebody locked it.
    Locked,
    /// This.
    Merged(Box<Merged>),
}

/// What an ImageStream is to become.
#[derive(Debug, Clone, PartialEq)]
pub struct Merged {
    /// The object to write, with the `resourceVersion` of the one that it is made of.
    pub object: Value,
    /// Whether it is to be written: its tags or its inconsistencies are others.
    pub changes: bool,
    /// Tags that were not there.
    pub added: Vec<Arc<str>>,
    /// Tags that were there, and are to be others.
    pub changed: Vec<TagChange>,
    /// Tags that are to go, which takes a request for each.
    pub pruned: Vec<Arc<str>>,
    /// Tags that stay what somebody took them back to.
    pub reverted: Vec<Arc<str>>,
    /// What a person should know.
    pub warnings: Vec<String>,
}

/// A tag that becomes another.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct TagChange {
    /// Its name.
    pub tag: Arc<str>,
    /// Its image; none: it names none.
    pub from: Option<String>,
    /// The image that it becomes, which may be the same: then its annotations differ, or how it is imported.
    pub to: String,
}

/// What `definition` makes of `live`; none: the ImageStream is not there.
#[must_use]
pub fn merge(live: Option<&Value>, definition: &Definition) -> Merge {
    let there = live.cloned().unwrap_or_else(|| empty(&definition.name));
    if is_locked(&there) {
        return Merge::Locked;
    }
    let tags = Tags::of(&there, definition);
    let pruned = if definition.is_partial { Vec::new() } else { pruned(&there, definition) };
    let is_inconsistency_right = annotation(&there, INCONSISTENCY) == definition.inconsistency.as_deref();
    let is_right =
        tags.added.is_empty() && tags.changed.is_empty() && tags.all.len() == spec_tags(&there).len();
    Merge::Merged(Box::new(Merged {
        changes: live.is_none() || !is_right || !is_inconsistency_right,
        object: rewritten(there, tags.all, |annotations| annotate(annotations, definition)),
        added: tags.added,
        changed: tags.changed,
        pruned,
        reverted: tags.reverted,
        warnings: tags.warnings,
    }))
}

/// The tags that are to be there, and what they were.
#[derive(Default)]
struct Tags {
    all: Vec<Value>,
    added: Vec<Arc<str>>,
    changed: Vec<TagChange>,
    reverted: Vec<Arc<str>>,
    warnings: Vec<String>,
}

impl Tags {
    fn of(there: &Value, definition: &Definition) -> Self {
        let mut tags = Self::default();
        for tag in &definition.tags {
            tags.take(&tag.name, tag.to_json(), spec_tag(there, &tag.name));
        }
        let incoming: HashSet<&str> = definition.tags.iter().map(|tag| &*tag.name).collect();
        for tag in
            spec_tags(there).iter().filter(|tag| name_of(tag).is_none_or(|name| !incoming.contains(name)))
        {
            tags.leave(tag, definition);
        }
        tags
    }

    /// A tag of the definition, which is there as `live`.
    fn take(&mut self, name: &Arc<str>, incoming: Value, live: Option<&Value>) {
        let Some(live) = live else {
            self.added.push(Arc::clone(name));
            self.all.push(incoming);
            return;
        };
        let wanted = self.unless_reverted(name, incoming, live);
        // What is right is left as it is, with what we do not know.
        if difference(live, &wanted).is_none() {
            self.all.push(live.clone());
            return;
        }
        let image = |tag: &Value| image_of(tag).map(str::to_owned);
        let to = image(&wanted).unwrap_or_default();
        self.changed.push(TagChange { tag: Arc::clone(name), from: image(live), to });
        self.all.push(wanted);
    }

    /// The tag as it is to be: a revert holds until another image comes than the one that was taken back.
    fn unless_reverted(&mut self, name: &Arc<str>, mut incoming: Value, live: &Value) -> Value {
        let Some(bad) = tag_annotation(live, REVERTED_FROM) else { return incoming };
        if !image_of(&incoming).is_some_and(|image| is_same_image(image, bad)) {
            return incoming;
        }
        self.reverted.push(Arc::clone(name));
        for kept in ["from", "annotations"] {
            incoming[kept] = live.get(kept).cloned().unwrap_or_default();
        }
        incoming
    }

    /// A tag that is there, and not in the definition.
    fn leave(&mut self, tag: &Value, definition: &Definition) {
        if let (Some(name), Some(bad)) = (name_of(tag), tag_annotation(tag, REVERTED_FROM)) {
            let fate = if definition.is_partial { "stays as it is" } else { "is deleted" };
            self.warnings.push(format!(
                "the tag `{name}` of {} was taken back from {bad} and is not among the tags to write: it {fate}",
                definition.name
            ));
        }
        if definition.is_partial {
            self.all.push(tag.clone());
        }
    }
}

/// All that is there and not to be, also what only the status still has: what is no longer wanted stays there until it is
/// deleted by itself, and whoever died before that left it.
fn pruned(there: &Value, definition: &Definition) -> Vec<Arc<str>> {
    let mut known: HashSet<&str> = definition.tags.iter().map(|tag| &*tag.name).collect();
    let wanted = spec_tags(there).iter().filter_map(name_of);
    let all = wanted.chain(status_tags(there).iter().filter_map(status_name_of));
    all.filter(|name| known.insert(name)).map(Arc::from).collect()
}

fn annotate(annotations: &mut Map<String, Value>, definition: &Definition) {
    annotations.remove(INCONSISTENCY);
    annotations.extend(definition.annotations());
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::nightly::imagestream::definition::tests::definition;
    use crate::nightly::imagestream::object::{LAST_APPLIED, LOCKED, MODE};

    const H: &str = "6084e7aa6084e7aa6084e7aa6084e7aa6084e7aa6084e7aa6084e7aa6084e7aa";

    /// An ImageStream with `NAME=IMAGE` for each tag.
    fn live(tags: &[&str]) -> Value {
        json!({
            "apiVersion": "image.openshift.io/v1", "kind": "ImageStream",
            "metadata": {"name": "4.19-art-latest", "namespace": "ocp", "resourceVersion": "7"},
            "spec": {"tags": definition(tags).to_json()["spec"]["tags"]},
        })
    }

    /// The same; its first tag was taken back from `bad`.
    fn reverted(tags: &[&str], bad: &str) -> Value {
        let mut live = live(tags);
        live["spec"]["tags"][0]["annotations"] = json!({"reverted-from": bad, "why": "it breaks"});
        live
    }

    fn partial(tags: &[&str]) -> Definition {
        Definition { is_partial: true, ..definition(tags) }
    }

    fn merged(live: &Value, definition: &Definition) -> Merged {
        match merge(Some(live), definition) {
            Merge::Merged(merged) => *merged,
            Merge::Locked => panic!("it is not locked"),
        }
    }

    /// `NAME=IMAGE` of each tag.
    fn tags(merged: &Merged) -> Vec<String> {
        let text = |tag| format!("{}={}", name_of(tag).unwrap(), image_of(tag).unwrap_or("nothing"));
        spec_tags(&merged.object).iter().map(text).collect()
    }

    fn annotations(merged: &Merged) -> &Value {
        &merged.object["metadata"]["annotations"]
    }

    fn names(names: &[Arc<str>]) -> Vec<&str> {
        names.iter().map(|name| &**name).collect()
    }

    // 18.61
    #[test]
    fn a_full_update_leaves_nothing_but_its_own_tags() {
        let merged = merged(&live(&["a=A", "b=B"]), &definition(&["a=A"]));
        assert_eq!((tags(&merged), names(&merged.pruned)), (vec!["a=A".to_owned()], vec!["b"]));
        assert!(merged.added.is_empty() && merged.changed.is_empty() && merged.changes);
    }

    // 18.62
    #[test]
    fn a_partial_update_leaves_other_tags_as_they_are() {
        let mut there = live(&["spam=S"]);
        there["spec"]["tags"][0]["unknown"] = json!({"generation": 3});
        let merged = merged(&there, &partial(&["eggs=E"]));
        assert_eq!(tags(&merged), ["eggs=E", "spam=S"]);
        assert_eq!(merged.object["spec"]["tags"][1], there["spec"]["tags"][0]);
        assert_eq!((names(&merged.added), names(&merged.pruned)), (vec!["eggs"], vec![]));
    }

    // 18.63
    #[test]
    fn an_old_inconsistency_goes_and_the_configuration_stays() {
        let mut there = live(&["a=A"]);
        there["metadata"]["annotations"] = json!({INCONSISTENCY: "old", "release.openshift.io/config": "{}"});
        let none = merged(&there, &definition(&["a=A"]));
        assert_eq!(annotations(&none).get(INCONSISTENCY), None);
        assert_eq!(annotations(&none)["release.openshift.io/config"], "{}");
        assert!(none.changes, "what is said of the payload is part of it");
        let new = Definition { inconsistency: Some("new".to_owned()), ..definition(&["a=A"]) };
        assert_eq!(annotations(&merged(&there, &new))[INCONSISTENCY], "new");
    }

    // 18.64
    #[test]
    fn a_revert_holds_while_the_bad_image_comes() {
        let there = reverted(&["a=old", "b=B"], "bad");
        let merged = merged(&there, &definition(&["a=bad", "b=new"]));
        assert_eq!(tags(&merged), ["a=old", "b=new"]);
        assert_eq!(merged.object["spec"]["tags"][0], there["spec"]["tags"][0], "its annotations stay, too");
        assert_eq!((names(&merged.reverted), merged.changed.len()), (vec!["a"], 1));
        assert!(merged.warnings.is_empty());
    }

    #[test]
    fn a_revert_by_hand_is_imported_as_all_else_is() {
        let mut there = reverted(&["a=old"], "bad");
        there["spec"]["tags"][0]["importPolicy"] = json!({"importMode": "Legacy"});
        let merged = merged(&there, &definition(&["a=bad"]));
        let tag = &merged.object["spec"]["tags"][0];
        assert_eq!((image_of(tag), &tag["annotations"]["why"]), (Some("old"), &json!("it breaks")));
        assert_eq!(tag["importPolicy"]["importMode"], "PreserveOriginal");
    }

    // 18.65
    #[test]
    fn a_revert_ends_when_another_image_comes() {
        let merged = merged(&reverted(&["a=old"], "bad"), &definition(&["a=new"]));
        assert_eq!(tags(&merged), ["a=new"]);
        assert_eq!(merged.object["spec"]["tags"][0]["annotations"], json!({}));
        assert!(merged.reverted.is_empty());
    }

    // 18.66
    #[test]
    fn a_reverted_tag_that_does_not_come_is_warned_of() {
        let there = reverted(&["a=old", "b=B"], "bad");
        let kept = merged(&there, &partial(&["b=B"]));
        assert_eq!(kept.object["spec"]["tags"][1], there["spec"]["tags"][0]);
        assert!(
            kept.warnings[0]
                .ends_with("taken back from bad and is not among the tags to write: it stays as it is")
        );
        let pruned = merged(&there, &definition(&["b=B"]));
        assert_eq!((tags(&pruned), names(&pruned.pruned)), (vec!["b=B".to_owned()], vec!["a"]));
        assert!(pruned.warnings[0].ends_with("it is deleted"), "{:?}", pruned.warnings);
    }

    // 18.67
    #[test]
    fn annotations_that_are_null_are_none() {
        let mut there = live(&["a=A"]);
        there["spec"]["tags"][0]["annotations"] = Value::Null;
        assert!(!merged(&there, &definition(&["a=A"])).changes);
        assert_eq!(tags(&merged(&there, &definition(&["a=B"]))), ["a=B"]);
    }

    // 18.68
    #[test]
    fn a_stream_without_a_specification_gets_one() {
        for spec in [json!({}), json!({"spec": null}), json!({"spec": {"tags": null}})] {
            let mut there = live(&[]);
            there.as_object_mut().unwrap().remove("spec");
            there.as_object_mut().unwrap().extend(spec.as_object().unwrap().clone());
            let merged = merged(&there, &definition(&["a=A"]));
            assert_eq!((tags(&merged), names(&merged.added)), (vec!["a=A".to_owned()], vec!["a"]));
        }
    }

    // 18.69
    #[test]
    fn a_locked_stream_is_left_alone() {
        let mut there = live(&["a=A"]);
        there["metadata"]["annotations"] = json!({MODE: LOCKED});
        assert_eq!(merge(Some(&there), &definition(&["b=B"])), Merge::Locked);
        there["metadata"]["annotations"] = json!({MODE: "open"});
        assert_ne!(merge(Some(&there), &definition(&["b=B"])), Merge::Locked);
    }

    // 18.71
    #[test]
    fn what_is_right_is_not_written_for_another_build_url() {
        let mut there = live(&["b=B", "a=A"]);
        there["metadata"]["annotations"] = json!({"release.openshift.io/build-url": "another"});
        there["spec"]["tags"][1]["generation"] = 4.into();
        there["spec"]["tags"][1]["referencePolicy"] = json!({"type": "Source"});
        assert!(!merged(&there, &definition(&["a=A", "b=B"])).changes, "the order of tags says nothing");
        for (field, value) in [
            ("annotations", json!({"x": "y"})),
            ("importPolicy", json!({"importMode": "Legacy"})),
            ("importPolicy", json!({"importMode": "PreserveOriginal", "scheduled": true})),
            ("from", json!({"kind": "ImageStreamTag", "name": "A"})),
            ("reference", json!(true)),
        ] {
            let mut other = there.clone();
            other["spec"]["tags"][1][field] = value.clone();
            let merged = merged(&other, &definition(&["a=A", "b=B"]));
            assert!(merged.changes && merged.changed.len() == 1, "{field}: {value}");
        }
    }

    // 18.120
    #[test]
    fn a_digest_as_a_tag_is_the_same_image() {
        let there = reverted(&["a=old"], &format!("quay.io/o/r@sha256:{H}"));
        let same = merged(&there, &definition(&[&format!("a=quay.io/o/r:sha256-{H}")]));
        assert_eq!((tags(&same), names(&same.reverted)), (vec!["a=old".to_owned()], vec!["a"]));
        let other = merged(&there, &definition(&[&format!("a=quay.io/o/r:sha256-{}", H.replace('6', "5"))]));
        assert!(other.reverted.is_empty());
    }

    #[test]
    fn what_was_left_in_the_status_is_deleted_by_the_next_full_update() {
        let mut there = live(&["a=A"]);
        there["status"] = json!({"tags": [{"tag": "a"}, {"tag": "left"}]});
        let full = merged(&there, &definition(&["a=A"]));
        assert_eq!((names(&full.pruned), full.changes), (vec!["left"], false));
        assert!(merged(&there, &partial(&["a=A"])).pruned.is_empty());
    }

    #[test]
    fn what_is_written_keeps_all_but_what_only_the_server_says() {
        let mut there = live(&["a=A"]);
        there["metadata"] = json!({
            "name": "4.19-art-latest", "namespace": "ocp", "resourceVersion": "7", "uid": "u", "generation": 3,
            "creationTimestamp": "2025-01-01T00:00:00Z", "labels": {"l": "m"}, "finalizers": ["f"],
            "annotations": {LAST_APPLIED: "{}", "other": "x"},
        });
        there["spec"]["lookupPolicy"] = json!({"local": true});
        there["status"] = json!({"tags": [{"tag": "a"}]});
        let object = merged(&there, &definition(&["a=B"])).object;
        let wanted = json!({
            "name": "4.19-art-latest", "namespace": "ocp", "resourceVersion": "7", "labels": {"l": "m"},
            "finalizers": ["f"], "annotations": {
                "other": "x", "release.openshift.io/build-url": "https://ci.example/job/12",
                "release.openshift.io/runtime-brew-event": "61234567",
            },
        });
        assert_eq!(object["metadata"], wanted);
        assert_eq!(object["spec"]["lookupPolicy"], json!({"local": true}));
        assert_eq!(object.get("status"), None);
    }

    #[test]
    fn a_stream_that_is_not_there_is_its_definition() {
        for tags in [&["a=A"][..], &[]] {
            let Merge::Merged(merged) = merge(None, &definition(tags)) else { panic!("nobody locked it") };
            assert_eq!(merged.object, definition(tags).to_json());
            assert!(merged.changes, "with no tags it is made all the same");
        }
    }
}
