//! The keys of one mapping, and what may stand behind each.

use std::str::FromStr;
use std::time::Duration;

use serde_yaml::{Location, Spanned};

use crate::model::{Reference, Repository};
use crate::redact::mask_logins;
use crate::yaml::{Node, Source, Value};

/// A mapping whose keys are taken one after the other. What is wrong is noted in the file's findings; then there is no value.
pub(super) struct Fields<'s, 'a> {
    pub(super) source: &'s mut Source<'a>,
    entries: Vec<(Spanned<String>, Node)>,
}

/// A value and where it stands.
pub(super) struct Placed<T> {
    pub(super) value: T,
    pub(super) at: Location,
}

impl<'s, 'a> Fields<'s, 'a> {
    /// The keys of `node`, of which there are those in `known`.
    pub(super) fn of(source: &'s mut Source<'a>, node: Node, known: &[&str]) -> Self {
        let at = node.referenced;
        let listed = || known.iter().map(|key| format!("`{key}`")).collect::<Vec<_>>().join(", ");
        let mut entries = match node.value {
            Value::Map(entries) => entries,
            Value::Nothing => Vec::new(),
            _ => {
                source.wrong_with_hint(at, "expected a mapping", format!("its keys are {}", listed()));
                Vec::new()
            }
        };
        entries.retain(|(key, _)| {
            let is_known = known.contains(&key.value.as_str());
            if !is_known {
                let message = format!("unknown key `{}`", mask_logins(&key.value));
                source.wrong_with_hint(key.referenced, message, format!("the keys here are {}", listed()));
            }
            is_known
        });
        Self { source, entries }
    }

    /// Takes a key out, if something stands behind it.
    pub(super) fn take(&mut self, name: &str) -> Option<Node> {
        let at = self.entries.iter().position(|(key, _)| key.value == name)?;
        let (key, node) = self.entries.swap_remove(at);
        if matches!(node.value, Value::Nothing) {
            let hint = "put something behind it, or leave it out";
            self.source.wrong_with_hint(key.referenced, format!("`{name}` says nothing"), hint);
            return None;
        }
        Some(node)
    }

    /// A text that is not empty.
    pub(super) fn text(&mut self, name: &str) -> Option<Placed<String>> {
        let node = self.take(name)?;
        text(self.source, name, node)
    }

    /// What `read` makes of a text; `expected` says what that should have been.
    pub(super) fn read<T>(
        &mut self,
        name: &str,
        expected: &str,
        read: impl FnOnce(&str) -> Option<T>,
    ) -> Option<T> {
        let Placed { value, at } = self.text(name)?;
        let read = read(&value);
        if read.is_none() {
            self.source.wrong(at, format!("`{name}` takes {expected}"));
        }
        read
    }

    /// What a text is parsed as; the error says what is wrong.
    pub(super) fn parsed<T: FromStr<Err: ToString>>(&mut self, name: &str) -> Option<T> {
        let Placed { value, at } = self.text(name)?;
        value
            .parse()
            .map_err(|error: T::Err| self.source.wrong(at, format!("`{name}`: {}", error.to_string())))
            .ok()
    }

    /// `true` or `false`.
    pub(super) fn truth(&mut self, name: &str) -> Option<bool> {
        let node = self.take(name)?;
        if let Value::Truth(truth) = node.value {
            return Some(truth);
        }
        self.source.wrong(node.referenced, format!("`{name}` is `true` or `false`"));
        None
    }

    /// A length of time, longer than nothing.
    pub(super) fn duration(&mut self, name: &str) -> Option<Duration> {
        self.read(name, "a length of time with its unit, such as `90s` or `60m`", |text| {
            humantime::parse_duration(text).ok().filter(|duration| !duration.is_zero())
        })
    }

    /// A repository with its registry, and where it stands.
    pub(super) fn repository(&mut self, name: &str) -> Option<Placed<Repository>> {
        let Placed { value, at } = self.text(name)?;
        let repository = repository(&value);
        if repository.is_none() {
            let message =
                format!("`{name}` takes a repository with its registry, such as `localhost:5000/rehearsal`");
            self.source.wrong(at, message);
        }
        Some(Placed { value: repository?, at })
    }

    /// The texts of a list that is not empty.
    pub(super) fn texts(&mut self, name: &str) -> Vec<Placed<String>> {
        let Some(node) = self.take(name) else { return Vec::new() };
        match node.value {
            Value::List(items) if !items.is_empty() => {
                items.into_iter().filter_map(|item| text(self.source, name, item)).collect()
            }
            _ => {
                self.source.wrong(node.referenced, format!("`{name}` is a list of texts, and not empty"));
                Vec::new()
            }
        }
    }
}

fn text(source: &mut Source<'_>, name: &str, node: Node) -> Option<Placed<String>> {
    let at = node.referenced;
    match node.value {
        Value::Text(value) if !value.is_empty() => return Some(Placed { value, at }),
        // YAML 1.1 has words that stand for `true` and `false`, and numbers lose their zeros.
        Value::Truth(_) | Value::Number(_) | Value::Negative(_) | Value::Fraction(_) => {
            source.wrong_with_hint(at, format!("`{name}` takes text"), "put it between quotes");
        }
        _ => source.wrong(at, format!("`{name}` takes text")),
    }
    None
}

/// A repository with its registry, and nothing behind it.
pub(super) fn repository(text: &str) -> Option<Repository> {
    let reference = Reference::parse(text).ok()?;
    let is_plain = reference.has_host && reference.tag.is_none() && reference.digest.is_none();
    is_plain.then_some(reference.repository)
}
