//! A YAML file as values with their places, so that everything that is wrong in it can be told at once.

use std::fmt;
use std::ops::Range;
use std::sync::Arc;

use serde::de::{Deserialize, Deserializer, MapAccess, SeqAccess, Visitor};
use serde_yaml::{Location, Spanned};

use crate::model::{Finding, Severity, Span};
use crate::redact;

/// A value and its place.
pub(crate) type Node = Spanned<Value>;

/// A value as it is written.
#[derive(Debug)]
pub(crate) enum Value {
    /// Nothing is written.
    Nothing,
    /// A word or text.
    Text(String),
    /// A whole number from 0.
    Number(u64),
    /// A whole number below 0.
    Negative(i64),
    /// Any other number.
    Fraction(f64),
    /// `true` or `false`, which in YAML 1.1 are also `yes` and `no`, `on` and `off`, `y` and `n`.
    Truth(bool),
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
        f.write_str("text, a number, `true` or `false`, a list or a mapping")
    }

    fn visit_unit<E>(self) -> Result<Value, E> {
        Ok(Value::Nothing)
    }

    fn visit_none<E>(self) -> Result<Value, E> {
        Ok(Value::Nothing)
    }

    fn visit_bool<E>(self, value: bool) -> Result<Value, E> {
        Ok(Value::Truth(value))
    }

    fn visit_u64<E>(self, value: u64) -> Result<Value, E> {
        Ok(Value::Number(value))
    }

    fn visit_i64<E>(self, value: i64) -> Result<Value, E> {
        Ok(u64::try_from(value).map_or(Value::Negative(value), Value::Number))
    }

    fn visit_f64<E>(self, value: f64) -> Result<Value, E> {
        Ok(Value::Fraction(value))
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
pub(crate) struct Source<'a> {
    /// The file, named as its reader would.
    pub(crate) name: Arc<str>,
    text: &'a str,
    lines: Vec<&'a str>,
    /// What findings about such files are called.
    code: &'static str,
    /// What is wrong or odd.
    pub(crate) findings: Vec<Finding>,
}

impl<'a> Source<'a> {
    /// The file `name`; findings about it are called `code`.
    pub(crate) fn new(name: Arc<str>, text: &'a str, code: &'static str) -> Self {
        Self { name, text, lines: text.lines().collect(), code, findings: Vec::new() }
    }

    /// The file as a value; none when it is no YAML, which is then said.
    pub(crate) fn parse(&mut self) -> Option<Node> {
        match serde_yaml::from_str::<Node>(self.text) {
            Ok(node) => Some(node),
            Err(error) => {
                let error = error.without_snippet();
                let said = words(error);
                match error.location() {
                    Some(location) => self.wrong(location, said),
                    None => self.findings.push(Finding::about(&self.name, Severity::Error, self.code, said)),
                }
                None
            }
        }
    }

    /// Says that what stands at `location` is wrong.
    pub(crate) fn wrong(&mut self, location: Location, message: impl Into<String>) {
        self.find(Severity::Error, location, message);
    }

    /// As [`Source::wrong`], saying what to do.
    pub(crate) fn wrong_with_hint(
        &mut self,
        location: Location,
        message: impl Into<String>,
        hint: impl Into<String>,
    ) {
        self.find(Severity::Error, location, message).hint = Some(hint.into());
    }

    /// Adds a finding about what stands at `location`.
    pub(crate) fn find(
        &mut self,
        severity: Severity,
        location: Location,
        message: impl Into<String>,
    ) -> &mut Finding {
        let mut finding = Finding::about(&self.name, severity, self.code, message);
        finding.span = Some(self.span(location));
        self.findings.push_mut(finding)
    }

    /// `file:line` of a place.
    pub(crate) fn place(&self, location: Location) -> Arc<str> {
        format!("{}:{}", self.name, location.line()).into()
    }

    /// A place as findings have it.
    pub(crate) fn span(&self, location: Location) -> Span {
        let (number, line, bytes) = self.stretch(location);
        Span::new(number, line.as_bytes(), &bytes)
    }

    /// What stands at a place, as far as it is on one line.
    pub(crate) fn written(&self, location: Location) -> &'a str {
        let (_, line, bytes) = self.stretch(location);
        &line[bytes]
    }

    /// What is missed at the end of a file is missed at the end of its last line.
    fn stretch(&self, location: Location) -> (u32, &'a str, Range<usize>) {
        let number = u32::try_from(location.line()).unwrap_or(u32::MAX);
        let last = u32::try_from(self.lines.len()).unwrap_or(u32::MAX).max(1);
        let line = self.lines.get(number.min(last).saturating_sub(1) as usize).copied().unwrap_or_default();
        if number > last {
            return (last, line, line.len()..line.len());
        }
        let start = byte(line, location.column().saturating_sub(1));
        let end = byte(&line[start..], location.span().len()) + start;
        (number, line, without_blanks(line, start..end))
    }
}

/// What the parser says; the place is drawn and not said too.
fn words(error: &serde_yaml::Error) -> String {
    match error {
        serde_yaml::Error::DuplicateMappingKey { key: Some(key), .. } => {
            format!("the key `{}` is there twice", redact::mask_logins(key))
        }
        serde_yaml::Error::Budget { .. } => {
            "the file has more parts, or deeper ones, than are read".to_owned()
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
