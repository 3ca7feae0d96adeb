//! Reads the configuration file: its sections, and everything that is wrong with them.

use std::sync::Arc;

use regex::Regex;
use serde_yaml::{Location, Spanned};

use super::fields::Fields;
use super::{ArtRule, Config, Ignored, Supplemental, ToCluster, Written, odd};
use crate::imagestreams::names::{Names, is_in_a_tag};
use crate::imagestreams::selection::IsTag;
use crate::model::{Finding, Severity};
use crate::redact::mask_logins;
use crate::yaml::{Node, Source, Value};

/// What findings are called that refuse the file.
pub(super) const CODE: &str = "imagestreams-config";
const SECTIONS: [&str; 4] = ["supplementalCIImages", "artImages", "qciToAppCIImages", "ignoredSources"];
const SOURCE: [&str; 5] = ["image", "namespace", "name", "tag", "as"];
const IGNORED: [&str; 6] = ["image", "namespace", "name", "tag", "as", "reason"];
const RULE: [&str; 3] = ["namespace", "name", "tag"];

/// See [`Config::read`].
pub(super) fn read(file: &Arc<str>, text: &str, names: &Names) -> Result<Config, Vec<Finding>> {
    let first = first_document(text);
    let mut source = Source::new(Arc::clone(file), first, CODE);
    let mut config = source.parse().map(|node| of_file(&mut source, node, names)).unwrap_or_default();
    source.findings.extend(odd::further_document(file, first, &text[first.len()..]));
    let mut findings = source.findings;
    findings.sort_by_key(|finding| (finding.line(), finding.span.as_ref().map_or(0, |span| span.column)));
    if findings.iter().any(Finding::is_error) {
        return Err(findings);
    }
    config.file = Arc::clone(file);
    config.findings = findings;
    Ok(config)
}

/// `text` up to where its second document begins: nothing but the first was ever read.
fn first_document(text: &str) -> &str {
    let is_marker = |line: &str, marker| {
        line.strip_prefix(marker)
            .is_some_and(|rest: &str| rest.is_empty() || rest.starts_with([' ', '\t', '\r', '\n']))
    };
    let (mut at, mut begun) = (0, false);
    for line in text.split_inclusive('\n') {
        if is_marker(line, "...") || (begun && is_marker(line, "---")) {
            return &text[..at];
        }
        begun |= !line.trim().is_empty() && !line.trim_start().starts_with(['#', '%']);
        at += line.len();
    }
    text
}

fn of_file(source: &mut Source<'_>, node: Node, names: &Names) -> Config {
    let mut config = Config::default();
    let Some(mut fields) = Fields::of(source, node, &SECTIONS, Severity::Error) else { return config };
    for (key, value) in map(source, &mut fields, "supplementalCIImages") {
        config.supplemental.extend(supplemental(source, &key, value));
    }
    for (at, value) in list(source, &mut fields, "artImages").into_iter().enumerate() {
        config.art.extend(art_rule(source, at, value));
    }
    for (key, value) in map(source, &mut fields, "qciToAppCIImages") {
        config.to_cluster.extend(to_cluster(source, &key, value, names));
    }
    for (at, value) in list(source, &mut fields, "ignoredSources").into_iter().enumerate() {
        config.ignored.extend(ignored(source, at, value));
    }
    config
}

fn map(source: &mut Source<'_>, fields: &mut Fields, name: &str) -> Vec<(Spanned<String>, Node)> {
    match fields.take(name) {
        Some((_, Node { value: Value::Map(entries), .. })) => return entries,
        None | Some((_, Node { value: Value::Nothing, .. })) => {}
        Some((key, node)) => {
            let message = format!("`{}` is a mapping of targets to their sources", key.value);
            source.wrong(node.referenced, message);
        }
    }
    Vec::new()
}

fn list(source: &mut Source<'_>, fields: &mut Fields, name: &str) -> Vec<Node> {
    match fields.take(name) {
        Some((_, Node { value: Value::List(items), .. })) => return items,
        None | Some((_, Node { value: Value::Nothing, .. })) => {}
        Some((key, node)) => source.wrong(node.referenced, format!("`{}` is a list", key.value)),
    }
    Vec::new()
}

/// A key as it may be shown.
fn shown(key: &Spanned<String>) -> String {
    mask_logins(&key.value)
}

/// The tag of an ImageStream that a key names.
fn target(source: &mut Source<'_>, key: &Spanned<String>) -> Option<IsTag> {
    let at = key.referenced;
    let parts = |text: &str, by: char| match text.split(by).collect::<Vec<_>>()[..] {
        [left, right] if !left.is_empty() && !right.is_empty() => Some((left.to_owned(), right.to_owned())),
        _ => None,
    };
    let found = parts(&key.value, '/')
        .and_then(|(namespace, rest)| Some((namespace, parts(&rest, ':')?)))
        .map(|(namespace, (name, tag))| IsTag {
            namespace: namespace.into(),
            name: name.into(),
            tag: tag.into(),
        });
    let Some(istag) = found else {
        let message = format!("invalid target `{}`", shown(key));
        source.wrong_with_hint(at, message, "a target is `namespace/name:tag`");
        return None;
    };
    if !is_in_a_tag(&istag) {
        let message =
            format!("invalid target `{}`: it becomes a tag, and no tag has all these characters", shown(key));
        source.wrong_with_hint(at, message, "a tag has letters, digits, `_`, `.` and `-`");
        return None;
    }
    Some(istag)
}

/// A source as it is written, whatever it lacks.
fn written(source: &mut Source<'_>, fields: &mut Fields) -> (Written, Option<Location>) {
    let image = fields.converted(source, "image");
    let at = image.as_ref().map(|(_, at)| *at);
    let image = image.map(|(image, _)| image).unwrap_or_default();
    let [namespace, name, tag] = ["namespace", "name", "tag"].map(|field| fields.text(source, field));
    (Written { image, namespace, name, tag }, at)
}

/// The first thing that a source lacks to be one.
fn lacking(written: &Written) -> Option<&'static str> {
    let parts = [("namespace", &written.namespace), ("name", &written.name), ("tag", &written.tag)];
    let missing = parts.iter().find(|(_, text)| text.is_empty()).map(|(name, _)| *name);
    missing.filter(|_| written.image.is_empty())
}

/// Says that a field is there that must not be.
fn refuse(source: &mut Source<'_>, fields: &mut Fields, name: &str, of: &str) {
    if let Some((key, node)) = fields.take(name) {
        let says_nothing = match &node.value {
            Value::Nothing => true,
            Value::Text(text) => text.is_empty(),
            _ => false,
        };
        if !says_nothing {
            source.wrong(key.referenced, format!("`{}` cannot be set for {of}", key.value));
        }
    }
}

fn supplemental(source: &mut Source<'_>, key: &Spanned<String>, node: Node) -> Option<Supplemental> {
    let target = target(source, key);
    let mut fields = Fields::of(source, node, &SOURCE, Severity::Warning)?;
    let before = source.findings.len();
    refuse(source, &mut fields, "as", &format!("the source of `{}`", shown(key)));
    let (written, at) = written(source, &mut fields);
    let is_broken = source.findings[before..].iter().any(Finding::is_error);
    match (lacking(&written), at) {
        // What is wrong with a field was said; that the source therefore lacks it need not be.
        (Some(_), _) if is_broken => {}
        (Some(missing), _) => {
            let message = format!("{missing} for the source of `{}` must be set", shown(key));
            let hint = "a source is an `image`, or `namespace`, `name` and `tag` of an ImageStream";
            source.wrong_with_hint(key.referenced, message, hint);
        }
        (None, Some(at)) => odd::image(source, at, &written.image),
        (None, None) => {}
    }
    Some(Supplemental { target: target?, source: written, place: source.span(key.referenced) })
}

fn to_cluster(
    source: &mut Source<'_>,
    key: &Spanned<String>,
    node: Node,
    names: &Names,
) -> Option<ToCluster> {
    let target = target(source, key);
    let mut fields = Fields::of(source, node, &SOURCE, Severity::Warning)?;
    for name in ["namespace", "name", "tag", "as"] {
        refuse(
            source,
            &mut fields,
            name,
            &format!("`{}`, whose source is an image of {}", key.value, names.target),
        );
    }
    let written = fields.converted(source, "image").filter(|(image, _)| !image.is_empty());
    let target = target?;
    let image = match written {
        Some((image, at)) => {
            let places = [names.target.to_string(), names.proxy().to_string()];
            let is_in =
                |place: &String| image.strip_prefix(place).is_some_and(|rest| rest.starts_with([':', '@']));
            if places.iter().any(is_in) {
                odd::image(source, at, &image);
            } else {
                let message =
                    format!("`image` of `{}` is no image of `{}` or `{}`", key.value, places[0], places[1]);
                let hint = format!("leave it out for `{}`", names.pull_spec(&target));
                source.wrong_with_hint(at, message, hint);
            }
            image
        }
        None => names.pull_spec(&target),
    };
    Some(ToCluster { target, image, place: source.span(key.referenced) })
}

fn ignored(source: &mut Source<'_>, at: usize, node: Node) -> Option<Ignored> {
    let place = node.referenced;
    let mut fields = Fields::of(source, node, &IGNORED, Severity::Warning)?;
    let before = source.findings.len();
    refuse(source, &mut fields, "as", &format!("`ignoredSources[{at}]`"));
    let (written, _) = written(source, &mut fields);
    let is_broken = source.findings[before..].iter().any(Finding::is_error);
    let reason = fields.converted(source, "reason").map(|(text, _)| text);
    let reason = reason.filter(|text| !text.trim().is_empty());
    if let Some(missing) = lacking(&written).filter(|_| !is_broken) {
        let message = format!("`ignoredSources[{at}]`: {missing} for the source must be set");
        let hint = "an entry has an `image`, or `namespace`, `name` and `tag` of an ImageStream";
        source.wrong_with_hint(place, message, hint);
    } else if reason.is_none() {
        odd::reasonless(source, place, at);
    }
    Some(Ignored { source: written, reason, place: source.span(place) })
}

fn art_rule(source: &mut Source<'_>, at: usize, node: Node) -> Option<ArtRule> {
    let place = node.referenced;
    let mut fields = Fields::of(source, node, &RULE, Severity::Warning)?;
    let [namespace, name, tag] =
        RULE.map(|field| fields.converted(source, field).filter(|(text, _)| !text.is_empty()));
    for (field, value) in [("namespace", &namespace), ("name", &name)] {
        if value.is_none() {
            source.wrong(place, format!("`artImages[{at}]`: `{field}` must be set"));
        }
    }
    let name = name.map(|name| pattern(source, at, "name", &name));
    let tag = tag.map(|tag| pattern(source, at, "tag", &tag));
    let tag = match tag {
        Some(tag) => Some(tag?),
        None => None,
    };
    Some(ArtRule { namespace: namespace?.0.into(), name: name??, tag, place: source.span(place) })
}

fn pattern(
    source: &mut Source<'_>,
    at: usize,
    field: &str,
    (text, place): &(String, Location),
) -> Option<Regex> {
    match Regex::new(text) {
        Ok(regex) => {
            odd::unanchored(source, *place, text);
            Some(regex)
        }
        Err(error) => {
            let message = format!("`artImages[{at}]`: `{field}` is no regular expression: {}", why(&error));
            source.wrong(*place, message);
            None
        }
    }
}

/// The last line of what the library says; those before it draw the expression.
fn why(error: &regex::Error) -> String {
    let text = error.to_string();
    let last = text.lines().last().unwrap_or_default();
    last.trim().trim_start_matches("error: ").to_owned()
}
