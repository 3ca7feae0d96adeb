//! What holds for every index that `--filter-by-os` cuts down. For the fuzz target and its twin.

use std::collections::BTreeMap;

use regex::Regex;
use serde_json::value::RawValue;

use super::filter::{Filtered, filter};
use super::manifests::Node;
use crate::model::properties::read_manifest;
use crate::model::{Content, Descriptor, Digest, Manifest};

/// The fields of an index as they are written.
type Fields = BTreeMap<String, Box<RawValue>>;

/// What is left of an index is what matches, in its order, and all else in it is as it was.
pub(crate) fn index(input: &[u8]) {
    let Some(node) = read_manifest(input).and_then(|manifest| Node::new(manifest).ok()) else { return };
    for pattern in ["^linux/amd64$", "arm64", "^$", "."] {
        let platforms = Regex::new(pattern).expect("a pattern");
        check(&node, &platforms);
    }
}

fn check(node: &Node, platforms: &Regex) {
    let Ok(filtered) = filter(node, platforms) else { return };
    let Content::Index(children) = &node.content else {
        return assert!(matches!(filtered, Filtered::Whole), "an image is left whole");
    };
    let platform = |child: &Descriptor| child.platform.as_ref().map_or_else(String::new, ToString::to_string);
    let matching: Vec<_> =
        children.iter().filter(|child| platforms.is_match(&platform(child))).cloned().collect();
    match filtered {
        Filtered::Whole => assert_eq!(matching, *children),
        Filtered::One(only) => assert_eq!(matching, [only]),
        Filtered::Nothing => assert!(matching.is_empty() && !children.is_empty()),
        Filtered::Some(less) => is_part_of(&less, &matching, &node.manifest),
    }
}

fn is_part_of(less: &Manifest, matching: &[Descriptor], whole: &Manifest) {
    assert_eq!(less.digest, Digest::of(&less.bytes));
    assert_eq!(less.media_type, whole.media_type);
    let Ok(Content::Index(children)) = less.content() else { panic!("no index is left") };
    assert_eq!(children, matching);
    let read = |bytes: &[u8]| -> Fields { serde_json::from_slice(bytes).expect("an index is JSON") };
    let (mut less, mut whole) = (read(&less.bytes), read(&whole.bytes));
    let children = |fields: &mut Fields| -> Vec<String> {
        let children = fields.remove("manifests").expect("an index has children");
        let children: Vec<Box<RawValue>> = serde_json::from_str(children.get()).expect("a list");
        children.iter().map(|child| child.get().to_owned()).collect()
    };
    let (kept, all) = (children(&mut less), children(&mut whole));
    assert!(kept.iter().all(|child| all.contains(child)), "a child was written anew");
    let texts =
        |fields: &Fields| -> Vec<String> { fields.values().map(|value| value.get().to_owned()).collect() };
    assert!(less.keys().eq(whole.keys()) && texts(&less) == texts(&whole), "something else differs");
}
