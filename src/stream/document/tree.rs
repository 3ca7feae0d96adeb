//! JSON and YAML as trees whose parts know their places, so that one part can be changed and nothing else.

use std::fmt;
use std::ops::Range;

use serde::de::{Deserialize, Deserializer, MapAccess, Visitor};
use serde_json::value::RawValue;

use crate::redact;
use crate::yaml;

/// Deeper trees are not read: nothing that is meant is so deep.
const DEEPEST: usize = 100;

/// A value and its place, in bytes of the text that it was read from. Equal is what says the same, wherever it stands.
#[derive(Debug, Clone)]
pub(super) struct Node {
    pub(super) at: Range<usize>,
    pub(super) value: Value,
}

/// What is said.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Value {
    /// `null`, or nothing.
    Null,
    /// Text, without its quotes and escapes.
    Text(String),
    /// A number or a truth value, as it is written.
    Other(String),
    List(Vec<Node>),
    Object(Vec<Member>),
}

/// A key of an object and what it stands for.
#[derive(Debug, Clone)]
pub(super) struct Member {
    pub(super) key: String,
    pub(super) key_at: Range<usize>,
    pub(super) node: Node,
}

/// What is wrong with a text, and where.
#[derive(Debug)]
pub(super) struct Fault {
    pub(super) at: Range<usize>,
    pub(super) code: &'static str,
    pub(super) message: String,
}

impl PartialEq for Node {
    fn eq(&self, other: &Self) -> bool {
        self.value == other.value
    }
}

impl PartialEq for Member {
    fn eq(&self, other: &Self) -> bool {
        self.key == other.key && self.node == other.node
    }
}

impl Node {
    /// The members of an object.
    pub(super) fn members(&self) -> Option<&[Member]> {
        if let Value::Object(members) = &self.value { Some(members) } else { None }
    }

    /// What an object says of `key`, `null` too.
    pub(super) fn get(&self, key: &str) -> Option<&Self> {
        self.members()?.iter().find(|member| member.key == key).map(|member| &member.node)
    }

    /// What is found by following `path`.
    pub(super) fn follow<'a>(&self, path: impl IntoIterator<Item = &'a String>) -> Option<&Self> {
        path.into_iter().try_fold(self, |node, key| node.get(key))
    }

    /// As [`Node::follow`]: the members of what is found, to be changed.
    pub(super) fn members_mut(&mut self, path: &[String]) -> Option<&mut Vec<Member>> {
        let Value::Object(members) = &mut self.value else { return None };
        let Some((key, rest)) = path.split_first() else { return Some(members) };
        members.iter_mut().find(|member| member.key == *key)?.node.members_mut(rest)
    }

    pub(super) fn text(&self) -> Option<&str> {
        if let Value::Text(text) = &self.value { Some(text) } else { None }
    }

    pub(super) fn is_null(&self) -> bool {
        self.value == Value::Null
    }

    /// What kind of value it is, for people.
    pub(super) fn kind(&self) -> &'static str {
        match self.value {
            Value::Null => "null",
            Value::Text(_) => "text",
            Value::Other(_) => "a number or a truth value",
            Value::List(_) => "a list",
            Value::Object(_) => "an object",
        }
    }
}

/// A word of a file, fit for a message.
pub(super) fn word(text: &str) -> String {
    redact::cut(&redact::one_line(&redact::mask_logins(text)), 100)
}

/// The JSON that `text` is; or everything that is wrong with it.
pub(super) fn read(text: &str) -> Result<Node, Vec<Fault>> {
    let raw: &RawValue = serde_json::from_str(text).map_err(|error| vec![syntax(text, &error)])?;
    let mut reader = Reader { text, faults: Vec::new() };
    let node = reader.node(raw, 0);
    if reader.faults.is_empty() { Ok(node) } else { Err(reader.faults) }
}

/// What a YAML file says, as its parser gives it with its places.
pub(super) fn of_yaml(node: yaml::Node) -> Node {
    let at = place(&node);
    let value = match node.value {
        yaml::Value::Nothing => Value::Null,
        yaml::Value::Text(text) => Value::Text(text),
        yaml::Value::Number(number) => Value::Other(number.to_string()),
        yaml::Value::Negative(number) => Value::Other(number.to_string()),
        yaml::Value::Fraction(number) => Value::Other(number.to_string()),
        yaml::Value::Truth(truth) => Value::Other(truth.to_string()),
        yaml::Value::List(list) => Value::List(list.into_iter().map(of_yaml).collect()),
        yaml::Value::Map(entries) => {
            let member = |(key, node): (serde_yaml::Spanned<String>, yaml::Node)| Member {
                key_at: place(&key),
                key: key.value,
                node: of_yaml(node),
            };
            Value::Object(entries.into_iter().map(member).collect())
        }
    };
    Node { at, value }
}

/// Where a value is written: of an alias, that is where its anchor is.
fn place<T>(node: &serde_yaml::Spanned<T>) -> Range<usize> {
    let span = node.defined.span();
    let number = |bytes: Option<_>| bytes.and_then(|bytes| usize::try_from(bytes).ok()).unwrap_or_default();
    let start = number(span.byte_offset());
    start..start + number(span.byte_len())
}

fn syntax(text: &str, error: &serde_json::Error) -> Fault {
    let before: usize = text.split_inclusive('\n').take(error.line().saturating_sub(1)).map(str::len).sum();
    let at = text.floor_char_boundary(before + error.column().saturating_sub(1));
    let said = error.to_string();
    let said = said.split(" at line ").next().unwrap_or_default();
    Fault { at: at..at, code: "syntax", message: format!("this is not JSON: {said}") }
}

struct Reader<'a> {
    text: &'a str,
    faults: Vec<Fault>,
}

impl<'a> Reader<'a> {
    fn node(&mut self, raw: &'a RawValue, depth: usize) -> Node {
        let at = self.place(raw);
        if depth > DEEPEST {
            self.fault(at.clone(), "syntax", format!("this is nested deeper than {DEEPEST} levels"));
            return Node { at, value: Value::Null };
        }
        let value = match raw.get().as_bytes().first() {
            Some(b'{') => self.object(raw, depth),
            Some(b'[') => {
                let list: Vec<&RawValue> = self.parsed(raw);
                Value::List(list.into_iter().map(|raw| self.node(raw, depth + 1)).collect())
            }
            Some(b'"') => Value::Text(self.parsed(raw)),
            Some(b'n') => Value::Null,
            _ => Value::Other(raw.get().to_owned()),
        };
        Node { at, value }
    }

    fn object(&mut self, raw: &'a RawValue, depth: usize) -> Value {
        let Entries(entries) = self.parsed(raw);
        let mut seen = std::collections::HashSet::new();
        let mut members = Vec::with_capacity(entries.len());
        for (key, raw) in entries {
            let (key_at, key) = (self.place(key), self.parsed::<String>(key));
            if !seen.insert(key.clone()) {
                self.fault(
                    key_at.clone(),
                    "duplicate-key",
                    format!("the key `{}` is there twice", word(&key)),
                );
            }
            members.push(Member { key, key_at, node: self.node(raw, depth + 1) });
        }
        Value::Object(members)
    }

    /// What is no JSON was found before; this finds escapes that stand for nothing.
    fn parsed<T: Deserialize<'a> + Default>(&mut self, raw: &'a RawValue) -> T {
        serde_json::from_str(raw.get()).unwrap_or_else(|error| {
            let fault = syntax(raw.get(), &error);
            self.fault(self.place(raw), fault.code, fault.message);
            T::default()
        })
    }

    fn place(&self, raw: &RawValue) -> Range<usize> {
        let start = raw.get().as_ptr().addr() - self.text.as_ptr().addr();
        start..start + raw.get().len()
    }

    fn fault(&mut self, at: Range<usize>, code: &'static str, message: String) {
        self.faults.push(Fault { at, code, message });
    }
}

/// The entries of an object as they are written, in their order, the same key as often as it is there.
#[derive(Default)]
struct Entries<'a>(Vec<(&'a RawValue, &'a RawValue)>);

impl<'de: 'a, 'a> Deserialize<'de> for Entries<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(Self::default())
    }
}

impl<'de: 'a, 'a> Visitor<'de> for Entries<'a> {
    type Value = Self;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(mut self, mut map: A) -> Result<Self, A::Error> {
        while let Some(entry) = map.next_entry()? {
            self.0.push(entry);
        }
        Ok(self)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_part_knows_where_it_stands() {
        let text = " {\"a\\u0062\" : [1e999, \"\\u00e9\"] ,\n\t\"é\": null}\n";
        let root = read(text).unwrap();
        let members = root.members().unwrap();
        assert_eq!(&text[root.at.clone()], text.trim());
        assert_eq!((members[0].key.as_str(), &text[members[0].key_at.clone()]), ("ab", r#""a\u0062""#));
        assert_eq!(&text[members[0].node.at.clone()], "[1e999, \"\\u00e9\"]");
        let Value::List(list) = &members[0].node.value else { panic!("{members:?}") };
        assert_eq!(list[0].value, Value::Other("1e999".to_owned()), "no number loses anything");
        assert_eq!(list[1].text(), Some("é"));
        assert_eq!((&text[members[1].key_at.clone()], members[1].node.is_null()), ("\"é\"", true));
    }

    #[test]
    fn every_key_that_is_there_twice_is_told_with_its_place() {
        let text = r#"{"a": {"x": 1, "\u0078": 2}, "b": [{"y": 1, "y": 1}], "a": 0, "c": {"a": 1}}"#;
        let faults = read(text).unwrap_err();
        let told: Vec<_> = faults.iter().map(|fault| (&text[fault.at.clone()], fault.code)).collect();
        let expected =
            [("\"\\u0078\"", "duplicate-key"), ("\"y\"", "duplicate-key"), ("\"a\"", "duplicate-key")];
        assert_eq!(told, expected);
    }

    #[test]
    fn what_is_no_json_is_told_where_it_ends_to_be_one() {
        for (text, at) in
            [("{\"a\": }", 6), ("{\"a\": 1", 6), ("{\n\"a\": 1,\n}", 10), ("{} x", 3), ("\"\\ud800\"", 0)]
        {
            let faults = read(text).unwrap_err();
            assert_eq!((faults.len(), faults[0].at.start), (1, at), "{text}: {faults:?}");
        }
        let deep = "[".repeat(100_000) + &"]".repeat(100_000);
        assert!(read(&deep).unwrap_err()[0].message.contains("deeper"));
        assert!(read(&("[".repeat(50) + &"]".repeat(50))).is_ok());
    }
}
