//! Edits as new text at places of the old one.

use std::collections::BTreeSet;
use std::ops::Range;

use super::edit::{Edits, New, Set, anchor};
use super::envelope::Opened;
use super::tree::{Member, Node};

/// What comes in the place of a part of the text.
#[derive(Debug)]
struct Splice {
    at: Range<usize>,
    with: Vec<Part>,
}

/// A part of what is new.
#[derive(Debug, Clone)]
enum Part {
    /// JSON without line breaks.
    New(String),
    /// What stands elsewhere: the blanks of a neighbour, so that the file keeps its style.
    Copy(Range<usize>),
}

/// The text of the stream, and the whole file, with the edits made.
pub(super) fn spliced(opened: &Opened, bytes: &[u8], edits: &Edits) -> (String, Vec<u8>) {
    let mut splices: Vec<Splice> = edits.sets.iter().filter_map(|set| set_member(opened, set)).collect();
    for (object, keys) in &edits.removed {
        if let Some(node) = opened.root.follow(object) {
            splices.extend(without(node, keys));
        }
    }
    // What is put at one place stays in its order.
    splices.sort_by_key(|splice| splice.at.start);
    (in_text(opened, &splices), in_file(opened, bytes, &splices))
}

fn in_text(opened: &Opened, splices: &[Splice]) -> String {
    let (mut text, mut from) = (String::with_capacity(opened.text.len()), 0);
    for splice in splices {
        text.push_str(opened.text.get(from..splice.at.start).unwrap_or_default());
        for part in &splice.with {
            match part {
                Part::New(new) => text.push_str(new),
                Part::Copy(range) => text.push_str(&opened.text[range.clone()]),
            }
        }
        from = splice.at.end;
    }
    text.push_str(&opened.text[from..]);
    text
}

fn in_file(opened: &Opened, bytes: &[u8], splices: &[Splice]) -> Vec<u8> {
    let offset = opened.offset();
    let place = |range: &Range<usize>| {
        let range = opened.places.range(range);
        range.start + offset..range.end + offset
    };
    let (mut file, mut from) = (Vec::with_capacity(bytes.len()), 0);
    for splice in splices {
        let at = place(&splice.at);
        file.extend_from_slice(bytes.get(from..at.start).unwrap_or_default());
        for part in &splice.with {
            match part {
                Part::New(new) => file.extend_from_slice(opened.places.written(new).as_bytes()),
                Part::Copy(range) => file.extend_from_slice(&bytes[place(range)]),
            }
        }
        from = at.end;
    }
    file.extend_from_slice(&bytes[from..]);
    file
}

fn set_member(opened: &Opened, set: &Set) -> Option<Splice> {
    let members = opened.root.follow(&set.object)?.members()?;
    if let Some(member) = members.iter().find(|member| member.key == set.key) {
        return Some(Splice { at: member.node.at.clone(), with: value(opened, &set.value) });
    }
    let at = anchor(members, set.after)?;
    let after = &members[at];
    // The blanks before the first member may be others than those between two.
    let before = blanks_before(&opened.text, members.get(at.max(1)).unwrap_or(after));
    let mut with = vec![Part::New(",".to_owned()), Part::Copy(before)];
    with.extend([Part::New(json(set.key)), Part::Copy(colon(after))]);
    with.extend(value(opened, &set.value));
    let end = after.node.at.end;
    Some(Splice { at: end..end, with })
}

fn value(opened: &Opened, value: &New) -> Vec<Part> {
    let entries = match value {
        New::Text(text) => return vec![Part::New(json(text))],
        New::Object(entries) => entries,
    };
    // An object beside `architectures` is written as that one is.
    let architectures = opened.stream().get("architectures");
    let like = architectures.and_then(|node| Some((node, node.members()?.first()?, node.members()?.last()?)));
    let Some((object, first, last)) = like else { return vec![Part::New("null".to_owned())] };
    let mut parts = vec![Part::New("{".to_owned())];
    for (number, (key, text)) in entries.iter().enumerate() {
        if number > 0 {
            parts.push(Part::New(",".to_owned()));
        }
        parts.push(Part::Copy(blanks_before(&opened.text, first)));
        parts.extend([Part::New(json(key)), Part::Copy(colon(first)), Part::New(json(text))]);
    }
    parts.push(Part::Copy(last.node.at.end..object.at.end - 1));
    parts.push(Part::New("}".to_owned()));
    parts
}

/// The blanks between a member and what comes before it.
fn blanks_before(text: &str, member: &Member) -> Range<usize> {
    let before = &text[..member.key_at.start];
    before.trim_end_matches([' ', '\t', '\r', '\n']).len()..before.len()
}

fn colon(member: &Member) -> Range<usize> {
    member.key_at.end..member.node.at.start
}

fn json(text: &str) -> String {
    serde_json::Value::from(text).to_string()
}

/// Takes `keys` out of an object, each with one comma and the blanks around it.
fn without(object: &Node, keys: &BTreeSet<String>) -> Vec<Splice> {
    let members = object.members().unwrap_or_default();
    let goes = |member: &Member| keys.contains(&member.key);
    let Some(last_kept) = members.iter().rposition(|member| !goes(member)) else {
        return vec![Splice { at: object.at.start + 1..object.at.end - 1, with: Vec::new() }];
    };
    let mut splices = Vec::new();
    for pair in members[..=last_kept].windows(2).filter(|pair| goes(&pair[0])) {
        splices.push(Splice { at: pair[0].key_at.start..pair[1].key_at.start, with: Vec::new() });
    }
    if let Some(last) = members[last_kept + 1..].last() {
        splices.push(Splice { at: members[last_kept].node.at.end..last.node.at.end, with: Vec::new() });
    }
    splices
}
