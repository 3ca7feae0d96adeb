//! Which releases are tags of the ImageStream for all architectures. Pure.

use std::collections::BTreeMap;
use std::time::SystemTime;

use serde_json::{Value, json};

use super::error::Error;
use super::names::made_at;
use crate::model::ImageRef;
use crate::nightly::StreamName;
use crate::nightly::imagestream::object::{empty, is_locked, name_of, rewritten, spec_tags, tag_annotation};
use crate::nightly::imagestream::{Merge, Merged, TagDefinition};
use crate::nightly::payload::{AssemblyType, MultiArch};
use crate::nightly::publish::ReleaseName;

/// What the names of nightlies have in them.
const NIGHTLY: &str = "nightly-multi";
/// What the release controller writes to a tag.
const PHASE: &str = "release.openshift.io/phase";
const ACCEPTED: &str = "Accepted";
/// Keeps the release controller from naming the image anew.
const REWRITE: &str = "release.openshift.io/rewrite";

/// Whether a release is to be made.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Standing {
    /// It is.
    Due,
    /// Somebody locked the stream.
    Locked,
    /// The last one is too new.
    TooSoon {
        /// The last one.
        last: String,
        /// From when on there may be another.
        from: SystemTime,
    },
}

/// The tag of a new release.
#[derive(Debug, Clone)]
pub struct NewTag<'a> {
    /// Its name.
    pub name: &'a ReleaseName,
    /// Its image, by digest.
    pub image: &'a ImageRef,
    /// Which build made it, and of what.
    pub annotations: &'a BTreeMap<String, String>,
}

impl NewTag<'_> {
    /// The tag as it is to be.
    #[must_use]
    pub fn definition(&self) -> TagDefinition {
        let mut annotations = self.annotations.clone();
        annotations.insert(REWRITE.to_owned(), "false".to_owned());
        TagDefinition { name: self.name.as_str().into(), from: self.image.to_string(), annotations }
    }
}

/// Whether a release is to be made now, into the stream `live`. Asked before anything else.
///
/// # Errors
/// When the newest nightly says nothing of when it was made.
pub fn standing(
    stream: &StreamName,
    live: Option<&Value>,
    (kind, rules): (AssemblyType, &MultiArch),
    now: SystemTime,
) -> Result<Standing, Error> {
    if live.is_some_and(is_locked) {
        return Ok(Standing::Locked);
    }
    let tags = live.map_or(&[][..], spec_tags);
    let Some(last) = tags.iter().rfind(|tag| is_nightly(tag)).filter(|_| kind == AssemblyType::Stream) else {
        return Ok(Standing::Due);
    };
    let last = name(last).to_owned();
    let Some(from) = made_at(&last).and_then(|made| made.checked_add(rules.min_interval)) else {
        return Err(Error::NoTime { stream: stream.to_string().into(), tag: last });
    };
    Ok(if now < from { Standing::TooSoon { last, from } } else { Standing::Due })
}

/// The stream with the tag `new`: of a stream assembly it comes last, behind what is no nightly and the nightlies that stay. Any other
/// has its releases one at a time.
#[must_use]
pub fn merge(
    stream: &StreamName,
    live: Option<&Value>,
    (kind, rules): (AssemblyType, &MultiArch),
    new: &NewTag<'_>,
) -> Merge {
    let there = live.cloned().unwrap_or_else(|| empty(stream));
    if is_locked(&there) {
        return Merge::Locked;
    }
    let is_stream = kind == AssemblyType::Stream;
    let definition = new.definition();
    let mut tags = if is_stream { staying(spec_tags(&there), rules) } else { Vec::new() };
    tags.retain(|tag| name(tag) != &*definition.name);
    tags.push(tag(&definition));
    let stays = |tag: &&Value| tags.iter().any(|other| name(other) == name(tag));
    let pruned = spec_tags(&there).iter().filter(|tag| !stays(tag)).map(|tag| name(tag).into()).collect();
    let object = rewritten(there, tags, |annotations| {
        if !is_stream {
            *annotations =
                new.annotations.iter().map(|(name, text)| (name.clone(), text.as_str().into())).collect();
        }
    });
    Merge::Merged(Box::new(Merged {
        object,
        changes: true,
        added: vec![definition.name],
        changed: Vec::new(),
        pruned,
        reverted: Vec::new(),
        warnings: Vec::new(),
    }))
}

/// What is no nightly, and then the last nightlies; where too few of those were accepted, older ones that were stand before them.
fn staying(tags: &[Value], rules: &MultiArch) -> Vec<Value> {
    let (nightlies, mut others): (Vec<_>, Vec<_>) = tags.iter().partition(|tag| is_nightly(tag));
    let (older, recent) = nightlies.split_at(nightlies.len().saturating_sub(rules.keep_recent));
    let accepted = recent.iter().filter(|tag| is_accepted(tag)).count();
    if accepted < rules.keep_accepted {
        let older: Vec<_> = older.iter().copied().filter(|tag| is_accepted(tag)).collect();
        others.extend(&older[older.len().saturating_sub(rules.keep_accepted)..]);
    }
    others.extend(recent);
    others.into_iter().cloned().collect()
}

fn name(tag: &Value) -> &str {
    name_of(tag).unwrap_or_default()
}

fn is_nightly(tag: &Value) -> bool {
    name(tag).contains(NIGHTLY)
}

fn is_accepted(tag: &Value) -> bool {
    tag_annotation(tag, PHASE) == Some(ACCEPTED)
}

/// Who pulls the release by its tag is sent to where the image is.
fn tag(definition: &TagDefinition) -> Value {
    let mut tag = definition.to_json();
    tag["referencePolicy"] = json!({"type": "Source"});
    tag
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::model::{Digest, Reference, Version};
    use crate::nightly::imagestream::object::{LAST_APPLIED, LOCKED, MODE};

    const STREAM: AssemblyType = AssemblyType::Stream;
    const NEW: &str = "4.10.0-0.nightly-multi-2024-01-09-000000";

    fn rules() -> MultiArch {
        MultiArch {
            is_enabled: true,
            min_interval: Duration::from_hours(6),
            keep_recent: 5,
            keep_accepted: 2,
        }
    }

    fn stream() -> StreamName {
        StreamName { namespace: "ocp-multi".into(), name: "4.10-art-latest-multi".into() }
    }

    fn nightly(day: usize) -> String {
        format!("4.10.0-0.nightly-multi-2024-01-0{day}-000000")
    }

    fn phase(day: usize, phase: &str) -> Value {
        json!({"name": nightly(day), "annotations": {PHASE: phase}})
    }

    /// Nightlies of these days; those of `accepted` were.
    fn live(days: std::ops::RangeInclusive<usize>, accepted: &[usize]) -> Value {
        let tags = days.map(|day| phase(day, if accepted.contains(&day) { ACCEPTED } else { "Rejected" }));
        json!({"metadata": {"name": "x"}, "spec": {"tags": tags.collect::<Vec<_>>()}})
    }

    fn image() -> ImageRef {
        let repository = Reference::parse("quay.io/o/ocp-release-nightly").unwrap().repository;
        ImageRef::new(repository, Version::Digest(Digest::of(b"release")))
    }

    fn next(live: Option<&Value>, kind: AssemblyType) -> Merged {
        let annotations = BTreeMap::from([("release.openshift.io/build-url".to_owned(), "u".to_owned())]);
        let new =
            NewTag { name: &ReleaseName::parse(NEW).unwrap(), image: &image(), annotations: &annotations };
        match merge(&stream(), live, (kind, &rules()), &new) {
            Merge::Merged(merged) => *merged,
            Merge::Locked => panic!("it is not locked"),
        }
    }

    fn pruned(next: &Merged) -> Vec<&str> {
        next.pruned.iter().map(|name| &**name).collect()
    }

    fn names(next: &Merged) -> Vec<&str> {
        next.object["spec"]["tags"].as_array().unwrap().iter().map(name).collect()
    }

    fn days(days: &[usize]) -> Vec<String> {
        days.iter().map(|day| nightly(*day)).chain([NEW.to_owned()]).collect()
    }

    #[test]
    fn what_is_no_nightly_stays_first_and_older_accepted_ones_stay_where_too_few_are() {
        // 18.103
        let mut stream = live(1..=7, &[1, 7]);
        stream["spec"]["tags"].as_array_mut().unwrap().push(json!({"name": "tickle", "annotations": null}));
        let next = next(Some(&stream), STREAM);
        let mut expected = vec!["tickle".to_owned()];
        expected.extend(days(&[1, 3, 4, 5, 6, 7]));
        assert_eq!(names(&next), expected);
        assert_eq!(pruned(&next), [nightly(2)]);
    }

    #[test]
    fn of_many_older_accepted_ones_the_last_two_stay() {
        // 18.104
        let stream = live(1..=8, &[1, 2, 3]);
        assert_eq!(names(&next(Some(&stream), STREAM)), days(&[2, 3, 4, 5, 6, 7, 8]));
    }

    #[test]
    fn where_enough_of_the_last_are_accepted_no_older_one_stays() {
        // 18.105
        let stream = live(1..=7, &[1, 2, 3, 4, 5, 6, 7]);
        let next = next(Some(&stream), STREAM);
        assert_eq!(names(&next), days(&[3, 4, 5, 6, 7]));
        assert_eq!(pruned(&next), [nightly(1), nightly(2)]);
    }

    #[test]
    fn a_phase_that_is_not_exactly_accepted_does_not_count() {
        let tags: Vec<_> = (1..=7).map(|day| phase(day, ["Ready", "accepted"][day % 2])).collect();
        let mut stream = json!({"spec": {"tags": tags}});
        stream["spec"]["tags"][0] = json!({"name": nightly(1)});
        assert_eq!(names(&next(Some(&stream), STREAM)), days(&[3, 4, 5, 6, 7]));
    }

    #[test]
    fn nightlies_are_six_hours_apart_and_exactly_six_are_enough() {
        // 18.106
        let (stream_of, last) = (live(1..=2, &[]), made_at(&nightly(2)).unwrap());
        let at = |now| standing(&stream(), Some(&stream_of), (STREAM, &rules()), now).unwrap();
        let six = last + Duration::from_hours(6);
        let too_soon = Standing::TooSoon { last: nightly(2), from: six };
        assert_eq!(at(last + Duration::from_hours(5)), too_soon);
        assert_eq!(at(six - Duration::from_secs(1)), too_soon);
        assert_eq!(at(six), Standing::Due);
        let standard = standing(&stream(), Some(&stream_of), (AssemblyType::Standard, &rules()), last);
        assert_eq!(standard.unwrap(), Standing::Due, "only nightlies have a rate");
    }

    #[test]
    fn a_locked_stream_is_left_alone_and_an_absent_one_is_due() {
        let mut locked = live(1..=2, &[]);
        locked["metadata"]["annotations"] = json!({MODE: LOCKED});
        let at = |live| standing(&stream(), live, (STREAM, &rules()), SystemTime::UNIX_EPOCH).unwrap();
        assert_eq!(at(Some(&locked)), Standing::Locked);
        assert_eq!(at(None), Standing::Due);
        assert_eq!(at(Some(&json!({"spec": {"tags": null}}))), Standing::Due);
    }

    #[test]
    fn a_nightly_without_a_time_is_an_error_that_names_it() {
        let tags = json!({"spec": {"tags": [phase(1, ACCEPTED), {"name": "4.10-nightly-multi-today"}]}});
        let error = standing(&stream(), Some(&tags), (STREAM, &rules()), SystemTime::now()).unwrap_err();
        let text = error.to_string();
        assert!(text.contains("ocp-multi/4.10-art-latest-multi"), "{text}");
        assert!(text.contains("`4.10-nightly-multi-today`"), "{text}");
    }

    #[test]
    fn a_standard_assembly_has_one_release_and_its_own_annotations() {
        // 18.107
        let mut stream = live(1..=2, &[1]);
        stream["metadata"] = json!({
            "name": "4.10-art-latest-multi", "namespace": "ocp-multi", "resourceVersion": "7", "uid": "u",
            "annotations": {"old": "x"},
        });
        stream["status"] = json!({"tags": []});
        let next = next(Some(&stream), AssemblyType::Standard);
        assert_eq!(names(&next), [NEW]);
        assert_eq!(pruned(&next), [nightly(1), nightly(2)]);
        let metadata = json!({
            "name": "4.10-art-latest-multi", "namespace": "ocp-multi", "resourceVersion": "7",
            "annotations": {"release.openshift.io/build-url": "u"},
        });
        assert_eq!(next.object["metadata"], metadata);
        assert_eq!(next.object.get("status"), None);
    }

    #[test]
    fn the_new_tag_keeps_its_index_whole_and_the_stream_keeps_its_annotations() {
        let mut stream = live(1..=1, &[]);
        stream["metadata"]["annotations"] = json!({"release.openshift.io/config": "c", LAST_APPLIED: "old"});
        let next = next(Some(&stream), STREAM);
        assert_eq!(next.object["metadata"]["annotations"], json!({"release.openshift.io/config": "c"}));
        let tag = json!({
            "name": NEW,
            "annotations": {"release.openshift.io/rewrite": "false", "release.openshift.io/build-url": "u"},
            "from": {"kind": "DockerImage", "name": image().to_string()},
            "referencePolicy": {"type": "Source"},
            "importPolicy": {"importMode": "PreserveOriginal"},
        });
        assert_eq!(next.object["spec"]["tags"][1], tag);
    }
}
