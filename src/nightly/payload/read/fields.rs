//! The fields of one mapping, strictly: keys as they are written, and each of its own kind.

use serde_yaml::{Location, Spanned};

use crate::redact::mask_logins;
use crate::yaml::{Node, Source, Value};

/// A text and its place.
#[derive(Debug, Clone)]
pub(super) struct Text {
    pub(super) text: String,
    pub(super) at: Location,
}

/// Keys and their values, in their order.
pub(super) type Entries = Vec<(Spanned<String>, Node)>;

/// The fields of a mapping.
#[derive(Debug)]
pub(super) struct Fields {
    /// Where the mapping begins.
    pub(super) at: Location,
    entries: Entries,
}

impl Fields {
    /// The fields of `node`, which is `what` and may have those in `known`. None: it is no mapping, which is then said.
    pub(super) fn of(
        source: &mut Source<'_>,
        node: Node,
        what: &str,
        known: &[&'static str],
    ) -> Option<Self> {
        let at = node.referenced;
        let Value::Map(entries) = node.value else {
            let hint = format!("its keys are {}", listed(known));
            source.wrong_with_hint(at, format!("this is no {what}"), hint);
            return None;
        };
        for (key, _) in &entries {
            if !known.contains(&key.value.as_str()) {
                unknown(source, key, known);
            }
        }
        Some(Self { at, entries })
    }

    /// No fields at all, in the mapping that begins at `at`.
    pub(super) fn none(at: Location) -> Self {
        Self { at, entries: Vec::new() }
    }

    /// Takes a field out. None: there is none, or nothing is written there.
    pub(super) fn take(&mut self, name: &str) -> Option<Node> {
        let at = self.entries.iter().position(|(key, _)| key.value == name)?;
        let (_, node) = self.entries.swap_remove(at);
        (!matches!(node.value, Value::Nothing)).then_some(node)
    }

    /// As [`Fields::take`], of a field that must be there; that it is not is then said, with what it could be.
    pub(super) fn needed(&mut self, source: &mut Source<'_>, name: &str, such_as: &str) -> Option<Node> {
        let key = self.entries.iter().find(|(key, _)| key.value == name).map(|(key, _)| key.referenced);
        let node = self.take(name);
        if node.is_none() {
            let hint = format!("add `{name}: {such_as}`");
            match key {
                Some(at) => source.wrong(at, format!("`{name}` says nothing")),
                None => source.wrong_with_hint(self.at, format!("`{name}` is missing here"), hint),
            }
        }
        node
    }

    /// The text of a field that must be there.
    pub(super) fn needed_text(&mut self, source: &mut Source<'_>, name: &str, such_as: &str) -> Option<Text> {
        let node = self.needed(source, name, such_as)?;
        text(source, name, node)
    }

    /// The text of a field.
    pub(super) fn text(&mut self, source: &mut Source<'_>, name: &str) -> Option<Text> {
        let node = self.take(name)?;
        text(source, name, node)
    }

    /// `true` or `false`.
    pub(super) fn truth(&mut self, source: &mut Source<'_>, name: &str) -> Option<bool> {
        let node = self.take(name)?;
        match node.value {
            Value::Truth(truth) => return Some(truth),
            _ => source.wrong(node.referenced, format!("`{name}` is `true` or `false`")),
        }
        None
    }

    /// A whole number from 0.
    pub(super) fn number(&mut self, source: &mut Source<'_>, name: &str) -> Option<u32> {
        let node = self.take(name)?;
        number(source, name, &node)
    }

    /// A whole number from 0 that must be there.
    pub(super) fn needed_number(
        &mut self,
        source: &mut Source<'_>,
        name: &str,
        such_as: &str,
    ) -> Option<u32> {
        let node = self.needed(source, name, such_as)?;
        number(source, name, &node)
    }

    /// The items of a list; none where there is no such field.
    pub(super) fn list(&mut self, source: &mut Source<'_>, name: &str) -> Vec<Node> {
        self.take(name).map(|node| items(source, name, node)).unwrap_or_default()
    }

    /// Keys and values of a mapping; none where there is no such field.
    pub(super) fn map(&mut self, source: &mut Source<'_>, name: &str) -> Entries {
        self.take(name).map(|node| entries(source, name, node)).unwrap_or_default()
    }

    /// The fields of a mapping. None: there is none, or it is none, which is then said.
    pub(super) fn section(
        &mut self,
        source: &mut Source<'_>,
        name: &str,
        known: &[&'static str],
    ) -> Option<Self> {
        let node = self.take(name)?;
        Self::of(source, node, &format!("`{name}`"), known)
    }
}

/// The text of `node`, the value of `name`. What YAML reads as anything else is wrong.
pub(super) fn text(source: &mut Source<'_>, name: &str, node: Node) -> Option<Text> {
    let at = node.referenced;
    match node.value {
        Value::Text(text) if !text.trim().is_empty() => return Some(Text { text, at }),
        Value::Text(_) | Value::Nothing => source.wrong(at, format!("`{name}` says nothing")),
        Value::List(_) | Value::Map(_) => source.wrong(at, format!("`{name}` takes text")),
        Value::Number(_) | Value::Negative(_) | Value::Fraction(_) | Value::Truth(_) => {
            let written = source.written(at);
            let kind = if matches!(node.value, Value::Truth(_)) { "`true` or `false`" } else { "a number" };
            let message = format!("`{name}` takes text, and YAML reads `{written}` as {kind}");
            source.wrong_with_hint(at, message, format!("put it between quotes: `\"{written}\"`"));
        }
    }
    None
}

fn number(source: &mut Source<'_>, name: &str, node: &Node) -> Option<u32> {
    let number = match node.value {
        Value::Number(number) => u32::try_from(number).ok(),
        _ => None,
    };
    if number.is_none() {
        source.wrong(node.referenced, format!("`{name}` is a whole number from 0, without quotes"));
    }
    number
}

/// The items of `node`, the value of `name`.
pub(super) fn items(source: &mut Source<'_>, name: &str, node: Node) -> Vec<Node> {
    match node.value {
        Value::List(items) => return items,
        Value::Nothing => {}
        _ => source.wrong(node.referenced, format!("`{name}` is a list")),
    }
    Vec::new()
}

/// Keys and values of `node`, the value of `name`.
pub(super) fn entries(source: &mut Source<'_>, name: &str, node: Node) -> Entries {
    match node.value {
        Value::Map(entries) => return entries,
        Value::Nothing => {}
        _ => source.wrong(node.referenced, format!("`{name}` is a mapping")),
    }
    Vec::new()
}

fn unknown(source: &mut Source<'_>, key: &Spanned<String>, known: &[&str]) {
    let message = format!("unknown key `{}`", mask_logins(&key.value));
    let hint = match known.iter().find(|name| name.eq_ignore_ascii_case(&key.value)) {
        Some(name) => format!("write `{name}`"),
        None => format!("the keys here are {}", listed(known)),
    };
    source.wrong_with_hint(key.referenced, message, hint);
}

/// Names between back-quotes.
pub(super) fn listed(names: &[&str]) -> String {
    let names: Vec<String> = names.iter().map(|name| format!("`{name}`")).collect();
    names.join(", ")
}
