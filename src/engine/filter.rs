//! `--filter-by-os`: an index of only the platforms that match.
//!
//! One of the few places in the program that write a manifest anew, since it is asked to; the digest
//! changes. An index of which all children match is left as it is.

use std::collections::BTreeMap;

use regex::Regex;
use serde_json::value::{RawValue, to_raw_value};

use super::manifests::Node;
use crate::model::{Content, Descriptor, Manifest};

/// What is left of an image after filtering.
#[derive(Debug)]
pub(super) enum Filtered {
    /// All of it: not an index, or every platform matches.
    Whole,
    /// One platform: that image alone, with its own digest.
    One(Descriptor),
    /// Some: a new index, with a new digest.
    Some(Manifest),
    /// Nothing matches.
    Nothing,
}

/// Filters an index by `os/arch[/variant]`; anything else is left whole.
pub(super) fn filter(node: &Node, platforms: &Regex) -> Result<Filtered, serde_json::Error> {
    let Content::Index(children) = &node.content else { return Ok(Filtered::Whole) };
    let matches: Vec<bool> = children.iter().map(|child| matches(child, platforms)).collect();
    let mut chosen = children.iter().zip(&matches).filter(|(_, matches)| **matches);
    match (matches.iter().filter(|matches| **matches).count(), chosen.next()) {
        (count, _) if count == children.len() => Ok(Filtered::Whole),
        (1, Some((only, _))) => Ok(Filtered::One(only.clone())),
        (_, None) => Ok(Filtered::Nothing),
        _ => without(&node.manifest, &matches).map(Filtered::Some),
    }
}

/// A child without a platform (an artifact beside the images) matches only a filter that matches
/// the empty text.
fn matches(child: &Descriptor, platforms: &Regex) -> bool {
    let platform = child.platform.as_ref().map(ToString::to_string).unwrap_or_default();
    platforms.is_match(&platform)
}

/// What stays is not written anew: a number that is read and written may lose digits.
fn without(index: &Manifest, matches: &[bool]) -> Result<Manifest, serde_json::Error> {
    let mut fields: BTreeMap<String, Box<RawValue>> = serde_json::from_slice(&index.bytes)?;
    if let Some(children) = fields.get_mut("manifests") {
        let all: Vec<&RawValue> = serde_json::from_str(children.get())?;
        let kept = all.into_iter().zip(matches).filter_map(|(child, keep)| keep.then_some(child));
        *children = to_raw_value(&kept.collect::<Vec<_>>())?;
    }
    Ok(Manifest::new(Some(&index.media_type), serde_json::to_vec(&fields)?.into()))
}
