//! What holds for every index that `--filter-by-os` cuts down. For the fuzz target and its twin.

use regex::Regex;
use serde_json::Value;

use super::filter::{Filtered, filter};
use super::manifests::Node;
use crate::model::properties::read_manifest;
use crate::model::{Content, Descriptor, Digest, Manifest};

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
    let read = |bytes: &[u8]| -> Value { serde_json::from_slice(bytes).expect("an index is JSON") };
    let (mut less, mut whole) = (read(&less.bytes), read(&whole.bytes));
    let children = |json: &mut Value| json["manifests"].take().as_array().cloned().unwrap_or_default();
    let (kept, all) = (children(&mut less), children(&mut whole));
    assert!(kept.iter().all(|child| all.contains(child)), "a child was written anew");
    assert_eq!(less, whole, "something else than the children differs");
}
