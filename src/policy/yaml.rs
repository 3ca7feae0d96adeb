//! A YAML file as values with their places, so that everything that is wrong in it can be told at once.

use std::fmt;
use std::ops::Range;
use std::sync::Arc;

use serde::de::{Deserialize, Deserializer, MapAccess, SeqAccess, Visitor};
use serde_yaml::{Location, Spanned};

use crate::model::{Finding, Severity, Span};

/// What findings about policies are called.
const CODE: &str = "policy";

/// A value and its place.
pub(super) type Node = Spanned<Value>;

/// A value as it is written.
#[derive(Debug)]
pub(super) enum Value {
    /// Nothing is written.
    Nothing,
    /// A word or text.
    Text(String),
    /// A whole number from 0.
    Number(u64),
    /// `true` or `false`.
    Truth,
    /// A list.
    List(Vec<Node>),
    /// Keys and their values, in their order.
    Map(Vec<(Spanned<String>, Node)>),
}

impl<'de> Deserialize<'de> for Value {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(Any)
    }
}

struct Any;

impl<'de> Visitor<'de> for Any {
    type Value = Value;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("text, a whole number, `true` or `false`, a list or a mapping")
    }

    fn visit_unit<E>(self) -> Result<Value, E> {
        Ok(Value::Nothing)
    }

    fn visit_none<E>(self) -> Result<Value, E> {
        Ok(Value::Nothing)
    }

    fn visit_bool<E>(self, _: bool) -> Result<Value, E> {
        Ok(Value::Truth)
    }

    fn visit_u64<E>(self, value: u64) -> Result<Value, E> {
        Ok(Value::Number(value))
    }

    fn visit_i64<E: serde::de::Error>(self, value: i64) -> Result<Value, E> {
        u64::try_from(value).map(Value::Number).map_err(|_| E::custom("a number below 0 has no meaning here"))
    }

    fn visit_f64<E: serde::de::Error>(self, value: f64) -> Result<Value, E> {
        // Such as `1.10`, which would lose its zero: nothing here is a broken number.
        Err(E::custom(format!("`{value}` reads as a number; put it between quotes")))
    }

    fn visit_str<E>(self, value: &str) -> Result<Value, E> {
        Ok(Value::Text(value.to_owned()))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Value, A::Error> {
        let mut items = Vec::new();
        while let Some(item) = list.next_element()? {
            items.push(item);
        }
        Ok(Value::List(items))
    }

    /// The crate refuses a key that is there twice.
    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Value, A::Error> {
        let mut entries = Vec::new();
        while let Some((key, value)) = map.next_entry()? {
            entries.push((key, value));
        }
        Ok(Value::Map(entries))
    }
}

/// A file and what was found to be wrong in it so far.
#[derive(Debug)]
pub(super) struct Source<'a> {
    /// The file, named as its reader would.
    pub(super) name: Arc<str>,
    text: &'a str,
    /// What is wrong.
    pub(super) findings: Vec<Finding>,
}

impl<'a> Source<'a> {
    pub(super) fn new(name: Arc<str>, text: &'a str) -> Self {
        Self { name, text, findings: Vec::new() }
    }

    /// The file as a value; none when it is no YAML, which is then said.
    pub(super) fn parse(&mut self) -> Option<Node> {
        match serde_yaml::from_str::<Node>(self.text) {
            Ok(node) => Some(node),
            Err(error) => {
                let error = error.without_snippet();
                let said = words(error);
                match error.location() {
                    Some(location) => self.wrong(location, said),
                    None => self.findings.push(Finding::about(&self.name, Severity::Error, CODE, said)),
                }
                None
            }
        }
    }

    /// Says that what stands at `location` is wrong.
    pub(super) fn wrong(&mut self, location: Location, message: impl Into<String>) {
        let mut finding = Finding::about(&self.name, Severity::Error, CODE, message);
        finding.span = Some(self.span(location));
        self.findings.push(finding);
    }

    /// As [`Source::wrong`], saying what to do.
    pub(super) fn wrong_with_hint(
        &mut self,
        location: Location,
        message: impl Into<String>,
        hint: impl Into<String>,
    ) {
        self.wrong(location, message);
        if let Some(finding) = self.findings.last_mut() {
            finding.hint = Some(hint.into());
        }
    }

    /// `file:line` of a place.
    pub(super) fn place(&self, location: Location) -> Arc<str> {
        format!("{}:{}", self.name, location.line()).into()
    }

    fn span(&self, location: Location) -> Span {
        let number = u32::try_from(location.line()).unwrap_or(u32::MAX);
        let line = self.text.lines().nth(number.saturating_sub(1) as usize).unwrap_or_default();
        let start = byte(line, location.column().saturating_sub(1));
        let end = byte(&line[start..], location.span().len()) + start;
        Span::new(number, line.as_bytes(), &without_blanks(line, start..end))
    }
}

/// What the parser says; the place is drawn and not said too.
fn words(error: &serde_yaml::Error) -> String {
    match error {
        serde_yaml::Error::DuplicateMappingKey { key: Some(key), .. } => {
            format!("the key `{key}` is there twice")
        }
        other => other.to_string().split(" at line ").next().unwrap_or_default().to_owned(),
    }
}

fn byte(line: &str, characters: impl TryInto<usize>) -> usize {
    let characters = characters.try_into().unwrap_or(usize::MAX);
    line.char_indices().nth(characters).map_or(line.len(), |(at, _)| at)
}

fn without_blanks(line: &str, range: Range<usize>) -> Range<usize> {
    range.start..range.start + line[range].trim_end().len()
}

/// A finding about a policy file as a whole.
pub(super) fn about(name: &Arc<str>, message: impl Into<String>) -> Finding {
    Finding::about(name, Severity::Error, CODE, message)
}
