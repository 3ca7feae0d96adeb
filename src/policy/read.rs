//! Reads a policy file: what its keys mean, and everything that is wrong with it.

use std::sync::Arc;
use std::time::Duration;

use serde_yaml::{Location, Spanned};

use super::pattern::Pattern;
use super::{AllowList, Asked, Policy};
use crate::model::{Finding, Guard, Rule, Severity, Which};
use crate::yaml::{Node, Source, Value};

/// What findings about policies are called.
const CODE: &str = "policy";
/// The version of the format that this program reads.
const VERSION: u64 = 1;
const FILE_KEYS: &str = "`version`, `allow` and `rules`";
const RULE_KEYS: &str = "`name`, `targets`, `move`, `backup`, `min-source-age` and `unknown-source-age`";

/// The policy that `text` holds.
///
/// # Errors
/// Everything that is wrong with it. A policy that is read only in part would let through what it is there to stop.
pub(super) fn read(name: &Arc<str>, text: &str) -> Result<Policy, Vec<Finding>> {
    let mut source = Source::new(Arc::clone(name), text, CODE);
    let Some(node) = source.parse() else { return Err(source.findings) };
    let policy = match broken_number(&node) {
        None => of_file(&mut source, node),
        Some((at, message)) => {
            source.wrong(at, message);
            Policy::default()
        }
    };
    if source.findings.is_empty() { Ok(policy) } else { Err(source.findings) }
}

/// A finding about a policy file as a whole.
pub(super) fn about(name: &Arc<str>, message: impl Into<String>) -> Finding {
    Finding::about(name, Severity::Error, CODE, message)
}

/// The first number that nothing in a policy takes: such as `1.10`, which would lose its zero.
fn broken_number(node: &Node) -> Option<(Location, String)> {
    let message = match &node.value {
        Value::Fraction(number) => format!("`{number}` reads as a number; put it between quotes"),
        Value::Negative(_) => "a number below 0 has no meaning here".to_owned(),
        Value::List(items) => return items.iter().find_map(broken_number),
        Value::Map(entries) => return entries.iter().find_map(|(_, value)| broken_number(value)),
        Value::Nothing | Value::Text(_) | Value::Number(_) | Value::Truth(_) => return None,
    };
    Some((node.referenced, message))
}

fn of_file(source: &mut Source<'_>, node: Node) -> Policy {
    let at = node.referenced;
    let mut policy = Policy::default();
    let Value::Map(entries) = node.value else {
        let hint = format!("it begins with `version: {VERSION}`; its keys are {FILE_KEYS}");
        source.wrong_with_hint(at, "this is no policy", hint);
        return policy;
    };
    let mut versioned = false;
    for (key, value) in entries {
        match key.value.as_str() {
            "version" => {
                versioned = true;
                version(source, &value);
            }
            "allow" => {
                let rule = Arc::new(Rule { name: None, place: source.place(key.referenced) });
                let patterns = patterns(source, &key, value);
                policy.allow = Some(AllowList { rule, patterns });
            }
            "rules" => {
                for item in list(source, &key, value) {
                    policy.asked.extend(of_rule(source, item));
                }
            }
            _ => unknown(source, &key, FILE_KEYS),
        }
    }
    if !versioned {
        source.wrong_with_hint(
            at,
            "the version of the format is missing",
            format!("begin the file with `version: {VERSION}`"),
        );
    }
    policy
}

fn version(source: &mut Source<'_>, node: &Node) {
    if !matches!(node.value, Value::Number(VERSION)) {
        let hint = format!("write `version: {VERSION}`");
        source.wrong_with_hint(node.referenced, format!("this program reads version {VERSION}"), hint);
    }
}

/// A rule on its way.
#[derive(Default)]
struct Draft {
    name: Option<String>,
    targets: Option<Vec<Pattern>>,
    /// Whether it asks for something, however badly.
    asks: bool,
    guards: Vec<Guard>,
    least: Option<Duration>,
    unknown: Option<(Location, bool)>,
}

fn of_rule(source: &mut Source<'_>, node: Node) -> Option<Asked> {
    let at = node.referenced;
    let Value::Map(entries) = node.value else {
        source.wrong_with_hint(at, "this is no rule", format!("its keys are {RULE_KEYS}"));
        return None;
    };
    let mut draft = Draft::default();
    for (key, value) in entries {
        draft.take(source, &key, value);
    }
    draft.finish(source, at)
}

impl Draft {
    fn take(&mut self, source: &mut Source<'_>, key: &Spanned<String>, value: Node) {
        match key.value.as_str() {
            "targets" => return self.targets = Some(patterns(source, key, value)),
            "name" | "move" | "backup" | "min-source-age" | "unknown-source-age" => {}
            _ => return unknown(source, key, RULE_KEYS),
        }
        self.asks |= matches!(key.value.as_str(), "move" | "backup" | "min-source-age");
        let at = value.referenced;
        let Some(text) = text(source, key, &value) else { return };
        match key.value.as_str() {
            "name" => self.name = Some(text),
            "move" => self.guards.extend(moving(source, at, &text)),
            "backup" => self.guards.extend(backup(source, at, &text)),
            "min-source-age" => self.least = age(source, at, &text),
            _ => self.unknown = unknown_age(source, at, &text).map(|allow| (at, allow)),
        }
    }

    fn finish(mut self, source: &mut Source<'_>, at: Location) -> Option<Asked> {
        if self.targets.is_none() {
            source.wrong_with_hint(
                at,
                "this rule names no targets",
                "add `targets:`; `[\"*\"]` is all of them",
            );
        }
        if !self.asks {
            let hint = "add `move: never`, `move: if-unmoved`, `backup:` or `min-source-age:`";
            source.wrong_with_hint(at, "this rule asks for nothing", hint);
        }
        match (self.least, self.unknown) {
            (Some(least), unknown) => {
                let unknown = unknown.is_some_and(|(_, allow)| allow);
                self.guards.push(Guard::SourceAge { least, unknown });
            }
            (None, Some((at, _))) => {
                source.wrong(at, "`unknown-source-age` says something only beside `min-source-age`");
            }
            (None, None) => {}
        }
        let rule = Rule { name: self.name.map(Arc::from), place: source.place(at) };
        Some(Asked { rule: Arc::new(rule), targets: self.targets?, guards: self.guards })
    }
}

fn moving(source: &mut Source<'_>, at: Location, word: &str) -> Option<Guard> {
    match word {
        "never" => return Some(Guard::Absent),
        "if-unmoved" => return Some(Guard::Unmoved),
        _ => source.wrong(at, "expected `never` or `if-unmoved`"),
    }
    None
}

fn backup(source: &mut Source<'_>, at: Location, text: &str) -> Option<Guard> {
    match text.parse() {
        Ok(template) => return Some(Guard::Tagged(Which::Outgoing, template)),
        Err(error) => {
            source.wrong_with_hint(at, format!("`{text}` is no template for a tag"), error.to_string());
        }
    }
    None
}

fn age(source: &mut Source<'_>, at: Location, text: &str) -> Option<Duration> {
    let age = humantime::parse_duration(text);
    if age.is_err() {
        source.wrong(at, "expected a length of time with its unit, such as `24h`");
    }
    age.ok()
}

fn unknown_age(source: &mut Source<'_>, at: Location, word: &str) -> Option<bool> {
    match word {
        "allow" => return Some(true),
        "refuse" => return Some(false),
        _ => source.wrong(at, "expected `allow` or `refuse`"),
    }
    None
}

/// At least one pattern; none at all would be a mistake for `all` here and for `nothing` there.
fn patterns(source: &mut Source<'_>, key: &Spanned<String>, node: Node) -> Vec<Pattern> {
    let mut patterns = Vec::new();
    for item in list(source, key, node) {
        let Some(text) = text(source, key, &item) else { continue };
        match text.parse() {
            Ok(pattern) => patterns.push(pattern),
            Err(error) => {
                source.wrong(item.referenced, format!("`{text}` is no pattern for targets: {error}"));
            }
        }
    }
    patterns
}

/// The items of a list that holds some.
fn list(source: &mut Source<'_>, key: &Spanned<String>, node: Node) -> Vec<Node> {
    let at = if matches!(node.value, Value::Nothing) { key.referenced } else { node.referenced };
    match node.value {
        Value::List(items) if !items.is_empty() => items,
        Value::List(_) | Value::Nothing => {
            source.wrong_with_hint(
                at,
                format!("`{}` is empty", key.value),
                "put something into it, or leave it out",
            );
            Vec::new()
        }
        _ => {
            source.wrong(at, format!("`{}` is a list", key.value));
            Vec::new()
        }
    }
}

fn text(source: &mut Source<'_>, key: &Spanned<String>, node: &Node) -> Option<String> {
    match &node.value {
        Value::Text(text) if !text.is_empty() => return Some(text.clone()),
        Value::Nothing => source.wrong(key.referenced, format!("`{}` says nothing", key.value)),
        _ => source.wrong(node.referenced, format!("`{}` takes text; put it between quotes", key.value)),
    }
    None
}

fn unknown(source: &mut Source<'_>, key: &Spanned<String>, known: &str) {
    source.wrong_with_hint(
        location(key),
        format!("unknown key `{}`", key.value),
        format!("the keys here are {known}"),
    );
}

fn location(key: &Spanned<String>) -> Location {
    key.referenced
}
